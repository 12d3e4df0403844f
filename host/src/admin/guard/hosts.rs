//! The names under which a console is reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use hyper::header::HOST;
use hyper::http::request::Parts;
use hyper::http::uri::Authority;

/// A further name of a console: a host name or an address, perhaps with a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleHost(Authority);

impl FromStr for ConsoleHost {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<ConsoleHost, &'static str> {
        let name: Authority = text.to_ascii_lowercase().parse().map_err(|_| WRONG)?;
        let has_no_user = !text.contains('@');
        // A port that is no number, or a colon without a port, parses as an authority.
        let has_good_port = name.port_u16().is_some() || name.host() == name.as_str();
        let is_host = !name.host().is_empty() && name.host() != "*";
        (has_no_user && has_good_port && is_host).then_some(ConsoleHost(name)).ok_or(WRONG)
    }
}

const WRONG: &str = "not the name of a host, such as desk.internal or localhost:9000";

/// All values of `Host` and `Origin` that are accepted, in lower case.
#[derive(Debug)]
pub(super) struct Hosts {
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Hosts {
    /// The names of a console that listens on `address`. The names of this machine for itself are always among them: a page cannot
    /// have such a name as its own.
    pub(super) fn new(address: SocketAddr, names: &[ConsoleHost]) -> Hosts {
        let port = address.port();
        let addresses = [address.ip(), IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let own = addresses.map(|ip| SocketAddr::new(ip, port).to_string()).into_iter();
        let mut hosts: Vec<String> = own.chain([format!("localhost:{port}")]).collect();
        if port == HTTP_PORT {
            // A browser leaves the port out if it is that of the scheme.
            let without = |host: &String| host.strip_suffix(":80").map(str::to_owned);
            hosts.extend(hosts.iter().filter_map(without).collect::<Vec<_>>());
        }
        let mut origins: Vec<String> = hosts.iter().map(|host| format!("http://{host}")).collect();
        for ConsoleHost(name) in names {
            let with_port = name.port().is_none().then(|| format!("{name}:{port}"));
            for host in with_port.into_iter().chain([name.to_string()]) {
                // A tunnel or a proxy may encrypt.
                origins.extend(["http", "https"].map(|scheme| format!("{scheme}://{host}")));
                hosts.push(host);
            }
        }
        Hosts { hosts, origins }
    }

    /// Whether the head names one of the hosts, and no other host beside it.
    pub(super) fn is_named_by(&self, head: &Parts) -> bool {
        let mut values = head.headers.get_all(HOST).iter();
        let (Some(host), None) = (values.next(), values.next()) else { return false };
        // A target in absolute form names a host too.
        let target = head.uri.authority().map(Authority::as_str);
        host.to_str().is_ok_and(|host| self.have(host)) && target.is_none_or(|host| self.have(host))
    }

    /// Whether `origin` is the origin of a page of this console.
    pub(super) fn have_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|own| own.eq_ignore_ascii_case(origin))
    }

    fn have(&self, host: &str) -> bool {
        self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host))
    }
}

const HTTP_PORT: u16 = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_host_and_perhaps_a_port() {
        for good in ["desk.internal", "Desk.Internal:80", "localhost:9000", "192.168.0.7", "[fe80::1]:9"] {
            let name: ConsoleHost = good.parse().unwrap();
            assert_eq!(name.0.as_str(), good.to_ascii_lowercase());
        }
        for bad in ["", "*", "http://a", "a/b", "a b", "me@a", "a:b", "a:", "a:99999", ":80"] {
            assert_eq!(bad.parse::<ConsoleHost>(), Err(WRONG), "{bad}");
        }
    }

    #[test]
    fn the_port_of_the_scheme_may_be_left_out() {
        let hosts = Hosts::new("127.0.0.1:80".parse().unwrap(), &[]);
        for host in ["127.0.0.1", "127.0.0.1:80", "localhost", "[::1]"] {
            assert!(hosts.have(host) && hosts.have_origin(&format!("http://{host}")), "{host}");
        }
        assert!(!Hosts::new("127.0.0.1:8080".parse().unwrap(), &[]).have("localhost"));
    }
}

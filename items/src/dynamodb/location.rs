//! The location of a table: its name, its region and its server. The regions and servers of other services have the same
//! form. An invalid text is refused when it is parsed, not by the first request.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

use core::fmt;
use core::net::{IpAddr, Ipv6Addr};
use core::str::FromStr;

/// A server of AWS, or one that speaks the protocol of a service of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether the connection is encrypted.
    pub encrypted: bool,
    /// The host, and the port if it is not the scheme's default.
    pub authority: String,
    host: String,
}

impl Endpoint {
    /// Whether the server runs on this machine. Such a server does not check credentials and is reached without a proxy.
    #[must_use]
    pub fn is_this_machine(&self) -> bool {
        let address = self.host.trim_matches(['[', ']']).parse::<IpAddr>().map(|ip| ip.to_canonical());
        match address {
            Ok(ip) => ip.is_loopback() || ip.is_unspecified(),
            Err(_) => self.host == "localhost" || self.host.ends_with(".localhost"),
        }
    }

    /// The server of a service of AWS in a region, for example of `dynamodb`.
    #[must_use]
    pub fn of_aws(service: &str, region: &str) -> Endpoint {
        let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let host = format!("{service}.{region}.{domain}");
        Endpoint { encrypted: true, authority: host.clone(), host }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.encrypted { "https" } else { "http" };
        write!(formatter, "{scheme}://{}", self.authority)
    }
}

impl FromStr for Endpoint {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Endpoint, &'static str> {
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        let encrypted = scheme.eq_ignore_ascii_case("https");
        if !encrypted && !scheme.eq_ignore_ascii_case("http") {
            return Err("it must begin with http:// or https://, like http://127.0.0.1:8000");
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains('@') {
            return Err("it must not have a user or a password; set the credentials like those of AWS");
        }
        if rest.contains(['/', '?', '#']) {
            return Err("it must end after the host or the port, without a path or a query");
        }
        // The colons of an IPv6 address stand in brackets.
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (rest, None),
        };
        let host = host.to_ascii_lowercase();
        if !is_host(&host) {
            return Err("its host is neither a name nor an IP address");
        }
        let port = port.map(|digits| digits.parse::<u16>().ok().filter(|port| *port > 0));
        if port == Some(None) {
            return Err("its port is not a number from 1 to 65535");
        }
        // A signature covers the header `Host`, which leaves out the scheme's default port.
        let own = if encrypted { 443 } else { 80 };
        let authority = match port.flatten() {
            Some(port) if port != own => format!("{host}:{port}"),
            Some(_) | None => host.clone(),
        };
        Ok(Endpoint { encrypted, authority, host })
    }
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    !host.is_empty() && host.len() <= 253 && host.bytes().all(is_usual)
}

/// Parses the name of a table, by DynamoDB's rules.
pub fn table_name(text: &str) -> Result<String, &'static str> {
    if text.starts_with("arn:") {
        return Err("give the name of the table, not its ARN, and give its region separately");
    }
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if (3..=255).contains(&text.len()) && text.bytes().all(is_usual) {
        return Ok(text.to_owned());
    }
    Err("a table's name has 3 to 255 of the characters A-Z, a-z, 0-9, `_`, `.` and `-`")
}

/// Parses a region. This checks only its shape, because AWS adds new regions.
pub fn region(text: &str) -> Result<String, &'static str> {
    let is_usual = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(2..=64).contains(&text.len())
        || !text.bytes().all(is_usual)
        || text.starts_with('-')
        || text.ends_with('-')
    {
        return Err("a region has lower-case letters, digits and hyphens, like eu-west-1");
    }
    let number = text.rsplit_once('-').map(|(_, number)| number.as_bytes());
    if matches!(number, Some([first, .., last]) if first.is_ascii_digit() && last.is_ascii_lowercase()) {
        return Err("this is an availability zone; a region has no letter at the end, like eu-west-1");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn an_endpoint_is_a_scheme_a_host_and_perhaps_a_port() {
        for (text, read) in [
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("HTTPS://A.Example:443/", "https://a.example"),
            ("http://a.example:443", "http://a.example:443"),
            ("http://[::1]:80", "http://[::1]"),
            ("http://dynamodb_local:8000", "http://dynamodb_local:8000"),
        ] {
            assert_eq!(
                text.parse::<Endpoint>().map(|endpoint| endpoint.to_string()),
                Ok(read.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        for text in [
            "",
            "127.0.0.1:8000",
            "localhost:8000",
            "//127.0.0.1:8000",
            "http:/127.0.0.1:8000",
            "http:127.0.0.1:8000",
            "http://",
            "http://:8000",
            "http:///table",
            "ftp://a.example",
            "htps://a.example",
            "http://user:secret@a.example",
            "http://@a.example",
            "http://a.example/path",
            "http://a.example//",
            "http://a.example?x",
            "http://a.example/#x",
            "http://a.example#x",
            "http://a.example:99999",
            "http://a.example:0",
            "http://a.example:",
            "http://a.example:80a",
            "http://a example",
            " http://a.example",
            "http://a.example ",
            "\"http://a.example\"",
            "http://a,b",
            "http://[::g]:1",
            "http://::1:8000",
            "http://täble",
            "http://a.example\n",
        ] {
            assert!(text.parse::<Endpoint>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn this_machine_is_told_from_others() {
        let is = |text: &str| text.parse::<Endpoint>().unwrap().is_this_machine();
        for text in [
            "http://127.0.0.1:8000",
            "http://127.8.9.10",
            "http://localhost",
            "http://LocalHost:8000",
            "https://dynamodb.localhost",
            "http://[::1]:1",
            "http://[::ffff:127.0.0.1]:1",
            "http://0.0.0.0:8000",
        ] {
            assert!(is(text), "{text}");
        }
        for text in [
            "https://dynamodb.eu-west-1.amazonaws.com",
            "http://127.0.0.1.example",
            "http://notlocalhost",
            "http://10.0.0.1",
        ] {
            assert!(!is(text), "{text}");
        }
        assert!(!Endpoint::of_aws("dynamodb", "eu-west-1").is_this_machine());
    }

    #[test]
    fn a_table_has_a_name_as_dynamodb_wants_it() {
        for name in ["abc", "a.b", "Tickets-2026_v1", &"a".repeat(255)] {
            assert_eq!(table_name(name), Ok(name.to_owned()));
        }
        let arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/tickets";
        for name in
            ["", "ab", "a b", "my/table", "tickets ", "täble", "tickets\n", "tickets;", arn, &"a".repeat(256)]
        {
            assert!(table_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_region_has_the_shape_of_one() {
        for name in ["eu-west-1", "us-gov-west-1", "ap-southeast-12", "cn-north-1", "local", "localhost"] {
            assert_eq!(region(name), Ok(name.to_owned()));
        }
        for name in [
            "",
            "EU-WEST-1",
            "eu west 1",
            "us-east-1a",
            "Ireland (eu-west-1)",
            "eu_west_1",
            "-eu",
            "eu-west-",
            "eu-west-1\n",
        ] {
            assert!(region(name).is_err(), "{name:?}");
        }
    }
}

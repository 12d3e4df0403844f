//! What every request to a private listener must pass before its path is looked at.
//!
//! A browser on this machine reaches the listener too, so a page of any site can send requests to it. Each check here stops what
//! the others let through (measured with Chromium 156):
//!
//! - A page whose own name resolves to this machine (DNS rebinding) sends no `Sec-Fetch-Site`, and no `Origin` with a GET. Its
//!   `Host` is wrong.
//! - A page on another port of this machine is of the same site, so even a strict cookie would go along. Its `Sec-Fetch-Site` is
//!   wrong, and its `Origin` where it has one.
//! - A program that is no browser sends neither header, and needs the token.
//!
//! The guard belongs to the listener and not to a path: a check for a prefix could be passed by an escaped form of the path.

mod hosts;

use std::net::SocketAddr;

use hyper::Method;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, ORIGIN};
use hyper::http::request::Parts;

pub use self::hosts::ConsoleHost;
use self::hosts::Hosts;
use super::{Refusal, Token, page};
use crate::scenario::FILE_LIMIT_BYTES;

/// Lets requests pass or refuses them.
#[derive(Debug)]
pub(super) struct Guard(Option<Lock>);

/// What only the console demands.
#[derive(Debug)]
struct Lock {
    hosts: Hosts,
    token: Token,
}

impl Guard {
    /// The guard of `--metrics`. It demands no token, because Prometheus has none, and accepts every host, because a Prometheus server
    /// may reach it by any name. Pages of other origins are refused if their browser says so; a page that reaches this address under a name
    /// of its own is not, and can read the counts.
    pub(super) fn of_metrics() -> Guard {
        Guard(None)
    }

    /// The guard of a console that listens on `address` and has these further names.
    pub(super) fn of_console(address: SocketAddr, names: &[ConsoleHost], token: Token) -> Guard {
        Guard(Some(Lock { hosts: Hosts::new(address, names), token }))
    }

    /// Whether this is the guard of a console.
    pub(super) fn is_of_console(&self) -> bool {
        self.0.is_some()
    }

    /// Fails with the first reason to refuse a request with this head.
    pub(super) fn admit(&self, head: &Parts) -> Result<(), Refusal> {
        if let Some(lock) = &self.0
            && !lock.hosts.is_named_by(head)
        {
            return Err(Refusal::Misdirected);
        }
        if !all(head, &ORIGIN, |origin| self.0.as_ref().is_some_and(|lock| lock.hosts.have_origin(origin))) {
            return Err(Refusal::ForeignOrigin);
        }
        if !all(head, &SEC_FETCH_SITE, |site| site == "same-origin" || site == "none") {
            return Err(Refusal::ForeignSite);
        }
        let Some(lock) = &self.0 else { return Ok(()) };
        if is_read(&head.method) && page::file(head.uri.path()).is_some() {
            return Ok(());
        }
        if !lock.token.is_in(&head.headers) {
            return Err(Refusal::NoToken);
        }
        check_body(head)
    }
}

/// Checks what the head says about the body of a change. A browser sends a body of these types to another origin only after that
/// origin has agreed, and this listener never agrees.
fn check_body(head: &Parts) -> Result<(), Refusal> {
    let limits = BodyLimits::of(head.uri.path());
    // A browser sends no DELETE without asking first, and a DELETE has no body here.
    if !is_read(&head.method) && head.method != Method::DELETE {
        let types = head.headers.get_all(CONTENT_TYPE);
        let sent = types.iter().next().map(media_type);
        let is_expected = sent.is_some_and(|sent| limits.types.iter().any(|one| sent == one.as_bytes()));
        if !is_expected || types.iter().count() != 1 {
            return Err(Refusal::NotJson { expected: limits.types.first().copied().unwrap_or_default() });
        }
    }
    let length =
        head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if length > limits.bytes => Err(Refusal::TooLarge { limit_bytes: limits.bytes }),
        Some(_) | None => Ok(()),
    }
}

/// What the body of a change may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyLimits {
    /// Its media types, in lower case.
    types: &'static [&'static str],
    /// Its length.
    pub(super) bytes: u64,
}

impl BodyLimits {
    /// The limits of a path. A scenario is written by people, so it may be YAML, and it may have many steps.
    pub(super) fn of(path: &str) -> BodyLimits {
        match path {
            SCENARIOS => BodyLimits {
                types: &["application/json", "application/yaml"],
                bytes: FILE_LIMIT_BYTES as u64,
            },
            _ => BodyLimits { types: &["application/json"], bytes: 1 << 20 },
        }
    }
}

/// The media type of a `Content-Type`, without its parameters, in lower case.
fn media_type(value: &HeaderValue) -> Vec<u8> {
    let media_type = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    media_type.trim_ascii().to_ascii_lowercase()
}

/// Whether all values of a header are good. There may be none.
fn all(head: &Parts, name: &HeaderName, is_good: impl Fn(&str) -> bool) -> bool {
    head.headers.get_all(name).iter().all(|value| value.to_str().is_ok_and(&is_good))
}

fn is_read(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The path that takes scenarios.
pub(super) const SCENARIOS: &str = "/v1/scenarios";

/// More names than a host has ways to its console.
pub const HOSTS_LIMIT: usize = 8;

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    const TOKEN: &str = "0123456789abcdefghij";

    /// What a request has that the console accepts.
    const GOOD: [(&str, &str); 2] =
        [("host", "127.0.0.1:8081"), ("authorization", "Bearer 0123456789abcdefghij")];

    fn console() -> Guard {
        let names = ["desk.example".parse().unwrap(), "localhost:9000".parse().unwrap()];
        Guard::of_console("127.0.0.1:8081".parse().unwrap(), &names, Token::new(TOKEN.to_owned()))
    }

    /// A request with these headers, some of which replace the good ones. A header without a value is left out.
    fn head(method: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
        let kept = GOOD.iter().filter(|(name, _)| headers.iter().all(|(other, _)| other != name));
        let all = kept.chain(headers.iter().filter(|(_, value)| !value.is_empty()));
        let request = Request::builder().method(method).uri(target);
        let request = all.fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap().into_parts().0
    }

    fn read(headers: &[(&str, &str)]) -> Result<(), Refusal> {
        console().admit(&head("GET", "/v1/calls", headers))
    }

    #[test]
    fn only_the_names_of_the_listener_are_hosts() {
        for host in [
            "127.0.0.1:8081",
            "localhost:8081",
            "LOCALHOST:8081",
            "[::1]:8081",
            "desk.example",
            "desk.example:8081",
            "localhost:9000",
        ] {
            assert_eq!(read(&[("host", host)]), Ok(()), "{host}");
        }
        for host in [
            "",
            "evil.test",
            "evil.test:8081",
            "127.0.0.1",
            "localhost",
            "localhost:80",
            "localhost.:8081",
            "localhost:8081 ",
            "127.0.0.1:8081:8081",
            "127.1:8081",
            "0.0.0.0:8081",
            "desk.example:9000",
            "127.0.0.1:9000",
            "sub.desk.example",
            "user@127.0.0.1:8081",
        ] {
            assert_eq!(read(&[("host", host)]), Err(Refusal::Misdirected), "{host}");
        }
        let two = [("host", "127.0.0.1:8081"), ("host", "127.0.0.1:8081")];
        assert_eq!(read(&two), Err(Refusal::Misdirected));
        let absolute = head("GET", "http://evil.test/v1/calls", &[]);
        assert_eq!(console().admit(&absolute), Err(Refusal::Misdirected));
        assert_eq!(console().admit(&head("GET", "http://localhost:8081/v1/calls", &[])), Ok(()));
    }

    #[test]
    fn only_the_page_of_the_listener_is_an_origin() {
        for origin in [
            "http://127.0.0.1:8081",
            "http://localhost:8081",
            "http://[::1]:8081",
            "http://desk.example:8081",
            "https://desk.example",
        ] {
            assert_eq!(read(&[("origin", origin)]), Ok(()), "{origin}");
        }
        for origin in [
            "null",
            "http://127.0.0.1:9",
            "http://127.0.0.1",
            "https://127.0.0.1:8081",
            "http://evil.test",
            "http://127.0.0.1:8081.evil.test",
            "127.0.0.1:8081",
            "chrome-extension://abc",
        ] {
            assert_eq!(read(&[("origin", origin)]), Err(Refusal::ForeignOrigin), "{origin}");
        }
        let two = [("origin", "http://127.0.0.1:8081"), ("origin", "http://evil.test")];
        assert_eq!(read(&two), Err(Refusal::ForeignOrigin));
    }

    #[test]
    fn a_browser_may_ask_only_for_the_page_itself() {
        for site in ["same-origin", "none"] {
            assert_eq!(read(&[("sec-fetch-site", site)]), Ok(()), "{site}");
        }
        for site in ["same-site", "cross-site", "Same-Origin", "x"] {
            assert_eq!(read(&[("sec-fetch-site", site)]), Err(Refusal::ForeignSite), "{site}");
        }
        assert_eq!(
            read(&[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")]),
            Err(Refusal::ForeignSite)
        );
    }

    #[test]
    fn everything_but_the_files_of_the_page_needs_the_token() {
        for target in ["/v1/calls", "/metrics", "/v1/%65vents", "/index.html", "//", "/%2f", "/.", "/?x#"] {
            let refused = console().admit(&head("GET", target, &[("authorization", "")]));
            // A query is not a part of the path, and the page ignores it.
            let expected = if target.starts_with("/?") { Ok(()) } else { Err(Refusal::NoToken) };
            assert_eq!(refused, expected, "{target}");
        }
        assert_eq!(console().admit(&head("HEAD", "/", &[("authorization", "")])), Ok(()));
        assert_eq!(console().admit(&head("POST", "/", &[("authorization", "")])), Err(Refusal::NoToken));
        for header in [("x-api-key", TOKEN), ("cookie", "token=0123456789abcdefghij")] {
            assert_eq!(read(&[("authorization", ""), header]), Err(Refusal::NoToken), "{header:?}");
        }
        let preflight = [("authorization", ""), ("access-control-request-method", "POST")];
        assert_eq!(console().admit(&head("OPTIONS", "/v1/reset", &preflight)), Err(Refusal::NoToken));
    }

    #[test]
    fn the_first_wrong_header_decides() {
        let all = [
            ("host", "evil.test"),
            ("origin", "http://evil.test"),
            ("sec-fetch-site", "cross-site"),
            ("authorization", "Bearer no"),
        ];
        let refused = |first: usize| console().admit(&head("POST", "/v1/reset", &all[first..]));
        assert_eq!(refused(0), Err(Refusal::Misdirected));
        assert_eq!(refused(1), Err(Refusal::ForeignOrigin));
        assert_eq!(refused(2), Err(Refusal::ForeignSite));
        assert_eq!(refused(3), Err(Refusal::NoToken));
        assert!(matches!(refused(4), Err(Refusal::NotJson { .. })));
    }

    #[test]
    fn a_change_has_a_body_of_json_within_the_limit() {
        let change = |target: &str, headers: &[(&str, &str)]| console().admit(&head("POST", target, headers));
        for good in ["application/json", "Application/JSON", "application/json; charset=utf-8"] {
            assert_eq!(change("/v1/reset", &[("content-type", good)]), Ok(()), "{good}");
        }
        for bad in
            ["", "text/plain", "application/x-www-form-urlencoded", "application/yaml", "application/jsonx"]
        {
            let refused = change("/v1/reset", &[("content-type", bad)]);
            assert_eq!(refused, Err(Refusal::NotJson { expected: "application/json" }), "{bad}");
        }
        let two = [("content-type", "application/json"), ("content-type", "text/plain")];
        assert!(change("/v1/reset", &two).is_err());
        assert_eq!(change(SCENARIOS, &[("content-type", "application/yaml")]), Ok(()));
        assert_eq!(console().admit(&head("DELETE", "/v1/spaces/a", &[])), Ok(()));
        for (target, limit_bytes) in [("/v1/reset", 1_048_576), (SCENARIOS, FILE_LIMIT_BYTES as u64)] {
            let of_length = |length: u64| {
                change(
                    target,
                    &[("content-type", "application/json"), ("content-length", &length.to_string())],
                )
            };
            assert_eq!(of_length(limit_bytes), Ok(()), "{target}");
            assert_eq!(of_length(limit_bytes + 1), Err(Refusal::TooLarge { limit_bytes }), "{target}");
        }
    }

    #[test]
    fn the_metrics_listener_takes_any_program_and_no_page() {
        let ask = |headers: &[(&str, &str)]| Guard::of_metrics().admit(&head("GET", "/metrics", headers));
        assert_eq!(ask(&[("host", "desk-7.internal:9090"), ("authorization", "")]), Ok(()));
        assert_eq!(ask(&[("origin", "http://127.0.0.1:8081")]), Err(Refusal::ForeignOrigin));
        assert_eq!(ask(&[("sec-fetch-site", "cross-site")]), Err(Refusal::ForeignSite));
        assert_eq!(ask(&[("sec-fetch-site", "none")]), Ok(()), "a person who types the address");
    }
}

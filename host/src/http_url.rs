//! The address of an HTTP server, as a user states it.

use std::str::FromStr;

use hyper::Uri;

/// The address of a server: `http` or `https`, a host, perhaps a port and a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpUrl(Uri);

impl FromStr for HttpUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<HttpUrl, &'static str> {
        let uri: Uri = text.parse().map_err(|_| WRONG)?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        let authority = uri.authority().ok_or(WRONG)?;
        // A template of OpenAPI has braces, and a URI drops what follows `#`.
        let is_plain = !authority.as_str().contains('@') && !text.contains(['#', '{', '}']);
        (is_http && is_plain && uri.query().is_none()).then_some(HttpUrl(uri)).ok_or(WRONG)
    }
}

impl HttpUrl {
    /// `http` or `https`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.0.scheme_str().unwrap_or_default()
    }

    /// The host and, if it is stated, the port.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.0.authority().map(hyper::http::uri::Authority::as_str).unwrap_or_default()
    }

    /// The path without a slash at its end, so it is empty if the address has none.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.path().trim_end_matches('/')
    }
}

const WRONG: &str = "not the address of a server, such as https://desk.example.net";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_a_host_and_perhaps_a_port_and_a_path() {
        for (text, parts) in [
            ("https://a.example", ("https", "a.example", "")),
            ("http://127.0.0.1:8080/", ("http", "127.0.0.1:8080", "")),
            ("http://[::1]:9/v1/", ("http", "[::1]:9", "/v1")),
        ] {
            let url: HttpUrl = text.parse().unwrap();
            assert_eq!((url.scheme(), url.authority(), url.path()), parts, "{text}");
        }
        for text in [
            "",
            "/",
            "127.0.0.1:8080",
            "ftp://a",
            "http://",
            "http://a?x",
            "http://a#x",
            "http://u:p@a",
            "http://{a}",
            "http://a/{b}",
            "http://a b",
        ] {
            assert_eq!(text.parse::<HttpUrl>(), Err(WRONG), "{text}");
        }
    }
}

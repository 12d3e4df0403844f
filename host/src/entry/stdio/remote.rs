//! Passes messages on to a host that runs elsewhere.

use std::str::FromStr;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::HeaderValue;
use hyper::{Request, Response, Uri};

use crate::mcp;
use crate::outgoing::{CertificatesError, Client, SendError};

/// A host that runs elsewhere, and the key for it.
#[derive(Clone)]
pub struct Remote {
    client: Client,
    uri: Uri,
    key: HeaderValue,
    time_limit: Duration,
}

/// Why a message has no answer. The text is for the agent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// The host cannot be reached.
    #[error("The host cannot be reached, so nothing was done. Call again later.")]
    Unreachable,
    /// The connection ended before the answer, or the answer came too late.
    #[error(
        "There was no answer. It may have been done: call again only with the same idempotency_key, or read first."
    )]
    Lost,
}

/// Why a host cannot be addressed.
#[derive(Debug, thiserror::Error)]
pub enum RemoteSettingError {
    /// The certificates of this machine cannot be read.
    #[error(transparent)]
    Certificates(#[from] CertificatesError),
    /// The key cannot be sent.
    #[error("the key has characters that a header cannot have")]
    Key,
}

impl Remote {
    /// The host at an address, and the key to send.
    pub fn new(url: &HostUrl, key: &str, time_limit: Duration) -> Result<Remote, RemoteSettingError> {
        let mut key = HeaderValue::from_str(key).map_err(|_| RemoteSettingError::Key)?;
        key.set_sensitive(true);
        Ok(Remote { client: Client::new()?, uri: url.0.clone(), key, time_limit })
    }

    pub(super) async fn answer(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, RemoteError> {
        *request.uri_mut() = self.uri.clone();
        request.headers_mut().insert("x-api-key", self.key.clone());
        request
            .headers_mut()
            .insert(hyper::header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        let answered = self.client.answer(request, self.time_limit, ANSWER_BYTES).await;
        answered.map_err(|error| match error {
            SendError::Unreachable => RemoteError::Unreachable,
            SendError::Broken | SendError::Late | SendError::TooLong => RemoteError::Lost,
        })
    }
}

/// The address of a host: `http` or `https`, a host, and perhaps a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostUrl(Uri);

impl FromStr for HostUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<HostUrl, &'static str> {
        let example = "not the address of a host, such as http://127.0.0.1:8080";
        let uri: Uri = text.trim_end_matches('/').parse().map_err(|_| example)?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        let path = uri.path().trim_end_matches('/');
        let authority =
            uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or(example)?;
        if !is_http || uri.query().is_some() || !matches!(path, "" | mcp::PATH) {
            return Err(example);
        }
        let scheme = uri.scheme_str().unwrap_or_default();
        format!("{scheme}://{authority}{}", mcp::PATH).parse().map(HostUrl).map_err(|_| example)
    }
}

/// The most bytes of an answer: that of a component is at most 4 MiB, and its text stands in it twice, with escapes.
const ANSWER_BYTES: usize = 32 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_a_host_and_no_path_but_that_of_messages() {
        for text in ["http://127.0.0.1:8080", "http://127.0.0.1:8080/", "http://127.0.0.1:8080/mcp"] {
            let url = text.parse::<HostUrl>().unwrap();
            assert_eq!(url.0, "http://127.0.0.1:8080/mcp", "{text}");
        }
        for text in [
            "",
            "127.0.0.1:8080",
            "ftp://a",
            "http://",
            "http://a/b",
            "http://a?x",
            "http://u:p@a",
            "http://a b",
        ] {
            assert!(text.parse::<HostUrl>().is_err(), "{text}");
        }
    }
}

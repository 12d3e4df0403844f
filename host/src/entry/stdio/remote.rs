//! Passes messages on to a host that runs elsewhere.

use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::HeaderValue;
use hyper::{Request, Response, Uri};

use crate::http_url::HttpUrl;
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
    /// The address is too long with the path of messages.
    #[error("--url: the address is too long")]
    Address,
    /// The certificates of this machine cannot be read.
    #[error(transparent)]
    Certificates(#[from] CertificatesError),
    /// The key cannot be sent.
    #[error("the key has characters that a header cannot have")]
    Key,
}

impl Remote {
    /// The host at an address, and the key to send. The address may include the path of messages.
    pub fn new(url: &HttpUrl, key: &str, time_limit: Duration) -> Result<Remote, RemoteSettingError> {
        let mut key = HeaderValue::from_str(key).map_err(|_| RemoteSettingError::Key)?;
        key.set_sensitive(true);
        let base = url.path().strip_suffix(mcp::PATH).unwrap_or(url.path());
        let uri = format!("{}://{}{base}{}", url.scheme(), url.authority(), mcp::PATH);
        let uri = uri.parse().map_err(|_| RemoteSettingError::Address)?;
        Ok(Remote { client: Client::new()?, uri, key, time_limit })
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

/// The most bytes of an answer: that of a component is at most 4 MiB, and its text stands in it twice, with escapes.
const ANSWER_BYTES: usize = 32 * 1024 * 1024;

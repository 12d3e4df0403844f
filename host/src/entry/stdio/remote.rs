//! Passes messages on to a host that runs elsewhere.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::HeaderValue;
use hyper::{Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

use crate::http_url::HttpUrl;
use crate::mcp;

/// A host that runs elsewhere, and the key for it.
#[derive(Clone)]
pub struct Remote {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
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
    #[error("the root certificates of this machine cannot be used; install the package ca-certificates")]
    Certificates,
    /// The key cannot be sent.
    #[error("the key has characters that a header cannot have")]
    Key,
}

impl Remote {
    /// The host at an address, and the key to send. The address may include the path of messages.
    pub fn new(url: &HttpUrl, key: &str, time_limit: Duration) -> Result<Remote, RemoteSettingError> {
        let mut key = HeaderValue::from_str(key).map_err(|_| RemoteSettingError::Key)?;
        key.set_sensitive(true);
        let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider)
            .map_err(|_| RemoteSettingError::Certificates)?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let base = url.path().strip_suffix(mcp::PATH).unwrap_or(url.path());
        let uri = format!("{}://{}{base}{}", url.scheme(), url.authority(), mcp::PATH);
        Ok(Remote { client, uri: uri.parse().map_err(|_| RemoteSettingError::Address)?, key, time_limit })
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
        let answered = async {
            let answer = self.client.request(request).await.map_err(|error| {
                if error.is_connect() { RemoteError::Unreachable } else { RemoteError::Lost }
            })?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_BYTES).collect().await.map_err(|_| RemoteError::Lost)?;
            Ok(Response::from_parts(parts, body.to_bytes()))
        };
        timeout(self.time_limit, answered).await.unwrap_or(Err(RemoteError::Lost))
    }
}

/// The most bytes of an answer: that of a component is at most 4 MiB, and its text stands in it twice, with escapes.
const ANSWER_BYTES: usize = 32 * 1024 * 1024;

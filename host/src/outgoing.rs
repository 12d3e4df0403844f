//! The HTTP client for requests to other servers, with TLS where their addresses ask for it.

use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;
use tokio_rustls::rustls::crypto::ring;

/// A client that keeps its connections. Clones share them. It uses no proxy.
#[derive(Debug, Clone)]
pub struct Client(legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

/// The certificates of this machine cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the root certificates of this machine cannot be used; install the package ca-certificates")]
pub struct CertificatesError;

/// Why a request has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// There is no connection, so the server cannot have received anything.
    #[error("the server cannot be reached")]
    Unreachable,
    /// The connection ended before the end of the answer.
    #[error("the connection ended before the answer")]
    Broken,
    /// The time limit passed.
    #[error("the server did not answer in time")]
    Late,
    /// The body of the answer is longer than the limit.
    #[error("the answer is too long")]
    TooLong,
}

impl Client {
    /// A client that accepts the servers that this machine accepts.
    pub fn new() -> Result<Client, CertificatesError> {
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(ring::default_provider())
            .map_err(|_| CertificatesError)?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Client(legacy::Client::builder(TokioExecutor::new()).build(connector)))
    }

    /// Sends a request and reads its answer, whose body may have `limit_bytes`. Both together may take `time_limit`.
    pub async fn answer(
        &self,
        request: Request<Full<Bytes>>,
        time_limit: Duration,
        limit_bytes: usize,
    ) -> Result<Response<Bytes>, SendError> {
        let answered = async {
            let (parts, body) = self.begin(request).await?.into_parts();
            let body = Limited::new(body, limit_bytes).collect().await.map_err(|error| {
                if error.is::<LengthLimitError>() { SendError::TooLong } else { SendError::Broken }
            })?;
            Ok(Response::from_parts(parts, body.to_bytes()))
        };
        timeout(time_limit, answered).await.unwrap_or(Err(SendError::Late))
    }

    /// Sends a request and returns its answer before the body, which the caller reads. The head of the answer must come within
    /// `time_limit`.
    pub async fn open(
        &self,
        request: Request<Full<Bytes>>,
        time_limit: Duration,
    ) -> Result<Response<Incoming>, SendError> {
        timeout(time_limit, self.begin(request)).await.unwrap_or(Err(SendError::Late))
    }

    async fn begin(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, SendError> {
        let answered = self.0.request(request).await;
        answered.map_err(|error| if error.is_connect() { SendError::Unreachable } else { SendError::Broken })
    }
}

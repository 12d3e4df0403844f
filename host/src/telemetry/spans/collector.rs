//! Sends bytes to the collector, with the HTTP library that the host has anyway.

use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::http::uri::Scheme;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::TokioExecutor;
use opentelemetry_http::{HttpClient, HttpError};
use tokio::runtime::Handle;
use tokio::time::timeout;
use tracing::{info, warn};

/// The `http` URL at which a collector takes spans. The default path is `/v1/traces`, as OTLP specifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectorUrl {
    base: Uri,
}

impl CollectorUrl {
    pub(super) fn traces(&self) -> String {
        let base = self.base.to_string();
        match self.base.path() {
            "/" => format!("{base}v1/traces"),
            _ => base,
        }
    }
}

impl FromStr for CollectorUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<CollectorUrl, &'static str> {
        let wrong = "not an http URL without credentials, for example http://127.0.0.1:4318";
        let base = text.parse::<Uri>().map_err(|_| wrong)?;
        let has_credentials = base.authority().is_some_and(|authority| authority.as_str().contains('@'));
        let is_http = base.scheme() == Some(&Scheme::HTTP);
        // The parser takes any port, and drops a fragment silently.
        let is_whole = base.host().is_some_and(|host| !host.is_empty()) && !text.contains('#');
        let has_port = base.authority().is_none_or(|authority| {
            authority.port_u16().is_some_and(|port| port > 0) || authority.as_str() == authority.host()
        });
        if is_http && is_whole && has_port && base.query().is_none() && !has_credentials {
            Ok(CollectorUrl { base })
        } else {
            Err(wrong)
        }
    }
}

/// A client of the collector. A thread of the library calls it, and it works in the host's runtime.
#[derive(Debug)]
pub(super) struct Collector {
    client: Client<HttpConnector, Full<Bytes>>,
    runtime: Handle,
    attempt_time: Duration,
    /// Whether the collector took the last batch. The log has a line if that changes, and not for each batch.
    is_well: AtomicBool,
}

impl Collector {
    pub(super) fn new(attempt_time: Option<Duration>) -> Collector {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let attempt_time = attempt_time.unwrap_or(ATTEMPT_TIME);
        Collector { client, runtime: Handle::current(), attempt_time, is_well: AtomicBool::new(true) }
    }

    fn report(&self, failure: Option<&str>) {
        let was_well = self.is_well.swap(failure.is_none(), Ordering::Relaxed);
        match failure {
            Some(reason) if was_well => {
                warn!(reason, "the collector does not take spans; they are dropped until it does");
            }
            None if !was_well => info!("the collector takes spans again"),
            Some(_) | None => {}
        }
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.runtime.spawn(send(self.client.clone(), request.map(Full::new), self.attempt_time));
        let answer = answer.await.unwrap_or_else(|stopped| Err(stopped.into()));
        match &answer {
            Ok(answer) if answer.status().is_success() => self.report(None),
            Ok(answer) => self.report(Some(answer.status().as_str())),
            Err(error) => self.report(Some(kind(error.as_ref()))),
        }
        answer
    }
}

async fn send(
    client: Client<HttpConnector, Full<Bytes>>,
    request: Request<Full<Bytes>>,
    within: Duration,
) -> Result<Response<Bytes>, HttpError> {
    let exchange = async {
        let (parts, body) = client.request(request).await?.into_parts();
        let body = Limited::new(body, ANSWER_BYTES).collect().await?.to_bytes();
        Ok(Response::from_parts(parts, body))
    };
    timeout(within, exchange).await?
}

/// Describes a failure without the text of the error, because the error may quote the request.
fn kind(error: &(dyn std::error::Error + 'static)) -> &'static str {
    match error.downcast_ref::<legacy::Error>() {
        Some(error) if error.is_connect() => "no connection",
        Some(_) => "the connection failed",
        None if error.is::<tokio::time::error::Elapsed>() => "no answer in time",
        None => "an answer that cannot be read",
    }
}

/// The most bytes of a collector's answer, whose content is ignored.
const ANSWER_BYTES: usize = 64 * 1024;
/// The time for one attempt to send a batch.
const ATTEMPT_TIME: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_path_is_that_of_otlp() {
        for (text, traces) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://collector:4318/", "http://collector:4318/v1/traces"),
            ("http://[::1]:4318/otlp/v1/traces", "http://[::1]:4318/otlp/v1/traces"),
        ] {
            assert_eq!(text.parse::<CollectorUrl>().unwrap().traces(), traces);
        }
    }

    #[test]
    fn a_collector_needs_a_plain_http_url() {
        for text in [
            "",
            "/v1",
            "127.0.0.1:4318",
            "https://a",
            "grpc://a:1",
            "http://me:secret@a",
            "http://a/?b",
            "http://a#b",
            "http://a:0",
            "http://a:",
            "http://a:70000",
            "http://",
            "http:/a",
            " http://a",
            "http://a b",
        ] {
            assert!(text.parse::<CollectorUrl>().is_err(), "{text:?}");
        }
    }
}

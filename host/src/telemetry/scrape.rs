//! The page that a Prometheus server reads, on a listener of its own.
//!
//! It needs no key, so it is for this machine alone unless the operator says otherwise, and it is never on the port
//! that clients use.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// A listener that is bound.
#[derive(Debug)]
pub struct Scrape {
    /// Where; the port is the one that the system chose where 0 was asked for.
    pub address: SocketAddr,
    listener: TcpListener,
}

impl Scrape {
    /// Binds `address`, which has to be of this machine alone unless it `is_public`.
    pub async fn bind(address: SocketAddr, is_public: bool) -> Result<Scrape, ScrapeError> {
        if !is_public && !address.ip().is_loopback() {
            return Err(ScrapeError::Public { address });
        }
        let failed = |error| ScrapeError::Listen { address, error };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Scrape { address, listener })
    }

    /// Answers with what `text` gives at that moment, for as long as it is polled.
    pub async fn serve(self, text: impl Fn() -> String + Send + Sync + 'static) {
        let text = Arc::new(text);
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let Ok((stream, _peer)) = self.listener.accept().await else {
                sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let text = Arc::clone(&text);
            let service = service_fn(move |request| {
                let answer = answer(&request, text.as_ref());
                async move { Ok::<_, Infallible>(answer) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIME)
                .max_buf_size(HEAD_BYTES)
                .serve_connection(TokioIo::new(stream), service);
            connections.spawn(async move {
                // A reader that does not read would keep its place.
                drop(timeout(CONNECTION_TIME, connection).await);
                drop(place);
            });
            while connections.try_join_next().is_some() {}
        }
    }
}

fn answer(request: &Request<Incoming>, text: impl Fn() -> String) -> Response<Full<Bytes>> {
    let is_read = *request.method() == Method::GET || *request.method() == Method::HEAD;
    match request.uri().path() {
        "/metrics" if is_read => {
            let mut answer = Response::new(Full::new(Bytes::from(text())));
            answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(prometheus::TEXT_FORMAT));
            answer
        }
        "/metrics" => {
            let mut answer = empty(StatusCode::METHOD_NOT_ALLOWED);
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            answer
        }
        _ => empty(StatusCode::NOT_FOUND),
    }
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}

/// Why metrics cannot be served: a sentence that names the flag to change.
#[derive(Debug, thiserror::Error)]
pub enum ScrapeError {
    /// The address cannot be listened on.
    #[error("--metrics {address}: the address cannot be used ({error}); choose another")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        error: io::Error,
    },
    /// Others than this machine could read.
    #[error(
        "--metrics {address}: others could read the metrics, which need no key; choose an address of this machine \
         alone, as 127.0.0.1, or give --metrics-public"
    )]
    Public {
        /// The address.
        address: SocketAddr,
    },
}

/// A Prometheus server keeps one; a handful of them and a person are at work at once.
const CONNECTIONS: usize = 16;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// For the head of a request; also how long a connection may idle between two.
const HEADER_TIME: Duration = Duration::from_secs(30);
const HEAD_BYTES: usize = 16 * 1024;
/// How long a connection may last in all.
const CONNECTION_TIME: Duration = Duration::from_mins(5);

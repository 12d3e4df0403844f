//! HTTP on one connection.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::Watcher;
use tracing::{debug, error, info};

use super::connections::Connection;
use super::limits::ConnectionLimits;
use super::request;
use super::stream::Stream;
use crate::clock;
use crate::pipeline::Pipeline;

/// Serves HTTP on connections, within their limits.
#[derive(Clone)]
pub(super) struct Http(Builder<TokioExecutor>);

/// The HTTP version of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum Version {
    /// The connection is not encrypted, so its first bytes decide the version.
    Either,
    One,
    Two,
}

impl Http {
    pub(super) fn new(limits: &ConnectionLimits) -> Http {
        let mut http = Builder::new(TokioExecutor::new());
        http.http1()
            .timer(TokioTimer::new())
            // `wait` limits these times: hyper has only one limit for both the head and the time between requests.
            .header_read_timeout(None)
            .max_buf_size(limits.head_bytes)
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.streams)
            .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT);
        Http(http)
    }

    /// Answers the requests of a connection until it ends.
    pub(super) async fn serve(
        self,
        version: Version,
        stream: Stream,
        connection: Arc<Connection>,
        pipeline: Arc<Pipeline>,
        watcher: Watcher,
    ) {
        let builder = match version {
            Version::Either => self.0,
            Version::One => self.0.http1_only(),
            Version::Two => self.0.http2_only(),
        };
        let service = service_fn(move |request| {
            request::answer(Arc::clone(&pipeline), Arc::clone(&connection), request)
        });
        let served = builder.serve_connection(TokioIo::new(stream), service);
        let mut served = pin!(watcher.watch(served.into_owned()));
        // hyper dates its answers by the machine's clock whenever it is polled, and panics past the year 9999.
        let ended = poll_fn(|context| match clock::check() {
            Ok(()) => served.as_mut().poll(context).map(Ok),
            Err(error) => Poll::Ready(Err(error)),
        });
        match ended.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => log(error.as_ref()),
            Err(error) => error!(%error, "closed a connection"),
        }
    }
}

/// Logs a request that hyper refuses with a 400 or 431 without a body. The request never reaches the pipeline.
fn log(error: &(dyn std::error::Error + 'static)) {
    match error.downcast_ref::<hyper::Error>() {
        Some(error) if error.is_parse() => info!(%error, "refused a malformed HTTP request"),
        _ => debug!(%error, "a connection ended with an error"),
    }
}

/// How many bytes an HTTP/2 client may send before the host reads them: of one body, and on a whole connection.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 256 * 1024;
/// Pings detect an HTTP/2 peer that is gone.
const PING_INTERVAL: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(5);

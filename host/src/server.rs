//! Takes connections and speaks HTTP/1.1 and HTTP/2 on them, until it is told to stop.

mod framing;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};

use self::framing::Unambiguous;
use crate::walk::Walk;

/// Serves `walk` on `listener` until `stop` resolves; then takes no more connections, lets requests that were begun
/// finish within `grace`, and cuts what is left.
pub async fn serve(listener: TcpListener, walk: Arc<Walk>, stop: impl Future<Output = ()>, grace: Duration) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut tasks = JoinSet::new();
    let http = http();
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, permit) = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        let walk = Arc::clone(&walk);
        let service = service_fn(move |request| {
            let walk = Arc::clone(&walk);
            async move { Ok::<_, Infallible>(walk.answer(request).await) }
        });
        let connection = http.serve_connection(TokioIo::new(Unambiguous::new(stream)), service).into_owned();
        let connection = graceful.watch(connection);
        tasks.spawn(async move {
            if let Err(error) = connection.await {
                debug!(%error, "a connection ended with an error");
            }
            drop(permit);
        });
        while tasks.try_join_next().is_some() {}
    }
    walk.begin_shutdown();
    drop(listener);
    info!("no new connections; requests that were begun are finished");
    if timeout(grace, graceful.shutdown()).await.is_err() {
        warn!(
            grace_seconds = grace.as_secs(),
            "requests were still open at the end of the grace period; cut"
        );
    }
    tasks.shutdown().await;
}

/// The next connection. Waits while there are too many, and survives a lack of file descriptors.
async fn accept(listener: &TcpListener, connections: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    loop {
        let Ok(permit) = Arc::clone(connections).acquire_owned().await else {
            std::future::pending::<()>().await;
            continue;
        };
        match listener.accept().await {
            Ok((stream, _peer)) => {
                let _ = stream.set_nodelay(true);
                return (stream, permit);
            }
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                // Out of file descriptors or memory: trying again at once would burn a core.
                warn!(%error, "no connection can be accepted at the moment");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_the_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset
    )
}

fn http() -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(HEAD_BYTES)
        // More than fit into the bytes that `door::head` allows: what is refused there is refused in words.
        .max_headers(HEADERS)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEAD_BYTES_HTTP2)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    http
}

const CONNECTIONS: usize = 10_000;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// For the head of a request; also how long a connection may idle between two requests.
const HEADER_TIME: Duration = Duration::from_secs(30);
/// The most bytes of a request line and its headers.
const HEAD_BYTES: usize = 64 * 1024;
const HEADERS: usize = 8 * 1024;
const HEAD_BYTES_HTTP2: u32 = 64 * 1024;
/// The most requests at once on an HTTP/2 connection.
const STREAMS: u32 = 100;
/// An HTTP/2 peer that is gone is found out by a ping.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

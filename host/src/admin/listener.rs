//! Takes the connections of the private listener.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Admin;

/// The private listener, bound.
#[derive(Debug)]
pub struct AdminListener {
    /// The address. If the settings ask for port 0, this has the port that the system chose.
    pub address: SocketAddr,
    listener: TcpListener,
}

impl AdminListener {
    /// Binds `address`. Unless `allows_plaintext`, other machines must not reach the address.
    pub async fn bind(address: SocketAddr, allows_plaintext: bool) -> Result<AdminListener, AdminError> {
        if !allows_plaintext && !address.ip().is_loopback() {
            return Err(AdminError::Public(address));
        }
        let failed = |error| AdminError::Listen(address, error);
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(AdminListener { address, listener })
    }

    /// Answers requests with the pages of `admin`, for as long as the future is polled.
    pub async fn serve(self, admin: Admin) {
        let admin = Arc::new(admin);
        let permits = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            let Ok((stream, _peer)) = self.listener.accept().await else {
                sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let admin = Arc::clone(&admin);
            let service = service_fn(move |request| {
                let answer = admin.answer(&request);
                async move { Ok::<_, Infallible>(answer) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIME)
                .max_buf_size(HEAD_BYTES)
                .serve_connection(TokioIo::new(stream), service);
            connections.spawn(async move {
                // Without a time limit, a client that does not read its answer would keep its permit.
                drop(timeout(CONNECTION_TIME, connection).await);
                drop(permit);
            });
            while connections.try_join_next().is_some() {}
        }
    }
}

/// Why the private listener cannot be bound: a sentence that names the flag to change.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The address cannot be listened on.
    #[error("--metrics {0}: the address cannot be used ({1}); choose another")]
    Listen(SocketAddr, io::Error),
    /// Other machines could read the metrics.
    #[error(
        "--metrics {0}: other machines could read the metrics, which need no key; choose an address of this \
         machine, such as 127.0.0.1, or set --allow-plaintext"
    )]
    Public(SocketAddr),
}

/// Enough for a few Prometheus servers, which keep one connection each, and a person.
const CONNECTIONS: usize = 16;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long the head of a request may take, and how long a connection may be idle between two requests.
const HEADER_TIME: Duration = Duration::from_secs(30);
const HEAD_BYTES: usize = 16 * 1024;
/// How long a connection may last in all.
const CONNECTION_TIME: Duration = Duration::from_mins(5);

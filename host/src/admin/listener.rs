//! Takes the connections of a private listener.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Admin;
use super::connection::ConnectionState;

/// A private listener, bound.
#[derive(Debug)]
pub struct AdminListener {
    /// The address. If the settings ask for port 0, this has the port that the system chose.
    pub address: SocketAddr,
    listener: TcpListener,
}

impl AdminListener {
    /// Binds `address`, which the setting `flag` gives. Unless `allows_plaintext`, other machines must not reach the address.
    pub async fn bind(
        flag: &'static str,
        address: SocketAddr,
        allows_plaintext: bool,
    ) -> Result<AdminListener, AdminError> {
        if !allows_plaintext && !address.ip().to_canonical().is_loopback() {
            return Err(AdminError::Public(flag, address));
        }
        let failed = |error| AdminError::Listen(flag, address, error);
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
            let (admin, state) = (Arc::clone(&admin), ConnectionState::default());
            let of_requests = state.clone();
            let service = service_fn(move |mut request: Request<Incoming>| {
                let admin = Arc::clone(&admin);
                request.extensions_mut().insert(of_requests.clone());
                async move { Ok::<_, Infallible>(admin.answer(request).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIME)
                .max_buf_size(HEAD_BYTES)
                .serve_connection(TokioIo::new(stream), service);
            connections.spawn(async move {
                state.limited(connection).await;
                drop(permit);
            });
            while connections.try_join_next().is_some() {}
        }
    }
}

/// Why a private listener cannot be bound: a sentence that names the flag to change.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The address cannot be listened on.
    #[error("{0} {1}: the address cannot be used ({2}); choose another")]
    Listen(&'static str, SocketAddr, io::Error),
    /// Other machines could reach the listener.
    #[error(
        "{0} {1}: other machines could reach this address, which is without TLS and not for clients; choose an address of \
         this machine, such as 127.0.0.1, or set --allow-plaintext"
    )]
    Public(&'static str, SocketAddr),
}

/// Enough for a few people and Prometheus servers, which keep a connection each, and for tests that run at the same time.
const CONNECTIONS: usize = 64;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long the head of a request may take, and how long a connection may be idle between two requests.
const HEADER_TIME: Duration = Duration::from_secs(30);
const HEAD_BYTES: usize = 16 * 1024;

//! Accepts connections, and goes on if accepting fails.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};
use uuid::Uuid;

use super::close_reason::CloseReason;
use super::connections::{ConnectionSlot, Connections};
use super::protocol::{Http, Version};
use super::stream::{Stream, Transport};
use super::tls;
use crate::door::Refusal;
use crate::pipeline::Pipeline;

/// Accepts connections and serves each of them in a task of its own.
pub(super) struct Acceptor {
    pub(super) listener: TcpListener,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) pipeline: Arc<Pipeline>,
    pub(super) http: Http,
    pub(super) connections: Arc<Connections>,
    pub(super) tasks: JoinSet<()>,
}

impl Acceptor {
    /// Accepts connections until `end` resolves.
    pub(super) async fn accept_until(&mut self, end: impl Future<Output = ()>, graceful: &GracefulShutdown) {
        let mut end = std::pin::pin!(end);
        loop {
            let (stream, peer) = tokio::select! {
                biased;
                () = &mut end => return,
                accepted = self.accept() => accepted,
            };
            let Some(slot) = self.connections.admit(peer.ip()) else {
                self.turn_away(&stream);
                continue;
            };
            let _ = stream.set_nodelay(true);
            self.tasks.spawn(self.serve(stream, slot, graceful.watcher()));
            while self.tasks.try_join_next().is_some() {}
        }
    }

    /// Stops accepting, and returns the tasks of the open connections.
    pub(super) fn close(self) -> JoinSet<()> {
        self.tasks
    }

    /// Returns the next connection. Waits and tries again if there is no file descriptor for it.
    async fn accept(&self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok(accepted) => return accepted,
                Err(error) if is_of_the_peer(&error) => {}
                Err(error) => {
                    // The system has no file descriptors or memory left. Without a pause, the retries would occupy a core.
                    warn!(%error, "no connection can be accepted at the moment");
                    self.connections.evict();
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Sends an answer that there are too many connections, if that is possible without waiting. In TLS it is not possible.
    fn turn_away(&self, stream: &TcpStream) {
        debug!("refused a connection: there are too many, and the host works on requests of all of them");
        self.pipeline.telemetry.metrics.connection_ended(CloseReason::TurnedAway.as_str());
        if self.tls.is_none() {
            let _ = stream.try_write(no_slot().as_bytes());
        }
    }

    /// Serves a connection until it ends or is cut.
    fn serve(
        &self,
        stream: TcpStream,
        slot: ConnectionSlot,
        watcher: Watcher,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (tls, http, pipeline) = (self.tls.clone(), self.http.clone(), Arc::clone(&self.pipeline));
        let handshake_time = self.connections.limits.handshake;
        async move {
            let connection = Arc::clone(&slot.connection);
            let served = async {
                let connection = Arc::clone(&connection);
                let (version, transport) = match tls {
                    None => (Version::Either, Transport::Left(stream)),
                    Some(tls) => match timeout(handshake_time, handshake(tls, stream)).await {
                        Ok(Some(encrypted)) => encrypted,
                        Ok(None) => return,
                        Err(_elapsed) => {
                            debug!("a TLS handshake did not end in time");
                            return pipeline
                                .telemetry
                                .metrics
                                .connection_ended(CloseReason::HandshakeSlow.as_str());
                        }
                    },
                };
                connection.wait().opened(Instant::now());
                let stream = Stream::new(transport, Arc::clone(&connection));
                http.serve(version, stream, connection, pipeline, watcher).await;
            };
            tokio::select! {
                () = connection.cut() => {}
                () = served => {}
            }
            drop(slot);
        }
    }
}

async fn handshake(tls: TlsAcceptor, stream: TcpStream) -> Option<(Version, Transport)> {
    match tls.accept(stream).await {
        Ok(stream) => {
            let is_http2 = stream.get_ref().1.alpn_protocol() == Some(tls::HTTP_2);
            let version = if is_http2 { Version::Two } else { Version::One };
            Some((version, Transport::Right(Box::new(stream))))
        }
        Err(error) => {
            debug!(reason = %error.kind(), "a TLS handshake failed");
            None
        }
    }
}

fn is_of_the_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset
    )
}

/// The answer on a connection above the limit. It has a request id, as every answer has, although no request was read.
fn no_slot() -> String {
    let (refusal, request_id) = (Refusal::Busy, Uuid::new_v4());
    let (status, error_type) = (refusal.status(), refusal.error_type());
    let retry_after = refusal.retry_after_seconds().unwrap_or_default();
    let body = format!(r#"{{"message":"{refusal}"}}"#);
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\nretry-after: {retry_after}\r\n\
         content-type: application/json\r\nx-amzn-errortype: {error_type}\r\n\
         x-amzn-requestid: {request_id}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

//! Accepts connections, whatever the system or the peers do about it.

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

use super::connections::{Connections, Place};
use super::ending::Ending;
use super::http::{Http, Version};
use super::stream::{Bytes, Stream};
use super::tls;
use crate::sandbox::Respondent;
use crate::walk::Walk;

/// Where connections come in, each into a task of its own.
pub(super) struct Entrance<R> {
    pub(super) listener: TcpListener,
    pub(super) acceptor: Option<TlsAcceptor>,
    pub(super) walk: Arc<Walk<R>>,
    pub(super) http: Http,
    pub(super) connections: Arc<Connections>,
    pub(super) tasks: JoinSet<()>,
}

impl<R: Respondent> Entrance<R> {
    /// Accepts connections until `end` resolves.
    pub(super) async fn accept_until(&mut self, end: impl Future<Output = ()>, graceful: &GracefulShutdown) {
        let mut end = std::pin::pin!(end);
        loop {
            let (stream, peer) = tokio::select! {
                biased;
                () = &mut end => return,
                accepted = self.accept() => accepted,
            };
            let Some(place) = self.connections.admit(peer.ip()) else {
                self.turn_away(&stream);
                continue;
            };
            let _ = stream.set_nodelay(true);
            self.tasks.spawn(self.serve(stream, place, graceful.watcher()));
            while self.tasks.try_join_next().is_some() {}
        }
    }

    /// Accepts no more; gives the tasks of the connections that there are.
    pub(super) fn close(self) -> JoinSet<()> {
        self.tasks
    }

    /// The next connection. Survives a lack of file descriptors.
    async fn accept(&self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok(accepted) => return accepted,
                Err(error) if is_of_the_peer(&error) => {}
                Err(error) => {
                    // Out of file descriptors or memory: trying again at once would burn a core.
                    warn!(%error, "no connection can be accepted at the moment");
                    self.connections.evict();
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Says that there is no place, as far as that is possible without waiting for anybody. In TLS it is not.
    fn turn_away(&self, stream: &TcpStream) {
        debug!("too many connections, and the host is at work for all of them; one was turned away");
        self.walk.telemetry.metrics.connection_ended(Ending::TurnedAway.as_str());
        if self.acceptor.is_none() {
            let _ = stream.try_write(no_place().as_bytes());
        }
    }

    /// Serves a connection until it ends or has to go.
    fn serve(
        &self,
        stream: TcpStream,
        place: Place,
        watcher: Watcher,
    ) -> impl Future<Output = ()> + Send + use<R> {
        let (acceptor, http, walk) = (self.acceptor.clone(), self.http.clone(), Arc::clone(&self.walk));
        let handshake_time = self.connections.bounds().handshake;
        async move {
            let connection = Arc::clone(&place.connection);
            let served = async {
                let connection = Arc::clone(&connection);
                let (version, bytes) = match acceptor {
                    None => (Version::Either, Bytes::Plain(stream)),
                    Some(acceptor) => match timeout(handshake_time, handshake(acceptor, stream)).await {
                        Ok(Some(encrypted)) => encrypted,
                        Ok(None) => return,
                        Err(_elapsed) => {
                            debug!("a TLS handshake did not end in time");
                            return walk.telemetry.metrics.connection_ended(Ending::Handshake.as_str());
                        }
                    },
                };
                connection.turn().opened(Instant::now());
                let stream = Stream::new(bytes, Arc::clone(&connection));
                http.serve(version, stream, connection, walk, watcher).await;
            };
            tokio::select! {
                () = connection.cut() => {}
                () = served => {}
            }
            drop(place);
        }
    }
}

async fn handshake(acceptor: TlsAcceptor, stream: TcpStream) -> Option<(Version, Bytes)> {
    match acceptor.accept(stream).await {
        Ok(stream) => {
            let is_http2 = stream.get_ref().1.alpn_protocol() == Some(tls::HTTP_2);
            let version = if is_http2 { Version::Two } else { Version::One };
            Some((version, Bytes::Tls(Box::new(stream))))
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

/// What a connection hears for which there is no place. No request was read, but an answer has an id.
fn no_place() -> String {
    let request_id = Uuid::new_v4();
    format!(
        "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\n\
         content-type: application/json\r\nx-amzn-errortype: ServiceUnavailableException\r\n\
         x-amzn-requestid: {request_id}\r\ncontent-length: {}\r\n\r\n{NO_PLACE}",
        NO_PLACE.len()
    )
}

const NO_PLACE: &str = r#"{"message":"Service Unavailable"}"#;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

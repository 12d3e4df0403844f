//! The way in over HTTP/1.1 and HTTP/2, with or without TLS.
//!
//! Each accepted connection (`accept`) runs in a task of its own. It is admitted (`connections`), makes its TLS handshake
//! (`tls`), and then carries HTTP on a stream that is observed (`protocol`, `stream`, `strict_http1`, `request`). `wait`
//! tracks whether the host waits for the client, and which time limit the client exceeds.

mod accept;
mod tls;
mod protocol;
mod stream;
mod strict_http1;
mod request;
mod connections;
mod wait;
mod close_reason;
mod limits;
mod descriptors;

use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{info, warn};

use self::accept::Acceptor;
use self::connections::Connections;
pub use self::limits::ConnectionLimits;
use self::protocol::Http;
pub use self::tls::{IdentityError, IdentityFiles, Tls};
use crate::pipeline::Pipeline;

/// Serves HTTP on a listener.
pub struct Server {
    /// Accepts the connections.
    pub listener: TcpListener,
    /// The TLS of connections. Without it, connections are not encrypted.
    pub tls: Option<Tls>,
    /// Answers the requests.
    pub pipeline: Arc<Pipeline>,
    /// The limits of connections.
    pub limits: ConnectionLimits,
    /// How long connections are still accepted after the readiness check has turned red.
    pub drain: Duration,
    /// How long open requests may take after that.
    pub grace: Duration,
}

impl Server {
    /// Serves until `stop` resolves. Then the readiness check turns red, and the server goes on for the time of `drain`, so
    /// that a load balancer notices and sends new requests elsewhere. After that the server accepts no connections, lets
    /// open requests finish within `grace`, and cuts the connections that are left.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let Server { listener, tls, pipeline, limits, drain, grace } = self;
        let most = descriptors::for_connections(limits.connections);
        let limits = ConnectionLimits { connections: most, ..limits };
        let connections = Arc::new(Connections::new(limits, Arc::clone(&pipeline.telemetry)));
        let mut beside = JoinSet::new();
        beside.spawn(Arc::clone(&connections).watch());
        beside.spawn(make_room(Arc::clone(&pipeline), Arc::clone(&connections)));
        let tls_acceptor = tls.as_ref().map(Tls::acceptor);
        let telemetry = Arc::clone(&pipeline.telemetry);
        beside.spawn(async move {
            if let Some(tls) = tls {
                tls.follow(&telemetry.metrics).await;
            }
        });
        let graceful = GracefulShutdown::new();
        let mut acceptor = Acceptor {
            listener,
            tls: tls_acceptor,
            pipeline: Arc::clone(&pipeline),
            http: Http::new(&limits),
            connections: Arc::clone(&connections),
            tasks: JoinSet::new(),
        };
        acceptor.accept_until(stop, &graceful).await;
        pipeline.begin_shutdown();
        info!("/readyz answers 503 now; connections are still accepted for the drain time");
        acceptor.accept_until(sleep(drain), &graceful).await;
        let mut tasks = acceptor.close();
        info!("no connections are accepted any more; open requests are finished");
        let end = Instant::now() + grace;
        if timeout_at(end, finish(graceful, &connections, &pipeline)).await.is_err() {
            warn!(
                grace_seconds = grace.as_secs(),
                "cut the requests that were still open at the end of the grace period"
            );
        }
        tasks.shutdown().await;
        beside.shutdown().await;
    }
}

/// Waits until every request has its answer. Waits also for writes whose client is gone.
async fn finish(graceful: GracefulShutdown, connections: &Connections, pipeline: &Pipeline) {
    let quiet = async {
        loop {
            sleep(CLOSING_TIME).await;
            connections.cut_quiet();
        }
    };
    tokio::select! {
        () = graceful.shutdown() => {}
        () = quiet => {}
    }
    pipeline.all_ended().await;
}

/// Cuts a connection that waits for its client each time there are too many requests in flight.
async fn make_room(pipeline: Arc<Pipeline>, connections: Arc<Connections>) {
    loop {
        pipeline.crowded().await;
        connections.evict();
    }
}

/// How long a connection without a request may take to close by itself before it is cut. HTTP/2 closes in two steps.
const CLOSING_TIME: Duration = Duration::from_millis(200);

//! A host with its ways in: clients reach it over HTTP, and operators through the private listener.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use clap::ValueEnum;
use tokio::net::{TcpListener, TcpSocket};

use crate::admin::{About, Admin, AdminError, AdminListener, Console, ConsoleError};
use crate::config::{Config, StoreKind};
use crate::entry::http::{IdentityError, Server, Tls};
use crate::host::{Host, HostError, data_directory};
use crate::sandbox::Component;

/// A host whose ports are bound.
pub struct Service {
    /// Answers the requests.
    pub host: Host,
    /// The address that clients connect to. If the settings ask for port 0, this has the port that the system chose.
    pub address: SocketAddr,
    /// The address of the metrics, if they have a listener.
    pub metrics_address: Option<SocketAddr>,
    /// The console, if there is one.
    pub console: Option<Console>,
    /// Whether connections are TLS.
    pub is_encrypted: bool,
    server: Server,
    metrics: Option<AdminListener>,
    about: About,
}

impl Service {
    /// Opens the host and binds its ports. Serves nothing yet.
    pub async fn start(config: &Config) -> Result<Service, StartError> {
        Service::listen(config, Box::pin(Host::open(config))).await
    }

    /// As [`Service::start`], with a component that is already loaded.
    pub async fn start_with(config: &Config, component: Component) -> Result<Service, StartError> {
        Service::listen(config, Box::pin(Host::open_with(config, component))).await
    }

    /// Opens `host` and binds its ports. The address and the TLS files are checked before, so that a wrong setting leaves no
    /// data folder behind.
    pub async fn listen(
        config: &Config,
        host: impl Future<Output = Result<Host, HostError>>,
    ) -> Result<Service, StartError> {
        check_address(config)?;
        let tls = config.tls.files().map(Tls::open).transpose()?;
        let host = host.await?;
        if let Some(tls) = &tls {
            tls.report(&host.pipeline.telemetry.metrics);
        }
        let allows_plaintext = config.tls.allow_plaintext;
        let metrics = match config.metrics {
            Some(address) => Some(AdminListener::bind("--metrics", address, allows_plaintext).await?),
            None => None,
        };
        let failed = |error| StartError::Listen(config.listen, error);
        let listener = listen(config.listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let console = match config.console.listener(allows_plaintext) {
            Some(settings) => Some(Console::open(&settings, &data_directory(&config.data)?).await?),
            None => None,
        };
        // After everything else that may fail, because it creates the key file: a host that does not start leaves none behind.
        if let Some(first_key) = &host.first_key {
            first_key.check()?;
        }
        let (metrics_address, is_encrypted) =
            (metrics.as_ref().map(|metrics| metrics.address), tls.is_some());
        let scheme = if is_encrypted { "https" } else { "http" };
        let about = About { url: format!("{scheme}://{address}"), store: name_of(config.store) };
        let server = Server {
            listener,
            tls,
            pipeline: Arc::clone(&host.pipeline),
            limits: config.limits.connections(),
            drain: config.limits.drain,
            grace: config.limits.grace,
        };
        Ok(Service { host, address, metrics_address, console, is_encrypted, server, metrics, about })
    }

    /// Serves until `stop` resolves and every request that was begun is finished or cut.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let Service { host, server, metrics, console, about, .. } = self;
        let ending = server.drain + server.grace;
        let following = tokio::spawn(host.follow_keys());
        let pipeline = Arc::clone(&host.pipeline);
        let metrics =
            metrics.map(|listener| tokio::spawn(listener.serve(Admin::of_metrics(Arc::clone(&pipeline)))));
        let (console, _files) = console.map(|console| console.serve(pipeline, about)).unzip();
        let console = console.map(tokio::spawn);
        let mut stopped = Instant::now();
        let stop = async {
            stop.await;
            stopped = Instant::now();
        };
        server.serve(stop).await;
        following.abort();
        host.close(ending.saturating_sub(stopped.elapsed())).await;
        // Last, so that operators can watch as long as anything happens.
        for listener in metrics.into_iter().chain(console) {
            listener.abort();
        }
    }
}

/// Refuses an address that other machines can reach if keys and items would go over the network as plain text.
fn check_address(config: &Config) -> Result<(), StartError> {
    let is_private = config.listen.ip().to_canonical().is_loopback();
    if is_private || config.tls.files().is_some() || config.tls.allow_plaintext {
        return Ok(());
    }
    Err(StartError::Plaintext(config.listen))
}

/// The name of a kind of store on the command line.
pub(crate) fn name_of(store: StoreKind) -> String {
    store.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// Binds a port with a longer queue of connections than tokio's own `bind`, which has 128: a client that finds the queue full
/// tries again only after a second.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Otherwise a new host could not bind until the connections of the last host have timed out.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(UNACCEPTED)
}

/// How many connections the system may make that the host has not accepted yet. The system may allow fewer.
const UNACCEPTED: u32 = 4096;

/// Why a service cannot start: a sentence that names the flag to change.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The host cannot be opened.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The address cannot be listened on.
    #[error("--listen {0}: the address cannot be used ({1}); choose another")]
    Listen(SocketAddr, io::Error),
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Other machines can reach the address, and connections are not encrypted.
    #[error(
        "--listen {0}: other machines can reach this address, and without --tls-cert and --tls-key, keys go over the \
         network as plain text; give both flags, or --allow-plaintext if a proxy encrypts"
    )]
    Plaintext(SocketAddr),
    /// The listener of the metrics cannot be bound.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// The console cannot be opened.
    #[error(transparent)]
    Console(#[from] ConsoleError),
}

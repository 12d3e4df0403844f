//! A host with its ways in: clients reach it over HTTP, and operators through the private listener.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use tokio::net::{TcpListener, TcpSocket};

use crate::admin::{Admin, AdminError, AdminListener};
use crate::config::Config;
use crate::entry::http::{IdentityError, Server, Tls};
use crate::host::{Host, HostError};
use crate::sandbox::Component;

/// A host whose ports are bound.
pub struct Service {
    /// Answers the requests.
    pub host: Host,
    /// The address that clients connect to. If the settings ask for port 0, this has the port that the system chose.
    pub address: SocketAddr,
    /// The address of the private listener, if there is one.
    pub admin_address: Option<SocketAddr>,
    /// Whether connections are TLS.
    pub is_encrypted: bool,
    server: Server,
    admin: Option<AdminListener>,
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
        let admin = match config.metrics {
            Some(address) => Some(AdminListener::bind(address, config.tls.allow_plaintext).await?),
            None => None,
        };
        let failed = |error| StartError::Listen(config.listen, error);
        let listener = listen(config.listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        // After everything else that may fail, because it creates the key file: a host that does not start leaves none behind.
        if let Some(first_key) = &host.first_key {
            first_key.check()?;
        }
        let (admin_address, is_encrypted) = (admin.as_ref().map(|admin| admin.address), tls.is_some());
        let server = Server {
            listener,
            tls,
            pipeline: Arc::clone(&host.pipeline),
            limits: config.limits.connections(),
            drain: config.limits.drain,
            grace: config.limits.grace,
        };
        Ok(Service { host, address, admin_address, is_encrypted, server, admin })
    }

    /// Serves until `stop` resolves and every request that was begun is finished or cut.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let Service { host, server, admin, .. } = self;
        let ending = server.drain + server.grace;
        let following = tokio::spawn(host.follow_keys());
        let pipeline = Arc::clone(&host.pipeline);
        let admin = admin.map(|listener| tokio::spawn(listener.serve(Admin { pipeline })));
        let mut stopped = Instant::now();
        let stop = async {
            stop.await;
            stopped = Instant::now();
        };
        server.serve(stop).await;
        following.abort();
        host.close(ending.saturating_sub(stopped.elapsed())).await;
        // Last, so that the metrics can be read as long as anything happens.
        if let Some(admin) = admin {
            admin.abort();
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
    /// The private listener cannot be bound.
    #[error(transparent)]
    Admin(#[from] AdminError),
}

//! TLS: the host's certificate and key, and connections that are encrypted with them.
//!
//! The files are followed: a connection gets the certificate that is in force when it is made, and none is dropped for
//! a change. New files that cannot be used leave the old certificate in force.

mod identity;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::{MissedTickBehavior, interval};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tracing::{info, warn};

pub use self::identity::{IdentityError, IdentityFiles};

/// The TLS of a host.
pub struct Tls {
    files: IdentityFiles,
    stamp: identity::Stamp,
    identity: Arc<Identity>,
    acceptor: TlsAcceptor,
}

impl Tls {
    /// TLS 1.2 and 1.3 with the certificate and the key of these files; HTTP/2 or HTTP/1.1, as the client likes.
    pub fn open(files: IdentityFiles) -> Result<Tls, IdentityError> {
        let provider = Arc::new(default_provider());
        let stamp = files.stamp();
        let identity = Arc::new(Identity(ArcSwap::from_pointee(files.read(&provider)?)));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| IdentityError::Unfit { file: files.certificate.clone(), error })?;
        let mut config = config.with_no_client_auth().with_cert_resolver(Arc::<Identity>::clone(&identity));
        config.alpn_protocols = vec![HTTP_2.to_vec(), b"http/1.1".to_vec()];
        Ok(Tls { files, stamp, identity, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    /// Makes the handshakes.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    /// Takes over every change of the files within half a second, for as long as it is polled.
    pub(super) async fn follow(&self) {
        let provider = default_provider();
        let mut seen = self.stamp;
        let mut ticks = interval(FOLLOW_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            // Older than what is read after it: a change in between is seen twice, never missed.
            let stamp = self.files.stamp();
            if stamp == seen {
                continue;
            }
            seen = stamp;
            match self.files.read(&provider) {
                Ok(identity) => {
                    self.identity.0.store(Arc::new(identity));
                    info!("took over the changed certificate");
                }
                Err(error) => warn!(%error, "the certificate changed and cannot be used; the old one holds"),
            }
        }
    }
}

/// The certificate and key in force.
#[derive(Debug)]
struct Identity(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Identity {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// How ALPN names HTTP/2.
pub(super) const HTTP_2: &[u8] = b"h2";

/// How often the files are looked at.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(500);

//! TLS: the host's certificate and key, and connections that are encrypted with them.
//!
//! The host follows the files. A connection gets the certificate that is in force when the connection is made, and a
//! change ends no connection. If the files cannot be used, the old certificate stays in force, and the host tries again.

mod contents;
mod identity;
mod expiry;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::{MissedTickBehavior, interval};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::UnixTime;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use self::contents::Wanted;
use self::expiry::{ExpiryWatch, tell};
use self::identity::Identity;
pub use self::identity::{IdentityError, IdentityFiles};
use crate::files::Followed;
use crate::telemetry::Metrics;

/// The TLS of a host.
pub struct Tls {
    files: IdentityFiles,
    identity: Arc<InForce>,
    acceptor: TlsAcceptor,
}

impl Tls {
    /// TLS 1.2 and 1.3 with the certificate and the key in these files. The client chooses HTTP/2 or HTTP/1.1.
    pub fn open(files: IdentityFiles) -> Result<Tls, IdentityError> {
        let provider = Arc::new(default_provider());
        let identity = files.read(&provider, UnixTime::now())?;
        let identity = Arc::new(InForce(ArcSwap::from_pointee(identity)));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| files.unfit(Wanted::Certificate, &error))?;
        let mut config = config.with_no_client_auth().with_cert_resolver(Arc::<InForce>::clone(&identity));
        config.alpn_protocols = vec![HTTP_2.to_vec(), b"http/1.1".to_vec()];
        Ok(Tls { files, identity, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    /// Makes the handshakes.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    /// Sets the metric of when the served certificate expires.
    pub(crate) fn report(&self, metrics: &Metrics) {
        self.identity.report(metrics);
    }

    /// Takes over every change of the files within a second, and reports when the certificate expires, for as long as the
    /// future is polled.
    pub(super) async fn follow(self, metrics: &Metrics) {
        let Tls { files, identity, .. } = self;
        let watch = identity.watch_expiry(metrics);
        let (provider, paths) = (default_provider(), vec![files.certificate.clone(), files.key.clone()]);
        let read = move || files.read(&provider, UnixTime::now());
        let followed = Followed { subject: "the certificate and its key", files: paths, read };
        tokio::join!(watch, followed.follow(|new| identity.take_over(new)));
    }
}

/// The certificate and key in force.
#[derive(Debug)]
struct InForce(ArcSwap<Identity>);

impl InForce {
    /// Takes over a new identity. Returns whether it differs from the one before.
    fn take_over(&self, new: Identity) -> bool {
        // A key that belongs to the same certificate is the same key.
        let changed = self.0.load().certified.cert != new.certified.cert;
        if changed {
            self.0.store(Arc::new(new));
        }
        changed
    }

    fn report(&self, metrics: &Metrics) -> Option<UnixTime> {
        let expiry = self.0.load().expiry?;
        metrics.certificate_expires(expiry.as_secs());
        Some(expiry)
    }

    async fn watch_expiry(&self, metrics: &Metrics) {
        let mut watch = ExpiryWatch::default();
        let mut ticks = interval(EXPIRY_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Some(expiry) = self.report(metrics)
                && let Some(days) = watch.look(expiry, UnixTime::now())
            {
                tell(days, expiry);
            }
        }
    }
}

impl ResolvesServerCert for InForce {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.load().certified))
    }
}

/// How ALPN names HTTP/2.
pub(super) const HTTP_2: &[u8] = b"h2";

/// How often the expiry of the certificate is compared with the clock.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(1);

//! Reads a certificate and its key from files, and checks them as far as a server can.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::client::verify_server_cert_signed_by_trust_anchor;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{CertificateError, Error, InconsistentKeys, RootCertStore};

use super::contents::{self, Wanted};
use super::expiry::shown;
use crate::files;

/// The files of `--tls-cert` and `--tls-key`.
#[derive(Debug, Clone)]
pub struct IdentityFiles {
    /// PEM: the host's certificate, then the intermediate certificates.
    pub certificate: PathBuf,
    /// PEM: the private key.
    pub key: PathBuf,
}

/// A certificate with its chain and its key.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) certified: Arc<CertifiedKey>,
    /// When the host's own certificate expires. The rest of the chain is not considered, because only a client decides which
    /// of those certificates it uses.
    pub(super) expiry: Option<UnixTime>,
}

impl IdentityFiles {
    /// Reads the files. Fails if no client could accept their contents at the time `now`.
    pub(super) fn read(&self, provider: &CryptoProvider, now: UnixTime) -> Result<Identity, IdentityError> {
        let certificates = self.contents_of(Wanted::Certificate, contents::certificates)?;
        let key = self.contents_of(Wanted::Key, contents::key)?;
        let key = provider.key_provider.load_private_key(key);
        let key = key.map_err(|error| self.unfit(Wanted::Key, &error))?;
        let certified = CertifiedKey::new(certificates, key);
        let unfit = |error: Error| self.unfit(Wanted::Certificate, &error);
        let first = certified.end_entity_cert().map_err(unfit)?;
        match check_time(first, provider, now) {
            Ok(()) => {}
            Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
                let problem = format!("the certificate expired at {}; give a new one", shown(not_after));
                return Err(self.error(Wanted::Certificate, problem));
            }
            Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. })) => {
                let begin = shown(not_before);
                let problem = format!("the certificate is not valid before {begin}; is the clock right?");
                return Err(self.error(Wanted::Certificate, problem));
            }
            Err(error) => return Err(unfit(error)),
        }
        let expiry = match check_time(first, provider, THE_END) {
            Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
                Some(not_after)
            }
            Ok(()) | Err(_) => None,
        };
        match certified.keys_match() {
            Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => {
                Ok(Identity { certified: Arc::new(certified), expiry })
            }
            Err(Error::InconsistentKeys(_)) => {
                let certificate = self.certificate.display();
                let problem =
                    format!("the key does not belong to the first certificate of --tls-cert {certificate}");
                Err(self.error(Wanted::Key, problem))
            }
            Err(error) => Err(unfit(error)),
        }
    }

    fn contents_of<T>(
        &self,
        wanted: Wanted,
        parse: impl FnOnce(&[u8]) -> Result<T, &'static str>,
    ) -> Result<T, IdentityError> {
        let bytes = files::read(self.file(wanted), FILE_LIMIT_BYTES)
            .map_err(|error| self.error(wanted, format!("the file cannot be read: {error}")))?;
        let name = wanted.name();
        parse(&bytes).map_err(|found| self.error(wanted, format!("the file has no {name} in PEM: {found}")))
    }

    pub(super) fn unfit(&self, wanted: Wanted, error: &Error) -> IdentityError {
        self.error(wanted, format!("the {} cannot be used ({error})", wanted.name()))
    }

    fn error(&self, wanted: Wanted, problem: String) -> IdentityError {
        IdentityError { wanted, file: self.file(wanted).to_owned(), problem }
    }

    fn file(&self, wanted: Wanted) -> &Path {
        match wanted {
            Wanted::Certificate => &self.certificate,
            Wanted::Key => &self.key,
        }
    }
}

/// Fails if the certificate is malformed or not valid at the time `now`. Does not check who signed it, because clients
/// decide whom they trust: the check has no root, and rustls checks the dates before the root.
fn check_time(
    certificate: &CertificateDer<'_>,
    provider: &CryptoProvider,
    now: UnixTime,
) -> Result<(), Error> {
    let parsed = ParsedCertificate::try_from(certificate)?;
    let algorithms = provider.signature_verification_algorithms.all;
    let roots = RootCertStore::empty();
    match verify_server_cert_signed_by_trust_anchor(&parsed, &roots, &[], now, algorithms) {
        Err(
            error @ Error::InvalidCertificate(
                CertificateError::BadEncoding
                | CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. },
            ),
        ) => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Why a certificate or a key cannot be used: a sentence that names the flag to change.
#[derive(Debug, thiserror::Error)]
#[error("{} {}: {problem}", wanted.flag(), file.display())]
pub struct IdentityError {
    wanted: Wanted,
    file: PathBuf,
    problem: String,
}

/// Far more than the size of a long chain, which is about 10 KB.
const FILE_LIMIT_BYTES: u64 = 1 << 20;

/// A time at which every certificate has expired. The failure of a check for this time has the time of the expiry.
const THE_END: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX));

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
use crate::files::{self, ReadError};

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
        let file = &self.certificate;
        let certificates = contents_of(Wanted::Certificate, file, contents::certificates)?;
        let key = contents_of(Wanted::Key, &self.key, contents::key)?;
        let first = certificates.first().ok_or(IdentityError::Contents {
            wanted: Wanted::Certificate,
            file: file.clone(),
            found: "it is empty",
        })?;
        check_time(first, provider, now).map_err(|wrong| wrong.of(file))?;
        let expiry = match check_time(first, provider, THE_END) {
            Err(CertificateCheckError::Expired(at)) => at,
            Ok(()) | Err(CertificateCheckError::NotYet(_) | CertificateCheckError::Unfit(_)) => None,
        };
        let key = provider
            .key_provider
            .load_private_key(key)
            .map_err(|error| IdentityError::UnfitKey { file: self.key.clone(), error })?;
        let certified = CertifiedKey::new(certificates, key);
        match certified.keys_match() {
            Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => {
                Ok(Identity { certified: Arc::new(certified), expiry })
            }
            Err(Error::InconsistentKeys(_)) => {
                Err(IdentityError::Mismatch { certificate: file.clone(), key: self.key.clone() })
            }
            Err(error) => Err(IdentityError::Unfit { file: file.clone(), error }),
        }
    }
}

fn contents_of<T>(
    wanted: Wanted,
    file: &Path,
    parse: impl FnOnce(&[u8]) -> Result<T, &'static str>,
) -> Result<T, IdentityError> {
    let bytes = files::read(file, FILE_LIMIT_BYTES).map_err(|error| IdentityError::InspectError {
        wanted,
        file: file.to_owned(),
        error,
    })?;
    parse(&bytes).map_err(|found| IdentityError::Contents { wanted, file: file.to_owned(), found })
}

/// What is wrong with a certificate.
enum CertificateCheckError {
    Expired(Option<UnixTime>),
    NotYet(Option<UnixTime>),
    Unfit(Error),
}

/// Fails if the certificate is malformed or not valid at the time `now`. Does not check who signed it, because clients
/// decide whom they trust: the check has no root, and rustls checks the dates before the root.
fn check_time(
    certificate: &CertificateDer<'_>,
    provider: &CryptoProvider,
    now: UnixTime,
) -> Result<(), CertificateCheckError> {
    let parsed = ParsedCertificate::try_from(certificate).map_err(CertificateCheckError::Unfit)?;
    let algorithms = provider.signature_verification_algorithms.all;
    let roots = RootCertStore::empty();
    match verify_server_cert_signed_by_trust_anchor(&parsed, &roots, &[], now, algorithms) {
        Err(Error::InvalidCertificate(CertificateError::Expired)) => {
            Err(CertificateCheckError::Expired(None))
        }
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            Err(CertificateCheckError::Expired(Some(not_after)))
        }
        Err(Error::InvalidCertificate(CertificateError::NotValidYet)) => {
            Err(CertificateCheckError::NotYet(None))
        }
        Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. })) => {
            Err(CertificateCheckError::NotYet(Some(not_before)))
        }
        Err(error @ Error::InvalidCertificate(CertificateError::BadEncoding)) => {
            Err(CertificateCheckError::Unfit(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn end(time: Option<UnixTime>) -> String {
    time.map_or_else(|| "a time that cannot be read".to_owned(), shown)
}

impl CertificateCheckError {
    fn of(self, file: &Path) -> IdentityError {
        let file = file.to_owned();
        match self {
            CertificateCheckError::Expired(at) => IdentityError::Expired { file, at: end(at) },
            CertificateCheckError::NotYet(at) => IdentityError::NotYet { file, at: end(at) },
            CertificateCheckError::Unfit(error) => IdentityError::Unfit { file, error },
        }
    }
}

/// Why a certificate or a key cannot be used: a sentence that names the flag to change.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file cannot be read.
    #[error("{} {}: the file cannot be read: {error}", wanted.flag(), file.display())]
    InspectError {
        /// What it should hold.
        wanted: Wanted,
        /// The file.
        file: PathBuf,
        /// Why not.
        error: ReadError,
    },
    /// The file does not contain what it must.
    #[error("{} {}: the file has no {} in PEM: {found}", wanted.flag(), file.display(), wanted.name())]
    Contents {
        /// What it should hold.
        wanted: Wanted,
        /// The file.
        file: PathBuf,
        /// What it contains, and what to do about that.
        found: &'static str,
    },
    /// The certificate has expired.
    #[error("--tls-cert {}: the certificate expired at {at}; give a new one", file.display())]
    Expired {
        /// The file.
        file: PathBuf,
        /// When.
        at: String,
    },
    /// The key belongs to another certificate.
    #[error(
        "--tls-key {}: the key does not belong to the first certificate of --tls-cert {}",
        key.display(),
        certificate.display()
    )]
    Mismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// The certificate is not valid yet.
    #[error("--tls-cert {}: the certificate is not valid before {at}; is the clock right?", file.display())]
    NotYet {
        /// The file.
        file: PathBuf,
        /// The time from which it is valid.
        at: String,
    },
    /// The certificate cannot be used.
    #[error("--tls-cert {}: the certificate cannot be used ({error})", file.display())]
    Unfit {
        /// The file.
        file: PathBuf,
        /// Why not.
        error: Error,
    },
    /// The key cannot be used.
    #[error("--tls-key {}: the private key cannot be used ({error})", file.display())]
    UnfitKey {
        /// The file.
        file: PathBuf,
        /// Why not.
        error: Error,
    },
}

/// Far more than the size of a long chain, which is about 10 KB.
const FILE_LIMIT_BYTES: u64 = 1 << 20;

/// A time at which every certificate has expired. The failure of a check for this time has the time of the expiry.
const THE_END: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX));

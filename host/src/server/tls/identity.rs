//! A certificate and its key, read from files and checked as far as a server can.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio_rustls::rustls::client::verify_server_cert_signed_by_trust_anchor;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{CertificateError, Error, RootCertStore};

/// The files of `--tls-cert` and `--tls-key`.
#[derive(Debug, Clone)]
pub struct IdentityFiles {
    /// The host's certificate first, then those between it and a root; PEM.
    pub certificate: PathBuf,
    /// The private key; PEM.
    pub key: PathBuf,
}

/// Tells whether files have changed.
pub(super) type Stamp = [Option<(SystemTime, u64)>; 2];

impl IdentityFiles {
    pub(super) fn stamp(&self) -> Stamp {
        let stamp = |file: &Path| {
            let metadata = fs::metadata(file).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        [stamp(&self.certificate), stamp(&self.key)]
    }

    /// What the files hold, if a client could accept it today.
    pub(super) fn read(&self, provider: &CryptoProvider) -> Result<CertifiedKey, IdentityError> {
        let file = &self.certificate;
        let unreadable = |error| IdentityError::Certificate { file: file.clone(), error };
        let certificates = CertificateDer::pem_file_iter(file).map_err(unreadable)?;
        let certificates = certificates.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
        let first = certificates.first().ok_or_else(|| unreadable(pem::Error::NoItemsFound))?;
        check_time(first, provider).map_err(|wrong| wrong.of(file))?;
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|error| IdentityError::Key { file: self.key.clone(), error })?;
        let key = provider
            .key_provider
            .load_private_key(key)
            .map_err(|error| IdentityError::UnfitKey { file: self.key.clone(), error })?;
        let identity = CertifiedKey::new(certificates, key);
        match identity.keys_match() {
            Ok(()) | Err(Error::InconsistentKeys(tokio_rustls::rustls::InconsistentKeys::Unknown)) => {
                Ok(identity)
            }
            Err(Error::InconsistentKeys(_)) => {
                Err(IdentityError::Mismatch { certificate: file.clone(), key: self.key.clone() })
            }
            Err(error) => Err(IdentityError::Unfit { file: file.clone(), error }),
        }
    }
}

/// What is wrong with a certificate.
enum Wrong {
    Expired(Option<UnixTime>),
    NotYet(Option<UnixTime>),
    Unfit(Error),
}

/// Whether a certificate holds at this moment. Who signed it is for clients to judge: it is checked against no root at
/// all, which comes after its dates.
fn check_time(certificate: &CertificateDer<'_>, provider: &CryptoProvider) -> Result<(), Wrong> {
    let parsed = ParsedCertificate::try_from(certificate).map_err(Wrong::Unfit)?;
    let algorithms = provider.signature_verification_algorithms.all;
    let roots = RootCertStore::empty();
    match verify_server_cert_signed_by_trust_anchor(&parsed, &roots, &[], UnixTime::now(), algorithms) {
        Err(Error::InvalidCertificate(CertificateError::Expired)) => Err(Wrong::Expired(None)),
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            Err(Wrong::Expired(Some(not_after)))
        }
        Err(Error::InvalidCertificate(CertificateError::NotValidYet)) => Err(Wrong::NotYet(None)),
        Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. })) => {
            Err(Wrong::NotYet(Some(not_before)))
        }
        Err(error @ Error::InvalidCertificate(CertificateError::BadEncoding)) => Err(Wrong::Unfit(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

impl Wrong {
    fn of(self, file: &Path) -> IdentityError {
        let file = file.to_owned();
        match self {
            Wrong::Expired(at) => IdentityError::Expired { file, at: shown(at) },
            Wrong::NotYet(at) => IdentityError::NotYet { file, at: shown(at) },
            Wrong::Unfit(error) => IdentityError::Unfit { file, error },
        }
    }
}

fn shown(time: Option<UnixTime>) -> String {
    let time = time.map(|time| SystemTime::UNIX_EPOCH + Duration::from_secs(time.as_secs()));
    let time = time.and_then(|time| Timestamp::try_from(time).ok());
    time.map_or_else(|| "an unknown time".into(), |time| time.to_string())
}

/// Why a certificate or a key cannot be used: a sentence that names the flag to change.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file of certificates cannot be read as one.
    #[error("--tls-cert {}: the file holds no certificate in PEM that can be read ({error})", file.display())]
    Certificate {
        /// The file.
        file: PathBuf,
        /// Why not.
        error: pem::Error,
    },
    /// The certificate holds no more.
    #[error("--tls-cert {}: the certificate expired at {at}; give a new one", file.display())]
    Expired {
        /// The file.
        file: PathBuf,
        /// When.
        at: String,
    },
    /// The file of the key cannot be read as one.
    #[error("--tls-key {}: the file holds no private key in PEM that can be read ({error})", file.display())]
    Key {
        /// The file.
        file: PathBuf,
        /// Why not.
        error: pem::Error,
    },
    /// The key is that of another certificate.
    #[error(
        "--tls-key {}: the key is not that of the certificate in --tls-cert {}",
        key.display(),
        certificate.display()
    )]
    Mismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// The certificate does not hold yet.
    #[error("--tls-cert {}: the certificate is not valid before {at}; is the clock right?", file.display())]
    NotYet {
        /// The file.
        file: PathBuf,
        /// From when on it is.
        at: String,
    },
    /// The certificate is of a kind that cannot be used.
    #[error("--tls-cert {}: the certificate cannot be used ({error})", file.display())]
    Unfit {
        /// The file.
        file: PathBuf,
        /// Why not.
        error: Error,
    },
    /// The key is of a kind that cannot be used.
    #[error("--tls-key {}: the private key cannot be used ({error})", file.display())]
    UnfitKey {
        /// The file.
        file: PathBuf,
        /// Why not.
        error: Error,
    },
}

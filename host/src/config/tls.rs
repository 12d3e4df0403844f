//! The settings of TLS.

use std::path::PathBuf;

use clap::Args;

use crate::entry::http::IdentityFiles;

/// The settings of TLS.
#[derive(Debug, Clone, Args)]
pub struct Tls {
    /// PEM file with the certificate and its chain, with --tls-key
    ///
    /// Connections then use TLS 1.2 or 1.3. The host applies a change of the files within a second.
    #[arg(long = "tls-cert", env = "PORTDESK_TLS_CERT", value_name = "FILE", requires = "key")]
    pub certificate: Option<PathBuf>,

    /// PEM file with the private key of --tls-cert, not encrypted
    #[arg(
        id = "key",
        long = "tls-key",
        env = "PORTDESK_TLS_KEY",
        value_name = "FILE",
        requires = "certificate",
        hide_short_help = true
    )]
    pub key: Option<PathBuf>,

    /// Allow addresses that other machines can reach without TLS
    ///
    /// For example behind a proxy that encrypts. This also applies to --metrics.
    #[arg(long, env = "PORTDESK_ALLOW_PLAINTEXT")]
    pub allow_plaintext: bool,
}

impl Tls {
    /// The files of the host's identity; `None` if connections are not encrypted.
    #[must_use]
    pub fn files(&self) -> Option<IdentityFiles> {
        let (certificate, key) = (self.certificate.clone()?, self.key.clone()?);
        Some(IdentityFiles { certificate, key })
    }
}

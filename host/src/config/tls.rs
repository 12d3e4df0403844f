//! What a user may set about TLS.

use std::path::PathBuf;

use clap::Args;

use crate::entry::http::IdentityFiles;

/// Whether connections are encrypted, and as whom.
#[derive(Debug, Clone, Args)]
pub struct Tls {
    /// PEM file with the host's certificate and those between it and a root; connections are TLS then.
    /// A change of the files is taken over within a second
    #[arg(long = "tls-cert", env = "PORTDESK_TLS_CERT", value_name = "FILE", requires = "key")]
    pub certificate: Option<PathBuf>,

    /// PEM file with the private key of --tls-cert
    #[arg(
        id = "key",
        long = "tls-key",
        env = "PORTDESK_TLS_KEY",
        value_name = "FILE",
        requires = "certificate"
    )]
    pub key: Option<PathBuf>,

    /// Listen without TLS on an address that is not this machine's alone, for example behind a proxy
    #[arg(long, env = "PORTDESK_ALLOW_PLAINTEXT")]
    pub allow_plaintext: bool,
}

impl Tls {
    /// The files of the host's identity, where connections are TLS.
    #[must_use]
    pub fn files(&self) -> Option<IdentityFiles> {
        let (certificate, key) = (self.certificate.clone()?, self.key.clone()?);
        Some(IdentityFiles { certificate, key })
    }

    /// The settings in force, a flag with its value each.
    pub(super) fn effective(&self) -> Vec<(&'static str, String)> {
        let file = |file: &Option<PathBuf>| Some(file.as_ref()?.display().to_string());
        let certificate = file(&self.certificate).map(|file| ("tls-cert", file));
        let key = file(&self.key).map(|file| ("tls-key", file));
        let plaintext = self.allow_plaintext.then(|| ("allow-plaintext", String::new()));
        certificate.into_iter().chain(key).chain(plaintext).collect()
    }
}

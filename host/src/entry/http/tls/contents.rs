//! What a file of certificates or of a key holds in PEM, or what it holds in place of that.
//!
//! A mistake that operators make often is named, with the command that mends it. What the PEM library says is not passed
//! on: it quotes the file, which may be a private key.

use tokio_rustls::rustls::pki_types::pem::{Error, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What a file should hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// One certificate or more.
    Certificate,
    /// A private key.
    Key,
}

impl Wanted {
    /// The flag that names such a file.
    #[must_use]
    pub fn flag(self) -> &'static str {
        match self {
            Wanted::Certificate => "--tls-cert",
            Wanted::Key => "--tls-key",
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Wanted::Certificate => "certificate",
            Wanted::Key => "private key",
        }
    }

    fn is_in(self, label: &str) -> bool {
        match self {
            Wanted::Certificate => {
                matches!(label, "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE")
            }
            Wanted::Key => label.ends_with("PRIVATE KEY"),
        }
    }
}

/// All certificates of a file, at least one.
pub(super) fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, &'static str> {
    let wanted = Wanted::Certificate;
    check_encoding(bytes)?;
    let parsed = CertificateDer::pem_slice_iter(bytes).collect::<Result<Vec<_>, _>>();
    let certificates = parsed.map_err(|error| fault(&error, wanted, bytes))?;
    if certificates.is_empty() { Err(instead_of(wanted, bytes)) } else { Ok(certificates) }
}

/// The first private key of a file.
pub(super) fn key(bytes: &[u8]) -> Result<PrivateKeyDer<'static>, &'static str> {
    check_encoding(bytes)?;
    PrivateKeyDer::from_pem_slice(bytes).map_err(|error| fault(&error, Wanted::Key, bytes))
}

/// Refuses a byte order mark also where something can be read behind it: the mark hides the first section, which is the
/// host's own certificate.
fn check_encoding(bytes: &[u8]) -> Result<(), &'static str> {
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        return Err(
            "it begins with a byte order mark, which hides its first line; save it as UTF-8 without one",
        );
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(
            "it is text in UTF-16, as PowerShell writes it; save it as ASCII or as UTF-8 without a mark",
        );
    }
    Ok(())
}

fn fault(error: &Error, wanted: Wanted, bytes: &[u8]) -> &'static str {
    match error {
        Error::MissingSectionEnd { .. } if is_on_one_line(bytes) => MISPLACED,
        Error::MissingSectionEnd { .. } => "it is cut off: a section has no line -----END",
        Error::Base64Decode(_) if is_encrypted(bytes) => ENCRYPTED,
        Error::Base64Decode(_) => "it is damaged: what is between -----BEGIN and -----END is not Base64",
        Error::IllegalSectionStart { .. } => MISPLACED,
        // Another kind of error that a later version of the library has is told as one that this one has.
        Error::NoItemsFound | Error::Io(_) | Error::SectionTooLarge | _ => instead_of(wanted, bytes),
    }
}

/// What there is where nothing was found.
fn instead_of(wanted: Wanted, bytes: &[u8]) -> &'static str {
    let labels = labels(bytes);
    let has = |label: &str| labels.contains(&label);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return "it is empty";
    }
    if labels.is_empty() {
        return binary(wanted, bytes).unwrap_or("it has no line that begins with -----BEGIN");
    }
    if has("ENCRYPTED PRIVATE KEY") && wanted == Wanted::Key {
        return ENCRYPTED;
    }
    if has("OPENSSH PRIVATE KEY") {
        return "it holds a key in the form of OpenSSH; give the key that the certificate was made for";
    }
    if has("TRUSTED CERTIFICATE") {
        return "it is in the form that OpenSSL calls trusted; `openssl x509 -in FILE -out NEW` makes a plain one of it";
    }
    if labels.iter().any(|label| wanted.is_in(label)) {
        return MISPLACED;
    }
    if labels.iter().any(|label| label.ends_with("CERTIFICATE REQUEST")) {
        return "it holds a request for a certificate; give what the authority made of it, and its private key";
    }
    if has("PKCS7") || has("CMS") {
        return "it is PKCS #7; `openssl pkcs7 -print_certs -in FILE -out NEW` takes the certificates out";
    }
    if labels.iter().any(|label| Wanted::Certificate.is_in(label)) {
        return "it holds a certificate; are --tls-cert and --tls-key exchanged?";
    }
    if labels.iter().any(|label| Wanted::Key.is_in(label)) {
        return "it holds a private key; are --tls-cert and --tls-key exchanged?";
    }
    if labels.iter().any(|label| label.ends_with("PUBLIC KEY")) {
        return "it holds a public key alone";
    }
    "it holds something else in PEM"
}

/// What stands behind each -----BEGIN, wherever that is on its line.
fn labels(bytes: &[u8]) -> Vec<&str> {
    let text = bytes.utf8_chunks().map(|chunk| chunk.valid());
    let sections = text.flat_map(|text| text.split("-----BEGIN ").skip(1));
    sections.filter_map(|section| Some(section.split_once("-----")?.0)).collect()
}

/// The older form of an encrypted key says so in lines before its Base64.
fn is_encrypted(bytes: &[u8]) -> bool {
    bytes.utf8_chunks().any(|chunk| chunk.valid().contains("Proc-Type: 4,ENCRYPTED"))
}

/// The library takes such a line for a section that begins and does not end.
fn is_on_one_line(bytes: &[u8]) -> bool {
    let mut lines = bytes.utf8_chunks().flat_map(|chunk| chunk.valid().lines());
    lines.any(|line| line.contains("-----BEGIN ") && line.contains("-----END "))
}

/// All binary forms are an ASN.1 sequence, with its length in two bytes or three, as all of them are long enough for.
fn binary(wanted: Wanted, bytes: &[u8]) -> Option<&'static str> {
    let content = match bytes {
        [0x30, 0x82, _, _, content @ ..] | [0x30, 0x81, _, content @ ..] => content,
        // An Ed25519 key has 46 bytes.
        [0x30, length, content @ ..] if usize::from(*length) == content.len() => content,
        _ => return None,
    };
    let is_pkcs_12 = content.starts_with(&[0x02, 0x01, 0x03]);
    Some(match wanted {
        Wanted::Certificate if is_pkcs_12 => {
            "it is PKCS #12; `openssl pkcs12 -nokeys -in FILE -out NEW` takes the certificates out"
        }
        Wanted::Key if is_pkcs_12 => {
            "it is PKCS #12; `openssl pkcs12 -nocerts -nodes -in FILE -out NEW` takes the key out"
        }
        Wanted::Certificate => {
            "it is DER, the binary form; `openssl x509 -inform der -in FILE -out NEW` makes PEM of it"
        }
        Wanted::Key => {
            "it is DER, the binary form; `openssl pkey -inform der -in FILE -out NEW` makes PEM of it"
        }
    })
}

const ENCRYPTED: &str = "its key is encrypted, and nobody can enter a passphrase when a host starts; \
    `openssl pkey -in FILE -out NEW` decrypts it, and then only the host's user should be able to read it";

const MISPLACED: &str = "-----BEGIN and -----END do not stand on lines of their own, at the start of the line; \
    line breaks may have been lost, or written as \\n";

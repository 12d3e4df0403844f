//! Reads certificates and keys in PEM.
//!
//! For a common mistake, the error names the mistake and the command that corrects it. The error of the PEM library is not
//! passed on, because it quotes the file, which may contain a private key.

use tokio_rustls::rustls::pki_types::pem::{Error, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What a file must contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// At least one certificate.
    Certificate,
    Key,
}

impl Wanted {
    pub(super) fn flag(self) -> &'static str {
        match self {
            Wanted::Certificate => "--tls-cert",
            Wanted::Key => "--tls-key",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Wanted::Certificate => "certificate",
            Wanted::Key => "private key",
        }
    }
}

/// Returns all certificates of a file. There is at least one.
pub(super) fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, &'static str> {
    let wanted = Wanted::Certificate;
    check_encoding(bytes)?;
    let parsed = CertificateDer::pem_slice_iter(bytes).collect::<Result<Vec<_>, _>>();
    let certificates = parsed.map_err(|error| fault(&error, wanted, bytes))?;
    if certificates.is_empty() { Err(instead_of(wanted, bytes)) } else { Ok(certificates) }
}

/// Returns the first private key of a file.
pub(super) fn key(bytes: &[u8]) -> Result<PrivateKeyDer<'static>, &'static str> {
    check_encoding(bytes)?;
    PrivateKeyDer::from_pem_slice(bytes).map_err(|error| fault(&error, Wanted::Key, bytes))
}

/// Refuses a byte order mark even if there are certificates after it, because the mark hides the first one, which is the
/// host's own.
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
        Error::NoItemsFound | Error::Io(_) | Error::SectionTooLarge | _ => instead_of(wanted, bytes),
    }
}

/// Describes a file that does not contain what it must.
fn instead_of(wanted: Wanted, bytes: &[u8]) -> &'static str {
    let labels = labels(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return "it is empty";
    }
    if labels.is_empty() {
        return binary(wanted, bytes).unwrap_or("it has no line that begins with -----BEGIN");
    }
    let of_wanted = match wanted {
        Wanted::Certificate => ("CERTIFICATE", MISPLACED),
        Wanted::Key if labels.contains(&"ENCRYPTED PRIVATE KEY") => return ENCRYPTED,
        Wanted::Key => ("PRIVATE KEY", MISPLACED),
    };
    // The ends of labels. The first row that fits decides.
    let table = [
        (
            "OPENSSH PRIVATE KEY",
            "it has a key in the form of OpenSSH; give the key that the certificate was made for",
        ),
        (
            "TRUSTED CERTIFICATE",
            "it has OpenSSL's trusted form; `openssl x509 -in FILE -out NEW` converts it",
        ),
        ("ATTRIBUTE CERTIFICATE", OTHER),
        of_wanted,
        (
            "CERTIFICATE REQUEST",
            "it has a request for a certificate; give the certificate that the authority issued for it",
        ),
        ("PKCS7", PKCS_7),
        ("CMS", PKCS_7),
        ("CERTIFICATE", "it has a certificate; are --tls-cert and --tls-key exchanged?"),
        ("PRIVATE KEY", "it has a private key; are --tls-cert and --tls-key exchanged?"),
        ("PUBLIC KEY", "it has only a public key"),
    ];
    let row = table.into_iter().find(|(end, _)| labels.iter().any(|label| label.ends_with(end)));
    row.map_or(OTHER, |(_, text)| text)
}

/// Returns the label after each -----BEGIN, also if it is not at the start of a line.
fn labels(bytes: &[u8]) -> Vec<&str> {
    let text = bytes.utf8_chunks().map(|chunk| chunk.valid());
    let sections = text.flat_map(|text| text.split("-----BEGIN ").skip(1));
    sections.filter_map(|section| Some(section.split_once("-----")?.0)).collect()
}

/// Whether the file has an encrypted key of the older form, which has header lines before its Base64.
fn is_encrypted(bytes: &[u8]) -> bool {
    bytes.utf8_chunks().any(|chunk| chunk.valid().contains("Proc-Type: 4,ENCRYPTED"))
}

/// Whether a section begins and ends on one line. The PEM library reports that as a section without an end.
fn is_on_one_line(bytes: &[u8]) -> bool {
    let mut lines = bytes.utf8_chunks().flat_map(|chunk| chunk.valid().lines());
    lines.any(|line| line.contains("-----BEGIN ") && line.contains("-----END "))
}

/// Describes a file in a binary form. All of them are ASN.1 sequences.
fn binary(wanted: Wanted, bytes: &[u8]) -> Option<&'static str> {
    let content = match bytes {
        [0x30, 0x82, _, _, content @ ..] | [0x30, 0x81, _, content @ ..] => content,
        // The short form of a length: an Ed25519 key has 46 bytes.
        [0x30, length, content @ ..] if usize::from(*length) == content.len() => content,
        _ => return None,
    };
    let is_pkcs_12 = content.starts_with(&[0x02, 0x01, 0x03]);
    Some(match wanted {
        Wanted::Certificate if is_pkcs_12 => {
            "it is PKCS #12; `openssl pkcs12 -nokeys -in FILE -out NEW` extracts the certificates"
        }
        Wanted::Key if is_pkcs_12 => {
            "it is PKCS #12; `openssl pkcs12 -nocerts -nodes -in FILE -out NEW` extracts the key"
        }
        Wanted::Certificate => {
            "it is DER, the binary form; `openssl x509 -inform der -in FILE -out NEW` converts it to PEM"
        }
        Wanted::Key => {
            "it is DER, the binary form; `openssl pkey -inform der -in FILE -out NEW` converts it to PEM"
        }
    })
}

const OTHER: &str = "it has something else in PEM";

const PKCS_7: &str =
    "it is PKCS #7; `openssl pkcs7 -print_certs -in FILE -out NEW` extracts the certificates";

const ENCRYPTED: &str = "its key is encrypted, and nobody can enter a passphrase when a host starts; decrypt it with \
    `openssl pkey -in FILE -out NEW`, and allow only the host's user to read the new file";

const MISPLACED: &str = "-----BEGIN and -----END are not at the start of lines of their own; \
    restore the line breaks, which may be missing or written as \\n";

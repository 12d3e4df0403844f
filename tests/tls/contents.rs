//! TLS files with wrong contents: the error says what the file is and what to do.

use std::fs;

use rcgen::{CertificateParams, KeyPair};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::Identity;

/// The error of a host if one of its two files has these bytes.
async fn refused(file: &str, bytes: impl AsRef<[u8]>) -> String {
    let identity = Identity::until(2099);
    fs::write(identity.file(file), bytes).unwrap();
    let said = identity.refused().await;
    let (flag, wanted) =
        if file == "cert.pem" { ("--tls-cert", "certificate") } else { ("--tls-key", "private key") };
    let path = identity.file(file);
    let beginning = format!("{flag} {}: the file has no {wanted} in PEM: ", path.display());
    said.strip_prefix(&beginning).unwrap_or_else(|| panic!("{said}")).to_owned()
}

/// A good certificate and its key.
fn good() -> (String, String) {
    let identity = Identity::until(2099);
    (identity.certificate.clone(), fs::read_to_string(identity.file("key.pem")).unwrap())
}

fn utf_16(text: &str) -> Vec<u8> {
    [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_key_says_that_it_is_encrypted_and_how_to_decrypt_it() {
    let (_, key) = good();
    let newer = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let older = key.replace("PRIVATE KEY", "RSA PRIVATE KEY").replacen(
        "KEY-----\n",
        "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,5C0F2D9A6C9E1B7D\n\n",
        1,
    );
    for encrypted in [newer, older] {
        let said = refused("key.pem", encrypted).await;
        assert!(said.contains("is encrypted") && said.contains("`openssl pkey -in FILE -out NEW`"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binary_file_says_its_form_and_how_to_convert_it() {
    let (certificate, key) = good();
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let ed25519 = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap().serialize_der();
    let pkcs_12 = [&[0x30, 0x82, 0x0A, 0x44, 0x02, 0x01, 0x03, 0x30][..], &[7; 2620]].concat();
    for (file, bytes, form, command) in [
        ("cert.pem", certificate.as_ref(), "DER", "openssl x509 -inform der"),
        ("key.pem", key.secret_der(), "DER", "openssl pkey -inform der"),
        ("key.pem", &ed25519, "DER", "openssl pkey -inform der"),
        ("cert.pem", &pkcs_12, "PKCS #12", "openssl pkcs12 -nokeys"),
        ("key.pem", &pkcs_12, "PKCS #12", "openssl pkcs12 -nocerts"),
    ] {
        let said = refused(file, bytes).await;
        assert!(said.contains(form) && said.contains(command), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_an_editor_or_a_shell_spoilt_says_how() {
    let (certificate, key) = good();
    let chain = format!("\u{FEFF}{certificate}{}", good().0);
    let lines = "restore the line breaks";
    for (file, bytes, expected) in [
        ("cert.pem", format!("\u{FEFF}{certificate}").into_bytes(), "a byte order mark"),
        ("key.pem", format!("\u{FEFF}{key}").into_bytes(), "a byte order mark"),
        ("cert.pem", chain.into_bytes(), "a byte order mark"),
        ("cert.pem", utf_16(&certificate), "UTF-16"),
        ("key.pem", utf_16(&key), "UTF-16"),
        ("cert.pem", certificate.replace('\n', "\\n").into_bytes(), lines),
        ("key.pem", key.replace('\n', " ").into_bytes(), lines),
        ("cert.pem", format!("  {}", certificate.replace('\n', "\n  ")).into_bytes(), lines),
        ("cert.pem", certificate[..400].into(), "cut off"),
        ("key.pem", key.replacen('M', "?", 1).into_bytes(), "not Base64"),
        ("cert.pem", Vec::new(), "it is empty"),
        ("key.pem", b"\r\n\n".to_vec(), "it is empty"),
        ("key.pem", b"a passphrase\n".to_vec(), "no line that begins with -----BEGIN"),
    ] {
        let said = refused(file, bytes).await;
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(!said.contains("passphrase\n") && !said.contains(&key[40..60]), "nothing is quoted: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pem_of_another_kind_says_what_it_is() {
    let (certificate, key) = good();
    let pair = KeyPair::generate().unwrap();
    let request = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let request = request.serialize_request(&pair).unwrap().pem().unwrap();
    let labelled = |label: &str| certificate.replace("CERTIFICATE", label);
    for (file, text, expected) in [
        ("cert.pem", key.clone(), "are --tls-cert and --tls-key exchanged?"),
        ("key.pem", certificate.clone(), "are --tls-cert and --tls-key exchanged?"),
        ("cert.pem", request.clone(), "a request for a certificate"),
        ("key.pem", request, "a request for a certificate"),
        ("cert.pem", labelled("NEW CERTIFICATE REQUEST"), "a request for a certificate"),
        ("cert.pem", pair.public_key_pem(), "only a public key"),
        ("key.pem", pair.public_key_pem(), "only a public key"),
        ("cert.pem", labelled("PKCS7"), "openssl pkcs7 -print_certs"),
        ("cert.pem", labelled("TRUSTED CERTIFICATE"), "openssl x509 -in"),
        ("cert.pem", labelled("X509 CRL"), "something else in PEM"),
        ("key.pem", labelled("OPENSSH PRIVATE KEY"), "a key in the form of OpenSSH"),
    ] {
        let said = refused(file, text).await;
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn something_that_is_not_a_file_or_is_far_too_large_is_not_read() {
    type Put = fn(&std::path::Path);
    let cases: [(Put, &str); 4] = [
        (|file| fs::create_dir(file).unwrap(), "it is a folder and not a regular file"),
        (
            |file| assert!(std::process::Command::new("mkfifo").arg(file).status().unwrap().success()),
            "it is a pipe and not a regular file",
        ),
        (|file| fs::File::create(file).unwrap().set_len(1 << 40).unwrap(), "more than 1048576 bytes"),
        (
            |file| std::os::unix::fs::symlink("nowhere", file).unwrap(),
            "a link to nowhere, where there is no file",
        ),
    ];
    for (put, expected) in cases {
        for file in ["cert.pem", "key.pem"] {
            let identity = Identity::until(2099);
            fs::remove_file(identity.file(file)).unwrap();
            put(&identity.file(file));
            let said = identity.refused().await;
            assert!(said.contains("the file cannot be read: ") && said.contains(expected), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_file_with_certificate_and_key_and_windows_line_breaks_is_good() {
    let mut identity = Identity::until(2099);
    let [certificate, key] = identity.renewed(|_| ());
    let both = format!("Bag Attributes\n  friendlyName: desk\n{key}{certificate}").replace('\n', "\r\n");
    for file in ["cert.pem", "key.pem"] {
        fs::write(identity.file(file), &both).unwrap();
    }
    let host = identity.host(&[]).await;
    super::healthy(&mut identity.connect(&host, &[]).await.unwrap()).await;
    host.stop().await;
}

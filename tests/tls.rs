//! TLS: which clients can connect, with which certificates a host starts, and certificates that change while a host runs.

mod contents;
mod renewal;

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use portdesk::service::{Service, StartError};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use crate::harness::{LONG, Running, component_of_the_tree, config, rest, until};

/// A folder with a certificate and its key.
struct Identity {
    folder: TempDir,
    certificate: String,
}

impl Identity {
    /// A certificate for `localhost` that is valid until the end of `year`.
    fn until(year: i32) -> Identity {
        let folder = tempfile::tempdir().unwrap();
        let mut identity = Identity { folder, certificate: String::new() };
        identity.renew(year);
        identity
    }

    fn renew(&mut self, year: i32) {
        self.replace(|params| {
            params.not_before = date_time_ymd(2000, 1, 1);
            params.not_after = date_time_ymd(year, 12, 31);
        });
    }

    /// Makes another certificate and its key, and writes both files.
    fn replace(&mut self, set: impl FnOnce(&mut CertificateParams)) {
        let [certificate, key] = self.renewed(set);
        fs::write(self.file("cert.pem"), certificate).unwrap();
        fs::write(self.file("key.pem"), key).unwrap();
    }

    /// Makes another certificate and its key. Clients trust it from now on, but it is not in the files yet.
    fn renewed(&mut self, set: impl FnOnce(&mut CertificateParams)) -> [String; 2] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        set(&mut params);
        self.certificate = params.self_signed(&key).unwrap().pem();
        [self.certificate.clone(), key.serialize_pem()]
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn flags(&self) -> [String; 4] {
        let path = |name| self.file(name).to_str().unwrap().to_owned();
        ["--tls-cert".into(), path("cert.pem"), "--tls-key".into(), path("key.pem")]
    }

    async fn host(&self, more: &[&str]) -> Running {
        let flags = self.flags();
        Running::start(&[&flags.each_ref().map(String::as_str)[..], &["--store", "memory"], more].concat())
            .await
    }

    /// A client that trusts only this certificate.
    fn client(&self, alpn: &[&str], version: &'static SupportedProtocolVersion) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
        let config = config.with_protocol_versions(&[version]).unwrap();
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsConnector::from(Arc::new(config))
    }

    async fn connect(&self, host: &Running, alpn: &[&str]) -> std::io::Result<TlsStream<TcpStream>> {
        self.connect_with(host.address(), alpn, &TLS13).await
    }

    async fn connect_with(
        &self,
        address: &str,
        alpn: &[&str],
        version: &'static SupportedProtocolVersion,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        timeout(LONG, self.client(alpn, version).connect(name, stream)).await.expect("a handshake ends")
    }

    /// The error of a host that starts with these files.
    async fn refused(&self) -> String {
        let data = tempfile::tempdir().unwrap();
        let flags = self.flags();
        let flags = [&flags.each_ref().map(String::as_str)[..], &["--store", "memory"]].concat();
        refused(&data, &flags).await.to_string()
    }
}

async fn refused(data: &TempDir, flags: &[&str]) -> StartError {
    match Service::start_with(&config(data.path(), flags), component_of_the_tree()).await {
        Ok(_) => panic!("a host started with {flags:?}"),
        Err(error) => error,
    }
}

async fn healthy(stream: &mut TlsStream<TcpStream>) {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"ok\n") {
        answer.push(timeout(LONG, stream.read_u8()).await.expect("an answer comes").unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_trusts_the_certificate_is_served_over_tls_1_2_and_1_3() {
    let identity = Identity::until(2099);
    let host = identity.host(&[]).await;
    for version in [&TLS12, &TLS13] {
        let mut stream = identity.connect_with(host.address(), &["http/1.1"], version).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        healthy(&mut stream).await;
    }
    healthy(&mut identity.connect(&host, &[]).await.unwrap()).await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_can_speaks_http_2() {
    use hyper::body::Bytes;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let identity = Identity::until(2099);
    let host = identity.host(&[]).await;
    let stream = identity.connect(&host, &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let http = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    let (mut requests, connection) = http.handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = hyper::Request::get("https://localhost/healthz");
    let request = request.body(http_body_util::Empty::<Bytes>::new()).unwrap();
    assert_eq!(requests.send_request(request).await.unwrap().status(), 200);
    drop(requests);
    connection.await.unwrap().unwrap();
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_silent_or_does_not_speak_tls_delays_no_other_client() {
    let identity = Identity::until(2099);
    let host = identity.host(&["--client-timeout-ms", "1000"]).await;
    let silent = TcpStream::connect(host.address()).await.unwrap();
    let mut plain = TcpStream::connect(host.address()).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    healthy(&mut identity.connect(&host, &[]).await.unwrap()).await;
    for mut stream in [silent, plain] {
        assert!(!rest(&mut stream).await.starts_with("HTTP"), "nothing is answered in plain text");
    }
    assert!(identity.connect(&host, &["spdy/3"]).await.is_err(), "no protocol in common");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_certificate_is_taken_over_and_no_connection_is_dropped() {
    let mut identity = Identity::until(2099);
    let host = identity.host(&[]).await;
    let mut old = identity.connect(&host, &[]).await.unwrap();
    healthy(&mut old).await;
    let key = fs::read(identity.file("key.pem")).unwrap();
    fs::write(identity.file("key.pem"), "no key").unwrap();
    // Longer than the interval in which the host looks at the files.
    sleep(Duration::from_millis(1200)).await;
    healthy(&mut identity.connect(&host, &[]).await.expect("the old certificate holds")).await;
    fs::write(identity.file("key.pem"), key).unwrap();
    identity.renew(2098);
    until("the host serves the new certificate", async || identity.connect(&host, &[]).await.is_ok()).await;
    healthy(&mut old).await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_does_not_start_with_a_certificate_that_no_client_could_accept() {
    type Break = fn(&Identity, &Identity);
    let other = Identity::until(2099);
    let cases: [(&str, Break); 5] = [
        ("--tls-cert", |broken, _| fs::remove_file(broken.file("cert.pem")).unwrap()),
        ("--tls-key", |broken, _| fs::remove_file(broken.file("key.pem")).unwrap()),
        ("has no certificate", |broken, _| fs::write(broken.file("cert.pem"), "no PEM").unwrap()),
        ("has no private key", |broken, _| fs::write(broken.file("key.pem"), "no PEM").unwrap()),
        ("does not belong to the first certificate", |broken, other| {
            fs::copy(other.file("key.pem"), broken.file("key.pem")).unwrap();
        }),
    ];
    for (expected, break_it) in cases {
        let broken = Identity::until(2099);
        break_it(&broken, &other);
        let refused = broken.refused().await;
        assert!(refused.starts_with("--tls-") && refused.contains(expected), "{refused}");
    }
    let refused = Identity::until(2001).refused().await;
    assert!(refused.contains("expired at 2001-12-31"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_other_machines_can_reach_needs_tls_or_a_flag() {
    let data = tempfile::tempdir().unwrap();
    for address in ["0.0.0.0:0", "[::]:0"] {
        let refused = refused(&data, &["--store", "memory", "--listen", address]).await.to_string();
        assert!(refused.starts_with("--listen") && refused.contains("--allow-plaintext"), "{refused}");
    }
    let flags = ["--store", "memory", "--listen", "0.0.0.0:0", "--allow-plaintext"];
    let host = Service::start_with(&config(data.path(), &flags), component_of_the_tree()).await.unwrap();
    assert_eq!(host.address.ip(), SocketAddr::from(([0, 0, 0, 0], 0)).ip());
}

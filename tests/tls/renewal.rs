//! Certificates that change while a host runs, in all the ways in which a change can stumble, and their end.

use std::fs::{self, File, FileTimes};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use tokio_rustls::rustls::version::TLS13;

use super::{Identity, LONG};
use crate::harness::{Logged, portdesk};
use crate::observability::metrics::scrape;

impl Identity {
    /// A host in a process of its own, with its log and its metrics.
    fn logged(&self, data: &TempDir) -> Logged {
        let mut command = portdesk(&["--store", "memory", "--metrics", "127.0.0.1:0", "--data-dir"]);
        Logged::start(command.arg(data.path()).args(self.flags()), data.path().join("log"))
    }

    async fn is_served_by(&self, host: &Logged) -> bool {
        let address = host.host.url.trim_start_matches("https://");
        self.connect_with(address, &[], &TLS13).await.is_ok()
    }

    async fn is_served_soon(&self, host: &Logged) {
        let served = async {
            while !self.is_served_by(host).await {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(LONG, served).await.expect("the certificate is served");
    }
}

/// Writes a file with the times of another, as `cp -p` does.
fn write_as(file: &Path, text: &str, time: SystemTime) {
    fs::write(file, text).unwrap();
    let times = FileTimes::new().set_modified(time).set_accessed(time);
    File::options().write(true).open(file).unwrap().set_times(times).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_holds_in_a_few_seconds_is_taken_over_then_with_one_warning() {
    let (data, mut identity) = (tempfile::tempdir().unwrap(), Identity::until(2099));
    let host = identity.logged(&data);
    let old = identity.certificate.clone();
    let [certificate, key] = identity.renewed(|params| {
        params.not_before = (SystemTime::now() + Duration::from_secs(4)).into();
    });
    fs::write(identity.file("cert.pem"), certificate).unwrap();
    fs::write(identity.file("key.pem"), key).unwrap();
    host.wait_for(1, "WARN").await;
    let new = std::mem::replace(&mut identity.certificate, old);
    assert!(identity.is_served_by(&host).await, "the old one holds");
    identity.certificate = new;
    identity.is_served_soon(&host).await;
    host.wait_for(1, "took over a change of the certificate and its key").await;
    assert_eq!(host.lines("WARN"), 1, "not one a look");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_used_for_a_moment_are_taken_over_once_they_can() {
    type Break = fn(&Path);
    let ways: [(Break, &str); 5] = [
        (|_| (), "no such file"),
        (|file| fs::create_dir(file).unwrap(), "a folder"),
        (|file| symlink("nowhere", file).unwrap(), "a link to nowhere"),
        (|file| fs::write(file, "").unwrap(), "it is empty"),
        (|file| fs::write(file, "-----BEGIN PRIVATE KEY-----\nMIG").unwrap(), "cut off"),
    ];
    let (data, mut identity) = (tempfile::tempdir().unwrap(), Identity::until(2099));
    let host = identity.logged(&data);
    for (number, (break_it, expected)) in ways.iter().enumerate() {
        let [certificate, key] = identity.renewed(|_| ());
        let path = identity.file("key.pem");
        fs::remove_file(&path).unwrap();
        break_it(&path);
        host.wait_for(1, expected).await;
        if path.is_dir() {
            fs::remove_dir(&path).unwrap()
        } else {
            drop(fs::remove_file(&path))
        }
        // First one, then the other, as who renews them does; whether the host sees a mismatch between does not matter.
        fs::write(identity.file("cert.pem"), certificate).unwrap();
        fs::write(&path, key).unwrap();
        identity.is_served_soon(&host).await;
        host.wait_for(number + 1, "took over a change").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_comes_long_after_its_certificate_completes_the_change() {
    let (data, mut identity) = (tempfile::tempdir().unwrap(), Identity::until(2099));
    let host = identity.logged(&data);
    let old = identity.certificate.clone();
    let [certificate, key] = identity.renewed(|_| ());
    fs::write(identity.file("cert.pem"), certificate).unwrap();
    host.wait_for(1, "the key does not belong to the first certificate").await;
    let new = std::mem::replace(&mut identity.certificate, old);
    assert!(identity.is_served_by(&host).await);
    identity.certificate = new;
    fs::write(identity.file("key.pem"), key).unwrap();
    identity.is_served_soon(&host).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_keeps_size_and_time_is_taken_over() {
    let (data, mut identity) = (tempfile::tempdir().unwrap(), Identity::until(2099));
    let time = SystemTime::now() - Duration::from_secs(1_000_000);
    // As Kubernetes lays a secret out: the files are links through a link to a folder, which is swapped.
    let root = identity.folder.path().to_owned();
    let lay = |name: &str, [certificate, key]: [String; 2]| {
        fs::create_dir(root.join(name)).unwrap();
        // Certificates differ in length by a byte or two; text after the last section is no part of any.
        write_as(&root.join(name).join("cert.pem"), &format!("{certificate:<1000}"), time);
        write_as(&root.join(name).join("key.pem"), &format!("{key:<1000}"), time);
        symlink(name, root.join("..data.new")).unwrap();
        fs::rename(root.join("..data.new"), root.join("..data")).unwrap();
    };
    lay("..first", identity.renewed(|_| ()));
    for name in ["cert.pem", "key.pem"] {
        fs::remove_file(root.join(name)).unwrap();
        symlink(Path::new("..data").join(name), root.join(name)).unwrap();
    }
    let host = identity.logged(&data);
    identity.is_served_soon(&host).await;
    lay("..second", identity.renewed(|_| ()));
    identity.is_served_soon(&host).await;
    // As `cp -p` and `rsync -t --inplace` write.
    let [certificate, key] = identity.renewed(|_| ());
    write_as(&root.join("cert.pem"), &format!("{certificate:<1000}"), time);
    write_as(&root.join("key.pem"), &format!("{key:<1000}"), time);
    identity.is_served_soon(&host).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_certificate_is_a_metric_and_a_warning_before_and_after() {
    const SERIES: &str = "portdesk_tls_certificate_expiry_timestamp_seconds";
    let (data, mut identity) = (tempfile::tempdir().unwrap(), Identity::until(2099));
    let host = identity.logged(&data);
    let metric = async || scrape(host.host.metrics()).await[SERIES];
    assert_eq!(metric().await, 4_102_358_400.0, "2099-12-31");
    assert_eq!(host.lines("expires_at"), 0);
    for (left, expected) in [
        (Duration::from_hours(29 * 24), r#""days":30"#),
        (Duration::from_hours(6 * 24), r#""days":7"#),
        (Duration::from_hours(23), r#""days":1"#),
        (Duration::from_secs(4), "has expired"),
    ] {
        let end = SystemTime::now() + left;
        let [certificate, key] = identity.renewed(|params| params.not_after = end.into());
        fs::write(identity.file("cert.pem"), certificate).unwrap();
        fs::write(identity.file("key.pem"), key).unwrap();
        host.wait_for(1, expected).await;
        let end = end.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        assert_eq!(metric().await, end as f64);
    }
    // The last one was said to expire within a day, and then to have.
    assert_eq!((host.lines(r#""days":1,"#) + host.lines(r#""days":1}"#), host.lines("expires_at")), (2, 5));
    assert!(identity.is_served_by(&host).await || host.lines("has expired") == 1);
    drop(host);
    identity.renewed(|_| ());
    let [certificate, key] = identity.renewed(|params| {
        params.not_after = (SystemTime::now() + Duration::from_hours(5 * 24)).into();
    });
    fs::write(identity.file("cert.pem"), certificate).unwrap();
    fs::write(identity.file("key.pem"), key).unwrap();
    let host = identity.logged(&data);
    host.wait_for(1, r#""days":7"#).await;
    assert_eq!(host.lines("expires_at"), 1, "at the start only the most urgent is said");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tls_there_is_no_such_metric() {
    let host = crate::harness::Running::start(&["--store", "memory", "--metrics", "127.0.0.1:0"]).await;
    let seen = scrape(host.metrics.as_ref().unwrap()).await;
    assert!(!seen.keys().any(|name| name.contains("certificate")));
    host.stop().await;
}

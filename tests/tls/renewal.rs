//! Certificates that change while a host runs, changes that fail for a while, and certificates that expire.

use std::fs::{self, File, FileTimes};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tokio_rustls::rustls::version::TLS13;

use super::Identity;
use crate::harness::{Logged, serve, until};
use crate::observability::metrics::scrape;

impl Identity {
    /// A host in a process of its own, with a log and metrics.
    fn logged(&self, data: &TempDir) -> Logged {
        let flags = ["--store", "memory", "--metrics", "127.0.0.1:0", "--log-format", "json"];
        Logged::start(data.path(), serve(data.path(), &flags).args(self.flags()))
    }

    async fn is_served_by(&self, host: &Logged) -> bool {
        let address = host.host.url.trim_start_matches("https://");
        self.connect_with(address, &[], &TLS13).await.is_ok()
    }

    async fn is_served_soon(&self, host: &Logged) {
        until("the host serves the certificate", async || self.is_served_by(host).await).await;
    }
}

/// Writes a file with an old time, as `cp -p` does.
fn write_as(file: &Path, text: &str, time: SystemTime) {
    fs::write(file, text).unwrap();
    let times = FileTimes::new().set_modified(time).set_accessed(time);
    File::options().write(true).open(file).unwrap().set_times(times).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_becomes_valid_soon_is_taken_over_then_with_one_warning() {
    let (data, mut identity) = (tempfile::tempdir().unwrap(), Identity::until(2099));
    let host = identity.logged(&data);
    let old = identity.certificate.clone();
    identity.replace(|params| params.not_before = (SystemTime::now() + Duration::from_secs(4)).into());
    host.wait_for(1, "WARN").await;
    let new = std::mem::replace(&mut identity.certificate, old);
    assert!(identity.is_served_by(&host).await, "the host serves the old certificate");
    identity.certificate = new;
    identity.is_served_soon(&host).await;
    host.wait_for(1, "took over a change of the certificate and its key").await;
    assert_eq!(host.lines("WARN"), 1, "one warning for all looks at the files");
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
        // A renewal writes one file after the other. The host may see the mismatch in between.
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
    // Kubernetes lays a secret out like this: the files are links through a link to a folder, and Kubernetes swaps that link.
    let root = identity.folder.path().to_owned();
    let lay = |name: &str, [certificate, key]: [String; 2]| {
        fs::create_dir(root.join(name)).unwrap();
        // Certificates differ in length by a byte or two, so spaces after the last section make the sizes equal.
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
    // `cp -p` and `rsync -t --inplace` write like this.
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
        identity.replace(|params| params.not_after = end.into());
        host.wait_for(1, expected).await;
        let end = end.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        assert_eq!(metric().await, end as f64);
    }
    // The host warned twice about the last certificate: within a day of its end, and after its end.
    assert_eq!((host.lines(r#""days":1,"#) + host.lines(r#""days":1}"#), host.lines("expires_at")), (2, 5));
    assert!(identity.is_served_by(&host).await || host.lines("has expired") == 1);
    drop(host);
    identity.replace(|params| params.not_after = (SystemTime::now() + Duration::from_hours(5 * 24)).into());
    let host = identity.logged(&data);
    host.wait_for(1, r#""days":7"#).await;
    assert_eq!(host.lines("expires_at"), 1, "a host that starts warns only once");
}

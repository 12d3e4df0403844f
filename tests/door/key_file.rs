//! The key file: the tests change, remove, replace and link it while a host runs.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Output;

use portdesk::door::{KeyFile, KeyRecord, NewKey};
use tempfile::TempDir;

use crate::harness::{Client, Logged, portdesk, run, serve};

/// Creates a key in a data folder.
fn key_in(data: &Path) -> NewKey {
    let key = NewKey::generate();
    let record = KeyRecord::new(&key, "agent");
    KeyFile::new(data).update(|register| register.keys.push(record)).unwrap();
    key
}

fn host(data: &TempDir) -> Logged {
    let flags = ["--store", "memory", "--rate-limit", "off", "--log-format", "json"];
    Logged::start(data.path(), &mut serve(data.path(), &flags))
}

fn status_of(host: &Logged, key: &NewKey) -> impl Future<Output = u16> {
    let client = Client::new(&host.host.url, Some(&key.secret));
    async move { client.get("/tickets?caller=ada").await.status }
}

fn key_create(data: &Path) -> Output {
    run(&["key", "create", "agent", "--data-dir", data.to_str().unwrap()])
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_hold_while_their_file_is_gone_or_bad_and_the_log_says_so_once() {
    type Break = fn(&Path);
    let ways: [(&str, Break); 7] = [
        ("there is no such file", |_| ()),
        ("it is a folder", |file| fs::create_dir(file).unwrap()),
        ("a link to nowhere", |file| symlink("nowhere", file).unwrap()),
        ("damaged at line 1, column 0", |file| fs::write(file, "").unwrap()),
        ("damaged at line 1, column 8", |file| fs::write(file, "{\"keys\":").unwrap()),
        ("it is a pipe", |file| {
            assert!(std::process::Command::new("mkfifo").arg(file).status().unwrap().success());
        }),
        ("more than 16777216 bytes", |file| fs::File::create(file).unwrap().set_len(1 << 40).unwrap()),
    ];
    let data = tempfile::tempdir().unwrap();
    let (key, file) = (key_in(data.path()), data.path().join("keys.json"));
    let host = host(&data);
    for (number, (said, break_it)) in ways.iter().enumerate() {
        fs::rename(&file, data.path().join("kept")).unwrap();
        break_it(&file);
        host.wait_for(number + 1, "WARN").await;
        assert_eq!((host.lines(said), status_of(&host, &key).await), (1, 200), "{said}");
        if file.is_dir() {
            fs::remove_dir(&file).unwrap()
        } else {
            drop(fs::remove_file(&file))
        }
        fs::rename(data.path().join("kept"), &file).unwrap();
        host.wait_for(number + 1, "the key file can be used again, and did not change").await;
    }
    assert_eq!(host.lines("WARN"), ways.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_file_without_a_key_is_a_change_like_any_other() {
    let data = tempfile::tempdir().unwrap();
    let key = key_in(data.path());
    let host = host(&data);
    assert_eq!(status_of(&host, &key).await, 200);
    fs::write(data.path().join("keys.json"), "{\"keys\": []}").unwrap();
    host.wait_for(1, "took over a change of the key file").await;
    assert_eq!(status_of(&host, &key).await, 403);
    // The key of the environment is still valid.
    host.host.client().get("/tickets?caller=ada").await.expect(200);
    let key = key_in(data.path());
    host.wait_for(2, "took over a change of the key file").await;
    assert_eq!(status_of(&host, &key).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_a_file_of_keys_waits_for_one_in_silence() {
    let data = tempfile::tempdir().unwrap();
    let host = host(&data);
    let key = key_in(data.path());
    host.wait_for(1, "took over a change of the key file").await;
    assert_eq!((status_of(&host, &key).await, host.lines("WARN")), (200, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn key_create_changes_the_file_behind_a_link_for_all_hosts_that_share_it() {
    let (shared, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let key = key_in(shared.path());
    let target = shared.path().join("keys.json");
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
    let owner =
        |file: &Path| fs::metadata(file).map(|found| (found.uid(), found.gid(), found.mode())).unwrap();
    let before = owner(&target);
    symlink(&target, data.path().join("keys.json")).unwrap();
    let host = host(&data);
    let made = key_create(data.path());
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    host.wait_for(1, "took over a change of the key file").await;
    assert!(data.path().join("keys.json").is_symlink());
    assert_eq!(owner(&target), before, "owner and permissions are kept");
    let secret = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let client = Client::new(&host.host.url, Some(&secret));
    client.get("/tickets?caller=ada").await.expect(200);
    assert_eq!(status_of(&host, &key).await, 200);
    assert_eq!(KeyFile::new(shared.path()).read().unwrap().keys.len(), 2);
}

#[test]
fn a_command_that_cannot_change_the_file_says_why_and_shows_no_key() {
    type Break = fn(&Path);
    let ways: [(&str, Break); 3] = [
        ("a link to nowhere/keys.json, where there is no file", |file| {
            symlink("nowhere/keys.json", file).unwrap();
        }),
        ("is a folder", |file| fs::create_dir(file).unwrap()),
        ("symbolic links", |file| symlink("keys.json", file).unwrap()),
    ];
    for (said, break_it) in ways {
        let data = tempfile::tempdir().unwrap();
        break_it(&data.path().join("keys.json"));
        let refused = key_create(data.path());
        let errors = String::from_utf8(refused.stderr).unwrap();
        assert_eq!((refused.status.code(), refused.stdout.len()), (Some(1), 0), "{errors}");
        assert!(errors.contains("keys.json cannot be read: ") && errors.contains(said), "{errors}");
        let start = serve(data.path(), &[]).env_remove("PORTDESK_API_KEY").output().unwrap();
        assert_eq!(start.status.code(), Some(1), "it is no first start");
    }
}

#[test]
fn a_key_of_the_environment_that_ends_in_a_line_break_says_so() {
    for end in ["\n", "\r\n", "\r", "\n\n"] {
        let key = format!("a-good-key-0123456789{end}");
        let refused = portdesk(&[]).env("PORTDESK_API_KEY", key).output().unwrap();
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2));
        assert!(said.contains("PORTDESK_API_KEY ends in a line break"), "{said}");
        assert!(!said.contains("a-good-key"), "{said}");
    }
    let refused = portdesk(&[]).env("PORTDESK_API_KEY", "a-good\nkey-0123456789").output().unwrap();
    assert!(String::from_utf8(refused.stderr).unwrap().contains("20 to 256 visible ASCII characters"));
}

//! What a host with a console needs to start, and what it leaves.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use crate::harness::{Process, path, portdesk, serve};

const CONSOLE: [&str; 3] = ["--console", "127.0.0.1:0", "--controls"];

fn ended(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command.output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn controls_need_a_console_and_what_is_for_tests_needs_controls() {
    for (flags, named) in [
        (&["--controls"][..], "--console"),
        (&["--console-host", "a"], "--console"),
        (&["--journal-mib", "8"], "--console"),
        (&["--console", "127.0.0.1:0", "--seed", "1"], "--controls"),
        (&["--console", "127.0.0.1:0", "--clock", "2026-03-02T09:00:00Z"], "--controls"),
        (&["--console", "127.0.0.1:0", "--restore", "a"], "--controls"),
        (&["--console", "127.0.0.1:0", "--scenario", "a.yaml"], "--controls"),
    ] {
        let (code, said) = ended(&mut portdesk(flags));
        assert_eq!(code, Some(2), "{flags:?}: {said}");
        assert!(said.contains(named), "{flags:?}: {said}");
    }
    let (code, said) = ended(portdesk(&[]).env("PORTDESK_CONTROLS", "true"));
    assert!(code == Some(2) && said.contains("--console"), "{said}");
}

#[test]
fn a_wrong_setting_of_the_console_is_named() {
    let console = ["--console", "127.0.0.1:0"];
    let nine = "--console-host=a,b,c,d,e,f,g,h,i";
    for (flag, named) in [
        (nine, "--console-host"),
        ("--console-host=http://a", "--console-host"),
        ("--console-host=*", "--console-host"),
        ("--journal-mib=0", "--journal-mib"),
        ("--journal-mib=1025", "--journal-mib"),
        ("--seed=many", "--seed"),
        ("--clock=yesterday", "--clock"),
        ("--restore=../keys", "--restore"),
    ] {
        let (code, said) = ended(portdesk(&console).args(["--controls", flag]));
        assert_eq!(code, Some(2), "{flag}: {said}");
        assert!(said.contains(named), "{flag}: {said}");
    }
    let data = tempfile::tempdir().unwrap();
    let public = &mut serve(data.path(), &["--store", "memory", "--console", "0.0.0.0:0"]);
    let (code, said) = ended(public);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("--console 0.0.0.0:0") && said.contains("--allow-plaintext"), "{said}");
    let key = "a-key-for-the-tests-0123456789";
    for (token, says) in [
        ("short", "20 to 256"),
        ("with a space in between", "20 to 256"),
        ("0123456789012345678901234\n", "line break"),
        (key, "is an API key"),
        ("portdesk_0123456789abcdef0123456789abcdef", "is an API key"),
    ] {
        let mut command = serve(data.path(), &["--store", "memory", "--console", "127.0.0.1:0"]);
        let (code, said) = ended(command.env("PORTDESK_CONSOLE_TOKEN", token));
        assert_eq!(code, Some(2), "{token}: {said}");
        assert!(said.contains("PORTDESK_CONSOLE_TOKEN") && said.contains(says), "{token}: {said}");
        assert!(!said.contains(token.trim()), "a secret is not shown: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn controls_start_only_over_a_folder_that_is_empty_or_marked() {
    let data = tempfile::tempdir().unwrap();
    let host = Process::start(data.path(), &[]);
    let ticket = host.client().create("ada", "The VPN drops.").await;
    assert_eq!(host.end("TERM").0, Some(0));

    let (code, said) = ended(&mut serve(data.path(), &CONSOLE));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("--controls") && said.contains("disposable"), "{said}");
    let left = ["disposable", "console.token", "console.address"].map(|file| data.path().join(file).exists());
    assert_eq!(left, [false; 3], "nothing is left behind");
    let (_, said) = ended(serve(data.path(), &CONSOLE[..2]).env("PORTDESK_CONTROLS", "true"));
    assert!(said.contains("portdesk: PORTDESK_CONTROLS: "), "{said}");

    // Without controls, the console changes nothing, so it needs no mark.
    let host = Process::start(data.path(), &CONSOLE[..2]);
    host.client().get(&path(&ticket)).await.expect(200);
    assert!(!data.path().join("disposable").exists());
    assert_eq!(host.end("TERM").0, Some(0));

    fs::write(data.path().join("disposable"), "").unwrap();
    let host = Process::start(data.path(), &CONSOLE);
    host.client().get(&path(&ticket)).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_folder_is_marked_and_later_starts_accept_its_items() {
    let data = tempfile::tempdir().unwrap();
    let host = Process::start(data.path(), &CONSOLE);
    assert!(data.path().join("disposable").exists());
    let ticket = host.client().create("ada", "The VPN drops.").await;
    assert_eq!(host.end("TERM").0, Some(0));
    let host = Process::start(data.path(), &CONSOLE);
    host.client().get(&path(&ticket)).await.expect(200);
    assert_eq!(host.end("TERM").0, Some(0));
    let host = Process::start(data.path(), &[]);
    host.client().get(&path(&ticket)).await.expect(200);

    let in_memory = tempfile::tempdir().unwrap();
    let _host = Process::start(in_memory.path(), &[&["--store", "memory"][..], &CONSOLE].concat());
    assert!(!in_memory.path().join("disposable").exists(), "nothing there can be lost");
}

#[test]
fn the_token_is_new_at_each_start_and_only_the_owner_can_read_it() {
    let data = tempfile::tempdir().unwrap();
    let start = || Process::start(data.path(), &["--store", "memory", "--console", "127.0.0.1:0"]);
    let file = |name: &str| data.path().join(name);
    let host = start();
    let (url, token) = host.console();
    let (url, token) = (url.to_owned(), token.unwrap().to_owned());
    assert_eq!(fs::read_to_string(file("console.token")).unwrap(), token);
    assert_eq!(format!("http://{}", fs::read_to_string(file("console.address")).unwrap()), url);
    for name in ["console.token", "console.address"] {
        assert_eq!(fs::metadata(file(name)).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(host.end("TERM").0, Some(0));
    assert!(!file("console.token").exists() && !file("console.address").exists());
    let host = start();
    assert_ne!(host.console().1, Some(token.as_str()));
    host.kill();
    assert!(file("console.token").exists(), "a killed host leaves its files");
    let host = start();
    assert_eq!(fs::read_to_string(file("console.token")).unwrap(), host.console().1.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_user_is_neither_printed_nor_stored() {
    let data = tempfile::tempdir().unwrap();
    let mut command = serve(data.path(), &["--store", "memory", "--console", "127.0.0.1:0"]);
    let token = "the-token-of-the-tests-012345";
    let host = Process::spawn(command.env("PORTDESK_CONSOLE_TOKEN", token));
    assert!(
        !host.banner.contains(token) && host.banner.contains("PORTDESK_CONSOLE_TOKEN"),
        "{}",
        host.banner
    );
    assert!(!data.path().join("console.token").exists());
    let (url, generated) = host.console();
    assert_eq!(generated, None);
    let metrics = reqwest::Client::builder().no_proxy().build().unwrap().get(format!("{url}/metrics"));
    assert_eq!(metrics.bearer_auth(token).send().await.unwrap().status(), 200);
}

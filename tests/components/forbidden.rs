//! Everything that a component built with std could reach if it ran outside of a sandbox: each attempt comes to nothing, and the
//! next request is answered.

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::curious;
use crate::harness::{Client, Running};

struct Curious {
    host: Running,
    client: Client,
}

impl Curious {
    async fn start(flags: &[&str]) -> Curious {
        let flags = [flags, &["--store", "memory", "--instances", "4"]].concat();
        let host = Running::start_component(curious(&flags), &flags).await;
        let client = host.client();
        Curious { host, client }
    }

    async fn ask(&self, path: &str, body: &str) -> (u16, String) {
        let response = self.client.request("POST", path).body(body.to_owned()).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// What a try came to. The status must be 200.
    async fn comes_to(&self, path: &str, body: &str) -> String {
        let (status, text) = self.ask(path, body).await;
        assert_eq!(status, 200, "{path}: {text}");
        text
    }
}

#[tokio::test]
async fn there_are_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let (there, new) = (folder.path().join("there"), folder.path().join("new"));
    fs::write(&there, "a secret").unwrap();
    let curious = Curious::start(&[]).await;
    for path in [there.to_str().unwrap(), "there", "/etc/passwd", ".", "../Cargo.toml"] {
        let read = curious.comes_to("/read-file", path).await;
        assert!(read.starts_with("failed: "), "{path}: {read}");
    }
    let written = curious.comes_to("/write-file", new.to_str().unwrap()).await;
    assert!(written.starts_with("failed: ") && !new.exists(), "{written}");
    for path in ["/list-folder", "/change-folder"] {
        let done = curious.comes_to(path, "").await;
        assert!(done.starts_with("failed: "), "{path}: {done}");
    }
    curious.host.stop().await;
}

#[tokio::test]
async fn there_is_no_network() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let curious = Curious::start(&[]).await;
    let here = listener.local_addr().unwrap().to_string();
    for (path, body) in
        [("/connect", here.as_str()), ("/listen", ""), ("/send-datagram", ""), ("/look-up", "")]
    {
        let done = curious.comes_to(path, body).await;
        assert!(done.starts_with("failed: "), "{path}: {done}");
    }
    assert!(listener.accept().is_err(), "nobody connected");
    curious.host.stop().await;
}

#[tokio::test]
async fn there_are_no_variables_no_arguments_and_no_input() {
    let curious = Curious::start(&[]).await;
    assert_eq!(curious.comes_to("/variables", "").await, "0 variables, None");
    assert_eq!(curious.comes_to("/arguments", "").await, "0 arguments");
    assert_eq!(curious.comes_to("/input", "").await, "done: 0");
    curious.host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sleep_or_endless_output_ends_at_the_deadline() {
    let curious = Curious::start(&["--time-limit-ms", "400"]).await;
    for (path, body) in [
        ("/sleep", "3600000"),
        ("/sleep", "for ever"),
        ("/sleep-again-and-again", ""),
        ("/print-without-end", ""),
        ("/print-one-line-without-end", ""),
    ] {
        let begun = Instant::now();
        let (status, text) = curious.ask(path, body).await;
        assert_eq!(status, 504, "{path}: {text}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{path}: {:?}", begun.elapsed());
        assert_eq!(curious.comes_to("/", "").await, "nothing was tried");
    }
    curious.host.stop().await;
}

/// A component that waits occupies no thread, so others are answered meanwhile.
#[tokio::test(flavor = "current_thread")]
async fn a_component_that_sleeps_holds_nobody_up() {
    let curious = Curious::start(&[]).await;
    let (slept, ()) = tokio::join!(curious.comes_to("/sleep", "300"), async {
        for _ in 0..10 {
            assert_eq!(curious.comes_to("/", "").await, "nothing was tried");
        }
    });
    assert!((300..30_000).contains(&slept.parse::<u64>().unwrap()), "{slept}");
    let elapsed = curious.comes_to("/elapsed", "").await;
    assert!(!elapsed.starts_with("0ns"), "the clock passes by itself outside of spaces: {elapsed}");
    curious.host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_takes_too_much_traps() {
    let curious = Curious::start(&[]).await;
    for path in ["/hold-streams", "/random-flood", "/exit", "/panic"] {
        let (status, text) = curious.ask(path, "").await;
        assert_eq!(status, 500, "{path}: {text}");
        assert_eq!(curious.comes_to("/", "").await, "nothing was tried");
    }
    curious.host.stop().await;
}

//! `docs/testing-agents.md` is true: its commands do what it says, as they stand there, but for the ports.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use crate::harness::{Process, portdesk};
use portdesk_test_support::python;

const STORY: &str = include_str!("../../docs/testing-agents.md");

/// The blocks of the page: the last line of text before each, its language, and its text.
fn blocks() -> Vec<(&'static str, &'static str, &'static str)> {
    let mut blocks = Vec::new();
    let mut rest = STORY;
    while let Some((before, after)) = rest.split_once("\n```") {
        let (language, after) = after.split_once('\n').unwrap();
        let (text, after) = after.split_once("\n```").unwrap();
        blocks.push((before.trim_end().lines().last().unwrap_or_default(), language, text));
        rest = after;
    }
    blocks
}

/// A free port. Another process may take it before the host does, which makes the test fail and never pass wrongly.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn shell(folder: &Path, script: &str) -> Command {
    // The programs of the page are those of the tests.
    let mut command = Command::new("bash");
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap());
    command.args(["-e", "-c", script]).current_dir(folder).env("PATH", path);
    command.env("PORTDESK_API_KEY", "key-of-the-agent-0123456789");
    command
}

#[test]
fn the_story_of_a_test_of_an_agent_is_true() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir(folder.join("bin")).unwrap();
    symlink(portdesk(&[]).get_program(), folder.join("bin/portdesk")).unwrap();
    symlink(python(), folder.join("bin/python3")).unwrap();
    let ports = [("127.0.0.1:8080", free_port()), ("127.0.0.1:8081", free_port())];
    let with_ports = |text: &str| {
        ports.iter().fold(text.to_owned(), |text, (old, new)| text.replace(old, &format!("127.0.0.1:{new}")))
    };
    let mut host = None;
    let mut commands = 0;
    for (before, language, text) in blocks() {
        let text = with_ports(text);
        if language == "sh" && host.is_none() {
            // The shell becomes the host, so that the test can end it.
            let script = text.replace("portdesk --listen", "exec portdesk --listen").replace(" &", "");
            host = Some(Process::spawn_bare(&mut shell(folder, &script)));
        } else if language == "sh" {
            let Output { status, stdout, stderr } = shell(folder, &text).output().unwrap();
            let said = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
            assert!(status.success(), "{text}\n{said}");
            commands += text.lines().count();
        } else {
            let file = before.trim_matches(['`', ':', ' ']).split('`').next().unwrap();
            fs::write(folder.join(file), text).unwrap();
        }
    }
    assert_eq!(commands, 11, "the page has these commands");
    assert!(fs::read_to_string(folder.join("report.xml")).unwrap().contains("monday morning"));
    host.expect("the page starts a host").kill();
}

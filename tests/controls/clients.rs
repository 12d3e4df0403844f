//! The clients for tests of other projects, with a real host.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Console, controlled};
use crate::harness::Process;

fn tests(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("controls/clients").join(file)
}

fn client(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients").join(file)
}

/// Runs a command that finds the host in its environment, and returns what it says. It must succeed.
fn passes(command: &mut Command, host: &Process) -> String {
    let Console { url, token, .. } = Console::of(host);
    command.envs([
        ("PORTDESK_CONSOLE", &url),
        ("PORTDESK_CONSOLE_TOKEN", &token),
        ("PORTDESK_URL", &host.url),
    ]);
    let output = command.output().unwrap();
    let said =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_in_python_has_a_space_of_its_own() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let mut pytest = Command::new(portdesk_test_support::python());
    pytest.args(["-m", "pytest", "-p", "no:cacheprovider", "-p", "pytest_portdesk.plugin", "--quiet"]);
    pytest.arg("--rootdir").arg(data.path()).arg(tests("test_space.py"));
    pytest.env("PYTHONPATH", client("pytest-portdesk")).env("PYTHONDONTWRITEBYTECODE", "1");
    let said = passes(&mut pytest, &host);
    assert!(said.contains("2 passed"), "{said}");
    let spaces = Console::of(&host).read("/v1/spaces").await;
    assert_eq!(spaces["spaces"].as_array().unwrap().len(), 1, "each test drops its space");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_in_typescript_has_a_space_of_its_own() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let mut node = Command::new(portdesk_test_support::node22());
    node.args(["--test", "--test-reporter=tap"]).arg(tests("space.test.ts"));
    node.env("PORTDESK_CLIENT", client("typescript/portdesk.ts"));
    let said = passes(&mut node, &host);
    assert!(said.contains("# pass 1") && said.contains("# fail 0"), "{said}");
    let spaces = Console::of(&host).read("/v1/spaces").await;
    assert_eq!(spaces["spaces"].as_array().unwrap().len(), 1, "each test drops its space");
}

//! The clients for tests of other projects, in `clients/`: their own tests pass, against a small server in place of a host.

use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn the_plugin_for_pytest_does_what_its_tests_claim() {
    let mut pytest = Command::new(portdesk_test_support::python());
    pytest.args(["-m", "pytest", "-p", "no:cacheprovider", "--quiet", "."]);
    // The tree stays as it is.
    pytest.env("PYTHONDONTWRITEBYTECODE", "1").current_dir(client("pytest-portdesk"));
    let output = passes(&mut pytest);
    assert!(output.contains(" passed"), "{output}");
}

#[test]
fn the_helper_in_typescript_does_what_its_tests_claim() {
    let mut node = Command::new(portdesk_test_support::node22());
    node.args(["--test", "--test-reporter=tap"]).current_dir(client("typescript"));
    let output = passes(&mut node);
    assert!(output.contains("# fail 0") && !output.contains("# pass 0"), "{output}");
}

fn client(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients").join(name)
}

/// The output of a command, which must succeed.
fn passes(command: &mut Command) -> String {
    for setting in ["PORTDESK_CONSOLE", "PORTDESK_CONSOLE_TOKEN", "PORTDESK_DATA_DIR", "PORTDESK_URL"] {
        command.env_remove(setting);
    }
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

//! What `portdesk check` says that a component gets, and what a host says of one that does not fit.

use super::CURIOUS_FILE;
use super::language::Language;
use crate::harness::{config, run, serve};
use portdesk::sandbox::{Component, LoadError};

fn checked(file: &str) -> String {
    let output = run(&["check", file]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_check_says_what_a_component_gets_of_each_interface_that_it_imports() {
    let said = checked(CURIOUS_FILE);
    for line in [
        "  files: none (wasi:filesystem/",
        "  network: none; every socket is refused (wasi:sockets/",
        "  environment: no variables, no arguments; an exit ends the request with 500 (wasi:cli/",
        "  output: the first lines of each request, in the log at level debug (wasi:cli/",
        "  input: none (wasi:cli/",
        "  memory: 2 MiB before the first request\n",
        "tools for agents:\n  try_thing  read   GET     /{thing}\n",
    ] {
        assert!(said.contains(line), "{line}:\n{said}");
    }
}

#[test]
fn a_check_of_a_storeroom_says_what_its_language_asks_for() {
    for language in [Language::Rust, Language::JavaScript] {
        let said = checked(language.wasm().to_str().unwrap());
        assert!(said.contains("  environment: no variables, no arguments"), "{said}");
        assert!(said.contains("move_pieces    write  POST    /articles/{number}/moves"), "{said}");
    }
}

/// The compiled file fits no better: it was compiled for any limit.
#[test]
fn a_component_with_too_much_memory_is_refused_and_told_the_setting() {
    let python = Language::Python;
    let limits = config("unused".as_ref(), &["--memory-limit-mib", "8"]).limits.sandbox();
    let refused = Component::load_compiled(python.compiled(), limits);
    let error = refused.err().expect("8 MiB are not enough");
    assert!(matches!(error, LoadError::Memory { limit_mib: 8, .. }), "{error}");
    let data = tempfile::tempdir().unwrap();
    let output = serve(data.path(), &["--memory-limit-mib", "8"])
        .arg("--component")
        .arg(python.compiled())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("an instance may have 8 MiB; raise --memory-limit-mib"), "{said}");
}

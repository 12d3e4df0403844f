//! Components that a host refuses at its start, with an error that gives the reason.

use std::path::Path;

use portdesk::sandbox::{Component, LoadError};

use super::HOSTILE_FILE;
use crate::harness::config;

/// Interfaces that other hosts offer, and this host does not.
const NOT_LINKED: [&str; 13] = [
    "wasi:cli/environment",
    "wasi:cli/environment@0.2.0-rc-2023-12-05",
    "wasi:cli/run@0.2.12",
    "wasi:clocks/monotonic-clock@0.3.0",
    "wasi:clocks/timezone@0.2.12",
    "wasi:clocks/wall-clock@0.3.0",
    "wasi:config/store@0.2.0-draft",
    "wasi:http/outgoing-handler@0.2.12",
    "wasi:http/types@0.2.12",
    "wasi:keyvalue/store@0.2.0-draft",
    "wasi:logging/logging",
    "wasi:random/random@0.3.0",
    "portdesk:desk/another@0.1.0",
];

/// Interfaces that a component may import and that this host links, each with a function that none of them has.
const LINKED: [&str; 3] =
    ["wasi:random/random@0.2.12", "wasi:filesystem/types@0.2.6", "wasi:sockets/tcp@0.2.0"];

#[test]
fn a_component_that_imports_anything_else_is_refused_and_told_what() {
    for interface in NOT_LINKED {
        let error = refused(&importing(interface, "anything"));
        assert!(matches!(error, LoadError::NoDesk(_)), "{interface}: {error}");
        assert!(error.to_string().contains(interface), "{interface}: {error}");
    }
}

#[test]
fn a_component_that_asks_for_more_of_an_interface_that_it_gets_is_refused() {
    for interface in LINKED {
        let error = refused(&importing(interface, "more"));
        assert!(matches!(error, LoadError::WrongWorld(_)), "{interface}: {error}");
    }
}

#[test]
fn what_is_no_component_is_refused() {
    for wasm in [b"".as_slice(), b"\0asm", b"no wasm", &wat::parse_str("(module)").unwrap()] {
        let error = refused(wasm);
        assert!(matches!(error, LoadError::Inspect(_)), "{error}");
    }
}

#[test]
fn a_component_that_needs_more_than_an_instance_may_have_is_refused() {
    for fields in ["(table 20001 funcref)", "(memory 1) (memory 1)", "(table 1 funcref) (table 1 funcref)"] {
        let error = refused(&wat::parse_str(component(fields, "")).unwrap());
        assert!(matches!(error, LoadError::TooMuch(_)), "{fields}: {error}");
    }
}

#[test]
fn a_memory_that_begins_too_large_is_refused_and_told_the_setting() {
    let limits = config(Path::new("unused"), &["--memory-limit-mib", "1"]).limits.sandbox();
    let wasm = wat::parse_str(component("(memory 17)", "")).unwrap();
    let error = Component::load(&wasm, limits).err().expect("the component is refused").to_string();
    assert!(error.contains("2 MiB") && error.contains("1 MiB; raise --memory-limit-mib"), "{error}");
}

#[tokio::test]
async fn two_memories_have_one_limit() {
    let limits = config(Path::new("unused"), &["--memory-limit-mib", "1"]).limits.sandbox();
    for (pages, is_over) in [(15, false), (16, true)] {
        let wasm = component("(memory 1)", &format!("(memory {pages})"));
        let component = Component::load(&wat::parse_str(wasm).unwrap(), limits.clone());
        let component = component.unwrap_or_else(|error| panic!("{error}"));
        // The component that fits fails later, because its functions have other types than the world.
        let error = component.describe().await.unwrap_err().to_string();
        assert_eq!(
            error.contains("than the 1 MiB that an instance may have"),
            is_over,
            "{pages} pages: {error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_traps_when_it_is_asked_for_its_schema_is_refused() {
    refused_as_silent(&hostile_when_asked(b'T'), "unreachable").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_never_says_its_schema_is_refused() {
    refused_as_silent(&hostile_when_asked(b'L'), "").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_traps_at_its_start_is_refused() {
    let wasm = component("(func $start unreachable) (start $start)", "");
    refused_as_silent(&wat::parse_str(wasm).unwrap(), "unreachable").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_whose_start_never_ends_is_refused() {
    let wasm = component("(func $start (loop (br 0))) (start $start)", "");
    refused_as_silent(&wat::parse_str(wasm).unwrap(), "").await;
}

async fn refused_as_silent(wasm: &[u8], cause: &str) {
    let component = load(wasm).unwrap_or_else(|error| panic!("{error}"));
    let error = component.describe().await.unwrap_err();
    assert!(matches!(error, LoadError::Silent(_)), "{error}");
    assert!(error.to_string().contains("does not describe itself"), "{error}");
    assert!(error.to_string().contains(cause), "{error}");
}

/// The hostile component with another behaviour of `collection`.
fn hostile_when_asked(what: u8) -> Vec<u8> {
    let mut wasm = std::fs::read(HOSTILE_FILE).unwrap();
    let said = b"when asked, do: -A";
    let at = wasm.windows(said.len()).position(|window| window == said).expect("it says so in the file");
    wasm[at + said.len() - 1] = what;
    wasm
}

/// A component of two modules with these fields. It has the exports of the world, but with other types.
fn component(one: &str, other: &str) -> String {
    format!(
        r#"(component
            (core module $one {one} (func (export "f")))
            (core module $other {other})
            (core instance $first (instantiate $one))
            (core instance (instantiate $other))
            (func $f (canon lift (core func $first "f")))
            (instance $handler (export "handle" (func $f)))
            (instance $schema (export "collection" (func $f)) (export "openapi" (func $f)))
            (export "portdesk:desk/handler@0.1.0" (instance $handler))
            (export "portdesk:desk/schema@0.1.0" (instance $schema)))"#
    )
}

/// The same component with an import.
fn importing(interface: &str, function: &str) -> Vec<u8> {
    let import = format!(r#"(component (import "{interface}" (instance (export "{function}" (func))))"#);
    wat::parse_str(component("", "").replacen("(component", &import, 1)).unwrap()
}

fn refused(wasm: &[u8]) -> LoadError {
    load(wasm).err().expect("the component is refused")
}

fn load(wasm: &[u8]) -> Result<Component, LoadError> {
    Component::load(wasm, config(Path::new("unused"), &["--instances", "4"]).limits.sandbox())
}

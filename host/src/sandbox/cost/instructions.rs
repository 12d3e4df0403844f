//! Counts the processor's instructions of a request, host and guest together, with callgrind of valgrind: it interprets every
//! instruction of a process and so counts the same whatever else the machine does.
//!
//! The process is the test itself, started once more. It serves a component that was compiled before: under valgrind that
//! would take most of a minute.

use std::env::current_exe;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;

use tokio::runtime::Builder;
use wasmtime::Engine;

use super::{
    BUILT_IN_COMPONENT, Component, LIMITS, Responder, TIMES, compiled, config, costs, deadline, least,
    location, sandbox,
};

/// Names the file of the compiled component in the process that is counted.
pub(super) const COMPILED: &str = "PORTDESK_COUNTED";

/// Starts `test` in the process that is counted, and gives the least count of each request; or why none can be had here.
pub(super) fn count(test: &str) -> Result<Vec<u64>, String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64", debug_assertions)) {
        return Err("the figures are those of an unoptimized host on Linux and x86-64".into());
    }
    let mut valgrind = portdesk_test_support::valgrind()?;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("component.cwasm");
    fs::write(&file, compile()).unwrap();
    run(valgrind.env(COMPILED, &file), test, &folder.path().join("counts"));
    let counts: Vec<u64> = (1..).map_while(|part| written(folder.path(), part)).collect();
    // In turns: what came before a request, and the request.
    let requests: Vec<u64> = counts.into_iter().skip(1).step_by(2).collect();
    assert_eq!(requests.len(), costs().len() * TIMES, "so many requests were counted: {requests:?}");
    Ok(requests.chunks(TIMES).filter_map(|counts| counts.iter().min().copied()).collect())
}

/// For any processor of this kind: the same code wherever this runs, and none that valgrind does not know.
fn compile() -> Vec<u8> {
    let engine = Engine::new(config(&LIMITS).target("x86_64-unknown-linux-gnu").unwrap()).unwrap();
    compiled::compile(&engine, BUILT_IN_COMPONENT).unwrap()
}

fn run(valgrind: &mut Command, test: &str, counts: &Path) {
    valgrind
        .arg("--tool=callgrind")
        .arg(format!("--dump-before=*{MARK}*"))
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(current_exe().unwrap())
        .args(["--exact", test, "--test-threads", "1"]);
    let output = valgrind.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{valgrind:?}: {}", String::from_utf8_lossy(&said));
}

/// What callgrind counted in this part of the run.
fn written(folder: &Path, part: usize) -> Option<u64> {
    let text = fs::read_to_string(folder.join(format!("counts.{part}"))).ok()?;
    text.lines().find_map(|line| line.strip_prefix("summary: ")?.trim().parse().ok())
}

/// Answers each request in the process that is counted.
pub(super) fn answer(compiled: &Path) {
    // With a clock that stands: everything takes fifty times as long here, and no deadline was made for that.
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let component = Component::load_compiled(compiled, LIMITS).unwrap().uninterrupted().unwrap();
    let sandbox = runtime.block_on(sandbox(component));
    least(|cost, path| {
        callgrind_begins_a_part();
        let response = runtime.block_on(sandbox.handle(cost.request(path), deadline()));
        callgrind_begins_a_part();
        (0, location(response.unwrap()))
    });
}

/// Where it is called, callgrind writes down what it has counted and begins anew: it knows the function by its name.
#[inline(never)]
fn callgrind_begins_a_part() {
    black_box(());
}

const MARK: &str = "callgrind_begins_a_part";

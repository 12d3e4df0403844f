//! Components that are not the desk, and that import more of WASI than it does.
//!
//! - `language`: the storeroom of `examples/components`, built in each language;
//! - `storeroom`: the same scenarios for each of them;
//! - `forbidden`: a component that looks for everything outside of its sandbox, and what comes of it;
//! - `printed`: what a component prints;
//! - `worlds`: its clock and its randomness in spaces;
//! - `fitting`: what `portdesk check` says of a component, and one that does not fit.

mod language;
mod storeroom;
mod forbidden;
mod printed;
mod worlds;
mod fitting;

use portdesk::sandbox::Component;

use crate::harness::config;

/// The component that looks for everything outside of its sandbox (`tests/fixtures/curious`).
const CURIOUS_FILE: &str = env!("PORTDESK_CURIOUS_WASM");

/// Loads it with the limits that these flags set.
fn curious(flags: &[&str]) -> Component {
    let limits = config("unused".as_ref(), flags).limits.sandbox();
    let wasm = std::fs::read(CURIOUS_FILE).unwrap();
    Component::load(&wasm, limits).unwrap_or_else(|error| panic!("{error}"))
}

//! No input makes anything panic or trap: inputs are made from valid ones by a few edits, so that most get past the
//! first check of whoever reads them.
//!
//! - `mutation`: the edits;
//! - `desk`: the component that is built in, in its sandbox: its small stack, its allocator and its ABI are in play, which
//!   a native build has not;
//! - `target`, `body`, `cursor`, `record`, `settings`: what is edited.
//!
//! An ordinary run tries some hundred inputs of each; a long one tries each for a minute. Coverage guides no input, because that
//! needs a nightly compiler.

mod body;
mod cursor;
mod desk;
mod mutation;
mod record;
mod settings;
mod target;

use std::cell::Cell;
use std::time::{Duration, Instant};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::harness::at_length;

/// Inputs of an ordinary test run, for each target.
const CASES: u32 = 400;

/// Tries inputs, as many as there is time for. `check` says whether an input got past the parser.
///
/// Fails too where fewer than the `least` part of the inputs did: such a target tests the parser's first line.
fn fuzz<S: Strategy>(
    name: &str,
    inputs: &S,
    least: f64,
    check: impl Fn(S::Value) -> Result<bool, TestCaseError>,
) {
    let until = Instant::now() + Duration::from_secs(at_length(0, 60));
    let (tried, reached) = (Cell::new(0_u32), Cell::new(0_u32));
    loop {
        let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
        let ran = TestRunner::new(config).run(inputs, |input| {
            let past = check(input)?;
            tried.set(tried.get() + 1);
            reached.set(reached.get() + u32::from(past));
            Ok(())
        });
        ran.unwrap_or_else(|failure| panic!("{name}: {failure}"));
        if Instant::now() >= until {
            break;
        }
    }
    let part = f64::from(reached.get()) / f64::from(tried.get());
    println!("{name}: {} inputs, {:.0} % got past the parser", tried.get(), part * 100.0);
    assert!(part >= least, "{name}: only {part} of the inputs got past the parser");
}

//! No input makes the host panic or the component trap. The tests edit valid inputs a little, so that most inputs get past the
//! first check of the parser.
//!
//! - `mutation`: the edits;
//! - `desk`: the built-in component in its sandbox, with the small stack, the allocator and the ABI that a native build does
//!   not have;
//! - `target`, `body`, `cursor`, `record`, `settings`: the inputs.
//!
//! An ordinary run tries 400 inputs of each kind; a long run tries each kind for a minute. Coverage does not guide the inputs,
//! because that needs a nightly compiler.

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

/// The number of inputs of each kind in an ordinary run.
const CASES: u32 = 400;

/// Tries inputs. `check` returns whether an input got past the parser.
///
/// The test also fails if a smaller share than `least` got past the parser, because then it tests the parser's first line only.
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

//! Reads a scenario from a file and checks it against a contract.

use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::{Options, Spanned, budget, options};

use super::members::{MemberError, Members, wrong};
use super::step::{Place, Reader, Step, StepError};
use super::variables::Variables;
use crate::contract::Contract;

/// A scenario that was read and checked as a whole.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name, for reports.
    pub name: String,
    /// What it shows.
    pub description: Option<String>,
    /// The seed of chance.
    pub seed: Option<u64>,
    /// The clock at the beginning. The world checks it.
    pub clock: Option<Value>,
    /// The rules of faults. The world checks them.
    pub faults: Option<Value>,
    pub(super) steps: Vec<Step>,
}

/// Why a file is not a scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The file is too large.
    #[error("the scenario has more than {FILE_LIMIT_BYTES} bytes; split it")]
    TooLarge,
    /// The file is not text.
    #[error("the scenario is not UTF-8")]
    NotText,
    /// The file is not YAML, or exceeds a limit of the parser. Its text names the line if it is known.
    #[error(
        "the scenario is not YAML as scenarios have it (without aliases, and at most {DEPTH} levels deep): {0}"
    )]
    NotYaml(String),
    /// A member of the file itself is wrong.
    #[error("{0}")]
    Member(#[from] MemberError),
    /// A step is wrong.
    #[error("step {place}: {error}")]
    Step {
        /// Where the step stands.
        place: Place,
        /// What is wrong with it.
        error: StepError,
    },
    /// There are too many steps.
    #[error(
        "step {0}: with this step the scenario does more than {STEPS} steps, rounds of `repeat` included"
    )]
    TooManySteps(Place),
}

impl Scenario {
    /// Reads a scenario in YAML (or in JSON, which is YAML) and checks each step against the contract: its members, its
    /// operation, its parameters and its variables. What `clock`, `faults` and `check` contain is checked by the world.
    pub fn parse(file: &[u8], contract: &Contract) -> Result<Scenario, FileError> {
        if file.len() > FILE_LIMIT_BYTES {
            return Err(FileError::TooLarge);
        }
        let text = std::str::from_utf8(file).map_err(|_| FileError::NotText)?;
        let whole: Value = serde_saphyr::from_str_with_options(text, yaml())
            .map_err(|error| FileError::NotYaml(error.without_snippet().to_string()))?;
        // If the lines cannot be read, a step is not a mapping, which is reported below without its line.
        let lines: Lines = serde_saphyr::from_str_with_options(text, yaml()).unwrap_or_default();
        let mut members = Members::of(whole, "", &MEMBERS)?;
        let name = members.text("name", NAME_CHARACTERS)?;
        let name = name.ok_or_else(|| MemberError::Missing("name".to_owned()))?;
        let description = members.text("description", DESCRIPTION_CHARACTERS)?;
        let seed = match members.take("seed") {
            None => None,
            Some(seed) => {
                Some(seed.as_u64().ok_or_else(|| wrong("seed", "a whole number from 0 to 2^64 - 1"))?)
            }
        };
        let clock = members.take("clock").map(|clock| clock_of("clock", clock)).transpose()?;
        let faults = members.take("faults").map(|faults| list("faults", faults)).transpose()?;
        let steps = match members.take("steps") {
            Some(Value::Array(steps)) if !steps.is_empty() => steps,
            Some(_) => return Err(wrong("steps", "a list with at least one step").into()),
            None => return Err(MemberError::Missing("steps".to_owned()).into()),
        };
        let mut reader = Reader { contract, variables: Variables::default(), left: STEPS };
        let steps = reader.steps(steps, &lines.steps, None)?;
        Ok(Scenario { name, description, seed, clock, faults, steps })
    }
}

/// The places of the steps in the file.
#[derive(Default, Deserialize)]
pub(super) struct Lines {
    #[serde(default)]
    pub(super) steps: Vec<Spanned<Lines>>,
}

pub(super) fn clock_of(member: &str, value: Value) -> Result<Value, MemberError> {
    if value.is_object() { Ok(value) } else { Err(wrong(member, "a mapping, for example {mode: frozen}")) }
}

pub(super) fn list(member: &str, value: Value) -> Result<Value, MemberError> {
    if value.is_array() { Ok(value) } else { Err(wrong(member, "a list of rules, which may be empty")) }
}

/// Texts such as `no`, `0755` and `1_000` stay texts, as their authors mean them in bodies.
fn yaml() -> Options {
    options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        // A few lines with aliases can stand for gigabytes.
        budget: budget! { max_aliases: 0, max_depth: DEPTH },
        with_snippet: false,
    }
}

const MEMBERS: [&str; 6] = ["name", "description", "seed", "clock", "faults", "steps"];
/// The most bytes of a file. People write scenarios; more is data, which belongs in a snapshot.
pub const FILE_LIMIT_BYTES: usize = 1 << 20;
/// With the rounds of repeats. A report has an entry for each.
pub(super) const STEPS: u32 = 5_000;
/// A body of a request is rarely ten levels deep.
const DEPTH: usize = 64;
/// It stands in one line of a report.
pub(super) const NAME_CHARACTERS: usize = 200;
const DESCRIPTION_CHARACTERS: usize = 10_000;

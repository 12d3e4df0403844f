//! The steps of a scenario, and how they are read.

use std::fmt;

use jiff::Span;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::file::{FileError, Lines, NAME_CHARACTERS, STEPS, clock_of, list};
use super::members::{MemberError, Members, wrong};
use super::request::{Call, ParameterError};
use super::variables::{VariableError, Variables};
use crate::contract::Contract;

/// One step.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) place: Place,
    /// What a report calls the step.
    pub(super) title: String,
    pub(super) action: Action,
}

/// Where a step stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its number among the steps from 1. A step of a repeat has both numbers, such as `3.1`.
    pub number: String,
    /// Its line from 1, if it is known.
    pub line: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{} (line {line})", self.number),
            None => f.write_str(&self.number),
        }
    }
}

/// What a step does.
#[derive(Debug, Clone)]
pub(super) enum Action {
    Request(Box<Call>),
    /// A duration of ISO 8601 that is longer than zero.
    Advance(String),
    Clock(Value),
    Faults(Value),
    Reset,
    Snapshot(String),
    Restore(String),
    Check(Value),
    Repeat {
        rounds: u32,
        steps: Vec<Step>,
    },
}

/// What is wrong with a step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// A member is wrong.
    #[error("{0}")]
    Member(#[from] MemberError),
    /// The step does nothing or more than one thing.
    #[error("a step has exactly one of the members {}", ACTIONS.join(", "))]
    NotOneAction,
    /// The contract does not have the operation, or the step does not fit it.
    #[error("{0}")]
    Parameter(#[from] ParameterError),
    /// A variable is used wrongly.
    #[error("{0}")]
    Variable(#[from] VariableError),
}

/// Reads steps in their order.
pub(super) struct Reader<'a> {
    pub(super) contract: &'a Contract,
    /// Those that the steps so far save, with any value.
    pub(super) variables: Variables,
    /// How many more steps there may be.
    pub(super) left: u32,
}

impl Reader<'_> {
    /// Reads a list of steps. `within` is the number of the repeat whose steps they are, and its rounds.
    pub(super) fn steps(
        &mut self,
        steps: Vec<Value>,
        lines: &[Spanned<Lines>],
        within: Option<(&str, u32)>,
    ) -> Result<Vec<Step>, FileError> {
        let mut read = Vec::new();
        for (position, step) in steps.into_iter().enumerate() {
            let number = match within {
                Some((number, _)) => format!("{number}.{}", position + 1),
                None => (position + 1).to_string(),
            };
            let line = lines.get(position);
            let place =
                Place { number, line: line.map(|line| line.referenced.line()).filter(|line| *line > 0) };
            let lines = line.map_or(&[][..], |line| &line.value.steps);
            read.push(self.step(step, place, lines, within.map(|(_, rounds)| rounds))?);
        }
        Ok(read)
    }

    /// Reads a step that is done once, or in each of the `rounds` of a repeat.
    fn step(
        &mut self,
        step: Value,
        place: Place,
        lines: &[Spanned<Lines>],
        rounds: Option<u32>,
    ) -> Result<Step, FileError> {
        let at = |error: StepError| FileError::Step { place: place.clone(), error };
        let (action, mut members) = action_of(step).map_err(at)?;
        let title = members.text("title", NAME_CHARACTERS).map_err(|error| at(error.into()))?;
        if action == "repeat" {
            let nested = || at(wrong("repeat", "outside of the steps of another `repeat`").into());
            if rounds.is_some() {
                return Err(nested());
            }
            return self.repeat(members, place, title, lines);
        }
        self.left = (self.left.checked_sub(rounds.unwrap_or(1)))
            .ok_or_else(|| FileError::TooManySteps(place.clone()))?;
        let action = self.action(action, members).map_err(at)?;
        Ok(Step { title: title.unwrap_or_else(|| action.title()), place, action })
    }

    fn repeat(
        &mut self,
        mut members: Members,
        place: Place,
        title: Option<String>,
        lines: &[Spanned<Lines>],
    ) -> Result<Step, FileError> {
        let at = |error: MemberError| FileError::Step { place: place.clone(), error: error.into() };
        let rounds = members.take("repeat").and_then(|rounds| u32::try_from(rounds.as_u64()?).ok());
        let rounds = (rounds.filter(|rounds| (1..=STEPS).contains(rounds)))
            .ok_or_else(|| at(wrong("repeat", "a number of rounds from 1 to 5000")))?;
        let steps = match members.take("steps") {
            Some(Value::Array(steps)) if !steps.is_empty() => steps,
            Some(_) => return Err(at(wrong("steps", "a list with at least one step"))),
            None => return Err(at(MemberError::Missing("steps".to_owned()))),
        };
        self.variables.set_round(Some(1));
        let steps = self.steps(steps, lines, Some((&place.number, rounds)))?;
        self.variables.set_round(None);
        let title = title.unwrap_or_else(|| format!("repeat {rounds}"));
        Ok(Step { place, title, action: Action::Repeat { rounds, steps } })
    }

    fn action(&mut self, name: &str, mut members: Members) -> Result<Action, StepError> {
        let value = |members: &mut Members| members.take(name).unwrap_or_default();
        Ok(match name {
            "op" => Action::Request(Box::new(Call::read(members, self.contract, &mut self.variables)?)),
            "advance" => Action::Advance(duration(&value(&mut members))?),
            "clock" => Action::Clock(self.known(clock_of(name, value(&mut members))?)?),
            "faults" => Action::Faults(self.known(list(name, value(&mut members))?)?),
            "reset" if value(&mut members) == Value::Bool(true) => Action::Reset,
            "reset" => return Err(wrong(name, "true").into()),
            "snapshot" => Action::Snapshot(snapshot(name, &value(&mut members))?),
            "restore" => Action::Restore(snapshot(name, &value(&mut members))?),
            "check" => {
                let assertions = value(&mut members);
                if !assertions.is_object() {
                    return Err(wrong(name, "a mapping of assertions").into());
                }
                Action::Check(self.known(assertions)?)
            }
            _ => return Err(StepError::NotOneAction),
        })
    }

    /// Fails if the value has a variable that no earlier step saves.
    fn known(&self, value: Value) -> Result<Value, VariableError> {
        self.variables.fill(&value)?;
        Ok(value)
    }
}

/// The one member of a step that says what it does, and all members.
fn action_of(step: Value) -> Result<(&'static str, Members), StepError> {
    let Some(members) = step.as_object() else { return Err(wrong("step", "a mapping of members").into()) };
    let mut actions = ACTIONS.into_iter().filter(|name| members.contains_key(*name));
    let (action, other) = (actions.next(), actions.next());
    // An unknown member is more likely a mistyped name of an action than an action too many.
    let known: Vec<&str> = match action {
        None => ACTIONS.iter().chain(&OF_A_REQUEST).copied().collect(),
        Some("op") => OF_A_REQUEST.into_iter().chain(ACTIONS).collect(),
        Some("repeat") => vec!["title", "steps"].into_iter().chain(ACTIONS).collect(),
        Some(_) => vec!["title"].into_iter().chain(ACTIONS).collect(),
    };
    let members = Members::of(step, "", &known)?;
    match (action, other) {
        (Some(action), None) => Ok((action, members)),
        _ => Err(StepError::NotOneAction),
    }
}

impl Action {
    fn title(&self) -> String {
        match self {
            Action::Request(call) => call.name.clone(),
            Action::Advance(by) => format!("advance {by}"),
            Action::Clock(_) => "clock".to_owned(),
            Action::Faults(rules) => match rules.as_array().map_or(0, Vec::len) {
                0 => "no faults".to_owned(),
                _ => "faults".to_owned(),
            },
            Action::Reset => "reset".to_owned(),
            Action::Snapshot(name) => format!("snapshot {name}"),
            Action::Restore(name) => format!("restore {name}"),
            Action::Check(_) => "check".to_owned(),
            Action::Repeat { rounds, .. } => format!("repeat {rounds}"),
        }
    }
}

fn duration(value: &Value) -> Result<String, MemberError> {
    let text = value.as_str().filter(|text| text.len() <= DURATION_BYTES);
    let longer = |text: &&str| text.parse::<Span>().is_ok_and(Span::is_positive);
    text.filter(longer).map(str::to_owned).ok_or_else(|| {
        wrong("advance", "a duration of ISO 8601 that is longer than zero, for example PT2H or P1D")
    })
}

/// Names of snapshots are parts of names of files.
fn snapshot(member: &str, value: &Value) -> Result<String, MemberError> {
    let is_part = |character: char| matches!(character, 'a'..='z' | '0'..='9' | '-');
    let is_name = |name: &&str| (1..=SNAPSHOT_BYTES).contains(&name.len()) && name.chars().all(is_part);
    let name = value.as_str().filter(is_name).map(str::to_owned);
    name.ok_or_else(|| wrong(member, "a name of 1 to 64 characters of `a-z`, `0-9` and `-`"))
}

const ACTIONS: [&str; 9] =
    ["op", "advance", "clock", "faults", "reset", "snapshot", "restore", "check", "repeat"];
const OF_A_REQUEST: [&str; 8] = ["title", "path", "query", "headers", "body", "as", "expect", "save"];
const DURATION_BYTES: usize = 64;
const SNAPSHOT_BYTES: usize = 64;

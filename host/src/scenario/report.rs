//! What came of a scenario: as JSON, as text for people, and as JUnit XML.

mod junit;

use std::fmt;
use std::time::Duration;

use hyper::Response;
use hyper::body::Bytes;
use serde::{Serialize, Serializer};

pub use self::junit::junit;
use super::expect::Failure;
use super::run::Mode;

/// The report of a scenario. `Display` is the text for people.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The name of the scenario.
    pub name: String,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it was run for.
    pub mode: Mode,
    /// Whether every step was done and every expectation held.
    pub held: bool,
    /// How long the whole took, in microseconds in JSON.
    #[serde(rename = "took_us", serialize_with = "microseconds")]
    pub took: Duration,
    /// Every step in its order.
    pub steps: Vec<StepReport>,
}

/// The report of a step.
#[derive(Debug, Clone, Serialize)]
pub struct StepReport {
    /// Its number in the file, such as `3`, or `3.1` for a step of a repeat. `start` and `end` are what the head of the file
    /// asks for.
    pub number: String,
    /// The round, from 1, of a step of a repeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round: Option<u32>,
    /// Its line in the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// What the step does.
    pub title: String,
    /// What came of it.
    pub outcome: Outcome,
    /// How long it took, in microseconds in JSON.
    #[serde(rename = "took_us", serialize_with = "microseconds")]
    pub took: Duration,
    /// The expectations that did not hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Failure>,
    /// The answer, if the step is a request and its answer was not lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The step was done, and its expectations held.
    Held,
    /// The step failed.
    Failed,
    /// An earlier step failed.
    NotDone,
}

impl Outcome {
    pub(super) fn of(failures: &[Failure]) -> Outcome {
        if failures.is_empty() { Outcome::Held } else { Outcome::Failed }
    }
}

/// The start of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Its status.
    pub status: u16,
    /// The start of its body as text. It is empty if the step held.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body: String,
}

impl Found {
    pub(super) fn of(answer: &Response<Bytes>) -> Found {
        let start = answer.body().get(..BODY_BYTES).unwrap_or(answer.body());
        let is_cut = start.len() < answer.body().len();
        let body = String::from_utf8_lossy(start).into_owned() + if is_cut { "…" } else { "" };
        Found { status: answer.status().as_u16(), body }
    }
}

impl Report {
    pub(super) fn new(name: String, description: Option<String>, mode: Mode) -> Report {
        Report { name, description, mode, held: true, took: Duration::ZERO, steps: Vec::new() }
    }

    pub(super) fn add(&mut self, mut step: StepReport) {
        match step.outcome {
            Outcome::Failed => self.held = false,
            // The answers of 5,000 steps that held would be most of the report.
            Outcome::Held | Outcome::NotDone => step.found.iter_mut().for_each(|found| found.body.clear()),
        }
        self.steps.push(step);
    }

    pub(super) fn took(&mut self, took: Duration) {
        self.took = took;
    }
}

impl StepReport {
    /// The report of a step that is not done.
    pub(super) fn new(number: String, title: String) -> StepReport {
        StepReport {
            number,
            round: None,
            line: None,
            title,
            outcome: Outcome::NotDone,
            took: Duration::ZERO,
            failures: Vec::new(),
            found: None,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, held) = (line(&self.name), if self.held { "held" } else { "failed" });
        writeln!(f, "{name}: {held} ({} ms)", self.took.as_millis())?;
        for step in &self.steps {
            // Of a step that is repeated, the first round and the one that failed are enough.
            if step.round.is_none_or(|round| round == 1) || step.outcome == Outcome::Failed {
                write!(f, "{step}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for StepReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.outcome {
            Outcome::Held => '✓',
            Outcome::Failed => '✗',
            Outcome::NotDone => '·',
        };
        write!(f, "  {mark} {:>5}  {}", line(&self.number), line(&self.title))?;
        match (self.outcome, &self.found) {
            (Outcome::NotDone, _) => write!(f, " (not done)")?,
            (Outcome::Held | Outcome::Failed, Some(found)) => write!(f, " -> {}", found.status)?,
            (Outcome::Held | Outcome::Failed, None) => {}
        }
        if self.outcome == Outcome::Failed {
            let place = self.line.map(|line| format!("line {line}"));
            let round = self.round.map(|round| format!("round {round}"));
            let places: Vec<String> = place.into_iter().chain(round).collect();
            if !places.is_empty() {
                write!(f, "   [{}]", places.join(", "))?;
            }
        }
        writeln!(f)?;
        for failure in &self.failures {
            writeln!(f, "{INDENT}{}", line(&failure.what))?;
            writeln!(f, "{INDENT}  wanted   {}", line(&failure.wanted))?;
            writeln!(f, "{INDENT}  found    {}", line(&failure.found))?;
            if let Some(nearest) = &failure.nearest {
                writeln!(f, "{INDENT}  nearest  {}", line(nearest))?;
            }
        }
        match &self.found {
            Some(found) if self.outcome == Outcome::Failed && !found.body.is_empty() => {
                writeln!(f, "{INDENT}answer   {}", line(&found.body))
            }
            _ => Ok(()),
        }
    }
}

/// A text on one line, without characters that would control a terminal.
fn line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

fn microseconds<S: Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(took.as_micros()).unwrap_or(u64::MAX))
}

const INDENT: &str = "           ";
/// As much of an answer as a failed step shows.
const BODY_BYTES: usize = 2_000;

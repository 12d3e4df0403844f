//! Does the steps of a scenario in a world, one after the other.

use std::future::Future;
use std::time::Duration;

use hyper::Response;
use hyper::body::Bytes;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::expect::Failure;
use super::file::Scenario;
use super::report::{Found, Outcome, Report, StepReport};
use super::request::Call;
use super::step::{Action, Step};
use super::variables::Variables;
use super::{World, WorldError};

/// What a scenario is run for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// A test: the world is reset first, and the faults of the file apply to the steps.
    Run,
    /// Puts data into the world: the faults of the file are set after the last step. The world is reset first only if the
    /// file has a seed, because a seed counts from a reset.
    Seed,
}

/// Runs a scenario. The first step that fails ends the run; the report has every step.
///
/// A failed run leaves the world as it is then. Whoever seeds a world that must not change if that fails takes a snapshot
/// before.
pub async fn run(scenario: &Scenario, world: &dyn World, mode: Mode) -> Report {
    let report = Report::new(scenario.name.clone(), scenario.description.clone(), mode);
    let mut run = Run { world, variables: Variables::default(), report };
    let begun = Instant::now();
    if run.begin(scenario, mode).await {
        run.steps(&scenario.steps).await;
    } else {
        turns(&scenario.steps).filter(Turn::is_first).for_each(|turn| run.report.add(turn.entry()));
    }
    if let (Mode::Seed, Some(faults), true) = (mode, &scenario.faults, run.report.held) {
        run.control("end", "faults of the file", world.set_faults(faults)).await;
    }
    run.report.took(begun.elapsed());
    run.report
}

struct Run<'a> {
    world: &'a dyn World,
    variables: Variables,
    report: Report,
}

impl Run<'_> {
    /// Does what the head of the file says. Returns whether that succeeds.
    async fn begin(&mut self, scenario: &Scenario, mode: Mode) -> bool {
        let (world, clock) = (self.world, scenario.clock.as_ref());
        if mode == Mode::Run || scenario.seed.is_some() {
            let seed = scenario.seed.map(|seed| format!(" with the seed {seed}")).unwrap_or_default();
            self.control("start", &format!("reset{seed}"), world.reset(scenario.seed, clock)).await;
        } else if let Some(clock) = clock {
            self.control("start", "clock of the file", world.set_clock(clock)).await;
        }
        if let (Mode::Run, Some(faults), true) = (mode, &scenario.faults, self.report.held) {
            self.control("start", "faults of the file", world.set_faults(faults)).await;
        }
        self.report.held
    }

    async fn steps(&mut self, steps: &[Step]) {
        let mut turns = turns(steps);
        for turn in turns.by_ref() {
            let begun = Instant::now();
            self.variables.set_round(turn.round);
            let done = timeout(STEP_TIME, self.step(turn.step)).await;
            let Done { failures, found } = done.unwrap_or_else(|_| {
                Done::failed(Failure::new(
                    "step",
                    format!("done within {} s", STEP_TIME.as_secs()),
                    "not done",
                ))
            });
            let outcome = Outcome::of(&failures);
            let entry = StepReport { outcome, failures, found, took: begun.elapsed(), ..turn.entry() };
            self.report.add(entry);
            if outcome == Outcome::Failed {
                break;
            }
        }
        turns.filter(Turn::is_first).for_each(|turn| self.report.add(turn.entry()));
    }

    async fn step(&mut self, step: &Step) -> Done {
        let world = self.world;
        match &step.action {
            Action::Request(call) => self.request(call).await,
            Action::Advance(by) => world.advance(by).await.into(),
            Action::Clock(clock) => match self.variables.fill(clock) {
                Ok(clock) => world.set_clock(&clock).await.into(),
                Err(error) => Done::refused(&error),
            },
            Action::Faults(rules) => match self.variables.fill(rules) {
                Ok(rules) => world.set_faults(&rules).await.into(),
                Err(error) => Done::refused(&error),
            },
            Action::Reset => world.reset(None, None).await.into(),
            Action::Snapshot(name) => world.snapshot(name).await.into(),
            Action::Restore(name) => world.restore(name).await.into(),
            Action::Check(assertions) => match self.variables.fill(assertions) {
                Ok(assertions) => judged(world.check(&assertions).await),
                Err(error) => Done::refused(&error),
            },
            // Its steps have turns of their own.
            Action::Repeat { .. } => Done::default(),
        }
    }

    async fn request(&mut self, call: &Call) -> Done {
        let request = match call.request(&self.variables) {
            Ok(request) => request,
            Err(error) => return Done::refused(&error),
        };
        let answer = self.world.perform(call.client.as_deref(), request).await;
        let found = answer.as_ref().map(Found::of);
        let mut failures = match call.expected.failures(answer.as_ref(), &self.variables) {
            Ok(failures) => failures,
            Err(error) => return Done { found, ..Done::refused(&error) },
        };
        if failures.is_empty() {
            failures = self.save(call, answer.as_ref());
        }
        Done { failures, found }
    }

    fn save(&mut self, call: &Call, answer: Option<&Response<Bytes>>) -> Vec<Failure> {
        let Some(answer) = answer else { return Vec::new() };
        call.save(answer, &mut self.variables)
            .unwrap_or_else(|error| vec![Failure::new("save", "a new variable", error.to_string())])
    }

    /// Uses a control that is not a step, and reports it.
    async fn control(
        &mut self,
        number: &str,
        title: &str,
        control: impl Future<Output = Result<(), WorldError>>,
    ) {
        let begun = Instant::now();
        let done = timeout(STEP_TIME, control).await;
        let late = || WorldError(format!("it was not done within {} s", STEP_TIME.as_secs()));
        let Done { failures, .. } = done.unwrap_or_else(|_| Err(late())).into();
        let entry = StepReport::new(number.to_owned(), title.to_owned());
        self.report.add(StepReport {
            outcome: Outcome::of(&failures),
            failures,
            took: begun.elapsed(),
            ..entry
        });
    }
}

/// What came of a step.
#[derive(Default)]
struct Done {
    failures: Vec<Failure>,
    found: Option<Found>,
}

impl Done {
    fn failed(failure: Failure) -> Done {
        Done { failures: vec![failure], found: None }
    }

    fn refused(why: &impl ToString) -> Done {
        Done::failed(Failure::new("step", "done", why.to_string()))
    }
}

impl From<Result<(), WorldError>> for Done {
    fn from(done: Result<(), WorldError>) -> Done {
        match done {
            Ok(()) => Done::default(),
            Err(error) => Done::refused(&error),
        }
    }
}

/// The failures of a verdict.
fn judged(verdict: Result<Value, WorldError>) -> Done {
    let verdict = match verdict {
        Ok(verdict) => verdict,
        Err(error) => return Done::refused(&error),
    };
    if verdict.get("held") == Some(&Value::Bool(true)) {
        return Done::default();
    }
    let listed = verdict.get("failures").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let failures: Vec<Failure> = listed.iter().map(failure).collect();
    if failures.is_empty() {
        return Done::failed(Failure::new("check", "held", verdict.to_string()));
    }
    Done { failures, found: None }
}

fn failure(of_check: &Value) -> Failure {
    let text = |name: &str| of_check.get(name).map(shown);
    Failure {
        what: text("what").unwrap_or_else(|| "check".to_owned()),
        wanted: text("wanted").unwrap_or_else(|| "held".to_owned()),
        found: text("found").unwrap_or_else(|| "not held".to_owned()),
        nearest: of_check.get("nearest").map(nearest),
    }
}

/// The call or the item that comes nearest, on one line.
fn nearest(of_check: &Value) -> String {
    let Some(differs) = of_check.get("differs").and_then(Value::as_array) else { return shown(of_check) };
    let differs = differs.iter().map(shown).collect::<Vec<_>>().join("; ");
    match (of_check.get("n"), of_check.get("key")) {
        (Some(n), _) => format!("call {n}: {differs}"),
        (None, Some(key)) => format!("{}: {differs}", shown(key)),
        (None, None) => differs,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// A step, and the round in which it is done if it is a step of a repeat.
struct Turn<'a> {
    step: &'a Step,
    round: Option<u32>,
}

impl Turn<'_> {
    /// Steps that are not done are reported once, not once for each round.
    fn is_first(&self) -> bool {
        self.round.is_none_or(|round| round == 1)
    }

    /// The report of the step while it is not done.
    fn entry(&self) -> StepReport {
        let place = &self.step.place;
        let entry = StepReport::new(place.number.clone(), self.step.title.clone());
        StepReport { line: place.line, round: self.round, ..entry }
    }
}

/// All steps in the order in which they are done.
fn turns(steps: &[Step]) -> impl Iterator<Item = Turn<'_>> {
    steps.iter().flat_map(|step| {
        let (rounds, steps) = if let Action::Repeat { rounds, steps } = &step.action {
            (1..=*rounds, steps.as_slice())
        } else {
            (0..=0, std::slice::from_ref(step))
        };
        // A step outside of a repeat has no round.
        rounds.flat_map(move |round| {
            steps.iter().map(move |step| Turn { step, round: (round > 0).then_some(round) })
        })
    })
}

/// More than the deadline of any request, and than a check may wait. It ends a step that hangs.
const STEP_TIME: Duration = Duration::from_mins(2);

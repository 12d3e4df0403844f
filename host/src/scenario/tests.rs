mod answers;
mod examples;
mod reading;
mod running;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use hyper::body::Bytes;
use hyper::{Request, Response};
use serde_json::Value;

use super::{FileError, Mode, Outcome, Report, Scenario, World, WorldError, run};
use crate::contract::Contract;

const PETS: &str = r"
openapi: 3.0.3
paths:
  /pets/{name}:
    parameters: [{name: name, in: path, required: true}]
    get: {operationId: read_pet, parameters: [{name: lang, in: query}]}
  /pets:
    post:
      operationId: create_pet
      parameters: [{name: Idempotency-Key, in: header}]
      requestBody: {required: true, content: {application/json: {}}}
    get: {operationId: list_pets, parameters: [{name: owner, in: query, required: true}]}
";

fn parse(file: &str) -> Result<Scenario, FileError> {
    Scenario::parse(file.as_bytes(), &Contract::parse(PETS).unwrap())
}

/// The error of a file with these steps.
fn wrong(steps: &str) -> String {
    let file = format!("name: pets\nsteps:\n{steps}");
    parse(&file).map(|_| ()).expect_err(steps).to_string()
}

/// A world that answers what it was told to, and writes down what it was asked.
#[derive(Default)]
struct Told {
    answers: Mutex<VecDeque<Option<Response<Bytes>>>>,
    asked: Mutex<Vec<String>>,
    verdict: Value,
}

impl Told {
    fn answers(answers: impl IntoIterator<Item = (u16, &'static str)>) -> Told {
        let answer = |(status, body): (u16, &'static str)| {
            let answer = Response::builder().status(status).header("etag", "\"7\"");
            Some(answer.body(Bytes::from_static(body.as_bytes())).unwrap())
        };
        Told { answers: Mutex::new(answers.into_iter().map(answer).collect()), ..Told::default() }
    }

    fn asked(&self) -> MutexGuard<'_, Vec<String>> {
        self.asked.lock().unwrap()
    }

    fn note(&self, what: String) -> Result<(), WorldError> {
        let refused = what.contains("refuse").then(|| WorldError(format!("{what} is refused")));
        self.asked().push(what);
        refused.map_or(Ok(()), Err)
    }
}

#[async_trait]
impl World for Told {
    async fn perform(&self, client: Option<&str>, request: Request<Bytes>) -> Option<Response<Bytes>> {
        let (parts, body) = request.into_parts();
        let mut asked =
            vec![client.unwrap_or("-").to_owned(), parts.method.to_string(), parts.uri.to_string()];
        for (name, value) in &parts.headers {
            asked.push(format!("{name}={}", value.to_str().unwrap()));
        }
        asked.push(str::from_utf8(&body).unwrap().to_owned());
        self.asked().push(asked.join(" ").trim_end().to_owned());
        self.answers.lock().unwrap().pop_front().expect("a request too many")
    }

    async fn set_clock(&self, clock: &Value) -> Result<(), WorldError> {
        self.note(format!("clock {clock}"))
    }

    async fn advance(&self, by: &str) -> Result<(), WorldError> {
        self.note(format!("advance {by}"))
    }

    async fn set_faults(&self, rules: &Value) -> Result<(), WorldError> {
        self.note(format!("faults {rules}"))
    }

    async fn reset(&self, seed: Option<u64>, clock: Option<&Value>) -> Result<(), WorldError> {
        let shown = (seed.map(|seed| seed.to_string()), clock.map(Value::to_string));
        self.note(
            format!("reset {} {}", shown.0.unwrap_or_default(), shown.1.unwrap_or_default())
                .trim_end()
                .to_owned(),
        )
    }

    async fn snapshot(&self, name: &str) -> Result<(), WorldError> {
        self.note(format!("snapshot {name}"))
    }

    async fn restore(&self, name: &str) -> Result<(), WorldError> {
        self.note(format!("restore {name}"))
    }

    async fn check(&self, assertions: &Value) -> Result<Value, WorldError> {
        self.note(format!("check {assertions}")).map(|()| self.verdict.clone())
    }
}

async fn report_of(world: &Told, mode: Mode, head: &str, steps: &str) -> Report {
    let scenario =
        parse(&format!("name: pets\n{head}\nsteps:\n{steps}")).unwrap_or_else(|error| panic!("{error}"));
    run(&scenario, world, mode).await
}

async fn done(world: &Told, steps: &str) -> Report {
    report_of(world, Mode::Run, "", steps).await
}

fn outcomes(report: &Report) -> Vec<(&str, Outcome)> {
    report.steps.iter().map(|step| (step.number.as_str(), step.outcome)).collect()
}

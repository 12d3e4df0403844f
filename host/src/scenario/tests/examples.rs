//! The scenarios of `examples/scenarios`, in a host whose controls are played.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use async_trait::async_trait;
use clap::Parser;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, Response};
use serde_json::Value;

use crate::config::Config;
use crate::contract::Contract;
use crate::host::Host;
use crate::scenario::{Mode, Scenario, World, WorldError, run};

const KEY: &str = "a-key-for-the-tests-0123456789";

/// A host that answers requests. Of the controls it has only the two faults that the examples need.
struct Played {
    host: Host,
    faults: Mutex<Vec<Value>>,
}

impl Played {
    /// Whether a fault hits this request.
    fn hit(&self, at: &str, is_of: impl Fn(&str) -> bool) -> bool {
        let mut faults = self.faults.lock().unwrap();
        let operation = |rule: &Value| rule.get("operation").and_then(Value::as_str).map(str::to_owned);
        let hit = faults.iter_mut().find(|rule| {
            rule["at"] == *at && rule["times"] != 0 && operation(rule).is_none_or(|name| is_of(&name))
        });
        let Some(rule) = hit else { return false };
        if let Some(times) = rule["times"].as_u64() {
            rule["times"] = Value::from(times - 1);
        }
        true
    }
}

#[async_trait]
impl World for Played {
    async fn perform(&self, _client: Option<&str>, mut request: Request<Bytes>) -> Option<Response<Bytes>> {
        let pipeline = &self.host.pipeline;
        request.headers_mut().insert("x-api-key", KEY.parse().unwrap());
        request.headers_mut().insert("host", "localhost".parse().unwrap());
        let route = pipeline.contract.route(request.method(), request.uri().path());
        let operation = route.and_then(|route| route.operation.id.clone()).unwrap();
        if self.hit("door", |name| name == operation) {
            let answer = Response::builder().status(429).header("retry-after", 1);
            return Some(answer.body(Bytes::from_static(b"{\"message\": \"Too Many Requests\"}")).unwrap());
        }
        let (parts, body) = pipeline.answer(request.map(Full::new)).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (!self.hit("answer", |name| name == operation)).then(|| Response::from_parts(parts, body))
    }

    async fn set_clock(&self, _clock: &Value) -> Result<(), WorldError> {
        Ok(())
    }

    async fn advance(&self, _by: &str) -> Result<(), WorldError> {
        Ok(())
    }

    async fn set_faults(&self, rules: &Value) -> Result<(), WorldError> {
        *self.faults.lock().unwrap() = rules.as_array().unwrap().clone();
        Ok(())
    }

    async fn reset(&self, _seed: Option<u64>, _clock: Option<&Value>) -> Result<(), WorldError> {
        Ok(())
    }

    async fn snapshot(&self, _name: &str) -> Result<(), WorldError> {
        Err(WorldError("it is not played here".to_owned()))
    }

    async fn restore(&self, _name: &str) -> Result<(), WorldError> {
        Err(WorldError("it is not played here".to_owned()))
    }

    async fn check(&self, _assertions: &Value) -> Result<Value, WorldError> {
        Ok(serde_json::json!({"held": true}))
    }
}

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/scenarios");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut scenarios: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")).collect();
    scenarios.sort();
    scenarios
}

fn read(path: &Path) -> Scenario {
    let contract = Contract::parse(include_str!("../../../../openapi.yaml")).unwrap();
    let file = std::fs::read(path).unwrap();
    Scenario::parse(&file, &contract).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_examples_fit_the_contract_of_the_built_in_component() {
    let names: Vec<String> = examples().iter().map(|path| read(path).name).collect();
    assert!(names.len() >= 6, "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_hold_in_a_host() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let flags = ["portdesk", "--store", "memory", "--rate-limit", "off", "--data-dir", data];
    let config = Config { api_key: Some(KEY.to_owned()), ..Config::parse_from(flags) };
    for path in examples() {
        // Its dates are those of a clock that is not played here.
        if path.ends_with("throttled-day.yaml") {
            continue;
        }
        let world = Played { host: Host::open(&config).await.unwrap(), faults: Mutex::default() };
        let report = run(&read(&path), &world, Mode::Run).await;
        assert!(report.held, "{report}");
    }
}

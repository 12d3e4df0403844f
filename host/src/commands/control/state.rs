//! `portdesk reset`, `seed`, `snapshot` and `restore`: the items of a space.

use std::path::PathBuf;

use clap::Args;
use hyper::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::client::Client;
use super::{SpaceOf, Target, people, read};
use crate::commands::Ended;
use crate::commands::output::print;
use crate::config::name;

#[derive(Debug, Args)]
pub(in crate::commands) struct Reset {
    #[command(flatten)]
    space: SpaceOf,

    /// Seed after the reset, in place of the one that the space began with
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,

    /// Time at which the clock stands after the reset, in steps of a millisecond for each request
    #[arg(long, value_name = "TIME")]
    clock: Option<Timestamp>,

    /// Keep the rules of faults
    #[arg(long)]
    keep_faults: bool,

    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
pub(in crate::commands) struct Restore {
    /// Name of the snapshot
    #[arg(value_parser = name)]
    name: String,

    #[command(flatten)]
    space: SpaceOf,

    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
pub(in crate::commands) struct Seed {
    /// Scenario file, in YAML or JSON
    file: PathBuf,

    #[command(flatten)]
    space: SpaceOf,

    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
pub(in crate::commands) struct Snapshot {
    /// Name of the snapshot: 1 to 64 lower-case letters, digits and `-`; without it, all snapshots are listed
    #[arg(value_parser = name)]
    name: Option<String>,

    /// Remove the snapshot of this name
    #[arg(long, requires = "name")]
    delete: bool,

    #[command(flatten)]
    space: SpaceOf,

    #[command(flatten)]
    target: Target,
}

pub(super) fn reset(reset: &Reset) -> Result<(), Ended> {
    let clock = reset.clock.map(|at| json!({"mode": "stepping", "at": at}));
    let body = json!({"seed": reset.seed, "clock": clock, "keep_faults": reset.keep_faults});
    let body = reset.space.body(body);
    reset.target.perform(Method::POST, "/v1/reset", Some(&body), |done| {
        let (before, items) = (done.pointer("/before/name"), done.pointer("/before/items"));
        let of = |value: Option<&Value>| value.map(people::short).unwrap_or_default();
        let took = of(done.get("took_ms"));
        format!(
            "the space is empty; items before: {}, in the snapshot {} ({took} ms)\n",
            of(items),
            of(before)
        )
    })
}

pub(super) fn restore(restore: &Restore) -> Result<(), Ended> {
    let path = format!("/v1/snapshots/{}/restore", restore.name);
    let body = restore.space.body(json!({}));
    restore.target.perform(Method::POST, &path, Some(&body), people::lines)
}

pub(super) fn snapshot(snapshot: &Snapshot) -> Result<(), Ended> {
    let Snapshot { name, delete, space, target } = snapshot;
    let Some(name) = name else {
        return target.perform(Method::GET, &space.of("/v1/snapshots"), None, people::lines);
    };
    let path = format!("/v1/snapshots/{name}");
    if *delete {
        let shown = |_: &Value| format!("the snapshot {name} is removed\n");
        return target.perform(Method::DELETE, &space.of(&path), None, shown);
    }
    target.perform(Method::PUT, &path, Some(&space.body(json!({}))), people::lines)
}

pub(super) fn seed(seed: &Seed) -> Result<(), Ended> {
    // The host parses the scenario, so that its errors name the line.
    let text = read(&seed.file, SCENARIO_BYTES)?;
    let client = Client::of(&seed.target)?;
    let path = seed.space.of("/v1/scenarios");
    let reply = client.send_scenario(&path, text)?;
    if reply.is_not_held() {
        if seed.target.json {
            print(&format!("{}\n", reply.body))?;
        }
        let file = seed.file.display();
        return Err(Ended::Failed(format!("{file}{}; the space is as before", failed_step(&reply.body))));
    }
    seed.target.print(&reply.done()?.body, seeded)
}

/// What a scenario did.
fn seeded(report: &Value) -> String {
    let done = report.get("steps").and_then(Value::as_array).map_or(0, Vec::len);
    let steps = if done == 1 { "step" } else { "steps" };
    let took_ms = report.get("took_us").and_then(Value::as_u64).unwrap_or_default() / 1000;
    let name = report.get("name").map(people::short).unwrap_or_default();
    format!("{name}: {done} {steps} done ({took_ms} ms)\n")
}

/// Where a scenario failed and why, to stand behind the name of its file.
fn failed_step(report: &Value) -> String {
    let steps = report.get("steps").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let failed = |step: &&Value| step.get("outcome").and_then(Value::as_str) == Some("failed");
    let Some(step) = steps.iter().find(failed) else { return ": a step failed".to_owned() };
    let text = |value: &Value, name: &str| value.get(name).map(people::short).unwrap_or_default();
    let line = step.get("line").map_or_else(String::new, |line| format!(", line {line}"));
    let failures = step.get("failures").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let why = failures.iter().map(|failure| {
        let (what, wanted, found) = (text(failure, "what"), text(failure, "wanted"), text(failure, "found"));
        let nearest = failure
            .get("nearest")
            .map_or_else(String::new, |nearest| format!(" (nearest: {})", people::short(nearest)));
        format!("{what}: wanted {wanted}, found {found}{nearest}")
    });
    let why = why.collect::<Vec<_>>().join("; ");
    let body = step.pointer("/found/body").and_then(Value::as_str).unwrap_or_default();
    let said = serde_json::from_str::<Value>(body).ok();
    let said = said.as_ref().and_then(|said| {
        ["detail", "message", "title"].into_iter().find_map(|name| said.get(name).map(people::short))
    });
    let said = said.map_or_else(String::new, |said| format!("; the answer says: {said}"));
    format!("{line}: step {} ({}) failed: {why}{said}", text(step, "number"), text(step, "title"))
}

/// The most bytes that the console takes.
const SCENARIO_BYTES: u64 = 8 << 20;

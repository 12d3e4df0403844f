//! `portdesk check FILE` with expectations: whether a running host did what a test expects.

use std::ffi::OsStr;
use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use hyper::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::client::Client;
use super::{Target, parse, people, read};
use crate::commands::Ended;
use crate::config::name;

/// The arguments of `portdesk check`, which checks a component file too.
#[derive(Debug, Args)]
pub(in crate::commands) struct Arguments {
    /// A component file, or a file with expectations in YAML or JSON
    pub(in crate::commands) file: PathBuf,

    /// How long the expectations may take to hold, for example 5s; 60s at most
    #[arg(long, value_name = "TIME", value_parser = milliseconds)]
    within: Option<u64>,

    /// Space of the expectations, in place of the one in the file
    #[arg(long, value_name = "NAME", value_parser = name)]
    space: Option<String>,

    #[command(flatten)]
    target: Target,
}

impl Arguments {
    /// Whether the file is a component and not a list of expectations.
    pub(in crate::commands) fn is_of_component(&self) -> bool {
        let ending = self.file.extension().and_then(OsStr::to_str).unwrap_or_default();
        !["json", "yaml", "yml"].contains(&ending)
    }
}

pub(in crate::commands) fn run(arguments: &Arguments) -> Result<(), Ended> {
    let file = arguments.file.display();
    let mut body = parse(&read(&arguments.file, FILE_BYTES)?)
        .map_err(|why| Ended::WrongUse(format!("{file}: {why}")))?;
    let Value::Object(members) = &mut body else {
        return Err(Ended::WrongUse(format!(
            "{file}: the expectations are not an object; see docs/testing-agents.md"
        )));
    };
    if let Some(space) = &arguments.space {
        members.insert("space".to_owned(), json!(space));
    }
    if let Some(within_ms) = arguments.within {
        members.insert("within_ms".to_owned(), json!(within_ms));
    }
    let reply = Client::of(&arguments.target)?.send(Method::POST, "/v1/check", Some(&body))?;
    if !reply.is_not_held() {
        let answer = reply.done()?.body;
        return arguments.target.print(&answer, |_| format!("held: {file}\n"));
    }
    arguments.target.print(&reply.body, failures)?;
    Err(Ended::Failed(format!("not held: {file}")))
}

/// Each expectation that does not hold, what was found, and what came nearest.
fn failures(verdict: &Value) -> String {
    let mut out = String::new();
    for failure in verdict.get("failures").and_then(Value::as_array).into_iter().flatten() {
        let _ = writeln!(out, "not held: {}", failure.get("what").map(people::short).unwrap_or_default());
        for name in ["found", "nearest"] {
            if let Some(value) = failure.get(name).filter(|value| !value.is_null()) {
                let _ = writeln!(out, "  {name}: {}", people::short(value));
            }
        }
    }
    out
}

fn milliseconds(text: &str) -> Result<u64, &'static str> {
    const WRONG: &str = "not a time of up to 60 seconds, for example 5s or 500ms";
    let time: SignedDuration = text.parse().map_err(|_| WRONG)?;
    u64::try_from(time.as_millis()).ok().filter(|milliseconds| *milliseconds <= 60_000).ok_or(WRONG)
}

/// The most bytes of a body that the console takes.
const FILE_BYTES: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_at_most_a_minute() {
        for (text, expected) in [("5s", 5000), ("500ms", 500), ("1m", 60_000), ("0s", 0), ("PT2S", 2000)] {
            assert_eq!(milliseconds(text), Ok(expected), "{text}");
        }
        for bad in ["", "5", "61s", "-1s", "soon"] {
            assert!(milliseconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_failure_says_what_was_found_and_what_came_nearest() {
        let verdict = json!({"held": false, "failures": [
            {"what": "calls[0]", "found": 0, "nearest": {"n": 7, "differs": ["/status: open, wanted resolved"]}},
            {"what": "items[0]", "found": 2, "nearest": null},
        ]});
        let shown = failures(&verdict);
        assert!(shown.starts_with("not held: calls[0]\n  found: 0\n  nearest: {"), "{shown}");
        assert!(
            shown.contains("wanted resolved") && shown.ends_with("not held: items[0]\n  found: 2\n"),
            "{shown}"
        );
    }
}

//! `portdesk fault`: the faults that requests meet.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};
use hyper::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{SpaceOf, Target, parse, people, read};
use crate::commands::Ended;
use crate::faults::PRESETS;

#[derive(Debug, Subcommand)]
pub(in crate::commands) enum Command {
    /// Add a fault behind the others
    Add(Box<Add>),
    /// Put the rules of a file in place of all rules
    Set {
        /// File with a list of rules, in YAML or JSON
        file: PathBuf,
        #[command(flatten)]
        of: Of,
    },
    /// Put the rules of a preset in place of all rules
    Preset {
        /// Name of the preset
        #[arg(value_parser = PossibleValuesParser::new(PRESETS))]
        name: String,
        #[command(flatten)]
        of: Of,
    },
    /// List the rules, with how often each was asked and how often it hit
    List(Of),
    /// Remove one rule
    Remove {
        /// Id of the rule, as `list` shows it
        id: String,
        #[command(flatten)]
        of: Of,
    },
    /// Remove all rules
    Clear(Of),
}

#[derive(Debug, Args)]
pub(in crate::commands) struct Of {
    #[command(flatten)]
    space: SpaceOf,

    #[command(flatten)]
    target: Target,
}

/// The members of a rule.
#[derive(Debug, Args)]
pub(in crate::commands) struct Add {
    /// Where the fault is injected
    station: Station,

    /// What happens there: a word, or YAML
    ///
    /// `refuse: too_many_requests`, `status: 502` or `delay_ms: 200` at the door; `throttled`, `unavailable`, `corrupt`,
    /// `unknown: {stored: true}`, `delay_ms: 200` or `lag_ms: 200` (of lists) at the store; `lost`, `truncated`, `dripped: {bytes: 10, ms: 100}`, `replaced: {status: 502}` or
    /// `delay_ms: 200` at the answer; `red` at ready.
    what: String,

    /// Id of the rule
    #[arg(long, value_name = "ID")]
    id: Option<String>,

    /// Only requests of this operation of the contract
    #[arg(long, value_name = "OPERATION")]
    operation: Option<String>,

    /// Only this call of the store: get, insert, update or query
    #[arg(long, value_name = "VERB")]
    verb: Option<String>,

    /// Only requests of this client
    #[arg(long, value_name = "NAME")]
    client: Option<String>,

    /// How often, from 0 to 1
    #[arg(long, value_name = "NUMBER")]
    probability: Option<f64>,

    /// How many requests pass before the first fault
    #[arg(long, value_name = "COUNT")]
    skip: Option<u64>,

    /// How many faults there are at most
    #[arg(long, value_name = "COUNT")]
    times: Option<u64>,

    #[command(flatten)]
    of: Of,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Station {
    /// Before the component runs
    Door,
    /// In a call of the store
    Store,
    /// After the component has answered
    Answer,
    /// At the readiness check
    Ready,
}

pub(super) fn run(command: &Command) -> Result<(), Ended> {
    match command {
        Command::Add(add) => {
            let body = add.of.space.body(json!({"rule": rule(add)?}));
            add.of.target.perform(Method::POST, FAULTS, Some(&body), people::lines)
        }
        Command::Set { file, of } => {
            let rules = parse(&read(file, RULES_BYTES)?);
            let rules = rules.map_err(|why| Ended::WrongUse(format!("{}: {why}", file.display())))?;
            put(of, json!({"rules": rules}))
        }
        Command::Preset { name, of } => put(of, json!({"preset": name})),
        Command::List(Of { space, target }) => {
            target.perform(Method::GET, &space.of(FAULTS), None, people::lines)
        }
        Command::Remove { id, of: Of { space, target } } => {
            let path = format!("{FAULTS}/{}", utf8_percent_encode(id, NON_ALPHANUMERIC));
            target.perform(Method::DELETE, &space.of(&path), None, |_| "the rule is removed\n".to_owned())
        }
        Command::Clear(of) => put(of, json!({"rules": []})),
    }
}

fn put(of: &Of, rules: Value) -> Result<(), Ended> {
    let body = of.space.body(rules);
    of.target.perform(Method::PUT, FAULTS, Some(&body), people::lines)
}

fn rule(add: &Add) -> Result<Value, Ended> {
    let station = match add.station {
        Station::Door => "door",
        Station::Store => "store",
        Station::Answer => "answer",
        Station::Ready => "ready",
    };
    let what =
        parse(&add.what).map_err(|why| Ended::WrongUse(format!("the fault is not written well: {why}")))?;
    // A word stands for an action without members.
    let what = what.as_str().map_or_else(|| what.clone(), |word| json!({word: {}}));
    let mut rule = json!({
        "at": station, "do": what, "id": add.id, "operation": add.operation, "verb": add.verb, "client": add.client,
        "probability": add.probability, "skip": add.skip, "times": add.times,
    });
    if let Value::Object(members) = &mut rule {
        members.retain(|_, value| !value.is_null());
    }
    Ok(rule)
}

const FAULTS: &str = "/v1/faults";
/// The most bytes of a body that the console takes.
const RULES_BYTES: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        add: Add,
    }

    fn written(line: &[&str]) -> Value {
        let add = Line::parse_from(["add"].iter().chain(line)).add;
        rule(&add).unwrap_or_else(|_| panic!("{line:?}"))
    }

    #[test]
    fn a_rule_has_the_members_that_the_line_has() {
        assert_eq!(written(&["answer", "lost"]), json!({"at": "answer", "do": {"lost": {}}}));
        assert_eq!(
            written(&[
                "store",
                "unknown: {stored: true}",
                "--verb",
                "update",
                "--probability",
                "0.2",
                "--times",
                "1"
            ]),
            json!({"at": "store", "do": {"unknown": {"stored": true}}, "verb": "update", "probability": 0.2, "times": 1})
        );
        assert_eq!(written(&["door", r#"{"delay_ms":[5,9]}"#])["do"], json!({"delay_ms": [5, 9]}));
    }
}

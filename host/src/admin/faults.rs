//! `/v1/faults`: the rules of faults of a space.

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Refusal;
use super::answer::{self, Answer};
use super::asked::Asked;
use super::deeds;
use crate::faults::{PRESETS, Rule, preset, read_rules};
use crate::journal::MarkKind;
use crate::space::Space;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct All {
    #[serde(default, deserialize_with = "read_rules")]
    rules: Vec<Rule>,
    /// The name of a preset, in place of rules.
    #[serde(default)]
    preset: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    rule: Rule,
}

pub(super) fn list(asked: &Asked<'_>) -> Result<Answer, Refusal> {
    let query = asked.query(&["space"])?;
    let space = asked.space(&query)?;
    Ok(answer::json(StatusCode::OK, &shown(&space)))
}

/// Puts a list in place of all rules.
pub(super) async fn replace(asked: Asked<'_>) -> Result<Answer, Refusal> {
    let (space, All { rules, preset: name }) = asked.in_space().await?;
    let rules = match (rules.is_empty(), name) {
        (_, None) => rules,
        (true, Some(name)) => preset(&name).ok_or_else(|| {
            Refusal::Invalid(format!(
                "`preset`: there is no preset `{name}`; the presets are {}",
                PRESETS.join(", ")
            ))
        })?,
        (false, Some(_)) => return Err(Refusal::Invalid("`preset`: leave out `rules`, or this".to_owned())),
    };
    space.faults.replace(rules)?;
    Ok(changed(&space, "the faults were replaced"))
}

/// Puts a rule behind the others.
pub(super) async fn add(asked: Asked<'_>) -> Result<Answer, Refusal> {
    let (space, One { rule }) = asked.in_space().await?;
    let id = space.faults.add(rule)?;
    Ok(changed(&space, &format!("the fault {id} was added")))
}

pub(super) fn remove(asked: &Asked<'_>, id: &str) -> Result<Answer, Refusal> {
    let query = asked.query(&["space"])?;
    let space = asked.space(&query)?;
    if !space.faults.remove(id) {
        return Err(Refusal::Missing("there is no fault with this id".to_owned()));
    }
    Ok(changed(&space, &format!("the fault {id} was removed")))
}

/// How often each rule was met and asked, by its id.
pub(super) fn counts(space: &Space) -> Value {
    let counts = space.faults.rules().into_iter();
    let counts = counts
        .map(|state| (state.rule.id().unwrap_or_default().to_owned(), json!([state.hits, state.chances])));
    counts.collect::<serde_json::Map<_, _>>().into()
}

fn changed(space: &Space, text: &str) -> Answer {
    let rules = shown(space);
    space.mark(MarkKind::Faults, text, rules.clone());
    answer::json(StatusCode::OK, &rules)
}

fn shown(space: &Space) -> Value {
    let rules: Vec<Value> = space.faults.rules().iter().map(deeds::told).collect();
    json!({"space": space.name, "rules": rules})
}

//! Faults for tests: which fault a request meets, and where.
//!
//! Each space has a list of rules. A rule says at which station it applies, to which requests, with which probability, and
//! what it does there. This module decides; whoever asks applies the answer. Nothing here knows HTTP, wasm or a store.
//!
//! Chance does not depend on the order in which requests arrive: a rule's dice are thrown by what a request says and how
//! often it was said (`dice.rs`). Only `skip` and `times` count arrivals, so they are exact only for a client that sends one
//! request after the other.

mod preset;
mod delays;
mod recent;
mod rule;
mod written;
mod members;
mod rule_error;
mod action;
mod dice;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use serde::Serialize;

pub use self::action::{
    Action, AnswerAction, Body, DELAY_LIMIT_MS, DRIP_LIMIT_BYTES, Delay, DoorAction, RefusedAs, Station,
    StoreAction, Stored,
};
use self::delays::Delays;
pub use self::delays::Hurry;
pub use self::dice::Dice;
pub use self::preset::{PRESETS, preset};
use self::recent::Recent;
pub use self::rule::{NAME_LIMIT_BYTES, Rule, read_rules};
pub use self::rule_error::RuleError;
pub use crate::telemetry::Verb;

/// The most rules of a space. Every request asks each rule of a station in turn.
pub const RULES_LIMIT: usize = 64;

/// The rules of one space. The default has none.
#[derive(Debug, Default)]
pub struct Faults {
    /// Whether there is a rule, so that a request of a space without rules takes no lock.
    any: AtomicBool,
    rules: RwLock<Vec<Armed>>,
    /// The greatest number of an id `fault-N` since the last reset.
    given: AtomicU64,
    delays: Delays,
    made: Recent,
}

/// A request or a call of the store that arrives at a station.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Where it arrives.
    pub station: Station,
    /// The operation of the request, if the contract has one for it.
    pub operation: Option<&'a str>,
    /// The call of the store. `None` at the other stations.
    pub verb: Option<Verb>,
    /// The label of the API key.
    pub client: &'a str,
    /// The number of the call of the store within the request, from 0. It is 0 at the other stations.
    pub call: u32,
    /// What the chance of the request depends on.
    pub dice: &'a Dice,
}

/// A fault that a request meets.
#[derive(Debug, Clone, PartialEq)]
pub struct Injected {
    /// The id of the rule.
    pub rule: String,
    /// What to do. It belongs to the station that asked.
    pub action: Action,
}

/// A rule and how often it was asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleState {
    /// The rule, with its id.
    #[serde(flatten)]
    pub rule: Rule,
    /// How many requests or calls of the store the rule applied to, whether or not they met the fault.
    pub chances: u64,
    /// How many of them met the fault.
    pub hits: u64,
}

/// A rule in use.
#[derive(Debug)]
struct Armed {
    id: String,
    rule: Rule,
    chances: AtomicU64,
    hits: AtomicU64,
}

impl Faults {
    /// Puts `rules` in place of all rules, with new counts. A rule without an id gets the first free of `fault-1`, `fault-2`
    /// and so on. If this fails, everything is as before.
    pub fn replace(&self, rules: Vec<Rule>) -> Result<(), RuleError> {
        let armed = armed(rules)?;
        let numbers = armed.iter().filter_map(|armed| armed.id.strip_prefix("fault-")?.parse::<u32>().ok());
        self.given.fetch_max(numbers.max().unwrap_or_default().into(), Ordering::Relaxed);
        let mut held = self.write();
        *held = armed;
        self.any.store(!held.is_empty(), Ordering::Relaxed);
        Ok(())
    }

    /// Puts `rule` behind all others, whose counts stay, and returns its id. A rule without an id gets one that no rule had
    /// since the last reset, because the journal names rules that are removed too.
    pub fn add(&self, rule: Rule) -> Result<String, RuleError> {
        let mut held = self.write();
        if held.len() >= RULES_LIMIT {
            return Err(RuleError::TooMany);
        }
        let id = match rule.id() {
            Some(id) if held.iter().any(|other| other.id == id) => {
                return Err(RuleError::Duplicate { id: id.to_owned() });
            }
            Some(id) => id.to_owned(),
            None => self.new_id(&held),
        };
        held.push(Armed::new(id.clone(), rule));
        self.any.store(true, Ordering::Relaxed);
        Ok(id)
    }

    /// Removes the rule with this id. Returns whether there was one.
    pub fn remove(&self, id: &str) -> bool {
        let mut held = self.write();
        let before = held.len();
        held.retain(|armed| armed.id != id);
        self.any.store(!held.is_empty(), Ordering::Relaxed);
        held.len() < before
    }

    /// Removes all rules, for a reset of the space.
    pub fn clear(&self) {
        self.made.clear();
        self.given.store(0, Ordering::Relaxed);
        let mut held = self.write();
        held.clear();
        self.any.store(false, Ordering::Relaxed);
    }

    /// Sets the counts of all rules to 0, so that `skip` and `times` begin again. For a reset of the space that keeps its
    /// faults.
    pub fn restart(&self) {
        self.made.clear();
        for armed in self.write().iter() {
            armed.chances.store(0, Ordering::Relaxed);
            armed.hits.store(0, Ordering::Relaxed);
        }
    }

    /// The rules in their order, each with its id and its counts.
    #[must_use]
    pub fn rules(&self) -> Vec<RuleState> {
        self.read().iter().map(Armed::state).collect()
    }

    /// Whether there is no rule. It costs one load, so the caller can ask for each request.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.any.load(Ordering::Relaxed)
    }

    /// The fault that a request meets. The rules are asked in their order, and the first whose dice hit wins; the rules behind
    /// it are not asked.
    #[must_use]
    pub fn pick(&self, asked: &Asked<'_>) -> Option<Injected> {
        if self.is_empty() {
            return None;
        }
        self.read().iter().find_map(|armed| armed.pick(asked))
    }

    /// Lasts as long as a delay, or until something waits for the requests in progress.
    pub async fn last(&self, delay: Duration) {
        self.delays.last(delay).await;
    }

    /// Ends all delays early, for somebody who waits for the requests in progress, until the guard is dropped.
    pub fn hurry(&self) -> Hurry<'_> {
        self.delays.hurry()
    }

    /// Notes that an item was made, which lists that lag do not show yet. A space without rules has no such lists.
    pub fn made(&self, key: &str) {
        if !self.is_empty() {
            self.made.add(key);
        }
    }

    /// Whether a list that lags by this time does not show the item.
    #[must_use]
    pub fn hides(&self, key: &str, lag: Duration) -> bool {
        self.made.has(key, lag)
    }

    /// Forgets which items were made, because the space gets other items.
    pub fn forget_made(&self) {
        self.made.clear();
    }

    fn new_id(&self, held: &[Armed]) -> String {
        loop {
            let number = self.given.fetch_add(1, Ordering::Relaxed) + 1;
            let id = format!("fault-{number}");
            if held.iter().all(|other| other.id != id) {
                return id;
            }
        }
    }

    // A thread that panicked left a whole list behind: each change of the list is one call.
    fn read(&self) -> RwLockReadGuard<'_, Vec<Armed>> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Armed>> {
        self.rules.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn armed(rules: Vec<Rule>) -> Result<Vec<Armed>, RuleError> {
    if rules.len() > RULES_LIMIT {
        return Err(RuleError::TooMany);
    }
    let mut ids: Vec<String> = Vec::with_capacity(rules.len());
    for id in rules.iter().filter_map(Rule::id) {
        if ids.iter().any(|other| other == id) {
            return Err(RuleError::Duplicate { id: id.to_owned() });
        }
        ids.push(id.to_owned());
    }
    let all = rules.into_iter().map(|rule| {
        let id = match rule.id() {
            Some(id) => id.to_owned(),
            None => free_id(|id| ids.iter().any(|other| other == id)),
        };
        ids.push(id.clone());
        Armed::new(id, rule)
    });
    Ok(all.collect())
}

/// The id is part of the dice, so the same rules always get the same ids.
fn free_id(is_taken: impl Fn(&str) -> bool) -> String {
    let mut number = 1_usize;
    loop {
        let id = format!("fault-{number}");
        if !is_taken(&id) {
            return id;
        }
        number += 1;
    }
}

impl Armed {
    fn new(id: String, rule: Rule) -> Armed {
        let rule = rule.with_id(&id);
        Armed { id, rule, chances: AtomicU64::new(0), hits: AtomicU64::new(0) }
    }

    fn pick(&self, asked: &Asked<'_>) -> Option<Injected> {
        if !self.rule.applies_to(asked) {
            return None;
        }
        let earlier = self.chances.fetch_add(1, Ordering::Relaxed);
        let rolls = asked.dice.rolls(&self.id, asked.call);
        if earlier < self.rule.skip || !rolls.hits(self.rule.probability) || !self.takes_a_hit() {
            return None;
        }
        Some(Injected { rule: self.id.clone(), action: self.rule.action.decided(&rolls) })
    }

    /// Counts a hit, unless the rule has had all of them.
    fn takes_a_hit(&self) -> bool {
        let next = |hits: u64| self.rule.times.is_none_or(|times| hits < times).then_some(hits + 1);
        self.hits.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }

    fn state(&self) -> RuleState {
        RuleState {
            rule: self.rule.clone(),
            chances: self.chances.load(Ordering::Relaxed),
            hits: self.hits.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests;

//! Asserts on the calls and the end state of a space.
//!
//! The language is JSON with equality, `contains` and `present`. It has no patterns and no scripts, so that no assertion can
//! take long or reach anything but the journal and the items.

mod assertions;
mod condition;
mod differences;
mod verdict;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until, timeout_at};

pub use self::assertions::{Assertions, AssertionsError, CallAssertion, CountRange, ItemAssertion};
pub use self::condition::Condition;
use self::differences::{Viewed, item_differences, item_misses};
pub use self::verdict::{Failure, Found, Nearest, Verdict};
use super::Journal;
use super::call::{Call, CallState};
use super::filter::Filter;

/// The state of a space, for assertions on items and on the hash.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The items; empty if [`Assertions::needs_items`] is false.
    pub items: Vec<Value>,
    /// The hash of the state, or `None` if the store has none.
    pub hash: Option<String>,
}

impl Journal {
    /// Checks the space `space` until all assertions hold, at most as long as they allow. Changes of the journal wake the
    /// check; it does not poll. It looks at the calls of the space since its last reset or restore, or since
    /// [`Assertions::after`]. `state` reads the state; it is called for each attempt and only if the assertions need it.
    pub async fn check<E, F>(
        &self,
        space: &str,
        assertions: &Arc<Assertions>,
        mut state: impl FnMut() -> F,
    ) -> Result<Verdict, E>
    where
        F: Future<Output = Result<State, E>>,
    {
        let deadline = Instant::now() + assertions.within;
        let mut changes = self.changed();
        loop {
            changes.forget();
            let begun = Instant::now();
            // The calls are read before the state, so a call that is seen here has its effect in the state.
            let calls = self.calls_of_world(space, assertions);
            let state = if assertions.needs_state() { state().await? } else { State::default() };
            let verdict = judged(assertions, calls, state).await;
            if verdict.is_held() || Instant::now() >= deadline {
                return Ok(verdict);
            }
            // Under load there is always a change. The pause leaves the processor to the requests.
            sleep_until(deadline.min(Instant::now() + begun.elapsed().max(LEAST_PAUSE))).await;
            if timeout_at(deadline, changes.wait()).await.is_err() {
                return Ok(verdict);
            }
        }
    }

    /// The calls that a check looks at, and the number of the last one that had to go.
    fn calls_of_world(&self, space: &str, assertions: &Assertions) -> Calls {
        let world = self.shared.read(|ring| ring.world(space));
        let after = assertions.after.unwrap_or(world.begun_n);
        let filter = Filter { space: Some(space.to_owned()), after: Some(after), ..Filter::default() };
        let calls = self.all_calls(&filter);
        // Read again: calls may have gone in the meantime.
        let gone_n = self.shared.read(|ring| ring.world(space)).gone_n;
        Calls { calls, gone: (gone_n > after).then_some(gone_n) }
    }
}

/// The calls of a world, as far as the journal still has them.
struct Calls {
    calls: Vec<Arc<Call>>,
    gone: Option<u64>,
}

/// Judges on a thread that may compute for some time.
async fn judged(assertions: &Arc<Assertions>, calls: Calls, state: State) -> Verdict {
    let assertions = Arc::clone(assertions);
    let judge = move || {
        let verdict = check(&assertions, &calls.calls, &state.items, state.hash.as_deref());
        match calls.gone {
            Some(n) if assertions.needs_calls() => verdict.with(Failure::gone(n)),
            Some(_) | None => verdict,
        }
    };
    spawn_blocking(judge).await.unwrap_or_else(|_ended| Verdict::Held.with(Failure::broken()))
}

/// Judges assertions on calls (sorted by number), on items and on the hash of the state. It waits for nothing.
#[must_use]
pub fn check(assertions: &Assertions, calls: &[Arc<Call>], items: &[Value], hash: Option<&str>) -> Verdict {
    let calls: Vec<_> = calls.iter().filter(|call| call.state != CallState::Open).collect();
    let mut failures = on_calls(assertions, &calls);
    for (index, assertion) in assertions.items.iter().enumerate() {
        failures.extend(on_items(index, assertion, items));
    }
    if let Some(wanted) = &assertions.hash
        && hash != Some(wanted)
    {
        failures.push(Failure::hash(wanted, hash));
    }
    if failures.is_empty() { Verdict::Held } else { Verdict::Failed(failures) }
}

/// How often an assertion matched.
struct Tally<'a> {
    assertion: &'a CallAssertion,
    found: usize,
    matched: Vec<u64>,
    /// By how much the nearest call misses, and where it is among the calls.
    nearest: Option<(usize, usize)>,
}

/// How far the calls came in the order of the assertions.
#[derive(Default)]
struct Progress {
    /// The assertion that is to be matched next.
    assertion: usize,
    /// How often it was matched.
    matched: usize,
    /// The call that matched last.
    last: Option<u64>,
}

fn on_calls(assertions: &Assertions, calls: &[&Arc<Call>]) -> Vec<Failure> {
    let mut wanted: Vec<_> = assertions.calls.iter().map(Tally::new).collect();
    let mut never: Vec<_> = assertions.never.iter().map(Tally::new).collect();
    let mut progress = Progress::default();
    // Each body is parsed for one call at a time, so that the check needs no memory for all of them.
    for (index, call) in calls.iter().enumerate() {
        let viewed = Viewed::new(call);
        let mut matches = Vec::with_capacity(wanted.len());
        matches.extend(wanted.iter_mut().map(|tally| tally.count(index, &viewed)));
        progress.advance(&assertions.calls, &matches, call.n);
        for tally in &mut never {
            tally.count(index, &viewed);
        }
    }
    let mut failures = Vec::new();
    for (index, tally) in wanted.iter().enumerate() {
        failures.extend(tally.failure(&format!("calls[{index}]"), calls));
    }
    for (index, tally) in never.iter().enumerate() {
        failures.extend(tally.never_failure(index));
    }
    // A count that failed says more than the order that fails with it.
    if assertions.order && failures.is_empty() {
        failures.extend(progress.failure(&assertions.calls));
    }
    failures
}

impl<'a> Tally<'a> {
    fn new(assertion: &'a CallAssertion) -> Tally<'a> {
        Tally { assertion, found: 0, matched: Vec::new(), nearest: None }
    }

    /// Counts the call if it matches, and returns whether it does.
    fn count(&mut self, index: usize, viewed: &Viewed<'_>) -> bool {
        let misses = viewed.misses(self.assertion);
        if misses > 0 {
            // Of calls that miss equally, the newest is the one that the reader remembers.
            if self.nearest.is_none_or(|(least, _)| misses <= least) {
                self.nearest = Some((misses, index));
            }
            return false;
        }
        self.found += 1;
        if self.matched.len() < MATCHED_LIMIT {
            self.matched.push(viewed.call.n);
        }
        true
    }

    fn failure(&self, place: &str, calls: &[&Arc<Call>]) -> Option<Failure> {
        let range = self.assertion.count;
        if range.holds(self.found) {
            return None;
        }
        let nearest = self.nearest.filter(|_| range.is_too_few(self.found));
        let nearest = nearest.and_then(|(_, index)| calls.get(index));
        let nearest = nearest.map(|call| Nearest {
            n: Some(call.n),
            key: None,
            differs: Viewed::new(call).differences(self.assertion),
        });
        let what = format!("{place}: {range} {}", self.assertion.name());
        Some(Failure { what, found: Found::Count(self.found), matched: self.matched.clone(), nearest })
    }

    fn never_failure(&self, index: usize) -> Option<Failure> {
        let what = format!("never[{index}]: no {}", self.assertion.name());
        let found = Found::Count(self.found);
        (self.found > 0).then(|| Failure { what, found, matched: self.matched.clone(), nearest: None })
    }
}

impl Progress {
    /// Takes the first calls that match, each for one assertion. Whatever later calls are, no other choice comes further.
    fn advance(&mut self, assertions: &[CallAssertion], matches: &[bool], n: u64) {
        self.skip(assertions);
        if matches.get(self.assertion) == Some(&true) {
            self.matched += 1;
            self.last = Some(n);
        }
        self.skip(assertions);
    }

    /// Passes the assertions that are matched often enough, also those that need no call.
    fn skip(&mut self, assertions: &[CallAssertion]) {
        while assertions.get(self.assertion).is_some_and(|at| self.matched >= at.count.least()) {
            self.assertion += 1;
            self.matched = 0;
        }
    }

    fn failure(mut self, assertions: &[CallAssertion]) -> Option<Failure> {
        self.skip(assertions);
        let missing = assertions.get(self.assertion)?;
        let before = self.last.map_or_else(|| "the beginning".to_owned(), |n| format!("call {n}"));
        let what = format!("order: calls[{}], {}, after {before}", self.assertion, missing.name());
        Some(Failure { what, found: Found::Count(self.matched), matched: Vec::new(), nearest: None })
    }
}

fn on_items(index: usize, assertion: &ItemAssertion, items: &[Value]) -> Option<Failure> {
    let mut found = 0;
    let mut nearest: Option<(usize, &Value)> = None;
    for item in items {
        let misses = item_misses(assertion, item);
        if misses == 0 {
            found += 1;
        } else if nearest.is_none_or(|(least, _)| misses < least) {
            nearest = Some((misses, item));
        }
    }
    if assertion.count.holds(found) {
        return None;
    }
    let nearest = nearest.filter(|_| assertion.count.is_too_few(found)).map(|(_, item)| Nearest {
        n: None,
        key: item.get("key").and_then(Value::as_str).map(str::to_owned),
        differs: item_differences(assertion, item),
    });
    let what = format!("items[{index}]: {} item", assertion.count);
    Some(Failure { what, found: Found::Count(found), matched: Vec::new(), nearest })
}

/// The shortest pause between two attempts of a check. A test does not notice it.
const LEAST_PAUSE: Duration = Duration::from_millis(5);
/// The most numbers of matching calls in a failure.
const MATCHED_LIMIT: usize = 10;

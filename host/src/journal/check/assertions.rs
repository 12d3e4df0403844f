//! The assertions, as a tester writes them.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use super::Condition;
use crate::journal::Via;

/// What must hold. It deserializes from JSON (or YAML); all limits are checked then, and unknown members are errors.
///
/// The assertions are about the calls of one space that ended, since its last reset or restore. Calls of a scenario
/// (`seed`) or of a person (`console`) count only for an assertion that names them in `via`.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Written")]
pub struct Assertions {
    /// The space. `None` means the space that the caller takes for default.
    pub space: Option<String>,
    /// Only calls with a greater number count. `None` means all calls since the last reset or restore.
    pub after: Option<u64>,
    /// Calls that there must be.
    pub calls: Vec<CallAssertion>,
    /// Whether the calls must have come in the order of `calls`. Other calls may come between them.
    pub order: bool,
    /// Calls that there must not be.
    pub never: Vec<CallAssertion>,
    /// Items that there must be.
    pub items: Vec<ItemAssertion>,
    /// The hash that the state must have.
    pub hash: Option<String>,
    /// How long to wait until everything holds at the same moment.
    pub within: Duration,
}

/// Selects calls. A member that is left out selects all.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallAssertion {
    /// The operationId.
    pub op: Option<String>,
    /// The label of the key.
    pub key: Option<String>,
    /// The status of the answer.
    pub status: Option<u16>,
    /// The way in; `http` and `mcp` if it is left out.
    pub via: Option<Via>,
    /// The key of an item that the call read or wrote.
    pub item: Option<String>,
    /// Conditions by JSON pointer. A pointer that begins with `/request` or `/answer` looks into that body; every other
    /// pointer looks into the body of the request.
    #[serde(default, rename = "where")]
    pub conditions: BTreeMap<String, Condition>,
    /// How many calls; at least 1 if it is left out.
    #[serde(default)]
    pub count: CountRange,
}

/// Selects items.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemAssertion {
    /// Conditions by JSON pointer. A pointer looks into the `fields` of the item if the item has them and the pointer finds
    /// something there, and into the item otherwise.
    #[serde(default, rename = "where")]
    pub conditions: BTreeMap<String, Condition>,
    /// How many entries a list has. A list that the item does not have has 0 entries.
    #[serde(default)]
    pub lists: BTreeMap<String, CountRange>,
    /// How many items; at least 1 if it is left out.
    #[serde(default)]
    pub count: CountRange,
}

/// A number that is at least `min` and at most `max`. If only `max` is given, `min` is 0. A number alone is both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "serde_json::Value")]
pub struct CountRange {
    min: usize,
    max: Option<usize>,
}

/// Why assertions cannot be used. The text is for their author.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssertionsError {
    /// The text is too long.
    #[error("the assertions have more than {ASSERTIONS_LIMIT_BYTES} bytes; use several checks")]
    TooLong,
    /// The text is not JSON, or a member is unknown, malformed or above its limit.
    #[error("the assertions cannot be read: {0}")]
    Malformed(String),
}

impl Assertions {
    /// Reads assertions from JSON of at most 256 KiB.
    pub fn parse(json: &[u8]) -> Result<Assertions, AssertionsError> {
        if json.len() > ASSERTIONS_LIMIT_BYTES {
            return Err(AssertionsError::TooLong);
        }
        serde_json::from_slice(json).map_err(|error| AssertionsError::Malformed(error.to_string()))
    }

    /// Whether the check needs the items or the hash of the state.
    #[must_use]
    pub fn needs_state(&self) -> bool {
        self.needs_items() || self.hash.is_some()
    }

    /// Whether the check needs the items.
    #[must_use]
    pub fn needs_items(&self) -> bool {
        !self.items.is_empty()
    }

    pub(super) fn needs_calls(&self) -> bool {
        !self.calls.is_empty() || !self.never.is_empty()
    }
}

impl CallAssertion {
    /// What the assertion is about, for people.
    pub(super) fn name(&self) -> String {
        self.op.as_ref().map_or_else(|| "call".to_owned(), |op| format!("call of {op}"))
    }

    fn texts(&self) -> impl Iterator<Item = &String> {
        self.op.iter().chain(&self.key).chain(&self.item).chain(self.conditions.keys())
    }
}

impl CountRange {
    /// Whether the number is within the range.
    pub(super) fn holds(self, number: usize) -> bool {
        number >= self.min && self.max.is_none_or(|max| number <= max)
    }

    pub(super) fn is_too_few(self, number: usize) -> bool {
        number < self.min
    }

    pub(super) fn least(self) -> usize {
        self.min
    }
}

impl Default for CountRange {
    fn default() -> CountRange {
        CountRange { min: 1, max: None }
    }
}

impl fmt::Display for CountRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.max {
            Some(max) if max == self.min => write!(f, "exactly {max}"),
            Some(max) if self.min == 0 => write!(f, "at most {max}"),
            Some(max) => write!(f, "{} to {max}", self.min),
            None => write!(f, "at least {}", self.min),
        }
    }
}

/// What is written, before the limits are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    space: Option<String>,
    after: Option<u64>,
    #[serde(default)]
    calls: Vec<CallAssertion>,
    #[serde(default)]
    order: bool,
    #[serde(default)]
    never: Vec<CallAssertion>,
    #[serde(default)]
    items: Vec<ItemAssertion>,
    hash: Option<String>,
    #[serde(default)]
    within_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRange {
    min: Option<usize>,
    max: Option<usize>,
}

impl TryFrom<Written> for Assertions {
    type Error = String;

    fn try_from(written: Written) -> Result<Assertions, String> {
        written.check_limits()?;
        let Written { space, after, calls, order, never, items, hash, within_ms } = written;
        let within = Duration::from_millis(within_ms);
        Ok(Assertions { space, after, calls, order, never, items, hash, within })
    }
}

impl Written {
    fn check_limits(&self) -> Result<(), String> {
        let assertions = self.calls.len() + self.never.len() + self.items.len();
        if assertions == 0 && self.hash.is_none() {
            return Err("they assert nothing; give calls, never, items or hash".to_owned());
        }
        if assertions > ASSERTIONS_LIMIT {
            return Err(format!("they are more than {ASSERTIONS_LIMIT} calls, never and items together"));
        }
        if self.within_ms > WITHIN_LIMIT_MS {
            return Err(format!("within_ms is above {WITHIN_LIMIT_MS}"));
        }
        if let Some(index) = self.never.iter().position(|never| never.count != CountRange::default()) {
            return Err(format!("never[{index}] has a count; leave it out"));
        }
        if let Some(long) = self.texts().find(|text| text.len() > TEXT_LIMIT_BYTES) {
            let begin: String = long.chars().take(40).collect();
            return Err(format!("the text {begin:?}... has more than {TEXT_LIMIT_BYTES} bytes"));
        }
        let of_calls = self.calls.iter().chain(&self.never).map(|call| &call.conditions);
        of_calls.chain(self.items.iter().map(|item| &item.conditions)).try_for_each(check_conditions)
    }

    /// All texts apart from the values of conditions, which have a limit of their own.
    fn texts(&self) -> impl Iterator<Item = &String> {
        let of_calls = self.calls.iter().chain(&self.never).flat_map(CallAssertion::texts);
        let of_items = self.items.iter().flat_map(|item| item.conditions.keys().chain(item.lists.keys()));
        of_calls.chain(of_items).chain(&self.space).chain(&self.hash)
    }
}

impl TryFrom<serde_json::Value> for CountRange {
    type Error = String;

    fn try_from(written: serde_json::Value) -> Result<CountRange, String> {
        if let Some(exact) = written.as_u64().and_then(|exact| usize::try_from(exact).ok()) {
            return Ok(CountRange { min: exact, max: Some(exact) });
        }
        let range = WrittenRange::deserialize(written);
        let WrittenRange { min, max } =
            range.map_err(|error| format!("a count is a number, or min and max: {error}"))?;
        let range = CountRange { min: min.unwrap_or(0), max };
        match (min, max) {
            (None, None) => Err("a count needs min, max or both".to_owned()),
            (Some(min), Some(max)) if min > max => Err("the min of a count is above its max".to_owned()),
            _ => Ok(range),
        }
    }
}

fn check_conditions(conditions: &BTreeMap<String, Condition>) -> Result<(), String> {
    if conditions.len() > CONDITIONS_LIMIT {
        return Err(format!("a where has more than {CONDITIONS_LIMIT} conditions"));
    }
    let is_pointer = |text: &str| text.is_empty() || text.starts_with('/');
    match conditions.keys().find(|pointer| !is_pointer(pointer)) {
        Some(name) => Err(format!("{name:?} in where is not a JSON pointer; write \"/{name}\"")),
        None => Ok(()),
    }
}

/// The longest text of assertions.
const ASSERTIONS_LIMIT_BYTES: usize = 256 * 1024;
/// Each assertion looks at each call of the space.
const ASSERTIONS_LIMIT: usize = 100;
/// More than the fields of an item.
const CONDITIONS_LIMIT: usize = 64;
/// More than a key of an item, an operationId or a label, and a pointer of some depth.
const TEXT_LIMIT_BYTES: usize = 512;
/// A check holds a connection of the private listener while it waits.
const WITHIN_LIMIT_MS: u64 = 60_000;

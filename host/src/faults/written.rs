//! The member `do` of a rule: how an action is read and written.

use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::action::{
    Action, AnswerAction, Body, DELAY_LIMIT_MS, DRIP_LIMIT_BYTES, Delay, DoorAction, Station, StoreAction,
    Stored,
};
use super::members::{Members, listed};
use super::rule_error::RuleError;

/// The largest body of an answer in a rule. With 64 rules, a list of rules stays below 1 MiB.
const BODY_LIMIT_BYTES: usize = 8_192;

impl Action<Delay, Stored> {
    /// Reads the member `do` of a rule.
    pub(super) fn read(station: Station, value: Value) -> Result<Action<Delay, Stored>, RuleError> {
        let mut members = Members::of_action(value)?;
        if let Some(name) = members.names().find(|name| !station.members().contains(name)) {
            let member = members.path(name);
            return Err(RuleError::Misplaced { member, station, known: listed(station.members()) });
        }
        let action = match station {
            Station::Door => door(&mut members)?.map(Action::Door),
            Station::Store => store(&mut members)?.map(Action::Store),
            Station::Answer => answer(&mut members)?.map(Action::Answer),
            Station::Ready => members.inner("red", &[])?.map(|_| Action::Red),
        };
        // `status` has taken its `body`, so whatever is left belongs to another action.
        let left = members.names().next().map(str::to_owned);
        match (action, left) {
            (Some(action), None) => Ok(action),
            (_, Some(name)) => {
                let reason = "a rule has one action, and only `status` has a `body`; write another rule";
                Err(members.wrong(&name, reason.into()))
            }
            (None, None) => {
                let reason = format!("has no action; the members are {}", listed(station.members()));
                Err(RuleError::Invalid { member: "do".into(), reason })
            }
        }
    }

    /// The value of the member of `do` with the name of the action.
    fn value(&self) -> Value {
        match self {
            Action::Door(DoorAction::Refuse(refusal)) => json!(refusal),
            Action::Door(DoorAction::Status { status, .. }) => json!(status),
            Action::Door(DoorAction::Delay(delay))
            | Action::Store(StoreAction::Delay(delay))
            | Action::Answer(AnswerAction::Delay(delay)) => delay.value(),
            Action::Store(StoreAction::Lag(lag)) => json!(ms(*lag)),
            Action::Store(StoreAction::Throttled { retry_after: Some(time) }) => {
                json!({ "retry_after_ms": ms(*time) })
            }
            Action::Store(StoreAction::Unknown { stored }) => json!({ "stored": stored.value() }),
            Action::Answer(AnswerAction::Dripped { bytes, pause }) => {
                json!({ "bytes": bytes, "ms": ms(*pause) })
            }
            Action::Answer(AnswerAction::Replaced { status }) => json!({ "status": status }),
            Action::Store(
                StoreAction::Throttled { retry_after: None }
                | StoreAction::Unavailable
                | StoreAction::Corrupt,
            )
            | Action::Answer(AnswerAction::Lost | AnswerAction::Truncated)
            | Action::Red => json!({}),
        }
    }
}

/// Writes what `Action::read` reads.
impl Serialize for Action<Delay, Stored> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serde_json::Map::from_iter([(self.word().to_owned(), self.value())]);
        if let Action::Door(DoorAction::Status { body: Some(body), .. }) = self {
            members.insert("body".to_owned(), json!(body));
        }
        members.serialize(serializer)
    }
}

impl Station {
    /// The members that `do` can have.
    fn members(self) -> &'static [&'static str] {
        match self {
            Station::Door => &["refuse", "status", "body", "delay_ms"],
            Station::Store => &["throttled", "unavailable", "corrupt", "unknown", "delay_ms", "lag_ms"],
            Station::Answer => &["lost", "truncated", "dripped", "replaced", "delay_ms"],
            Station::Ready => &["red"],
        }
    }
}

impl Delay {
    fn value(self) -> Value {
        match self {
            Delay { least_ms, most_ms } if least_ms == most_ms => json!(least_ms),
            Delay { least_ms, most_ms } => json!([least_ms, most_ms]),
        }
    }
}

impl Stored {
    fn value(self) -> Value {
        match self {
            Stored::Always => json!(true),
            Stored::Never => json!(false),
            Stored::Either => json!("either"),
        }
    }
}

fn door(members: &mut Members) -> Result<Option<DoorAction<Delay>>, RuleError> {
    if let Some(refusal) = members.take("refuse")? {
        return Ok(Some(DoorAction::Refuse(refusal)));
    }
    let Some(status) = members.take::<u16>("status")? else {
        return Ok(delay(members)?.map(DoorAction::Delay));
    };
    if !(200..=599).contains(&status) {
        return Err(members.wrong("status", format!("{status} is not within 200 to 599")));
    }
    let body = members.take::<Body>("body")?;
    if body.is_some() && matches!(status, 204 | 205 | 304) {
        return Err(members.wrong("body", format!("an answer of status {status} has no body")));
    }
    if body.clone().is_some_and(|body| body.into_text().len() > BODY_LIMIT_BYTES) {
        return Err(members.wrong("body", format!("is longer than {BODY_LIMIT_BYTES} bytes")));
    }
    Ok(Some(DoorAction::Status { status, body }))
}

fn store(members: &mut Members) -> Result<Option<StoreAction<Delay, Stored>>, RuleError> {
    if let Some(mut throttled) = members.inner("throttled", &["retry_after_ms"])? {
        let retry_after = time(&mut throttled, "retry_after_ms")?;
        return Ok(Some(StoreAction::Throttled { retry_after }));
    }
    if members.inner("unavailable", &[])?.is_some() {
        return Ok(Some(StoreAction::Unavailable));
    }
    if members.inner("corrupt", &[])?.is_some() {
        return Ok(Some(StoreAction::Corrupt));
    }
    if let Some(lag) = time(members, "lag_ms")? {
        return Ok(Some(StoreAction::Lag(lag)));
    }
    let Some(mut unknown) = members.inner("unknown", &["stored"])? else {
        return Ok(delay(members)?.map(StoreAction::Delay));
    };
    let stored = match unknown.need("stored")? {
        Value::Bool(true) => Stored::Always,
        Value::Bool(false) => Stored::Never,
        Value::String(word) if word == "either" => Stored::Either,
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            return Err(unknown.wrong("stored", "must be true, false or \"either\"".into()));
        }
    };
    Ok(Some(StoreAction::Unknown { stored }))
}

fn answer(members: &mut Members) -> Result<Option<AnswerAction<Delay>>, RuleError> {
    if members.inner("lost", &[])?.is_some() {
        return Ok(Some(AnswerAction::Lost));
    }
    if members.inner("truncated", &[])?.is_some() {
        return Ok(Some(AnswerAction::Truncated));
    }
    if let Some(mut dripped) = members.inner("dripped", &["bytes", "ms"])? {
        let bytes: u32 = dripped.need("bytes")?;
        if !(1..=DRIP_LIMIT_BYTES).contains(&u64::from(bytes)) {
            return Err(dripped.wrong("bytes", format!("{bytes} is not within 1 to {DRIP_LIMIT_BYTES}")));
        }
        let pause = time(&mut dripped, "ms")?;
        let pause = pause.ok_or_else(|| RuleError::Missing { member: dripped.path("ms") })?;
        return Ok(Some(AnswerAction::Dripped { bytes, pause }));
    }
    let Some(mut replaced) = members.inner("replaced", &["status"])? else {
        return Ok(delay(members)?.map(AnswerAction::Delay));
    };
    match replaced.need::<u16>("status")? {
        status @ (500 | 502 | 504) => Ok(Some(AnswerAction::Replaced { status })),
        status => Err(replaced.wrong("status", format!("{status} is not 500, 502 or 504"))),
    }
}

fn delay(members: &mut Members) -> Result<Option<Delay>, RuleError> {
    let Some(value) = members.take::<Value>("delay_ms")? else { return Ok(None) };
    let read = if value.is_array() {
        serde_json::from_value(value)
    } else {
        serde_json::from_value::<u64>(value).map(|one| [one, one])
    };
    let reason = "must be whole milliseconds, or the least and the most of them as [20, 80]";
    let [least_ms, most_ms] = read.map_err(|_| members.wrong("delay_ms", reason.into()))?;
    let longest = least_ms.max(most_ms);
    if longest > DELAY_LIMIT_MS {
        return Err(members.wrong("delay_ms", too_long(longest)));
    }
    if least_ms > most_ms {
        let reason = format!("the least, {least_ms}, is more than the most, {most_ms}");
        return Err(members.wrong("delay_ms", reason));
    }
    Ok(Some(Delay { least_ms, most_ms }))
}

fn time(members: &mut Members, name: &str) -> Result<Option<Duration>, RuleError> {
    match members.take::<u64>(name)? {
        Some(found) if found > DELAY_LIMIT_MS => Err(members.wrong(name, too_long(found))),
        found => Ok(found.map(Duration::from_millis)),
    }
}

fn too_long(found: u64) -> String {
    format!("{found} is more than {DELAY_LIMIT_MS} milliseconds")
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

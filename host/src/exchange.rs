//! One request in a space and its answer, as faults and the journal see them.
//!
//! The store asks the exchange of its request before each call, because a fault may take the place of the call, and notes
//! each call in it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use items::limits;

use crate::bindings::portdesk::desk::key_value::Error;
use crate::contract::Operation;
use crate::faults::{Action, Asked, Dice, Faults, Injected, Station, StoreAction};
use crate::journal::{StationName, StoreStep, Trail};
use crate::store::Counted;
use crate::telemetry::{Outcome, Verb};

/// One request in a space.
pub struct Exchange {
    /// The operation of the contract that the request asks for.
    operation: Option<Arc<Operation>>,
    faults: Arc<Faults>,
    dice: Dice,
    client: Arc<str>,
    begun: Instant,
    store_calls: AtomicU32,
    trail: Mutex<Trail>,
}

/// A call of the store that has begun.
struct StoreCall {
    begin_us: u64,
    fault: Option<StoreAction>,
}

impl Exchange {
    /// A request of `client` that began at `begun`.
    #[must_use]
    pub fn new(
        faults: Arc<Faults>,
        dice: Dice,
        client: Arc<str>,
        operation: Option<Arc<Operation>>,
        begun: Instant,
    ) -> Exchange {
        let (store_calls, trail) = (AtomicU32::new(0), Mutex::default());
        Exchange { operation, faults, dice, client, begun, store_calls, trail }
    }

    /// Microseconds since the beginning of the request.
    #[must_use]
    pub fn elapsed_us(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Notes that the request was at a station from `begin_us` until now, which it returns.
    pub fn left(&self, name: StationName, begin_us: u64) -> u64 {
        let now_us = self.elapsed_us();
        self.trail().station(name, begin_us, now_us.saturating_sub(begin_us));
        now_us
    }

    /// The fault that the request meets at a station other than the store.
    pub fn fault(&self, station: Station) -> Option<Action> {
        let Injected { rule, action } = self.pick(station, None, 0)?;
        let name = if station == Station::Door { StationName::Door } else { StationName::Answer };
        self.met(&rule, name, None);
        Some(action)
    }

    /// Makes a call of the store, or what a fault puts in its place, and notes it. A query has no key.
    pub(crate) async fn store_call<T: Counted>(
        &self,
        verb: Verb,
        key: Option<&str>,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let begun = self.begin_call(verb);
        let answer = begun.make(&self.faults, call).await;
        self.end_call(&begun, verb, key, answer.outcome());
        answer
    }

    fn begin_call(&self, verb: Verb) -> StoreCall {
        let begin_us = self.elapsed_us();
        let number = self.store_calls.fetch_add(1, Ordering::Relaxed);
        let Some(Injected { rule, action: Action::Store(fault) }) =
            self.pick(Station::Store, Some(verb), number)
        else {
            return StoreCall { begin_us, fault: None };
        };
        let stored = match fault {
            StoreAction::Delay(_) | StoreAction::Lag(_) => None,
            StoreAction::Unknown { stored } => Some(stored),
            StoreAction::Corrupt | StoreAction::Throttled { .. } | StoreAction::Unavailable => Some(false),
        };
        self.met(&rule, StationName::Store, stored);
        StoreCall { begin_us, fault: Some(fault) }
    }

    fn end_call(&self, call: &StoreCall, verb: Verb, key: Option<&str>, outcome: Outcome) {
        // A write that the store refused touched no item.
        let is_touched = !matches!(
            outcome,
            Outcome::Corrupt
                | Outcome::Invalid
                | Outcome::Misconfigured
                | Outcome::Throttled
                | Outcome::TooLarge
                | Outcome::Unavailable
        );
        // A component may pass any text as a key. The store refuses one that is too long, and the journal must not hold it.
        let key = key.filter(|key| limits::key(key).is_ok());
        if verb == Verb::Insert && matches!(outcome, Outcome::Done | Outcome::Unknown) {
            self.faults.made(key.unwrap_or_default());
        }
        let duration_us = self.elapsed_us().saturating_sub(call.begin_us);
        let is_touched = is_touched && key.is_some();
        let step = StoreStep { verb, key: key.unwrap_or_default(), outcome, is_touched };
        self.trail().store(call.begin_us, duration_us, step);
    }

    /// Takes what happened so far.
    #[must_use]
    pub fn take(&self) -> Trail {
        std::mem::take(&mut *self.trail())
    }

    fn met(&self, rule: &str, station: StationName, stored: Option<bool>) {
        self.trail().fault(rule, station, stored);
    }

    fn pick(&self, station: Station, verb: Option<Verb>, call: u32) -> Option<Injected> {
        let operation = self.operation.as_ref().and_then(|operation| operation.id.as_deref());
        let client = &*self.client;
        self.faults.pick(&Asked { station, operation, verb, client, call, dice: &self.dice })
    }

    fn trail(&self) -> MutexGuard<'_, Trail> {
        self.trail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StoreCall {
    async fn make<T: Counted>(
        &self,
        faults: &Faults,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        match &self.fault {
            None => call.await,
            Some(StoreAction::Delay(delay)) => {
                // At the deadline of the request, the sandbox ends it.
                faults.last(*delay).await;
                call.await
            }
            Some(StoreAction::Lag(lag)) => {
                let mut answer = call.await?;
                answer.leave_out(|key| faults.hides(key, *lag));
                Ok(answer)
            }
            Some(StoreAction::Corrupt) => Err(Error::Corrupt),
            Some(StoreAction::Throttled { retry_after }) => {
                let milliseconds =
                    |after: &std::time::Duration| u32::try_from(after.as_millis()).unwrap_or(u32::MAX);
                Err(Error::Throttled(retry_after.as_ref().map(milliseconds)))
            }
            Some(StoreAction::Unavailable) => Err(Error::Unavailable),
            Some(StoreAction::Unknown { stored }) => {
                if *stored {
                    // An error of the store itself says more than the fault would.
                    call.await?;
                }
                Err(Error::Unknown)
            }
        }
    }
}

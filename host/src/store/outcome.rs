//! The outcome under which the metrics count a call to the store.

use crate::bindings::portdesk::desk::key_value::{Error, InsertOutcome, Item, Page, UpdateOutcome};
use crate::telemetry::Outcome;

/// The result of a call to the store.
pub(crate) trait Counted {
    /// The outcome under which the result is counted.
    fn outcome(&self) -> Outcome;

    /// Leaves out the items of a list whose keys are hidden.
    fn leave_out(&mut self, _is_hidden: impl Fn(&str) -> bool) {}
}

impl<T: Counted> Counted for Result<T, Error> {
    fn outcome(&self) -> Outcome {
        match self {
            Ok(answer) => answer.outcome(),
            Err(Error::Corrupt) => Outcome::Corrupt,
            Err(Error::Invalid | Error::InvalidCursor) => Outcome::Invalid,
            Err(Error::Misconfigured) => Outcome::Misconfigured,
            Err(Error::Throttled(_)) => Outcome::Throttled,
            Err(Error::TooLarge) => Outcome::TooLarge,
            Err(Error::Unavailable) => Outcome::Unavailable,
            Err(Error::Unknown) => Outcome::Unknown,
        }
    }
}

impl Counted for Option<Item> {
    fn outcome(&self) -> Outcome {
        if self.is_some() { Outcome::Done } else { Outcome::Missing }
    }
}

impl Counted for InsertOutcome {
    fn outcome(&self) -> Outcome {
        match self {
            InsertOutcome::Inserted(_) => Outcome::Done,
            InsertOutcome::Repeated(_) => Outcome::Repeated,
            InsertOutcome::Exists(_) => Outcome::Exists,
        }
    }
}

impl Counted for UpdateOutcome {
    fn outcome(&self) -> Outcome {
        match self {
            UpdateOutcome::Missing => Outcome::Missing,
            UpdateOutcome::Duplicate(_) => Outcome::Duplicate,
            UpdateOutcome::Stale(_) => Outcome::Stale,
            UpdateOutcome::Refused(_) => Outcome::Refused,
            UpdateOutcome::Full => Outcome::Full,
            UpdateOutcome::Updated(_) => Outcome::Done,
        }
    }
}

impl Counted for Page {
    fn outcome(&self) -> Outcome {
        Outcome::Done
    }

    fn leave_out(&mut self, is_hidden: impl Fn(&str) -> bool) {
        self.items.retain(|item| !is_hidden(&item.key));
    }
}

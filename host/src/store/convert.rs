//! Converts the changes of a guest to those of a backend, and the errors of a backend to those of the WIT. The types on
//! both sides have the same cases.

use std::sync::Arc;

use crate::backend;
use crate::bindings::portdesk::desk::key_value::{Append, Change, Error};

/// The error that a guest gets for a backend's error. It has no text.
pub(super) fn error(error: &backend::Error) -> Error {
    match error {
        backend::Error::Corrupt(_) => Error::Corrupt,
        backend::Error::Invalid(_) => Error::Invalid,
        backend::Error::Misconfigured(_) => Error::Misconfigured,
        backend::Error::Throttled { retry_after } => {
            let milliseconds = |after: std::time::Duration| u32::try_from(after.as_millis());
            Error::Throttled(retry_after.map(|after| milliseconds(after).unwrap_or(u32::MAX)))
        }
        backend::Error::TooLarge => Error::TooLarge,
        backend::Error::Unavailable(_) => Error::Unavailable,
        backend::Error::Unknown(_) => Error::Unknown,
    }
}

impl From<Change> for backend::Change {
    fn from(change: Change) -> backend::Change {
        let Change { id, at_version, unless, unless_above, set, append } = change;
        backend::Change { id, at_version, unless, unless_above, set, append: append.map(Into::into) }
    }
}

impl From<Append> for backend::Append {
    fn from(append: Append) -> backend::Append {
        let Append { list, entry, max_entries } = append;
        let entry = backend::Entry { id: entry.id, fields: Arc::new(entry.fields) };
        backend::Append { list, entry, max_entries }
    }
}

//! Selects calls of the journal.

use std::str::FromStr;

use super::call::{Call, Via};
use super::copied::Kind;
use super::mark::Mark;

/// Selects calls. A member that is `None` selects all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Calls of this space.
    pub space: Option<String>,
    /// Calls whose number is greater.
    pub after: Option<u64>,
    /// The most calls; 100 if this is `None`, and never more than 500.
    pub limit: Option<usize>,
    /// Calls of this operation.
    pub operation: Option<String>,
    /// Calls whose answer has this status.
    pub status: Option<StatusFilter>,
    /// Calls of this client.
    pub client: Option<String>,
    /// Calls that came this way.
    pub via: Option<Via>,
    /// Calls that read or wrote the item with this key.
    pub item: Option<String>,
}

/// A status such as `404`, a class of statuses such as `4xx`, or `open` for calls without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusFilter {
    /// This status.
    Exact(u16),
    /// The statuses that begin with this digit.
    Class(u16),
    /// No status.
    Open,
}

/// The text is not a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the status must be a number such as 404, a class such as 4xx, or the word open")]
pub struct StatusFilterError;

impl Filter {
    /// The most calls of a list.
    #[must_use]
    pub(super) fn effective_limit(&self) -> usize {
        self.limit.unwrap_or(DEFAULT_LIMIT).min(CALLS_LIMIT)
    }

    /// Whether the filter can select a record of this number and kind, as far as that is known before it is decoded.
    pub(super) fn may_select(&self, n: u64, kind: &Kind) -> bool {
        let is_of_space = match kind {
            Kind::Call(known) => self.space.as_deref().is_none_or(|space| space == &*known.space),
            Kind::Mark(_) => true,
            Kind::Moved => false,
        };
        is_of_space && self.after.is_none_or(|after| n > after)
    }

    /// Whether the filter selects this call.
    #[must_use]
    pub fn selects(&self, call: &Call) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        self.after.is_none_or(|after| call.n > after)
            && is(&self.space, Some(&call.space))
            && is(&self.operation, call.operation.as_deref())
            && is(&self.client, call.client.as_deref())
            && self.via.is_none_or(|via| call.via == via)
            && self.status.is_none_or(|status| status.selects(call.status))
            && self.item.as_deref().is_none_or(|key| call.items.iter().any(|item| **item == *key))
    }

    /// Whether the filter selects this mark: a mark without a space belongs to every space.
    pub(super) fn selects_mark(&self, mark: &Mark) -> bool {
        let is_of_space = match (&self.space, &mark.space) {
            (Some(wanted), Some(space)) => **wanted == **space,
            (None, _) | (_, None) => true,
        };
        is_of_space && self.after.is_none_or(|after| mark.n > after)
    }
}

impl StatusFilter {
    fn selects(self, status: Option<u16>) -> bool {
        match self {
            StatusFilter::Exact(wanted) => status == Some(wanted),
            StatusFilter::Class(class) => status.is_some_and(|status| status / 100 == class),
            StatusFilter::Open => status.is_none(),
        }
    }
}

impl FromStr for StatusFilter {
    type Err = StatusFilterError;

    fn from_str(text: &str) -> Result<StatusFilter, StatusFilterError> {
        let number = |text: &str, range: std::ops::Range<u16>| {
            text.parse().ok().filter(|number| range.contains(number)).ok_or(StatusFilterError)
        };
        match text.strip_suffix("xx") {
            _ if text == "open" => Ok(StatusFilter::Open),
            Some(class) => number(class, 1..6).map(StatusFilter::Class),
            None => number(text, 100..600).map(StatusFilter::Exact),
        }
    }
}

/// The most calls in one answer of the private listener, and the most rows that the console shows.
const CALLS_LIMIT: usize = 500;
const DEFAULT_LIMIT: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_a_number_or_a_class() {
        let parse = |text: &str| text.parse::<StatusFilter>();
        assert_eq!(parse("404"), Ok(StatusFilter::Exact(404)));
        assert_eq!(parse("4xx"), Ok(StatusFilter::Class(4)));
        assert_eq!(parse("open"), Ok(StatusFilter::Open));
        for text in ["", "xx", "9xx", "44xx", "99", "600", "4x", "-404", "0x10"] {
            assert_eq!(parse(text), Err(StatusFilterError), "{text}");
        }
        assert!(StatusFilter::Class(5).selects(Some(503)));
        assert!(!StatusFilter::Class(5).selects(Some(404)));
        assert!(!StatusFilter::Class(5).selects(None));
    }
}

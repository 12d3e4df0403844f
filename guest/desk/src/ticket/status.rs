//! The statuses of a ticket and the allowed moves between them.

use core::fmt;

use serde::{Serialize, Serializer};

/// The status of a ticket. The statuses are in the order of a ticket's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Open,
    InProgress,
    OnHold,
    Resolved,
    Closed,
    Cancelled,
}

impl Status {
    pub(crate) const ALL: [Self; 6] =
        [Self::Open, Self::InProgress, Self::OnHold, Self::Resolved, Self::Closed, Self::Cancelled];

    /// The final statuses. A ticket in one of them cannot get comments or move to another status.
    pub(crate) const FINAL: [Self; 2] = [Self::Closed, Self::Cancelled];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Returns the statuses to which a ticket may move from this one.
    pub(crate) fn next(self) -> &'static [Self] {
        match self {
            Self::Open => &[Self::InProgress, Self::OnHold, Self::Resolved, Self::Cancelled],
            Self::InProgress => &[Self::OnHold, Self::Resolved, Self::Cancelled],
            Self::OnHold => &[Self::InProgress, Self::Resolved, Self::Cancelled],
            Self::Resolved => &[Self::Open, Self::Closed, Self::Cancelled],
            Self::Closed | Self::Cancelled => &[],
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::InProgress => "in_progress",
            Self::OnHold => "on_hold",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Status;

    #[test]
    fn exactly_the_final_statuses_lead_nowhere() {
        for status in Status::ALL {
            assert_eq!(status.next().is_empty(), Status::FINAL.contains(&status), "{status}");
        }
    }

    #[test]
    fn no_status_leads_to_itself() {
        for status in Status::ALL {
            assert!(!status.next().contains(&status), "{status}");
        }
    }

    #[test]
    fn every_status_can_be_reached_and_is_found_by_its_name() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
            assert!(Status::ALL.iter().any(|from| from.next().contains(&status)), "{status}");
        }
    }
}

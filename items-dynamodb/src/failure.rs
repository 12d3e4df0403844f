//! What a failed request comes to: an error that says what the caller can do, with a text for the operator.

use crate::{Error, Refusal};

/// A request without an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// DynamoDB refused it, or never answered.
    Failed {
        /// None where there was no answer, or none of DynamoDB's.
        refusal: Option<Refusal>,
        /// For the operator. Never an item.
        text: String,
        /// Whether one of the attempts may have been applied.
        lost: bool,
    },
    /// It was never sent, for a reason of the program's own.
    Unsent(Error),
}

impl Failure {
    /// The error of a read, or of a write of which no attempt may have been applied.
    #[must_use]
    pub fn of_read(self, table: &str) -> Error {
        let (refusal, text) = match self {
            Failure::Failed { refusal, text, .. } => (refusal, text),
            Failure::Unsent(error) => return error,
        };
        match refusal {
            Some(Refusal::Throttled) => Error::Throttled { retry_after: None },
            Some(Refusal::NoTable) => Error::Misconfigured(format!(
                "there is no table {table:?} in this region and account; `portdesk table create` makes it ({text})"
            )),
            Some(Refusal::Denied) => Error::Misconfigured(format!(
                "AWS does not take these credentials or does not allow them this; `portdesk table policy` prints what \
                 they must be allowed ({text})"
            )),
            Some(Refusal::NoCredentials) => Error::Misconfigured(format!(
                "no AWS credentials could be had: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, or \
                 give this machine a role ({text})"
            )),
            Some(Refusal::NoIndex | Refusal::OtherLayout) => Error::Misconfigured(format!(
                "table {table:?} is made in another way than the component asks for; `portdesk table check` says what \
                 differs ({text})"
            )),
            Some(Refusal::Unmade) => Error::Misconfigured(format!(
                "no request can be made for table {table:?}; look at its region and at the endpoint of the AWS settings \
                 ({text})"
            )),
            Some(Refusal::Building) => Error::Unavailable(format!(
                "an index of table {table:?} is being made; `portdesk table check` says when it is ready ({text})"
            )),
            Some(Refusal::Other) => Error::Invalid(text),
            Some(Refusal::ItemSize) => Error::TooLarge,
            Some(Refusal::Failed) | None => Error::Unavailable(text),
        }
    }

    /// The error of a read of this index, which a missing one is told by.
    #[must_use]
    pub fn of_index(self, table: &str, index: &str) -> Error {
        match self {
            Failure::Failed { refusal: Some(Refusal::NoIndex), text, .. } => Error::Misconfigured(format!(
                "table {table:?} lacks the index {index:?}; `portdesk table check` says what differs, and `portdesk \
                 table create` makes a table that has it ({text})"
            )),
            Failure::Failed { .. } | Failure::Unsent(_) => self.of_read(table),
        }
    }

    /// The error of a write.
    #[must_use]
    pub fn of_write(self, table: &str) -> Error {
        match self {
            Failure::Failed { text, lost: true, .. } => Error::Unknown(text),
            Failure::Failed { .. } | Failure::Unsent(_) => self.of_read(table),
        }
    }
}

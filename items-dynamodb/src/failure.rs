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
            Some(Refusal::NoTable) => Error::Unavailable(format!(
                "there is no table {table:?} in this region and account; `portdesk table create` makes it ({text})"
            )),
            Some(Refusal::Denied) => Error::Unavailable(format!(
                "AWS refuses these credentials; `portdesk table policy` prints what they must be allowed ({text})"
            )),
            Some(Refusal::NoIndex | Refusal::OtherLayout) => Error::Unavailable(format!(
                "table {table:?} is made in another way than the component asks for; `portdesk table check` says what \
                 differs ({text})"
            )),
            Some(Refusal::Other) => Error::Invalid(text),
            Some(Refusal::ItemSize) => Error::TooLarge,
            Some(Refusal::Failed) | None => Error::Unavailable(text),
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

//! What a failed request comes to: an error that says what the caller can do, with a text for the operator.

use crate::{Error, ServiceError};

/// A request without an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestError {
    /// DynamoDB refused it, or never answered.
    Failed {
        /// None where there was no answer, or none of DynamoDB's.
        service_error: Option<ServiceError>,
        /// For the operator. Never an item.
        text: String,
        /// Whether one of the attempts may have been applied.
        lost: bool,
    },
    /// It was never sent, for a reason of the program's own.
    Unsent(Error),
}

impl RequestError {
    /// The error of a read, or of a write of which no attempt may have been applied.
    #[must_use]
    pub fn of_read(self, table: &str) -> Error {
        let (service_error, text) = match self {
            RequestError::Failed { service_error, text, .. } => (service_error, text),
            RequestError::Unsent(error) => return error,
        };
        match service_error {
            Some(ServiceError::Throttled) => Error::Throttled { retry_after: None },
            Some(ServiceError::NoTable) => Error::Misconfigured(format!(
                "there is no table {table:?} in this region and account; `portdesk table create` makes it ({text})"
            )),
            Some(ServiceError::Denied) => Error::Misconfigured(format!(
                "AWS does not take these credentials or does not allow them this; `portdesk table policy` prints what \
                 they must be allowed ({text})"
            )),
            Some(ServiceError::NoCredentials) => Error::Misconfigured(format!(
                "no AWS credentials could be had: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, or \
                 give this machine a role ({text})"
            )),
            Some(ServiceError::NoIndex | ServiceError::OtherLayout) => Error::Misconfigured(format!(
                "table {table:?} is made in another way than the component asks for; `portdesk table check` says what \
                 differs ({text})"
            )),
            Some(ServiceError::Unmade) => Error::Misconfigured(format!(
                "no request can be made for table {table:?}; look at its region and at the endpoint of the AWS settings \
                 ({text})"
            )),
            Some(ServiceError::Building) => Error::Unavailable(format!(
                "an index of table {table:?} is being made; `portdesk table check` says when it is ready ({text})"
            )),
            Some(ServiceError::Other) => Error::Invalid(text),
            Some(ServiceError::ItemSize) => Error::TooLarge,
            Some(ServiceError::Failed) | None => Error::Unavailable(text),
        }
    }

    /// The error of a read of this index, which a missing one is told by.
    #[must_use]
    pub fn of_index(self, table: &str, index: &str) -> Error {
        match self {
            RequestError::Failed { service_error: Some(ServiceError::NoIndex), text, .. } => {
                Error::Misconfigured(format!(
                    "table {table:?} lacks the index {index:?}; `portdesk table check` says what differs, and `portdesk \
                 table create` makes a table that has it ({text})"
                ))
            }
            RequestError::Failed { .. } | RequestError::Unsent(_) => self.of_read(table),
        }
    }

    /// The error of a write.
    #[must_use]
    pub fn of_write(self, table: &str) -> Error {
        match self {
            RequestError::Failed { text, lost: true, .. } => Error::Unknown(text),
            RequestError::Failed { .. } | RequestError::Unsent(_) => self.of_read(table),
        }
    }
}

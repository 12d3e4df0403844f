//! Turns a failed request into an [`Error`], with a text for the operator.

use alloc::format;
use alloc::string::String;

use crate::Error;
use crate::dynamodb::ServiceError;

/// A request without an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestError {
    /// DynamoDB refused the request or did not answer.
    Failed {
        /// `None` if there was no answer, or one that did not come from DynamoDB.
        service_error: Option<ServiceError>,
        /// The text for the operator. It never contains data of an item.
        text: String,
        /// Whether one of the attempts may have been applied.
        lost: bool,
    },
    /// The program itself did not send the request.
    Unsent(Error),
}

impl RequestError {
    /// The error of a read, or of a write if no attempt of it may have been applied.
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
                "AWS does not accept these credentials or does not allow them this request; `portdesk table policy` \
                 prints the permissions that they need ({text})"
            )),
            Some(ServiceError::NoCredentials) => Error::Misconfigured(format!(
                "there are no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give \
                 this machine a role ({text})"
            )),
            Some(ServiceError::NoIndex | ServiceError::OtherLayout) => Error::Misconfigured(format!(
                "table {table:?} does not have the layout that the component needs; `portdesk table check` shows the \
                 differences ({text})"
            )),
            Some(ServiceError::Unmade) => Error::Misconfigured(format!(
                "no request can be made for table {table:?}; check its region and the endpoint in the AWS settings \
                 ({text})"
            )),
            Some(ServiceError::Building) => Error::Unavailable(format!(
                "an index of table {table:?} is being created; `portdesk table check` shows when it is ready ({text})"
            )),
            Some(ServiceError::Other) => Error::Invalid(text),
            Some(ServiceError::ItemSize) => Error::TooLarge,
            Some(ServiceError::Failed) | None => Error::Unavailable(text),
        }
    }

    /// The error of a query of this index. If the index is missing, the text names it.
    #[must_use]
    pub fn of_index(self, table: &str, index: &str) -> Error {
        match self {
            RequestError::Failed { service_error: Some(ServiceError::NoIndex), text, .. } => {
                Error::Misconfigured(format!(
                    "table {table:?} lacks the index {index:?}; `portdesk table check` shows all differences, and \
                     `portdesk table create` makes a table that has it ({text})"
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

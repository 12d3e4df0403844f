//! How large an answer may be. `wit/handler.wit` names the limits.

use super::Response;

/// Refuses an answer that is over a limit; whether it is HTTP is for others to find out.
pub(super) fn check(answer: &Response) -> Result<(), AnswerLimitError> {
    if answer.body.len() > BODY_BYTES {
        return Err(AnswerLimitError::Body(answer.body.len()));
    }
    if answer.headers.len() > HEADERS {
        return Err(AnswerLimitError::Headers(answer.headers.len()));
    }
    let bytes: usize =
        answer.headers.iter().map(|(name, value)| name.len().saturating_add(value.len())).sum();
    if bytes > HEADER_BYTES {
        return Err(AnswerLimitError::HeaderBytes(bytes));
    }
    match &answer.operation {
        Some(operation) if !is_name(operation) => Err(AnswerLimitError::Operation),
        Some(_) | None => Ok(()),
    }
}

/// An operation is written to the log and may name a metric.
fn is_name(operation: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=OPERATION_BYTES).contains(&operation.len()) && operation.bytes().all(allowed)
}

/// How an answer breaks the limits.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerLimitError {
    /// The body has so many bytes.
    #[error("its body has {0} bytes, more than {BODY_BYTES}")]
    Body(usize),
    /// There are so many headers.
    #[error("it has {0} headers, more than {HEADERS}")]
    Headers(usize),
    /// Names and values of the headers have so many bytes.
    #[error("its headers have {0} bytes, more than {HEADER_BYTES}")]
    HeaderBytes(usize),
    /// The operation is no name.
    #[error("its operation is not 1 to {OPERATION_BYTES} characters of `A-Z a-z 0-9 _ . -`")]
    Operation,
}

/// A page of a hundred items, or an item of 400 KiB, fits twice.
const BODY_BYTES: usize = 4 * 1024 * 1024;
/// Clients take about a hundred, and the host adds its own.
const HEADERS: usize = 64;
/// Clients and proxies refuse a head of more than this.
const HEADER_BYTES: usize = 32 * 1024;
const OPERATION_BYTES: usize = 64;

//! The limits of an answer, which `wit/handler.wit` documents.

use super::Response;

/// Refuses an answer that exceeds a limit. It does not check whether the answer is valid HTTP.
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

/// Whether an operation's name is safe in the log and as a label of a metric.
fn is_name(operation: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=OPERATION_BYTES).contains(&operation.len()) && operation.bytes().all(allowed)
}

/// The limit that an answer exceeds.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerLimitError {
    /// The body has this many bytes.
    #[error("its body has {0} bytes, more than {BODY_BYTES}")]
    Body(usize),
    /// The answer has this many headers.
    #[error("it has {0} headers, more than {HEADERS}")]
    Headers(usize),
    /// The names and values of the headers together have this many bytes.
    #[error("its headers have {0} bytes, more than {HEADER_BYTES}")]
    HeaderBytes(usize),
    /// The name of the operation is too long, empty, or has other characters.
    #[error("its operation is not 1 to {OPERATION_BYTES} characters of `A-Z a-z 0-9 _ . -`")]
    Operation,
}

/// A page of a hundred items, or an item of 400 KiB, needs less than half of this.
const BODY_BYTES: usize = 4 * 1024 * 1024;
/// Clients accept about a hundred headers, and the host adds some.
const HEADERS: usize = 64;
/// Clients and proxies refuse a larger head.
const HEADER_BYTES: usize = 32 * 1024;
const OPERATION_BYTES: usize = 64;

//! What a failed call comes to: an error that says what the caller can do, with a text for the operator.

use std::error::Error as StdError;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::backend::Error;

/// Why DynamoDB refused a call that it understood, as far as this store tells reasons apart.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    Denied,
    /// The item would be larger than an item may be.
    ItemSize,
    /// The index does not exist.
    NoIndex,
    NoTable,
    /// The table's key or an index is made of other attributes.
    OtherLayout,
    Throttled,
    /// Its own failure: nothing is known about what was stored.
    Failed,
    Other,
}

/// Whether the item would have become larger than an item may be.
pub(super) fn is_item_size<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    refusal(error) == Some(Refusal::ItemSize)
}

/// Whether the table lacks the index that a query named.
pub(super) fn is_missing_index<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    refusal(error) == Some(Refusal::NoIndex)
}

/// Whether the table itself does not exist.
pub(super) fn is_missing_table<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    refusal(error) == Some(Refusal::NoTable)
}

/// The error of a read that failed.
pub(super) fn of_read<E>(table: &str, error: &SdkError<E>) -> Error
where
    E: StdError + ProvideErrorMetadata + 'static,
{
    let text = text(error);
    match refusal(error) {
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
        Some(Refusal::Failed) | None => Error::Unavailable(advised(text)),
    }
}

/// The error of a write that failed; `lost` when an attempt may have been applied.
pub(super) fn of_write<E>(table: &str, error: &SdkError<E>, lost: bool) -> Error
where
    E: StdError + ProvideErrorMetadata + 'static,
{
    if lost { Error::Unknown(text(error)) } else { of_read(table, error) }
}

/// None where DynamoDB did not answer, or not with an error that it has.
fn refusal<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Option<Refusal> {
    let SdkError::ServiceError(context) = error else { return None };
    if context.raw().status().is_server_error() {
        return Some(Refusal::Failed);
    }
    let message = context.err().message().unwrap_or_default();
    Some(match context.err().code().unwrap_or_default() {
        "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "ThrottlingException"
        | "Throttling"
        | "TransactionConflictException"
        | "TransactionInProgressException"
        | "LimitExceededException" => Refusal::Throttled,
        "ResourceNotFoundException" => Refusal::NoTable,
        "ValidationException" => invalid(message),
        "AccessDenied"
        | "AccessDeniedException"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "NotAuthorized"
        | "OptInRequired"
        | "UnrecognizedClientException" => Refusal::Denied,
        // Nothing that a caller of this store could have caused.
        _ => Refusal::Failed,
    })
}

/// DynamoDB has one code for all of these and tells them apart by their texts alone.
fn invalid(message: &str) -> Refusal {
    let has = |part: &str| message.contains(part);
    if has("Item size") && has("exceeded") {
        Refusal::ItemSize
    } else if has("does not have the specified index") {
        Refusal::NoIndex
    } else if has("does not match the schema") || has("Missing the key") || has("Query condition missed key")
    {
        Refusal::OtherLayout
    } else {
        Refusal::Other
    }
}

/// Code and message of DynamoDB; otherwise all that the layers below say, the outermost first. Never an item.
pub(super) fn text<E>(error: &SdkError<E>) -> String
where
    E: StdError + ProvideErrorMetadata + 'static,
{
    if let Some(code) = error.code() {
        return format!("{code}: {}", error.message().unwrap_or("no message"));
    }
    let mut texts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(error) = next {
        texts.push(error.to_string());
        next = error.source();
    }
    texts.dedup();
    texts.join(": ")
}

/// The chain of credentials says where it looked, and not what to do.
fn advised(text: String) -> String {
    if text.to_lowercase().contains("credential") {
        let advice = "no AWS credentials could be had: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or \
                      AWS_PROFILE, or give this machine a role";
        return format!("{advice} ({text})");
    }
    text
}

//! What a failed call comes to: a failure with a text for the operator.

use std::error::Error as StdError;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use items_dynamodb::{Failure, Refusal};

/// Whether the table itself does not exist.
pub(super) fn is_missing_table<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    refusal(error) == Some(Refusal::NoTable)
}

/// The failure of a read.
pub(super) fn of_read<E>(error: &SdkError<E>) -> Failure
where
    E: StdError + ProvideErrorMetadata + 'static,
{
    of_write(error, false)
}

/// The failure of a write; `lost` when an attempt may have been applied.
pub(super) fn of_write<E>(error: &SdkError<E>, lost: bool) -> Failure
where
    E: StdError + ProvideErrorMetadata + 'static,
{
    let refusal = refusal(error);
    let text = text(error);
    let text = if matches!(refusal, Some(Refusal::Failed) | None) { advised(text) } else { text };
    Failure::Failed { refusal, text, lost }
}

/// None where DynamoDB did not answer, or not with an error that it has.
fn refusal<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Option<Refusal> {
    let SdkError::ServiceError(context) = error else { return None };
    let status = context.raw().status().as_u16();
    let (code, message) = (context.err().code(), context.err().message());
    Some(Refusal::read(status, code.unwrap_or_default(), message.unwrap_or_default()))
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

//! Turns a failed call into an error with a text for the operator.
//!
//! The text consists of kinds, codes and ids. It never contains the message of an SDK error, which may quote the
//! request and so a client's data.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "later versions of the SDK and of rustls may have more errors, which all get the same text"
)]

use std::error::Error as StdError;
use std::io;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::http::HttpError;
use hyper_util::client::legacy;
use items::dynamodb::{AnswerText, RequestError, ServiceError};
use tokio_rustls::rustls;

use super::connection::Connection;

impl Connection {
    /// The error of a read.
    pub(super) fn read_failed<E>(&self, operation: &str, error: &SdkError<E>) -> RequestError
    where
        E: StdError + ProvideErrorMetadata + 'static,
    {
        self.write_failed(operation, error, false)
    }

    /// The error of a write. `lost` is set if an attempt may have been applied.
    pub(super) fn write_failed<E>(&self, operation: &str, error: &SdkError<E>, lost: bool) -> RequestError
    where
        E: StdError + ProvideErrorMetadata + 'static,
    {
        RequestError::Failed { service_error: service_error(error), text: self.told(operation, error), lost }
    }

    fn told<E>(&self, operation: &str, error: &SdkError<E>) -> String
    where
        E: StdError + ProvideErrorMetadata + 'static,
    {
        let (text, is_of_dynamodb) = match error {
            SdkError::ServiceError(context) => {
                let (status, code) = (context.raw().status().as_u16(), context.err().code());
                let request_id = context.raw().headers().get("x-amzn-requestid").unwrap_or_default();
                let said = AnswerText { operation, status, code: code.unwrap_or_default(), request_id };
                (said.to_string(), code.is_some())
            }
            _ => (format!("{operation}: {}", kind(error)), false),
        };
        match &self.proxy {
            Some(proxy) if !is_of_dynamodb => {
                format!(
                    "{text}; the request went through the proxy {proxy}, which HTTPS_PROXY or another proxy variable sets"
                )
            }
            Some(_) | None => text,
        }
    }
}

/// The error of the service, or `None` if DynamoDB did not answer or did not answer with one of its errors.
pub(super) fn service_error<E>(error: &SdkError<E>) -> Option<ServiceError>
where
    E: StdError + ProvideErrorMetadata + 'static,
{
    if let SdkError::ServiceError(context) = error {
        let status = context.raw().status().as_u16();
        let (code, message) = (context.err().code(), context.err().message());
        return Some(ServiceError::read(status, code.unwrap_or_default(), message.unwrap_or_default()));
    }
    match first::<CredentialsError>(error) {
        Some(CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_)) => {
            Some(ServiceError::NoCredentials)
        }
        // The credentials provider was called and failed. It may succeed the next time.
        Some(_) => None,
        None => is_unmade(error).then_some(ServiceError::Unmade),
    }
}

/// Whether the request could not be built, so that no attempt was made.
fn is_unmade<E: StdError + 'static>(error: &SdkError<E>) -> bool {
    match error {
        SdkError::ConstructionFailure(_) => true,
        // The SDK does not check the endpoint of a profile in advance. It detects a missing scheme only when it builds
        // the request, and counts that as an attempt.
        SdkError::DispatchFailure(failure) => failure.is_user() || first::<HttpError>(error).is_some(),
        _ => false,
    }
}

fn kind<E: StdError + 'static>(error: &SdkError<E>) -> String {
    if let Some(error) = first::<CredentialsError>(error) {
        return match error {
            CredentialsError::CredentialsNotLoaded(_) => "no credentials are set",
            CredentialsError::InvalidConfiguration(_) => "the settings of the credentials are wrong",
            CredentialsError::ProviderTimedOut(_) => "the credentials provider did not answer in time",
            _ => "the credentials provider failed",
        }
        .to_owned();
    }
    match error {
        _ if is_unmade(error) => "the request cannot be made or sent".to_owned(),
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => "no answer in time".to_owned(),
        SdkError::ResponseError(context) => {
            format!("an answer that cannot be read, HTTP status {}", context.raw().status().as_u16())
        }
        _ => connection_kind(error),
    }
}

fn connection_kind(error: &(dyn StdError + 'static)) -> String {
    let stage = if is_unconnected(error) { "no connection" } else { "the connection failed" };
    if let Some(error) = first::<rustls::Error>(error) {
        let what = match error {
            rustls::Error::InvalidCertificate(_) => "the certificate of the server is not accepted",
            rustls::Error::AlertReceived(_) => "the server refused TLS",
            _ => "TLS failed",
        };
        return format!("{stage}: {what}");
    }
    match first::<io::Error>(error) {
        Some(error) => match error.raw_os_error() {
            Some(code) => format!("{stage}: {} (os error {code})", error.kind()),
            // An error of name resolution has no number.
            None if stage == "no connection" => {
                format!("{stage}: {}; check the server's name", error.kind())
            }
            None => format!("{stage}: {}", error.kind()),
        },
        None => stage.to_owned(),
    }
}

/// Whether the connection was never made, so that the server cannot have received anything.
pub(super) fn is_unconnected(error: &(dyn StdError + 'static)) -> bool {
    first::<legacy::Error>(error).is_some_and(legacy::Error::is_connect)
}

/// The first error of this type in a chain.
fn first<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = match error.downcast_ref::<io::Error>() {
            // `source` of an `io::Error` skips the error that it wraps.
            Some(error) if error.get_ref().is_some() => {
                error.get_ref().map(|inner| inner as &(dyn StdError + 'static))
            }
            Some(_) | None => error.source(),
        };
    }
    None
}

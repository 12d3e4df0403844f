//! Why a contract is not published, and the exit code of each reason.

use super::bucket::TIME_LIMIT;
use crate::config::LocationError;
use crate::outgoing::{CertificatesError, SendError};

/// Why a contract is not published. `EXIT_CODES` explains the codes to users.
#[derive(Debug, thiserror::Error)]
pub(super) enum PublishError {
    /// A variable of AWS has a value that is not allowed.
    #[error(transparent)]
    Location(#[from] LocationError),
    #[error(transparent)]
    Certificates(#[from] CertificatesError),
    #[error("--region: no AWS region is set; give the region of the bucket or set AWS_REGION")]
    NoRegion,
    #[error("no AWS credentials are set; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or an AWS profile")]
    NoCredentials,
    #[error("the AWS credentials cannot be fetched; check the AWS settings of this machine")]
    Credentials,
    #[error("a request cannot be signed; check the AWS credentials")]
    Unsigned,
    #[error(
        "--bucket {bucket}: the bucket does not block public access; turn on BlockPublicAcls, IgnorePublicAcls, \
         BlockPublicPolicy and RestrictPublicBuckets"
    )]
    Unblocked { bucket: String },
    #[error(
        "--bucket {bucket}: the policy of the bucket is public; remove what allows everybody to use the bucket"
    )]
    PublicPolicy { bucket: String },
    #[error("--check: {uri} is missing or is not this contract; the command without --check stores it")]
    Differs { uri: String },
    #[error("another publisher changed {uri} at the same time; nothing was stored, so run the command again")]
    LostRace { uri: String },
    #[error(
        "the contract was stored, but another publisher replaced {uri} at once; run the command with --check"
    )]
    Replaced { uri: String },
    #[error(
        "the bytes for {uri} were changed on their way to S3, which stored nothing; run the command again"
    )]
    Corrupted { uri: String },
    #[error("{uri} was stored, but the bytes that S3 returns are not those of the contract; do not use them")]
    WrongBytes { uri: String },
    #[error("--bucket {bucket}: the credentials do not allow {action} (status {status}, {code})")]
    Denied { bucket: String, action: &'static str, status: u16, code: String },
    #[error("--bucket {bucket}: the bucket does not exist")]
    NoBucket { bucket: String },
    #[error(
        "--bucket {bucket}: the bucket is in {}; set --region to it",
        .region.as_deref().unwrap_or("another region")
    )]
    OtherRegion { bucket: String, region: Option<String> },
    #[error(
        "S3 did not answer a request for {action} within {} seconds; run the command again, which stores nothing twice",
        TIME_LIMIT.as_secs()
    )]
    Late { action: &'static str },
    #[error("S3 cannot be reached; check the network, --region and --endpoint-url")]
    Unreachable,
    #[error(
        "the connection ended before S3 answered a request for {action}; run the command again, which stores nothing twice"
    )]
    Broken { action: &'static str },
    #[error("S3 refused a request for {action} with status {status} ({code})")]
    Failed { action: &'static str, status: u16, code: String },
    #[error("S3 answered a request for {action} in a way that cannot be read")]
    Unreadable { action: &'static str },
    /// The body of an answer is longer than its limit.
    #[error("S3 answered a request for {action} with more than expected")]
    TooLong { action: &'static str },
}

impl PublishError {
    /// The error of a request for an action that has no answer.
    pub(super) fn of_sending(error: SendError, action: &'static str) -> PublishError {
        match error {
            SendError::Unreachable => PublishError::Unreachable,
            SendError::Broken => PublishError::Broken { action },
            SendError::Late => PublishError::Late { action },
            SendError::TooLong => PublishError::TooLong { action },
        }
    }

    pub(super) fn is_too_long(&self) -> bool {
        matches!(self, PublishError::TooLong { .. })
    }

    pub(super) fn exit_code(&self) -> u8 {
        match self {
            PublishError::Location(_)
            | PublishError::Certificates(_)
            | PublishError::NoRegion
            | PublishError::Unsigned
            | PublishError::Failed { .. }
            | PublishError::Unreadable { .. }
            | PublishError::TooLong { .. } => 1,
            PublishError::Differs { .. } => 3,
            PublishError::Unblocked { .. } => 4,
            PublishError::PublicPolicy { .. } => 5,
            PublishError::LostRace { .. } | PublishError::Replaced { .. } => 6,
            PublishError::Corrupted { .. } | PublishError::WrongBytes { .. } => 7,
            PublishError::NoCredentials | PublishError::Credentials | PublishError::Denied { .. } => 8,
            PublishError::NoBucket { .. } => 9,
            PublishError::OtherRegion { .. } => 10,
            PublishError::Late { .. } => 11,
            PublishError::Unreachable | PublishError::Broken { .. } => 12,
        }
    }
}

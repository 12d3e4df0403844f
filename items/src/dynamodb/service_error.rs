//! Classifies the errors of DynamoDB.

/// Why DynamoDB refused a request, or why the request could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceError {
    /// The index is still being created.
    Building,
    /// The credentials are wrong, expired, or not allowed to do this.
    Denied,
    /// DynamoDB itself failed. It is unknown whether something was stored.
    Failed,
    /// The item would be larger than an item may be.
    ItemSize,
    /// There are no credentials.
    NoCredentials,
    /// The index does not exist.
    NoIndex,
    /// The table does not exist.
    NoTable,
    /// The request itself is wrong.
    Other,
    /// The key of the table or of an index has other attributes.
    OtherLayout,
    /// DynamoDB limits the rate of requests.
    Throttled,
    /// The request cannot be built or sent.
    Unmade,
}

impl ServiceError {
    /// Classifies an answer by its HTTP status, and the code and message of its body.
    #[must_use]
    pub fn read(status: u16, code: &str, message: &str) -> ServiceError {
        if status >= 500 {
            return ServiceError::Failed;
        }
        match code {
            "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded"
            | "ThrottlingException"
            | "Throttling"
            | "TransactionConflictException"
            | "TransactionInProgressException"
            | "LimitExceededException" => ServiceError::Throttled,
            "ResourceNotFoundException" | "TableNotFoundException" => ServiceError::NoTable,
            "ValidationException" => invalid(message),
            "AccessDenied"
            | "AccessDeniedException"
            | "ExpiredToken"
            | "ExpiredTokenException"
            | "IncompleteSignature"
            | "IncompleteSignatureException"
            | "InvalidAccessKeyId"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException"
            | "NotAuthorized"
            | "OptInRequired"
            | "SignatureDoesNotMatch"
            | "SubscriptionRequiredException"
            | "UnrecognizedClientException" => ServiceError::Denied,
            // No caller of this store can have caused any other code.
            _ => ServiceError::Failed,
        }
    }
}

/// Classifies a `ValidationException`. DynamoDB has this one code for all of these errors; only their messages differ.
fn invalid(message: &str) -> ServiceError {
    let has = |part: &str| message.contains(part);
    if has("Item size") && has("exceeded") {
        ServiceError::ItemSize
    } else if has("does not have the specified index") {
        ServiceError::NoIndex
    } else if has("backfilling") {
        ServiceError::Building
    } else if OTHER_LAYOUT.into_iter().any(has) {
        ServiceError::OtherLayout
    } else {
        ServiceError::Other
    }
}

/// Parts of the messages that mean that a key has other attributes, other types, or another number of attributes.
const OTHER_LAYOUT: [&str; 7] = [
    "does not match schema type",
    "does not match the schema",
    "Missing the key",
    "Query condition missed key",
    "Query key condition not supported",
    "The number of conditions on the keys is invalid",
    "Type mismatch for",
];

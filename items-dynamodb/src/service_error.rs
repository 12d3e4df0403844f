//! Why DynamoDB refused a request, told from what it answered.

/// Why DynamoDB refused a request that reached it, as far as this store tells reasons apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceError {
    /// The index is being made; it is there by itself after a while.
    Building,
    /// The credentials are wrong, expired, or not allowed to do this.
    Denied,
    /// Its own failure: nothing is known about what was stored.
    Failed,
    /// The item would be larger than an item may be.
    ItemSize,
    /// There are no credentials to ask with.
    NoCredentials,
    /// The index does not exist.
    NoIndex,
    /// The table does not exist.
    NoTable,
    /// The request itself is wrong.
    Other,
    /// The table's key or an index is made of other attributes.
    OtherLayout,
    /// Too much to do.
    Throttled,
    /// The request cannot be put together or sent anywhere.
    Unmade,
}

impl ServiceError {
    /// What an answer says: its HTTP status, and code and message of its body.
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
            // Nothing that a caller of this store could have caused.
            _ => ServiceError::Failed,
        }
    }
}

/// DynamoDB has one code for all of these and tells them apart by their texts alone.
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

/// The key of the table or of an index has other attributes, other types, or another number of them.
const OTHER_LAYOUT: [&str; 7] = [
    "does not match schema type",
    "does not match the schema",
    "Missing the key",
    "Query condition missed key",
    "Query key condition not supported",
    "The number of conditions on the keys is invalid",
    "Type mismatch for",
];

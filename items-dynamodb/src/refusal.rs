//! Why DynamoDB refused a request, told from what it answered.

/// Why DynamoDB refused a request that reached it, as far as this store tells reasons apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
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

impl Refusal {
    /// What an answer says: its HTTP status, and code and message of its body.
    #[must_use]
    pub fn read(status: u16, code: &str, message: &str) -> Refusal {
        if status >= 500 {
            return Refusal::Failed;
        }
        match code {
            "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded"
            | "ThrottlingException"
            | "Throttling"
            | "TransactionConflictException"
            | "TransactionInProgressException"
            | "LimitExceededException" => Refusal::Throttled,
            "ResourceNotFoundException" | "TableNotFoundException" => Refusal::NoTable,
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
            | "UnrecognizedClientException" => Refusal::Denied,
            // Nothing that a caller of this store could have caused.
            _ => Refusal::Failed,
        }
    }
}

/// DynamoDB has one code for all of these and tells them apart by their texts alone.
fn invalid(message: &str) -> Refusal {
    let has = |part: &str| message.contains(part);
    if has("Item size") && has("exceeded") {
        Refusal::ItemSize
    } else if has("does not have the specified index") {
        Refusal::NoIndex
    } else if has("backfilling") {
        Refusal::Building
    } else if OTHER_LAYOUT.into_iter().any(has) {
        Refusal::OtherLayout
    } else {
        Refusal::Other
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

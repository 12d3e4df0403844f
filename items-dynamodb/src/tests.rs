//! How failures are told apart. What the verbs come to is tested by those that have a server, and by the host's suite.

use crate::{Error, Failure, Refusal};

#[test]
fn a_refusal_is_known_by_status_code_and_message() {
    for (status, code, message, refusal) in [
        (500, "ThrottlingException", "", Refusal::Failed),
        (400, "ThrottlingException", "", Refusal::Throttled),
        (400, "ResourceNotFoundException", "", Refusal::NoTable),
        (400, "ExpiredTokenException", "", Refusal::Denied),
        (400, "ValidationException", "Item size has exceeded the maximum allowed size", Refusal::ItemSize),
        (400, "ValidationException", "The table does not have the specified index: X", Refusal::NoIndex),
        (
            400,
            "ValidationException",
            "The provided key element does not match the schema",
            Refusal::OtherLayout,
        ),
        (400, "ValidationException", "anything else", Refusal::Other),
        (
            400,
            "AccessDeniedException",
            "User: a is not authorized to perform: dynamodb:Query",
            Refusal::Denied,
        ),
        (400, "UnrecognizedClientException", "The security token is invalid", Refusal::Denied),
        (403, "SignatureDoesNotMatch", "", Refusal::Denied),
        (
            400,
            "ValidationException",
            "Cannot read from backfilling global secondary index: X",
            Refusal::Building,
        ),
        (400, "", "", Refusal::Failed),
    ] {
        assert_eq!(Refusal::read(status, code, message), refusal, "{status} {code} {message}");
    }
}

#[test]
fn a_lost_attempt_makes_a_write_unknown_and_a_read_no_worse() {
    let failed = |lost| Failure::Failed { refusal: Some(Refusal::Throttled), text: "x".to_owned(), lost };
    let throttled = Error::Throttled { retry_after: None };
    assert_eq!(failed(true).of_write("t"), Error::Unknown("x".to_owned()));
    assert_eq!(failed(false).of_write("t"), throttled);
    assert_eq!(failed(true).of_read("t"), throttled);
    assert_eq!(Failure::Unsent(Error::TooLarge).of_write("t"), Error::TooLarge);
}

/// Texts of DynamoDB for tables and indexes of another make.
#[test]
fn another_key_is_told_from_a_wrong_request() {
    for message in [
        "The provided key element does not match the schema",
        "The number of conditions on the keys is invalid",
        "One or more parameter values were invalid: Missing the key id in the item",
        "One or more parameter values were invalid: Type mismatch for key ticket_id expected: N actual: S",
        "One or more parameter values were invalid: Type mismatch for Index Key caller_id Expected: N Actual: S IndexName: X",
        "One or more parameter values were invalid: Condition parameter type does not match schema type",
        "Query condition missed key schema element: created_at",
        "Query key condition not supported",
    ] {
        assert_eq!(Refusal::read(400, "ValidationException", message), Refusal::OtherLayout, "{message}");
    }
}

#[test]
fn a_refusal_that_lasts_is_told_from_one_that_passes() {
    let failed = |refusal| Failure::Failed { refusal, text: "x".to_owned(), lost: false };
    for (refusal, command) in [
        (Refusal::NoTable, "portdesk table create"),
        (Refusal::Denied, "portdesk table policy"),
        (Refusal::NoIndex, "portdesk table check"),
        (Refusal::OtherLayout, "portdesk table check"),
        (Refusal::NoCredentials, "AWS_ACCESS_KEY_ID"),
        (Refusal::Unmade, "endpoint"),
    ] {
        for error in [failed(Some(refusal)).of_read("t"), failed(Some(refusal)).of_write("t")] {
            assert!(matches!(&error, Error::Misconfigured(text) if text.contains(command)), "{error:?}");
        }
    }
    for refusal in [None, Some(Refusal::Failed), Some(Refusal::Building)] {
        assert!(matches!(failed(refusal).of_read("t"), Error::Unavailable(_)), "{refusal:?}");
    }
}

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

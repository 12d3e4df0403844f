//! Tests how failures are classified. The verbs are tested against a server in `tests/`, and by the host's suite.

use alloc::borrow::ToOwned;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use crate::dynamodb::{
    Attributes, Expression, QueryResult, Range, RequestError, ServiceError, Table, WriteResult, verbs,
};
use crate::{Append, Change, Entry, Error, Item, Schema, Update};

#[test]
fn a_refusal_is_known_by_status_code_and_message() {
    for (status, code, message, service_error) in [
        (500, "ThrottlingException", "", ServiceError::Failed),
        (400, "ThrottlingException", "", ServiceError::Throttled),
        (400, "ResourceNotFoundException", "", ServiceError::NoTable),
        (400, "ExpiredTokenException", "", ServiceError::Denied),
        (
            400,
            "ValidationException",
            "Item size has exceeded the maximum allowed size",
            ServiceError::ItemSize,
        ),
        (400, "ValidationException", "The table does not have the specified index: X", ServiceError::NoIndex),
        (
            400,
            "ValidationException",
            "The provided key element does not match the schema",
            ServiceError::OtherLayout,
        ),
        (400, "ValidationException", "anything else", ServiceError::Other),
        (
            400,
            "AccessDeniedException",
            "User: a is not authorized to perform: dynamodb:Query",
            ServiceError::Denied,
        ),
        (400, "UnrecognizedClientException", "The security token is invalid", ServiceError::Denied),
        (403, "SignatureDoesNotMatch", "", ServiceError::Denied),
        (
            400,
            "ValidationException",
            "Cannot read from backfilling global secondary index: X",
            ServiceError::Building,
        ),
        (400, "", "", ServiceError::Failed),
    ] {
        assert_eq!(ServiceError::read(status, code, message), service_error, "{status} {code} {message}");
    }
}

#[test]
fn a_lost_attempt_makes_a_write_unknown_and_a_read_no_worse() {
    let failed = |lost| RequestError::Failed {
        service_error: Some(ServiceError::Throttled),
        text: "x".to_owned(),
        lost,
    };
    let throttled = Error::Throttled { retry_after: None };
    assert_eq!(failed(true).of_write("t"), Error::Unknown("x".to_owned()));
    assert_eq!(failed(false).of_write("t"), throttled);
    assert_eq!(failed(true).of_read("t"), throttled);
    assert_eq!(RequestError::Unsent(Error::TooLarge).of_write("t"), Error::TooLarge);
}

/// A lost attempt may arrive later. It then finds the item that was missing, but never an earlier version or a shorter list.
#[test]
fn a_refusal_after_a_lost_attempt_is_certain_only_if_the_attempt_would_be_refused_later_too() {
    let entry = || Entry { id: "e".to_owned(), fields: Arc::default() };
    let append = Append { list: "comments".to_owned(), entry: entry(), max_entries: 1 };
    let item = || Item { key: "k".to_owned(), version: 2, fields: Arc::default(), lists: Vec::new() };
    for (outcome, append_is_certain, set_is_certain) in [
        (Update::Missing, false, false),
        (Update::Stale(item()), true, false),
        (Update::Refused(item()), true, false),
        (Update::Full, true, false),
        (Update::Duplicate(entry()), true, true),
        (Update::Updated(2), true, true),
    ] {
        for (append, is_certain) in [(Some(append.clone()), append_is_certain), (None, set_is_certain)] {
            let (unless, unless_above, set) = (Vec::new(), Vec::new(), Vec::new());
            let change = Change { id: "c".to_owned(), at_version: None, unless, unless_above, set, append };
            assert_eq!(verbs::conclusive(&change, outcome.clone(), false), Ok(outcome.clone()));
            let after_a_loss = verbs::conclusive(&change, outcome.clone(), true);
            assert_eq!(after_a_loss.is_ok(), is_certain, "{change:?} {outcome:?}");
        }
    }
}

/// After the item was found too large, it is read, and that read can fail too.
#[test]
fn a_lost_attempt_makes_a_write_unknown_whatever_failed_after_it() {
    for (lost, outcome) in [
        (true, Error::Unknown(Error::Throttled { retry_after: None }.to_string())),
        (false, Error::Throttled { retry_after: None }),
    ] {
        let (unless, unless_above, set, append) = (Vec::new(), Vec::new(), Vec::new(), None);
        let change = Change { id: "c".to_owned(), at_version: None, unless, unless_above, set, append };
        let schema =
            Schema { key_field: "id".to_owned(), listed: Vec::new(), lists: Vec::new(), indexes: Vec::new() };
        let table = Crowded { lost };
        let update = pin!(verbs::update(&table, &schema, "k", change));
        let updated = update.poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(updated, Poll::Ready(Err(outcome)));
    }
}

/// A table whose items are full, and whose reads are throttled.
struct Crowded {
    lost: bool,
}

impl Table for Crowded {
    fn name(&self) -> &'static str {
        "t"
    }

    async fn read(&self, _: Attributes) -> Result<Option<Attributes>, RequestError> {
        let service_error = Some(ServiceError::Throttled);
        Err(RequestError::Failed { service_error, text: "x".to_owned(), lost: false })
    }

    async fn put(&self, _: Attributes, _: Expression) -> Result<WriteResult, RequestError> {
        Err(RequestError::Unsent(Error::TooLarge))
    }

    async fn change(&self, _: Attributes, _: Expression) -> Result<WriteResult, RequestError> {
        let service_error = Some(ServiceError::ItemSize);
        Err(RequestError::Failed { service_error, text: "x".to_owned(), lost: self.lost })
    }

    async fn range(&self, _: Range) -> Result<QueryResult, RequestError> {
        Err(RequestError::Unsent(Error::TooLarge))
    }
}

/// Messages of DynamoDB for tables and indexes with another layout.
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
        assert_eq!(
            ServiceError::read(400, "ValidationException", message),
            ServiceError::OtherLayout,
            "{message}"
        );
    }
}

#[test]
fn a_refusal_that_lasts_is_told_from_one_that_passes() {
    let failed = |service_error| RequestError::Failed { service_error, text: "x".to_owned(), lost: false };
    for (service_error, command) in [
        (ServiceError::NoTable, "portdesk table create"),
        (ServiceError::Denied, "portdesk table policy"),
        (ServiceError::NoIndex, "portdesk table check"),
        (ServiceError::OtherLayout, "portdesk table check"),
        (ServiceError::NoCredentials, "AWS_ACCESS_KEY_ID"),
        (ServiceError::Unmade, "endpoint"),
    ] {
        for error in [failed(Some(service_error)).of_read("t"), failed(Some(service_error)).of_write("t")] {
            assert!(matches!(&error, Error::Misconfigured(text) if text.contains(command)), "{error:?}");
        }
    }
    for service_error in [None, Some(ServiceError::Failed), Some(ServiceError::Building)] {
        assert!(matches!(failed(service_error).of_read("t"), Error::Unavailable(_)), "{service_error:?}");
    }
}

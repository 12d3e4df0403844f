//! How often a call is tried, and what its end proves.

use std::sync::Arc;
use std::time::Duration;

use items::Error;
use items::{Append, Change, Entry, Insert, Update};

use super::network::{Act, Network, condition_failed, done, refusal, store, store_with};
use crate::StoreError;

fn change(id: &str) -> Change {
    Change {
        id: id.into(),
        at_version: None,
        unless: Vec::new(),
        unless_above: Vec::new(),
        set: Vec::new(),
        append: None,
    }
}

fn note(id: &str) -> Change {
    let entry = Entry { id: id.into(), fields: Arc::default() };
    Change { append: Some(Append { list: "notes".into(), entry, max_entries: 10 }), ..change(id) }
}

/// How get, insert and an append end, and how many requests the last one took.
fn ends(acts: &[Act]) -> ([Result<(), StoreError>; 3], usize) {
    let network = || Network::new(acts.iter().cloned());
    let (read, inserted, appended) = (network(), network(), network());
    let ends = [
        store(&read).get("a").map(|_| ()),
        store(&inserted).insert("a", Vec::new(), "c").map(|_| ()),
        store(&appended).update("a", note("n")).map(|_| ()),
    ];
    let requests = appended.sent.borrow().len();
    (ends, requests)
}

#[test]
fn throttling_is_tried_again_and_then_said() {
    for code in ["ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"] {
        let throttled = Err(StoreError::Failed(Error::Throttled { retry_after: None }));
        assert_eq!(ends(&[refusal(code)]), ([throttled.clone(), throttled.clone(), throttled], 3), "{code}");
    }
}

#[test]
fn what_no_repeat_can_mend_is_not_repeated() {
    for code in ["AccessDeniedException", "ResourceNotFoundException", "UnrecognizedClientException"] {
        let (ends, requests) = ends(&[refusal(code)]);
        for end in ends {
            assert!(matches!(&end, Err(StoreError::Failed(Error::Misconfigured(_)))), "{code}: {end:?}");
        }
        assert_eq!(requests, 1, "{code}");
    }
}

#[test]
fn a_write_that_may_have_arrived_is_unknown_and_a_read_unavailable() {
    let lost = [Act::Silence, Act::Answer(500, String::new()), Act::Answer(302, String::new()), done("{")];
    for act in lost {
        let ([read, inserted, appended], requests) = ends(std::slice::from_ref(&act));
        assert!(matches!(read, Err(StoreError::Failed(Error::Unavailable(_)))), "{act:?}: {read:?}");
        for end in [inserted, appended] {
            assert!(matches!(end, Err(StoreError::Failed(Error::Unknown(_)))), "{act:?}: {end:?}");
        }
        assert!(requests > 1, "{act:?}: {requests}");
    }
}

#[test]
fn a_write_that_never_left_stored_nothing() {
    let (ends, requests) = ends(&[Act::Refuse]);
    for end in ends {
        assert!(matches!(end, Err(StoreError::Failed(Error::Unavailable(_)))), "{end:?}");
    }
    assert_eq!(requests, 3);
}

#[test]
fn a_refusal_after_a_lost_attempt_is_no_proof() {
    for last in [refusal("ThrottlingException"), refusal("AccessDeniedException"), Act::Refuse] {
        let (ends, _) = ends(&[Act::Silence, last]);
        assert!(matches!(ends[1], Err(StoreError::Failed(Error::Unknown(_)))), "{ends:?}");
    }
}

#[test]
fn the_own_lost_attempt_is_found_and_said_to_be_done() {
    let item = r#"{"item_id":{"S":"a"},"portdesk_version":{"N":"2"},"portdesk_created_by":{"S":"c"},
        "portdesk_changed_by":{"S":"s"},"portdesk_count_notes":{"N":"1"},"portdesk_ids_notes":{"SS":["n"]},
        "notes":{"L":[{"M":{"note_id":{"S":"n"}}}]}}"#;
    let network = || Network::new([Act::Silence, condition_failed(item)]);
    assert!(matches!(store(&network()).insert("a", Vec::new(), "c"), Ok(Insert::Repeated(_))));
    assert!(matches!(store(&network()).update("a", note("n")), Ok(Update::Duplicate(_))));
    assert_eq!(store(&network()).update("a", change("s")), Ok(Update::Updated(2)));
    // Whether the lost attempt was stored before version 2 cannot be told.
    let stale = Change { at_version: Some(1), ..change("other") };
    let end = store(&network()).update("a", stale);
    assert!(matches!(end, Err(StoreError::Failed(Error::Unknown(_)))), "{end:?}");
}

#[test]
fn attempts_share_the_time_of_a_request() {
    let network = Network::new([Act::Silence]);
    let more = [("PORTDESK_TIME_LIMIT_MS", "3000"), ("PORTDESK_STORE_ATTEMPTS", "4")];
    assert!(store_with(&more, &network).get("a").is_err());
    let sent = network.sent.borrow();
    assert_eq!(sent[0].timeouts.answer, Duration::from_millis(675), "a quarter of nine tenths");
    assert!(sent.iter().all(|sent| sent.timeouts.connect <= Duration::from_secs(1)));
    assert!(sent.len() >= 3, "{}", sent.len());
    let waits: Duration = network.waits.borrow().iter().sum();
    let attempts: Duration = sent.iter().map(|sent| sent.timeouts.answer).sum();
    assert!(waits + attempts <= Duration::from_millis(2_700), "{waits:?} and {attempts:?}");
}

#[test]
fn every_pause_is_twice_the_one_before() {
    let network = Network::new([refusal("ThrottlingException")]);
    assert!(store_with(&[("PORTDESK_STORE_ATTEMPTS", "7")], &network).get("a").is_err());
    let waits: Vec<_> = network.waits.borrow().iter().map(Duration::as_millis).collect();
    assert_eq!(waits, [50, 100, 200, 400, 800, 1000]);
}

/// What a server says by itself may quote what was to be stored.
#[test]
fn no_text_of_an_answer_is_told() {
    let quoting = [
        r#"{"__type":"ValidationException","message":"canary"}"#,
        r#"{"__type":"canary text","message":"canary"}"#,
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#AccessDeniedException","Message":"User: canary"}"#,
        r#"{"__type":{"canary":1}}"#,
        r#""canary""#,
        "canary",
    ];
    let answers =
        quoting.iter().flat_map(|body| [200, 400, 500].map(|status| Act::Answer(status, (*body).to_owned())));
    for act in answers {
        let (ends, _) = ends(std::slice::from_ref(&act));
        for end in ends {
            assert!(!format!("{end:?}").contains("canary"), "{act:?}: {end:?}");
        }
    }
    let end = store(&Network::new([refusal("AccessDeniedException")])).get("a").unwrap_err().to_string();
    assert!(
        end.contains("GetItem: AccessDeniedException, HTTP status 400, request 0123456789ABCDEF"),
        "{end}"
    );
}

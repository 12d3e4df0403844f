//! The error for each kind of failure.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use portdesk::backend::dynamodb::{DynamoDb, Settings};
use portdesk::backend::suite::{self, fields, note, set};
use portdesk::backend::{Backend, Change, Error, Insert, Query, Update};

use super::script::{Act, condition_failed, failed, script, service_error};
use super::settings;

async fn store(url: &str, time_limit: Duration) -> DynamoDb {
    let settings = Settings { time_limit, ..settings(url) };
    DynamoDb::connect(&settings, &suite::schema()).await.unwrap()
}

/// The errors of a get, a query, an insert and an append, and the number of attempts of the get.
async fn ends(acts: Vec<Act>) -> (Error, Error, Error, Error, usize) {
    let (url, attempts) = script(acts);
    let store = store(&url, Duration::from_millis(900)).await;
    let query = Query { index: "ByOwner".to_owned(), value: "v".to_owned(), limit: 1, after: None };
    let get = store.get("a").await.unwrap_err();
    let tried = attempts.load(Ordering::SeqCst);
    let query = store.query(query).await.unwrap_err();
    let insert = store.insert("a", fields(&[]), "c").await.unwrap_err();
    (get, query, insert, store.update("a", note("n", "")).await.unwrap_err(), tried)
}

#[tokio::test]
async fn throttling_is_tried_again_and_then_reported() {
    for code in ["ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"] {
        let (get, query, insert, append, tried) = ends(vec![service_error(code)]).await;
        for error in [get, query, insert, append] {
            assert_eq!(error, Error::Throttled { retry_after: None }, "{code}");
        }
        assert_eq!(tried, 3, "{code}");
    }
}

#[tokio::test]
async fn refused_credentials_store_nothing_and_the_error_names_the_command_that_helps() {
    for code in ["AccessDeniedException", "ExpiredTokenException", "UnrecognizedClientException"] {
        let (get, query, insert, append, tried) = ends(vec![service_error(code)]).await;
        for error in [get, query, insert, append] {
            assert!(
                matches!(&error, Error::Misconfigured(text) if text.contains("table policy")),
                "{error:?}"
            );
        }
        assert_eq!(tried, 1, "{code}");
    }
}

#[tokio::test]
async fn a_write_without_an_answer_is_unknown_and_a_read_unavailable() {
    for act in [
        failed(),
        Act::Reset,
        Act::Silence,
        Act::Answer(200, "{".to_owned()),
        Act::Answer(503, String::new()),
    ] {
        let (get, query, insert, append, _) = ends(vec![act.clone()]).await;
        for error in [get, query] {
            assert!(matches!(error, Error::Unavailable(_)), "{act:?}: {error:?}");
        }
        for error in [insert, append] {
            assert!(matches!(error, Error::Unknown(_)), "{act:?}: {error:?}");
        }
    }
}

#[tokio::test]
async fn a_refusal_after_a_lost_attempt_is_no_proof() {
    for last in [service_error("ThrottlingException"), service_error("AccessDeniedException")] {
        let (url, _) = script(vec![failed(), last]);
        let store = store(&url, Duration::from_secs(3)).await;
        let inserted = store.insert("a", fields(&[]), "c").await;
        assert!(matches!(inserted, Err(Error::Unknown(_))), "{inserted:?}");
    }
}

#[tokio::test]
async fn a_repeat_finds_the_write_of_a_lost_attempt_and_reports_it_as_done() {
    let item = r#"{"item_id":{"S":"a"},"portdesk_version":{"N":"2"},"portdesk_created_by":{"S":"c"},
        "portdesk_changed_by":{"S":"s"},"portdesk_count_notes":{"N":"1"},"portdesk_ids_notes":{"SS":["n"]},
        "notes":{"L":[{"M":{"note_id":{"S":"n"},"text":{"S":""}}}]}}"#;
    let fresh =
        async || store(&script(vec![Act::Reset, condition_failed(item)]).0, Duration::from_secs(3)).await;
    assert!(matches!(fresh().await.insert("a", fields(&[]), "c").await, Ok(Insert::Repeated(_))));
    assert!(matches!(fresh().await.insert("a", fields(&[]), "other").await, Ok(Insert::Exists(_))));
    assert!(matches!(fresh().await.update("a", note("n", "")).await, Ok(Update::Duplicate(_))));
    assert_eq!(fresh().await.update("a", set("s", &[])).await, Ok(Update::Updated(2)));
    // The lost attempt may have been stored before version 2.
    let stale = Change { at_version: Some(1), ..set("other", &[]) };
    assert!(matches!(fresh().await.update("a", stale.clone()).await, Err(Error::Unknown(_))));
    // The entry of a stored append would be there.
    let stale = Change { append: note("new", "").append, ..stale };
    assert!(matches!(fresh().await.update("a", stale).await, Ok(Update::Stale(_))));
}

#[tokio::test]
async fn a_write_that_loses_the_race_to_add_guards_uses_the_guards_that_are_there() {
    let bare = r#"{"item_id":{"S":"a"},"notes":{"L":[{"M":{"note_id":{"S":"n"}}}]}}"#;
    let guarded = r#"{"item_id":{"S":"a"},"portdesk_version":{"N":"1"},"portdesk_changed_by":{"S":"m"},
        "portdesk_count_notes":{"N":"2"},"portdesk_ids_notes":{"SS":["n","m"]},
        "notes":{"L":[{"M":{"note_id":{"S":"n"}}},{"M":{"note_id":{"S":"m"}}}]}}"#;
    let done = Act::Answer(200, r#"{"Attributes":{"portdesk_version":{"N":"2"}}}"#.to_owned());
    let (url, attempts) = script(vec![condition_failed(bare), condition_failed(guarded), done]);
    let store = store(&url, Duration::from_secs(3)).await;
    assert_eq!(store.update("a", note("o", "")).await, Ok(Update::Updated(2)));
    assert_eq!(attempts.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_server_that_is_not_there_stores_nothing_and_the_error_comes_quickly() {
    let url = format!("http://127.0.0.1:{}", portdesk_test_support::free_port());
    let store = store(&url, Duration::from_secs(10)).await;
    let begun = Instant::now();
    let inserted = store.insert("a", fields(&[]), "c").await;
    assert!(matches!(inserted, Err(Error::Unavailable(_))), "{inserted:?}");
    assert!(matches!(store.check().await, Err(Error::Unavailable(_))));
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_silent_server_costs_no_more_than_the_time_of_a_request() {
    let (url, attempts) = script(vec![Act::Silence]);
    let store = store(&url, Duration::from_millis(600)).await;
    let begun = Instant::now();
    assert!(store.get("a").await.is_err());
    assert!(begun.elapsed() < Duration::from_millis(600), "{:?}", begun.elapsed());
    assert!(attempts.load(Ordering::SeqCst) >= 2);
}

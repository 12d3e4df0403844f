//! What each way of failing comes to. A scripted server answers one attempt after the other.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::settings;
use crate::backend::dynamodb::{DynamoDb, PERMITS, Settings};
use crate::backend::suite::{self, fields, note, set};
use crate::backend::{Backend, Change, Error, Insert, Query, Update};

/// What the server does with an attempt.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Answer(u16, String),
    /// Reads the request and closes the connection.
    Reset,
    /// Reads the request and never answers.
    Silence,
}

/// Serves the acts in order, the last for ever; gives the address and counts the attempts.
pub(super) fn script(acts: Vec<Act>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let attempts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&attempts);
    thread::spawn(move || {
        let mut silent = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            drain(&mut stream);
            let act = acts[count.fetch_add(1, Ordering::SeqCst).min(acts.len() - 1)].clone();
            match act {
                Act::Answer(status, body) => answer(&mut stream, status, &body),
                Act::Reset => {}
                Act::Silence => silent.push(stream),
            }
        }
    });
    (url, attempts)
}

/// Reads a request to its end.
fn drain(stream: &mut TcpStream) {
    let (mut request, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut part).unwrap();
        request.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.split_once("content-length: ").unwrap().1.lines().next().unwrap();
        if read == 0 || body.len() >= length.parse().unwrap() {
            return;
        }
    }
}

fn answer(stream: &mut TcpStream, status: u16, body: &str) {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {length}\r\n\r\n"
    );
    let _ = stream.write_all((head + body).as_bytes());
}

pub(super) fn service_error(code: &str) -> Act {
    Act::Answer(400, format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"said so"}}"#))
}

pub(super) fn condition_failed(item: &str) -> Act {
    let code = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
    Act::Answer(400, format!(r#"{{"__type":"{code}","message":"no","Item":{item}}}"#))
}

pub(super) fn failed() -> Act {
    Act::Answer(500, r#"{"__type":"InternalServerError","message":"said so"}"#.to_owned())
}

async fn store(url: &str, time_limit: Duration) -> DynamoDb {
    let settings = Settings { time_limit, ..settings(url) };
    DynamoDb::connect(&settings, &suite::schema()).await.unwrap()
}

/// How the verbs end, and after how many attempts: get, query, insert, append.
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
async fn throttling_is_tried_again_and_then_said() {
    for code in ["ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"] {
        let (get, query, insert, append, tried) = ends(vec![service_error(code)]).await;
        for error in [get, query, insert, append] {
            assert_eq!(error, Error::Throttled { retry_after: None }, "{code}");
        }
        assert_eq!(tried, 3, "{code}");
    }
}

#[tokio::test]
async fn refused_credentials_store_nothing_and_say_what_to_do() {
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
async fn the_own_lost_attempt_is_found_and_said_to_be_done() {
    let item = r#"{"item_id":{"S":"a"},"portdesk_version":{"N":"2"},"portdesk_created_by":{"S":"c"},
        "portdesk_changed_by":{"S":"s"},"portdesk_count_notes":{"N":"1"},"portdesk_ids_notes":{"SS":["n"]},
        "notes":{"L":[{"M":{"note_id":{"S":"n"},"text":{"S":""}}}]}}"#;
    let fresh =
        async || store(&script(vec![Act::Reset, condition_failed(item)]).0, Duration::from_secs(3)).await;
    assert!(matches!(fresh().await.insert("a", fields(&[]), "c").await, Ok(Insert::Repeated(_))));
    assert!(matches!(fresh().await.insert("a", fields(&[]), "other").await, Ok(Insert::Exists(_))));
    assert!(matches!(fresh().await.update("a", note("n", "")).await, Ok(Update::Duplicate(_))));
    assert_eq!(fresh().await.update("a", set("s", &[])).await, Ok(Update::Updated(2)));
    // Whether the lost attempt was stored before version 2 cannot be told.
    let stale = Change { at_version: Some(1), ..set("other", &[]) };
    assert!(matches!(fresh().await.update("a", stale.clone()).await, Err(Error::Unknown(_))));
    // Of an append it can: its entry would be there.
    let stale = Change { append: note("new", "").append, ..stale };
    assert!(matches!(fresh().await.update("a", stale).await, Ok(Update::Stale(_))));
}

#[tokio::test]
async fn who_is_overtaken_while_making_guards_uses_those_that_are_there() {
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
async fn a_server_that_is_not_there_stores_nothing_and_is_told_quickly() {
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

#[tokio::test]
async fn past_the_permits_a_call_is_throttled_at_once() {
    let (url, attempts) = script(vec![Act::Silence]);
    let store = store(&url, Duration::from_secs(3)).await;
    let all = store.permits.acquire_many(u32::try_from(PERMITS).unwrap()).await.unwrap();
    assert!(matches!(store.get("a").await, Err(Error::Throttled { retry_after: Some(_) })));
    assert_eq!(attempts.load(Ordering::SeqCst), 0);
    drop(all);
}

//! The component `guest/store-dynamodb` keeps the same claims as the store of the host. Each call runs in an instance of its own,
//! as on platforms that serve HTTP.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

use items::cursor;
use portdesk::backend::suite::{self, SharedBackend};
use portdesk::backend::{Error, Insert, Position, Update};
use portdesk_test_support::Server;

use super::script::{Act, condition_failed, failed, script, service_error};
use super::{make, settings, store};
use crate::suite::store_component::{Prepared, StoreComponent};

suite::conformance!(component; async || {
    let server = Server::start();
    make(&server).await;
    (open(&server.endpoint), server)
});

/// Each of the two reads what the other wrote, and recognises a repeat of the other's write.
#[tokio::test]
async fn the_host_and_the_component_are_one_store() {
    let server = Server::start();
    let (host, component) = (store(&server).await, open(&server.endpoint));
    for (key, one, other) in [("a", &host, &component), ("b", &component, &host)] {
        let fields = suite::fields(&[("made_at", key), ("owner", "ada"), ("text", "\u{0}\"\u{1f980}")]);
        assert_eq!(one.insert(key, fields.clone(), "made").await.unwrap(), Insert::Inserted(1));
        assert!(matches!(other.insert(key, fields.clone(), "made").await.unwrap(), Insert::Repeated(_)));
        assert_eq!(one.update(key, suite::note("n-1", "x")).await.unwrap(), Update::Updated(2));
        let again = other.update(key, suite::note("n-1", "x")).await.unwrap();
        assert!(matches!(again, Update::Duplicate(_)), "{again:?}");
        assert_eq!(
            other.update(key, suite::set("c-3", &[("state", "shut")])).await.unwrap(),
            Update::Updated(3)
        );
        assert_eq!(
            one.update(key, suite::set("c-3", &[("state", "shut")])).await.unwrap(),
            Update::Updated(3)
        );
        assert_eq!(one.get(key).await.unwrap(), other.get(key).await.unwrap());
    }
    let first = suite::page(&host, "ada", 1, None).await;
    assert_eq!(suite::keys(&first.items), ["b"]);
    let same = suite::page(&component, "ada", 1, None).await;
    assert_eq!(first.items, same.items);
    let cursor = first.next.map(|position| cursor::write(&position, "ByOwner", "ada")).unwrap();
    assert_eq!(same.next, Some(Position { order: cursor, key: String::new() }), "both have the same cursors");
}

/// The errors of a get, an insert and an append at a server that always does this.
async fn ends(act: &Act) -> (Error, Error, Error) {
    let (url, _) = script(vec![act.clone()]);
    let store = open_for(&url, Duration::from_millis(1_500));
    let (get, insert) = (store.get("a").await, store.insert("a", suite::fields(&[]), "c").await);
    (get.unwrap_err(), insert.unwrap_err(), store.update("a", suite::note("n", "")).await.unwrap_err())
}

#[tokio::test]
async fn a_write_without_an_answer_is_unknown_and_a_read_unavailable() {
    for act in [failed(), Act::Reset, Act::Silence, Act::Answer(200, "{".to_owned())] {
        let (get, insert, append) = ends(&act).await;
        assert!(matches!(get, Error::Unavailable(_)), "{act:?}: {get:?}");
        for error in [insert, append] {
            assert!(matches!(error, Error::Unknown(_)), "{act:?}: {error:?}");
        }
    }
}

#[tokio::test]
async fn what_stored_nothing_says_so() {
    let (get, insert, append) = ends(&service_error("ThrottlingException")).await;
    for error in [get, insert, append] {
        assert_eq!(error, Error::Throttled { retry_after: None });
    }
    for code in ["AccessDeniedException", "ResourceNotFoundException", "UnrecognizedClientException"] {
        let (get, insert, append) = ends(&service_error(code)).await;
        for error in [get, insert, append] {
            assert!(matches!(error, Error::Misconfigured(_)), "{code}: {error:?}");
        }
    }
    let nobody = format!("http://127.0.0.1:{}", portdesk_test_support::free_port());
    let inserted = open(&nobody).insert("a", suite::fields(&[]), "c").await;
    assert!(matches!(inserted, Err(Error::Unavailable(_))), "{inserted:?}");
}

#[tokio::test]
async fn a_repeat_finds_the_write_of_a_lost_attempt_and_reports_it_as_done() {
    let item = r#"{"item_id":{"S":"a"},"portdesk_version":{"N":"2"},"portdesk_created_by":{"S":"c"},
        "portdesk_count_notes":{"N":"1"},"portdesk_ids_notes":{"SS":["n"]},
        "notes":{"L":[{"M":{"note_id":{"S":"n"}}}]}}"#;
    let fresh = || open(&script(vec![Act::Reset, condition_failed(item)]).0);
    assert!(matches!(fresh().insert("a", suite::fields(&[]), "c").await, Ok(Insert::Repeated(_))));
    assert!(matches!(fresh().update("a", suite::note("n", "")).await, Ok(Update::Duplicate(_))));
}

/// The signature covers the header `Host`, which the platform writes. AWS rejects a body of unknown length.
#[tokio::test]
async fn what_is_signed_is_what_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let read = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let head = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
        let head = head.take_while(|line| !line.is_empty()).collect::<Vec<_>>();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
        head
    });
    assert_eq!(open(&format!("http://{address}")).get("a").await, Ok(None));
    let head = read.join().unwrap();
    let header = |name: &str| {
        let named = |line: &&String| line.to_lowercase().starts_with(&format!("{name}: "));
        head.iter().find(named).map(|line| &line[name.len() + 2..])
    };
    assert_eq!(head[0], "POST / HTTP/1.1");
    assert_eq!(header("host"), Some(address.to_string().as_str()));
    assert!(header("content-length").is_some() && header("transfer-encoding").is_none(), "{head:?}");
    let signed = "SignedHeaders=content-type;host;x-amz-date;x-amz-target";
    assert!(header("authorization").is_some_and(|value| value.contains(signed)), "{head:?}");
}

/// The component over the table at an endpoint.
fn open(endpoint: &str) -> SharedBackend {
    open_for(endpoint, settings(endpoint).time_limit)
}

fn open_for(endpoint: &str, time_limit: Duration) -> SharedBackend {
    let environment = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "dummy"),
        ("AWS_SECRET_ACCESS_KEY", "dummy"),
        ("PORTDESK_ENDPOINT_URL", endpoint),
        ("PORTDESK_TABLE", &settings(endpoint).table),
        ("PORTDESK_TIME_LIMIT_MS", &time_limit.as_millis().to_string()),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Arc::new(StoreComponent::fresh(&COMPONENT, environment.into()))
}

static COMPONENT: LazyLock<Prepared> =
    LazyLock::new(|| Prepared::of(&portdesk_components::component("portdesk-store-dynamodb").unwrap()));

//! The text that all hosts of a table share.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use items::dynamodb::layout;
use portdesk::backend::dynamodb::DynamoDb;
use portdesk::backend::{Backend, Error, Expected, Query, SHARED_TEXT_LIMIT_BYTES, SharedText, suite};
use portdesk_test_support::Server;
use tokio::task::JoinSet;

use super::{client, make, settings};
use crate::faults::{Fault, Plan, Proxy};

async fn open(endpoint: &str) -> Arc<DynamoDb> {
    Arc::new(DynamoDb::open(&settings(endpoint), &suite::schema()).await.unwrap())
}

#[tokio::test]
async fn a_text_is_replaced_only_if_it_is_what_the_writer_expects() {
    let server = Server::start();
    make(&server).await;
    let store = open(&server.endpoint).await;
    assert_eq!((store.version().await, store.read().await), (Ok(None), Ok(None)));
    assert_eq!(store.replace("one", Expected::Version(1)).await, Ok(false));
    assert_eq!(store.replace("one", Expected::Nothing).await, Ok(true));
    assert_eq!(store.replace("two", Expected::Nothing).await, Ok(false));
    let one = store.read().await.unwrap().unwrap();
    assert_eq!((one.text.as_str(), store.version().await), ("one", Ok(Some(one.version))));
    assert_eq!(store.replace("two", Expected::Version(one.version)).await, Ok(true));
    let two = store.read().await.unwrap().unwrap();
    assert_eq!((two.text.as_str(), store.version().await), ("two", Ok(Some(two.version))));
    assert!(two.version > one.version);
    assert_eq!(store.replace("three", Expected::Version(one.version)).await, Ok(false));
    assert_eq!(store.replace("three", Expected::Anything).await, Ok(true));
    assert_eq!(store.read().await.unwrap().unwrap().text, "three");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_racing_writers_one_is_faster_and_the_others_hear_it() {
    let server = Server::start();
    make(&server).await;
    let store = open(&server.endpoint).await;
    store.replace("0", Expected::Nothing).await.unwrap();
    let version = store.version().await.unwrap().unwrap();
    let mut writers = JoinSet::new();
    for number in 1..=16 {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            let text = number.to_string();
            (store.replace(&text, Expected::Version(version)).await.unwrap(), text)
        });
    }
    let written = writers.join_all().await.into_iter().filter(|(is_written, _)| *is_written);
    let written = written.map(|(_, text)| text).collect::<Vec<_>>();
    assert_eq!(written, [store.read().await.unwrap().unwrap().text]);
}

#[tokio::test]
async fn the_longest_text_fits_into_an_item() {
    let server = Server::start();
    make(&server).await;
    let store = open(&server.endpoint).await;
    let longest = "x".repeat(SHARED_TEXT_LIMIT_BYTES);
    assert_eq!(store.replace(&longest, Expected::Nothing).await, Ok(true));
    assert_eq!(store.read().await.unwrap().unwrap().text, longest);
}

#[tokio::test]
async fn a_component_cannot_reach_the_text() {
    let server = Server::start();
    make(&server).await;
    let store = open(&server.endpoint).await;
    store.replace("keys", Expected::Nothing).await.unwrap();
    for key in [layout::keys_key(), layout::keys_version_key()] {
        assert!(items::limits::key(&key).is_err(), "{key}");
    }
    for index in ["ByOwner", "ByState"] {
        for value in [layout::keys_key(), "keys".to_owned()] {
            let query = Query { index: index.to_owned(), value, limit: 100, after: None };
            assert!(store.query(query).await.unwrap().items.is_empty());
        }
    }
}

/// The item as another program could write it.
#[tokio::test]
async fn an_item_of_another_form_is_damaged_and_is_not_quoted() {
    let server = Server::start();
    make(&server).await;
    let store = open(&server.endpoint).await;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let good = || AttributeValue::N("7".to_owned());
    for (version, keys) in [
        (Some(good()), None),
        (Some(good()), Some(AttributeValue::N("1".to_owned()))),
        (Some(text("secret")), Some(text("secret"))),
        (Some(AttributeValue::N("-1".to_owned())), Some(text("secret"))),
        (None, Some(text("secret"))),
    ] {
        let put = client(&server.endpoint).put_item().table_name("items");
        let put = put.item("item_id", text(&layout::keys_key()));
        let others = HashMap::from([(layout::VERSION, version), (layout::KEYS, keys)]);
        let put = others
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .fold(put, |put, (name, value)| put.item(name, value));
        put.send().await.unwrap();
        let error = store.read().await.unwrap_err();
        assert!(matches!(&error, Error::Corrupt(said) if !said.contains("secret")), "{error}");
    }
    assert_eq!(store.replace("good", Expected::Anything).await, Ok(true));
    assert_eq!(store.read().await.unwrap().unwrap().text, "good");
}

/// The SDK repeats the transaction with the same token, so that it is performed once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replacement_whose_answer_is_lost_once_is_done_once() {
    let server = Server::start();
    make(&server).await;
    for fault in [Fault::ResetAfter, Fault::ErrorAfter] {
        let proxy = Proxy::start(&server.endpoint, Plan::none()).await;
        let store = open(&proxy.url).await;
        let expected = store.version().await.unwrap().map_or(Expected::Nothing, Expected::Version);
        proxy.follow(Plan::script("TransactWriteItems", [fault]));
        assert_eq!(store.replace("text", expected).await, Ok(true), "{fault:?}");
        assert_eq!(proxy.take_faults(), [fault]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replacement_without_an_answer_is_unknown_and_one_that_was_refused_is_not() {
    let server = Server::start();
    make(&server).await;
    let proxy = Proxy::start(&server.endpoint, Plan::none()).await;
    let store = open(&proxy.url).await;
    proxy.follow(Plan::always(Fault::ResetAfter));
    let lost = store.replace("text", Expected::Nothing).await;
    assert!(matches!(lost, Err(Error::Unknown(_))), "{lost:?}");
    proxy.follow(Plan::always(Fault::Refused("AccessDeniedException")));
    let refused = store.replace("text", Expected::Nothing).await;
    assert!(matches!(refused, Err(Error::Misconfigured(_))), "{refused:?}");
}

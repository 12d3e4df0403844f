//! The tables over which a host starts, and the errors for all others.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use items::dynamodb::layout;
use portdesk::backend::dynamodb::{DynamoDb, OpenError};
use portdesk::backend::{Backend, Error, suite};
use portdesk_test_support::Server;

use super::script::{Act, failed, script, service_error};
use super::{client, make, open, settings};

/// An attribute of a key: its name, its type, its part in the key.
pub type Part = (&'static str, ScalarAttributeType, KeyType);

pub const fn hash(name: &'static str) -> Part {
    (name, ScalarAttributeType::S, KeyType::Hash)
}

const fn range(name: &'static str) -> Part {
    (name, ScalarAttributeType::S, KeyType::Range)
}

/// A table with this key, and with these indexes.
pub async fn make_other(server: &Server, key: &[Part], indexes: &[(&str, &[Part])]) {
    let element = |(name, _, kind): &Part| {
        KeySchemaElement::builder().attribute_name(*name).key_type(kind.clone()).build().unwrap()
    };
    let mut parts: Vec<Part> =
        key.iter().chain(indexes.iter().flat_map(|(_, parts)| *parts)).cloned().collect();
    parts.sort_by_key(|part| part.0);
    parts.dedup_by_key(|part| part.0);
    let definitions = parts.into_iter().map(|(name, kind, _)| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
    });
    let all = Projection::builder().projection_type(ProjectionType::All).build();
    let indexes: Vec<_> = indexes
        .iter()
        .map(|(name, parts)| {
            let index = GlobalSecondaryIndex::builder().index_name(*name).projection(all.clone());
            index.set_key_schema(Some(parts.iter().map(element).collect())).build().unwrap()
        })
        .collect();
    let client = client(&server.endpoint);
    let create = client.create_table().table_name("items").billing_mode(BillingMode::PayPerRequest);
    let create = create.set_key_schema(Some(key.iter().map(element).collect()));
    let create = create.set_attribute_definitions(Some(definitions.collect()));
    create.set_global_secondary_indexes(Some(indexes).filter(|all| !all.is_empty())).send().await.unwrap();
}

/// The error of a host that starts over this table.
async fn refused(server: &Server) -> String {
    let opened = DynamoDb::open(&settings(&server.endpoint), &suite::schema()).await;
    match opened {
        Err(error @ OpenError::Misconfigured { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

const OWNER: (&str, &[Part]) = ("ByOwner", &[hash("owner"), range("made_at")]);
const STATE: (&str, &[Part]) = ("ByState", &[hash("state"), range("made_at")]);

#[tokio::test]
async fn a_table_without_a_required_index_is_refused_by_the_name_of_the_index() {
    for (indexes, lacking) in [(&[][..], "ByOwner"), (&[OWNER][..], "ByState"), (&[STATE][..], "ByOwner")] {
        let server = Server::start();
        make_other(&server, &[hash("item_id")], indexes).await;
        let said = refused(&server).await;
        assert!(said.starts_with("--table items: ") && said.contains(lacking), "{said}");
        assert!(said.contains("portdesk table check"), "{said}");
    }
}

#[tokio::test]
async fn a_table_with_another_key_is_refused() {
    let number = ("item_id", ScalarAttributeType::N, KeyType::Hash);
    for key in [&[hash("id")][..], &[hash("item_id"), range("made_at")], &[number]] {
        let server = Server::start();
        make_other(&server, key, &[OWNER, STATE]).await;
        let said = refused(&server).await;
        assert!(said.contains("portdesk table check"), "{key:?}: {said}");
    }
}

#[tokio::test]
async fn an_index_with_another_key_is_refused() {
    let number = ("owner", ScalarAttributeType::N, KeyType::Hash);
    for parts in [
        &[hash("keeper"), range("made_at")][..],
        &[hash("owner"), range("changed_at")],
        &[hash("owner")],
        &[number, range("made_at")],
    ] {
        let server = Server::start();
        make_other(&server, &[hash("item_id")], &[("ByOwner", parts), STATE]).await;
        let said = refused(&server).await;
        assert!(said.contains("portdesk table check"), "{parts:?}: {said}");
    }
}

#[tokio::test]
async fn a_table_that_somebody_else_made_as_the_component_asks_is_served() {
    let server = Server::start();
    make_other(&server, &[hash("item_id")], &[OWNER, STATE]).await;
    let store = open(&server).await;
    assert_eq!(store.check().await, Ok(()));
}

#[tokio::test]
async fn an_optional_index_may_be_missing() {
    let server = Server::start();
    make_other(&server, &[hash("item_id")], &[OWNER]).await;
    let mut schema = suite::schema();
    schema.indexes[1].optional = true;
    let store = DynamoDb::open(&settings(&server.endpoint), &schema).await.unwrap();
    assert_eq!(store.check().await, Ok(()));
}

#[tokio::test]
async fn a_host_without_rights_does_not_start_and_says_which_command_prints_them() {
    for code in [
        "AccessDeniedException",
        "UnrecognizedClientException",
        "ExpiredTokenException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
    ] {
        let (url, _) = script(vec![service_error(code)]);
        let opened = DynamoDb::open(&settings(&url), &suite::schema()).await;
        let Err(OpenError::Misconfigured { text, .. }) = opened else { panic!("{code}: {opened:?}") };
        assert!(text.contains("portdesk table policy") && text.contains(code), "{text}");
    }
}

/// The host tries each of the four actions at its start, and later in the readiness check.
#[tokio::test]
async fn a_right_that_is_missing_is_named_by_its_action() {
    let done = || Act::Answer(200, "{}".to_owned());
    let listed = || Act::Answer(200, r#"{"Items":[]}"#.to_owned());
    let denied = || service_error("AccessDeniedException");
    for (acts, action) in [
        (vec![denied()], "GetItem"),
        (vec![done(), denied()], "Query"),
        (vec![done(), listed(), listed(), denied()], "PutItem"),
        (vec![done(), listed(), listed(), done(), denied()], "UpdateItem"),
    ] {
        let (url, _) = script(acts);
        let opened = DynamoDb::open(&settings(&url), &suite::schema()).await;
        let Err(OpenError::Misconfigured { text, .. }) = opened else { panic!("{action}: {opened:?}") };
        assert!(text.contains(action), "{action}: {text}");
    }
}

#[tokio::test]
async fn a_host_starts_over_a_table_that_does_not_answer_at_the_moment() {
    let backfilling = r#"{"__type":"ValidationException",
        "message":"Cannot read from backfilling global secondary index: ByOwner"}"#;
    let nobody = format!("http://127.0.0.1:{}", portdesk_test_support::free_port());
    let urls = [
        failed(),
        service_error("ThrottlingException"),
        Act::Reset,
        Act::Answer(400, backfilling.to_owned()),
    ];
    let urls = urls.map(|act| script(vec![act]).0).into_iter().chain([nobody]);
    for url in urls {
        let store = DynamoDb::open(&settings(&url), &suite::schema()).await.unwrap();
        let found = store.check().await;
        assert!(matches!(found, Err(Error::Unavailable(_) | Error::Throttled { .. })), "{found:?}");
    }
}

#[tokio::test]
async fn a_check_writes_one_item_that_no_index_lists_and_no_component_reaches() {
    let server = Server::start();
    make(&server).await;
    let store = open(&server).await;
    for _ in 0..3 {
        assert_eq!(store.check().await, Ok(()));
    }
    let client = client(&server.endpoint);
    let items = client.scan().table_name("items").send().await.unwrap().items.unwrap();
    let [item] = &items[..] else { panic!("{items:?}") };
    assert_eq!(item.len(), 1, "a key and nothing else: {item:?}");
    let key = item["item_id"].as_s().unwrap();
    assert_eq!(*key, layout::probe_key());
    assert!(key.len() > 128, "a key of a component has at most 128 bytes");
}

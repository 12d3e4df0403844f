//! The table itself: a table is created, compared with the schema, or missing.

use portdesk::backend::dynamodb::table::{Table, TableError};
use portdesk::backend::dynamodb::{DynamoDb, OpenError};
use portdesk::backend::suite::{self, get, insert};
use portdesk::backend::{Backend, Error, Query, Schema};
use portdesk_test_support::Server;

use super::starting::{hash, make_other};
use super::{client, make, open, settings};

async fn table(server: &Server, schema: &Schema) -> Table {
    Table::connect(&settings(&server.endpoint), schema).await.unwrap()
}

fn query(index: &str) -> Query {
    Query { index: index.to_owned(), value: "v".to_owned(), limit: 1, after: None }
}

#[tokio::test]
async fn a_table_is_created_once_and_fits_the_schema() {
    let server = Server::start();
    let table = table(&server, &suite::schema()).await;
    assert!(matches!(table.check().await, Err(TableError::Missing(_))));
    assert!(table.create().await.unwrap());
    assert!(!table.create().await.unwrap());
    table.wait(|_| {}).await.unwrap();
    let found = table.check().await.unwrap();
    assert!(found.defects.is_empty() && found.notes.is_empty(), "{found:?}");
}

#[tokio::test]
async fn every_difference_from_the_schema_is_reported() {
    let server = Server::start();
    make_other(&server, &[hash("id")], &[]).await;
    let mut schema = suite::schema();
    schema.indexes[1].optional = true;
    let found = table(&server, &schema).await.check().await.unwrap();
    assert_eq!(
        found.defects,
        ["its key is id (S, HASH), not item_id (S, HASH)", "it lacks the index \"ByOwner\""]
    );
    assert_eq!(found.notes, ["it lacks the optional index \"ByState\""]);
}

#[tokio::test]
async fn a_different_index_is_reported_with_its_parts() {
    let server = Server::start();
    make(&server).await;
    let mut schema = suite::schema();
    schema.indexes[0].order = "changed_at".to_owned();
    schema.listed.push("colour".to_owned());
    schema.lists.push(portdesk::backend::List { name: "more".to_owned(), id_field: "id".to_owned() });
    let found = table(&server, &schema).await.check().await.unwrap();
    let keys = "index \"ByOwner\" is over owner (S, HASH), made_at (S, RANGE), not owner (S, HASH), changed_at (S, RANGE)";
    let colour = |index: &str| format!("index {index:?} does not project \"colour\"");
    assert_eq!(found.defects, [keys.to_owned(), colour("ByOwner"), colour("ByState")]);
    assert_eq!(found.notes.len(), 2, "{found:?}");
}

#[tokio::test]
async fn a_table_without_an_optional_index_serves_everything_else() {
    let server = Server::start();
    make_other(&server, &[hash("item_id")], &[]).await;
    let mut schema = suite::schema();
    schema.indexes[1].optional = true;
    let store = DynamoDb::connect(&settings(&server.endpoint), &schema).await.unwrap();
    let optional = store.query(query("ByState")).await;
    assert!(matches!(&optional, Err(Error::Invalid(text)) if text.contains("optional")), "{optional:?}");
    let required = store.query(query("ByOwner")).await;
    assert!(
        matches!(&required, Err(Error::Misconfigured(text)) if text.contains("table check")),
        "{required:?}"
    );
    let store: suite::SharedBackend = std::sync::Arc::new(store);
    insert(&store, "a", &[("owner", "v"), ("made_at", "1")]).await;
    get(&store, "a").await;
}

#[tokio::test]
async fn a_host_does_not_start_without_its_table_and_names_the_command_that_creates_it() {
    let server = Server::start();
    let opened = DynamoDb::open(&settings(&server.endpoint), &suite::schema()).await;
    assert!(
        matches!(&opened, Err(OpenError::Misconfigured { table, text }) if table == "items" && text.contains("table create"))
    );
}

#[tokio::test]
async fn a_table_that_vanishes_is_misconfigured_and_not_an_empty_store() {
    let server = Server::start();
    make(&server).await;
    let store = open(&server).await;
    let client = client(&server.endpoint);
    client.delete_table().table_name("items").send().await.unwrap();
    for error in [store.get("a").await.unwrap_err(), store.check().await.unwrap_err()] {
        assert!(matches!(&error, Error::Misconfigured(text) if text.contains("table create")), "{error:?}");
    }
    let inserted = store.insert("a", Vec::new(), "c").await;
    assert!(matches!(inserted, Err(Error::Misconfigured(_))), "{inserted:?}");
}

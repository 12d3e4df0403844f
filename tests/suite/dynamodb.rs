//! The DynamoDB store: the suite, and the further promises of this store. Most tests run against a server, the others against a
//! script of answers.

mod component;
mod counting;
mod failing;
mod others;
mod script;
mod shared_text;
mod starting;
mod tables;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, StalledStreamProtectionConfig};
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use portdesk::backend::dynamodb::table::Table;
use portdesk::backend::dynamodb::{DynamoDb, Settings};
use portdesk::backend::suite::{self, SharedBackend};
use portdesk::telemetry::Counter;
use portdesk_test_support::Server;

suite::conformance!(async || {
    let server = Server::start();
    (store(&server).await, server)
});

#[tokio::test]
async fn what_was_answered_is_there_again() {
    let server = Server::start();
    make(&server).await;
    suite::reopened::what_was_answered_is_there_again(async || open(&server).await).await;
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    let server = Server::start();
    make(&server).await;
    suite::reopened::a_closed_store_is_unavailable(async || open(&server).await).await;
}

/// A store over an empty table.
async fn store(server: &Server) -> SharedBackend {
    make(server).await;
    open(server).await
}

async fn make(server: &Server) {
    let table = Table::connect(&settings(&server.endpoint), &suite::schema()).await.unwrap();
    assert!(table.create().await.unwrap());
    table.wait(|_| {}).await.unwrap();
}

async fn open(server: &Server) -> SharedBackend {
    Arc::new(DynamoDb::open(&settings(&server.endpoint), &suite::schema()).await.unwrap())
}

fn settings(endpoint: &str) -> Settings {
    Settings {
        table: "items".to_owned(),
        region: None,
        endpoint: Some(endpoint.parse().unwrap()),
        attempts: 3,
        // An attempt may take a tenth of this, and a server on a busy machine answers late.
        time_limit: Duration::from_mins(5),
        retries: Counter::default(),
    }
}

/// A client of the SDK, as another program on the same table has one.
pub fn client(endpoint: &str) -> Client {
    // The default client of the SDK uses HTTP_PROXY.
    let direct =
        aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new("dummy", "dummy", None, None, "the tests"))
        // A host has it off. It would make the SDK slower in `overhead`.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .http_client(direct);
    Client::from_conf(config.build())
}

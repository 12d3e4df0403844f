//! The limit of requests in flight, which is private. `tests/suite/dynamodb.rs` holds the store to everything else.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::time::Duration;

use super::{DynamoDb, PERMITS, Settings};
use crate::backend::{Backend, Error, suite};
use crate::telemetry::Counter;

#[tokio::test]
async fn past_the_permits_a_call_is_throttled_at_once() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let settings = Settings {
        table: "items".to_owned(),
        region: None,
        endpoint: Some(format!("http://{}", server.local_addr().unwrap()).parse().unwrap()),
        attempts: 3,
        time_limit: Duration::from_secs(3),
        retries: Counter::default(),
    };
    let store = DynamoDb::connect(&settings, &suite::schema()).await.unwrap();
    let all = store.permits.acquire_many(u32::try_from(PERMITS).unwrap()).await.unwrap();
    assert!(matches!(store.get("a").await, Err(Error::Throttled { retry_after: Some(_) })));
    let connected = server.accept();
    assert!(matches!(&connected, Err(error) if error.kind() == ErrorKind::WouldBlock), "{connected:?}");
    drop(all);
}

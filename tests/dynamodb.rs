//! What only DynamoDB shows: the number of requests of an operation, other programs on the table, and the answers while the
//! store fails.
//!
//! A host here reaches its server through a proxy that counts requests and makes them fail. The server has no index lag and no
//! throttling. The proxy does the throttling; no test here shows an index lag.

mod failures;
mod gone;
mod others;
mod repeats;
mod requests;
mod setup;

use serde_json::Value;

use crate::faults::{Plan, Proxy};
use crate::harness::{Client, Running, Table, comments_path, on_dynamodb, path};

/// A table, a proxy before it, and a host that uses the proxy. The drop ends them in the order of the fields.
struct Desk {
    host: Running,
    proxy: Proxy,
    table: Table,
}

impl Desk {
    async fn open() -> Desk {
        Desk::open_for(TIME_LIMIT_MS).await
    }

    /// Opens a desk with this time limit of a request.
    async fn open_for(time_limit_ms: &str) -> Desk {
        let table = Table::create().await;
        let proxy = Proxy::start(&table.server.endpoint, Plan::none()).await;
        let flags = [&on_dynamodb(&proxy.url)[..], &["--time-limit-ms", time_limit_ms]].concat();
        let host = Running::start(&flags).await;
        Desk { host, proxy, table }
    }

    fn client(&self) -> Client {
        self.host.client()
    }

    /// A new ticket of the caller `ada`.
    async fn ticket(&self) -> Value {
        self.client().create("ada", "The VPN drops.").await
    }
}

/// The time limit of a request: less than the default, so that tests with a silent store take less time.
const TIME_LIMIT_MS: &str = "3000";

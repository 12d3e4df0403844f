//! What only shows on DynamoDB: how many requests an operation takes, what other programs see and write, and what a
//! client is told when the store fails.
//!
//! A host here reaches its server through a proxy that counts and fails. The server's indexes never lag and it never
//! throttles, so what depends on either is not shown; throttling is the proxy's.

mod failures;
mod gone;
mod others;
mod repeats;
mod requests;
mod setup;

use serde_json::{Value, json};

use crate::faults::{Plan, Proxy};
use crate::harness::{Client, Running, Table, on_dynamodb};

/// A table, a proxy before it, and a host that knows the proxy alone. They end in the order of the fields.
struct Desk {
    host: Running,
    proxy: Proxy,
    table: Table,
}

impl Desk {
    async fn open() -> Desk {
        Desk::open_for(TIME_LIMIT_MS).await
    }

    /// With so long for a request.
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

    /// A new ticket of ada's, in words that a test can ask for.
    async fn ticket(&self) -> Value {
        let body = json!({ "caller_id": "ada", "issue_description": "The VPN drops." });
        self.client().post("/tickets", &body).await.expect(201).json()
    }
}

/// How long a request may take: less than by default, so that silence takes these tests less.
const TIME_LIMIT_MS: &str = "3000";

fn path(ticket: &Value) -> String {
    format!("/tickets/{}", ticket["ticket_id"].as_str().unwrap())
}

fn comments_path(ticket: &Value) -> String {
    format!("{}/comments", path(ticket))
}

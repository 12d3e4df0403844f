//! A DynamoDB table, hosts over it, and what other programs do to it.

use std::process::{Command, Stdio};

use portdesk_test_support::Server;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::{Client, Process, portdesk, serve};

/// A table on a server of its own.
pub struct Table {
    pub server: Server,
}

/// A host over a table. The host is a process of its own, because it finds its credentials in the environment, which all tests
/// of one process share.
pub struct Host {
    pub process: Process,
    _data: TempDir,
}

impl Table {
    /// A new table on a new server.
    pub async fn create() -> Table {
        Table::create_on(Server::start()).await
    }

    /// A new table on this server, as `portdesk table create` makes it.
    pub async fn create_on(server: Server) -> Table {
        call(&server.endpoint, "CreateTable", AS_MADE.get_or_init(as_made).await).await;
        Table { server }
    }

    /// A host that uses this table without a proxy, with a long time limit.
    pub fn host(&self) -> Host {
        Host::start(&self.server.endpoint, &PATIENT)
    }

    /// Sends a request as another program does. Returns the answer, which must be a success.
    pub async fn call(&self, verb: &str, body: &Value) -> Value {
        call(&self.server.endpoint, verb, body).await
    }
}

/// The request that creates the same table as `portdesk table create`. That command runs only once, because it compiles the
/// component to read the schema.
async fn as_made() -> Value {
    let server = Server::start();
    let mut create = with_credentials(portdesk(&["table", "create"]));
    let created = create.args(flags(&server.endpoint)).output().unwrap();
    assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stderr));
    let described = call(&server.endpoint, "DescribeTable", &json!({ "TableName": TABLE })).await;
    let made = &described["Table"];
    let indexes = made["GlobalSecondaryIndexes"].as_array().unwrap().iter();
    let indexes = indexes.map(|index| {
        let (name, keys, projection) = (&index["IndexName"], &index["KeySchema"], &index["Projection"]);
        json!({ "IndexName": name, "KeySchema": keys, "Projection": projection })
    });
    json!({
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": made["AttributeDefinitions"],
        "KeySchema": made["KeySchema"],
        "GlobalSecondaryIndexes": indexes.collect::<Vec<_>>(),
    })
}

async fn call(endpoint: &str, verb: &str, body: &Value) -> Value {
    let request = reqwest::Client::builder().no_proxy().build().unwrap().post(endpoint);
    let answer = request
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", format!("DynamoDB_20120810.{verb}"))
        .header("x-amz-date", "20261122T120000Z")
        .header("authorization", AUTHORIZATION)
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{verb}: {text}");
    serde_json::from_str(&text).unwrap()
}

impl Host {
    /// A host that looks for the table at this endpoint.
    pub fn start(endpoint: &str, more: &[&str]) -> Host {
        let data = tempfile::tempdir().unwrap();
        let flags = ["--rate-limit", "off", "--log-level", "error"];
        let mut command = with_credentials(serve(data.path(), &flags));
        // The host logs every call of the store that fails, and in these tests many calls fail on purpose.
        command.stderr(Stdio::null());
        let process = Process::spawn(command.args(on_dynamodb(endpoint)).args(more));
        Host { process, _data: data }
    }

    /// A client with the key of the tests.
    pub fn client(&self) -> Client {
        self.process.client()
    }

    /// Stops the host and waits for its end.
    pub async fn stop(self) {
        let (code, _) = self.process.end("TERM");
        assert_eq!(code, Some(0));
    }
}

/// Sets credentials that a server on this machine accepts, and removes the AWS settings of this machine.
pub fn with_credentials(mut command: Command) -> Command {
    command.env("AWS_ACCESS_KEY_ID", "dummy").env("AWS_SECRET_ACCESS_KEY", "dummy");
    for variable in ["AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"] {
        command.env_remove(variable);
    }
    command
}

/// The flags of a host that keeps its items in the table at this endpoint.
pub fn on_dynamodb(endpoint: &str) -> [&str; 8] {
    let [a, b, c, d, e, f] = flags(endpoint);
    ["--store", "dynamodb", a, b, c, d, e, f]
}

fn flags(endpoint: &str) -> [&str; 6] {
    ["--table", TABLE, "--region", "us-east-1", "--endpoint-url", endpoint]
}

/// A long time limit. An attempt may take a tenth of it, and the server, which is built without optimizations, is slow on a busy
/// machine.
pub const PATIENT: [&str; 2] = ["--time-limit-ms", "30000"];

/// The name of the table in every test. Each table has a server of its own.
pub const TABLE: &str = "tickets";

static AS_MADE: OnceCell<Value> = OnceCell::const_new();

/// The server requires a signature and does not check it.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=dummy/20261122/us-east-1/dynamodb/aws4_request, \
                             SignedHeaders=host;x-amz-date;x-amz-target, Signature=00";

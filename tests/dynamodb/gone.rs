//! A client that closes its connection while the store is slow.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{Desk, path};
use crate::faults::{Fault, Plan};
use crate::harness::{KEY, TABLE, until};

/// A move reads the ticket and then changes it. The client leaves before the store answers the read, and the host has the time to
/// notice before it makes the change.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_goes_on_without_its_client() {
    let desk = Desk::open_for("30000").await;
    let ticket = desk.ticket().await;
    desk.proxy.follow(Plan::script("GetItem", [Fault::Slow(Duration::from_secs(2))]));
    let body = json!({ "status": "in_progress" }).to_string();
    let request = format!(
        "PATCH {} HTTP/1.1\r\nhost: desk\r\nx-api-key: {KEY}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        path(&ticket),
        body.len()
    );
    let mut connection = TcpStream::connect(desk.host.address()).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    drop(connection);

    // The test asks the server itself, because a read through the host would be slow.
    let key = json!({ "TableName": TABLE, "Key": { "ticket_id": { "S": ticket["ticket_id"] } } });
    let status = async || desk.table.call("GetItem", &key).await["Item"]["status"]["S"].clone();
    until("the ticket is moved", async || status().await == "in_progress").await;
    desk.host.stop().await;
}

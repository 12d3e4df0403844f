//! Requests that no client library would send. Each is written as bytes, with the answers that the host may give.
//!
//! The host never answers with 5xx, and answers nothing more after a 400. If two programs could read two different requests
//! from the same bytes, one after the other, the host never answers the second. The second asks for a page that no other
//! request asks for, so the test recognises its answer.

mod case;
mod chunks;
mod encodings;
mod framing;
mod heads;
mod http2;
mod limits;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::harness::{LONG, Running};
use case::Case;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_raw_request_is_read_in_two_ways_or_breaks_the_host() {
    let cases: Vec<Case> =
        [framing::cases(), chunks::cases(), heads::cases(), encodings::cases(), limits::cases()]
            .into_iter()
            .flatten()
            .collect();
    let count = cases.len();
    assert!(count >= 200, "only {count}");
    // How long the host waits for a body that never arrives.
    let host = Running::start(&["--store", "memory", "--client-timeout-ms", "2000"]).await;
    let address = host.address().to_owned();
    let (mut waiting, mut found) = (cases.into_iter(), Vec::new());
    let mut asked = JoinSet::new();
    for case in waiting.by_ref().take(AT_ONCE) {
        asked.spawn(doubt(address.clone(), case));
    }
    while let Some(doubt_about_one) = asked.join_next().await {
        found.extend(doubt_about_one.unwrap());
        if let Some(case) = waiting.next() {
            asked.spawn(doubt(address.clone(), case));
        }
    }
    assert!(found.is_empty(), "{} of {count}:\n{}", found.len(), found.join("\n"));
    println!("{count} raw requests");
    host.stop().await;
}

/// Sends the bytes, reads to the end of the connection, and returns what is wrong with the answers.
async fn doubt(address: String, case: Case) -> Option<String> {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let (mut reading, mut writing) = connection.split();
    let mut bytes = Vec::new();
    let both = async {
        // The host may close the connection before it has read everything. Then the rest is not sent.
        tokio::join!(writing.write_all(&case.sent), reading.read_to_end(&mut bytes))
    };
    if timeout(LONG, both).await.is_err() {
        return Some(format!("{}: the connection stays open", case.name));
    }
    case.doubt(&bytes)
}

/// Few enough cases at once that a slow machine answers each in time.
const AT_ONCE: usize = 16;

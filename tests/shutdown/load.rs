//! SIGTERM and SIGINT under load.

use std::path::Path;
use std::time::{Duration, Instant};

use rand::RngExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::harness::journal::{Verdict, Write, shown};
use crate::harness::{Client, KEY, Process, at_length};

const CLIENTS: usize = 16;

/// What a client did until the host took no more: its writes, the last of which was refused at `begun` for `reason`.
struct Refused {
    writes: Vec<Write>,
    begun: Instant,
    reason: String,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_that_was_begun_has_an_answer_and_no_acknowledged_write_is_lost() {
    let stops = at_length(3, 200);
    let data = tempfile::tempdir().unwrap();
    let (mut journal, mut unanswered, mut longest) = (Vec::new(), Vec::new(), Duration::ZERO);
    for stop in 0..stops {
        let host = start(data.path());
        // Two connections without a request: one has had none, the other's is answered.
        let silent = TcpStream::connect(host.address()).await.unwrap();
        host.client().get("/tickets?caller=ada").await.expect(200);
        let mut clients = JoinSet::new();
        for number in 0..CLIENTS {
            let client = Client::new(&host.url, Some(KEY));
            clients.spawn(write_until_refused(client, format!("stop-{stop}-client-{number}")));
        }
        // Not a wait for something: the moment of the signal is the input of this test.
        sleep(Duration::from_millis(rand::rng().random_range(50..400))).await;
        let signalled = Instant::now();
        let signal = if stop % 2 == 0 { "TERM" } else { "INT" };
        let ended = tokio::task::spawn_blocking(move || host.end(signal));
        assert_eq!(ended.await.unwrap().0, Some(0));
        longest = longest.max(signalled.elapsed());
        for Refused { writes, begun, reason } in clients.join_all().await {
            journal.push(writes);
            unanswered.extend((begun < signalled).then_some(reason));
        }
        drop(silent);
    }
    let host = start(data.path());
    let verdict = Verdict::of(&journal, &shown(&journal, &host.client()).await);
    println!(
        "{stops} stops: {verdict:?}; {} requests begun before the signal without an answer; the longest stop took \
         {longest:.1?}",
        unanswered.len()
    );
    assert!(verdict.acknowledged > 0, "nothing was written before the signals: nothing was tested");
    assert_eq!(unanswered, [""; 0]);
    verdict.assert_exact();
    assert!(longest < Duration::from_secs(10), "a stop took {longest:?}, which is the grace period");
}

fn start(data: &Path) -> Process {
    // The default, which the harness changes for other tests.
    Process::start(data, &["--rate-limit", "off", "--drain-ms", "1000"])
}

/// Creates tickets until the host takes no more.
async fn write_until_refused(client: Client, caller: String) -> Refused {
    let mut writes = Vec::new();
    loop {
        let begun = Instant::now();
        let mut ticket = Write::ticket(&caller, format!("{caller} ticket {}", writes.len()));
        let answer = ticket.send(&client).await;
        let is_acknowledged = ticket.acknowledged.is_some();
        writes.push(ticket);
        if !is_acknowledged {
            let reason = match answer {
                Ok(answer) => format!("{}: {}", answer.status, answer.text()),
                Err(error) => format!("{error:?}"),
            };
            return Refused { writes, begun, reason };
        }
    }
}

//! SIGTERM and SIGINT under load.

use std::env;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rand::RngExt;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::harness::{Client, KEY, Process};

const CLIENTS: usize = 16;
/// Stops of an ordinary test run.
const STOPS: usize = 3;

/// One request: when it was begun, and what it stored if it was answered.
struct Request {
    begun: Instant,
    answer: Result<String, String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_that_was_begun_has_an_answer_and_no_acknowledged_write_is_lost() {
    let stops =
        env::var("PORTDESK_STOPS").map_or(STOPS, |stops| stops.parse().expect("PORTDESK_STOPS is a number"));
    let data = tempfile::tempdir().unwrap();
    let (mut acknowledged, mut unanswered, mut longest) = (Vec::new(), Vec::new(), Duration::ZERO);
    for stop in 0..stops {
        let host = start(data.path());
        // Neither says anything; the first never did.
        let silent = TcpStream::connect(host.url.trim_start_matches("http://")).await.unwrap();
        host.client().get("/tickets?caller=ada").await.expect(200);
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            clients.spawn(write_until_refused(Client::new(&host.url, Some(KEY)), Arc::clone(&requests)));
        }
        // Not a wait for something: the moment of the signal is the input of this test.
        sleep(Duration::from_millis(rand::rng().random_range(50..400))).await;
        let signalled = Instant::now();
        let signal = if stop % 2 == 0 { "TERM" } else { "INT" };
        let ended = tokio::task::spawn_blocking(move || host.end(signal));
        assert_eq!(ended.await.unwrap().0, Some(0));
        longest = longest.max(signalled.elapsed());
        clients.join_all().await;
        drop(silent);
        for request in requests.lock().unwrap().drain(..) {
            match request.answer {
                Ok(id) => acknowledged.push(id),
                Err(error) if request.begun < signalled => unanswered.push(error),
                Err(_) => {}
            }
        }
    }
    let host = start(data.path());
    let mut lost = 0;
    for id in &acknowledged {
        lost += usize::from(host.client().get(&format!("/tickets/{id}")).await.status != 200);
    }
    println!(
        "{stops} stops: {} writes acknowledged, {lost} of them lost; {} requests begun before the signal without \
         an answer; the longest stop took {longest:.1?}",
        acknowledged.len(),
        unanswered.len()
    );
    assert!(!acknowledged.is_empty(), "nothing was written before the signals: nothing was tested");
    assert_eq!((lost, unanswered.as_slice()), (0, &[][..]));
    assert!(longest < Duration::from_secs(10), "a stop took {longest:?}, which is the grace period");
}

fn start(data: &std::path::Path) -> Process {
    Process::start(data, &["--rate-limit", "off"])
}

/// Creates tickets until the host takes no more.
async fn write_until_refused(client: Client, requests: Arc<Mutex<Vec<Request>>>) {
    loop {
        let begun = Instant::now();
        let body = json!({ "caller_id": "ada", "issue_description": "The VPN drops." });
        let answer = match client.try_send("POST", "/tickets", &[], Some(&body)).await {
            Ok(answer) if answer.status == 201 => Ok(answer.json()["ticket_id"].as_str().unwrap().to_owned()),
            Ok(answer) => Err(format!("{}: {}", answer.status, answer.text())),
            Err(error) => Err(format!("{error:?}")),
        };
        let ended = answer.is_err();
        requests.lock().unwrap().push(Request { begun, answer });
        if ended {
            break;
        }
    }
}

//! No failure of any store puts data of a request into the log, the metrics, the spans or an error, at any level of the log.

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::Full;
use hyper::Response;
use hyper::body::Bytes;
use hyper::header::HeaderValue;
use serde_json::json;
use tempfile::TempDir;
use tokio::time::sleep;

use super::collector::Collector;
use super::leaks::assert_none;
use crate::faults::Served;
use crate::harness::{Answer, Client, Logged, on_dynamodb, path, serve, with_credentials};

/// Data of requests.
const SECRETS: [&str; 3] = ["secret-caller", "secret-description", "secret-comment"];
const LEVELS: [&str; 4] = ["error", "warn", "info", "debug"];

/// How a server in the place of DynamoDB fails. All answers but the first quote the request in every place that has text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failing {
    /// The server does not fail.
    Not,
    /// An error of DynamoDB whose message quotes the request.
    Refused(u16, &'static str),
    /// An error whose code is the request.
    Code,
    /// The request as the body of a 200.
    Done,
    /// JSON of another shape, which quotes the request.
    Shape,
    /// A page of another program, which quotes the request.
    Page(u16),
    /// A damaged item with the request in every attribute.
    Damaged,
    /// A body that is shorter than its `Content-Length`.
    Short,
    Reset,
    Silence,
}

const ALL: [Failing; 17] = [
    Failing::Refused(400, "ValidationException"),
    Failing::Refused(400, "AccessDeniedException"),
    Failing::Refused(400, "ResourceNotFoundException"),
    Failing::Refused(400, "ThrottlingException"),
    Failing::Refused(400, "NobodyKnowsException"),
    Failing::Refused(500, "InternalServerError"),
    Failing::Code,
    Failing::Done,
    Failing::Shape,
    Failing::Page(200),
    Failing::Page(302),
    Failing::Page(403),
    Failing::Page(503),
    Failing::Damaged,
    Failing::Short,
    Failing::Reset,
    Failing::Silence,
];

/// A server in the place of DynamoDB.
struct Quoting {
    server: Served,
    failing: Arc<Mutex<Failing>>,
}

impl Quoting {
    fn start() -> Quoting {
        let failing = Arc::new(Mutex::new(Failing::Not));
        let now = Arc::clone(&failing);
        let server = Served::start(move |parts, body| {
            let (failing, target) = (*now.lock().unwrap(), parts.headers["x-amz-target"].clone());
            async move { answer(failing, target.to_str().unwrap(), &body).await }
        });
        Quoting { server, failing }
    }

    fn fail(&self, failing: Failing) {
        *self.failing.lock().unwrap() = failing;
    }
}

async fn answer(
    failing: Failing,
    target: &str,
    asked: &Bytes,
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let text = String::from_utf8_lossy(asked).into_owned();
    let (status, body) = match failing {
        Failing::Not if target.ends_with("Query") => (200, json!({ "Items": [] }).to_string()),
        Failing::Not => (200, json!({ "Attributes": { "portdesk_version": { "N": "2" } } }).to_string()),
        Failing::Refused(status, code) => (status, json!({ "__type": code, "message": text }).to_string()),
        Failing::Code => (400, json!({ "__type": text, "code": text, "Message": text }).to_string()),
        Failing::Done => (200, text.clone()),
        Failing::Shape => (200, json!({ "Item": text, "Items": text, "Attributes": [text] }).to_string()),
        Failing::Page(status) => (status, format!("<html>{text}</html>")),
        Failing::Damaged => {
            let all = json!({ "S": text });
            let item = json!({ "ticket_id": { "S": "x" }, "caller_id": all, "created_at": all, "comments": all,
                               "portdesk_version": all, "status": all });
            (200, json!({ "Item": item, "Items": [item], "Attributes": item }).to_string())
        }
        Failing::Short => {
            let mut answer = Response::new(Full::new(Bytes::from(text.clone())));
            answer.headers_mut().insert("content-length", HeaderValue::from(asked.len() + 10));
            return Ok(answer);
        }
        Failing::Reset => return Err(std::io::Error::other("as planned")),
        Failing::Silence => {
            // Longer than any attempt of the host.
            sleep(Duration::from_secs(20)).await;
            (200, "{}".to_owned())
        }
    };
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = hyper::StatusCode::from_u16(status).unwrap();
    let id = if failing == Failing::Not { "0123456789ABCDEF".to_owned() } else { text };
    answer.headers_mut().insert("x-amzn-requestid", HeaderValue::from_str(&id).unwrap());
    Ok(answer)
}

/// A host in a process of its own, with its log and its collector.
struct Watched {
    logged: Logged,
    collector: Collector,
    data: TempDir,
}

impl Watched {
    fn start(level: &str, flags: &[&str]) -> Watched {
        let (data, collector) = (tempfile::tempdir().unwrap(), Collector::start());
        let mut command =
            with_credentials(serve(data.path(), &["--log-level", level, "--rate-limit", "off"]));
        command.args(["--metrics", "127.0.0.1:0", "--time-limit-ms", "1500"]).args(flags);
        let logged = Logged::start(data.path(), command.args(["--otlp-endpoint", &collector.url]));
        Watched { logged, collector, data }
    }

    /// Stops the host, and asserts that its output has none of the secrets. The log must contain `wanted`.
    async fn assert_silent(self, wanted: &str) {
        let metrics = reqwest::get(self.logged.host.metrics()).await.unwrap().text().await.unwrap();
        let (log, rest) = self.logged.end();
        assert!(log.contains(wanted), "{log}");
        assert!(self.collector.spans().len() > 5 && metrics.contains("portdesk_store_calls_total"));
        assert_none("the log", log.as_bytes(), &SECRETS);
        assert_none("the metrics", metrics.as_bytes(), &SECRETS);
        assert_none("the spans", &self.collector.bytes(), &SECRETS);
        assert_none("standard output", rest.as_bytes(), &SECRETS);
    }
}

/// Sends a request of every operation, with the secrets in every text.
async fn ask(client: &Client, ticket: &str) -> Vec<Answer> {
    let [caller, description, comment] = SECRETS;
    let comments = format!("{ticket}/comments");
    let list = format!("/tickets?caller={caller}");
    let create = json!({ "caller_id": caller, "issue_description": description });
    let (said, moved) =
        (json!({ "comment": comment }), json!({ "status": "in_progress", "comment": comment }));
    let keyed = [("idempotency-key", "secret-description")];
    let (created, commented, moved, read, listed) = tokio::join!(
        client.send("POST", "/tickets", &keyed, Some(&create)),
        client.post(&comments, &said),
        client.send("PATCH", ticket, &[], Some(&moved)),
        client.get(ticket),
        client.get(&list),
    );
    vec![created, commented, moved, read, listed]
}

const NO_TICKET: &str = "/tickets/11111111-1111-4111-8111-111111111111";

#[tokio::test(flavor = "multi_thread")]
async fn no_failure_of_dynamodb_tells_what_was_to_be_stored() {
    for level in LEVELS {
        let quoting = Quoting::start();
        let watched = Watched::start(level, &on_dynamodb(&quoting.server.url));
        let host = &watched.logged.host;
        for failing in ALL {
            quoting.fail(failing);
            for answer in ask(&host.client(), NO_TICKET).await {
                // A client may see its own data in a success.
                if answer.status < 400 {
                    continue;
                }
                assert_none("an error", answer.text().as_bytes(), &SECRETS);
            }
            let _ = reqwest::get(format!("{}/readyz", host.url)).await.unwrap();
        }
        // From here on the host cannot connect.
        drop(quoting);
        ask(&host.client(), NO_TICKET).await;
        watched.assert_silent("a call to the store failed").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_failure_of_the_embedded_store_tells_what_was_to_be_stored() {
    let by_level = LEVELS.map(|level| (level, damage as fn(&Path)));
    for (level, damage) in by_level.into_iter().chain([("debug", empty as fn(&Path)), ("debug", remove)]) {
        let watched = Watched::start(level, &[]);
        let client = watched.logged.host.client();
        let mut ticket = NO_TICKET.to_owned();
        for _ in 0..40 {
            let made = ask(&client, &ticket).await.remove(0);
            if made.status == 201 {
                ticket = path(&made.json());
            }
        }
        damage(&watched.data.path().join("store.sqlite3"));
        for _ in 0..3 {
            ask(&client, &ticket).await;
            let _ = reqwest::get(format!("{}/readyz", watched.logged.host.url)).await.unwrap();
        }
        watched.assert_silent("").await;
    }
}

/// Overwrites every page of the file but the first, and the write-ahead log.
fn damage(store: &Path) {
    for (file, from) in [(store.to_owned(), 4096), (store.with_extension("sqlite3-wal"), 0)] {
        let Ok(mut file) = OpenOptions::new().write(true).open(file) else { continue };
        let length = file.metadata().unwrap().len();
        file.seek(SeekFrom::Start(from)).unwrap();
        file.write_all(&vec![0xa5; usize::try_from(length.saturating_sub(from)).unwrap()]).unwrap();
    }
}

/// Truncates the file to nothing.
fn empty(store: &Path) {
    for file in [store.to_owned(), store.with_extension("sqlite3-wal")] {
        let _ = OpenOptions::new().write(true).truncate(true).open(file);
    }
}

/// Removes the files.
fn remove(store: &Path) {
    fs::remove_file(store).unwrap();
    let _ = fs::remove_file(store.with_extension("sqlite3-wal"));
}

/// The store in memory fails only if a request is wrong.
#[tokio::test(flavor = "multi_thread")]
async fn no_failure_of_the_store_in_memory_tells_what_was_to_be_stored() {
    for level in LEVELS {
        let watched = Watched::start(level, &["--store", "memory"]);
        let client = watched.logged.host.client();
        for cursor in ["secret-caller", "AAAA"] {
            client.get(&format!("/tickets?caller=secret-caller&cursor={cursor}")).await.expect(400);
        }
        ask(&client, NO_TICKET).await;
        let large =
            json!({ "caller_id": "secret-caller", "issue_description": "secret-description".repeat(900) });
        client.post("/tickets", &large).await;
        watched.assert_silent("").await;
    }
}

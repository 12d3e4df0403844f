//! The stand-alone components: other platforms give the same answers as our host, except for ids, times and cursors.
//!
//! The tests do not compare keys, rates and `/readyz`, which a platform does not have. The end-to-end scenarios run on each
//! platform too.

use std::fmt::Write;

use portdesk_components::STORES;

use crate::harness::{Client, Platform, Running};

/// A request: method, target, headers, body. `{id}` stands for the id of the first ticket.
type Step = (&'static str, String, Vec<(&'static str, String)>, String);

fn script() -> Vec<Step> {
    let json = || vec![("content-type", "application/json".to_owned())];
    let with =
        |name, value: &str| vec![("content-type", "application/json".to_owned()), (name, value.to_owned())];
    let body = |text: &str| text.to_owned();
    let new = r#"{"caller_id":"ada","issue_description":"The VPN drops."}"#;
    let at = |target: &str| target.to_owned();
    vec![
        ("POST", at("/tickets"), with("idempotency-key", "k-1"), body(new)),
        ("POST", at("/tickets"), with("idempotency-key", "k-1"), body(new)),
        ("POST", at("/tickets"), with("idempotency-key", "k-1"), body(&new.replace("drops", "works"))),
        ("POST", at("/tickets"), json(), body(new)),
        ("POST", at("/tickets"), json(), body("{}")),
        ("POST", at("/tickets"), json(), body("[")),
        ("POST", at("/tickets"), vec![("content-type", body("text/plain"))], body("x")),
        ("GET", at("/tickets/{id}"), vec![], body("")),
        ("HEAD", at("/tickets/{id}"), vec![], body("")),
        ("GET", at("/tickets/{id}"), vec![("if-none-match", body("\"1\""))], body("")),
        ("GET", at("/tickets/nothing"), vec![], body("")),
        ("POST", at("/tickets/{id}/comments"), json(), body(r#"{"comment":"Again.","author":"eva"}"#)),
        ("PATCH", at("/tickets/{id}"), json(), body(r#"{"status":"in_progress"}"#)),
        ("PATCH", at("/tickets/{id}"), with("if-match", "\"1\""), body(r#"{"status":"resolved"}"#)),
        ("GET", at("/tickets/{id}"), vec![("if-match", body("\"1\""))], body("")),
        ("POST", at("/tickets/{id}/comments"), with("if-none-match", "*"), body(r#"{"comment":"x"}"#)),
        ("POST", at("/tickets"), with("content-encoding", "identity, gzip"), body(new)),
        ("POST", at("/tickets"), with("content-encoding", "identity"), body(new)),
        ("GET", at("/tickets/"), vec![("accept", body("application/problem+json;q=0"))], body("")),
        ("PATCH", at("/tickets/{id}"), json(), body(r#"{"status":"cancelled","comment":"Done."}"#)),
        ("PATCH", at("/tickets/{id}"), json(), body(r#"{"status":"open"}"#)),
        ("POST", at("/tickets/{id}/comments"), json(), body(r#"{"comment":"late"}"#)),
        ("GET", at("/tickets?caller=ada&limit=1"), vec![], body("")),
        ("GET", at("/tickets?caller=ada"), vec![("accept", body("text/html"))], body("")),
        ("GET", at("/tickets?caller=ada&cursor=x"), vec![], body("")),
        ("GET", at("/tickets"), vec![], body("")),
        ("OPTIONS", at("/tickets"), vec![], body("")),
        ("DELETE", at("/tickets/{id}"), vec![], body("")),
        ("PROPFIND", at("/tickets"), vec![], body("")),
        ("GET", at("/nowhere"), vec![], body("")),
        ("GET", at("/healthz"), vec![], body("")),
        ("HEAD", at("/healthz"), vec![], body("")),
        ("POST", at("/healthz"), vec![], body("")),
        ("GET", at("/openapi.yaml"), vec![], body("")),
        ("POST", at("/tickets"), json(), " ".repeat(65_536)),
        ("GET", format!("/{}", "x".repeat(8_000)), vec![], body("")),
        // This request is the last, because a server that does not read the body may close the connection after its answer.
        ("POST", at("/tickets"), json(), " ".repeat(65_537)),
    ]
}

/// The answers of a server to the whole script, without the parts that differ from run to run.
async fn transcript(client: Client) -> Vec<String> {
    let mut ticket_id = String::new();
    let mut answers = Vec::new();
    for (method, target, headers, body) in script() {
        let mut request = client.request(method, &target.replace("{id}", &ticket_id));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = client.answered(request.body(body)).await.unwrap();
        let mut shown = format!("{method} {target:.40} -> {}\n", answer.status());
        let headers = answer.headers().clone();
        assert_eq!(headers["x-amzn-requestid"].len(), 36, "{shown}");
        let text = answer.text().await.unwrap();
        // The cursors of two stores differ in length.
        let is_page = text.contains("\"next_cursor\":\"");
        for name in COMPARED_HEADERS.iter().filter(|name| !is_page || **name != "content-length") {
            for value in headers.get_all(*name) {
                writeln!(shown, "{name}: {}", masked(value.to_str().unwrap())).unwrap();
            }
        }
        if ticket_id.is_empty() {
            let (_, rest) = text.split_once("\"ticket_id\":\"").unwrap();
            ticket_id = rest[..36].to_owned();
        }
        answers.push(shown + &masked(&text));
    }
    answers
}

const COMPARED_HEADERS: [&str; 9] = [
    "allow",
    "content-length",
    "content-type",
    "etag",
    "link",
    "location",
    "retry-after",
    "vary",
    "x-amzn-errortype",
];

/// The text with `#` in place of each id, time and cursor: a run of more than 15 of their characters, with at least one digit.
fn masked(text: &str) -> String {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "-_:.".contains(character);
    let mut masked = String::new();
    for word in text.split_inclusive(|character: char| !is_part(character)) {
        let run = word.trim_end_matches(|character: char| !is_part(character));
        let is_made = run.len() > 15 && run.contains(|character: char| character.is_ascii_digit());
        masked += if is_made { "#" } else { run };
        masked += &word[run.len()..];
    }
    masked
}

#[test]
fn only_what_differs_from_run_to_run_is_masked() {
    let text = r#"{"ticket_id":"1381617c-c574-47c6-894f-71aafeee0dc2","at":"2026-11-22T15:49:16.738786Z","n":12,"on":"VPN"}"#;
    assert_eq!(masked(text), r##"{"ticket_id":"#","at":"#","n":12,"on":"VPN"}"##);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_platforms_answer_as_our_host_does() {
    let host = Running::start(&["--store", "memory"]).await;
    let expected = transcript(host.client()).await;
    host.stop().await;
    let platforms = [
        ("wasmtime", Platform::wasmtime()),
        ("node", Platform::node()),
        ("wasmtime over JavaScript", Platform::wasmtime_on_javascript()),
        ("node over JavaScript", Platform::node_on_javascript()),
    ];
    for (name, platform) in platforms {
        for (answer, expected) in transcript(platform.client()).await.iter().zip(&expected) {
            assert_eq!(answer, expected, "{name}");
        }
    }
}

#[test]
fn components_keep_to_their_sizes_and_fit_every_platform() {
    let desk = portdesk_components::desk().unwrap();
    assert!(desk.wasm.len() <= 300_000, "{}", desk.wasm.len());
    for store in STORES {
        // This fails if an import is missing on a platform, or if there is more than one handler.
        let artifact = portdesk_components::stand_alone(store).unwrap();
        if store.name == "memory" {
            assert!(artifact.wasm.len() <= 500_000, "{}", artifact.wasm.len());
        }
    }
}

//! Tests of each fault, with a server that counts the requests that reach it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::Response;
use portdesk_test_support::free_port;
use reqwest::Client;

use super::{Fault, Plan, Proxy, Served};

/// A server that answers with the body of the request.
struct Echo {
    server: Served,
    seen: Arc<AtomicUsize>,
}

impl Echo {
    fn start() -> Echo {
        let seen = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&seen);
        let server = Served::start(move |_, body| {
            counted.fetch_add(1, Ordering::SeqCst);
            async { Ok(Response::new(Full::new(body))) }
        });
        Echo { server, seen }
    }

    fn seen(&self) -> usize {
        self.seen.load(Ordering::SeqCst)
    }
}

/// The outcome of a request, within a second.
#[derive(Debug, PartialEq)]
enum Came {
    Answer(u16, String),
    /// The connection broke.
    Cut,
    Nothing,
}

async fn ask(proxy: &Proxy, verb: &str) -> Came {
    let client = Client::builder().no_proxy().build().unwrap();
    let target = format!("DynamoDB_20120810.{verb}");
    let sent = async {
        let response = client.post(&proxy.url).header("x-amz-target", target).body("hello").send().await?;
        Ok::<_, reqwest::Error>((response.status().as_u16(), response.text().await?))
    };
    match tokio::time::timeout(Duration::from_secs(1), sent).await {
        Ok(Ok((status, text))) => Came::Answer(status, text),
        Ok(Err(_)) => Came::Cut,
        Err(_) => Came::Nothing,
    }
}

fn error(status: u16, name: &str) -> Came {
    let text = format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{name}","message":"as planned"}}"#);
    Came::Answer(status, text)
}

#[tokio::test]
async fn a_request_without_a_fault_passes_and_is_counted_by_its_verb() {
    let echo = Echo::start();
    let proxy = Proxy::start(&echo.server.url, Plan::none()).await;
    for verb in ["GetItem", "UpdateItem", "GetItem"] {
        assert_eq!(ask(&proxy, verb).await, Came::Answer(200, "hello".into()));
    }
    let counted = proxy.take_requests();
    assert_eq!(counted, [("GetItem".to_owned(), 2), ("UpdateItem".to_owned(), 1)].into());
    assert!(proxy.take_requests().is_empty() && proxy.take_faults().is_empty());
    assert_eq!(echo.seen(), 3);
}

#[tokio::test]
async fn a_fault_before_never_reaches_the_server() {
    let echo = Echo::start();
    for (fault, came) in [
        (Fault::Refused("ThrottlingException"), error(400, "ThrottlingException")),
        (Fault::ErrorBefore, error(500, "InternalServerError")),
        (Fault::ResetBefore, Came::Cut),
        (Fault::HangBefore, Came::Nothing),
    ] {
        let proxy = Proxy::start(&echo.server.url, Plan::always(fault)).await;
        assert_eq!(ask(&proxy, "UpdateItem").await, came, "{fault:?}");
        assert_eq!(proxy.take_faults(), [fault]);
    }
    assert_eq!(echo.seen(), 0);
}

#[tokio::test]
async fn a_fault_after_reaches_the_server_once_and_hides_its_answer() {
    for (fault, came) in [
        (Fault::ErrorAfter, error(500, "InternalServerError")),
        (Fault::ResetAfter, Came::Cut),
        (Fault::HangAfter, Came::Nothing),
    ] {
        let echo = Echo::start();
        let proxy = Proxy::start(&echo.server.url, Plan::always(fault)).await;
        assert_eq!(ask(&proxy, "UpdateItem").await, came, "{fault:?}");
        assert_eq!(echo.seen(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_slow_answer_is_late_and_whole() {
    let echo = Echo::start();
    let late = Duration::from_millis(50);
    let proxy = Proxy::start(&echo.server.url, Plan::always(Fault::Slow(late))).await;
    let asked = Instant::now();
    assert_eq!(ask(&proxy, "UpdateItem").await, Came::Answer(200, "hello".into()));
    assert!(asked.elapsed() >= late);
}

#[tokio::test]
async fn a_server_that_is_gone_is_a_connection_that_breaks() {
    let proxy = Proxy::start(&format!("http://127.0.0.1:{}", free_port()), Plan::none()).await;
    assert_eq!(ask(&proxy, "GetItem").await, Came::Cut);
}

#[tokio::test]
async fn a_script_is_for_one_verb_and_ends() {
    let echo = Echo::start();
    let proxy = Proxy::start(&echo.server.url, Plan::none()).await;
    proxy.follow(Plan::script("UpdateItem", [Fault::ErrorBefore]));
    for (verb, came) in [
        ("GetItem", Came::Answer(200, "hello".into())),
        ("UpdateItem", error(500, "InternalServerError")),
        ("UpdateItem", Came::Answer(200, "hello".into())),
    ] {
        assert_eq!(ask(&proxy, verb).await, came, "{verb}");
    }
}

#[test]
fn a_random_plan_keeps_its_share_and_decides_the_same_with_the_same_seed() {
    const FAULTS: [Fault; 2] = [Fault::ErrorBefore, Fault::ErrorAfter];
    let decided = |seed| {
        let mut plan = Plan::random(seed, 0.2, &FAULTS);
        (0..10_000).map(|_| plan.decide("UpdateItem")).collect::<Vec<_>>()
    };
    let first = decided(1);
    assert_eq!(first, decided(1));
    assert_ne!(first, decided(2));
    let faults: Vec<_> = first.into_iter().flatten().collect();
    assert!((1800..2200).contains(&faults.len()), "{}", faults.len());
    let after = faults.iter().filter(|fault| fault.is_after()).count();
    assert!((850..1150).contains(&after), "{after}");
}

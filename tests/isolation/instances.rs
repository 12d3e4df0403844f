//! Which instances are used again, and what they keep.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use portdesk::backend::memory::Memory;
use portdesk::backend::{self, Backend, Insert, Item, Page, Query, Update};
use portdesk::sandbox::{HandleError, Request, Responder, Response, Sandbox};
use portdesk::store::GuestStore;
use tokio::time::Instant;

use super::{Hostile, hostile, send};
use crate::harness::{config, telemetry};

#[tokio::test]
async fn a_fresh_instance_knows_nothing_of_the_request_before() {
    let hostile = Hostile::start(&["--isolation", "fresh"]).await;
    for _ in 0..10 {
        hostile.text("/remember", "a secret").await;
        assert_eq!(hostile.text("/recall", "").await, "");
    }
    hostile.stop().await;
}

/// A pooled instance can keep data of a request, so the world `desk` forbids it. The module `desk` tests that the desk obeys.
#[tokio::test]
async fn an_instance_that_failed_is_never_used_again() {
    let hostile = Hostile::start(&["--time-limit-ms", "500"]).await;
    for fault in
        ["/trap", "/panic", "/bomb", "/recursion", "/huge-key", "/large-answer", "/get-flood", "/loop"]
    {
        hostile.text("/remember", "a secret").await;
        assert_eq!(hostile.text("/recall", "").await, "a secret", "the instance answers again");
        let (status, _) = send(&hostile.client, "GET", fault, "").await.unwrap();
        assert!([500, 504].contains(&status), "{fault}: {status}");
        assert_eq!(hostile.text("/recall", "").await, "", "after {fault}");
    }
    hostile.stop().await;
}

#[tokio::test]
async fn an_instance_that_grew_large_answers_and_is_not_kept() {
    let hostile = Hostile::start(&[]).await;
    let small: usize = hostile.text("/pages", "").await.parse().unwrap();
    hostile.text("/remember", "a secret").await;
    let large: usize = hostile.text("/grown", "").await.parse().unwrap();
    assert!(large > small + 300, "{large} pages");
    assert_eq!(hostile.text("/pages", "").await.parse(), Ok(small));
    assert_eq!(hostile.text("/recall", "").await, "");
    hostile.stop().await;
}

#[tokio::test]
async fn a_request_may_call_the_store_a_thousand_times() {
    let hostile = Hostile::start(&[]).await;
    for _ in 0..2 {
        assert_eq!(hostile.text("/gets", "1000").await, "got", "an instance starts anew with each request");
    }
    let (status, _) = send(&hostile.client, "GET", "/gets", "1001").await.unwrap();
    assert_eq!(status, 500);
    hostile.stop().await;
}

/// While a guest waits for the store, it runs no code that an epoch could interrupt.
#[tokio::test]
async fn a_guest_that_waits_for_the_store_is_cut_and_its_place_is_free() {
    let component = hostile(&["--instances", "1"]);
    let schema = component.describe().await.unwrap().schema;
    let sandbox = Sandbox::new(component, GuestStore::new(Arc::new(NeverAnswers), schema, telemetry()));
    for _ in 0..3 {
        let begun = Instant::now();
        let failure = ask(&sandbox, "/waits", begun + Duration::from_millis(100)).await.unwrap_err();
        assert!(matches!(failure, HandleError::Deadline), "{failure}");
        assert!(begun.elapsed() < Duration::from_secs(5));
        let answer = ask(&sandbox, "/pages", Instant::now() + Duration::from_secs(10)).await.unwrap();
        assert_eq!(answer.status, 200);
    }
}

/// A client that disconnects drops the future. Its instance and its permit are then free, whatever the guest did.
#[tokio::test]
async fn a_request_that_is_dropped_at_any_moment_leaves_its_place_free() {
    let component = hostile(&["--instances", "1"]);
    let schema = component.describe().await.unwrap().schema;
    let stores: [Arc<dyn Backend>; 2] = [Arc::new(NeverAnswers), Arc::new(Memory::new(&schema))];
    for store in stores {
        let sandbox = Sandbox::new(component.clone(), GuestStore::new(store, schema.clone(), telemetry()));
        for path in ["/waits", "/loop", "/hoard", "/clock-flood", "/get-flood"] {
            for moment_us in [0, 100, 3000, 20_000] {
                let deadline = Instant::now() + Duration::from_secs(10);
                let moment = Duration::from_micros(moment_us);
                let _ = tokio::time::timeout(moment, ask(&sandbox, path, deadline)).await;
                ask(&sandbox, "/pages", deadline).await.unwrap_or_else(|failure| panic!("{path}: {failure}"));
            }
        }
    }
}

#[tokio::test]
async fn what_a_guest_asks_for_too_much_is_named_to_the_operator() {
    let limits = config(Path::new("unused"), &[]).limits.sandbox();
    let component = hostile(&[]);
    let schema = component.describe().await.unwrap().schema;
    let sandbox =
        Sandbox::new(component, GuestStore::new(Arc::new(Memory::new(&schema)), schema, telemetry()));
    let memory = format!("more than {} bytes of memory", limits.memory_bytes);
    let named = [
        ("/bomb", memory.as_str()),
        ("/get-flood", "more than 1000 calls to the store"),
        ("/random-flood", "more than 65536 random bytes"),
        ("/random-huge", "more than 65536 random bytes"),
        ("/huge-key", "fuel allocated for hostcalls has been exhausted"),
        ("/huge-fields", "fuel allocated for hostcalls has been exhausted"),
        ("/huge-answer", "fuel allocated for hostcalls has been exhausted"),
        ("/many-headers", "fuel allocated for hostcalls has been exhausted"),
        ("/large-answer", "its body has 4194305 bytes"),
        ("/some-headers", "it has 65 headers"),
        ("/wide-header", "its headers have 40006 bytes"),
        ("/long-operation", "its operation is not"),
        ("/recursion", "call stack exhausted"),
    ];
    for (path, name) in named {
        let failure = ask(&sandbox, path, Instant::now() + Duration::from_secs(30)).await.unwrap_err();
        assert!(failure.to_string().contains(name), "{path}: {failure}");
    }
}

async fn ask(sandbox: &Sandbox, path: &str, deadline: Instant) -> Result<Response, HandleError> {
    let request = Request {
        method: "GET",
        path,
        query: None,
        headers: &[],
        body: b"",
        client: None,
        request_id: "a-request-of-the-tests",
    };
    sandbox.handle(request, None, deadline).await
}

/// A store that never answers.
struct NeverAnswers;

#[async_trait::async_trait]
impl Backend for NeverAnswers {
    async fn get(&self, _: &str) -> Result<Option<Item>, backend::Error> {
        std::future::pending().await
    }

    async fn insert(&self, _: &str, _: backend::Fields, _: &str) -> Result<Insert, backend::Error> {
        std::future::pending().await
    }

    async fn update(&self, _: &str, _: backend::Change) -> Result<Update, backend::Error> {
        std::future::pending().await
    }

    async fn query(&self, _: Query) -> Result<Page, backend::Error> {
        std::future::pending().await
    }

    async fn check(&self) -> Result<(), backend::Error> {
        std::future::pending().await
    }

    async fn close(&self) {}
}

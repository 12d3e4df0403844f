//! What a world for tests promises: the same again, nothing of the last test, and failures that leave what they say.
//!
//! These tests ask the pipeline itself, because only there they can say in which order things happen.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Request};
use portdesk::backend::Item;
use portdesk::clock::{ClockMode, ClockSetting};
use portdesk::faults::Rule;
use portdesk::journal::Filter;
use portdesk::space::{Reset, Space};
use portdesk::state::{self, Ignored, ListOrder};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Caller, KEY, World};

impl Caller {
    pub(super) async fn create(&self, description: &str) -> (u16, Value) {
        self.ask(Method::POST, "/tickets", &JSON, ticket(description)).await
    }

    /// A script of a few requests that depend on one another.
    async fn act(&self) {
        for description in ["The VPN drops.", "The mouse is gone.", "The VPN drops."] {
            let (status, ticket) = self.create(description).await;
            assert_eq!(status, 201, "{ticket}");
            let path = format!("/tickets/{}/comments", ticket["ticket_id"].as_str().unwrap());
            let comment = json!({"author": "grace", "comment": "I am on it."});
            assert_eq!(self.ask(Method::POST, &path, &JSON, comment).await.0, 200);
        }
    }
}

fn ticket(description: &str) -> Value {
    json!({"caller_id": "ada", "issue_description": description})
}

async fn hash(space: &Space) -> String {
    state::hash(&space.items().await.unwrap(), &Ignored::default())
}

fn keys(items: &[Item]) -> BTreeSet<String> {
    items.iter().map(|item| item.key.clone()).collect()
}

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

#[tokio::test(flavor = "multi_thread")]
async fn spaces_that_run_one_script_at_once_have_equal_states_in_every_round() {
    for isolation in ["pooled", "fresh"] {
        let world = World::open(&["--isolation", isolation]).await;
        let mut spaces = Vec::new();
        for number in 0..8 {
            spaces.push(world.space(json!({"name": format!("s{number}"), "seed": 42})).await);
        }
        let mut hashes = BTreeSet::new();
        for _ in 0..100 {
            let mut scripts = JoinSet::new();
            for (_, caller) in &spaces {
                let caller = caller.clone();
                scripts.spawn(async move { caller.act().await });
            }
            scripts.join_all().await;
            for (space, _) in &spaces {
                assert_eq!(space.items().await.unwrap().len(), 3);
                hashes.insert(hash(space).await);
                space.reset(&Reset::default()).await.unwrap();
            }
        }
        assert_eq!(hashes.len(), 1, "{isolation}");
        assert_eq!(world.main().items().await.unwrap().len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_clients_at_once_make_the_same_ids_again() {
    let world = World::open(&[]).await;
    let (space, caller) = world.space(json!({"name": "crowd", "seed": 7})).await;
    let mut runs = BTreeSet::new();
    for _ in 0..2 {
        let mut clients = JoinSet::new();
        for client in 0..64 {
            let caller = caller.clone();
            clients.spawn(async move {
                for _ in 0..3 {
                    // Every second ticket is the same, so that equal requests race.
                    assert_eq!(caller.create(&format!("Ticket {}", client / 2)).await.0, 201);
                }
            });
        }
        clients.join_all().await;
        let items = space.items().await.unwrap();
        assert_eq!(items.len(), 192);
        runs.insert(keys(&items));
        space.reset(&Reset::default()).await.unwrap();
    }
    assert_eq!(runs.len(), 1);
    let seed = Some(8);
    space.reset(&Reset { seed, ..Reset::default() }).await.unwrap();
    caller.create("Ticket 0").await;
    assert!(keys(&space.items().await.unwrap()).is_disjoint(runs.first().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ids_of_requests_are_chosen_by_the_seed() {
    let mut seen = Vec::new();
    for seed in [7, 7, 8] {
        let world = World::open(&[]).await;
        let (_, caller) = world.space(json!({"name": "ids", "seed": seed})).await;
        caller.act().await;
        let calls = world.spaces.journal.calls(&Filter::default());
        let ids: Vec<String> = calls.iter().map(|call| call.request_id.to_string()).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 6, "{ids:?}");
        let request = Request::get("/tickets?caller=ada").header("host", "desk");
        let request = request.header("x-api-key", caller.key()).body(Full::new(Bytes::new())).unwrap();
        let answer = world.pipeline.answer(request).await;
        let header = answer.headers()["x-amzn-requestid"].to_str().unwrap();
        assert_eq!(*world.spaces.journal.calls(&Filter::default())[6].request_id, *header);
        seen.push(ids);
    }
    assert_eq!(seen[0], seen[1]);
    assert!(seen[0].iter().all(|id| !seen[2].contains(id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_comments_are_equal_as_sets() {
    let world = World::open(&[]).await;
    let (space, caller) = world.space(json!({"name": "comments", "seed": 7})).await;
    let ignored = Ignored {
        lists: ListOrder::Set,
        fields: vec!["created_at".into(), "updated_at".into()],
        ..Ignored::default()
    };
    let mut hashes = BTreeSet::new();
    for _ in 0..3 {
        let id = caller.create("The VPN drops.").await.1["ticket_id"].as_str().unwrap().to_owned();
        let mut writers = JoinSet::new();
        for number in 0..32 {
            let (caller, path) = (caller.clone(), format!("/tickets/{id}/comments"));
            let comment = json!({"author": "grace", "comment": format!("Note {}", number / 4)});
            writers.spawn(async move { caller.ask(Method::POST, &path, &JSON, comment).await.0 });
        }
        assert!(writers.join_all().await.into_iter().all(|status| status == 200));
        hashes.insert(state::hash(&space.items().await.unwrap(), &ignored));
        space.reset(&Reset::default()).await.unwrap();
    }
    assert_eq!(hashes.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_write_of_one_test_lands_in_the_next() {
    for store in ["memory", "embedded"] {
        let world = World::open(&["--store", store]).await;
        let reset = Reset::default();
        for round in 0..100 {
            let stop = Arc::new(AtomicBool::new(false));
            let mut clients = JoinSet::new();
            for client in 0..64 {
                let (caller, stop) = (world.caller(KEY), Arc::clone(&stop));
                clients.spawn(async move {
                    while !stop.load(Ordering::Relaxed) {
                        let (status, _) = caller.create(&format!("{client}")).await;
                        assert!(status == 201 || status == 503, "{status}");
                    }
                });
            }
            // Some of the clients have begun a write.
            for _ in 0..=round % 5 {
                tokio::task::yield_now().await;
            }
            stop.store(true, Ordering::Relaxed);
            if round % 2 == 0 {
                clients.abort_all();
            }
            let before = world.mark();
            world.main().reset(&reset).await.unwrap();
            while clients.join_next().await.is_some() {}
            // A client may still begin a write after the reset. A write that began before it must be gone.
            for item in world.main().items().await.unwrap() {
                let calls = world.spaces.journal.calls(&Filter { item: Some(item.key), ..Filter::default() });
                assert!(calls.iter().all(|call| call.n > before), "{store}, round {round}");
                assert_eq!(calls.len(), 1, "{store}, round {round}");
            }
        }
        assert_eq!(world.caller(KEY).create("The next test").await.0, 201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_of_unknown_outcome_is_done_or_not_as_the_rule_says() {
    let world = World::open(&[]).await;
    for stored in [true, false] {
        let (space, caller) = world.space(json!({"name": format!("unknown-{stored}")})).await;
        let (_, made) = caller.create("The VPN drops.").await;
        let path = format!("/tickets/{}", made["ticket_id"].as_str().unwrap());
        let rule: Rule = serde_json::from_value(
            json!({"at": "store", "verb": "update", "do": {"unknown": {"stored": stored}}, "times": 1}),
        )
        .unwrap();
        space.faults.replace(vec![rule]).unwrap();
        let change = json!({"status": "in_progress"});
        let headers = [("content-type", "application/json"), ("if-match", "\"1\"")];
        let (status, answer) = caller.ask(Method::PATCH, &path, &headers, change.clone()).await;
        assert_eq!((status, &answer["outcome"]), (503, &json!("unknown")), "{answer}");
        let repeated = caller.ask(Method::PATCH, &path, &headers, change).await.0;
        assert_eq!(repeated, if stored { 412 } else { 200 });
        let now = caller.ask(Method::GET, &path, &[], Value::Null).await.1;
        assert_eq!(now["status"], "in_progress");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_hits_the_same_requests_in_every_order() {
    let world = World::open(&[]).await;
    let (space, caller) = world.space(json!({"name": "dice", "seed": 3})).await;
    let rule = json!({"at": "door", "do": {"status": 599}, "probability": 0.2});
    let mut seen = BTreeSet::new();
    for order in 0..3_usize {
        space.faults.replace(vec![serde_json::from_value(rule.clone()).unwrap()]).unwrap();
        let mut hit = Vec::new();
        for at in 0..1000_usize {
            let number = [at, 999 - at, at * 7 % 1000][order];
            let path = format!("/tickets?caller=c{number}&limit=1");
            if caller.ask(Method::GET, &path, &[], Value::Null).await.0 == 599 {
                hit.push(number);
            }
        }
        hit.sort_unstable();
        assert!((150..=250).contains(&hit.len()), "{}", hit.len());
        seen.insert(hit);
        space.reset(&Reset { keep_faults: true, ..Reset::default() }).await.unwrap();
    }
    assert_eq!(seen.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_follows_the_clock_of_its_space_and_a_rate_the_real_time() {
    let data = tempfile::tempdir().unwrap();
    // The bucket has one token, and gets the next one in a nanosecond of the real time.
    let plan = json!({"name": "three", "rate_per_second": 1_000_000_000, "burst": 1,
                      "quota": {"requests": 3, "period": "month"}});
    fs::write(data.path().join("keys.json"), json!({"keys": [], "plans": [plan]}).to_string()).unwrap();
    let world = World::open_in(data, &[]).await;
    let at = Some("2026-03-02T09:00:00Z".parse().unwrap());
    let setting = ClockSetting { mode: ClockMode::Frozen, at, step_ms: None };
    let (space, caller) = world.space(json!({"name": "month", "plan": "three", "clock": setting})).await;
    let ask = async || caller.ask(Method::GET, "/tickets?caller=ada", &[], Value::Null).await.0;
    assert_eq!([ask().await, ask().await, ask().await, ask().await], [200, 200, 200, 429]);
    space.clock.advance("P1M").unwrap();
    assert_eq!(ask().await, 200);
    space.reset(&Reset::default()).await.unwrap();
    assert_eq!(
        [ask().await, ask().await, ask().await, ask().await],
        [200, 200, 200, 429],
        "a reset forgets the use"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_is_noted_with_its_id_and_little_of_what_a_stranger_sent() {
    let world = World::open(&[]).await;
    let target = format!("/tickets?caller={}", "x".repeat(7_000));
    let request = Request::get(target).header("host", "desk").header("user-agent", "stranger");
    let answer = world.pipeline.answer(request.body(Full::new(Bytes::new())).unwrap()).await;
    assert_eq!(answer.status(), 403);
    let calls = world.spaces.journal.calls(&Filter::default());
    let [call] = &calls[..] else { panic!("{} calls", calls.len()) };
    assert_eq!(*call.request_id, *answer.headers()["x-amzn-requestid"].to_str().unwrap());
    assert_eq!(call.query.as_ref().map(|query| query.len()), Some(128));
    assert!(call.request.headers.is_empty(), "{:?}", call.request.headers);
}

//! Faults that take time, and what waits for them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use hyper::Method;
use portdesk::faults::Rule;
use portdesk::journal::{CallState, Filter};
use portdesk::sandbox::{self, Conditions, HandleError, Responder, Sandbox};
use portdesk::space::{Reset, Space};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::harness::{Caller, KEY, World, until};

/// More than any request may take.
const A_MINUTE: u64 = 60_000;

fn rule(rule: Value) -> Rule {
    serde_json::from_value(rule).unwrap()
}

fn list(caller: &Caller) -> impl Future<Output = (u16, Value)> + Send + use<> {
    let caller = caller.clone();
    async move { caller.ask(Method::GET, "/tickets?caller=ada", &[], Value::Null).await }
}

fn open_calls(world: &World) -> usize {
    let calls = world.spaces.journal.calls(&Filter::default());
    calls.iter().filter(|call| call.state == CallState::Open).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delay_ends_at_the_deadline_of_its_request() {
    let world = World::open(&["--time-limit-ms", "1500"]).await;
    let caller = world.caller(KEY);
    for station in ["door", "store", "answer"] {
        world
            .main()
            .faults
            .replace(vec![rule(json!({"at": station, "do": {"delay_ms": A_MINUTE}}))])
            .unwrap();
        let begun = Instant::now();
        let (status, answer) = caller.create("The VPN drops.").await;
        assert!(begun.elapsed() < Duration::from_secs(30), "{station}");
        assert_eq!((status, &answer["outcome"]), (504, &json!("unknown")), "{station}: {answer}");
    }
    // Only the answer of a request that was done came too late.
    assert_eq!(world.main().items().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_ends_the_delays_that_it_waits_for() {
    let world = World::open(&["--time-limit-ms", "300000"]).await;
    let caller = world.caller(KEY);
    for station in ["door", "store", "answer"] {
        let rules = vec![rule(json!({"at": station, "do": {"delay_ms": A_MINUTE}, "times": 1}))];
        world.main().faults.replace(rules).unwrap();
        let slow = tokio::spawn(list(&caller));
        until("the request is delayed", async || hits(world.main()) == 1).await;
        let begun = Instant::now();
        world.main().reset(&Reset::default()).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(30), "{station}");
        assert_eq!(slow.await.unwrap().0, 200, "{station}");
    }
}

fn hits(space: &Space) -> u64 {
    space.faults.rules().iter().map(|rule| rule.hits).sum()
}

/// The component, which begins to answer only when it gets a permit.
struct Held {
    sandbox: Sandbox,
    permits: Arc<Semaphore>,
}

#[async_trait]
impl Responder for Held {
    async fn handle(
        &self,
        request: sandbox::Request<'_>,
        conditions: Option<Box<Conditions>>,
        deadline: tokio::time::Instant,
    ) -> Result<sandbox::Response, HandleError> {
        self.permits.acquire().await.unwrap().forget();
        self.sandbox.handle(request, conditions, deadline).await
    }

    fn in_use(&self) -> usize {
        self.sandbox.in_use()
    }

    fn memory_high_water_bytes(&self) -> usize {
        self.sandbox.memory_high_water_bytes()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_waits_for_a_reset_is_in_the_journal_and_sees_the_next_world() {
    let permits = Arc::new(Semaphore::new(1));
    let world = World::open_as(|component, store| {
        Arc::new(Held { sandbox: Sandbox::new(component, store), permits: Arc::clone(&permits) })
    })
    .await;
    let (space, caller) = (world.main(), world.caller(KEY));
    assert_eq!(caller.create("The VPN drops.").await.0, 201);
    let before = tokio::spawn(list(&caller));
    until("the first read is in the component", async || open_calls(&world) == 1).await;
    let no_change = Reset::default();
    let mut reset = Box::pin(space.reset(&no_change));
    assert!(timeout(Duration::ZERO, &mut reset).await.is_err(), "it waits for the first read");
    let after = tokio::spawn(list(&caller));
    until("the second read is in the journal", async || open_calls(&world) == 2).await;
    permits.add_permits(2);
    reset.await.unwrap();
    let listed = |answer: (u16, Value)| (answer.0, answer.1["tickets"].as_array().unwrap().len());
    assert_eq!(listed(before.await.unwrap()), (200, 1));
    assert_eq!(listed(after.await.unwrap()), (200, 0));
    assert_eq!(open_calls(&world), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_lags_shows_the_newest_items_later() {
    let world = World::open(&[]).await;
    let (space, caller) = world.space(json!({"name": "lag"})).await;
    caller.create("Before the rule.").await;
    let rules = vec![rule(json!({"at": "store", "do": {"lag_ms": A_MINUTE}}))];
    space.faults.replace(rules).unwrap();
    let (_, made) = caller.create("The VPN drops.").await;
    let shown = async || list(&caller).await.1["tickets"].as_array().unwrap().len();
    assert_eq!(shown().await, 1);
    let path = format!("/tickets/{}", made["ticket_id"].as_str().unwrap());
    assert_eq!(caller.ask(Method::GET, &path, &[], Value::Null).await.0, 200, "only lists lag");
    space.faults.replace(vec![rule(json!({"at": "store", "do": {"lag_ms": 0}}))]).unwrap();
    assert_eq!(shown().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readiness_check_is_red_by_the_dice_of_the_seed() {
    let mut seen = Vec::new();
    for seed in ["1", "1", "2"] {
        let world = World::open(&["--seed", seed]).await;
        let caller = world.caller(KEY);
        world
            .main()
            .faults
            .replace(vec![rule(json!({"at": "ready", "do": "red", "probability": 0.5}))])
            .unwrap();
        let mut run = Vec::new();
        for _ in 0..40 {
            run.push(caller.ask(Method::GET, "/readyz", &[], Value::Null).await.0);
        }
        assert!(run.contains(&200) && run.contains(&503), "{run:?}");
        world.main().reset(&Reset { keep_faults: true, ..Reset::default() }).await.unwrap();
        assert_eq!(
            caller.ask(Method::GET, "/readyz", &[], Value::Null).await.0,
            run[0],
            "from the beginning"
        );
        seen.push(run);
    }
    assert_eq!(seen[0], seen[1]);
    assert_ne!(seen[0], seen[2]);
}

//! What one request costs, in counts that do not depend on the load of the machine, held against the figures of the last
//! change in `guest/desk/costs.json`. In the sandbox: the guest's fuel (about one unit for each WebAssembly instruction), and
//! the host's allocations. Over HTTP: allocations and their bytes. The memory store is a part of the host.
//!
//! If a figure no longer holds, look for the reason. If the change is wanted, write the new figure into the file.

mod fuel;
mod over_http;

use std::sync::Arc;
use std::time::Duration;

use portdesk::backend::memory::Memory;
use portdesk::host::BUILT_IN_COMPONENT;
use portdesk::sandbox::{Component, Isolation, Limits, Request, Responder, Response, Sandbox};
use portdesk::store::GuestStore;
use serde::Deserialize;
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use crate::harness::telemetry;
use fuel::Guest;

/// A request, and what it costs.
#[derive(Deserialize)]
struct Cost {
    what: String,
    method: String,
    /// `{location}` stands for what the first request made.
    path: String,
    query: Option<String>,
    #[serde(default)]
    body: String,
    fuel: u64,
    allocations: u64,
    over_http: OverHttp,
}

/// The same request where it comes over HTTP, with the host's server, door and pipeline around the sandbox.
#[derive(Deserialize)]
struct OverHttp {
    allocations: u64,
    bytes: u64,
}

#[test]
fn a_request_takes_the_guest_as_much_fuel_as_it_did() {
    let runtime = runtime();
    let mut guest = runtime.block_on(Guest::start());
    hold("fuel", |cost| cost.fuel, &least(|cost, path| guest.answer(&runtime, cost.request(path))));
}

#[test]
fn a_request_takes_the_host_as_many_allocations_as_it_did() {
    let runtime = runtime();
    let sandbox = runtime.block_on(sandbox(Component::load(BUILT_IN_COMPONENT, LIMITS).unwrap()));
    let answer = |cost: &Cost, path: &str| {
        let mut response = None;
        let counted = allocation_counter::measure(|| {
            response = runtime.block_on(sandbox.handle(cost.request(path), None, deadline())).ok();
        });
        (counted.count_total, location(response.unwrap()))
    };
    hold("allocations", |cost| cost.allocations, &least(answer));
}

#[test]
fn a_request_over_http_takes_the_host_as_many_allocations_and_bytes_as_it_did() {
    let mut connection = over_http::Connection::open(&[]);
    let taken = least(|cost, path| connection.ask(cost, path));
    let of = |count: fn(&over_http::Taken) -> u64| taken.iter().map(count).collect::<Vec<_>>();
    hold("allocations over HTTP", |cost| cost.over_http.allocations, &of(|taken| taken.allocations));
    hold("bytes over HTTP", |cost| cost.over_http.bytes, &of(|taken| taken.bytes));
}

#[test]
fn a_request_in_the_journal_takes_few_allocations_more() {
    let taken = |flags: &[&str]| {
        let mut connection = over_http::Connection::open(flags);
        least(|cost, path| connection.ask(cost, path))
    };
    let (without, with) = (taken(&[]), taken(&["--console", "127.0.0.1:0"]));
    let more = with.iter().zip(without).map(|(with, without)| with.allocations - without.allocations);
    let more: Vec<_> = costs().into_iter().map(|cost| cost.what).zip(more).collect();
    assert!(more.iter().all(|(_, more)| (1..=JOURNAL_ALLOCATIONS).contains(more)), "{more:?}");
}

/// The least count of each request: without what comes up now and then, as a tree that grows.
fn least<C: Ord>(mut ask: impl FnMut(&Cost, &str) -> (C, Option<String>)) -> Vec<C> {
    let mut made: Option<String> = None;
    let least = costs().into_iter().map(|cost| {
        let path = made.as_ref().map_or(cost.path.clone(), |made| cost.path.replace("{location}", made));
        let counts = (0..TIMES).map(|_| {
            let (count, location) = ask(&cost, &path);
            made = made.take().or(location);
            count
        });
        counts.min().unwrap()
    });
    least.collect()
}

/// Where an answer says that something is. There must be an answer.
fn location(response: Response) -> Option<String> {
    assert!((200..300).contains(&response.status), "{}", response.status);
    response.headers.into_iter().find_map(|(name, value)| (name == "location").then_some(value))
}

fn hold(unit: &str, committed: impl Fn(&Cost) -> u64, counted: &[u64]) {
    let costs = costs();
    let both =
        costs.iter().zip(counted).map(|(cost, counted)| (cost.what.as_str(), *counted, committed(cost)));
    let both: Vec<_> = both.collect();
    let holds = |(_, counted, committed): &(&str, u64, u64)| {
        counted.abs_diff(*committed) <= committed * TOLERANCE_PERCENT / 100
    };
    assert!(both.iter().all(holds), "{unit}: (request, counted, figure in guest/desk/costs.json): {both:?}");
}

fn costs() -> Vec<Cost> {
    serde_json::from_str(include_str!("../guest/desk/costs.json")).unwrap()
}

impl Cost {
    fn request<'a>(&'a self, path: &'a str) -> Request<'a> {
        Request {
            method: &self.method,
            path,
            query: self.query.as_deref(),
            headers: &[("accept", "*/*"), ("content-type", "application/json")],
            body: self.body.as_bytes(),
            client: Some("agent"),
            request_id: "00000000-0000-4000-8000-000000000000",
        }
    }
}

async fn sandbox(component: Component) -> Sandbox {
    let guest_store = guest_store(&component).await;
    Sandbox::new(component, guest_store)
}

async fn guest_store(component: &Component) -> GuestStore {
    let schema = component.describe().await.unwrap().schema;
    GuestStore::new(Arc::new(Memory::new(&schema)), schema, telemetry())
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

fn deadline() -> Instant {
    Instant::now() + Duration::from_mins(1)
}

const LIMITS: Limits = Limits { isolation: Isolation::Pooled, instances: 1, memory_bytes: 32 * 1024 * 1024 };

/// How often each request is asked.
const TIMES: usize = 20;

/// What the space of a request and its record in the journal take: their futures, the conditions of the component, the steps,
/// and the beginning and the end of the call.
const JOURNAL_ALLOCATIONS: u64 = 14;

/// Another patch of the compiler counts a little differently.
const TOLERANCE_PERCENT: u64 = 5;

//! What one request costs in the sandbox, in counts that do not depend on what the machine does besides, held against
//! those of the last change in `guest/desk/costs.json`: the guest's fuel (one for nearly each instruction of WebAssembly) and
//! the host's allocations, with those of the store in memory.
//!
//! Where one of them is no longer true, look for the reason; where it is wanted, write the new figure down there.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;
use wasmtime::component::Component as Code;
use wasmtime::{Engine, Store};

use super::engine::config;
use super::instance::{State, store};
use super::{Component, Isolation, Limits, Request, Respondent, Response, Sandbox};
use crate::backend::memory::Memory;
use crate::bindings::Desk;
use crate::host::BUILT_IN_COMPONENT;
use crate::storage::Storage;
use crate::telemetry::{Spans, Telemetry};

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
}

/// Another patch of the compiler counts a little differently.
const TOLERANCE_PERCENT: u64 = 5;

#[test]
fn a_request_takes_the_guest_as_many_instructions_as_it_did() {
    let runtime = runtime();
    let mut guest = runtime.block_on(Guest::start());
    hold(|cost| cost.fuel, |request| guest.answer(&runtime, request));
}

#[test]
fn a_request_takes_the_host_as_many_allocations_as_it_did() {
    let runtime = runtime();
    let component = Component::load(BUILT_IN_COMPONENT, LIMITS).unwrap();
    let storage = runtime.block_on(storage(&component));
    let sandbox = Sandbox::new(component, storage);
    let answer = |request: Request<'_>| {
        let mut response = None;
        let counted = allocation_counter::measure(|| {
            response = runtime.block_on(sandbox.handle(request, deadline())).ok();
        });
        (counted.count_total, response.unwrap())
    };
    hold(|cost| cost.allocations, answer);
}

/// Asks each request twenty times and takes the least count: without what comes up now and then, as a tree that grows.
fn hold(committed: impl Fn(&Cost) -> u64, mut answer: impl FnMut(Request<'_>) -> (u64, Response)) {
    let costs: Vec<Cost> = serde_json::from_str(include_str!("../../../guest/desk/costs.json")).unwrap();
    let mut location: Option<String> = None;
    let counted = costs.iter().map(|cost| {
        let path = location.as_ref().map_or(cost.path.clone(), |made| cost.path.replace("{location}", made));
        let mut least = u64::MAX;
        for _ in 0..20 {
            let (count, response) = answer(cost.request(&path));
            assert!((200..300).contains(&response.status), "{}: {}", cost.what, response.status);
            let header = response.headers.into_iter().find(|(name, _)| name == "location");
            location = location.take().or(header.map(|(_, location)| location));
            least = least.min(count);
        }
        (cost.what.as_str(), least, committed(cost))
    });
    let counted: Vec<_> = counted.collect();
    let holds = |(_, counted, committed): &(&str, u64, u64)| {
        counted.abs_diff(*committed) <= committed * TOLERANCE_PERCENT / 100
    };
    assert!(counted.iter().all(holds), "counted, and written in costs.json: {counted:?}");
}

impl Cost {
    fn request<'a>(&'a self, path: &'a str) -> Request<'a> {
        Request {
            method: &self.method,
            path,
            query: self.query.as_deref(),
            headers: &[("accept", "*/*"), ("content-type", "application/json")],
            body: self.body.as_bytes(),
            principal: Some("agent"),
            request_id: "00000000-0000-4000-8000-000000000000",
        }
    }
}

/// An instance that lives on, as in the pool, and whose instructions are counted.
struct Guest {
    store: Store<State>,
    desk: Desk,
}

impl Guest {
    async fn start() -> Guest {
        // A component asked for its schema has no fuel, so another one is asked.
        let storage = storage(&Component::load(BUILT_IN_COMPONENT, LIMITS).unwrap()).await;
        let engine = Engine::new(config(&LIMITS).consume_fuel(true)).unwrap();
        let code = Code::from_binary(&engine, BUILT_IN_COMPONENT).unwrap();
        let component = Component::new(&engine, &code, LIMITS).unwrap();
        let mut store = store(&component, storage, deadline());
        store.set_fuel(u64::MAX).unwrap();
        let desk = component.instantiate(&mut store).await.unwrap();
        Guest { store, desk }
    }

    fn answer(&mut self, runtime: &Runtime, request: Request<'_>) -> (u64, Response) {
        let before = self.store.get_fuel().unwrap();
        let handler = self.desk.portdesk_desk_handler();
        let response = runtime.block_on(handler.call_handle(&mut self.store, request)).unwrap();
        (before - self.store.get_fuel().unwrap(), response)
    }
}

async fn storage(component: &Component) -> Storage {
    let schema = component.describe().await.unwrap().schema;
    let telemetry = Telemetry::new("", &[], Spans::default()).unwrap();
    Storage::new(Arc::new(Memory::new(&schema)), schema, Arc::new(telemetry))
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

fn deadline() -> Instant {
    Instant::now() + Duration::from_mins(1)
}

const LIMITS: Limits = Limits { isolation: Isolation::Pooled, instances: 1, memory_bytes: 32 * 1024 * 1024 };

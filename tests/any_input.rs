//! No input makes the guest trap: any request at all, through the real component in its sandbox.
//!
//! The same properties are tested natively beside the component, with more cases; here the 64 KiB stack, the
//! allocator and the ABI of the component are in play, which the native build has not.

use std::sync::Arc;
use std::time::Duration;

use portdesk::backend::memory::Memory;
use portdesk::sandbox::{Request, Sandbox};
use portdesk::storage::Storage;
use portdesk::telemetry::{Spans, Telemetry};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;
use tokio::time::Instant;

use crate::harness::component_of_the_tree;

/// A request as a client may send it.
#[derive(Debug)]
struct Sent {
    method: String,
    path: String,
    query: Option<String>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

fn sent() -> impl Strategy<Value = Sent> {
    let method = prop_oneof!["(GET|HEAD|POST|PATCH|OPTIONS|PUT)", "\\PC{0,8}"];
    let path = prop_oneof![
        "/tickets(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}(/comments)?)?",
        "/tickets/[%0-9a-zA-Z/]{0,20}",
        "/\\PC{0,40}",
    ];
    let query = prop::option::of(prop_oneof!["caller=[%+a-z0-9]{0,12}(&limit=[0-9]{1,4})?", "\\PC{0,60}"]);
    let header = prop_oneof![
        Just(("content-type".to_owned(), "application/json".to_owned())),
        ("(accept|content-type|idempotency-key|if-match|if-none-match|prefer)", "\\PC{0,40}"),
    ];
    (method, path, query, prop::collection::vec(header, 0..6), body())
        .prop_map(|(method, path, query, headers, body)| Sent { method, path, query, headers, body })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        "\"\\PC{0,30}\"",
        "-?[0-9]{1,400}(\\.[0-9]{1,20})?(e[0-9]{1,6})?",
        Just("null".to_owned()),
        (1..30_000_usize).prop_map(|depth| "[".repeat(depth)),
        (1..9_000_usize).prop_map(|depth| "{\"a\":".repeat(depth)),
    ];
    let member = ("(caller_id|issue_description|comment|author|status|\\\\u0063omment|x)", value);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        prop::collection::vec(member, 0..5).prop_map(|members| {
            let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            format!("{{{}}}", members.join(",")).into_bytes()
        }),
    ]
}

#[test]
fn any_request_is_answered_and_none_traps() {
    let runtime = Runtime::new().unwrap();
    let component = component_of_the_tree();
    let schema = runtime.block_on(component.describe()).unwrap().schema;
    let telemetry = Telemetry::new("", &[], Spans::default()).unwrap();
    let sandbox =
        Sandbox::new(component, Storage::new(Arc::new(Memory::new(&schema)), schema, Arc::new(telemetry)));
    let mut runner = TestRunner::new(Config { cases: 1000, failure_persistence: None, ..Config::default() });
    runner
        .run(&sent(), |sent| {
            let headers: Vec<_> =
                sent.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let request = Request {
                method: &sent.method,
                path: &sent.path,
                query: sent.query.as_deref(),
                headers: &headers,
                body: &sent.body,
                principal: Some("tests"),
                request_id: "a-request-of-the-tests",
            };
            let deadline = Instant::now() + Duration::from_secs(10);
            let response = runtime.block_on(sandbox.handle(request, deadline));
            let response = response.map_err(|failure| TestCaseError::fail(failure.to_string()))?;
            prop_assert!((200..500).contains(&response.status), "{}", response.status);
            Ok(())
        })
        .unwrap();
}

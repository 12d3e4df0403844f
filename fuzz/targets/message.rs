//! Messages of agents: any body of `POST /mcp`, under each version of the protocol that the host speaks.

#![no_main]

use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use libfuzzer_sys::fuzz_target;
use portdesk_fuzz::{Fuzzed, KEY};

thread_local! {
    static HOST: Fuzzed = Fuzzed::open();
}

fuzz_target!(|bytes: &[u8]| {
    let Some((first, body)) = bytes.split_first() else { return };
    let request = Request::post("/mcp")
        .header("host", "desk")
        .header("x-api-key", KEY)
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", VERSIONS[usize::from(*first) % VERSIONS.len()])
        .body(Full::new(Bytes::copy_from_slice(body)))
        .expect("a request");
    HOST.with(|host| host.ask(request));
});

const VERSIONS: [&str; 4] = ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];

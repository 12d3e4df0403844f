//! Requests of a client, written as in HTTP/1.1: a line with method and target, lines with headers, an empty line, a body. They get
//! past the door, so the inputs are about routes, queries, cursors, conditions and the JSON of bodies.

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
    if let Some(request) = request(bytes) {
        HOST.with(|host| host.ask(request));
    }
});

fn request(bytes: &[u8]) -> Option<Request<Full<Bytes>>> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.lines();
    let (method, target) = lines.next()?.split_once(' ')?;
    let mut request =
        Request::builder().method(method).uri(target).header("host", "desk").header("x-api-key", KEY);
    for line in lines {
        let (name, value) = line.split_once(": ")?;
        request = request.header(name, value);
    }
    request.body(Full::new(Bytes::copy_from_slice(&bytes[end + 2..]))).ok()
}

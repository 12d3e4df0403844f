//! Requests just below and just above each limit of length, size and number.

use super::case::{Case, JSON, get, post};
use crate::harness::KEY;

pub fn cases() -> Vec<Case> {
    let mut cases = targets();
    cases.extend(headers());
    cases.extend(bodies());
    let long = format!("{} /healthz HTTP/1.1\r\nhost: a\r\n\r\n", "G".repeat(70_000));
    cases.push(Case::new("a method of 70,000 letters", long, &[&[400], &[414], &[431]]));
    cases.push(Case::new("no HTTP at all", "\u{16}\u{3}\u{1}\0\u{1}\u{fe}\u{3}", &[&[400], &[]]));
    cases.push(Case::new("nothing but empty lines", "\r\n".repeat(100), &[&[200], &[400]]));
    cases.push(Case::new("70,000 bytes of empty lines", "\r\n".repeat(35_000), &[&[200], &[400], &[431]]));
    cases
}

fn targets() -> Vec<Case> {
    let of = |length: usize| get(&format!("/{}", "x".repeat(length - 1)), "");
    [(8000, [404, 200].as_slice()), (8001, &[414, 200]), (20_000, &[414, 200]), (64_000, &[414, 200])]
        .into_iter()
        .map(|(length, statuses)| Case::new(format!("a target of {length} bytes"), of(length), &[statuses]))
        .chain(
            [70_000, 200_000].map(|length| {
                Case::new(format!("a target of {length} bytes"), of(length), &[&[414], &[431]])
            }),
        )
        .collect()
}

fn headers() -> Vec<Case> {
    let sized = |bytes: usize| format!("x-a: {}\r\n", "x".repeat(bytes));
    let many = |count: usize| "x: y\r\n".repeat(count);
    let get = |lines: String| get("/tickets?caller=raw", &lines);
    vec![
        Case::new("a header of 15,000 bytes", get(sized(15_000)), &[&[200, 200]]),
        Case::new("a header of 17,000 bytes", get(sized(17_000)), &[&[431, 200], &[431]]),
        Case::new("a header of 64,000 bytes", get(sized(64_000)), &[&[431, 200], &[431]]),
        Case::new("a header of 70,000 bytes", get(sized(70_000)), &[&[431]]),
        Case::new("a header of 300,000 bytes", get(sized(300_000)), &[&[431]]),
        // Host and key count too.
        Case::new("100 headers", get(many(98)), &[&[200, 200]]),
        Case::new("101 headers", get(many(99)), &[&[431]]),
        Case::new("10,000 headers", get(many(10_000)), &[&[431]]),
        Case::new("50,000 headers", get(many(50_000)), &[&[431]]),
        Case::new(
            "a name of 60,000 letters",
            get(format!("{}: x\r\n", "x".repeat(60_000))),
            &[&[431, 200], &[431]],
        ),
        Case::new(
            "a name of 70,000 letters",
            get(format!("{}: x\r\n", "x".repeat(70_000))),
            &[&[400], &[431]],
        ),
        Case::new("two keys", get(format!("x-api-key: {KEY}\r\n")), &[&[403, 200]]),
        Case::new("no key", "GET /tickets?caller=raw HTTP/1.1\r\nhost: a\r\n\r\n", &[&[403, 200]]),
    ]
}

fn bodies() -> Vec<Case> {
    let of = |length: usize| format!("{}content-length: {length}\r\n\r\n{}", post(), " ".repeat(length));
    let announced = |length: &str| format!("{}content-length: {length}\r\n\r\n", post());
    let piece = format!("1000\r\n{}\r\n", " ".repeat(4096));
    let chunked = format!("{}transfer-encoding: chunked\r\n\r\n{}", post(), piece.repeat(20));
    let expected = format!("{}expect: 100-continue\r\ncontent-length: {}\r\n\r\n{JSON}", post(), JSON.len());
    vec![
        Case::new("a body of 65,536 bytes", of(65_536), &[&[400]]),
        // The host reads no body here, and closes the connection after the answer.
        Case::new("a body of 65,537 bytes", of(65_537), &[&[413]]),
        Case::new("a body of 200,000 bytes", of(200_000), &[&[413]]),
        Case::new("a body of 1 GB, announced", announced("1000000000"), &[&[413]]),
        Case::new("a body of 2^63 bytes, announced", announced("9223372036854775808"), &[&[413], &[400]]),
        Case::new(
            "a body of 2^64 - 2 bytes, announced",
            announced("18446744073709551614"),
            &[&[413], &[400], &[431]],
        ),
        Case::new("a body of 80 KB in chunks", chunked, &[&[413]]),
        Case::new("a body that waits to be asked for", expected, &[&[201, 200]]),
        // The host waits for the rest of the body until the limit of time.
        Case::new("a body that never comes whole", announced("1000"), &[&[408]]),
        Case::new(
            "a compressed body",
            format!("{}content-encoding: gzip\r\ncontent-length: 2\r\n\r\n{{}}", post()),
            &[&[415, 200]],
        ),
    ]
}

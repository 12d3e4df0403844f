//! The end of a body: requests that state it twice, or that two programs could read in two ways.

use super::case::{Case, JSON, REFUSED, SMUGGLED, post};

/// By `Transfer-Encoding` alone, by `Content-Length` alone, and by both in both orders.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, line) in TRANSFER_ENCODINGS {
        cases.push(Case::new(format!("{name}, alone"), alone(line), REFUSED));
        for order in [Order::LengthFirst, Order::LengthLast] {
            let both = |length| both(line, order, length);
            cases.push(Case::new(format!("{name}, {order:?}, the length covers all"), both(true), REFUSED));
            cases.push(Case::new(format!("{name}, {order:?}, the chunk covers all"), both(false), REFUSED));
        }
    }
    for line in ["Transfer-Encoding: chunked", "transfer-encoding: CHUNKED", "Transfer-Encoding:\tchunked "] {
        cases.push(Case::new(format!("{line:?}, plain"), chunked_json(line), &[&[201, 200]]));
        for order in [Order::LengthFirst, Order::LengthLast] {
            for length in [true, false] {
                let name = format!("{line:?} and a length, {order:?}, {length}");
                cases.push(Case::new(name, both(line, order, length), REFUSED));
            }
        }
    }
    cases.extend(LENGTHS.iter().map(|(name, lines)| {
        let sent = format!("{}{lines}\r\n\r\n{JSON}{SMUGGLED}", post());
        Case::new(*name, sent.replace("LENGTH", &JSON.len().to_string()), REFUSED)
    }));
    for line in [
        "content-length: 70\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 1",
    ] {
        cases.push(Case::new(format!("{line:?} before good chunks"), chunked_json(line), REFUSED));
    }
    let plain = format!("{}content-length: {}\r\n\r\n{JSON}", post(), JSON.len());
    cases.push(Case::new("a plain length", plain, &[&[201, 200]]));
    let old = chunked_json("transfer-encoding: chunked").replace("HTTP/1.1", "HTTP/1.0");
    cases.push(Case::new("chunks in HTTP/1.0", old, REFUSED));
    cases
}

#[derive(Debug, Clone, Copy)]
enum Order {
    LengthFirst,
    LengthLast,
}

/// A chunked body after a header line that is not exactly `Transfer-Encoding: chunked`.
fn alone(line: &str) -> String {
    format!("{}{line}\r\n\r\n0\r\n\r\n{SMUGGLED}", post())
}

/// With `length_covers_all`, a program that reads the length takes the second request for a part of the body. Without it, a
/// program that reads the chunks does.
fn both(line: &str, order: Order, length_covers_all: bool) -> String {
    let (body, length) = if length_covers_all {
        let body = format!("0\r\n\r\n{SMUGGLED}");
        let length = body.len();
        (body, length)
    } else {
        let size = format!("{:x}\r\n", SMUGGLED.len());
        (format!("{size}{SMUGGLED}\r\n0\r\n\r\n"), size.len())
    };
    let lines = match order {
        Order::LengthFirst => format!("content-length: {length}\r\n{line}"),
        Order::LengthLast => format!("{line}\r\ncontent-length: {length}"),
    };
    format!("{}{lines}\r\n\r\n{body}", post())
}

fn chunked_json(line: &str) -> String {
    format!("{}{line}\r\n\r\n{:x}\r\n{JSON}\r\n0\r\n\r\n", post(), JSON.len())
}

/// Header lines that some programs read as `Transfer-Encoding: chunked` and others do not.
const TRANSFER_ENCODINGS: [(&str, &str); 24] = [
    ("a coding that nobody has", "Transfer-Encoding: xchunked"),
    ("a coding that ends alike", "Transfer-Encoding: x-chunked"),
    ("no coding", "Transfer-Encoding:"),
    ("identity", "Transfer-Encoding: identity"),
    ("chunked, then another", "Transfer-Encoding: chunked, identity"),
    ("another, then chunked", "Transfer-Encoding: identity, chunked"),
    ("a compression, then chunked", "Transfer-Encoding: gzip, chunked"),
    ("chunked twice", "Transfer-Encoding: chunked, chunked"),
    ("an empty coding last", "Transfer-Encoding: chunked,"),
    ("an empty coding first", "Transfer-Encoding: , chunked"),
    ("a parameter", "Transfer-Encoding: chunked;q=1"),
    ("quotes", "Transfer-Encoding: \"chunked\""),
    ("a vertical tab", "Transfer-Encoding: \u{b}chunked"),
    ("a NUL", "Transfer-Encoding: chunked\0"),
    ("a byte that is no ASCII", "Transfer-Encoding: chunked\u{a0}"),
    ("two lines, the last is chunked", "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked"),
    ("two lines, the first is chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
    ("two lines, both chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
    ("a space before the colon", "Transfer-Encoding : chunked"),
    ("a tab before the colon", "Transfer-Encoding\t: chunked"),
    ("a folded value", "Transfer-Encoding:\r\n chunked"),
    ("a line that continues another", "X-A: b\r\n Transfer-Encoding: chunked"),
    ("behind a bare line feed", "X-A: b\nTransfer-Encoding: chunked"),
    ("behind a bare carriage return", "X-A: b\rTransfer-Encoding: chunked"),
];

/// `LENGTH` is the true one.
const LENGTHS: [(&str, &str); 21] = [
    ("the same length twice", "content-length: LENGTH\r\ncontent-length: LENGTH"),
    ("two lengths, a smaller one last", "content-length: LENGTH\r\ncontent-length: 0"),
    ("two lengths, a smaller one first", "content-length: 0\r\ncontent-length: LENGTH"),
    ("two lengths in a line", "content-length: LENGTH, LENGTH"),
    ("two different lengths in a line", "content-length: 0, LENGTH"),
    ("a length with a sign", "content-length: +LENGTH"),
    ("a negative length", "content-length: -1"),
    ("a length of minus nothing", "content-length: -0"),
    ("a hexadecimal length", "content-length: 0x10"),
    ("a length with a point", "content-length: LENGTH.0"),
    ("a length with an exponent", "content-length: 1e1"),
    ("a length with a separator", "content-length: 1_0"),
    ("a length with a space in it", "content-length: 1 0"),
    ("a length of no digits", "content-length:"),
    ("a length of words", "content-length: all"),
    ("a length in other digits", "content-length: \u{0661}"),
    ("a length with a NUL", "content-length: LENGTH\0"),
    ("a length past 64 bits", "content-length: 18446744073709551617"),
    ("a length and a space before the colon", "content-length : LENGTH"),
    ("a length behind a bare line feed", "x-a: b\ncontent-length: LENGTH"),
    ("a folded length", "content-length:\r\n LENGTH"),
];

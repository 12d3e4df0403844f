//! Chunked bodies with wrong sizes or wrong ends.

use super::case::{Case, JSON, REFUSED, SMUGGLED, post};

pub fn cases() -> Vec<Case> {
    let size = format!("{:x}", JSON.len());
    let refused =
        BROKEN.iter().map(|(name, body)| Case::new(*name, chunked(&body.replace("SIZE", &size)), REFUSED));
    let legal = LEGAL
        .iter()
        .map(|(name, body)| Case::new(*name, chunked(&body.replace("SIZE", &size)), &[&[201, 200]]));
    // Neither of these is legal, and no parser reads them as something else.
    let harmless = HARMLESS
        .iter()
        .map(|(name, body)| Case::new(*name, chunked(&body.replace("SIZE", &size)), &[&[400], &[201, 200]]));
    let mut cases: Vec<Case> = refused.chain(legal).chain(harmless).collect();
    let wide = "0".repeat(40) + &size;
    cases.push(Case::new(
        "forty zeros before a size",
        chunked(&LEGAL[0].1.replace("SIZE", &wide)),
        &[&[400], &[201, 200]],
    ));
    let extension = format!("{size};{}", "x".repeat(40_000));
    cases.push(Case::new("a long extension", chunked(&LEGAL[0].1.replace("SIZE", &extension)), REFUSED));
    let trailers = format!("{size}\r\n{JSON}\r\n0\r\n{}\r\n", "x-a: b\r\n".repeat(5000));
    cases.push(Case::new("very many trailers", chunked(&trailers), REFUSED));
    cases
}

fn chunked(body: &str) -> String {
    format!(
        "{}transfer-encoding: chunked\r\n\r\n{}",
        post(),
        body.replace("JSON", JSON).replace("NEXT", SMUGGLED)
    )
}

/// `SIZE` is the true size of `JSON`.
const LEGAL: [(&str, &str); 5] = [
    ("a chunk", "SIZE\r\nJSON\r\n0\r\n\r\n"),
    ("a size with zeros before it", "00SIZE\r\nJSON\r\n00\r\n\r\n"),
    ("an extension", "SIZE;name=value\r\nJSON\r\n0;last\r\n\r\n"),
    ("a trailer", "SIZE\r\nJSON\r\n0\r\nx-checksum: 1\r\n\r\n"),
    ("a trailer that names a length", "SIZE\r\nJSON\r\n0\r\ncontent-length: 1000\r\n\r\n"),
];

const HARMLESS: [(&str, &str); 3] = [
    ("a space behind a size", "SIZE \r\nJSON\r\n0\r\n\r\n"),
    ("a tab behind a size", "SIZE\t\r\nJSON\r\n0\r\n\r\n"),
    ("a space before an extension", "SIZE ;name\r\nJSON\r\n0\r\n\r\n"),
];

const BROKEN: [(&str, &str); 24] = [
    ("a size with a prefix", "0xSIZE\r\nJSON\r\n0\r\n\r\nNEXT"),
    ("a size with a sign", "+SIZE\r\nJSON\r\n0\r\n\r\nNEXT"),
    ("a negative size", "-1\r\nJSON\r\n0\r\n\r\nNEXT"),
    ("a size with a separator", "0_SIZE\r\nJSON\r\n0\r\n\r\nNEXT"),
    ("a space before a size", " SIZE\r\nJSON\r\n0\r\n\r\nNEXT"),
    ("no size", "\r\nJSON\r\n0\r\n\r\nNEXT"),
    ("an extension and no size", ";name\r\nJSON\r\n0\r\n\r\nNEXT"),
    ("a size that is no number", "all\r\nJSON\r\n0\r\n\r\nNEXT"),
    ("a size in other digits", "\u{0661}\r\nJSON\r\n0\r\n\r\nNEXT"),
    ("a size with a NUL", "SIZE\0\r\nJSON\r\n0\r\n\r\nNEXT"),
    ("a size past 64 bits", "10000000000000000\r\nJSON\r\n0\r\n\r\nNEXT"),
    ("a size far past 64 bits", "fffffffffffffffffffffffff\r\nJSON\r\n0\r\n\r\nNEXT"),
    ("a size that wraps to the true one", "100000000000000SIZE\r\nJSON\r\n0\r\n\r\nNEXT"),
    ("a size that ends in a line feed", "SIZE\nJSON\r\n0\r\n\r\nNEXT"),
    ("a size that ends in a carriage return", "SIZE\rJSON\r\n0\r\n\r\nNEXT"),
    ("a line feed in an extension", "SIZE;a\nb\r\nJSON\r\n0\r\n\r\nNEXT"),
    ("a carriage return in an extension", "SIZE;a\rb\r\nJSON\r\n0\r\n\r\nNEXT"),
    ("data without an end", "SIZE\r\nJSON0\r\n\r\nNEXT"),
    ("data that ends in a line feed", "SIZE\r\nJSON\n0\r\n\r\nNEXT"),
    ("data longer than its size", "1\r\nJSON\r\n0\r\n\r\nNEXT"),
    ("a last chunk that ends in line feeds", "SIZE\r\nJSON\r\n0\n\nNEXT"),
    ("a trailer without a colon", "SIZE\r\nJSON\r\n0\r\nnothing\r\n\r\nNEXT"),
    ("a trailer with a space before the colon", "SIZE\r\nJSON\r\n0\r\nx-a : b\r\n\r\nNEXT"),
    ("a trailer with a NUL", "SIZE\r\nJSON\r\n0\r\nx-a: \0\r\n\r\nNEXT"),
];

//! Request lines, hosts and header lines.

use super::case::{Case, REFUSED, SMUGGLED};
use crate::harness::KEY;

pub fn cases() -> Vec<Case> {
    let line = |(name, line): &(&str, &str)| (name.to_string(), format!("{line}\r\nhost: a\r\n\r\n"));
    let mut cases: Vec<Case> =
        LINES.iter().map(line).map(|(name, sent)| Case::new(name, sent, REFUSED)).collect();
    cases.extend(HOSTS.iter().map(|(name, head)| Case::new(*name, format!("{head}\r\n\r\n"), REFUSED)));
    for (name, head, status) in UNDERSTOOD {
        cases.push(Case::new(name, format!("{head}\r\n\r\n"), &[&[status, 200]]));
    }
    for (name, lines) in HEADER_LINES {
        let sent = format!("GET /healthz HTTP/1.1\r\nhost: a\r\n{lines}\r\n\r\n{SMUGGLED}");
        cases.push(Case::new(name, sent, REFUSED));
    }
    cases.extend(METHODS.iter().map(|(method, status)| {
        let sent = format!("{method} /tickets HTTP/1.1\r\nhost: a\r\nx-api-key: {KEY}\r\n\r\n");
        Case::new(format!("the method {method}"), sent, &[&[*status, 200]])
    }));
    for line in ["OPTIONS *", "CONNECT a:80"] {
        let sent = format!("{line} HTTP/1.1\r\nhost: a\r\nx-api-key: {KEY}\r\n\r\n");
        cases.push(Case::new(format!("{line} with a key"), sent, REFUSED));
    }
    for byte in (0..=31).chain([127]).filter(|byte| !b"\t\r\n".contains(byte)) {
        let mut sent = b"GET /healthz HTTP/1.1\r\nhost: a\r\nx-a: b".to_vec();
        sent.extend([byte]);
        sent.extend(format!("c\r\n\r\n{SMUGGLED}").as_bytes());
        cases.push(Case::new(format!("the control character {byte} in a value"), sent, REFUSED));
    }
    let old = "GET /healthz HTTP/1.0\r\n\r\n";
    cases.push(Case::new("HTTP/1.0 without a host", old, &[&[200]]));
    let kept = "GET /healthz HTTP/1.0\r\nconnection: keep-alive\r\n\r\n";
    cases.push(Case::new("HTTP/1.0 that goes on", kept, &[&[200, 200]]));
    let text = "GET /healthz HTTP/1.1\r\nhost: a\r\nx-a: \u{e9}\u{1f600}\r\n\r\n";
    cases.push(Case::new("a value that is no ASCII", text, &[&[200, 200]]));
    cases.push(Case::new(
        "an empty line before a request",
        "\r\nGET /healthz HTTP/1.1\r\nhost: a\r\n\r\n",
        &[&[200, 200]],
    ));
    cases
}

const LINES: [(&str, &str); 24] = [
    ("no version", "GET /healthz"),
    ("a version before 1.0", "GET /healthz HTTP/0.9"),
    ("a version after 1.1", "GET /healthz HTTP/1.2"),
    ("the version of other frames", "GET /healthz HTTP/2.0"),
    ("a version far away", "GET /healthz HTTP/9.9"),
    ("a version with a zero before it", "GET /healthz HTTP/01.1"),
    ("a version with a digit too many", "GET /healthz HTTP/1.10"),
    ("a version without its minor", "GET /healthz HTTP/1"),
    ("a version in small letters", "GET /healthz http/1.1"),
    ("another protocol", "GET /healthz ICY/1.1"),
    ("a word behind the version", "GET /healthz HTTP/1.1 HTTP/1.1"),
    ("a space in the target", "GET /healthz /healthz HTTP/1.1"),
    ("a tab in place of a space", "GET\t/healthz\tHTTP/1.1"),
    ("two spaces", "GET  /healthz HTTP/1.1"),
    ("a space before the method", " GET /healthz HTTP/1.1"),
    ("no method", "/healthz HTTP/1.1"),
    ("no target", "GET HTTP/1.1"),
    ("a method with a slash", "GE/T /healthz HTTP/1.1"),
    ("a method with a NUL", "G\0ET /healthz HTTP/1.1"),
    ("a method that is no ASCII", "G\u{c9}T /healthz HTTP/1.1"),
    ("a target with a NUL", "GET /health\0z HTTP/1.1"),
    ("a carriage return in the target", "GET /health\rz HTTP/1.1"),
    ("a fragment that begins the target", "GET #/healthz HTTP/1.1"),
    ("a target without a slash", "GET healthz HTTP/1.1"),
];

const HOSTS: [(&str, &str); 16] = [
    ("no host", "GET /healthz HTTP/1.1"),
    ("two hosts", "GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b"),
    ("the same host twice", "GET /healthz HTTP/1.1\r\nhost: a\r\nhost: a"),
    ("two hosts in a line", "GET /healthz HTTP/1.1\r\nhost: a, b"),
    ("a host with a path", "GET /healthz HTTP/1.1\r\nhost: a/b"),
    ("a host with a user", "GET /healthz HTTP/1.1\r\nhost: a@b"),
    ("a host with a space", "GET /healthz HTTP/1.1\r\nhost: a b"),
    ("a host whose port is no number", "GET /healthz HTTP/1.1\r\nhost: a:b"),
    ("a host that is no ASCII", "GET /healthz HTTP/1.1\r\nhost: \u{e9}"),
    ("a host that is a folded line", "GET /healthz HTTP/1.1\r\nhost:\r\n a"),
    ("a space before the colon of the host", "GET /healthz HTTP/1.1\r\nhost : a"),
    ("a whole URL as target, and another host", "GET http://b/healthz HTTP/1.1\r\nhost: a"),
    ("a whole URL as target, and another port", "GET http://a:1/healthz HTTP/1.1\r\nhost: a:2"),
    ("a whole URL as target, and no host", "GET http://a/healthz HTTP/1.1"),
    ("an authority as target", "CONNECT a:80 HTTP/1.1\r\nhost: a:80"),
    ("a star as target", "OPTIONS * HTTP/1.1\r\nhost: a"),
];

const UNDERSTOOD: [(&str, &str, u16); 8] = [
    ("a host", "GET /healthz HTTP/1.1\r\nHOST: a", 200),
    ("an empty host", "GET /healthz HTTP/1.1\r\nhost:", 200),
    ("a host with a port", "GET /healthz HTTP/1.1\r\nhost: a:8080", 200),
    ("a host that is an address", "GET /healthz HTTP/1.1\r\nhost: [::1]:8080", 200),
    ("a whole URL as target", "GET http://a/healthz HTTP/1.1\r\nhost: a", 200),
    ("a whole URL as target, in other case", "GET http://EXAMPLE/healthz HTTP/1.1\r\nhost: example", 200),
    ("a query", "GET /healthz?a=b HTTP/1.1\r\nhost: a", 200),
    (
        "a wish that nobody fulfils",
        "GET /healthz HTTP/1.1\r\nhost: a\r\nupgrade: h2c\r\nconnection: upgrade",
        200,
    ),
];

const HEADER_LINES: [(&str, &str); 17] = [
    ("a line without a colon", "nothing"),
    ("a name of nothing", ": value"),
    ("a name with a space", "x a: b"),
    ("a name with a space behind it", "x-a : b"),
    ("a name with a tab behind it", "x-a\t: b"),
    ("a name with a NUL", "x\0a: b"),
    ("a name with brackets", "x(a): b"),
    ("a name that is no ASCII", "x-\u{e9}: b"),
    ("a folded value", "x-a: b\r\n c"),
    ("a value folded with a tab", "x-a: b\r\n\tc"),
    ("a first line that is folded", " x-a: b"),
    ("a bare carriage return in a value", "x-a: b\rx-c: d"),
    ("a bare carriage return at the end of a value", "x-a: b\r\r\nx-c: d"),
    ("a bare line feed in a value", "x-a: b\nx-c: d"),
    ("a head that ends in bare line feeds", "x-a: b\n\nGET /openapi.yaml HTTP/1.1\nhost: a\n\n"),
    ("a head whose last line is a bare line feed", "x-a: b\r\n\nGET /openapi.yaml HTTP/1.1\r\nhost: a"),
    ("a host behind a bare line feed", "x-a: b\nhost: b"),
];

/// A method that the path does not have is 405. A method that the path has fails for what the request lacks.
const METHODS: [(&str, u16); 11] = [
    ("POST", 415),
    ("PUT", 405),
    ("DELETE", 405),
    ("PATCH", 405),
    ("OPTIONS", 204),
    ("TRACE", 405),
    ("PROPFIND", 405),
    ("get", 405),
    ("GETGET", 405),
    ("M-SEARCH", 405),
    ("*", 405),
];

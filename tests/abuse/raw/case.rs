//! One case: bytes, and the answers that the host may give to them.

use crate::harness::KEY;

/// A request as bytes. The host has to close the connection at the end.
pub struct Case {
    pub name: String,
    pub sent: Vec<u8>,
    /// The statuses of all answers on the connection. Each of these sequences is right.
    pub accepted: Vec<Vec<u16>>,
}

/// An answer of the host.
struct Answer {
    status: u16,
    head: String,
}

impl Case {
    /// These bytes, then a plain request that asks for the connection to be closed.
    pub fn new(name: impl Into<String>, first: impl AsRef<[u8]>, accepted: &[&[u16]]) -> Case {
        let sent = [first.as_ref(), LAST].concat();
        let accepted = accepted.iter().map(|statuses| statuses.to_vec()).collect();
        Case { name: name.into(), sent, accepted }
    }

    /// What is wrong with the answers, if anything.
    pub fn doubt(&self, came: &[u8]) -> Option<String> {
        let text = || String::from_utf8_lossy(&came[..came.len().min(400)]).into_owned();
        let Some(answers) = answers(came) else {
            return Some(format!("{}: what came is no HTTP: {:?}", self.name, text()));
        };
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        let refused_at = statuses.iter().position(|status| *status == 400);
        let doubt = if answers.iter().any(|answer| answer.head.contains("application/yaml")) {
            "the smuggled request was answered"
        } else if statuses.iter().any(|status| *status >= 500) {
            "a 5xx"
        } else if refused_at.is_some_and(|at| at + 1 < statuses.len()) {
            "an answer after a 400"
        } else if !self.accepted.contains(&statuses) {
            "answered otherwise"
        } else {
            return None;
        };
        Some(format!("{}: {doubt}: {statuses:?}, not {:?}: {:?}", self.name, self.accepted, text()))
    }
}

/// The last request on every connection. Its status is 200 if the host understood the bytes before it.
const LAST: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

/// A request that the host must not answer. No other request asks for this page.
pub const SMUGGLED: &str = "GET /openapi.yaml HTTP/1.1\r\nhost: a\r\n\r\n";

/// A body that creates something.
pub const JSON: &str = r#"{"caller_id":"raw","issue_description":"The VPN drops."}"#;

/// The only right answer to an ambiguous or malformed request.
pub const REFUSED: &[&[u16]] = &[&[400]];

/// A POST with the key, up to where its framing headers begin.
pub fn post() -> String {
    format!("POST /tickets HTTP/1.1\r\nhost: a\r\nx-api-key: {KEY}\r\ncontent-type: application/json\r\n")
}

/// A complete GET with the key and with these header lines.
pub fn get(target: &str, lines: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nhost: a\r\nx-api-key: {KEY}\r\n{lines}\r\n")
}

/// All final answers, or `None` if there is anything else between them.
fn answers(mut came: &[u8]) -> Option<Vec<Answer>> {
    let mut answers = Vec::new();
    while !came.is_empty() {
        let head_bytes = came.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let head = String::from_utf8(came[..head_bytes].to_vec()).ok()?.to_lowercase();
        let status: u16 = head.strip_prefix("http/1.")?.get(2..5)?.parse().ok()?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(Some(0), |length| length.parse().ok())?;
        came = came.get(head_bytes + length..)?;
        if status >= 200 {
            answers.push(Answer { status, head });
        }
    }
    Some(answers)
}

#[test]
fn a_case_sees_what_is_wrong() {
    let case = Case::new("a case", "", &[&[400]]);
    let refused = "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}";
    assert_eq!(case.doubt(refused.as_bytes()), None);
    let page = "HTTP/1.1 200 OK\r\ncontent-type: application/yaml\r\ncontent-length: 0\r\n\r\n";
    for (came, doubt) in [
        (String::new(), "answered otherwise"),
        (refused.repeat(2), "an answer after a 400"),
        (page.into(), "the smuggled request was answered"),
        (refused.replace("400", "502"), "a 5xx"),
        (refused.replace("400", "404"), "answered otherwise"),
        (refused.replace("{}", "{"), "no HTTP"),
        (format!("{refused}\r\n"), "no HTTP"),
    ] {
        let found = case.doubt(came.as_bytes()).expect("something is wrong");
        assert!(found.contains(doubt), "{found}");
    }
}

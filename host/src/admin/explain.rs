//! A call in the words of a person: why it was answered as it was, and how to send it again from a terminal.

use std::fmt::Write;

use hyper::Method;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::journal::{Call, CallState, FailedBy, Injected, Message};

/// Why a call failed, or what faults it met: pairs of a title and a sentence. Empty if there is nothing to explain.
pub(super) fn why(call: &Call) -> Value {
    let mut said: Vec<[String; 2]> = call.faults.iter().map(fault).collect();
    let mut say = |title: &str, text: &str| said.push([title.to_owned(), text.to_owned()]);
    match (call.state, call.status) {
        (CallState::Open, _) => say("Open.", "There is no answer yet."),
        (CallState::Abandoned, _) | (_, None) => {
            say("No answer.", "The client closed the connection before the answer.");
        }
        (CallState::Ended, Some(status)) => match (status, call.refusal.as_deref(), call.failed_by) {
            (..400, _, _) => return json!(said),
            (_, _, _) if !call.faults.is_empty() => {}
            (_, Some(refusal), _) => {
                let text =
                    format!("The host answered in place of the component: {}.", refusal.replace('_', " "));
                say("Refused by the host.", &text);
            }
            (400..500, None, _) => say("Refused by the component.", "Nothing was changed."),
            (_, None, Some(FailedBy::Component) | None) => say("Failed.", "The component failed."),
            (_, None, Some(_)) => say("Failed.", "The host or its store failed."),
        },
    }
    if let Some(text) = call.answer.as_ref().and_then(|answer| reason(answer.body.kept())) {
        let has_key = call.request.headers.iter().any(|header| header.name == IDEMPOTENCY_KEY);
        let is_advice_useless = !has_key && text.to_ascii_lowercase().contains(IDEMPOTENCY_KEY);
        said.push(["The answer says:".to_owned(), text]);
        if is_advice_useless {
            said.push(["No Idempotency-Key was sent.".to_owned(), WITHOUT_KEY.to_owned()]);
        }
    }
    json!(said)
}

/// What an injected fault did.
fn fault(Injected { rule, station, stored }: &Injected) -> [String; 2] {
    let station = serde_json::to_value(station).unwrap_or_default();
    let stored = match stored {
        Some(true) => " The write was stored.",
        Some(false) => " The write was not stored.",
        None => "",
    };
    let station = station.as_str().unwrap_or_default();
    ["Injected.".to_owned(), format!("The fault {rule} applied at the station {station}.{stored}")]
}

/// The sentence of an answer that says what is wrong, wherever common forms of errors have it.
fn reason(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    ["detail", "message", "title"].into_iter().find_map(|name| body.get(name)?.as_str()).map(str::to_owned)
}

/// The call as a command of a shell. The key is a variable, because the journal does not have it.
pub(super) fn curl(call: &Call, url: &str) -> String {
    let query = call.query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
    let method = if &*call.method == Method::GET.as_str() {
        String::new()
    } else {
        format!("-X {} ", quoted(&call.method))
    };
    // A host that serves one agent over standard input has no address, so the reader names one.
    let variable = if url.is_empty() { "\"$PORTDESK_URL\"" } else { "" };
    let mut lines = vec![
        format!("curl {method}{variable}{}", quoted(&format!("{url}{}{query}", call.path))),
        "-H \"x-api-key: $PORTDESK_API_KEY\"".to_owned(),
    ];
    for (name, value) in sent(call) {
        lines.push(format!("-H {}", quoted(&format!("{name}: {value}"))));
    }
    if let Some(text) = call.request.body.text().filter(|text| !text.is_empty()) {
        lines.push(format!("--data-binary {}", quoted(text)));
    }
    lines.join(" \\\n  ")
}

/// A request or an answer as lines: its headers, and its body with the indentation of JSON.
pub(super) fn lines(message: &Message, client: Option<&str>) -> String {
    let mut lines: Vec<String> =
        message.headers.iter().map(|header| format!("{}: {}", header.name, header.value)).collect();
    if let Some(client) = client {
        lines.push(format!("x-api-key: •••••••• ({client})"));
    }
    match message.body.text() {
        Some("") => {}
        Some(text) => lines.extend([String::new(), indented(text)]),
        None => lines.extend([String::new(), "(bytes that are not text)".to_owned()]),
    }
    if message.body.is_truncated() {
        lines.push("(the journal keeps only this beginning)".to_owned());
    }
    lines.join("\n")
}

/// JSON with a line for each member, in the order in which it was sent. Another text stays as it is.
fn indented(text: &str) -> String {
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return text.to_owned();
    }
    let (mut shown, mut depth, mut is_text, mut is_escaped) = (String::new(), 0_usize, false, false);
    let line = |depth: usize| format!("\n{}", "  ".repeat(depth));
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if is_text {
            shown.push(letter);
            is_text = is_escaped || letter != '"';
            is_escaped = !is_escaped && letter == '\\';
            continue;
        }
        match letter {
            '{' | '[' => {
                shown.push(letter);
                while letters.next_if(char::is_ascii_whitespace).is_some() {}
                if let Some(end) = letters.next_if(|next| matches!(next, '}' | ']')) {
                    shown.push(end);
                } else {
                    depth += 1;
                    shown.push_str(&line(depth));
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                shown.push_str(&line(depth));
                shown.push(letter);
            }
            ',' => {
                shown.push(letter);
                shown.push_str(&line(depth));
            }
            ':' => shown.push_str(": "),
            _ if letter.is_ascii_whitespace() => {}
            _ => {
                shown.push(letter);
                is_text = letter == '"';
            }
        }
    }
    shown
}

/// The headers that a repeated call has too.
pub(super) fn sent(call: &Call) -> impl Iterator<Item = (&str, &str)> {
    let headers = call.request.headers.iter().filter(|header| SENT.contains(&header.name));
    headers.map(|header| (header.name, &*header.value))
}

/// One word of a shell. Within single quotes, only the quote itself has a meaning.
/// A text as one word of a shell. A method, a path and a body are what a stranger sent, so nothing in them may have a meaning for
/// the shell or for the terminal into which a person pastes them.
fn quoted(text: &str) -> String {
    let is_harmful = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
    if !text.contains(is_harmful) {
        return format!("'{}'", text.replace('\'', "'\\''"));
    }
    let mut word = String::from("$'");
    for letter in text.chars() {
        match letter {
            '\'' | '\\' => word.extend(['\\', letter]),
            _ if is_harmful(letter) => {
                for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(word, "\\x{byte:02x}");
                }
            }
            _ => word.push(letter),
        }
    }
    word.push('\'');
    word
}

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const WITHOUT_KEY: &str = "A repeat may do the same once more, so look first whether it was done.";
const SENT: [&str; 6] = ["accept", "content-type", "if-match", "if-none-match", "idempotency-key", "prefer"];

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use hyper::HeaderMap;

    use super::*;
    use crate::journal::{Ended, Journal, Opened, StationName, Trail, Via};

    fn called(status: u16, refusal: Option<&'static str>, trail: Trail, answer: &[u8]) -> Value {
        let journal = Journal::new(0);
        let headers: HeaderMap = [("content-type", "application/json"), ("user-agent", "x")]
            .into_iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        let n = journal.begin(Opened {
            begun: Instant::now(),
            space: "main".into(),
            space_at: None,
            via: Via::Http,
            request_id: "",
            operation: None,
            method: "POST",
            path: "/a",
            query: Some("b=c"),
            client: None,
            headers: &headers,
            body: b"it's $HOME",
        });
        journal.end(
            n,
            Ended { status, refusal, failed_by: None, trail, headers: &HeaderMap::new(), body: answer },
        );
        let call = journal.call(n).unwrap();
        json!({"why": why(&call), "curl": curl(&call, "http://desk"), "asked": lines(&call.request, Some("ada"))})
    }

    #[test]
    fn a_failure_is_explained_and_a_success_is_not() {
        let fine = called(201, None, Trail::default(), b"{}");
        assert_eq!(fine["why"], json!([]));
        let lines = "content-type: application/json\nuser-agent: x\nx-api-key: •••••••• (ada)\n\nit's $HOME";
        assert_eq!(fine["asked"], lines);
        let refused =
            called(429, Some("too_many_requests"), Trail::default(), br#"{"message": "Too Many Requests"}"#);
        assert_eq!(refused["why"][0][1], "The host answered in place of the component: too many requests.");
        assert_eq!(refused["why"][1], json!(["The answer says:", "Too Many Requests"]));
        assert_eq!(called(404, None, Trail::default(), b"")["why"][0][0], "Refused by the component.");
        let mut trail = Trail::default();
        trail.fault("f", StationName::Store, Some(true));
        let injected = called(503, None, trail, b"no JSON");
        assert_eq!(
            injected["why"],
            json!([["Injected.", "The fault f applied at the station store. The write was stored."]])
        );
    }

    #[test]
    fn advice_about_a_key_that_was_not_sent_is_set_right() {
        let advice = br#"{"detail": "Repeat it with the same Idempotency-Key."}"#;
        let why = called(503, None, Trail::default(), advice)["why"].clone();
        assert_eq!(why[1], json!(["The answer says:", "Repeat it with the same Idempotency-Key."]));
        assert_eq!(why[2][0], "No Idempotency-Key was sent.");
        let why = called(503, None, Trail::default(), br#"{"detail": "Repeat later."}"#)["why"].clone();
        assert_eq!(why.as_array().unwrap().len(), 2);
    }

    #[test]
    fn json_is_indented_in_its_own_order() {
        let text = r#"{"b":[1, 2],"a":{"c":"x,{\"}\\"},"d":[ ],"e":{}}"#;
        let expected = "{\n  \"b\": [\n    1,\n    2\n  ],\n  \"a\": {\n    \"c\": \"x,{\\\"}\\\\\"\n  },\n  \"d\": [],\n  \"e\": {}\n}";
        assert_eq!(indented(text), expected);
        assert_eq!(indented("{no JSON"), "{no JSON");
        assert_eq!(indented(expected), expected);
    }

    #[test]
    fn a_shell_sends_a_call_as_it_was() {
        let curl = called(201, None, Trail::default(), b"")["curl"].as_str().unwrap().to_owned();
        assert_eq!(
            curl,
            "curl -X 'POST' 'http://desk/a?b=c' \\\n  -H \"x-api-key: $PORTDESK_API_KEY\" \\\n  \
             -H 'content-type: application/json' \\\n  --data-binary 'it'\\''s $HOME'"
        );
    }

    #[test]
    fn nothing_that_a_stranger_sent_is_a_command_of_the_shell_or_of_the_terminal() {
        assert_eq!(quoted("X|touch$IFS-a$IFS*|`y`"), "'X|touch$IFS-a$IFS*|`y`'");
        assert_eq!(quoted("it's\n"), "'it'\\''s\n'");
        assert_eq!(quoted("a\u{3}\u{1b}[0m'\\\r\u{85}"), "$'a\\x03\\x1b[0m\\'\\\\\\x0d\\xc2\\x85'");
        let curl = called(201, None, Trail::default(), b"")["curl"].as_str().unwrap().to_owned();
        assert!(curl.starts_with("curl -X 'POST' "), "{curl}");
    }
}

//! Stored tickets as another program may have written them. An input has a value on each line: those of the five fields, and then
//! those of comments, three for each. The desk reads, lists and changes the ticket, or says that it is damaged.

#![no_main]

use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use libfuzzer_sys::fuzz_target;
use portdesk::store::{Append, Change, Entry};
use portdesk_fuzz::{Fuzzed, KEY};

thread_local! {
    static HOST: Fuzzed = Fuzzed::open();
    static NUMBER: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

fuzz_target!(|text: &str| {
    let number = NUMBER.replace(NUMBER.get() + 1);
    let key = format!("{number:08x}-0000-4000-8000-000000000000");
    let mut values = text.split('\n').map(str::to_owned);
    let mut fields: Vec<_> =
        FIELDS.iter().map(|name| (*name).to_owned()).zip(values.by_ref().take(FIELDS.len())).collect();
    fields.push(("ticket_id".to_owned(), key.clone()));
    fields.sort();
    HOST.with(|host| {
        let mut store = host.store.clone();
        store.begin("fuzz");
        let stored = host.runtime.block_on(store.insert(key.clone(), fields, "insert".to_owned()));
        // Values that no store takes say nothing about the desk.
        if stored.is_err() {
            return;
        }
        let values: Vec<_> = values.take(3 * COMMENTS).collect();
        for (place, comment) in values.chunks(COMMENT.len()).enumerate() {
            let mut fields: Vec<_> =
                COMMENT.iter().map(|name| (*name).to_owned()).zip(comment.iter().cloned()).collect();
            fields.sort();
            let entry = Entry { id: format!("entry-{place}"), fields };
            let append = Some(Append { list: "comments".to_owned(), entry, max_entries: 500 });
            let change = Change {
                id: format!("change-{place}"),
                at_version: None,
                unless: vec![],
                unless_above: vec![],
                set: vec![],
                append,
            };
            let _ = host.runtime.block_on(store.update(key.clone(), change));
        }
        for (method, path, body) in [
            ("GET", format!("/tickets/{key}"), ""),
            ("GET", "/tickets?caller=ada&limit=1".to_owned(), ""),
            ("PATCH", format!("/tickets/{key}"), r#"{"status": "in_progress", "comment": "x"}"#),
            ("POST", format!("/tickets/{key}/comments"), r#"{"comment": "x"}"#),
        ] {
            let request =
                Request::builder().method(method).uri(path).header("host", "desk").header("x-api-key", KEY);
            let request = request.header("content-type", "application/json");
            let answer = host.answer(request.body(Full::new(Bytes::from(body))).expect("a request"));
            assert!(answer.status().as_u16() <= 500, "{}", answer.status());
        }
    });
});

const FIELDS: [&str; 5] = ["caller_id", "created_at", "issue_description", "status", "updated_at"];
const COMMENT: [&str; 3] = ["author", "comment", "created_at"];
const COMMENTS: usize = 4;

//! A desk for tests. Its clock advances by a second at each reading, its randomness counts, and tests can make its store fail.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::fmt::Write;

use expect_test::Expect;

use super::store::Memory;
use crate::store::{Change, Error, Fields, Insert, Item, Page, Query, Store, Update};
use crate::{Clock, Env, Random, Request, Response};

pub(super) struct Desk {
    pub(super) store: Scripted,
    pub(super) clock: Ticking,
    random: Counting,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self {
            store: Scripted::default(),
            clock: Ticking(Cell::new(1_795_356_000)),
            random: Counting(Cell::new(1)),
        }
    }

    /// A desk with one open ticket, [`FIRST`], of the caller `ada`.
    pub(super) fn with_a_ticket() -> Self {
        let desk = Self::new();
        let response = desk.post("/tickets", TICKET);
        assert_eq!(response.status, 201);
        desk
    }

    /// A desk with a ticket that was moved to these statuses.
    pub(super) fn with_a_ticket_that_is(statuses: &[&str]) -> Self {
        let desk = Self::with_a_ticket();
        for status in statuses {
            let body = format!(r#"{{"status":"{status}"}}"#);
            assert_eq!(desk.send(&format!("PATCH /tickets/{FIRST}"), &body).status, 200, "{status}");
        }
        desk
    }

    /// Sends `line` ("POST /tickets?x=1", with headers on further lines) and `body`, which is JSON if it is not empty.
    pub(super) fn send(&self, line: &str, body: &str) -> Response {
        self.answer(&request(line, body))
    }

    pub(super) fn post(&self, path: &str, body: &str) -> Response {
        self.send(&format!("POST {path}"), body)
    }

    pub(super) fn answer(&self, request: &Request) -> Response {
        let env = Env { store: &self.store, clock: &self.clock, random: &self.random };
        crate::handle(env, request)
    }

    /// Sends a request and compares the whole answer.
    #[expect(clippy::needless_pass_by_value, reason = "reads as a table: request, body, answer")]
    pub(super) fn check(&self, line: &str, body: &str, expect: Expect) {
        expect.assert_eq(&shown(&self.send(line, body)));
    }

    /// Sends a request and returns the number of calls of the store.
    pub(super) fn calls(&self, line: &str, body: &str) -> usize {
        let before = self.store.calls.get();
        self.send(line, body);
        self.store.calls.get() - before
    }
}

/// The start of a request to the first ticket, with headers.
pub(super) fn patch(headers: &str) -> String {
    format!("PATCH /tickets/{FIRST}\n{headers}")
}

/// The start of a request for a comment on the first ticket, with headers.
pub(super) fn comment(headers: &str) -> String {
    format!("POST /tickets/{FIRST}/comments\n{headers}")
}

pub(super) fn request(line: &str, body: &str) -> Request {
    let mut lines = line.lines().map(str::trim);
    let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let mut headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap_or((line.trim_end_matches(':'), "")))
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    if !body.is_empty() && headers.iter().all(|(name, _)| name != "content-type") {
        headers.push(("content-type".into(), "application/json".into()));
    }
    Request {
        method: method.into(),
        path: path.into(),
        query: query.map(Into::into),
        headers,
        body: body.into(),
        client: Some("agent".into()),
        request_id: "00000000-0000-4000-8000-000000000000".into(),
    }
}

pub(super) fn shown(response: &Response) -> String {
    let mut text = format!("{} {}\n", response.status, response.operation.unwrap_or("-"));
    for (name, value) in &response.headers {
        writeln!(text, "{name}: {value}").unwrap();
    }
    if !response.body.is_empty() {
        let json: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
        assert!(json.is_object());
        // The bytes as they were sent, because the order of the members is a part of the answer.
        text += core::str::from_utf8(&response.body).unwrap();
        text.push('\n');
    }
    text
}

pub(super) fn json(response: &Response) -> serde_json::Value {
    serde_json::from_slice(&response.body).unwrap()
}

/// The body of a request that creates a ticket.
pub(super) const TICKET: &str = r#"{"caller_id":"ada","issue_description":"No ink."}"#;
/// The id of the first ticket that a desk makes.
pub(super) const FIRST: &str = "01000000-0000-4000-8000-000000000000";
/// An id that no ticket has.
pub(super) const ABSENT: &str = "11111111-1111-4111-8111-111111111111";

/// A store in memory. A test can make it fail, or insert other changes before an update.
#[derive(Default)]
pub(super) struct Scripted {
    pub(super) memory: Memory,
    pub(super) calls: Cell<usize>,
    /// The error of every call.
    pub(super) error: Cell<Option<Error>>,
    /// The error of every call after the next update.
    pub(super) error_after_update: Cell<Option<Error>>,
    /// The outcome of the next update, which is not applied.
    pub(super) update: RefCell<Option<Update>>,
    /// The number of updates before which another change comes.
    pub(super) races: Cell<u32>,
}

impl Scripted {
    fn call(&self) -> Result<(), Error> {
        self.calls.set(self.calls.get() + 1);
        self.error.get().map_or(Ok(()), Err)
    }

    fn race(&self, key: &str) {
        if self.races.get() > 0 {
            self.races.set(self.races.get() - 1);
            let id = format!("race-{}", self.races.get());
            let change = Change {
                id,
                at_version: None,
                unless: [].into(),
                unless_above: Vec::new(),
                set: [].into(),
                append: None,
            };
            self.memory.update(key, change).unwrap();
        }
    }
}

impl Store for Scripted {
    fn get(&self, key: &str) -> Result<Option<Item>, Error> {
        self.call()?;
        self.memory.get(key)
    }

    fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error> {
        self.call()?;
        self.memory.insert(key, fields, change_id)
    }

    fn update(&self, key: &str, change: Change) -> Result<Update, Error> {
        self.call()?;
        self.race(key);
        self.error.set(self.error_after_update.get());
        let scripted = self.update.take();
        scripted.map_or_else(|| self.memory.update(key, change), Ok)
    }

    fn query(&self, query: Query) -> Result<Page, Error> {
        self.call()?;
        self.memory.query(query)
    }
}

pub(super) struct Ticking(pub(super) Cell<u64>);

impl Clock for Ticking {
    fn now(&self) -> (u64, u32) {
        let now = self.0.get();
        self.0.set(now + 1);
        (now, 123_456_789)
    }
}

struct Counting(Cell<u8>);

impl Random for Counting {
    fn bytes(&self) -> [u8; 16] {
        let count = self.0.get();
        self.0.set(count.wrapping_add(1));
        let mut bytes = [0; 16];
        bytes[0] = count;
        bytes
    }
}

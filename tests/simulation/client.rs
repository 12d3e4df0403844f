//! A client: makes requests of its steps, repeats what has no answer, and reads answers.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, LazyLock};

use desk::{Request, Response};
use portdesk::backend::memory::Memory;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::checker::{Walk, caller};
use crate::history::{Answer, Asked, Reason, Seen};
use crate::host::{self, HostClock, Running, SCHEMA};
use crate::plan::{Action, SLOTS, Step};

pub(crate) struct Client {
    steps: VecDeque<Step>,
    pub(crate) working: Option<Working>,
    pub(crate) chance: SmallRng,
    /// The last version that the client saw of each ticket.
    pub(crate) versions: HashMap<u32, u64>,
}

/// The step that a client works on.
pub(crate) struct Working {
    step: Step,
    tries: u32,
    pub(crate) walk: Walk,
    pub(crate) cursor: Option<String>,
}

/// A request of a client.
pub(crate) struct Sent {
    pub(crate) message: Request,
    /// What it asks of which ticket; none for a list.
    pub(crate) asked: Option<(u32, Asked)>,
    pub(crate) seed: u64,
}

impl Client {
    pub(crate) fn new(number: usize, steps: Vec<Step>) -> Client {
        let chance = SmallRng::seed_from_u64(number as u64);
        Client { steps: steps.into(), working: None, chance, versions: HashMap::new() }
    }

    /// The next request of this step or of the next one.
    pub(crate) fn next_request(&mut self, ids: &BTreeMap<u32, String>) -> Option<Sent> {
        if self.working.is_none() {
            let step = self.steps.pop_front()?;
            self.chance = SmallRng::seed_from_u64(step.seed);
            self.working = Some(Working { step, tries: 0, walk: Walk::default(), cursor: None });
        }
        let working = self.working.as_mut()?;
        working.tries += 1;
        let (number, tries) = (working.step.number, working.tries);
        let at = |slot: u32, if_match: bool| self.versions.get(&slot).copied().filter(|_| if_match);
        let id = |slot: u32| ids.get(&slot).map_or(NOWHERE, String::as_str);
        let (message, asked) = match &working.step.action {
            Action::Open { slot, content } => {
                let message = opening(*slot, *content).with("idempotency-key", format!("open-{slot}"));
                (message, Some((*slot, Asked::Create { content: *content })))
            }
            Action::OpenAnother => {
                let object = FIRST_UNKEYED + number;
                (opening(object, 0), Some((object, Asked::Create { content: 0 })))
            }
            Action::Read { slot } => {
                (Message::new("GET", format!("/tickets/{}", id(*slot))), Some((*slot, Asked::Read)))
            }
            Action::Comment { slot, has_key, if_match } => {
                let at = at(*slot, *if_match);
                let message = Message::new("POST", format!("/tickets/{}/comments", id(*slot)))
                    .json(&json!({ "comment": format!("c{number}") }))
                    .if_match(at);
                let key = has_key.then(|| format!("comment-{number}"));
                let message =
                    key.into_iter().fold(message, |message, key| message.with("idempotency-key", key));
                (message, Some((*slot, Asked::Comment { text: number, at })))
            }
            Action::Move { slot, to, has_comment, if_match } => {
                let at = at(*slot, *if_match);
                // A move has no key, so each request has a comment of its own.
                let text = has_comment.then(|| 100_000 + number * 10 + tries);
                let mut body = json!({ "status": to });
                if let Some(text) = text {
                    body["comment"] = json!(format!("c{text}"));
                }
                let message =
                    Message::new("PATCH", format!("/tickets/{}", id(*slot))).json(&body).if_match(at);
                (message, Some((*slot, Asked::Move { to, text, at })))
            }
            Action::List { caller, limit } => {
                let cursor = working.cursor.iter().map(|cursor| format!("&cursor={cursor}"));
                let query = format!("caller=caller-{caller}&limit={limit}{}", cursor.collect::<String>());
                working.walk.caller = *caller;
                (Message(Request { query: Some(query), ..Message::new("GET", "/tickets".into()).0 }), None)
            }
        };
        let seed = working.step.seed.wrapping_add(u64::from(tries) << 32);
        Some(Sent { message: message.0, asked, seed })
    }

    /// The client has the answer to its request, or gave up. Returns the list that it does not read to its end.
    pub(crate) fn ended(&mut self, may_repeat: bool, failed: bool) -> Option<Walk> {
        let working = self.working.as_mut()?;
        let can_repeat = match working.step.action {
            Action::OpenAnother | Action::Comment { has_key: false, .. } => false,
            // A move after one whose outcome is unknown is another operation.
            _ => working.tries < 4,
        };
        if (may_repeat && can_repeat && self.chance.random_bool(0.7)) || (!failed && working.cursor.is_some())
        {
            return None;
        }
        let walk = self.working.take()?.walk;
        Some(walk).filter(|walk| failed && !walk.shown.is_empty())
    }
}

/// A page of a list.
pub(crate) struct ListPage {
    /// Ids, what is shown, and objects.
    pub(crate) tickets: Vec<(String, Seen, u32)>,
    pub(crate) next_cursor: Option<String>,
}

/// Reads the answer to a list. A list that fails says nothing.
pub(crate) fn page(response: Option<&Response>) -> Option<ListPage> {
    let response = response.filter(|response| response.status == 200)?;
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    let tickets = body["tickets"].as_array().unwrap().iter().map(|ticket| {
        let (object, seen) = seen(ticket, None);
        (ticket["ticket_id"].as_str().unwrap().to_owned(), seen, object)
    });
    Some(ListPage { tickets: tickets.collect(), next_cursor: body["next_cursor"].as_str().map(Into::into) })
}

/// Reads the answer about a ticket. Fails if no client should get such an answer.
pub(crate) fn read(asked: &Asked, response: Option<&Response>) -> Result<Answer, String> {
    let Some(response) = response else { return Ok(Answer::Refused) };
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let kind = body["type"].as_str().unwrap_or_default().rsplit(':').next();
    let is_comment = matches!(asked, Asked::Comment { .. });
    Ok(match (response.status, kind) {
        (200, _) if is_comment => Answer::Done(None),
        (200 | 201, _) => Answer::Done(Some(seen(&body, etag(response)).1)),
        (404, _) => Answer::NoTicket,
        (409, Some("comments-closed")) => Answer::Forbidden(Reason::Closed),
        (409, Some("illegal-transition")) => Answer::Forbidden(Reason::Illegal),
        (412, _) => Answer::Forbidden(Reason::Version),
        (422, _) => Answer::Forbidden(Reason::KeyReused),
        (503, _) if body["outcome"] == "unknown" => Answer::Unknown,
        (503, _) => Answer::Refused,
        (status, _) => return Err(format!("{asked:?} is answered {status}: {body}")),
    })
}

/// The id of the ticket in an answer.
pub(crate) fn id(response: &Response) -> Option<String> {
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    Some(body["ticket_id"].as_str()?.to_owned())
}

fn etag(response: &Response) -> Option<u64> {
    let (_, etag) = response.headers.iter().find(|(name, _)| name == "etag")?;
    etag.trim_matches('"').parse().ok()
}

fn seen(ticket: &Value, version: Option<u64>) -> (u32, Seen) {
    let text = |name: &str| ticket[name].as_str().unwrap_or_default().to_owned();
    let number = |comment: &Value| comment["comment"].as_str()?.strip_prefix('c')?.parse().ok();
    let comments: Vec<u32> = ticket["comments"].as_array().into_iter().flatten().filter_map(number).collect();
    let description = text("issue_description");
    let (object, content) = description.split_once(' ').unwrap();
    let seen = Seen {
        version,
        content: content.parse().unwrap(),
        status: text("status"),
        comment_count: ticket["comment_count"].as_u64().map_or(comments.len(), |count| count as usize),
        comments,
        created_at: text("created_at"),
        updated_at: text("updated_at"),
    };
    (object.parse().unwrap(), seen)
}

struct Message(Request);

impl Message {
    fn new(method: &str, path: String) -> Message {
        Message(Request { method: method.into(), path, client: Some("agent".into()), ..Request::default() })
    }

    fn json(mut self, body: &Value) -> Message {
        self.0.body = body.to_string().into_bytes();
        self.with("content-type", "application/json".into())
    }

    fn if_match(self, version: Option<u64>) -> Message {
        version.into_iter().fold(self, |message, version| message.with("if-match", format!("\"{version}\"")))
    }

    fn with(mut self, name: &str, value: String) -> Message {
        self.0.headers.push((name.into(), value));
        self
    }
}

fn opening(object: u32, content: u32) -> Message {
    Message::new("POST", "/tickets".into()).json(&json!({
        "caller_id": format!("caller-{}", caller(object)),
        "issue_description": format!("{object} {content}"),
    }))
}

/// The ids of the tickets that have a key: an id depends on nothing else.
pub(crate) fn ids() -> &'static BTreeMap<u32, String> {
    static IDS: LazyLock<BTreeMap<u32, String>> = LazyLock::new(|| {
        let id_of = |slot| {
            let message = opening(slot, 0).with("idempotency-key", format!("open-{slot}")).0;
            let clock = std::rc::Rc::new(HostClock::new(std::rc::Rc::default()));
            let store = host::store(Arc::new(Memory::new(&SCHEMA)));
            let response = Running::new(message, store, clock, 0).poll().expect("memory answers at once");
            (slot, id(&response).expect("a ticket has an id"))
        };
        (0..SLOTS).map(id_of).collect()
    });
    &IDS
}

/// The first object without a key.
const FIRST_UNKEYED: u32 = 100;
const NOWHERE: &str = "00000000-0000-4000-8000-000000000000";

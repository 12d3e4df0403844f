//! A network, clocks and chance that a test rules.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use items::{Index, List, Schema};
use serde_json::Value;

use crate::{Answer, Platform, Request, SendError, Settings, Store, Timeouts};

/// What the network does with the requests, in order; the last for ever.
pub(super) struct Network {
    acts: RefCell<VecDeque<Act>>,
    time: Cell<Duration>,
    pub(super) sent: RefCell<Vec<Sent>>,
    pub(super) waits: RefCell<Vec<Duration>>,
}

/// What the network does with a request.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Answer(u16, String),
    /// No connection is made.
    Refuse,
    /// The request arrives, an answer never does: the whole time of the attempt is spent.
    Silence,
}

/// A request as it was sent.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) timeouts: Timeouts,
}

impl Sent {
    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Network {
    pub(super) fn new(acts: impl IntoIterator<Item = Act>) -> Network {
        let acts = RefCell::new(acts.into_iter().collect());
        Network { acts, time: Cell::default(), sent: RefCell::default(), waits: RefCell::default() }
    }
}

impl Platform for &Network {
    fn send(&self, request: &Request<'_>) -> Result<Answer, SendError> {
        let Request { headers, body, timeouts, .. } = request;
        let sent = Sent { headers: headers.clone(), body: body.to_vec(), timeouts: *timeouts };
        self.sent.borrow_mut().push(sent);
        let mut acts = self.acts.borrow_mut();
        let act = if acts.len() > 1 { acts.pop_front() } else { acts.front().cloned() };
        match act.unwrap() {
            Act::Answer(status, body) => {
                let request_id = Some("0123456789ABCDEF".to_owned());
                Ok(Answer { status, request_id, body: body.into_bytes() })
            }
            Act::Refuse => Err(SendError { text: "refused".to_owned(), sent: false }),
            Act::Silence => {
                self.time.set(self.time.get() + timeouts.answer);
                Err(SendError { text: "silence".to_owned(), sent: true })
            }
        }
    }

    fn wait(&self, time: Duration) {
        self.time.set(self.time.get() + time);
        self.waits.borrow_mut().push(time);
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000)
    }

    fn elapsed(&self) -> Duration {
        self.time.get()
    }

    fn chance(&self) -> f64 {
        1.0
    }
}

/// The variables that have to be set, and these, which may be others in their place.
pub(super) fn settings(more: &[(&str, &str)]) -> Settings {
    let fixed = [
        ("PORTDESK_TABLE", "items"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "a secret"),
    ];
    let all: Vec<_> = more.iter().chain(&fixed).copied().collect();
    let found =
        |name: &str| all.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
    Settings::read(found).unwrap()
}

pub(super) fn store(network: &Network) -> Store<&Network> {
    store_with(&[], network)
}

/// A store with other settings.
pub(super) fn store_with<'a>(more: &[(&str, &str)], network: &'a Network) -> Store<&'a Network> {
    Store::new(settings(more), schema(), network).unwrap()
}

fn schema() -> Schema {
    let index = |name: &str, partition: &str, optional| Index {
        name: name.to_owned(),
        partition: partition.to_owned(),
        order: "made_at".to_owned(),
        optional,
    };
    Schema {
        key_field: "item_id".to_owned(),
        listed: vec!["owner".to_owned()],
        lists: vec![List { name: "notes".to_owned(), id_field: "note_id".to_owned() }],
        indexes: vec![index("ByOwner", "owner", false), index("ByState", "state", true)],
    }
}

/// An error of DynamoDB's.
pub(super) fn refusal(code: &str) -> Act {
    Act::Answer(400, format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"said so"}}"#))
}

/// An answer to a condition that does not hold.
pub(super) fn condition_failed(item: &str) -> Act {
    let code = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
    Act::Answer(400, format!(r#"{{"__type":"{code}","Item":{item}}}"#))
}

pub(super) fn done(body: &str) -> Act {
    Act::Answer(200, body.to_owned())
}

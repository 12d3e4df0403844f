//! Claims about the journal as a whole. Those about its parts are beside the parts.

use std::sync::Arc;
use std::time::Instant;

use hyper::HeaderMap;
use hyper::header::HeaderValue;
use serde_json::{Value, json};

use super::*;

pub(super) const SPACE: &str = "main";

/// A call as tests need it.
#[derive(Clone)]
pub(super) struct Told {
    pub(super) space: &'static str,
    pub(super) via: Via,
    pub(super) operation: &'static str,
    pub(super) client: &'static str,
    pub(super) status: u16,
    pub(super) items: &'static [&'static str],
    pub(super) request: Vec<u8>,
    pub(super) answer: Vec<u8>,
    pub(super) headers: HeaderMap,
}

impl Default for Told {
    fn default() -> Told {
        Told {
            space: SPACE,
            via: Via::Http,
            operation: "read",
            client: "bot",
            status: 200,
            items: &[],
            request: Vec::new(),
            answer: Vec::new(),
            headers: HeaderMap::new(),
        }
    }
}

impl Told {
    pub(super) fn begin(&self, journal: &Journal) -> u64 {
        journal.begin(Opened {
            begun: Instant::now(),
            space: self.space.into(),
            space_at: None,
            via: self.via,
            request_id: "id",
            operation: Some(self.operation),
            method: "POST",
            path: "/things",
            query: Some("a=b%20c&d"),
            client: Some(self.client),
            headers: &self.headers,
            body: &self.request,
        })
    }

    pub(super) fn end(&self, journal: &Journal, n: u64) {
        let mut trail = Trail::default();
        self.items.iter().for_each(|key| trail.item(key));
        journal.end(
            n,
            Ended {
                status: self.status,
                refusal: None,
                failed_by: None,
                trail,
                headers: &self.headers,
                body: &self.answer,
            },
        );
    }

    pub(super) fn write(&self, journal: &Journal) -> u64 {
        let n = self.begin(journal);
        self.end(journal, n);
        n
    }
}

pub(super) fn reset(journal: &Journal) {
    mark(journal, MarkKind::Reset);
}

fn mark(journal: &Journal, kind: MarkKind) {
    let details = json!({"items": 294});
    journal.mark(NewMark {
        space: Some(SPACE.into()),
        space_at: None,
        kind,
        text: "was 294 items".into(),
        details,
    });
}

fn numbers(calls: &[Arc<Call>]) -> Vec<u64> {
    calls.iter().map(|call| call.n).collect()
}

#[test]
fn a_call_is_open_until_it_ends() {
    let journal = Journal::new(0);
    let told = Told { request: b"{}".to_vec(), answer: b"yes".to_vec(), ..Told::default() };
    let n = told.begin(&journal);
    let open = journal.call(n).unwrap();
    assert_eq!((open.state, open.status, open.duration_us), (CallState::Open, None, None));
    assert_eq!(journal.usage().open, 1);
    told.end(&journal, n);
    let ended = journal.call(n).unwrap();
    assert_eq!((ended.state, ended.status), (CallState::Ended, Some(200)));
    assert_eq!(ended.operation.as_deref(), Some("read"), "what the end does not say remains");
    assert_eq!(ended.request.body.text(), Some("{}"));
    assert_eq!(ended.answer.as_ref().unwrap().body.text(), Some("yes"));
    assert!(ended.duration_us.is_some());
    assert_eq!((journal.usage().open, journal.usage().records), (0, 1));
    assert_eq!(open.state, CallState::Open, "who holds the earlier form keeps it");
}

#[test]
fn a_write_that_its_client_abandoned_shows_how_it_ended() {
    let journal = Journal::new(0);
    let told = Told { status: 201, ..Told::default() };
    let n = told.begin(&journal);
    journal.abandon(n);
    assert_eq!(journal.call(n).unwrap().state, CallState::Abandoned);
    told.end(&journal, n);
    let call = journal.call(n).unwrap();
    assert_eq!((call.state, call.status), (CallState::Abandoned, Some(201)));
    journal.abandon(n);
    told.end(&journal, n + 1);
    assert_eq!(journal.call(n).unwrap().status, Some(201));
    assert_eq!(journal.usage().records, 1);
}

#[test]
fn the_bytes_stay_within_the_limit_whatever_is_written() {
    let journal = Journal::new(0);
    let limit = journal.usage().limit_bytes;
    let mut written = 0;
    for round in 0..3_000_usize {
        let size = [10, 1_000, 65_536, 200_000][round % 4];
        let told = Told { request: vec![b'a'; size], answer: vec![0xff; size / 2], ..Told::default() };
        let n = told.begin(&journal);
        if round % 7 == 0 {
            journal.abandon(n);
        } else {
            told.end(&journal, n);
        }
        written += size + size / 2;
        assert!(journal.usage().bytes <= limit, "{round}");
    }
    assert!(written > 200 * limit);
    let calls = journal.all_calls(&Filter::default());
    let kept: usize = calls
        .iter()
        .map(|call| {
            call.request.body.kept().len() + call.answer.as_ref().map_or(0, |answer| answer.body.kept().len())
        })
        .sum();
    let usage = journal.usage();
    assert!(kept < usage.bytes, "the estimate counts at least the bodies");
    assert_eq!(usage.records + usize::try_from(usage.gone).unwrap(), 3_000);
    assert!(usage.bytes > limit / 2, "the journal is used");
}

#[test]
fn a_small_call_counts_more_than_its_texts() {
    let journal = Journal::new(0);
    let n = Told::default().begin(&journal);
    assert!(journal.usage().bytes > 100, "while it is open");
    Told::default().end(&journal, n);
    let texts = ["id", "read", "POST", "/things", "a=b%20c&d", "bot", SPACE].concat();
    assert!(journal.usage().bytes > texts.len() + 100, "{:?}", journal.usage());
}

#[test]
fn a_hundred_thousand_records_are_the_most() {
    let journal = Journal::new(1 << 40);
    for _ in 0..100_100 {
        Told::default().write(&journal);
    }
    let usage = journal.usage();
    assert_eq!((usage.records, usage.gone), (100_000, 100));
    assert!(journal.call(100).is_none() && journal.call(101).is_some());
}

#[test]
fn a_slow_call_remains_while_others_go() {
    let journal = Journal::new(0);
    let told = Told { request: vec![0; 65_536], ..Told::default() };
    let slow = told.begin(&journal);
    for _ in 0..100 {
        told.write(&journal);
    }
    assert!(journal.usage().gone > 50);
    told.end(&journal, slow);
    assert_eq!(journal.call(slow).unwrap().status, Some(200));
}

#[test]
fn open_calls_alone_stay_within_the_limit_too() {
    let journal = Journal::new(0);
    let told = Told { request: vec![0; 65_536], ..Told::default() };
    let numbers: Vec<_> = (0..100).map(|_| told.begin(&journal)).collect();
    assert!(journal.usage().bytes <= journal.usage().limit_bytes);
    for n in numbers {
        told.end(&journal, n);
    }
    assert_eq!(journal.usage().open, 0);
}

#[test]
fn a_filter_selects_by_each_member() {
    let journal = Journal::new(0);
    let plain = Told::default();
    let all = [
        plain.clone(),
        Told { space: "other", ..plain.clone() },
        Told { operation: "write", status: 503, ..plain.clone() },
        Told { client: "triage", status: 404, ..plain.clone() },
        Told { via: Via::Mcp, items: &["k1", "k2"], ..plain },
    ];
    for told in &all {
        told.write(&journal);
    }
    let text = |text: &str| Some(text.to_owned());
    let cases = [
        (Filter::default(), vec![1, 2, 3, 4, 5]),
        (Filter { space: text("other"), ..Filter::default() }, vec![2]),
        (Filter { after: Some(3), ..Filter::default() }, vec![4, 5]),
        (Filter { operation: text("write"), ..Filter::default() }, vec![3]),
        (Filter { status: "5xx".parse().ok(), ..Filter::default() }, vec![3]),
        (Filter { status: "404".parse().ok(), ..Filter::default() }, vec![4]),
        (Filter { client: text("triage"), ..Filter::default() }, vec![4]),
        (Filter { via: Some(Via::Mcp), ..Filter::default() }, vec![5]),
        (Filter { item: text("k2"), ..Filter::default() }, vec![5]),
        (Filter { limit: Some(2), ..Filter::default() }, vec![4, 5]),
        (Filter { limit: Some(2), after: Some(1), ..Filter::default() }, vec![2, 3]),
    ];
    for (filter, expected) in cases {
        assert_eq!(numbers(&journal.calls(&filter)), expected, "{filter:?}");
    }
}

#[test]
fn calls_are_listed_by_their_beginning_and_at_most_500() {
    let journal = Journal::new(1 << 30);
    let told = Told::default();
    let slow = told.begin(&journal);
    for _ in 0..700 {
        told.write(&journal);
    }
    told.end(&journal, slow);
    let filter = Filter { limit: Some(9_999), ..Filter::default() };
    assert_eq!(numbers(&journal.calls(&filter)), (202..=701).collect::<Vec<_>>());
    assert_eq!(numbers(&journal.all_calls(&filter)), (1..=701).collect::<Vec<_>>());
    mark(&journal, MarkKind::Clock);
    reset(&journal);
    assert_eq!(journal.marks(&filter).iter().map(|mark| mark.n).collect::<Vec<_>>(), [702, 703]);
    assert_eq!(journal.calls(&filter).len(), 500);
}

#[tokio::test]
async fn a_credential_is_nowhere() {
    const CANARY: &str = "canary-7f3a91";
    let mut headers = HeaderMap::new();
    for name in
        ["x-api-key", "authorization", "cookie", "set-cookie", "proxy-authorization", "x-amz-security-token"]
    {
        headers.append(name, HeaderValue::from_static(CANARY));
    }
    headers.append("user-agent", HeaderValue::from_static("kept"));
    let journal = Journal::new(0);
    let mut subscription = journal.follow(None).unwrap();
    let told = Told { headers, ..Told::default() };
    let n = told.write(&journal);
    reset(&journal);
    let calls = journal.all_calls(&Filter::default());
    let events = subscription.next().await.unwrap();
    assert_eq!(events.len(), 2);
    let events: Vec<_> =
        events.iter().map(|numbered| serde_json::to_string(&numbered.event).unwrap()).collect();
    let shown = [
        serde_json::to_string(&*journal.call(n).unwrap()).unwrap(),
        serde_json::to_string(&Har { calls: &calls, base_url: "http://127.0.0.1:8080" }).unwrap(),
        format!("{calls:?}"),
        events.concat(),
    ];
    for text in &shown {
        assert!(!text.contains(CANARY), "{text}");
    }
    assert!(shown[0].contains("kept") && shown[1].contains("kept"), "the other headers are there");
}

#[test]
fn long_details_of_a_mark_are_left_out() {
    let journal = Journal::new(0);
    let details = json!({"text": "x".repeat(17_000)});
    let text = "y".repeat(1_000);
    journal.mark(NewMark { space: None, space_at: None, kind: MarkKind::Faults, text, details });
    let marks = journal.marks(&Filter { space: Some(SPACE.to_owned()), ..Filter::default() });
    assert_eq!(marks[0].details, Value::Null);
    assert_eq!(marks[0].text.len(), 200);
    assert_eq!(serde_json::to_value(&*marks[0]).unwrap()["kind"], "faults");
}

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use hyper::HeaderMap;
use serde_json::json;
use tokio::time::{Instant, timeout};

use super::world::LONGEST_REQUESTS;
use super::*;
use crate::backend::memory::Memory;
use crate::backend::{Backend, QuotaStore, suite};
use crate::bindings::portdesk::desk::key_value;
use crate::contract::Contract;
use crate::door::{KeyFileContents, RateLimit};
use crate::journal::{Opened, Via};
use crate::telemetry::Spans;

fn spaces() -> Spaces {
    let memory = Arc::new(Memory::new(&suite::schema()));
    let telemetry = Arc::new(Telemetry::new(&Contract::default(), &[], Spans::default()).unwrap());
    let journal = Journal::new(0);
    let backend = Arc::clone(&memory) as Arc<dyn Backend>;
    let quotas = Arc::clone(&memory) as Arc<dyn QuotaStore>;
    let main = Space::new(SpaceParts {
        name: MAIN.into(),
        beginning: Beginning::default(),
        clock: Arc::new(SpaceClock::new(&ClockSetting::REAL).unwrap()),
        store: GuestStore::new(backend, suite::schema(), Arc::clone(&telemetry)),
        usage: Arc::new(Usage::new(RateLimit::Off, quotas, None)),
        contents: Some(memory),
        journal: journal.clone(),
    });
    Spaces::new(SpacesParts {
        journal,
        are_controlled: true,
        main,
        keys: Arc::default(),
        plans: ActiveKeys::new(&KeyFileContents::default(), None),
        schema: suite::schema(),
        telemetry,
    })
}

fn new(name: &str) -> NewSpace {
    serde_json::from_value(json!({ "name": name })).unwrap()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

/// Lets other tasks go on until they wait.
async fn turn() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

fn open_call(journal: &Journal, operation: Option<&str>) -> u64 {
    journal.begin(Opened {
        begun: std::time::Instant::now(),
        space: MAIN.into(),
        space_at: None,
        via: Via::Http,
        request_id: "",
        operation,
        method: "GET",
        path: "/pens",
        query: None,
        client: None,
        headers: &HeaderMap::new(),
        body: &[],
    })
}

#[test]
fn making_and_dropping_a_space_of_one_name_at_once_leaves_no_key() {
    let spaces = spaces();
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..500 {
                    let made = runtime().block_on(spaces.create(new("blue")));
                    assert!(matches!(made, Ok(_) | Err(SpaceError::Exists)), "{made:?}");
                    let removed = spaces.remove("blue");
                    assert!(matches!(removed, Ok(()) | Err(SpaceError::Missing)), "{removed:?}");
                }
            });
        }
    });
    assert_eq!((spaces.all().len(), spaces.keys.len()), (1, 0));
}

#[tokio::test]
async fn a_key_of_a_dropped_space_is_not_good_for_a_new_space_of_its_name() {
    let spaces = spaces();
    let old = spaces.create(new("blue")).await.unwrap().name;
    assert_eq!(spaces.of_key(Some(&old)).unwrap().name, old);
    spaces.remove("blue").unwrap();
    let made = spaces.create(new("blue")).await.unwrap().name;
    assert_eq!(spaces.of_key(Some(&old)).err(), Some(Refusal::Forbidden));
    assert!(Arc::ptr_eq(&spaces.of_key(Some(&made)).unwrap().name, &made));
}

#[tokio::test]
async fn a_read_waits_for_a_reset_and_a_write_is_refused_after_it() {
    let spaces = Arc::new(spaces());
    let space = Arc::clone(spaces.main());
    let held = space.enter(Instant::now(), true, soon()).await.unwrap();
    let mut reset = tokio::spawn({
        let space = Arc::clone(&space);
        async move { space.reset(&Reset::default()).await }
    });
    turn().await;
    let enter = |is_write| {
        let space = Arc::clone(&space);
        tokio::spawn(async move { space.enter(Instant::now(), is_write, soon()).await.map(drop) })
    };
    let (mut read, write) = (enter(false), enter(true));
    turn().await;
    assert!(timeout(Duration::ZERO, &mut reset).await.is_err(), "it waits for the request in progress");
    assert!(timeout(Duration::ZERO, &mut read).await.is_err(), "it waits for the reset");
    drop(held);
    reset.await.unwrap().unwrap();
    assert_eq!(read.await.unwrap(), Ok(()));
    assert_eq!(write.await.unwrap(), Err(Refusal::Busy));
}

#[tokio::test(start_paused = true)]
async fn a_reset_that_waits_too_long_names_what_it_waits_for_and_changes_nothing() {
    let spaces = spaces();
    let space = spaces.main();
    let _held = space.enter(Instant::now(), false, soon()).await.unwrap();
    let first = open_call(&spaces.journal, Some("list_pens"));
    let numbers = [(); 4].map(|()| open_call(&spaces.journal, None));
    let last = spaces.journal.calls(&crate::journal::Filter::default()).last().unwrap().at;
    while crate::clock::now().unwrap() <= last {}
    let begun = Instant::now();
    let refused = space.reset(&Reset::default()).await.unwrap_err().to_string();
    assert_eq!(begun.elapsed(), LONGEST_REQUESTS);
    let [second, third, ..] = numbers;
    let named = format!(
        "requests in this space did not end within 15 s: list_pens (call {first}), GET /pens (call {second}), \
         GET /pens (call {third}) and 2 more; nothing was changed; try again"
    );
    assert_eq!(refused, named);
    assert!(space.snapshots().await.unwrap().snapshots.is_empty());
}

#[tokio::test]
async fn a_restore_keeps_the_state_before_it_and_the_state_before_it_can_be_put_back() {
    let spaces = spaces();
    let space = spaces.main();
    let [one, before] = ["one", "before-restore"].map(|name| name.parse::<SnapshotName>().unwrap());
    space.save(&one).await.unwrap();
    let mut store = space.store.clone();
    let insert = store.insert("a".into(), vec![("state".into(), "open".into())], "1".into());
    insert.await.unwrap();
    let restored = space.restore(&one).await.unwrap();
    let kept = restored.before.unwrap();
    assert_eq!((&kept.name, kept.items, restored.snapshot.items), (&before, 1, 0));
    let missing = space.restore(&"typo".parse().unwrap()).await.unwrap_err();
    assert!(matches!(missing, SpaceError::Contents(ContentsError::Missing(_))), "{missing}");
    let undone = space.restore(&before).await.unwrap();
    assert_eq!((undone.snapshot.items, undone.before), (1, None));
    assert_eq!(space.items().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_space_that_is_full_is_an_unavailable_store_and_can_be_read() {
    let spaces = spaces();
    spaces.create(new("blue")).await.unwrap();
    let mut store = spaces.find("blue").unwrap().store.clone();
    let fields = || vec![("text".to_owned(), "x".repeat(399 << 10))];
    let mut made = 0;
    let full = loop {
        match store.insert(made.to_string(), fields(), "1".into()).await {
            Ok(_) => made += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, key_value::Error::Unavailable), "{full:?}");
    assert_eq!(made, (64 << 20) / (399 << 10));
    assert!(store.get("0".into()).await.unwrap().is_some());
    spaces.find("blue").unwrap().reset(&Reset::default()).await.unwrap();
    store.insert("0".into(), fields(), "1".into()).await.unwrap();
    assert_eq!(
        spaces.journal.marks(&crate::journal::Filter::default()).last().unwrap().details["items"],
        made
    );
}

#[tokio::test]
async fn requests_without_a_valid_key_take_a_part_of_the_journal_only() {
    let spaces = spaces();
    let noted = (0..10_000).filter(|_| spaces.notes_stranger()).count();
    assert!((200..1_000).contains(&noted), "{noted}");
}

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use governor::clock::FakeRelativeClock;

use super::*;
use crate::backend::memory::Memory;
use crate::backend::{Count, Error, suite};
use crate::door::{Period, Quota};

fn memory() -> Arc<dyn QuotaStore> {
    Arc::new(Memory::new(&suite::schema()))
}

fn usage() -> (Usage<FakeRelativeClock>, FakeRelativeClock) {
    let clock = FakeRelativeClock::default();
    (Usage::with_clock(RateLimit::Plan, memory(), clock.clone()), clock)
}

fn plan(rate: u32, burst: u32, quota: Option<(u64, Period)>) -> Arc<Plan> {
    let number = |number| NonZeroU32::new(number).unwrap();
    let quota =
        quota.map(|(requests, period)| Quota { requests: NonZeroU64::new(requests).unwrap(), period });
    let (name, rate_per_second, burst) = ("p".to_owned(), number(rate), number(burst));
    Arc::new(Plan { name, rate_per_second, burst, quota, read_only: false })
}

fn one() -> ClientId {
    ClientId::new("one")
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Returns how many of `count` requests are admitted at the time `now`.
async fn admitted<C: Clock + Clone>(usage: &Usage<C>, plan: &Arc<Plan>, count: u32, now: Timestamp) -> u32 {
    let mut admitted = 0;
    for _ in 0..count {
        admitted += u32::from(usage.take_at(&one(), plan, now).await.is_ok());
    }
    admitted
}

#[tokio::test]
async fn a_minute_of_too_many_requests_gets_the_burst_and_then_the_rate() {
    let (usage, clock) = usage();
    let plan = Arc::new(Plan::default_plan());
    let mut let_in = 0;
    for _ in 0..60_000 {
        let_in += admitted(&usage, &plan, 2, Timestamp::UNIX_EPOCH).await;
        clock.advance(Duration::from_millis(1));
    }
    // One token each 20 ms. The last token arrives at the very end of the minute.
    assert_eq!(let_in, 100 + 60 * 50 - 1);
}

#[tokio::test]
async fn a_bucket_holds_no_more_than_its_burst() {
    let (usage, clock) = usage();
    let plan = plan(50, 7, None);
    for _ in 0..3 {
        assert_eq!(admitted(&usage, &plan, 1000, Timestamp::UNIX_EPOCH).await, 7);
        clock.advance(Duration::from_hours(1));
    }
}

#[tokio::test]
async fn only_admitted_requests_count_against_the_quota() {
    let (usage, clock) = usage();
    let (plan, now) = (plan(1, 10, Some((15, Period::Month))), at("2026-11-22T12:00:00Z"));
    assert_eq!(admitted(&usage, &plan, 1000, now).await, 10);
    clock.advance(Duration::from_secs(10));
    assert_eq!(admitted(&usage, &plan, 1000, now).await, 5);
    clock.advance(Duration::from_secs(10));
    let refused = usage.take_at(&one(), &plan, now).await;
    let Err(Refusal::LimitExceeded { retry_after, window, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(retry_after, Duration::from_hours(8 * 24 + 12), "until December");
    assert_eq!(window, Duration::from_hours(30 * 24));
}

#[tokio::test]
async fn a_new_month_has_a_new_quota_and_a_clock_that_goes_back_gives_none() {
    let (usage, clock) = usage();
    let plan = plan(1000, 1000, Some((10, Period::Month)));
    for (moment, expected) in [
        ("2026-11-30T23:59:59.999Z", 10),
        ("2026-12-01T00:00:00Z", 10),
        ("2026-11-30T23:00:00Z", 0),
        ("2026-12-01T00:00:01Z", 0),
        ("2027-12-01T00:00:00Z", 10),
        ("2026-12-02T00:00:00Z", 0),
        ("2027-01-01T00:00:00Z", 10),
    ] {
        assert_eq!(admitted(&usage, &plan, 30, at(moment)).await, expected, "{moment}");
        clock.advance(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn each_client_has_a_quota_of_its_own() {
    let (usage, _) = usage();
    let plan = plan(1, 10, Some((5, Period::Day)));
    assert_eq!(admitted(&usage, &plan, 20, Timestamp::UNIX_EPOCH).await, 5);
    assert!(usage.take_at(&ClientId::new("other"), &plan, Timestamp::UNIX_EPOCH).await.is_ok());
}

#[tokio::test]
async fn a_changed_plan_applies_at_once_and_keeps_the_used_units() {
    let (usage, _) = usage();
    let now = Timestamp::UNIX_EPOCH;
    assert_eq!(admitted(&usage, &plan(1, 100, Some((5, Period::Day))), 20, now).await, 5);
    assert_eq!(admitted(&usage, &plan(1, 100, Some((8, Period::Day))), 20, now).await, 3);
    assert_eq!(admitted(&usage, &plan(1, 100, Some((6, Period::Day))), 20, now).await, 0);
    assert_eq!(admitted(&usage, &plan(1, 100, None), 20, now).await, 20);
}

#[tokio::test]
async fn without_plans_nothing_is_counted() {
    let quota_store = memory();
    let usage = Usage::new(RateLimit::Off, Arc::clone(&quota_store), None);
    let plan = plan(1, 1, Some((1, Period::Day)));
    for _ in 0..1000 {
        assert_eq!(usage.take(&one(), &plan).await, Ok(()));
    }
    let count = Count { client: "one".into(), window: "1970-01-01/day".into() };
    assert_eq!(quota_store.used(&count).await, Ok(0));
}

/// Reserves batches of 50 units. Fails while `fails` has an error.
struct Batches {
    memory: Memory,
    asked: AtomicU32,
    fails: Mutex<Option<Error>>,
}

#[async_trait]
impl QuotaStore for Batches {
    async fn take(&self, count: &Count, units: u64, limit: u64) -> Result<u64, Error> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if let Some(error) = self.fails.lock().unwrap().clone() {
            return Err(error);
        }
        self.memory.take(count, units, limit).await
    }

    async fn give_back(&self, count: &Count, units: u64) -> Result<(), Error> {
        self.memory.give_back(count, units).await
    }

    async fn used(&self, count: &Count) -> Result<u64, Error> {
        self.memory.used(count).await
    }

    fn batch_size(&self, _limit: u64) -> u64 {
        50
    }
}

/// Returns a quota store, and the usage that is counted there.
fn batches() -> (Arc<Batches>, Usage<FakeRelativeClock>) {
    let batches =
        Arc::new(Batches { memory: Memory::new(&suite::schema()), asked: 0.into(), fails: None.into() });
    (batches.clone(), Usage::with_clock(RateLimit::Plan, batches, FakeRelativeClock::default()))
}

#[tokio::test(start_paused = true)]
async fn units_are_reserved_in_batches_and_unused_units_are_given_back() {
    let (quota_store, usage) = batches();
    let (plan, now) = (plan(1, 1000, Some((120, Period::Day))), Timestamp::UNIX_EPOCH);
    let count = Count { client: "one".into(), window: "1970-01-01/day".into() };
    assert_eq!(admitted(&usage, &plan, 60, now).await, 60);
    assert_eq!((quota_store.asked.load(Ordering::SeqCst), quota_store.used(&count).await), (2, Ok(100)));
    usage.close().await;
    assert_eq!(quota_store.used(&count).await, Ok(60));
    assert_eq!(admitted(&usage, &plan, 500, now).await, 60);
    assert_eq!(quota_store.asked.load(Ordering::SeqCst), 5, "a quota that is used up is not tried each time");
}

#[tokio::test(start_paused = true)]
async fn if_the_quota_store_fails_requests_are_refused_after_the_last_reserved_unit() {
    let (quota_store, usage) = batches();
    let (plan, now) = (plan(1, 1000, Some((500, Period::Day))), Timestamp::UNIX_EPOCH);
    assert_eq!(admitted(&usage, &plan, 10, now).await, 10);
    *quota_store.fails.lock().unwrap() = Some(Error::Unavailable("a test".to_owned()));
    assert_eq!(admitted(&usage, &plan, 100, now).await, 40, "the rest of the batch");
    assert_eq!(usage.take_at(&one(), &plan, now).await, Err(Refusal::Uncounted { lasts: false }));
    assert_eq!(quota_store.asked.load(Ordering::SeqCst), 2, "one call a second");
    *quota_store.fails.lock().unwrap() = None;
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(usage.take_at(&one(), &plan, now).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_quota_store_that_fails_until_an_operator_acts_gives_no_time_to_repeat() {
    let (quota_store, usage) = batches();
    *quota_store.fails.lock().unwrap() = Some(Error::Misconfigured("no right".to_owned()));
    let (plan, now) = (plan(1, 1000, Some((500, Period::Day))), Timestamp::UNIX_EPOCH);
    // The second request arrives during the pause.
    for _ in 0..2 {
        let refused = usage.take_at(&one(), &plan, now).await.unwrap_err();
        assert_eq!(refused, Refusal::Uncounted { lasts: true });
        assert_eq!((refused.status().as_u16(), refused.retry_after_seconds()), (503, None));
    }
    *quota_store.fails.lock().unwrap() = None;
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(usage.take_at(&one(), &plan, now).await, Ok(()));
}

#[tokio::test]
async fn what_is_left_can_be_read_and_reading_uses_nothing() {
    let (quota_store, usage) = batches();
    let now = at("2026-03-31T12:00:00Z");
    assert!(usage.left_at(now).await.unwrap().is_empty());
    let (month, day) = (plan(1, 1000, Some((200, Period::Month))), plan(1, 1000, Some((60, Period::Day))));
    assert_eq!(admitted(&usage, &month, 30, now).await, 30);
    usage.take_at(&ClientId::new("two"), &day, now).await.unwrap();
    usage.take_at(&ClientId::new("without"), &plan(1, 1000, None), now).await.unwrap();
    let asked = quota_store.asked.load(Ordering::SeqCst);
    for _ in 0..3 {
        let left = usage.left_at(now).await.unwrap();
        let shown: Vec<_> = left.iter().map(|one| (&*one.client, one.left, one.requests)).collect();
        assert_eq!(shown, [("one", 170, 200), ("two", 59, 60)], "the least share first");
        assert_eq!(left[0].ends, at("2026-04-01T00:00:00Z"));
    }
    assert_eq!(quota_store.asked.load(Ordering::SeqCst), asked);
    let next = usage.left_at(at("2026-04-01T00:00:00Z")).await.unwrap();
    assert!(next.iter().all(|one| one.left == one.requests), "a new period: {next:?}");
    assert_eq!(admitted(&usage, &month, 200, now).await, 170);
    assert_eq!(usage.left_at(now).await.unwrap()[0].left, 0);
}

//! Claims about counts. They take a meter without any.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::backend::{Count, Meter};

/// One test for each claim about counts, as `conformance!` makes them for items.
macro_rules! counts {
    ($fresh:expr) => {
        $crate::backend::suite::counts::counts! { $fresh;
            a_count_gives_its_limit_and_no_more,
            another_limit_counts_what_was_given_before,
            counts_of_other_holders_and_windows_are_apart,
            racing_takers_get_the_limit_together,
            what_is_given_back_can_be_taken_again,
        }
    };
    ($fresh:expr; $($claim:ident),* $(,)?) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $claim() {
            let (meter, _kept) = ($fresh)().await;
            $crate::backend::suite::counts::$claim(&meter).await;
        }
    )* };
}
pub(crate) use counts;

/// What the claims are made about.
pub(crate) type Metering = Arc<dyn Meter>;

/// A count of the month in which these claims were written.
pub(crate) fn count(name: &str) -> Count {
    Count { name: name.into(), window: "2026-11-01/month".into() }
}

pub(crate) async fn a_count_gives_its_limit_and_no_more(meter: &Metering) {
    let count = count("one");
    assert_eq!(meter.used(&count).await, Ok(0));
    for (given, used) in [(4, 4), (4, 8), (2, 10), (0, 10), (0, 10)] {
        assert_eq!(meter.take(&count, 4, 10).await, Ok(given));
        assert!(meter.used(&count).await.unwrap() >= used);
    }
}

pub(crate) async fn another_limit_counts_what_was_given_before(meter: &Metering) {
    let count = count("one");
    assert_eq!(meter.take(&count, 5, 5).await, Ok(5));
    assert_eq!(meter.take(&count, 5, 3).await, Ok(0));
    assert_eq!(meter.take(&count, 5, 8).await, Ok(3));
}

pub(crate) async fn counts_of_other_holders_and_windows_are_apart(meter: &Metering) {
    let longest = "n".repeat(crate::backend::NAME_LIMIT_BYTES);
    let later = Count { window: "2026-12-01/month".into(), ..count("one") };
    for count in [count("one"), count("other"), count(&longest), later] {
        assert_eq!(meter.take(&count, 1, 1).await, Ok(1), "{count:?}");
        assert_eq!(meter.take(&count, 1, 1).await, Ok(0), "{count:?}");
    }
}

pub(crate) async fn racing_takers_get_the_limit_together(meter: &Metering) {
    let mut takers = JoinSet::new();
    for _ in 0..16 {
        let meter = Arc::clone(meter);
        takers.spawn(async move {
            let mut taken = 0;
            for _ in 0..10 {
                taken += meter.take(&count("one"), 3, 200).await.unwrap();
            }
            taken
        });
    }
    assert_eq!(takers.join_all().await.into_iter().sum::<u64>(), 200);
}

pub(crate) async fn what_is_given_back_can_be_taken_again(meter: &Metering) {
    let count = count("one");
    assert_eq!(meter.take(&count, 10, 10).await, Ok(10));
    meter.give_back(&count, 4).await.unwrap();
    assert_eq!(meter.used(&count).await, Ok(6));
    assert_eq!(meter.take(&count, 10, 10).await, Ok(4));
}

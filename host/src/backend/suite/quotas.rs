//! Claims about counts. They take a quota store without any.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::backend::{Count, QuotaStore};

/// One test for each claim about counts, as `conformance!` makes them for items.
#[macro_export]
macro_rules! quotas {
    ($fresh:expr) => {
        $crate::backend::suite::quotas::quotas! { $fresh;
            a_count_gives_its_limit_and_no_more,
            another_limit_counts_what_was_given_before,
            counts_of_other_clients_and_windows_are_apart,
            racing_takers_get_the_limit_together,
            what_is_given_back_can_be_taken_again,
        }
    };
    ($fresh:expr; $($claim:ident),* $(,)?) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $claim() {
            let (quota_store, _kept) = ($fresh)().await;
            $crate::backend::suite::quotas::$claim(&quota_store).await;
        }
    )* };
}
pub use quotas;

/// What the claims are made about.
pub type SharedQuotaStore = Arc<dyn QuotaStore>;

/// A count of the month in which these claims were written.
pub fn count(client: &str) -> Count {
    Count { client: client.into(), window: "2026-11-01/month".into() }
}

pub async fn a_count_gives_its_limit_and_no_more(quota_store: &SharedQuotaStore) {
    let count = count("one");
    assert_eq!(quota_store.used(&count).await, Ok(0));
    for (given, used) in [(4, 4), (4, 8), (2, 10), (0, 10), (0, 10)] {
        assert_eq!(quota_store.take(&count, 4, 10).await, Ok(given));
        assert!(quota_store.used(&count).await.unwrap() >= used);
    }
}

pub async fn another_limit_counts_what_was_given_before(quota_store: &SharedQuotaStore) {
    let count = count("one");
    assert_eq!(quota_store.take(&count, 5, 5).await, Ok(5));
    assert_eq!(quota_store.take(&count, 5, 3).await, Ok(0));
    assert_eq!(quota_store.take(&count, 5, 8).await, Ok(3));
}

pub async fn counts_of_other_clients_and_windows_are_apart(quota_store: &SharedQuotaStore) {
    let longest = "n".repeat(crate::backend::CLIENT_LIMIT_BYTES);
    let later = Count { window: "2026-12-01/month".into(), ..count("one") };
    for count in [count("one"), count("other"), count(&longest), later] {
        assert_eq!(quota_store.take(&count, 1, 1).await, Ok(1), "{count:?}");
        assert_eq!(quota_store.take(&count, 1, 1).await, Ok(0), "{count:?}");
    }
}

pub async fn racing_takers_get_the_limit_together(quota_store: &SharedQuotaStore) {
    let mut takers = JoinSet::new();
    for _ in 0..16 {
        let quota_store = Arc::clone(quota_store);
        takers.spawn(async move {
            let mut taken = 0;
            for _ in 0..10 {
                taken += quota_store.take(&count("one"), 3, 200).await.unwrap();
            }
            taken
        });
    }
    assert_eq!(takers.join_all().await.into_iter().sum::<u64>(), 200);
}

pub async fn what_is_given_back_can_be_taken_again(quota_store: &SharedQuotaStore) {
    let count = count("one");
    assert_eq!(quota_store.take(&count, 10, 10).await, Ok(10));
    quota_store.give_back(&count, 4).await.unwrap();
    assert_eq!(quota_store.used(&count).await, Ok(6));
    assert_eq!(quota_store.take(&count, 10, 10).await, Ok(4));
}

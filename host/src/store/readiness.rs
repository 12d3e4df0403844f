//! Whether the store is ready. A probe tests it, at most once a second, however many callers ask.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tracing::warn;

use crate::backend::{self, Backend};

/// The last probe of the store, and the writes that failed.
#[derive(Debug, Default)]
pub(super) struct Readiness {
    /// The number of writes that failed because of the store.
    failed_writes: AtomicU64,
    last: Mutex<Option<Probe>>,
}

/// The result of a probe.
#[derive(Debug)]
struct Probe {
    ended: Instant,
    has_succeeded: bool,
    /// The number of failed writes when the probe began.
    failed_writes: u64,
}

impl Readiness {
    /// Records a failed write. If the store is the cause, it is not ready until a later probe succeeds.
    pub(super) fn write_failed(&self, error: &backend::Error) {
        if is_of_the_store(error) {
            self.failed_writes.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether the store is ready. If the last probe ended less than a second ago, its result counts. Otherwise a new probe
    /// runs, and all callers wait for it.
    pub(super) async fn ask(&self, backend: &dyn Backend, request_id: &str) -> bool {
        let mut last = self.last.lock().await;
        if last.as_ref().is_none_or(|probe| probe.ended.elapsed() >= INTERVAL) {
            *last = Some(self.probe(backend, request_id).await);
        }
        let failed_writes = self.failed_writes.load(Ordering::Relaxed);
        last.as_ref().is_some_and(|probe| probe.has_succeeded && probe.failed_writes == failed_writes)
    }

    async fn probe(&self, backend: &dyn Backend, request_id: &str) -> Probe {
        let failed_writes = self.failed_writes.load(Ordering::Relaxed);
        let found = timeout(TIME, backend.check()).await;
        match &found {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(request_id, %error, "the store is not ready"),
            Err(_elapsed) => warn!(request_id, "the store is not ready: it does not answer"),
        }
        Probe { ended: Instant::now(), has_succeeded: matches!(found, Ok(Ok(()))), failed_writes }
    }
}

/// Whether an error concerns the store as a whole. A store that throttles works, and one damaged item is not an outage.
fn is_of_the_store(error: &backend::Error) -> bool {
    match error {
        backend::Error::Misconfigured(_) | backend::Error::Unavailable(_) | backend::Error::Unknown(_) => {
            true
        }
        backend::Error::Corrupt(_)
        | backend::Error::Invalid(_)
        | backend::Error::Throttled { .. }
        | backend::Error::TooLarge => false,
    }
}

/// How long the result of a probe is used. A client that asks in a loop costs the disk one write a second.
const INTERVAL: Duration = Duration::from_secs(1);
/// The time limit of a probe.
const TIME: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::sync::Arc;

    use tokio::task::JoinSet;

    use super::*;
    use crate::backend::Fields;
    use crate::backend::embedded::Embedded;
    use crate::backend::suite;

    /// What one commit of one page adds to the log of the embedded store.
    const FRAME_BYTES: u64 = 24 + 4096;

    fn store(folder: &Path) -> Arc<Embedded> {
        Arc::new(Embedded::open(folder, &suite::schema()).unwrap())
    }

    #[tokio::test]
    async fn all_who_ask_within_a_second_share_one_durable_write() {
        let folder = tempfile::tempdir().unwrap();
        let (store, readiness) = (store(folder.path()), Arc::new(Readiness::default()));
        let before = store.log_bytes().unwrap();
        let mut asking = JoinSet::new();
        for _ in 0..50 {
            let (store, readiness) = (Arc::clone(&store), Arc::clone(&readiness));
            asking.spawn(async move { readiness.ask(&*store, "r").await });
        }
        assert!(asking.join_all().await.into_iter().all(|is_ready| is_ready));
        assert_eq!(store.log_bytes().unwrap() - before, FRAME_BYTES);
        store.close().await;
    }

    #[tokio::test]
    async fn a_failed_write_turns_it_red_until_a_probe_succeeds() {
        let folder = tempfile::tempdir().unwrap();
        let (store, readiness) = (store(folder.path()), Readiness::default());
        assert!(readiness.ask(&*store, "r").await);
        let (file, aside) = (folder.path().join("store.sqlite3"), folder.path().join("aside"));
        fs::rename(&file, &aside).unwrap();
        let error = store.insert("a", Fields::new(), "c").await.unwrap_err();
        readiness.write_failed(&error);
        assert!(!readiness.ask(&*store, "r").await, "the last probe is not a second old and does not count");
        fs::rename(&aside, &file).unwrap();
        let ready = async {
            while !readiness.ask(&*store, "r").await {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(10), ready).await.unwrap();
        store.insert("a", Fields::new(), "c").await.unwrap();
        store.close().await;
    }

    #[tokio::test]
    async fn what_says_nothing_of_the_store_turns_nothing_red() {
        let folder = tempfile::tempdir().unwrap();
        let (store, readiness) = (store(folder.path()), Readiness::default());
        assert!(readiness.ask(&*store, "r").await);
        for error in [
            backend::Error::Throttled { retry_after: None },
            backend::Error::TooLarge,
            backend::Error::Corrupt("one item".to_owned()),
            backend::Error::Invalid("a call".to_owned()),
        ] {
            readiness.write_failed(&error);
            assert!(readiness.ask(&*store, "r").await, "{error}");
        }
        store.close().await;
    }
}

//! Reads, on connections of their own: a read never waits for a write or its sync.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;
use tokio::task;

use super::snapshots::Snapshots;
use crate::backend::Error;

/// A few connections that cannot write, lent to one read at a time.
#[derive(Debug)]
pub(super) struct Readers {
    snapshots: Arc<Snapshots>,
    /// One for each connection.
    permits: Arc<Semaphore>,
    number: u32,
    /// How long reads took of late: a moving average, in nanoseconds.
    average: AtomicU64,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Readers {
        let permits = Arc::new(Semaphore::new(connections.len()));
        let number = u32::try_from(connections.len()).unwrap_or(u32::MAX);
        let snapshots = Arc::new(Snapshots::new(connections));
        Readers { snapshots, permits, number, average: AtomicU64::new(0) }
    }

    /// For who commits.
    pub(super) fn snapshots(&self) -> Arc<Snapshots> {
        Arc::clone(&self.snapshots)
    }

    /// Runs `op` on a snapshot that has all that was answered, where it may block. Not to be called inside a `LocalSet`.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        op: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| closed())?;
        let snapshots = Arc::clone(&self.snapshots);
        let read = move || {
            // Goes with the read, not with who waits for it: the connection is lent until the read is over.
            let _permit = permit;
            snapshots.read(op).unwrap_or_else(|| Err(closed()))
        };
        if Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread {
            return self.in_place(read);
        }
        let ended = |_: task::JoinError| Error::Unavailable("a read ended in a panic".to_owned());
        task::spawn_blocking(read).await.map_err(ended)?
    }

    /// Reads on this thread. A read whose pages are in memory takes some 10 us, and to have another thread take over this
    /// one's tasks takes five times as long; that is done only while reads wait for the disk.
    fn in_place<T>(&self, read: impl FnOnce() -> T) -> T {
        let timed = || {
            let begin = Instant::now();
            let outcome = read();
            self.note(begin.elapsed());
            outcome
        };
        if self.average.load(Ordering::Relaxed) < SLOW { timed() } else { task::block_in_place(timed) }
    }

    /// A read may be long because its thread was set aside, and by far: so none counts for more than eight times what is
    /// slow, and one alone does not make the average slow. Two reads that end at once may lose one of the two times, which
    /// does no harm.
    fn note(&self, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).min(8 * SLOW);
        let average = self.average.load(Ordering::Relaxed);
        self.average.store(average - average / WEIGHT + took / WEIGHT, Ordering::Relaxed);
    }

    /// Waits for the reads that are under way and closes the connections.
    pub(super) async fn close(&self) {
        // Fails where it is closed already.
        if let Ok(all) = self.permits.acquire_many(self.number).await {
            self.permits.close();
            drop(all);
        }
        self.snapshots.close();
    }
}

fn closed() -> Error {
    Error::Unavailable("the store is closed".to_owned())
}

/// From this average on, in nanoseconds, reads wait for the disk.
const SLOW: u64 = 500_000;

/// A read is one part in so many of the average.
const WEIGHT: u64 = 16;

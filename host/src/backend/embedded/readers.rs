//! Reads on separate connections, so that a read never waits for a write or a sync.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;
use tokio::task;

use super::error::StatementError;
use super::snapshots::Snapshots;
use crate::backend::Error;

/// Read-only connections. Each of them serves one read at a time.
#[derive(Debug)]
pub(super) struct Readers {
    snapshots: Arc<Snapshots>,
    /// One permit for each connection.
    permits: Arc<Semaphore>,
    number: u32,
    /// The moving average of the time of a read, in nanoseconds.
    average: AtomicU64,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Readers {
        let permits = Arc::new(Semaphore::new(connections.len()));
        let number = u32::try_from(connections.len()).unwrap_or(u32::MAX);
        let snapshots = Arc::new(Snapshots::new(connections));
        Readers { snapshots, permits, number, average: AtomicU64::new(0) }
    }

    /// The snapshots, which the writer must end before it commits.
    pub(super) fn snapshots(&self) -> Arc<Snapshots> {
        Arc::clone(&self.snapshots)
    }

    /// Runs `op` on a snapshot that includes all acknowledged writes. `op` may block. This must not be called inside a
    /// `LocalSet`.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        op: impl FnOnce(&Connection) -> Result<T, StatementError> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| closed())?;
        let snapshots = Arc::clone(&self.snapshots);
        let read = move || {
            // The read itself holds the permit, because it uses its connection to the end even if its caller is dropped.
            let _permit = permit;
            snapshots.read(op).unwrap_or_else(|| Err(closed().into())).map_err(Error::from)
        };
        if Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread {
            return self.in_place(read);
        }
        let ended = |_: task::JoinError| Error::Unavailable("a read ended in a panic".to_owned());
        task::spawn_blocking(read).await.map_err(ended)?
    }

    /// Reads on this thread. A read takes about 10 us if its pages are in memory, and moving this thread's other tasks to
    /// another thread (`block_in_place`) takes five times as long. So that happens only while reads are slow because they
    /// wait for the disk.
    fn in_place<T>(&self, read: impl FnOnce() -> T) -> T {
        let timed = || {
            let begin = Instant::now();
            let outcome = read();
            self.note(begin.elapsed());
            outcome
        };
        if self.average.load(Ordering::Relaxed) < SLOW { timed() } else { task::block_in_place(timed) }
    }

    /// Adds the time of a read to the average. A single read may be very long only because its thread was descheduled, so a
    /// read counts for at most eight times [`SLOW`], which alone cannot bring the average to [`SLOW`]. If two reads end
    /// together, one of the two times may be lost, which does no harm.
    fn note(&self, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).min(8 * SLOW);
        let average = self.average.load(Ordering::Relaxed);
        self.average.store(average - average / WEIGHT + took / WEIGHT, Ordering::Relaxed);
    }

    /// Waits for the reads in progress and closes the connections.
    pub(super) async fn close(&self) {
        // This fails if the semaphore is already closed.
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

/// If the average is at least this many nanoseconds, reads are assumed to wait for the disk.
const SLOW: u64 = 500_000;

/// A read has a weight of one part in this many in the average.
const WEIGHT: u64 = 16;

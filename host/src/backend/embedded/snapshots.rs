//! The read-only connections and their snapshots.
//!
//! Beginning and ending a read transaction takes SQLite nearly as long as finding an item, and needs a lock that all
//! connections share. So a connection keeps the snapshot of its last read for the next read until there is a commit. A
//! commit first ends all snapshots of idle connections: so a read after an acknowledged write sees that write, and no
//! snapshot prevents SQLite from merging the log. Other programs must not write into the file; if one does, reads may see
//! its writes only after the next commit.

use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;

use super::connection::execute;
use super::error::StatementError;
use crate::backend::Error;
use crate::idle::Idle;

/// Read-only connections. Each of them serves one read at a time.
#[derive(Debug)]
pub(super) struct Snapshots {
    idle: Idle<Reader>,
    /// How often a commit began or ended. The number is odd during a commit.
    commits: AtomicU64,
}

#[derive(Debug)]
struct Reader {
    connection: Connection,
    /// The value of `commits` when the snapshot was taken; `None` while the connection has no snapshot.
    taken: Option<u64>,
}

impl Snapshots {
    pub(super) fn new(connections: Vec<Connection>) -> Snapshots {
        let idle = Idle::new();
        for connection in connections {
            idle.put(Reader { connection, taken: None }, |_| {});
        }
        Snapshots { idle, commits: AtomicU64::new(0) }
    }

    /// Runs `op` on an idle connection, with one snapshot for all its statements. Returns `None` if there is no idle
    /// connection.
    pub(super) fn read<T>(
        &self,
        op: impl FnOnce(&Connection) -> Result<T, StatementError>,
    ) -> Option<Result<T, StatementError>> {
        let reader = self.idle.take()?;
        let mut loan = Loan { reader: Some(reader), is_sound: false, snapshots: self };
        let outcome = loan.read(op);
        loan.is_sound = outcome.is_ok();
        Some(outcome)
    }

    /// Ends all snapshots. The caller holds the returned guard from before a commit to its end.
    pub(super) fn commit(&self) -> Committing<'_> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        // The number changes first: a read that returns its connection from now on sees it and ends its own snapshot.
        self.idle.for_each(Reader::end);
        Committing(self)
    }

    /// Closes the idle connections.
    pub(super) fn close(&self) {
        while self.idle.take().is_some() {}
    }

    /// Whether the snapshot of a reader shows the same state as a new one would.
    fn is_newest(&self, reader: &Reader) -> bool {
        let commits = self.commits.load(Ordering::SeqCst);
        let is_open = !reader.connection.is_autocommit();
        commits.is_multiple_of(2) && reader.taken == Some(commits) && is_open
    }
}

/// Marks a commit in progress until it is dropped.
pub(super) struct Committing<'a>(&'a Snapshots);

impl Drop for Committing<'_> {
    fn drop(&mut self) {
        self.0.commits.fetch_add(1, Ordering::SeqCst);
    }
}

/// A connection in use. Dropping this returns the connection, also during a panic.
struct Loan<'a> {
    reader: Option<Reader>,
    /// Whether the read succeeded. Only then the snapshot is kept.
    is_sound: bool,
    snapshots: &'a Snapshots,
}

impl Loan<'_> {
    fn read<T>(
        &mut self,
        op: impl FnOnce(&Connection) -> Result<T, StatementError>,
    ) -> Result<T, StatementError> {
        let lost = || Error::Unavailable("a connection to the store's file is gone".to_owned());
        let Reader { connection, taken } = self.reader.as_mut().ok_or_else(lost)?;
        if taken.is_none() {
            // The number is read before the snapshot is taken. A commit in between makes the snapshot look older than it
            // is, which is safe, and never newer.
            let commits = self.snapshots.commits.load(Ordering::SeqCst);
            execute(connection, "BEGIN")?;
            *taken = Some(commits);
        }
        op(connection)
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        let Loan { is_sound, snapshots, .. } = *self;
        if let Some(reader) = self.reader.take() {
            // A commit that begins after `is_newest` has read `commits` finds this connection among the idle ones,
            // because `put` runs the closure under the same lock.
            snapshots.idle.put(reader, |reader| {
                if !is_sound || !snapshots.is_newest(reader) {
                    reader.end();
                }
            });
        }
    }
}

impl Reader {
    fn end(&mut self) {
        if self.taken.take().is_some() {
            // A read has no writes to lose. If the rollback fails, the next `BEGIN` fails and reports the error.
            drop(execute(&self.connection, "ROLLBACK"));
        }
    }
}

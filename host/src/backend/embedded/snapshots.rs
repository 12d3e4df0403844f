//! The connections that read, and how long each may go on seeing what it sees.
//!
//! To begin and to end a read takes SQLite nearly as long as to find an item, and a lock that all connections share. So a
//! connection keeps the snapshot of its last read for the next one, as long as nothing is committed. A commit ends all
//! that are kept before it begins: whoever reads after it was answered sees it, and none holds the log from being merged.
//! What another program writes into the file, which it must not, may be seen only after the next commit.

use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;

use super::connection::execute;
use crate::backend::Error;
use crate::idle::Idle;

/// Connections that cannot write, each lent to one read at a time.
#[derive(Debug)]
pub(super) struct Snapshots {
    idle: Idle<Reader>,
    /// How often a commit began or ended: odd while one is under way.
    commits: AtomicU64,
}

#[derive(Debug)]
struct Reader {
    connection: Connection,
    /// What `commits` was when its snapshot was taken; none while it has no snapshot.
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

    /// Runs `op` on an idle connection: an item and its entries, an index and its copy, all as of one moment. None where
    /// there is no such connection.
    pub(super) fn read<T>(
        &self,
        op: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Option<Result<T, Error>> {
        let reader = self.idle.take()?;
        let mut loan = Loan { reader: Some(reader), is_sound: false, snapshots: self };
        let outcome = loan.read(op);
        loan.is_sound = outcome.is_ok();
        Some(outcome)
    }

    /// To be held from before a commit to its end.
    pub(super) fn commit(&self) -> Committing<'_> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        // Who gives a connection back from now on sees the number above.
        self.idle.for_each(Reader::end);
        Committing(self)
    }

    /// Closes the connections that are idle.
    pub(super) fn close(&self) {
        while self.idle.take().is_some() {}
    }

    /// Whether the snapshot of a reader is what a new one would be.
    fn is_newest(&self, reader: &Reader) -> bool {
        let commits = self.commits.load(Ordering::SeqCst);
        let is_open = !reader.connection.is_autocommit();
        commits.is_multiple_of(2) && reader.taken == Some(commits) && is_open
    }
}

/// A commit is under way.
pub(super) struct Committing<'a>(&'a Snapshots);

impl Drop for Committing<'_> {
    fn drop(&mut self) {
        self.0.commits.fetch_add(1, Ordering::SeqCst);
    }
}

/// A connection that goes back when it is dropped, also by a panic.
struct Loan<'a> {
    reader: Option<Reader>,
    /// Whether the read went as it should: only then its snapshot is kept.
    is_sound: bool,
    snapshots: &'a Snapshots,
}

impl Loan<'_> {
    fn read<T>(&mut self, op: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let lost = || Error::Unavailable("a connection is not there any more".to_owned());
        let Reader { connection, taken } = self.reader.as_mut().ok_or_else(lost)?;
        if taken.is_none() {
            // Before the snapshot is taken: a commit in between makes it look older than it is, never newer.
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
            // A commit that begins after this look finds the connection among the idle ones.
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
            // Nothing was written that could be lost; where it fails, the next read cannot begin, and says so.
            drop(execute(&self.connection, "ROLLBACK"));
        }
    }
}

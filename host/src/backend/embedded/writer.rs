//! All writes, on one thread with the only connection that writes.
//!
//! Writes that arrive while the disk syncs wait in a queue. The thread commits all waiting writes together, so that they
//! share one sync (group commit).
//!
//! `committing` finds out what is known after a commit that failed. If nothing is known, the writer stores nothing more
//! until a restart.

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::{io, iter};

use rusqlite::Connection;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::committing::{BatchError, begin, commit, probe};
use super::error;
use super::opened::OpenedFiles;
use super::snapshots::Snapshots;
use crate::backend::Error;

/// How many writes may wait. At some 10,000 a second they wait for a tenth of one.
const QUEUE: usize = 1024;

/// The most writes in one commit: limits how long the first of them waits.
const BATCH: usize = 256;

/// Does its work in an open transaction, or is refused. Gives back how it is answered.
type Job = Box<dyn FnOnce(Result<&Connection, Error>) -> Answer + Send>;

/// Answers a job after the commit, with what the job found or with what befell the commit.
type Answer = Box<dyn FnOnce(Option<Error>)>;

/// The way to the writing thread.
#[derive(Debug)]
pub(super) struct Writer {
    /// `None` after the store is closed. The thread ends when it has done what waits.
    queue: RwLock<Option<mpsc::Sender<Job>>>,
    /// Why nothing more is stored.
    failure: Arc<OnceLock<String>>,
    /// Whether the last batch could not be stored, for a reason that may pass: a full disk, a file that was moved away.
    failing: Arc<AtomicBool>,
    /// Closes when the thread has ended.
    ended: tokio::sync::Mutex<oneshot::Receiver<()>>,
}

/// The other end, until the thread is started.
pub(super) struct Inbox {
    queue: mpsc::Receiver<Job>,
    failure: Arc<OnceLock<String>>,
    failing: Arc<AtomicBool>,
    ended: oneshot::Sender<()>,
}

impl Writer {
    /// A writer whose queue nobody serves yet.
    pub(super) fn new() -> (Writer, Inbox) {
        let (sender, queue) = mpsc::channel(QUEUE);
        let (ended, has_ended) = oneshot::channel();
        let failure = Arc::new(OnceLock::new());
        let failing = Arc::new(AtomicBool::new(false));
        let inbox = Inbox { queue, failure: Arc::clone(&failure), failing: Arc::clone(&failing), ended };
        let ended = tokio::sync::Mutex::new(has_ended);
        (Writer { queue: RwLock::new(Some(sender)), failure, failing, ended }, inbox)
    }

    /// Runs `op` in a transaction, and answers after its commit. An `op` that fails must have changed nothing.
    /// Once it is queued it is done, whether or not somebody waits for the answer.
    pub(super) async fn submit<T: Send + 'static>(
        &self,
        op: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let outcome = connection.and_then(op);
            Box::new(move |failure| {
                let answer = match (outcome, failure) {
                    (Ok(_), Some(failure)) => Err(failure),
                    (outcome, _) => outcome,
                };
                // Nobody may wait for it any more.
                drop(sender.send(answer));
            })
        });
        self.sender()?.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => Error::Throttled { retry_after: None },
            TrySendError::Closed(_) => thread_ended(),
        })?;
        let lost = |_| Error::Unknown("the writing thread ended before it answered".to_owned());
        answer.await.map_err(lost)?
    }

    /// How many writes are in the queue.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.sender().map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }

    /// Whether writes can be stored: stores one that changes nothing.
    pub(super) async fn check(&self) -> Result<(), Error> {
        self.check_thread()?;
        match self.submit(probe).await {
            // The writes that fill the queue are being stored.
            Err(Error::Throttled { .. }) if !self.failing.load(Ordering::Relaxed) => Ok(()),
            stored => stored,
        }
    }

    fn check_thread(&self) -> Result<(), Error> {
        if let Some(reason) = self.failure.get() {
            return Err(Error::Unavailable(reason.clone()));
        }
        if self.sender()?.is_closed() { Err(thread_ended()) } else { Ok(()) }
    }

    fn sender(&self) -> Result<mpsc::Sender<Job>, Error> {
        let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner);
        queue.clone().ok_or_else(|| Error::Unavailable("the store is closed".to_owned()))
    }

    /// Takes no more writes, and returns when those that wait are committed and the thread has ended.
    pub(super) async fn close(&self) {
        self.queue.write().unwrap_or_else(PoisonError::into_inner).take();
        let mut ended = self.ended.lock().await;
        if !ended.is_terminated() {
            drop((&mut *ended).await);
        }
    }
}

fn thread_ended() -> Error {
    Error::Unavailable("the writing thread has ended".to_owned())
}

impl Inbox {
    /// Starts the thread. It ends when the writer is closed or dropped; until then it holds the lock.
    pub(super) fn start(
        self,
        connection: Connection,
        lock: File,
        files: OpenedFiles,
        snapshots: Arc<Snapshots>,
    ) -> io::Result<JoinHandle<()>> {
        let Inbox { mut queue, failure, failing, ended } = self;
        thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
            let disk = Disk { connection: &connection, files: &files, snapshots: &snapshots };
            disk.serve(&mut queue, &failure, &failing);
            // `ended` comes last: a task that waits for it may open the store again.
            drop(connection);
            // Let go, not only closed: a process that is just being started has every file open until it is another program.
            drop(lock.unlock());
            drop(ended);
        })
    }
}

/// What is written to, and whom a commit concerns.
struct Disk<'a> {
    connection: &'a Connection,
    files: &'a OpenedFiles,
    snapshots: &'a Snapshots,
}

impl Disk<'_> {
    fn serve(&self, queue: &mut mpsc::Receiver<Job>, failure: &OnceLock<String>, failing: &AtomicBool) {
        while let Some(first) = queue.blocking_recv() {
            if let Some(reason) = failure.get() {
                first(Err(Error::Unavailable(reason.clone())))(None);
                continue;
            }
            // The jobs that wait, and those that arrive while these run.
            let waiting = iter::from_fn(|| queue.try_recv().ok());
            let (answers, verdict) = self.commit_all(iter::once(first).chain(waiting).take(BATCH));
            if let Err(BatchError { end: Some(reason), .. }) = &verdict {
                tracing::error!(%reason, "the store stops writing");
                // Before anybody is answered: no check after an answer finds the writer in order.
                failure.get_or_init(|| reason.clone());
            }
            let has_failed_before = failing.swap(verdict.is_err(), Ordering::Relaxed);
            for answer in answers {
                answer(verdict.as_ref().err().map(|fault| fault.error.clone()));
            }
            if verdict.is_err()
                && !has_failed_before
                && failure.get().is_none()
                && self.files.check().is_err()
            {
                self.merge_log("PASSIVE");
            }
        }
        // No reader may hold the log from being merged, or the file when somebody else may open it.
        let _last = self.snapshots.commit();
        self.snapshots.close();
        if failure.get().is_none() {
            self.merge_log("TRUNCATE");
        }
    }

    /// Brings what is in the log into the file, if that is still in its place; also from a log that was removed. The log
    /// of a file that was replaced may belong to the new one, and stays as it is.
    fn merge_log(&self, mode: &str) {
        if self.files.check_first().is_err() {
            return;
        }
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        if let Err(error) = self.connection.query_row(&sql, [], |_| Ok(())) {
            // Nothing is lost where the log is in its place: the next start reads it.
            tracing::warn!(error = error::text(&error), "the store's log could not be merged");
        }
    }

    /// Runs all jobs in one transaction. They are answered later, when the result of the commit is known.
    fn commit_all(&self, jobs: impl Iterator<Item = Job>) -> (Vec<Answer>, Result<(), BatchError>) {
        let mut verdict = begin(self.connection, self.files);
        let mut answers = Vec::new();
        for job in jobs {
            answers.push(match &verdict {
                Ok(()) => job(Ok(self.connection)),
                Err(fault) => job(Err(fault.error.clone())),
            });
            // SQLite ends the transaction itself when a statement meets a full or broken disk. That was not a commit:
            // nothing of the batch is stored.
            if verdict.is_ok() && self.connection.is_autocommit() {
                verdict =
                    Err(BatchError::passing(Error::Unavailable("the disk is full or broken".to_owned())));
            }
        }
        let _committing = self.snapshots.commit();
        let verdict = verdict.and_then(|()| commit(self.connection, self.files));
        (answers, verdict)
    }
}

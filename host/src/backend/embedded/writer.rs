//! Makes all writes on one thread, which has the only connection that writes.
//!
//! Writes that arrive while the disk syncs wait in a queue. The thread commits all waiting writes together, so that they
//! share one sync (group commit).
//!
//! `committing` determines the outcome of a failed commit. If the outcome is unknown, the writer stores nothing more until
//! a restart.

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::{io, iter};

use rusqlite::Connection;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::committing::{BatchError, begin, commit, probe};
use super::error::{self, StatementError};
use super::opened::OpenedFiles;
use super::replacing;
use super::snapshots::Snapshots;
use crate::backend::Error;

/// The most waiting writes. At about 10,000 writes a second, the last of them waits for a tenth of a second.
const QUEUE: usize = 1024;

/// The most writes in one commit. This limits how long the first of them waits.
const BATCH: usize = 256;

/// What the thread does for a caller.
enum Job {
    Write(Write),
    Replace(Box<Replacement>),
}

/// A write. It gets a connection with an open transaction, or the error that prevented the transaction. It returns the
/// function that answers its caller.
type Write = Box<dyn FnOnce(Result<&Connection, Error>) -> Answer + Send>;

/// Answers the caller of a job after the commit, with the job's result or with the error of the commit.
type Answer = Box<dyn FnOnce(Option<Error>)>;

/// A store in memory whose content is to become that of the file.
struct Replacement {
    content: Connection,
    answer: oneshot::Sender<Result<(), Error>>,
}

/// Sends writes to the writing thread.
#[derive(Debug)]
pub(super) struct Writer {
    /// `None` after the store is closed. The thread then ends after it has done the waiting writes.
    queue: RwLock<Option<mpsc::Sender<Job>>>,
    /// The reason why the writer has stopped for good, if it has.
    failure: Arc<OnceLock<String>>,
    /// Whether the last batch failed. The reason may be temporary, for example a full disk or a file that was moved.
    failing: Arc<AtomicBool>,
    /// This channel closes when the thread has ended.
    ended: tokio::sync::Mutex<oneshot::Receiver<()>>,
}

/// The receiving end of a [`Writer`], before its thread is started.
pub(super) struct Inbox {
    jobs: Jobs,
    ended: oneshot::Sender<()>,
}

/// The waiting jobs, and what the writer knows of their outcomes.
struct Jobs {
    queue: mpsc::Receiver<Job>,
    /// A replacement that ended a batch of writes, and comes next.
    held: Option<Job>,
    failure: Arc<OnceLock<String>>,
    failing: Arc<AtomicBool>,
}

impl Writer {
    /// A writer whose thread is not started yet.
    pub(super) fn new() -> (Writer, Inbox) {
        let (sender, queue) = mpsc::channel(QUEUE);
        let (ended, has_ended) = oneshot::channel();
        let failure = Arc::new(OnceLock::new());
        let failing = Arc::new(AtomicBool::new(false));
        let jobs = Jobs { queue, held: None, failure: Arc::clone(&failure), failing: Arc::clone(&failing) };
        let inbox = Inbox { jobs, ended };
        let ended = tokio::sync::Mutex::new(has_ended);
        (Writer { queue: RwLock::new(Some(sender)), failure, failing, ended }, inbox)
    }

    /// Runs `op` in a transaction and returns after its commit. If `op` fails, it must not have changed anything.
    /// A queued `op` always runs, even if its caller is dropped.
    pub(super) async fn submit<T: Send + 'static>(
        &self,
        op: impl FnOnce(&Connection) -> Result<T, StatementError> + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, answer) = oneshot::channel();
        let write: Write = Box::new(move |connection| {
            let outcome = connection.and_then(|connection| op(connection).map_err(Error::from));
            Box::new(move |failure| {
                let answer = match (outcome, failure) {
                    (Ok(_), Some(failure)) => Err(failure),
                    (outcome, _) => outcome,
                };
                // Sending fails if the caller was dropped, which is not an error.
                drop(sender.send(answer));
            })
        });
        self.send(Job::Write(write))?;
        answer.await.map_err(|_| lost())?
    }

    /// Replaces the whole content of the file with that of a store in memory, in one transaction between two batches of
    /// writes. A queued replacement always runs, even if its caller is dropped.
    pub(super) async fn replace(&self, content: Connection) -> Result<(), Error> {
        let (sender, answer) = oneshot::channel();
        self.send(Job::Replace(Box::new(Replacement { content, answer: sender })))?;
        answer.await.map_err(|_| lost())?
    }

    fn send(&self, job: Job) -> Result<(), Error> {
        self.sender()?.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => Error::Throttled { retry_after: None },
            TrySendError::Closed(_) => thread_ended(),
        })
    }

    /// The number of writes in the queue.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.sender().map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }

    /// Checks that writes can be stored, with a write that changes nothing.
    pub(super) async fn check(&self) -> Result<(), Error> {
        self.check_thread()?;
        match self.submit(probe).await {
            // The queue is full, but the last batch was stored, so writes work.
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

    /// Accepts no more writes, and returns after the waiting writes are committed and the thread has ended.
    pub(super) async fn close(&self) {
        self.queue.write().unwrap_or_else(PoisonError::into_inner).take();
        let mut ended = self.ended.lock().await;
        if !ended.is_terminated() {
            drop((&mut *ended).await);
        }
    }
}

fn lost() -> Error {
    Error::Unknown("the writing thread ended before it answered".to_owned())
}

fn thread_ended() -> Error {
    Error::Unavailable("the writing thread has ended".to_owned())
}

impl Inbox {
    /// Starts the thread. It ends when the writer is closed or dropped, and holds the folder's lock until then.
    pub(super) fn start(
        self,
        connection: Connection,
        lock: File,
        files: OpenedFiles,
        snapshots: Arc<Snapshots>,
    ) -> io::Result<JoinHandle<()>> {
        let Inbox { mut jobs, ended } = self;
        thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
            let mut disk = Disk { connection, files, snapshots };
            while let Some(first) = jobs.held.take().or_else(|| jobs.queue.blocking_recv()) {
                disk.serve(first, &mut jobs);
            }
            disk.finish(&jobs);
            // `ended` is dropped last, because a task that waits for it may open the store again.
            drop(disk);
            // The file is unlocked explicitly, because a child process between fork and exec still has it open, and a lock
            // that is only closed would last until then.
            drop(lock.unlock());
            drop(ended);
        })
    }
}

/// The connection that writes, and what each commit must check and invalidate.
struct Disk {
    connection: Connection,
    files: OpenedFiles,
    snapshots: Arc<Snapshots>,
}

impl Disk {
    /// Does a job, and if it is a write, all waiting writes with it.
    fn serve(&mut self, first: Job, Jobs { queue, held, failure, failing }: &mut Jobs) {
        let first = match first {
            Job::Write(write) => write,
            Job::Replace(replacement) => return self.replace(*replacement, failure),
        };
        if let Some(reason) = failure.get() {
            return first(Err(Error::Unavailable(reason.clone())))(None);
        }
        // The iterator yields the waiting writes, and also those that arrive while earlier ones run.
        let waiting = iter::from_fn(|| match queue.try_recv().ok()? {
            Job::Write(write) => Some(write),
            Job::Replace(replacement) => {
                *held = Some(Job::Replace(replacement));
                None
            }
        });
        let (answers, verdict) = self.commit_all(iter::once(first).chain(waiting).take(BATCH));
        note_end(&verdict, failure);
        let has_failed_before = failing.swap(verdict.is_err(), Ordering::Relaxed);
        for answer in answers {
            answer(verdict.as_ref().err().map(|fault| fault.error.clone()));
        }
        if verdict.is_err() && !has_failed_before && failure.get().is_none() && self.files.check().is_err() {
            self.merge_log("PASSIVE");
        }
    }

    /// Ends the snapshots and merges the log. An open snapshot would prevent SQLite from merging the log. An open connection
    /// would still have the file open when another process may open it.
    fn finish(&self, jobs: &Jobs) {
        let _last = self.snapshots.commit();
        self.snapshots.close();
        if jobs.failure.get().is_none() {
            self.merge_log("TRUNCATE");
        }
    }

    /// Replaces the content, and then merges the log, which has grown by the size of the content. The log is merged after the
    /// answer, because the content is already synced.
    fn replace(&mut self, Replacement { content, answer }: Replacement, failure: &OnceLock<String>) {
        let verdict = if let Some(reason) = failure.get() {
            Err(BatchError::passing(Error::Unavailable(reason.clone())))
        } else {
            let _committing = self.snapshots.commit();
            replacing::replace(&mut self.connection, &content, &self.files)
        };
        note_end(&verdict, failure);
        let is_replaced = verdict.is_ok();
        // Sending fails if the caller was dropped, which is not an error.
        drop(answer.send(verdict.map_err(|fault| fault.error)));
        drop(content);
        if is_replaced {
            self.merge_log("PASSIVE");
        }
    }

    /// Merges the log into the file, if the file is still in its place. This also saves the content of a log that was
    /// removed. If the file was replaced, the log may belong to the new file, so it stays unchanged.
    fn merge_log(&self, mode: &str) {
        if self.files.check_first().is_err() {
            return;
        }
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        if let Err(error) = self.connection.query_row(&sql, [], |_| Ok(())) {
            // If the log is in its place, nothing is lost: the next start reads it.
            tracing::warn!(error = error::text(&error), "the store's log could not be merged");
        }
    }

    /// Runs all writes in one transaction and commits it. The caller answers them when the result of the commit is known.
    fn commit_all(&self, writes: impl Iterator<Item = Write>) -> (Vec<Answer>, Result<(), BatchError>) {
        let mut verdict = begin(&self.connection, &self.files);
        let mut answers = Vec::new();
        for write in writes {
            answers.push(match &verdict {
                Ok(()) => write(Ok(&self.connection)),
                Err(fault) => write(Err(fault.error.clone())),
            });
            // If a statement fails because the disk is full or broken, SQLite rolls the transaction back by itself.
            // Nothing of the batch is stored.
            if verdict.is_ok() && self.connection.is_autocommit() {
                verdict =
                    Err(BatchError::passing(Error::Unavailable("the disk is full or broken".to_owned())));
            }
        }
        let _committing = self.snapshots.commit();
        let verdict = verdict.and_then(|()| commit(&self.connection, &self.files));
        (answers, verdict)
    }
}

/// The writer without a thread: whoever has this decides when waiting writes are committed.
#[cfg(feature = "suite")]
pub(super) struct Turns {
    disk: Disk,
    jobs: Jobs,
}

#[cfg(feature = "suite")]
impl Turns {
    pub(super) fn new(
        Inbox { jobs, .. }: Inbox,
        connection: Connection,
        files: OpenedFiles,
        snapshots: Arc<Snapshots>,
    ) -> Turns {
        Turns { disk: Disk { connection, files, snapshots }, jobs }
    }

    /// Does the first waiting job as the thread would do it. Returns `false` if no job waits.
    pub(super) fn turn(&mut self) -> bool {
        let Some(first) = self.jobs.held.take().or_else(|| self.jobs.queue.try_recv().ok()) else {
            return false;
        };
        self.disk.serve(first, &mut self.jobs);
        true
    }

    /// Does what the thread does at its end.
    pub(super) fn finish(&self) {
        self.disk.finish(&self.jobs);
    }
}

/// Records why the store must stop writing, if it must. This happens before the answers, so that a check after an answer
/// reports it.
fn note_end(verdict: &Result<(), BatchError>, failure: &OnceLock<String>) {
    if let Err(BatchError { end: Some(reason), .. }) = verdict {
        tracing::error!(%reason, "the store stops writing");
        failure.get_or_init(|| reason.clone());
    }
}

//! All writes, on one thread with the only connection that writes.
//!
//! Writes that come in while the disk syncs wait in a queue, and are committed together: one sync for all of
//! them. Nobody waits for a batch to fill, so that a lone write takes one sync and no more.
//!
//! A commit that fails leaves it open what is on the disk, and a sync that failed must not be tried again: the
//! kernel may have dropped the pages and report success. So the writer then stores nothing more until a restart.

use std::fs::File;
use std::io;
use std::iter;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, ErrorCode};
use tokio::sync::{mpsc, oneshot};

use super::connection::execute;
use super::layout::VERSION;
use crate::backend::Error;

/// How many writes may wait. At some 10,000 a second they wait for a tenth of one.
const QUEUE: usize = 1024;

/// The most writes in one commit: bounds how long the first of them waits.
const BATCH: usize = 256;

/// Does its work in an open transaction, or is refused. Gives back how it is answered.
type Job = Box<dyn FnOnce(Result<&Connection, Error>) -> Answer + Send>;

/// Answers a job after the commit, with what the job found or with what befell the commit.
type Answer = Box<dyn FnOnce(Option<Error>)>;

/// The way to the writing thread.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Mutex<Option<mpsc::Sender<Job>>>,
    /// Why nothing more is stored.
    failure: Arc<OnceLock<String>>,
    /// Whether the last batch could not be stored, for a reason that may pass: a full disk.
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
        (Writer { queue: Mutex::new(Some(sender)), failure, failing, ended }, inbox)
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
        self.enqueue(job)?;
        let lost = |_| Error::Unknown("the writing thread ended before it answered".to_owned());
        answer.await.map_err(lost)?
    }

    fn enqueue(&self, job: Job) -> Result<(), Error> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(queue) = queue.as_ref() else { return Err(closed()) };
        queue.try_send(job).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Error::Throttled { retry_after: None },
            mpsc::error::TrySendError::Closed(_) => {
                Error::Unavailable("the writing thread has ended".to_owned())
            }
        })
    }

    /// How many writes are in the queue.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }

    /// Whether writes can be stored. Where the last ones could not, tries one that changes nothing.
    pub(super) async fn check(&self) -> Result<(), Error> {
        self.check_thread()?;
        if self.failing.load(Ordering::Relaxed) {
            self.submit(|connection| Ok(connection.pragma_update(None, "user_version", VERSION)?)).await?;
        }
        Ok(())
    }

    fn check_thread(&self) -> Result<(), Error> {
        if let Some(reason) = self.failure.get() {
            return Err(Error::Unavailable(reason.clone()));
        }
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        match queue.as_ref() {
            None => Err(closed()),
            Some(queue) if queue.is_closed() => {
                Err(Error::Unavailable("the writing thread has ended".to_owned()))
            }
            Some(_) => Ok(()),
        }
    }

    /// Takes no more writes, and returns when those that wait are committed and the thread has ended.
    pub(super) async fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let mut ended = self.ended.lock().await;
        if !ended.is_terminated() {
            drop((&mut *ended).await);
        }
    }
}

fn closed() -> Error {
    Error::Unavailable("the store is closed".to_owned())
}

impl Inbox {
    /// Starts the thread. It ends when the writer is closed or dropped; until then it holds the lock.
    pub(super) fn start(self, connection: Connection, lock: File) -> io::Result<JoinHandle<()>> {
        let Inbox { mut queue, failure, failing, ended } = self;
        thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
            serve(&connection, &mut queue, &failure, &failing);
            // In this order: who hears that the thread has ended may open the store again.
            drop(connection);
            drop(lock);
            drop(ended);
        })
    }
}

fn serve(
    connection: &Connection,
    queue: &mut mpsc::Receiver<Job>,
    failure: &OnceLock<String>,
    failing: &AtomicBool,
) {
    while let Some(first) = queue.blocking_recv() {
        if let Some(reason) = failure.get() {
            first(Err(Error::Unavailable(reason.clone())))(None);
            continue;
        }
        let waiting = iter::from_fn(|| queue.try_recv().ok());
        let batch = iter::once(first).chain(waiting).take(BATCH);
        let (answers, verdict) = commit_all(connection, batch);
        if let Err(Fault { end: Some(reason), .. }) = &verdict {
            tracing::error!(%reason, "the store stops writing");
            // Before anybody is answered: no check after an answer finds the writer in order.
            failure.get_or_init(|| reason.clone());
        }
        failing.store(verdict.is_err(), Ordering::Relaxed);
        for answer in answers {
            answer(verdict.as_ref().err().map(|fault| fault.error.clone()));
        }
    }
    if failure.get().is_none()
        && let Err(error) = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    {
        // Nothing is lost: the next start reads the log.
        tracing::warn!(%error, "the store's log could not be merged while closing");
    }
}

/// What befell a whole batch.
struct Fault {
    error: Error,
    /// Why nothing may be written any more, where that is so.
    end: Option<String>,
}

impl Fault {
    fn passing(error: impl Into<Error>) -> Fault {
        Fault { error: error.into(), end: None }
    }
}

/// One transaction over all jobs. They are answered later, when it is known what became of it.
fn commit_all(connection: &Connection, batch: impl Iterator<Item = Job>) -> (Vec<Answer>, Result<(), Fault>) {
    let mut verdict = execute(connection, "BEGIN IMMEDIATE").map_err(Fault::passing);
    let mut answers = Vec::new();
    for job in batch {
        answers.push(match &verdict {
            Ok(()) => job(Ok(connection)),
            Err(fault) => job(Err(fault.error.clone())),
        });
        // SQLite ends the transaction itself when a statement meets a full or broken disk. That was no commit:
        // nothing of the batch is stored.
        if verdict.is_ok() && connection.is_autocommit() {
            verdict = Err(Fault::passing(Error::Unavailable("the disk is full or broken".to_owned())));
        }
    }
    let verdict = verdict.and_then(|()| commit(connection));
    (answers, verdict)
}

fn commit(connection: &Connection) -> Result<(), Fault> {
    let Err(error) = execute(connection, "COMMIT") else { return Ok(()) };
    // SQLITE_FULL means that "a write could not complete because the disk is full" (sqlite.org/rescode.html); a
    // sync that fails is SQLITE_IOERR_FSYNC. So no sync has failed and the writer may go on when there is room
    // again. It is not documented that nothing of the transaction can come back after a crash: unknown.
    let is_full = error.sqlite_error_code() == Some(ErrorCode::DiskFull);
    let is_back = connection.is_autocommit() || execute(connection, "ROLLBACK").is_ok();
    let end = format!("a commit failed ({error}), restart the host");
    Err(Fault { error: Error::Unknown(error.to_string()), end: (!is_full || !is_back).then_some(end) })
}

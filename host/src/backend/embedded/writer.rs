//! All writes, on one thread with the only connection that writes.
//!
//! Writes that come in while the disk syncs wait in a queue, and are committed together: one sync for all of
//! them. A commit waits a little for clients that are likely to write again at once (see `gathering`), never for
//! more than there are, so that a lone write takes one sync and no more.
//!
//! A commit that fails leaves it open what is on the disk, and a sync that failed must not be tried again: the
//! kernel may have dropped the pages and report success. So the writer then stores nothing more until a restart.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::oneshot;

use super::connection::execute;
use super::gathering::Gathering;
use super::layout::VERSION;
use super::queue::{self, Inlet, Outlet, Shut};
use super::snapshots::Snapshots;
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
    queue: Inlet<Job>,
    /// Why nothing more is stored.
    failure: Arc<OnceLock<String>>,
    /// Whether the last batch could not be stored, for a reason that may pass: a full disk.
    failing: Arc<AtomicBool>,
    /// Closes when the thread has ended.
    ended: tokio::sync::Mutex<oneshot::Receiver<()>>,
}

/// The other end, until the thread is started.
pub(super) struct Inbox {
    queue: Outlet<Job>,
    failure: Arc<OnceLock<String>>,
    failing: Arc<AtomicBool>,
    ended: oneshot::Sender<()>,
}

impl Writer {
    /// A writer whose queue nobody serves yet.
    pub(super) fn new() -> (Writer, Inbox) {
        let (inlet, outlet) = queue::bounded(QUEUE);
        let (ended, has_ended) = oneshot::channel();
        let failure = Arc::new(OnceLock::new());
        let failing = Arc::new(AtomicBool::new(false));
        let inbox =
            Inbox { queue: outlet, failure: Arc::clone(&failure), failing: Arc::clone(&failing), ended };
        let ended = tokio::sync::Mutex::new(has_ended);
        (Writer { queue: inlet, failure, failing, ended }, inbox)
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
        self.queue.put(job).map_err(refused)?;
        let lost = |_| Error::Unknown("the writing thread ended before it answered".to_owned());
        answer.await.map_err(lost)?
    }

    /// How many writes are in the queue.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.queue.waiting()
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
        self.queue.check().map_err(refused)
    }

    /// Takes no more writes, and returns when those that wait are committed and the thread has ended.
    pub(super) async fn close(&self) {
        self.queue.close();
        let mut ended = self.ended.lock().await;
        if !ended.is_terminated() {
            drop((&mut *ended).await);
        }
    }
}

fn refused(why: Shut) -> Error {
    match why {
        Shut::Full => Error::Throttled { retry_after: None },
        Shut::Closed => Error::Unavailable("the store is closed".to_owned()),
        Shut::Abandoned => Error::Unavailable("the writing thread has ended".to_owned()),
    }
}

impl Inbox {
    /// Starts the thread. It ends when the writer is closed or dropped; until then it holds the lock.
    pub(super) fn start(
        self,
        connection: Connection,
        lock: File,
        snapshots: Arc<Snapshots>,
    ) -> io::Result<JoinHandle<()>> {
        let Inbox { queue, failure, failing, ended } = self;
        thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
            serve(&connection, &snapshots, &queue, &failure, &failing);
            // In this order: who hears that the thread has ended may open the store again.
            drop(connection);
            // Let go, not only closed: a process that is just being started has every file open until it is another program.
            drop(lock.unlock());
            drop(ended);
        })
    }
}

fn serve(
    connection: &Connection,
    snapshots: &Snapshots,
    queue: &Outlet<Job>,
    failure: &OnceLock<String>,
    failing: &AtomicBool,
) {
    let mut gathering = Gathering::default();
    while let Some(first) = queue.wait() {
        if let Some(reason) = failure.get() {
            first(Err(Error::Unavailable(reason.clone())))(None);
            continue;
        }
        let (answers, verdict, taken) =
            commit_all(connection, snapshots, Batch::of(first, queue, &gathering));
        gathering.committed(answers.len(), queue.waiting(), taken);
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
    // No reader may hold the log from being merged, or the file when somebody else may open it.
    let _last = snapshots.commit();
    snapshots.close();
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

/// The jobs of one commit: those that wait, those that come while these are run, and those worth waiting for.
struct Batch<'a> {
    first: Option<Job>,
    queue: &'a Outlet<Job>,
    gathering: &'a Gathering,
    gathered: usize,
    deadline: Option<Instant>,
}

impl<'a> Batch<'a> {
    fn of(first: Job, queue: &'a Outlet<Job>, gathering: &'a Gathering) -> Batch<'a> {
        Batch { first: Some(first), queue, gathering, gathered: 0, deadline: None }
    }

    fn await_more(&mut self) -> Option<Job> {
        let missing = self.gathering.missing(self.gathered).min(BATCH - self.gathered);
        let patience = self.gathering.patience().filter(|_| missing > 0)?;
        // One deadline for the whole batch: it is not moved by writes that come one by one.
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + patience);
        self.queue.wait_for(missing, deadline);
        self.queue.next()
    }
}

impl Iterator for Batch<'_> {
    type Item = Job;

    fn next(&mut self) -> Option<Job> {
        if self.gathered == BATCH {
            return None;
        }
        let job = self.first.take().or_else(|| self.queue.next()).or_else(|| self.await_more())?;
        self.gathered += 1;
        Some(job)
    }
}

/// One transaction over all jobs. They are answered later, when it is known what became of it. Says too how long
/// the disk took for the commit.
fn commit_all(
    connection: &Connection,
    snapshots: &Snapshots,
    batch: Batch<'_>,
) -> (Vec<Answer>, Result<(), Fault>, Duration) {
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
    let _committing = snapshots.commit();
    let (begun, processed) = (Instant::now(), processor_time());
    let verdict = verdict.and_then(|()| commit(connection));
    let processed = processor_time().saturating_sub(processed);
    (answers, verdict, begun.elapsed().saturating_sub(processed))
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

/// What this thread has had of a processor. The rest of the time it waited: in a commit, for the disk.
fn processor_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

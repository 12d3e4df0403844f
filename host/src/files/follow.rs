//! Follows files: checks them twice a second, and reads them after a change.

use std::fmt::Display;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc as blocking;
use std::thread;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tracing::{error, warn};

use super::take_over::{TakeOver, Trouble};

/// Files that are read together, and read again after every change of one of them.
pub(crate) struct Followed<R> {
    /// The name of the files in the log.
    pub(crate) subject: &'static str,
    /// All files that `read` reads.
    pub(crate) files: Vec<PathBuf>,
    /// Reads them. It runs on a thread of its own and may block.
    pub(crate) read: R,
}

impl<R> Followed<R> {
    /// Passes new contents to `take` within a second, for as long as the future is polled. `take` returns whether the
    /// contents changed anything.
    ///
    /// Files that cannot be used are read again at every check until they can be used. The log has a line about that at
    /// once, then once a minute, and once when the files can be used again.
    pub(crate) async fn follow<T, E>(self, take: impl FnMut(T) -> bool)
    where
        R: FnMut() -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Display + Send + 'static,
    {
        let subject = self.subject;
        let mut looks = match Looks::start(self.files, self.read) {
            Ok(looks) => looks,
            Err(error) => {
                return error!(%error, "changes of {subject} are not noticed until the host is restarted");
            }
        };
        let mut followed = TakeOver::new(subject, take);
        let mut ticks = interval(FOLLOW_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let Some(look) = looks.next(subject, &mut followed.trouble).await else {
                return error!(
                    "changes of {subject} are not noticed until the host is restarted: the thread that reads has ended"
                );
            };
            followed.seen(look.transpose());
        }
    }
}

/// The result of one check: `None` if nothing changed.
type Look<T, E> = Option<Result<T, E>>;

/// Checks files on a thread of its own. A file system that hangs blocks only that thread, and neither requests nor the end
/// of the process.
struct Looks<T, E> {
    ask: blocking::Sender<()>,
    seen: mpsc::Receiver<Look<T, E>>,
}

impl<T: Send + 'static, E: Send + 'static> Looks<T, E> {
    fn start(
        files: Vec<PathBuf>,
        mut read: impl FnMut() -> Result<T, E> + Send + 'static,
    ) -> io::Result<Self> {
        let (ask, asked) = blocking::channel();
        let (tell, seen) = mpsc::channel(1);
        let look = move || {
            let mut last = None;
            // The loop ends when the sender is dropped.
            for () in asked {
                // The state is taken before the files are read, so that a change in between is never missed.
                let stamps: Vec<_> = files.iter().map(|file| Stamp::of(file)).collect();
                let look = (last.as_ref() != Some(&stamps)).then(&mut read);
                if let Some(read) = &look {
                    let is_settled = stamps.iter().flatten().all(Stamp::is_settled);
                    last = (read.is_ok() && is_settled).then_some(stamps);
                }
                if tell.blocking_send(look).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("files".to_owned()).spawn(look)?;
        Ok(Looks { ask, seen })
    }

    /// Checks once, however long that takes. Returns `None` if the thread has ended.
    async fn next(&mut self, subject: &str, trouble: &mut Trouble) -> Option<Look<T, E>> {
        self.ask.send(()).ok()?;
        let begun = Instant::now();
        loop {
            match timeout(PATIENCE, self.seen.recv()).await {
                Ok(look) => return look,
                Err(_) if trouble.is_due() => warn!(
                    seconds = begun.elapsed().as_secs(),
                    "the file system does not answer for {subject}; the last valid contents stay in force"
                ),
                Err(_) => {}
            }
        }
    }
}

/// The state of a file, which differs after every change and for every file that replaces it.
#[derive(PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    /// Unlike the time above, no program can set this time.
    changed: (i64, i64),
}

impl Stamp {
    /// The state of the file behind all links, or `None` if there is no file.
    fn of(file: &Path) -> Option<Stamp> {
        let found = fs::metadata(file).ok()?;
        Some(Stamp {
            device: found.dev(),
            inode: found.ino(),
            size: found.size(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        })
    }

    /// Whether the next change will show. Times of files advance in steps of some milliseconds, so that two changes in a
    /// row can leave the same time.
    fn is_settled(&self) -> bool {
        let changed = u64::try_from(self.changed.0).unwrap_or(0);
        let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(changed);
        // An error means a time in the future, from a file server whose clock may be wrong for ever.
        changed.elapsed().map_or(true, |age| age > SETTLING_TIME)
    }
}

/// How often files are checked.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(500);
/// How long a check may take before the log reports it.
const PATIENCE: Duration = Duration::from_secs(5);
/// More than the longest step of the time of any file system, which is two seconds.
const SETTLING_TIME: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests;

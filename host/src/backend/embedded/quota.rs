//! Keeps counts in the file `usage` of the data folder. The file has one line of text for each client and window.
//!
//! A line is overwritten in place, with one write, before its unit is handed out. A finished write is in the kernel, so
//! it survives every end of the process. So a restart never hands out a unit twice, and a unit costs one system
//! call and no sync. The file is synced every second, so a power cut loses at most the counts of the last second. A new
//! line is synced immediately.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use tempfile::NamedTempFile;
use tracing::warn;

use super::Embedded;
use super::error::OpenError;
use super::folder::{self, Folder};
use super::opened::OpenedFiles;
use crate::backend::{CLIENT_LIMIT_BYTES, Count, Error, QuotaStore, WINDOW_LIMIT_BYTES};

/// The counts of a folder that this process has locked.
#[derive(Debug)]
pub(super) struct Quotas {
    lines: RwLock<HashMap<Count, Arc<Line>>>,
    file: Arc<Synced>,
    opened: OpenedFiles,
    /// Dropping this ends the thread that syncs.
    _open: mpsc::Sender<()>,
}

#[derive(Debug)]
struct Line {
    offset: u64,
    used: Mutex<u64>,
}

#[derive(Debug)]
struct Synced {
    file: File,
    changed: AtomicBool,
}

impl Quotas {
    /// Opens the file, or creates it if it is missing, and removes the lines of old windows.
    pub(super) fn open(folder: &Folder) -> Result<Quotas, OpenError> {
        let path = folder.path.join(FILE);
        let failed = |source| OpenError::Io { path: path.clone(), source };
        let counts = newest(read(&folder.path)?);
        let bytes = counts.iter().flat_map(|(count, used)| encode(count, *used)).collect::<Vec<_>>();
        // Usually there is no old window, and then a start writes nothing.
        if fs::read(&path).ok().as_ref() != Some(&bytes) {
            replace(&folder.path, &bytes).map_err(failed)?;
        }
        let file = OpenOptions::new().write(true).mode(0o600).open(&path).map_err(failed)?;
        let opened = OpenedFiles::look([folder.named(FILE)])?;
        let lines = counts.into_iter().zip(0..).map(|((count, used), place)| {
            (count, Arc::new(Line { offset: place * LINE_BYTES as u64, used: Mutex::new(used) }))
        });
        let file = Arc::new(Synced { file, changed: AtomicBool::new(false) });
        let (open, closed) = mpsc::channel();
        let synced = Arc::clone(&file);
        let syncing = move || synced.sync_until(&closed);
        thread::Builder::new().name("counts".to_owned()).spawn(syncing).map_err(OpenError::Thread)?;
        Ok(Quotas { lines: RwLock::new(lines.collect()), file, opened, _open: open })
    }

    /// Sets all counts to zero. The lines stay, because another task may be about to write one of them. This call may block.
    pub(super) fn clear(&self) -> Result<(), Error> {
        let lines = {
            let lines = self.lines.read().unwrap_or_else(PoisonError::into_inner);
            lines.iter().map(|(count, line)| (count.clone(), Arc::clone(line))).collect::<Vec<_>>()
        };
        for (count, line) in lines {
            let mut used = line.used();
            self.write(&count, 0, line.offset)?;
            *used = 0;
        }
        self.file.sync()
    }

    fn line(&self, count: &Count) -> Result<Arc<Line>, Error> {
        if let Some(line) = self.lines.read().unwrap_or_else(PoisonError::into_inner).get(count) {
            return Ok(Arc::clone(line));
        }
        let mut lines = self.lines.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get(count) {
            return Ok(Arc::clone(line));
        }
        let line = Arc::new(Line { offset: (lines.len() * LINE_BYTES) as u64, used: Mutex::new(0) });
        self.write(count, 0, line.offset)?;
        self.file.sync()?;
        lines.insert(count.clone(), Arc::clone(&line));
        Ok(line)
    }

    /// Writes a line, and checks that the file is still in its place. If it was removed, the next start would not find
    /// the count and would hand out the unit again.
    fn write(&self, count: &Count, used: u64, offset: u64) -> Result<(), Error> {
        self.file.write(count, used, offset)?;
        self.opened.check()
    }

    /// Checks that units can be counted: rewrites one line without a change and syncs the file. This call may block.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.opened.check()?;
        let line = {
            let lines = self.lines.read().unwrap_or_else(PoisonError::into_inner);
            lines.iter().next().map(|(count, line)| (count.clone(), Arc::clone(line)))
        };
        let Some((count, line)) = line else { return Ok(()) };
        let used = line.used();
        self.write(&count, *used, line.offset)?;
        drop(used);
        self.file.sync()
    }
}

impl Line {
    fn used(&self) -> MutexGuard<'_, u64> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Synced {
    fn write(&self, count: &Count, used: u64, offset: u64) -> Result<(), Error> {
        let line = encode(count, used);
        self.file.write_all_at(&line, offset).map_err(|error| unavailable(&error))?;
        self.changed.store(true, Ordering::Release);
        Ok(())
    }

    fn sync(&self) -> Result<(), Error> {
        self.file.sync_data().map_err(|error| unavailable(&error))
    }

    fn sync_until(&self, closed: &mpsc::Receiver<()>) {
        loop {
            let waited = closed.recv_timeout(SYNC_INTERVAL);
            if self.changed.swap(false, Ordering::AcqRel)
                && let Err(error) = self.file.sync_data()
            {
                warn!(%error, "the quota counts cannot be synced; a power cut may lose some of them");
            }
            if waited != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }
}

#[async_trait]
impl QuotaStore for Embedded {
    async fn take(&self, count: &Count, units: u64, limit: u64) -> Result<u64, Error> {
        let line = self.quotas.line(count)?;
        let mut used = line.used();
        let given = units.min(limit.saturating_sub(*used));
        if given > 0 {
            self.quotas.write(count, *used + given, line.offset)?;
            *used += given;
        }
        Ok(given)
    }

    async fn give_back(&self, count: &Count, units: u64) -> Result<(), Error> {
        let line = self.quotas.line(count)?;
        let mut used = line.used();
        let left = used.saturating_sub(units);
        self.quotas.write(count, left, line.offset)?;
        *used = left;
        Ok(())
    }

    async fn used(&self, count: &Count) -> Result<u64, Error> {
        let lines = self.quotas.lines.read().unwrap_or_else(PoisonError::into_inner);
        Ok(lines.get(count).map_or(0, |line| *line.used()))
    }

    fn batch_size(&self, _limit: u64) -> u64 {
        1
    }
}

/// All counts of a folder, in the order of their lines. A folder without the file has none. Another process may have
/// locked the folder.
pub fn read(folder: &Path) -> Result<Vec<(Count, u64)>, OpenError> {
    let path = folder.join(FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(OpenError::Io { path, source }),
    };
    // A power cut may leave a partial or empty line. No unit of such a line was handed out, because a new line is synced
    // first.
    let whole = bytes.chunks_exact(LINE_BYTES).filter(|line| line.iter().any(|byte| *byte != 0));
    let counts = whole.map(decode).collect::<Option<Vec<_>>>();
    counts.ok_or_else(|| OpenError::Damaged {
        path,
        detail: "one of its lines is not a count; if you remove the file, all quotas begin anew".to_owned(),
    })
}

/// The counts of each client's latest windows. The current time does not decide which windows are kept, so that a clock
/// that is wrong for a while does not delete counts.
fn newest(counts: Vec<(Count, u64)>) -> Vec<(Count, u64)> {
    let mut windows: HashMap<Arc<str>, Vec<Arc<str>>> = HashMap::new();
    for (Count { client, window }, _) in &counts {
        windows.entry(Arc::clone(client)).or_default().push(Arc::clone(window));
    }
    for windows in windows.values_mut() {
        windows.sort_unstable_by(|one, other| other.cmp(one));
        windows.truncate(WINDOWS_KEPT);
    }
    let is_kept = |count: &Count| windows.get(&count.client).is_some_and(|kept| kept.contains(&count.window));
    counts.into_iter().filter(|(count, _)| is_kept(count)).collect()
}

fn replace(folder: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(folder.join(FILE))?;
    folder::sync_folder(folder)
}

fn encode(count: &Count, used: u64) -> Vec<u8> {
    let Count { client, window } = count;
    let checksum = checksum(client, window, used);
    let mut line = format!("{used:020} {checksum:08x} {window} {client}").into_bytes();
    line.resize(LINE_BYTES - 1, b' ');
    line.push(b'\n');
    line
}

fn decode(line: &[u8]) -> Option<(Count, u64)> {
    let mut words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    let used = words.next()?.parse().ok()?;
    let sum = u32::from_str_radix(words.next()?, 16).ok()?;
    let (window, client) = (words.next()?, words.next()?);
    let sound = words.next().is_none() && sum == checksum(client, window, used);
    sound.then(|| (Count { client: client.into(), window: window.into() }, used))
}

fn checksum(client: &str, window: &str, used: u64) -> u32 {
    crc32fast::hash(format!("{used} {window} {client}").as_bytes())
}

fn unavailable(error: &io::Error) -> Error {
    Error::Unavailable(format!("the quota counts cannot be written ({error})"))
}

/// The name of the file in the folder.
pub(super) const FILE: &str = "usage";
/// The size of a line. It divides the size of a disk sector, so that a line is written completely or not at all.
const LINE_BYTES: usize = 128;
const _: () = assert!(20 + 1 + 8 + 1 + WINDOW_LIMIT_BYTES + 1 + CLIENT_LIMIT_BYTES < LINE_BYTES);
/// The time between syncs. A power cut loses at most the counts of this time.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);
const WINDOWS_KEPT: usize = 8;

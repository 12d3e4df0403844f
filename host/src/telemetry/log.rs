//! The log: on standard error, for people or as JSON.
//!
//! A message can be read without its fields. A failure is logged once, where it becomes an answer. Keys, bodies, paths and
//! the contents of items are never logged. Log lines of libraries may quote them, so those are left out.
//!
//! Lines go through a bounded queue to a thread that writes them, so no request waits for the program that reads the log. If
//! the queue is full, or if standard error cannot be written, lines are dropped and counted.

use std::io::{self, IsTerminal, Write, stderr};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tracing::error;
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::config::LogFormat;
use crate::standard::Stream;

/// The log of this process. If this is dropped, lines that are still in the queue may be lost: see [`Log::end`].
pub(crate) struct Log(WorkerGuard);

/// Starts the log of this process. A second call has no effect, except that it occupies a thread.
pub(crate) fn start(format: LogFormat, level: LevelFilter) -> io::Result<Log> {
    let filter = Targets::new().with_target("portdesk", level).with_target("items", level);
    let lines =
        Lines { stream: Stream::error()?, buffer: Vec::new(), buffered: 0, is_written: true, reported: 0 };
    let (queue, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(QUEUED_LINES)
        .lossy(true)
        .thread_name("log")
        .finish(lines);
    DROPPED.get_or_init(|| queue.error_counter());
    // If the log cannot be written, a report about that cannot be written either, and would panic.
    let log = fmt::layer().with_writer(queue).with_target(false).log_internal_errors(false);
    let log: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Json => log.json().flatten_event(true).boxed(),
        LogFormat::Text => log.with_ansi(stderr().is_terminal()).boxed(),
    };
    // It fails only if a log was started before. That log goes on.
    drop(tracing_subscriber::registry().with(log.with_filter(filter)).try_init());
    Ok(Log(guard))
}

impl Log {
    /// Writes the lines that are still in the queue. Gives up after two seconds, because the reader may be gone.
    pub(crate) fn end(self) {
        let (ended, end) = mpsc::channel::<()>();
        // In a thread: if the queue stays full, the guard prints that to standard output, which may have no reader either.
        let ending = thread::Builder::new().name("log-end".to_owned()).spawn(move || {
            drop(self.0);
            drop(ended);
        });
        if ending.is_ok() {
            // It never receives a message. It waits until the sender is dropped.
            let _ = end.recv_timeout(END_TIME);
        }
    }
}

/// How many lines this process has dropped.
pub(super) fn dropped_lines() -> u64 {
    let queue_was_full = DROPPED.get().map_or(0, ErrorCounter::dropped_lines);
    UNWRITTEN.load(Ordering::Relaxed).saturating_add(queue_was_full as u64)
}

/// Writes lines together while more of them wait.
struct Lines {
    stream: Stream,
    buffer: Vec<u8>,
    /// Lines in the buffer.
    buffered: u64,
    /// Whether the last lines could be written.
    is_written: bool,
    /// How many dropped lines the log has reported.
    reported: u64,
}

impl Lines {
    fn send(&mut self) {
        if self.buffer.is_empty() {
            return;
        }
        self.is_written = self.stream.write(&self.buffer).is_ok();
        if !self.is_written {
            UNWRITTEN.fetch_add(self.buffered, Ordering::Relaxed);
        }
        self.buffer.clear();
        self.buffered = 0;
    }

    /// Reports lines that were dropped. This line goes into the queue, too.
    fn report(&mut self, dropped: u64) {
        if self.is_written && dropped > self.reported {
            let lines = dropped - self.reported;
            self.reported = dropped;
            error!(lines, "log lines were dropped: nobody read standard error, or it could not be written");
        }
    }
}

/// The thread of the log calls `write` for each line, and `flush` if no more lines wait.
impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + line.len() > BUFFER_BYTES {
            self.send();
        }
        self.buffer.extend_from_slice(line);
        self.buffered += 1;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let dropped = dropped_lines();
        self.send();
        // If lines were dropped meanwhile, the queue is full and would drop the report as well. This is called again when the
        // queue is empty.
        if dropped_lines() == dropped {
            self.report(dropped);
        }
        Ok(())
    }
}

/// Lines that the queue dropped.
static DROPPED: OnceLock<ErrorCounter> = OnceLock::new();

/// Lines that could not be written to standard error.
static UNWRITTEN: AtomicU64 = AtomicU64::new(0);

/// The most lines in the queue: about 4 MB of usual lines, which a large machine at full load writes in a tenth of a second.
/// The thread is scheduled sooner than that.
const QUEUED_LINES: usize = 16_384;

/// The most bytes of one write, about as many as a pipe holds.
const BUFFER_BYTES: usize = 64 * 1024;

/// How long the last lines may take. The guard of the library gives up after 1.1 s.
const END_TIME: Duration = Duration::from_secs(2);

//! Standard output and standard error of a component: the first lines of each request go to the log, at level debug.
//!
//! What a component prints may be anything, so each line and the number of lines are limited, and the rest is dropped. A
//! component never waits for its output.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::body::Bytes;
use tokio::io::{AsyncWrite, sink};
use tracing::{Level, debug, enabled};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// What an instance prints. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Printed(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The id of the current request.
    request_id: String,
    /// The lines that this request has printed.
    lines: u32,
    output: Line,
    error: Line,
}

/// The line that is being printed.
#[derive(Default)]
struct Line {
    /// The beginning of the line.
    bytes: Vec<u8>,
    is_cut: bool,
}

/// Which of the two streams.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stream {
    Output,
    Error,
}

impl Printed {
    /// A stream for the component.
    pub(super) fn stream(&self, stream: Stream) -> impl StdoutStream + 'static {
        Writer { printed: self.clone(), stream }
    }

    /// Begins a request.
    pub(super) fn begin(&self, request_id: &str) {
        let mut state = self.lock();
        state.request_id.clear();
        state.request_id.push_str(request_id);
        state.lines = 0;
    }

    /// Ends a request: lines that were not ended are lines too.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        for stream in [Stream::Output, Stream::Error] {
            if !state.line(stream).bytes.is_empty() {
                state.end_line(stream);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn print(&mut self, stream: Stream, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            // Checked for each line, so that a large write costs nothing more after the last line that is logged.
            if self.lines > LINES {
                return;
            }
            let (text, is_ended) = part.strip_suffix(b"\n").map_or((part, false), |text| (text, true));
            self.line(stream).push(text);
            if is_ended {
                self.end_line(stream);
            }
        }
    }

    fn line(&mut self, stream: Stream) -> &mut Line {
        match stream {
            Stream::Output => &mut self.output,
            Stream::Error => &mut self.error,
        }
    }

    fn end_line(&mut self, stream: Stream) {
        let Line { bytes, is_cut } = mem::take(self.line(stream));
        self.lines = self.lines.saturating_add(1);
        let request_id = self.request_id.as_str();
        if self.lines > LINES {
            debug!(request_id, "the component printed more than {LINES} lines; the others are left out");
            return;
        }
        let name = match stream {
            Stream::Output => "stdout",
            Stream::Error => "stderr",
        };
        // As a field, so that the log escapes what would look like a line of its own.
        let line = &*String::from_utf8_lossy(&bytes);
        debug!(request_id, stream = name, line, is_cut, "the component printed a line");
    }
}

impl Line {
    fn push(&mut self, text: &[u8]) {
        let room = LINE_BYTES.saturating_sub(self.bytes.len());
        let (kept, left) = text.split_at(room.min(text.len()));
        self.bytes.extend_from_slice(kept);
        self.is_cut |= !left.is_empty();
    }
}

struct Writer {
    printed: Printed,
    stream: Stream,
}

impl IsTerminal for Writer {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Writer {
    /// WASI 0.2 does not use this.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(Writer { printed: self.printed.clone(), stream: self.stream })
    }
}

impl OutputStream for Writer {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if enabled!(Level::DEBUG) {
            self.printed.lock().print(self.stream, &bytes);
        }
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES)
    }
}

#[async_trait]
impl Pollable for Writer {
    async fn ready(&mut self) {}
}

/// The most lines of a request that are logged: enough for the message of a panic with its backtrace.
const LINES: u32 = 32;
/// The most bytes of a line that are logged.
const LINE_BYTES: usize = 512;
/// The most bytes of one write. The host copies them.
const WRITE_BYTES: usize = 16 * 1024;

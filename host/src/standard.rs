//! Standard output and standard error of this process.
//!
//! The streams of the standard library have a lock each. A thread that waits for a reader holds that lock, and then every
//! other thread that prints waits too, even at the end of the process. So this module prints through descriptors of its
//! own.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

use rustix::event::{PollFd, PollFlags, poll};

/// Standard output or standard error.
#[derive(Debug)]
pub(crate) struct Stream(File);

impl Stream {
    /// Standard output.
    pub(crate) fn output() -> io::Result<Stream> {
        Stream::of(io::stdout().as_fd())
    }

    /// Standard error.
    pub(crate) fn error() -> io::Result<Stream> {
        Stream::of(io::stderr().as_fd())
    }

    fn of(descriptor: impl AsFd) -> io::Result<Stream> {
        Ok(Stream(descriptor.as_fd().try_clone_to_owned()?.into()))
    }

    /// Writes all of `bytes`. Waits for the reader for as long as the reader takes.
    pub(crate) fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match (&self.0).write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The parent process may have made the pipe non-blocking, as Node does.
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait()?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn wait(&self) -> io::Result<()> {
        match poll(&mut [PollFd::new(&self.0, PollFlags::OUT)], None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether everything that is written disappears, because the stream is `/dev/null`. A stream that was closed when the process
    /// started is `/dev/null` too, because Rust opens that in its place.
    pub(crate) fn is_discarded(&self) -> bool {
        let null = fs::metadata("/dev/null").map(|null| null.rdev());
        let own = self.0.metadata();
        matches!((own, null), (Ok(own), Ok(null)) if own.file_type().is_char_device() && own.rdev() == null)
    }
}

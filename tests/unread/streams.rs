//! Streams that accept little or nothing.

use std::fs::{File, OpenOptions};
use std::io::{PipeReader, Read, pipe};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

/// A stream, and a value that keeps its other end open.
pub type Unread = (Stdio, Box<dyn std::any::Any + Send>);

/// A pipe whose reader does not read.
pub fn unread_pipe() -> Unread {
    let (reader, writer) = pipe().unwrap();
    (writer.into(), Box::new(reader))
}

/// A pipe that is full before the program starts.
pub fn full_pipe() -> (Stdio, PipeReader) {
    let (reader, writer) = pipe().unwrap();
    fill(&writer);
    (writer.into(), reader)
}

/// A non-blocking pipe, as Node makes pipes.
pub fn non_blocking_pipe() -> Unread {
    let (reader, writer) = pipe().unwrap();
    set_non_blocking(&writer, true);
    (writer.into(), Box::new(reader))
}

/// A named pipe whose reader does not read.
pub fn named_pipe(folder: &Path) -> Unread {
    let path = folder.join("named");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let held = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let writer = OpenOptions::new().write(true).open(&path).unwrap();
    (writer.into(), Box::new(held))
}

/// A socket whose other end does not read.
pub fn socket() -> Unread {
    let (own, other) = UnixStream::pair().unwrap();
    (OwnedFd::from(own).into(), Box::new(other))
}

/// A pipe whose reader is gone.
pub fn abandoned_pipe() -> Unread {
    let (_, writer) = pipe().unwrap();
    (writer.into(), Box::new(()))
}

/// A disk that is full.
pub fn full_disk() -> Unread {
    (full().into(), Box::new(()))
}

pub fn full() -> File {
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

/// Skips the bytes of `full_pipe`, and returns the text after them, up to `end`.
pub fn read_until(reader: &mut PipeReader, end: &str) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(end.as_bytes()) {
        assert_eq!(reader.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&text));
        if byte[0] != 0 {
            text.push(byte[0]);
        }
    }
    String::from_utf8(text).unwrap()
}

fn fill(writer: &impl AsFd) {
    set_non_blocking(writer, true);
    while rustix::io::write(writer, &[0; 4096]).is_ok() {}
    while rustix::io::write(writer, &[0]).is_ok() {}
    set_non_blocking(writer, false);
}

pub fn set_non_blocking(stream: &impl AsFd, is_non_blocking: bool) {
    let mut flags = fcntl_getfl(stream).unwrap();
    flags.set(OFlags::NONBLOCK, is_non_blocking);
    fcntl_setfl(stream, flags).unwrap();
}

/// The end of a pipe that can only be read.
pub fn read_end(folder: &Path) -> Stdio {
    let path = folder.join("to-read");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let held = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let reader = File::open(&path).unwrap();
    drop(held);
    reader.into()
}

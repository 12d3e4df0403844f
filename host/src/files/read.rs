//! Reads one file as a whole.

use std::fs::{self, FileType, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// Reads a regular file of at most `limit_bytes`. Follows links.
pub(crate) fn read(path: &Path, limit_bytes: u64) -> Result<Vec<u8>, ReadError> {
    // Without this flag, opening a named pipe waits until somebody writes to it.
    let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
    let opened = OpenOptions::new().read(true).custom_flags(nonblocking).open(path);
    let file = opened.map_err(|error| ReadError::of(path, error))?;
    let kind = file.metadata().map_err(ReadError::Failed)?.file_type();
    if !kind.is_file() {
        return Err(ReadError::NotAFile(name(kind)));
    }
    let mut bytes = Vec::new();
    // One byte more than allowed distinguishes a file that is too large from a file of exactly the limit.
    file.take(limit_bytes + 1).read_to_end(&mut bytes).map_err(ReadError::Failed)?;
    if bytes.len() as u64 > limit_bytes {
        return Err(ReadError::TooLarge(limit_bytes));
    }
    Ok(bytes)
}

fn name(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no file of this name.
    #[error("there is no such file")]
    Missing,
    /// There is a link of this name, and its target does not exist.
    #[error("it is a link to {}, where there is no file", .0.display())]
    Dangling(PathBuf),
    /// It is something else than a regular file.
    #[error("it is {0} and not a regular file")]
    NotAFile(&'static str),
    /// It has more than this many bytes.
    #[error("it has more than {0} bytes")]
    TooLarge(u64),
    /// The system refuses to read it.
    #[error("{0}")]
    Failed(io::Error),
}

impl ReadError {
    /// Returns why `path` could not be opened or found.
    pub(super) fn of(path: &Path, error: io::Error) -> ReadError {
        if error.kind() != io::ErrorKind::NotFound {
            return ReadError::Failed(error);
        }
        match fs::read_link(path) {
            Ok(target) => ReadError::Dangling(target),
            Err(_) => ReadError::Missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    fn refused(path: &Path) -> String {
        read(path, 4).unwrap_err().to_string()
    }

    #[test]
    fn a_file_is_read_up_to_its_limit_and_not_beyond() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "1234").unwrap();
        assert_eq!(read(&path, 4).unwrap(), b"1234");
        fs::write(&path, "12345").unwrap();
        assert_eq!(refused(&path), "it has more than 4 bytes");
        assert_eq!(refused(Path::new("/dev/zero")), "it is a device and not a regular file");
    }

    #[test]
    fn what_is_not_a_regular_file_is_refused_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let made = std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap();
        assert!(made.success());
        let _socket = UnixListener::bind(at("socket")).unwrap();
        symlink("nowhere", at("dangling")).unwrap();
        symlink("circle", at("circle")).unwrap();
        assert_eq!(refused(&at("pipe")), "it is a pipe and not a regular file");
        assert_eq!(refused(folder.path()), "it is a folder and not a regular file");
        assert_eq!(refused(&at("missing")), "there is no such file");
        assert_eq!(refused(&at("dangling")), "it is a link to nowhere, where there is no file");
        assert!(refused(&at("circle")).contains("symbolic links"));
        // The system does not open a socket as a file.
        assert!(read(&at("socket"), 4).is_err());
    }
}

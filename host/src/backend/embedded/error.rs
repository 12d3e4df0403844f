//! What went wrong: in words for an operator while opening, by what can be done afterwards.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;

use crate::backend::Error;

/// Why a store could not be opened. Every text says where, what, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is damaged, or was changed by another program.
    #[error("{} is damaged: {detail}; restore it from a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// Another program's file is in the place.
    #[error("{} belongs to another program (application id {application_id}); choose another folder", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The application id in it.
        application_id: i32,
    },
    /// The folder, or a file in it, cannot be read and written.
    #[error("cannot use {}: {source}; {}", path.display(), advice(source.kind()))]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process, or another store of this one, has the folder.
    #[error("{} is in use by {holder}; stop it or choose another folder", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
        /// The process id that the lock file names.
        holder: String,
    },
    /// A newer version wrote the file.
    #[error("{} has layout {found}, this version knows layout {known}; start a newer version", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The layout of the file.
        found: i32,
        /// The newest layout that this version knows.
        known: i32,
    },
    /// A component wants indexes that cannot be made.
    #[error("the component's schema cannot be stored: {0}; its author has to change it")]
    Schema(String),
    /// SQLite did not take a setting that the promises of the store rest on.
    #[error("{}: SQLite left {name} at {found:?} instead of {wanted:?}; use a local disk", path.display())]
    Setting {
        /// The file.
        path: PathBuf,
        /// The pragma.
        name: &'static str,
        /// The value that it must have.
        wanted: &'static str,
        /// The value that it has.
        found: String,
    },
    /// SQLite could not open the file.
    #[error("cannot open {}: {detail}; check the disk and who else uses the file", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        detail: String,
    },
    /// The first write failed.
    #[error("cannot write {}: {detail}; free some space, and look whether this user may write the folder", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        detail: String,
    },
    /// The system gives no thread.
    #[error("cannot start the thread that writes: {0}; check the limits of this user")]
    Thread(io::Error),
}

impl OpenError {
    /// The same failure, of the file that was to be opened.
    pub(super) fn of(error: Error, path: &std::path::Path) -> OpenError {
        let path = path.to_owned();
        if let Error::Corrupt(detail) = error {
            return OpenError::Damaged { path, detail };
        }
        OpenError::Sqlite { path, detail: error.to_string() }
    }
}

/// What to do about a file that cannot be used.
fn advice(kind: io::ErrorKind) -> &'static str {
    use io::ErrorKind as Kind;
    if kind == Kind::PermissionDenied {
        "give it to the user of this process, or start the host as its owner"
    } else if kind == Kind::ReadOnlyFilesystem {
        "mount the file system so that it can be written"
    } else if [Kind::StorageFull, Kind::QuotaExceeded, Kind::FileTooLarge].contains(&kind) {
        "free some space, or raise the limit"
    } else if kind == Kind::NotFound {
        "make the folder"
    } else {
        "move it out of the way, or choose another folder on a local disk that this user may write"
    }
}

/// A statement failed: nothing of it is stored. (A failed `COMMIT` is another matter, see `writer`.)
impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        use rusqlite::Error as Sql;
        let is_damage = matches!(
            error,
            Sql::FromSqlConversionFailure(..)
                | Sql::IntegralValueOutOfRange(..)
                | Sql::InvalidColumnType(..)
                | Sql::Utf8Error(..)
        );
        // A constraint: the item was looked for and not found, and yet it is there.
        let is_contradiction = matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::ConstraintViolation | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        );
        let text = text(&error);
        if is_damage || is_contradiction { Error::Corrupt(text) } else { Error::Unavailable(text) }
    }
}

/// What an operator is told of an error: its code and what SQLite calls that. What SQLite says beside it names statements
/// and may name what they are about.
pub(super) fn text(error: &rusqlite::Error) -> String {
    let code = error.sqlite_error().map(|failure| failure.extended_code);
    match code {
        Some(code) => format!("SQLite error {code}: {}", rusqlite::ffi::code_to_str(code)),
        None => "a row is not as its table has it".to_owned(),
    }
}

/// A column does not hold what its table allows.
impl From<rusqlite::types::FromSqlError> for Error {
    fn from(_: rusqlite::types::FromSqlError) -> Error {
        Error::Corrupt("a column does not hold what its table has".to_owned())
    }
}

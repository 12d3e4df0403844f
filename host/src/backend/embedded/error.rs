//! Errors: those of opening a store, with a text for the operator, and the conversion of SQLite's errors.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;

use items::record::TooLargeError;

use crate::backend::Error;

/// Why a store could not be opened. Every text names the file, the problem, and what to do.
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
    /// The file belongs to another program.
    #[error("{} belongs to another program (application id {application_id}); choose another folder", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The application id in it.
        application_id: i32,
    },
    /// The folder or a file in it cannot be read and written.
    #[error("cannot use {}: {source}; {}", path.display(), advice(source.kind()))]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// Another process, or another store of this process, has locked the folder.
    #[error("{} is in use by {holder}; stop it or choose another folder", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
        /// The process id that the lock file names.
        holder: String,
    },
    /// A newer version wrote the file.
    #[error("{} has layout {found}, but this version supports only layout {known}; start a newer version", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The layout of the file.
        found: i32,
        /// The newest layout that this version supports.
        known: i32,
    },
    /// The component's schema has indexes that SQLite cannot have.
    #[error("the component's schema cannot be stored: {0}; its author must change it")]
    Schema(String),
    /// SQLite did not accept a setting on which the promises of the store depend.
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
    #[error("cannot open {}: {detail}; check the disk, and whether another program uses the file", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// SQLite's code and its meaning.
        detail: String,
    },
    /// The first write failed.
    #[error("cannot write {}: {detail}; free some space, and check that this user may write the folder", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// SQLite's code and its meaning.
        detail: String,
    },
    /// The operating system refused to start a thread.
    #[error("cannot start a thread of the store: {0}; check the limits of this user")]
    Thread(io::Error),
}

impl OpenError {
    /// Converts an error that occurred while `path` was opened.
    pub(super) fn of(error: impl Into<StatementError>, path: &std::path::Path) -> OpenError {
        let (path, StatementError(error)) = (path.to_owned(), error.into());
        if let Error::Corrupt(detail) = error {
            return OpenError::Damaged { path, detail };
        }
        OpenError::Sqlite { path, detail: error.to_string() }
    }
}

/// Advice for the operator about a file that cannot be used.
fn advice(kind: io::ErrorKind) -> &'static str {
    use io::ErrorKind as Kind;
    if kind == Kind::PermissionDenied {
        "give it to the user of this process, or start the host as its owner"
    } else if kind == Kind::ReadOnlyFilesystem {
        "mount the file system so that it can be written"
    } else if [Kind::StorageFull, Kind::QuotaExceeded, Kind::FileTooLarge].contains(&kind) {
        "free some space, or raise the limit"
    } else if kind == Kind::NotFound {
        "create the folder"
    } else {
        "move it out of the way, or choose another folder on a local disk that this user may write"
    }
}

/// The error of a statement, of which nothing is stored, or of the data that it reads. It is a type of its own because only such
/// a type can be made from the errors of SQLite with `?`. A failed `COMMIT` is handled in `committing`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StatementError(pub(super) Error);

impl From<Error> for StatementError {
    fn from(error: Error) -> StatementError {
        StatementError(error)
    }
}

impl From<StatementError> for Error {
    fn from(StatementError(error): StatementError) -> Error {
        error
    }
}

impl From<TooLargeError> for StatementError {
    fn from(error: TooLargeError) -> StatementError {
        StatementError(error.into())
    }
}

impl From<rusqlite::Error> for StatementError {
    fn from(error: rusqlite::Error) -> StatementError {
        use rusqlite::Error as Sql;
        let is_damage = matches!(
            error,
            Sql::FromSqlConversionFailure(..)
                | Sql::IntegralValueOutOfRange(..)
                | Sql::InvalidColumnType(..)
                | Sql::Utf8Error(..)
        );
        // A constraint violation means damage: the row was not found before the insert, and yet it exists.
        let is_contradiction = matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::ConstraintViolation | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        );
        let text = text(&error);
        StatementError(if is_damage || is_contradiction {
            Error::Corrupt(text)
        } else {
            Error::Unavailable(text)
        })
    }
}

/// The text of an error for the operator: its code and SQLite's name for the code. SQLite's message is left out, because
/// it quotes statements and may quote stored data.
pub(super) fn text(error: &rusqlite::Error) -> String {
    let code = error.sqlite_error().map(|failure| failure.extended_code);
    match code {
        Some(code) => format!("SQLite error {code}: {}", rusqlite::ffi::code_to_str(code)),
        None => "a row does not fit the definition of its table".to_owned(),
    }
}

/// For a column whose value does not have the type of the column.
impl From<rusqlite::types::FromSqlError> for StatementError {
    fn from(_: rusqlite::types::FromSqlError) -> StatementError {
        StatementError(Error::Corrupt("a value does not have the type of its column".to_owned()))
    }
}

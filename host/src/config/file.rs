//! A file that a flag names.

use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser};

/// Reads the path of a file that has to be there.
pub(crate) fn existing() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match std::fs::metadata(&path) {
        Ok(found) if found.is_dir() => Err("it is a folder, not a file".to_owned()),
        Ok(_) => Ok(path),
        Err(error) => Err(format!("there is no file that can be read ({})", error.kind())),
    })
}

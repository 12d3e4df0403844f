//! The setting that names a component.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PathBufValueParser, TypedValueParser};

/// The component that a host or a command uses.
#[derive(Debug, Clone, Args)]
pub struct ComponentFile {
    /// Component file to use instead of the built-in one
    #[arg(id = "component", long = "component", env = "PORTDESK_COMPONENT", value_name = "FILE",
          value_parser = existing())]
    pub file: Option<PathBuf>,
}

/// Parses the path of a file that must exist.
fn existing() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match std::fs::metadata(&path) {
        Ok(found) if found.is_dir() => Err("it is a folder, not a file".to_owned()),
        Ok(_) => Ok(path),
        Err(error) => Err(format!("the file cannot be read ({})", error.kind())),
    })
}

//! What a user may set about where data lies.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::Args;

/// Where keys and items lie.
#[derive(Debug, Clone, Args)]
pub struct DataDir {
    /// Folder for keys and items; made if it is missing
    #[arg(
        long = "data-dir",
        env = "PORTDESK_DATA_DIR",
        value_name = "FOLDER",
        default_value = "./portdesk-data"
    )]
    pub path: PathBuf,
}

impl DataDir {
    /// Makes the folder where it is missing, for its owner alone, and gives its absolute path.
    pub fn prepare(&self) -> io::Result<PathBuf> {
        make(&self.path)?;
        self.path.canonicalize()
    }
}

/// Makes a folder, and those above it, from the top down.
fn make(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    // A relative path ends in nothing, which is the folder that this process works in.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make(parent)?;
    match DirBuilder::new().mode(0o700).create(path) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        made => made?,
    }
    // The new name is on the disk only when its parent is: or a power cut takes the folder, and all that was
    // acknowledged in it.
    File::open(parent)?.sync_all()
}

//! Settings of the data folder.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::Args;

/// Where keys and items are.
#[derive(Debug, Clone, Args)]
pub struct DataDir {
    /// Folder for keys and items; created if it is missing
    #[arg(
        long = "data-dir",
        env = "PORTDESK_DATA_DIR",
        value_name = "FOLDER",
        default_value = "./portdesk-data"
    )]
    pub path: PathBuf,
}

impl DataDir {
    /// Makes the folder where it is missing, for its owner alone, and gives its absolute path. A link stays in it: what it
    /// leads to may change.
    pub fn prepare(&self) -> io::Result<PathBuf> {
        make(&self.path)?;
        std::path::absolute(&self.path)
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
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(in_the_way(path)),
        made => made?,
    }
    // The new name is on the disk only when its parent is: or a power cut takes the folder, and all that was
    // acknowledged in it.
    File::open(parent)?.sync_all()
}

/// Says what is in the place of a folder.
fn in_the_way(path: &Path) -> io::Error {
    let shown = path.display();
    io::Error::other(match (fs::read_link(path), fs::metadata(path)) {
        (Ok(target), Err(error)) if error.kind() == io::ErrorKind::NotFound => {
            let target = target.display();
            format!(
                "{shown} is a link to {target}, which does not exist; make that folder, or remove the link"
            )
        }
        (Ok(target), Err(error)) => {
            format!("{shown} is a link to {}, which cannot be followed: {error}", target.display())
        }
        (Ok(target), Ok(_)) => {
            let target = target.display();
            format!("{shown} is a link to {target}, which is not a folder; name a folder, or remove the link")
        }
        (Err(_), _) => {
            format!("{shown} is not a folder but a file; name another folder, or move the file away")
        }
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_in_the_place_of_the_data_folder_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "").unwrap();
        symlink("nowhere", at("dangling")).unwrap();
        symlink("itself", at("itself")).unwrap();
        symlink("file", at("to a file")).unwrap();
        std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        for (name, says) in [
            ("file", "is not a folder but a file"),
            ("file/below", "is not a folder but a file"),
            ("dangling", "is a link to nowhere, which does not exist"),
            ("dangling/below", "is a link to nowhere, which does not exist"),
            ("itself", "cannot be followed"),
            ("to a file", "is a link to file, which is not a folder"),
            ("socket", "is not a folder but a file"),
        ] {
            let error = DataDir { path: at(name) }.prepare().unwrap_err().to_string();
            assert!(error.contains(says), "{name}: {error}");
            assert!(error.contains(at(name.trim_end_matches("/below")).to_str().unwrap()), "{name}: {error}");
        }
        symlink("real", at("link")).unwrap();
        fs::create_dir(at("real")).unwrap();
        DataDir { path: at("link") }.prepare().unwrap();
        DataDir { path: at("link/below/and below") }.prepare().unwrap();
        assert!(at("real/below/and below").is_dir());
    }
}

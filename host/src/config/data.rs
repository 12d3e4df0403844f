//! The setting that names the data folder.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::Args;

/// The folder with keys and items.
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
    /// Creates the folder if it is missing, for its owner only, and returns its absolute path. Links in the path are not
    /// resolved, because their targets may change.
    pub fn prepare(&self) -> io::Result<PathBuf> {
        create(&self.path)?;
        std::path::absolute(&self.path)
    }
}

/// Creates a folder and its missing parents.
fn create(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    // The last parent of a relative path is empty and stands for the working directory.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    create(parent)?;
    match DirBuilder::new().mode(0o700).create(path) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(in_the_way(path)),
        created => created?,
    }
    // The name of the folder is in its parent. Without this sync, a power cut could remove the folder with acknowledged writes.
    File::open(parent)?.sync_all()
}

/// Describes what is in the place of a folder.
fn in_the_way(path: &Path) -> io::Error {
    let shown = path.display();
    let Ok(target) = fs::read_link(path) else {
        let advice = "name another folder, or move the file away";
        return io::Error::other(format!("{shown} is not a folder but a file; {advice}"));
    };
    let state = match fs::metadata(path) {
        Ok(_) => "is not a folder; name a folder, or remove the link".to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            "does not exist; make that folder, or remove the link".to_owned()
        }
        Err(error) => format!("cannot be followed: {error}"),
    };
    io::Error::other(format!("{shown} is a link to {}, which {state}", target.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn an_error_describes_what_is_in_the_place_of_the_data_folder() {
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

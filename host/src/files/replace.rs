//! Replaces a file as a whole, so that a reader sees either the old contents or the new contents.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::ReadError;

/// Returns the file that `path` leads to through any number of links, or `path` itself if there is no file and no link.
pub(crate) fn behind_links(path: &Path) -> Result<PathBuf, ReadError> {
    match path.canonicalize().map_err(|error| ReadError::of(path, error)) {
        // The host does not create the target of a broken link. The target may be on a disk that is not mounted yet, and a
        // file in the mount point would be hidden by the mount.
        Err(ReadError::Missing) => Ok(path.to_owned()),
        other => other,
    }
}

/// Waits until no other process changes `target`, which must not be a link, and locks it until the return value is dropped.
///
/// The lock is a file beside `target` itself and not beside a link to it: several folders may share one file.
pub(crate) fn lock(target: &Path) -> Result<File, ReplaceError> {
    let refused = |error| ReplaceError::of(error, folder_of(target));
    let path = target.with_extension("lock");
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    let lock = match options.clone().create_new(true).open(&path) {
        Ok(new) => {
            give_to_owner_of_folder(&new, folder_of(target));
            new
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => options.open(&path).map_err(refused)?,
        Err(error) => return Err(refused(error)),
    };
    lock.lock().map_err(refused)?;
    Ok(lock)
}

/// Replaces `target`, which must not be a link, by a file with these bytes. The file keeps the owner and the permissions of
/// the old one; only its owner can read a new one. The change is durable when this returns.
pub(crate) fn replace(target: &Path, bytes: &[u8]) -> Result<(), ReplaceError> {
    let folder = folder_of(target);
    let refused = |error| ReplaceError::of(error, folder);
    let old = match fs::metadata(target) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(refused(error)),
    };
    // In the folder of the target, because a rename is atomic only within one file system. The file has mode 0600, and is
    // removed if this returns early.
    let mut file = NamedTempFile::new_in(folder).map_err(refused)?;
    file.write_all(bytes).map_err(refused)?;
    match old {
        Some(old) => keep_access(file.as_file(), &old, folder)?,
        None => give_to_owner_of_folder(file.as_file(), folder),
    }
    file.as_file().sync_all().map_err(refused)?;
    file.persist(target).map_err(|error| refused(error.error))?;
    // The new name is durable only after the folder is synced.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(ReplaceError::Unsynced)
}

fn folder_of(target: &Path) -> &Path {
    target.parent().unwrap_or(Path::new("/"))
}

/// Gives a file that root made in the folder of a service to that service, which could not use it otherwise. Only for a file
/// that this process made: an attacker could put a link in the place of an older file, and so get its target.
fn give_to_owner_of_folder(new: &File, folder: &Path) {
    if let (Ok(owner), Ok(made)) = (fs::metadata(folder), new.metadata())
        && owner.uid() != made.uid()
    {
        // Only root may do this. Other users remain the owners.
        let _ = fchown(new, Some(owner.uid()), Some(owner.gid()));
    }
}

/// Gives the new file the owner, the group and the permissions of the old one. Otherwise a host that runs as another user
/// could not read its keys after root has changed them.
fn keep_access(file: &File, old: &Metadata, folder: &Path) -> Result<(), ReplaceError> {
    let refused = |error| ReplaceError::of(error, folder);
    let new = file.metadata().map_err(refused)?;
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        let kept = fchown(file, Some(old.uid()), Some(old.gid()));
        // A group that has no rights need not be kept.
        let is_needed = new.uid() != old.uid() || old.mode() & 0o070 != 0;
        if kept.is_err() && is_needed {
            return Err(ReplaceError::Owner { user: old.uid(), group: old.gid() });
        }
    }
    file.set_permissions(Permissions::from_mode(old.mode() & 0o777)).map_err(refused)
}

/// Why a file cannot be replaced.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplaceError {
    /// A rename cannot replace a file that is a mount point.
    #[error(
        "it is mounted by itself, so that it cannot be replaced, and nothing was changed; mount its folder in place of \
         the file, or change the file that is mounted"
    )]
    Mounted,
    #[error("its file system is read-only, and nothing was changed; change the file where it comes from")]
    ReadOnly,
    /// The user lacks a right, or the file is marked as immutable.
    #[error(
        "the system does not allow this user to replace a file in {}, and nothing was changed",
        .0.display()
    )]
    Forbidden(PathBuf),
    /// The new file could not belong to the owner of the old one.
    #[error(
        "it belongs to user {user} and group {group}, and this user cannot give them another, so nothing was changed; \
         run the command as its owner"
    )]
    Owner { user: u32, group: u32 },
    #[error("it cannot be replaced ({0}), and nothing was changed")]
    Failed(io::Error),
    /// The file was replaced, but it is unknown whether the change survives a power failure.
    #[error("it was replaced, but the disk did not confirm that ({0})")]
    Unsynced(io::Error),
}

impl ReplaceError {
    /// Returns what `error` means for a file in `folder`.
    fn of(error: io::Error, folder: &Path) -> ReplaceError {
        let kind = error.kind();
        if kind == io::ErrorKind::ResourceBusy {
            ReplaceError::Mounted
        } else if kind == io::ErrorKind::ReadOnlyFilesystem {
            ReplaceError::ReadOnly
        } else if kind == io::ErrorKind::PermissionDenied {
            ReplaceError::Forbidden(folder.to_owned())
        } else {
            ReplaceError::Failed(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn the_target_of_links_is_found_and_a_broken_link_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("elsewhere/deep")).unwrap();
        fs::write(root.join("elsewhere/deep/file"), "").unwrap();
        symlink("deep/file", root.join("elsewhere/relative")).unwrap();
        symlink(root.join("elsewhere/relative"), root.join("absolute")).unwrap();
        symlink("absolute", root.join("first")).unwrap();
        assert_eq!(behind_links(&root.join("first")).unwrap(), root.join("elsewhere/deep/file"));
        assert_eq!(behind_links(&root.join("no file")).unwrap(), root.join("no file"));
        fs::remove_file(root.join("elsewhere/deep/file")).unwrap();
        assert!(matches!(behind_links(&root.join("first")), Err(ReadError::Dangling(_))));
    }

    #[test]
    fn permissions_are_kept_and_a_new_file_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mode = || fs::metadata(&path).unwrap().mode() & 0o777;
        replace(&path, b"first").unwrap();
        assert_eq!(mode(), 0o600);
        for kept in [0o640, 0o400] {
            fs::set_permissions(&path, Permissions::from_mode(kept)).unwrap();
            replace(&path, b"second").unwrap();
            assert_eq!((mode(), fs::read(&path).unwrap()), (kept, b"second".to_vec()));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn the_error_explains_why_the_file_system_refused() {
        // A test cannot mount anything without root, so it makes the errors from the numbers of Linux and macOS.
        for (number, expected) in [
            (16, "mounted by itself"),
            (30, "read-only"),
            (13, "does not allow this user to replace a file in /folder"),
            (1, "does not allow this user to replace a file in /folder"),
            (28, "cannot be replaced (No space"),
        ] {
            let said =
                ReplaceError::of(io::Error::from_raw_os_error(number), Path::new("/folder")).to_string();
            assert!(said.contains(expected) && said.contains("nothing was changed"), "{said}");
        }
    }

    #[test]
    fn a_failed_replacement_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        fs::create_dir(&taken).unwrap();
        assert!(matches!(replace(&taken, b"x"), Err(ReplaceError::Failed(_))));
        assert!(matches!(replace(&taken.join("no folder/file"), b"x"), Err(ReplaceError::Failed(_))));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

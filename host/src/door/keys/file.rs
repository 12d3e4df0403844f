//! The key file, `keys.json` in the data folder.
//!
//! Every change replaces the whole file, so a reader sees either the old file or the new one. A lock makes writers take
//! turns. If the key file is a link, the target of the link is read, replaced and locked.

use std::io;
use std::path::{Path, PathBuf};

use super::KeyFileContents;
use crate::files::{self, ReadError, ReplaceError};

/// The key file of one data folder.
#[derive(Debug, Clone)]
pub struct KeyFile {
    pub(super) path: PathBuf,
}

impl KeyFile {
    /// The key file in `directory`, which must exist.
    #[must_use]
    pub fn new(directory: &Path) -> KeyFile {
        KeyFile { path: directory.join("keys.json") }
    }

    /// Reads the file. A missing file is the same as an empty one, because there is no file before the first key is made.
    pub fn read(&self) -> Result<KeyFileContents, KeyFileError> {
        self.read_at(&self.path, &KeyFileContents::default())
    }

    /// Reads the file again while a host runs. Unlike [`KeyFile::read`], fails if the file is missing and had contents
    /// `before`: somebody may be moving the file, or removed it by mistake.
    pub(super) fn read_again(&self, before: &KeyFileContents) -> Result<KeyFileContents, KeyFileError> {
        self.read_at(&self.path, before)
    }

    fn read_at(&self, path: &Path, before: &KeyFileContents) -> Result<KeyFileContents, KeyFileError> {
        let text = match files::read(path, FILE_LIMIT_BYTES) {
            Err(ReadError::Missing) if *before == KeyFileContents::default() => {
                return Ok(KeyFileContents::default());
            }
            read => read.map_err(|error| self.failed(Problem::Unreadable(error)))?,
        };
        serde_json::from_slice(&text)
            .map_err(|error| self.failed(Problem::Damaged { line: error.line(), column: error.column() }))
    }

    /// Changes the file. The change is durable when this returns. If this fails, the file is unchanged.
    pub fn update<T>(&self, change: impl FnOnce(&mut KeyFileContents) -> T) -> Result<T, KeyFileError> {
        let unchanged = |error| self.failed(Problem::Unwritable(error));
        let target = files::behind_links(&self.path);
        let target = target.map_err(|error| self.failed(Problem::Unreadable(error)))?;
        let _lock = files::lock(&target).map_err(unchanged)?;
        let mut contents = self.read_at(&target, &KeyFileContents::default())?;
        let result = change(&mut contents);
        let text = text(&contents).map_err(|error| unchanged(ReplaceError::Failed(error)))?;
        files::replace(&target, &text).map_err(unchanged)?;
        Ok(result)
    }

    fn failed(&self, problem: Problem) -> KeyFileError {
        KeyFileError { path: self.path.clone(), problem }
    }
}

fn text(contents: &KeyFileContents) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(contents)?;
    text.push(b'\n');
    if text.len() as u64 > FILE_LIMIT_BYTES {
        return Err(io::Error::other(
            "it would be larger than the limit of a key file; remove old revoked keys",
        ));
    }
    Ok(text)
}

/// Why the key file cannot be read or changed.
#[derive(Debug, thiserror::Error)]
#[error("{} {problem}", path.display())]
pub struct KeyFileError {
    path: PathBuf,
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    /// The text of the parser's error is left out, because it quotes the file, which may contain a key.
    #[error("is damaged at line {line}, column {column}; restore it, or remove it and make new keys")]
    Damaged { line: usize, column: usize },
    #[error("cannot be read: {0}")]
    Unreadable(ReadError),
    #[error("cannot be changed: {0}")]
    Unwritable(ReplaceError),
}

/// The size of about 60,000 keys. The limit prevents that a wrong file fills the memory.
const FILE_LIMIT_BYTES: u64 = 16 << 20;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::door::{KeyRecord, NewKey, Plan};

    fn key_file() -> (tempfile::TempDir, KeyFile) {
        let directory = tempfile::tempdir().unwrap();
        let file = KeyFile::new(directory.path());
        (directory, file)
    }

    #[test]
    fn only_the_digest_of_a_key_is_stored() {
        let (_directory, file) = key_file();
        let key = NewKey::generate();
        file.update(|contents| contents.keys.push(KeyRecord::new(&key, "agent"))).unwrap();
        let text = fs::read_to_string(&file.path).unwrap();
        assert!(text.contains(&key.id) && text.contains("agent"));
        let random = &key.secret["portdesk_".len() + 8..];
        assert!(!text.contains(random));
        assert_eq!(file.read().unwrap().keys.len(), 1);
    }

    #[test]
    fn a_damaged_file_is_an_error_and_not_an_empty_one() {
        let (_directory, file) = key_file();
        assert!(file.read().unwrap().keys.is_empty(), "a missing file is empty");
        fs::write(&file.path, "{\"keys\": [{}]}").unwrap();
        assert!(file.read().unwrap_err().to_string().contains("is damaged at line 1, column "));
        fs::write(&file.path, "{\"keys\": [\"portdesk_secret\"]}").unwrap();
        assert!(!file.read().unwrap_err().to_string().contains("portdesk_secret"));
        assert!(file.update(|contents| contents.keys.clear()).is_err());
    }

    #[test]
    fn the_files_of_older_versions_are_read() {
        let (_directory, file) = key_file();
        let (sha256, made) = ("0".repeat(64), "2026-11-22T00:00:00Z");
        // Without plans; and with the older name of the field `client`.
        for (older, client) in [("", "bc1743b1"), (r#""principal":"1a2b3c4d","#, "1a2b3c4d")] {
            let record = format!(
                r#"{{"id":"bc1743b1",{older}"name":"agent","sha256":"{sha256}","created_at":"{made}"}}"#
            );
            fs::write(&file.path, format!(r#"{{"keys":[{record}]}}"#)).unwrap();
            let contents = file.read().unwrap();
            assert_eq!((contents.keys[0].client(), &contents.keys[0].plan), (client, &None));
            assert_eq!(contents.plan("default"), Some(Plan::default_plan()));
            file.update(|_| ()).unwrap();
            assert_eq!(file.read().unwrap(), contents);
        }
    }

    #[test]
    fn racing_changes_are_all_kept() {
        let directory = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let record = KeyRecord::new(&NewKey::generate(), "agent");
                    let file = KeyFile::new(directory.path());
                    file.update(|contents| contents.keys.push(record)).unwrap();
                });
            }
        });
        assert_eq!(KeyFile::new(directory.path()).read().unwrap().keys.len(), 8);
    }

    #[test]
    fn a_link_stays_a_link_and_the_file_behind_it_is_changed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["one", "other", "kept", "kept/deep"] {
            fs::create_dir(at(name)).unwrap();
        }
        fs::write(at("kept/deep/shared.json"), "{\"keys\": []}").unwrap();
        symlink("deep/shared.json", at("kept/current")).unwrap();
        symlink(at("kept/current"), at("one/keys.json")).unwrap();
        symlink("../kept/current", at("other/keys.json")).unwrap();
        // Without a common lock of both folders, a change would be lost.
        std::thread::scope(|scope| {
            for name in ["one", "other", "one", "other"] {
                let record = KeyRecord::new(&NewKey::generate(), name);
                let file = KeyFile::new(&at(name));
                scope.spawn(move || file.update(|contents| contents.keys.push(record)).unwrap());
            }
        });
        assert!(at("one/keys.json").is_symlink() && at("other/keys.json").is_symlink());
        assert_eq!(KeyFile::new(&at("one")).read().unwrap().keys.len(), 4);
        assert_eq!(fs::read_dir(at("one")).unwrap().count(), 1, "nothing is written beside the link");
        assert_eq!(fs::read_dir(at("kept/deep")).unwrap().count(), 2, "the file and its lock");
    }

    #[test]
    fn a_broken_link_is_an_error_and_stays_as_it_is() {
        let (directory, file) = key_file();
        symlink("not mounted/keys.json", &file.path).unwrap();
        for error in [file.read().unwrap_err(), file.update(|contents| contents.keys.clear()).unwrap_err()] {
            assert!(error.to_string().contains("a link to not mounted/keys.json, where there is no file"));
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_host_keeps_its_keys_if_the_file_becomes_unusable() {
        let (_directory, file) = key_file();
        let mut before = KeyFileContents::default();
        assert_eq!(file.read_again(&before).unwrap(), before, "a missing file is empty");
        before.keys.push(KeyRecord::new(&NewKey::generate(), "agent"));
        assert!(file.read_again(&before).is_err(), "no file");
        fs::create_dir(&file.path).unwrap();
        assert!(file.read_again(&before).is_err(), "a folder");
        fs::remove_dir(&file.path).unwrap();
        for bad in ["", "\n", "null", "{}", "[]", "{\"keys\": []", "\0\0\0\0"] {
            fs::write(&file.path, bad).unwrap();
            assert!(file.read_again(&before).is_err(), "{bad:?}");
        }
        let too_large = fs::File::create(&file.path).unwrap();
        too_large.set_len(1 << 40).unwrap();
        assert!(file.read_again(&before).unwrap_err().to_string().contains("16777216 bytes"));
        fs::write(&file.path, "{\"keys\": []}").unwrap();
        assert_eq!(
            file.read_again(&before).unwrap(),
            KeyFileContents::default(),
            "an empty list is written on purpose"
        );
    }
}

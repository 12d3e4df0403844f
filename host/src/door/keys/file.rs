//! The file of keys, `keys.json` in the data folder: digests and dates, no key.
//!
//! It is replaced as a whole, so that a reader sees the old file or the new one; a lock keeps two writers apart.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tempfile::NamedTempFile;

use super::ApiKey;

/// What is kept of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRecord {
    /// Names the key in logs, lists and items; part of the key itself.
    pub id: String,
    /// What its maker called it.
    pub name: String,
    /// The SHA-256 of the whole key.
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    pub sha256: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it opens nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

impl KeyRecord {
    /// What to keep of a new key.
    #[must_use]
    pub fn new(key: &ApiKey, name: &str) -> KeyRecord {
        KeyRecord {
            id: key.id.clone(),
            name: name.to_owned(),
            sha256: ApiKey::digest(key.secret.as_bytes()),
            created_at: Timestamp::now(),
            revoked_at: None,
        }
    }
}

/// The file of keys of one data folder.
pub struct KeyFile {
    directory: PathBuf,
}

impl KeyFile {
    /// The file of keys in `directory`, which exists.
    #[must_use]
    pub fn new(directory: &Path) -> KeyFile {
        KeyFile { directory: directory.to_owned() }
    }

    fn path(&self) -> PathBuf {
        self.directory.join("keys.json")
    }

    /// Whether there is a file at all; a folder that never had a key has none.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.path().exists()
    }

    /// Something that differs after every change.
    pub(super) fn stamp(&self) -> Option<(SystemTime, u64)> {
        let metadata = fs::metadata(self.path()).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    }

    /// All keys, also the revoked ones, the oldest first; none where there is no file.
    pub fn read(&self) -> Result<Vec<KeyRecord>, KeyFileError> {
        let text = match fs::read(self.path()) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.failed(error)),
        };
        let content: Content = serde_json::from_slice(&text).map_err(|error| KeyFileError::Damaged {
            path: self.path(),
            line: error.line(),
            column: error.column(),
        })?;
        Ok(content.keys)
    }

    /// Changes the keys; `change` is given all of them. Durable when it returns.
    pub fn update<T>(&self, change: impl FnOnce(&mut Vec<KeyRecord>) -> T) -> Result<T, KeyFileError> {
        let lock = self.lock_file().map_err(|error| self.failed(error))?;
        lock.lock().map_err(|error| self.failed(error))?;
        let mut keys = self.read()?;
        let result = change(&mut keys);
        self.replace(&Content { keys }).map_err(|error| self.failed(error))?;
        Ok(result)
    }

    fn lock_file(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(self.directory.join("keys.lock"))
    }

    fn replace(&self, content: &Content) -> io::Result<()> {
        // Made with mode 0600 on Unix.
        let mut file = NamedTempFile::new_in(&self.directory)?;
        serde_json::to_writer_pretty(&mut file, content)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(self.path())?;
        // The new name is durable only once the folder is.
        File::open(&self.directory)?.sync_all()
    }

    fn failed(&self, error: io::Error) -> KeyFileError {
        KeyFileError::Failed { path: self.path(), error }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    keys: Vec<KeyRecord>,
}

fn to_hex<S: Serializer>(digest: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&HEXLOWER.encode(digest))
}

fn from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = HEXLOWER.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| serde::de::Error::custom("a SHA-256 is 64 hexadecimal digits"))
}

/// Why the keys could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It is not what this program writes.
    ///
    /// The parser's own words are left out: they quote what is wrong, which may be a key.
    #[error("{} is damaged at line {line}, column {column}; restore it, or remove it and make new keys", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where it is damaged.
        line: usize,
        /// Where in that line.
        column: usize,
    },
    /// The file system refused.
    #[error("{} cannot be read or written ({error})", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_kept_as_its_hash_only() {
        let directory = tempfile::tempdir().unwrap();
        let file = KeyFile::new(directory.path());
        let key = ApiKey::generate();
        file.update(|keys| keys.push(KeyRecord::new(&key, "agent"))).unwrap();
        let text = fs::read_to_string(file.path()).unwrap();
        assert!(text.contains(&key.id) && text.contains("agent"));
        let random = &key.secret["portdesk_".len() + 8..];
        assert!(!text.contains(random));
        assert_eq!(file.read().unwrap().len(), 1);
    }

    #[test]
    fn a_damaged_file_is_an_error_and_not_an_empty_one() {
        let directory = tempfile::tempdir().unwrap();
        let file = KeyFile::new(directory.path());
        assert!(file.read().unwrap().is_empty(), "no file is no key");
        fs::write(file.path(), "{\"keys\": [{}]}").unwrap();
        assert!(matches!(file.read(), Err(KeyFileError::Damaged { .. })));
        fs::write(file.path(), "{\"keys\": [\"portdesk_secret\"]}").unwrap();
        assert!(!file.read().unwrap_err().to_string().contains("portdesk_secret"));
        assert!(file.update(Vec::clear).is_err());
    }

    #[test]
    fn racing_changes_are_all_kept() {
        let directory = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let record = KeyRecord::new(&ApiKey::generate(), "agent");
                    KeyFile::new(directory.path()).update(|keys| keys.push(record)).unwrap();
                });
            }
        });
        assert_eq!(KeyFile::new(directory.path()).read().unwrap().len(), 8);
    }
}

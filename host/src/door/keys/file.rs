//! The key file, `keys.json` in the data folder. It has digests, dates and plans, but no key.
//!
//! Every change replaces the whole file, so a reader sees either the old file or the new one. A lock makes writers take
//! turns. If the key file is a link, the target of the link is read, replaced and locked.

use std::io;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::NewKey;
use crate::backend::CLIENT_LIMIT_BYTES;
use crate::door::{DEFAULT_PLAN, Plan};
use crate::files::{self, ReadError, ReplaceError};

/// What the key file stores about a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRecord {
    /// The public part of the key.
    #[serde(deserialize_with = "id")]
    pub id: String,
    /// The id of the client's first key. The first key itself does not have this field.
    #[serde(
        default,
        alias = "principal",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "some_id"
    )]
    pub client: Option<String>,
    /// The name that the operator gave to the key.
    pub name: String,
    /// The SHA-256 of the whole key.
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    pub sha256: [u8; 32],
    /// The name of the usage plan. Without it, the key has the default plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// When the key was made.
    pub created_at: Timestamp,
    /// When the key was revoked, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

impl KeyRecord {
    /// The record of a new key of a new client.
    #[must_use]
    pub fn new(key: &NewKey, name: &str) -> KeyRecord {
        KeyRecord {
            id: key.id.clone(),
            client: None,
            name: name.to_owned(),
            plan: None,
            sha256: NewKey::digest(key.secret.as_bytes()),
            created_at: Timestamp::now(),
            revoked_at: None,
        }
    }

    /// The record of a second key for the client of this key.
    #[must_use]
    pub fn rotated(&self, key: &NewKey) -> KeyRecord {
        let (client, plan) = (Some(self.client().to_owned()), self.plan.clone());
        KeyRecord { client, plan, ..KeyRecord::new(key, &self.name) }
    }

    /// The id of the client in logs, items and quota counts.
    #[must_use]
    pub fn client(&self) -> &str {
        self.client.as_deref().unwrap_or(&self.id)
    }
}

/// What the key file contains.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFileContents {
    /// All keys, the oldest first, including revoked keys.
    pub keys: Vec<KeyRecord>,
    /// The plans that operators made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plans: Vec<Plan>,
}

impl KeyFileContents {
    /// Returns the plan of this name. There is always a default plan.
    #[must_use]
    pub fn plan(&self, name: &str) -> Option<Plan> {
        let made = self.plans.iter().find(|plan| plan.name == name).cloned();
        made.or_else(|| (name == DEFAULT_PLAN).then(Plan::default_plan))
    }
}

/// The key file of one data folder.
#[derive(Debug, Clone)]
pub struct KeyFile {
    directory: PathBuf,
}

impl KeyFile {
    /// The key file in `directory`, which must exist.
    #[must_use]
    pub fn new(directory: &Path) -> KeyFile {
        KeyFile { directory: directory.to_owned() }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.directory.join("keys.json")
    }

    /// Reads the file. A missing file is the same as an empty one, because there is no file before the first key is made.
    pub fn read(&self) -> Result<KeyFileContents, KeyFileError> {
        self.read_at(&self.path(), &KeyFileContents::default())
    }

    /// Reads the file again while a host runs. Unlike [`KeyFile::read`], fails if the file is missing and had contents
    /// `before`: somebody may be moving the file, or removed it by mistake.
    pub(super) fn read_again(&self, before: &KeyFileContents) -> Result<KeyFileContents, KeyFileError> {
        self.read_at(&self.path(), before)
    }

    fn read_at(&self, path: &Path, before: &KeyFileContents) -> Result<KeyFileContents, KeyFileError> {
        let text = match files::read(path, FILE_LIMIT_BYTES) {
            Err(ReadError::Missing) if *before == KeyFileContents::default() => {
                return Ok(KeyFileContents::default());
            }
            read => read.map_err(|error| KeyFileError::InspectError { path: self.path(), error })?,
        };
        serde_json::from_slice(&text).map_err(|error| KeyFileError::Damaged {
            path: self.path(),
            line: error.line(),
            column: error.column(),
        })
    }

    /// Changes the file. The change is durable when this returns. If this fails, the file is unchanged.
    pub fn update<T>(&self, change: impl FnOnce(&mut KeyFileContents) -> T) -> Result<T, KeyFileError> {
        let target = files::behind_links(&self.path())
            .map_err(|error| KeyFileError::InspectError { path: self.path(), error })?;
        let _lock = files::lock(&target).map_err(|error| self.unchanged(error))?;
        let mut contents = self.read_at(&target, &KeyFileContents::default())?;
        let result = change(&mut contents);
        let text = text(&contents).map_err(|error| self.unchanged(ReplaceError::Failed(error)))?;
        files::replace(&target, &text).map_err(|error| self.unchanged(error))?;
        Ok(result)
    }

    fn unchanged(&self, error: ReplaceError) -> KeyFileError {
        KeyFileError::Unwritable { path: self.path(), error }
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

/// Parses an id. Quota stores count under the id, so it has the limits of [`crate::backend::Count`].
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let good =
        (1..=CLIENT_LIMIT_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if good { Ok(text) } else { Err(serde::de::Error::custom("an id has 1 to 64 visible ASCII characters")) }
}

fn some_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    id(deserializer).map(Some)
}

fn to_hex<S: Serializer>(digest: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&HEXLOWER.encode(digest))
}

fn from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = HEXLOWER.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| serde::de::Error::custom("a SHA-256 is 64 hexadecimal digits"))
}

/// Why the key file cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file does not have the form of a key file. The text of the parser's error is left out, because it quotes the
    /// file, which may contain a key.
    #[error("{} is damaged at line {line}, column {column}; restore it, or remove it and make new keys", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where it is damaged.
        line: usize,
        /// Where in that line.
        column: usize,
    },
    /// The file cannot be read.
    #[error("{} cannot be read: {error}", path.display())]
    InspectError {
        /// The file, or the link to it.
        path: PathBuf,
        /// Why not.
        error: ReadError,
    },
    /// The file cannot be changed.
    #[error("{} cannot be changed: {error}", path.display())]
    Unwritable {
        /// The file, or the link to it.
        path: PathBuf,
        /// Why not.
        error: ReplaceError,
    },
}

/// The size of about 60,000 keys. The limit prevents that a wrong file fills the memory.
const FILE_LIMIT_BYTES: u64 = 16 << 20;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_the_digest_of_a_key_is_stored() {
        let directory = tempfile::tempdir().unwrap();
        let file = KeyFile::new(directory.path());
        let key = NewKey::generate();
        file.update(|contents| contents.keys.push(KeyRecord::new(&key, "agent"))).unwrap();
        let text = fs::read_to_string(file.path()).unwrap();
        assert!(text.contains(&key.id) && text.contains("agent"));
        let random = &key.secret["portdesk_".len() + 8..];
        assert!(!text.contains(random));
        assert_eq!(file.read().unwrap().keys.len(), 1);
    }

    #[test]
    fn a_damaged_file_is_an_error_and_not_an_empty_one() {
        let directory = tempfile::tempdir().unwrap();
        let file = KeyFile::new(directory.path());
        assert!(file.read().unwrap().keys.is_empty(), "a missing file is empty");
        fs::write(file.path(), "{\"keys\": [{}]}").unwrap();
        assert!(matches!(file.read(), Err(KeyFileError::Damaged { .. })));
        fs::write(file.path(), "{\"keys\": [\"portdesk_secret\"]}").unwrap();
        assert!(!file.read().unwrap_err().to_string().contains("portdesk_secret"));
        assert!(file.update(|contents| contents.keys.clear()).is_err());
    }

    #[test]
    fn a_file_from_before_there_were_plans_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let file = KeyFile::new(directory.path());
        let sha256 = "0".repeat(64);
        let old = format!(
            r#"{{"keys":[{{"id":"bc1743b1","name":"agent","sha256":"{sha256}","created_at":"2026-11-22T00:00:00Z"}}]}}"#
        );
        fs::write(file.path(), old).unwrap();
        let contents = file.read().unwrap();
        assert_eq!((contents.keys[0].client(), &contents.keys[0].plan), ("bc1743b1", &None));
        assert_eq!(contents.plan("default"), Some(Plan::default_plan()));
    }

    #[test]
    fn a_file_from_before_clients_had_that_name_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let file = KeyFile::new(directory.path());
        let (sha256, made) = ("0".repeat(64), "2026-11-22T00:00:00Z");
        let old = format!(
            r#"{{"keys":[{{"id":"bc1743b1","principal":"1a2b3c4d","name":"agent","sha256":"{sha256}","created_at":"{made}"}}]}}"#
        );
        fs::write(file.path(), old).unwrap();
        let contents = file.read().unwrap();
        assert_eq!(contents.keys[0].client(), "1a2b3c4d");
        file.update(|_| ()).unwrap();
        assert_eq!(file.read().unwrap(), contents);
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
        let directory = tempfile::tempdir().unwrap();
        let file = KeyFile::new(directory.path());
        symlink("not mounted/keys.json", file.path()).unwrap();
        for error in [file.read().unwrap_err(), file.update(|contents| contents.keys.clear()).unwrap_err()] {
            assert!(error.to_string().contains("a link to not mounted/keys.json, where there is no file"));
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_host_keeps_its_keys_if_the_file_becomes_unusable() {
        let directory = tempfile::tempdir().unwrap();
        let file = KeyFile::new(directory.path());
        let mut before = KeyFileContents::default();
        assert_eq!(file.read_again(&before).unwrap(), before, "a missing file is empty");
        before.keys.push(KeyRecord::new(&NewKey::generate(), "agent"));
        assert!(file.read_again(&before).is_err(), "no file");
        fs::create_dir(file.path()).unwrap();
        assert!(file.read_again(&before).is_err(), "a folder");
        fs::remove_dir(file.path()).unwrap();
        for bad in ["", "\n", "null", "{}", "[]", "{\"keys\": []", "\0\0\0\0"] {
            fs::write(file.path(), bad).unwrap();
            assert!(file.read_again(&before).is_err(), "{bad:?}");
        }
        let too_large = fs::File::create(file.path()).unwrap();
        too_large.set_len(1 << 40).unwrap();
        assert!(file.read_again(&before).unwrap_err().to_string().contains("16777216 bytes"));
        fs::write(file.path(), "{\"keys\": []}").unwrap();
        assert_eq!(
            file.read_again(&before).unwrap(),
            KeyFileContents::default(),
            "an empty list is written on purpose"
        );
    }
}

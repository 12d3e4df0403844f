//! The whole content of a backend: emptied, saved as a snapshot, put back, and copied.
//!
//! Only a backend whose content belongs to this host alone has this. A table that several hosts share does not: another
//! host would lose its items without notice.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::memory::Memory;
use super::{Error, Item};
use crate::name::{NAME_BYTES, is_name};

/// The most snapshots of one backend, apart from those that the host takes by itself. A person can still read their list.
pub const SNAPSHOTS_LIMIT: usize = 16;

/// The most bytes of all snapshots of one backend together. Restoring a snapshot takes as much memory as the snapshot has
/// bytes.
pub const SNAPSHOTS_LIMIT_BYTES: u64 = 256 << 20;

/// The most bytes of items that [`Contents::items`] and [`Contents::copy`] read from a disk into memory.
pub const ITEMS_LIMIT_BYTES: usize = 256 << 20;

/// A backend whose content belongs to this host alone, so that it can be emptied, copied and put back as a whole.
///
/// Any number of tasks may call every method concurrently, also while others read and write. A read sees the content before
/// a change or after it, never a mixture. A write that was acknowledged before a change is part of the content before it;
/// a write that is submitted after the answer is part of the content after it.
///
/// If the future of a method is dropped, the items and snapshots are changed completely or not at all.
#[async_trait]
pub trait Contents: Send + Sync + 'static {
    /// Removes every item, and sets all counts of quotas to zero. Snapshots stay.
    async fn clear(&self) -> Result<(), ContentsError>;

    /// Whether the content has no item.
    async fn is_empty(&self) -> Result<bool, ContentsError>;

    /// Saves the content as a snapshot. It atomically replaces an older snapshot of the same name. Counts of quotas are not
    /// part of a snapshot.
    async fn save(&self, name: &SnapshotName) -> Result<Snapshot, ContentsError>;

    /// Replaces the content with that of a snapshot, after the snapshot was verified. After an error the content is
    /// unchanged, except after [`Error::Unknown`]. Counts of quotas stay as they are.
    async fn restore(&self, name: &SnapshotName) -> Result<Snapshot, ContentsError>;

    /// As [`Contents::restore`], and saves the content before as `kept`. A snapshot that cannot be restored does not replace
    /// what `kept` is. Returns both snapshots, `kept` last.
    async fn restore_keeping(
        &self,
        name: &SnapshotName,
        kept: &SnapshotName,
    ) -> Result<(Snapshot, Snapshot), ContentsError>;

    /// All snapshots.
    async fn snapshots(&self) -> Result<SnapshotList, ContentsError>;

    /// Removes a snapshot, also a damaged one.
    async fn remove(&self, name: &SnapshotName) -> Result<(), ContentsError>;

    /// All items by key ascending, each of them complete, of one moment. A disk may have at most [`ITEMS_LIMIT_BYTES`].
    async fn items(&self) -> Result<Vec<Item>, ContentsError>;

    /// A backend in memory with the items of a snapshot, or with the present items. It has no counts and no snapshots.
    async fn copy(&self, from: Option<&SnapshotName>) -> Result<Memory, ContentsError>;
}

/// The name of a snapshot: 1 to `NAME_BYTES` of the characters a to z, 0 to 9 and `-`. It is part of the name of a
/// file, and it can never be a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SnapshotName(String);

impl SnapshotName {
    /// The snapshot that a reset keeps of the state before it.
    #[must_use]
    pub fn before_reset() -> SnapshotName {
        SnapshotName(BEFORE_RESET.to_owned())
    }

    /// The snapshot that a restore keeps of the state before it.
    #[must_use]
    pub fn before_restore() -> SnapshotName {
        SnapshotName(BEFORE_RESTORE.to_owned())
    }

    /// The snapshot of the state before the steps of a scenario.
    #[must_use]
    pub fn before_scenario() -> SnapshotName {
        SnapshotName(BEFORE_SCENARIO.to_owned())
    }

    /// Whether the host takes snapshots of this name by itself, so that what a person did can be undone.
    fn is_automatic(&self) -> bool {
        [BEFORE_RESET, BEFORE_RESTORE, BEFORE_SCENARIO].contains(&self.as_str())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SnapshotName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for SnapshotName {
    type Err = SnapshotNameError;

    fn from_str(text: &str) -> Result<SnapshotName, SnapshotNameError> {
        is_name(text).then(|| SnapshotName(text.to_owned())).ok_or(SnapshotNameError)
    }
}

impl TryFrom<String> for SnapshotName {
    type Error = SnapshotNameError;

    fn try_from(text: String) -> Result<SnapshotName, SnapshotNameError> {
        text.parse()
    }
}

impl From<SnapshotName> for String {
    fn from(name: SnapshotName) -> String {
        name.0
    }
}

const BEFORE_RESET: &str = "before-reset";
const BEFORE_RESTORE: &str = "before-restore";
const BEFORE_SCENARIO: &str = "before-scenario";

/// A text is not the name of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name of a snapshot consists of 1 to {NAME_BYTES} of the characters a to z, 0 to 9 and -")]
pub struct SnapshotNameError;

/// What is known of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The name.
    pub name: SnapshotName,
    /// The number of items.
    pub items: u64,
    /// The bytes that count towards [`SNAPSHOTS_LIMIT_BYTES`]: on disk those of the file, in memory those of the items.
    pub bytes: u64,
    /// The hash of the items: `state::hash` with nothing ignored.
    pub hash: String,
}

/// The snapshots of a backend.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SnapshotList {
    /// The snapshots by name ascending.
    pub snapshots: Vec<Snapshot>,
    /// The names of those about which nothing else can be read. They can only be removed, or replaced.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<SnapshotName>,
}

/// Why a change of the whole content failed. The variant shows what the caller can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentsError {
    /// The snapshot is not what was saved. The content is unchanged.
    #[error(
        "snapshot {name} is damaged ({detail}); the content is unchanged; remove the snapshot and save it again"
    )]
    Damaged {
        /// The snapshot.
        name: SnapshotName,
        /// What is wrong with it.
        detail: String,
    },
    /// The snapshot would exceed a limit. Nothing was saved, and an older snapshot of the same name is still there.
    #[error("{limit}; nothing was saved; remove a snapshot first ({held})")]
    Full {
        /// The limit, as a clause.
        limit: String,
        /// The present snapshots and their sizes, as text.
        held: String,
    },
    /// There is no snapshot with this name.
    #[error("there is no snapshot {0}; run `portdesk snapshot` to list all snapshots")]
    Missing(SnapshotName),
    /// The backend failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Checks that a snapshot of `bytes` can be saved as `name` beside the present ones.
pub(super) fn check_limits(held: &[Snapshot], name: &SnapshotName, bytes: u64) -> Result<(), ContentsError> {
    let others = held.iter().filter(|snapshot| snapshot.name != *name).collect::<Vec<_>>();
    let held_bytes = others.iter().map(|snapshot| snapshot.bytes).fold(0, u64::saturating_add);
    let of_people = others.iter().filter(|snapshot| !snapshot.name.is_automatic()).count();
    let limit = if of_people >= SNAPSHOTS_LIMIT && !name.is_automatic() {
        format!("there are already {SNAPSHOTS_LIMIT} snapshots")
    } else if held_bytes.saturating_add(bytes) > SNAPSHOTS_LIMIT_BYTES {
        format!(
            "the snapshot has {bytes} bytes and the others have {held_bytes}, which is more than the limit of \
             {SNAPSHOTS_LIMIT_BYTES} for all together"
        )
    } else {
        return Ok(());
    };
    let listed = others.iter().map(|snapshot| format!("{}: {} bytes", snapshot.name, snapshot.bytes));
    Err(ContentsError::Full { limit, held: listed.collect::<Vec<_>>().join(", ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(name: &str, bytes: u64) -> Snapshot {
        Snapshot { name: name.parse().unwrap(), items: 1, bytes, hash: String::new() }
    }

    #[test]
    fn a_name_is_never_a_path() {
        for name in ["a", "before-reset", "0", "-", &"a".repeat(NAME_BYTES)] {
            assert_eq!(name.parse::<SnapshotName>().unwrap().as_str(), name);
        }
        let too_long = "a".repeat(NAME_BYTES + 1);
        for name in ["", ".", "..", "a/b", "a\\b", "a.json", "A", "a b", "a\0", "\u{e9}", "%2e", &too_long] {
            assert_eq!(name.parse::<SnapshotName>(), Err(SnapshotNameError), "{name:?}");
            assert!(serde_json::from_value::<SnapshotName>(name.into()).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_limit_counts_the_others_and_names_what_to_remove() {
        let half = SNAPSHOTS_LIMIT_BYTES / 2;
        let held = [snapshot("a", half), snapshot("b", half)];
        assert_eq!(check_limits(&held, &"a".parse().unwrap(), half), Ok(()));
        let text = check_limits(&held, &"a".parse().unwrap(), half + 1).unwrap_err().to_string();
        assert!(text.contains("remove a snapshot first (b: 134217728 bytes)"), "{text}");
        let held = (0..SNAPSHOTS_LIMIT).map(|number| snapshot(&number.to_string(), 1)).collect::<Vec<_>>();
        assert_eq!(check_limits(&held, &"3".parse().unwrap(), 1), Ok(()));
        let text = check_limits(&held, &"new".parse().unwrap(), 1).unwrap_err().to_string();
        assert!(text.starts_with("there are already 16 snapshots; nothing was saved; "), "{text}");
    }

    #[test]
    fn what_the_host_takes_by_itself_takes_no_place_of_a_person() {
        let name = |name: &str| name.parse::<SnapshotName>().unwrap();
        let own = ["before-reset", "before-restore", "before-scenario"];
        let mut held = own.map(|name| snapshot(name, 1)).to_vec();
        held.extend((1..SNAPSHOTS_LIMIT).map(|number| snapshot(&number.to_string(), 1)));
        assert_eq!(check_limits(&held, &name("last"), 1), Ok(()));
        held.push(snapshot("last", 1));
        assert!(check_limits(&held, &name("more"), 1).is_err());
        for own in own {
            assert_eq!(check_limits(&held[3..], &name(own), 1), Ok(()));
            assert!(check_limits(&held, &name(own), SNAPSHOTS_LIMIT_BYTES).is_err(), "bytes are bytes");
        }
    }
}

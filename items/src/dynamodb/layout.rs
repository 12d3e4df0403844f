//! The names of the store's own attributes and keys in the table.
//!
//! All of them begin with [`STORES_PREFIX`], which no name of a schema does. `ARCHITECTURE.md` documents them for authors
//! of other programs that use the table.

use alloc::format;
use alloc::string::String;

use crate::STORES_PREFIX;

/// The version, a number: 1 after the insert, and one more after every update. A missing version is 0.
pub const VERSION: &str = "portdesk_version";
/// The change id of the insert.
pub(crate) const CREATED_BY: &str = "portdesk_created_by";
/// The id of the last update.
pub(crate) const CHANGED_BY: &str = "portdesk_changed_by";

/// The used units of a quota, a number. Only the items of counts have it.
pub const USED: &str = "portdesk_used";

/// The key of a count. It is longer than the key of an item may be, so that no item can have the same key.
#[must_use]
pub fn count_key(name: &str, window: &str) -> String {
    format!("{:-<129}", format!("{STORES_PREFIX}quota#{name}#{window}#"))
}

/// The name of the attribute with the ids of a list's entries, a set. The condition of an append checks it, because a
/// condition cannot check the maps in a list. Without it, a repeated append would be stored twice.
pub(crate) fn ids(list: &str) -> String {
    format!("{STORES_PREFIX}ids_{list}")
}

/// The name of the attribute with the number of entries of a list. Indexes project it in place of the list. If it
/// differs from the length of the list, another program has changed the list.
#[must_use]
pub fn count(list: &str) -> String {
    format!("{STORES_PREFIX}count_{list}")
}

/// The id of an entry that another program stored without one. It is made from the entry's place in the list, which never
/// changes.
pub(crate) fn entry_id(place: usize) -> String {
    format!("entry-{}", place + 1)
}

/// The key of the item that the readiness check reads and writes. Like the key of a count, it is longer than the key of an
/// item may be.
#[must_use]
pub fn probe_key() -> String {
    format!("{:-<129}", format!("{STORES_PREFIX}probe"))
}

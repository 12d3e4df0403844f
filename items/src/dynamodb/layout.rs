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

/// The keys that hosts share, a text. Only the item under [`keys_key`] has it.
pub const KEYS: &str = "portdesk_keys";

/// The key of a count.
#[must_use]
pub fn count_key(name: &str, window: &str) -> String {
    reserved(&format!("quota#{name}#{window}#"))
}

/// The key of the item with the keys that hosts share.
#[must_use]
pub fn keys_key() -> String {
    reserved("keys")
}

/// The key of the item that has only the version of those keys. Hosts read it all the time, so it is small.
#[must_use]
pub fn keys_version_key() -> String {
    reserved("keys_version")
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

/// The key of the item that the readiness check reads and writes.
#[must_use]
pub fn probe_key() -> String {
    reserved("probe")
}

/// A key that is longer than the key of an item may be, so that no component can read or write its item.
fn reserved(name: &str) -> String {
    format!("{:-<129}", format!("{STORES_PREFIX}{name}"))
}

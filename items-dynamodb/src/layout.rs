//! The names under which an item lies in the table beside those of the component's schema.
//!
//! All begin with [`STORES_PREFIX`], which no name of a schema does. What they mean is told to other programs in
//! `ARCHITECTURE.md`.

use items::STORES_PREFIX;

/// A number: 1 at the insert, one more with every update. Missing is 0.
pub const VERSION: &str = "portdesk_version";
/// The change id of the insert.
pub(crate) const CREATED_BY: &str = "portdesk_created_by";
/// The id of the last update.
pub(crate) const CHANGED_BY: &str = "portdesk_changed_by";

/// A number: how much of a quota is used. Only in the items of counts.
pub const USED: &str = "portdesk_used";

/// The key of a count. Longer than any key of an item may be, so that none is taken for the other.
#[must_use]
pub fn count_key(name: &str, window: &str) -> String {
    format!("{:-<129}", format!("{STORES_PREFIX}quota#{name}#{window}#"))
}

/// The set of the ids of a list's entries: the condition of an append looks into it. A condition cannot look into
/// the maps of a list, and without one a repeated append is stored twice.
pub(crate) fn ids(list: &str) -> String {
    format!("{STORES_PREFIX}ids_{list}")
}

/// How many entries a list has, for indexes that do not carry the list; and, where it differs from the length of
/// the list, the sign that another program changed it.
#[must_use]
pub fn count(list: &str) -> String {
    format!("{STORES_PREFIX}count_{list}")
}

/// The id of an entry that another program stored without one: its place in the list, which never changes.
pub(crate) fn entry_id(place: usize) -> String {
    format!("entry-{}", place + 1)
}

/// The key of the item that the readiness check reads and writes. Longer than any key of an item may be, as that of a
/// count is.
#[must_use]
pub fn probe_key() -> String {
    format!("{:-<129}", format!("{STORES_PREFIX}probe"))
}

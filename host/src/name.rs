//! The rule for names that people give to spaces, their clients, snapshots and rules of faults.

/// The longest name in bytes: enough for a word or a UUID, and short in a list.
pub(crate) const NAME_BYTES: usize = 64;

/// Whether a text is a name: 1 to [`NAME_BYTES`] of the characters `a` to `z`, `0` to `9` and `-`. A name can be a segment of a
/// path or the name of a file as it is, and is never a path itself.
#[must_use]
pub(crate) fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=NAME_BYTES).contains(&text.len()) && text.bytes().all(allowed)
}

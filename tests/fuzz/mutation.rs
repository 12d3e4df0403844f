//! Edits of valid inputs.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// One edit of a text.
#[derive(Debug, Clone)]
enum Edit {
    Flip { at: Index, bit: u8 },
    Delete { at: Index, bytes: usize },
    Insert { at: Index, token: Vec<u8> },
    Repeat { at: Index, bytes: usize, times: usize },
    Cut { at: Index },
}

/// Valid inputs with up to two edits. A third of the inputs has no edit.
pub fn bytes(
    valid: impl Strategy<Value = Vec<u8>>,
    tokens: &'static [&'static str],
) -> impl Strategy<Value = Vec<u8>> {
    (valid, vec(edit(tokens), 0..3)).prop_map(|(valid, edits)| edits.iter().fold(valid, apply))
}

/// As [`bytes`], but the result is always text.
pub fn text(
    valid: impl Strategy<Value = String>,
    tokens: &'static [&'static str],
) -> impl Strategy<Value = String> {
    let edited = bytes(valid.prop_map(String::into_bytes), tokens);
    edited.prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn edit(tokens: &'static [&'static str]) -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    let token = select(tokens).prop_map(|token| token.as_bytes().to_vec());
    prop_oneof![
        3 => (at(), 0..8_u8).prop_map(|(at, bit)| Edit::Flip { at, bit }),
        3 => (at(), 1..9_usize).prop_map(|(at, bytes)| Edit::Delete { at, bytes }),
        4 => (at(), token).prop_map(|(at, token)| Edit::Insert { at, token }),
        2 => (at(), vec(any::<u8>(), 1..5)).prop_map(|(at, token)| Edit::Insert { at, token }),
        2 => (at(), 1..40_usize, 1..40_usize).prop_map(|(at, bytes, times)| Edit::Repeat { at, bytes, times }),
        1 => (at(), 1..9_usize, 1000..7000_usize).prop_map(|(at, bytes, times)| Edit::Repeat { at, bytes, times }),
        1 => at().prop_map(|at| Edit::Cut { at }),
    ]
}

fn apply(mut bytes: Vec<u8>, edit: &Edit) -> Vec<u8> {
    let length = bytes.len();
    let within = |at: &Index| at.index(length + 1);
    match edit {
        Edit::Flip { at, bit } if length > 0 => bytes[at.index(length)] ^= 1 << bit,
        Edit::Flip { .. } => {}
        Edit::Delete { at, bytes: count } => drop(bytes.drain(within(at)..length.min(within(at) + count))),
        Edit::Insert { at, token } => drop(bytes.splice(within(at)..within(at), token.iter().copied())),
        Edit::Repeat { at, bytes: count, times } => {
            let part = bytes[within(at)..length.min(within(at) + count)].repeat(*times);
            drop(bytes.splice(within(at)..within(at), part));
        }
        Edit::Cut { at } => bytes.truncate(within(at)),
    }
    bytes
}

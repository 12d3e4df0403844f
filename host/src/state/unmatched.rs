//! Finds what has no equal on the other side of a comparison.

use std::collections::HashMap;
use std::hash::Hash;

use super::form::EntryForm;
use super::{Ignored, ListOrder};

/// The places of those of `ours` that remain after each was removed together with an equal one of `theirs`.
pub(super) fn places<F: Eq + Hash>(ours: &[F], theirs: &[F]) -> Vec<usize> {
    let mut left: HashMap<&F, usize> = HashMap::new();
    for form in theirs {
        *left.entry(form).or_default() += 1;
    }
    let mut has_equal = |form: &F| {
        let Some(number) = left.get_mut(form).filter(|number| **number > 0) else { return false };
        *number -= 1;
        true
    };
    ours.iter().enumerate().filter(|(_, form)| !has_equal(form)).map(|(place, _)| place).collect()
}

/// The place of an entry in the earlier list, and that of the entry in the later list with which it is compared.
pub(super) type Pair = (Option<usize>, Option<usize>);

/// The entries that differ, in pairs. In ordered lists, the entries at the same place are a pair; in others, those with the
/// same id.
pub(super) fn pairs(from: &[EntryForm<'_>], to: &[EntryForm<'_>], ignored: &Ignored) -> Vec<Pair> {
    match ignored.lists {
        ListOrder::Ordered => {
            let differing = (0..from.len().max(to.len())).filter(|place| from.get(*place) != to.get(*place));
            let within = |entries: &[EntryForm<'_>], place: usize| (place < entries.len()).then_some(place);
            differing.map(|place| (within(from, place), within(to, place))).collect()
        }
        ListOrder::Set => {
            let mut later = places(to, from);
            let mut pairs = Vec::new();
            for place in places(from, to) {
                let id = from.get(place).map(|form| &form.id).filter(|id| !id.is_empty());
                let same = |other: &usize| id.is_some() && to.get(*other).map(|form| &form.id) == id;
                let found = later.iter().position(same).map(|at| later.remove(at));
                pairs.push((Some(place), found));
            }
            pairs.extend(later.into_iter().map(|place| (None, Some(place))));
            pairs
        }
    }
}

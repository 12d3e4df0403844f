//! Checks a history for the promises of README.md. Each ticket must have behaved as one that handles one request after the
//! other, in an order that fits the times of the requests (linearizability); lists must be complete.
//!
//! The search is our own: the tester of stateright keeps no states that it has seen, and a history may have ten
//! writes whose outcome is unknown, each of which doubles the orders to try.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::history::{Answer, Asked, NEVER, Operation, Ticket};

/// Everything that clients saw.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) operations: Vec<Operation>,
    pub(crate) walks: Vec<Walk>,
    /// The tickets that lists have to show, and the time from which on.
    pub(crate) visible: BTreeMap<u32, u64>,
    /// Answers that no client should ever get.
    pub(crate) defects: Vec<String>,
}

/// A list that a client read page by page.
#[derive(Debug, Default, Clone)]
pub(crate) struct Walk {
    pub(crate) caller: u32,
    pub(crate) start: u64,
    /// The tickets and when they were created, in the order of the list.
    pub(crate) shown: Vec<(u32, String)>,
    pub(crate) is_complete: bool,
}

impl History {
    /// The first promise that is broken.
    pub(crate) fn violation(&self) -> Option<String> {
        if let Some(defect) = self.defects.first() {
            return Some(defect.clone());
        }
        let objects: BTreeSet<u32> = self.operations.iter().map(|operation| operation.object).collect();
        objects
            .into_iter()
            .find_map(|object| self.of_ticket(object))
            .or_else(|| self.walks.iter().find_map(|walk| self.of_walk(walk)))
    }

    fn of_ticket(&self, object: u32) -> Option<String> {
        let of_object = |operation: &&Operation| operation.object == object;
        // What was refused has no effect, so it must not explain anything.
        let counts = |operation: &&Operation| operation.answer != Answer::Refused;
        let operations: Vec<_> = self.operations.iter().filter(of_object).filter(counts).collect();
        if let Some(text) = times(&operations) {
            return Some(format!("ticket {object}: {text}"));
        }
        if operations.len() > 128 {
            return Some(format!("ticket {object} has {} operations, which are too many", operations.len()));
        }
        let mut search = Search { operations: &operations, seen: HashSet::new() };
        (!search.explains(0, None)).then(|| {
            format!(
                "no order of the requests explains the answers about ticket {object}: a write that was acknowledged is \
                 missing, one that was refused is there, or one is there twice"
            )
        })
    }

    fn of_walk(&self, walk: &Walk) -> Option<String> {
        let mut seen = BTreeSet::new();
        if let Some((twice, _)) = walk.shown.iter().find(|(object, _)| !seen.insert(*object)) {
            return Some(format!("the list of caller {} shows ticket {twice} twice", walk.caller));
        }
        if !walk.shown.is_sorted_by(|(_, newer), (_, older)| newer >= older) {
            return Some(format!("the list of caller {} is not in order: {:?}", walk.caller, walk.shown));
        }
        let missing = self.visible.iter().find(|(object, since)| {
            **since < walk.start && caller(**object) == walk.caller && !seen.contains(object)
        });
        let (object, since) = missing.filter(|_| walk.is_complete)?;
        Some(format!(
            "the list of caller {} begun at {} lacks ticket {object}, which it could show since {since}",
            walk.caller, walk.start
        ))
    }
}

/// The caller of a ticket.
pub(crate) fn caller(object: u32) -> u32 {
    object % 2
}

/// The times of a ticket never go back, and each version has one state.
fn times(operations: &[&Operation]) -> Option<String> {
    let mut versions = BTreeMap::new();
    for operation in operations {
        // A repeat shows the ticket as it was opened.
        if let (Answer::Done(Some(seen)), false) = (&operation.answer, operation.asked == Asked::Listed)
            && let Some(version) = seen.version
            && let Some(other) = versions.insert(version, seen)
            && (other.updated_at != seen.updated_at || other.created_at != seen.created_at)
        {
            return Some(format!("version {version} has two times: {other:?} and {seen:?}"));
        }
    }
    let pairs = versions.values().zip(versions.values().skip(1));
    let mut back = pairs.filter(|(earlier, later)| earlier.updated_at > later.updated_at);
    back.next().map(|(earlier, later)| format!("its time went back: {earlier:?}, then {later:?}"))
}

/// Looks for an order of operations.
struct Search<'a> {
    operations: &'a [&'a Operation],
    /// Which operations were placed, and the ticket after them.
    seen: HashSet<(u128, Option<Ticket>)>,
}

impl Search<'_> {
    /// Whether the operations that are not in `placed` can follow.
    fn explains(&mut self, mut placed: u128, ticket: Option<Ticket>) -> bool {
        loop {
            let open = |place: &usize| placed & (1 << place) == 0;
            let limit = (0..self.operations.len()).filter(open).map(|place| self.operations[place].end).min();
            let Some(limit) = limit.filter(|limit| *limit != NEVER) else { return true };
            let possible: Vec<usize> = (0..self.operations.len())
                .filter(open)
                .filter(|place| self.operations[*place].start <= limit)
                .collect();
            let mut changes = Vec::new();
            let mut is_unchanged = false;
            for place in possible {
                match self.operations[place].on(ticket.as_ref()) {
                    // What changes nothing may as well happen now.
                    Some(after) if after == ticket => {
                        placed |= 1 << place;
                        is_unchanged = true;
                    }
                    Some(after) => changes.push((self.operations[place].end, place, after)),
                    None => {}
                }
            }
            if is_unchanged {
                continue;
            }
            changes.sort_by_key(|(end, place, _)| (*end, *place));
            return changes.into_iter().any(|(_, place, after)| {
                let next = placed | (1 << place);
                self.seen.insert((next, after.clone())) && self.explains(next, after)
            });
        }
    }
}

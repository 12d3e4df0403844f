//! Instances that answered and may answer again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;

/// Idle instances, each kept by the thread that used it last: what it needs is still in the caches of that thread's
/// processor, and threads do not wait for each other.
pub(super) struct Idle<T> {
    shelves: Box<[Shelf<T>]>,
}

/// What one thread keeps. On cache lines of its own: a change beside it would take it out of that thread's caches.
#[repr(align(128))]
struct Shelf<T>(Mutex<Vec<T>>);

impl<T> Idle<T> {
    /// For as many threads as the machine has processors; where there are more, some share a shelf.
    pub(super) fn new() -> Idle<T> {
        Idle::of(available_parallelism().map_or(1, usize::from))
    }

    fn of(threads: usize) -> Idle<T> {
        Idle { shelves: (0..threads).map(|_| Shelf(Mutex::new(Vec::new()))).collect() }
    }

    /// The one that this thread put here last, or where it has none, another thread's.
    pub(super) fn take(&self) -> Option<T> {
        self.take_as(this_thread())
    }

    /// Keeps one for this thread.
    pub(super) fn put(&self, idle: T) {
        self.put_as(this_thread(), idle);
    }

    fn take_as(&self, thread: usize) -> Option<T> {
        let (before, own_on) = self.shelves.split_at_checked(self.place(thread))?;
        own_on.iter().chain(before).find_map(|shelf| shelf.lend(Vec::pop))
    }

    fn put_as(&self, thread: usize, idle: T) {
        if let Some(shelf) = self.shelves.get(self.place(thread)) {
            shelf.lend(|shelf| shelf.push(idle));
        }
    }

    fn place(&self, thread: usize) -> usize {
        thread % self.shelves.len().max(1)
    }
}

impl<T> Shelf<T> {
    fn lend<R>(&self, use_it: impl FnOnce(&mut Vec<T>) -> R) -> R {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Threads are numbered as they come here.
fn this_thread() -> usize {
    static NUMBERED: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: usize = NUMBERED.fetch_add(1, Ordering::Relaxed);
    }
    NUMBER.with(|number| *number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_gets_what_it_used_last_and_then_what_others_left() {
        let idle = Idle::of(2);
        for (thread, name) in [(0, "first"), (1, "another's"), (0, "last"), (2, "of a thread too many")] {
            idle.put_as(thread, name);
        }
        let taken: Vec<_> = std::iter::from_fn(|| idle.take_as(2)).collect();
        assert_eq!(taken, ["of a thread too many", "last", "first", "another's"]);
    }

    #[test]
    fn what_a_thread_leaves_another_one_finds() {
        let idle = Idle::new();
        std::thread::scope(|scope| drop(scope.spawn(|| idle.put("left"))));
        assert_eq!((idle.take(), idle.take()), (Some("left"), None));
    }
}

//! A pool of idle objects, with a separate stack for each thread.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;

/// Objects that are idle now, such as instances or connections. Each object is on the shelf of the thread that used it
/// last, because the object's data is probably still in the cache of that thread's processor.
#[derive(Debug)]
pub(crate) struct Idle<T> {
    shelves: Box<[Shelf<T>]>,
    /// The number of idle objects that no call of `take` has claimed.
    unclaimed: AtomicUsize,
}

/// The shelf of one thread. The alignment gives each shelf separate cache lines, so that a change to one shelf does not
/// evict another from its processor's cache.
#[derive(Debug)]
#[repr(align(128))]
struct Shelf<T>(Mutex<Vec<T>>);

impl<T> Idle<T> {
    /// A pool with one shelf for each processor. If there are more threads, some of them share a shelf.
    pub(crate) fn new() -> Idle<T> {
        Idle::of(available_parallelism().map_or(1, usize::from))
    }

    fn of(threads: usize) -> Idle<T> {
        let shelves = (0..threads).map(|_| Shelf(Mutex::new(Vec::new())));
        Idle { shelves: shelves.collect(), unclaimed: AtomicUsize::new(0) }
    }

    /// Takes the object that this thread put here last, or if it has none, one of another thread. Returns `None` only if
    /// no object is idle. A caller that holds one of as many permits as there are objects always gets one.
    pub(crate) fn take(&self) -> Option<T> {
        self.take_as(this_thread())
    }

    /// Puts an object on this thread's shelf. `settle` runs first, under the lock of the shelf, so it ends before another
    /// thread can take the object and before [`Idle::for_each`] can see it.
    pub(crate) fn put(&self, idle: T, settle: impl FnOnce(&mut T)) {
        self.put_as(this_thread(), idle, settle);
    }

    /// Calls `show` with each idle object. It may miss an object that is put here meanwhile, but then the `settle` of
    /// that object runs after this call has begun.
    pub(crate) fn for_each(&self, mut show: impl FnMut(&mut T)) {
        for shelf in &self.shelves {
            shelf.lend(|shelf| shelf.iter_mut().for_each(&mut show));
        }
    }

    fn take_as(&self, thread: usize) -> Option<T> {
        let claim = |unclaimed: usize| unclaimed.checked_sub(1);
        self.unclaimed.fetch_update(Ordering::SeqCst, Ordering::SeqCst, claim).ok()?;
        let (before, own_on) = self.shelves.split_at_checked(self.place(thread))?;
        // An object is there for this claim. But this search can miss it if it is put on a shelf that was already
        // searched, while another thread takes the one on the next shelf. Then the search begins again.
        loop {
            if let Some(found) = own_on.iter().chain(before).find_map(|shelf| shelf.lend(Vec::pop)) {
                return Some(found);
            }
        }
    }

    fn put_as(&self, thread: usize, mut idle: T, settle: impl FnOnce(&mut T)) {
        if let Some(shelf) = self.shelves.get(self.place(thread)) {
            shelf.lend(|shelf| {
                settle(&mut idle);
                shelf.push(idle);
            });
            self.unclaimed.fetch_add(1, Ordering::SeqCst);
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

/// The number of this thread. Threads are numbered in the order of their first call.
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
            idle.put_as(thread, name, |_| {});
        }
        let taken: Vec<_> = std::iter::from_fn(|| idle.take_as(2)).collect();
        assert_eq!(taken, ["of a thread too many", "last", "first", "another's"]);
    }

    #[test]
    fn what_a_thread_leaves_another_one_finds() {
        let idle = Idle::new();
        std::thread::scope(|scope| drop(scope.spawn(|| idle.put("left", |_| {}))));
        assert_eq!((idle.take(), idle.take()), (Some("left"), None));
    }

    #[test]
    fn whoever_may_use_one_finds_one() {
        let (idle, users) = (Idle::of(4), 4);
        (0..users).for_each(|number| idle.put_as(number, number, |_| {}));
        std::thread::scope(|scope| {
            for user in 0..users {
                let idle = &idle;
                scope.spawn(move || {
                    for turn in 0..20_000 {
                        let one = idle.take_as(user + turn).expect("there are as many as users");
                        idle.put_as(user, one, |_| {});
                    }
                });
            }
        });
    }

    #[test]
    fn all_are_shown_whoever_keeps_them() {
        let idle = Idle::of(2);
        for thread in 0..3 {
            idle.put_as(thread, thread, |put| *put += 10);
        }
        let mut shown = Vec::new();
        idle.for_each(|one| shown.push(*one));
        assert_eq!(shown, [10, 12, 11]);
    }
}

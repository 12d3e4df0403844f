//! The writes that wait for the writing thread: many put them in, one takes them out.
//!
//! No channel, because the thread has to wait for several writes at once, by a deadline that may be a fraction of
//! a millisecond away. A channel would wake it for each of them, and the clock of the asynchronous ones counts
//! whole milliseconds.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A queue that takes at most `limit`.
pub(super) fn bounded<T>(limit: usize) -> (Inlet<T>, Outlet<T>) {
    let state = State { waiting: VecDeque::new(), awaited: 0, shut: None };
    let queue = Arc::new(Queue { state: Mutex::new(state), limit, change: Condvar::new() });
    (Inlet(Arc::clone(&queue)), Outlet(queue))
}

/// Where things are put in. Dropping it closes the queue.
pub(super) struct Inlet<T>(Arc<Queue<T>>);

/// Where they are taken out, by one thread. Dropping it drops what waits.
pub(super) struct Outlet<T>(Arc<Queue<T>>);

/// Why nothing can be put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shut {
    /// There is no room at the moment.
    Full,
    /// It was closed.
    Closed,
    /// Nobody takes out any more.
    Abandoned,
}

impl<T> Inlet<T> {
    /// Puts it behind the others.
    pub(super) fn put(&self, item: T) -> Result<(), Shut> {
        let mut state = self.0.state();
        state.check()?;
        if state.waiting.len() >= self.0.limit {
            return Err(Shut::Full);
        }
        state.waiting.push_back(item);
        // Once, however many more come before the thread runs.
        let is_filled = state.waiting.len() == state.awaited;
        drop(state);
        if is_filled {
            self.0.change.notify_one();
        }
        Ok(())
    }

    /// Whether anybody takes out what is put in. A queue that is full is in order.
    pub(super) fn check(&self) -> Result<(), Shut> {
        self.0.state().check()
    }

    /// How many wait.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.0.state().waiting.len()
    }

    /// Lets nothing more in. What waits is still taken out.
    pub(super) fn close(&self) {
        self.0.shut(Shut::Closed);
    }
}

impl<T> Outlet<T> {
    /// The next one, as soon as there is one; none when the queue is closed and empty.
    pub(super) fn wait(&self) -> Option<T> {
        let mut state = self.0.state();
        while state.waiting.is_empty() && state.shut.is_none() {
            state.awaited = 1;
            state = self.0.change.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.awaited = 0;
        state.waiting.pop_front()
    }

    /// The next one, if there is one now.
    pub(super) fn next(&self) -> Option<T> {
        self.0.state().waiting.pop_front()
    }

    /// Returns when so many wait, or at the deadline, or when no more can come.
    pub(super) fn wait_for(&self, wanted: usize, deadline: Instant) {
        let mut state = self.0.state();
        state.awaited = wanted;
        while state.waiting.len() < wanted && state.shut.is_none() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.0.change.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.awaited = 0;
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.0.state().waiting.len()
    }
}

impl<T> Drop for Inlet<T> {
    fn drop(&mut self) {
        self.close();
    }
}

impl<T> Drop for Outlet<T> {
    fn drop(&mut self) {
        self.0.shut(Shut::Abandoned);
        // Not under the lock: what waits may do anything when it is dropped.
        let waiting = mem::take(&mut self.0.state().waiting);
        drop(waiting);
    }
}

struct Queue<T> {
    state: Mutex<State<T>>,
    limit: usize,
    /// As many wait as are awaited, or no more will come.
    change: Condvar,
}

struct State<T> {
    waiting: VecDeque<T>,
    /// For how many the thread waits; 0 while it does something else.
    awaited: usize,
    shut: Option<Shut>,
}

impl<T> State<T> {
    fn check(&self) -> Result<(), Shut> {
        self.shut.map_or(Ok(()), Err)
    }
}

impl<T> Queue<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was shut first stays the reason.
    fn shut(&self, why: Shut) {
        let mut state = self.state();
        state.shut.get_or_insert(why);
        self.change.notify_one();
    }
}

impl<T> fmt::Debug for Inlet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inlet").field("check", &self.check()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// Longer than any test takes: who waits until then fails it.
    fn never() -> Instant {
        Instant::now() + Duration::from_mins(10)
    }

    #[test]
    fn what_was_put_in_first_is_taken_out_first() {
        let (inlet, outlet) = bounded(2);
        assert_eq!((inlet.put(1), inlet.put(2), inlet.put(3)), (Ok(()), Ok(()), Err(Shut::Full)));
        assert_eq!(inlet.check(), Ok(()), "full, and in order");
        assert_eq!((outlet.wait(), outlet.next(), outlet.next()), (Some(1), Some(2), None));
    }

    #[test]
    fn a_closed_queue_is_emptied() {
        let (inlet, outlet) = bounded(2);
        inlet.put(1).unwrap();
        inlet.close();
        assert_eq!(inlet.put(2), Err(Shut::Closed));
        assert_eq!((outlet.wait(), outlet.wait()), (Some(1), None));
    }

    #[test]
    fn an_abandoned_queue_keeps_nothing() {
        let (inlet, outlet) = bounded(2);
        let item = Arc::new(());
        inlet.put(Arc::clone(&item)).unwrap();
        drop(outlet);
        assert_eq!((Arc::strong_count(&item), inlet.check()), (1, Err(Shut::Abandoned)));
    }

    #[test]
    fn several_are_waited_for_at_once() {
        let (inlet, outlet) = bounded(8);
        let waiting = thread::spawn(move || {
            outlet.wait_for(3, never());
            outlet.waiting()
        });
        while inlet.0.state().awaited == 0 {
            thread::yield_now();
        }
        for item in 0..3 {
            inlet.put(item).unwrap();
        }
        assert_eq!(waiting.join().unwrap(), 3);
    }

    #[test]
    fn a_wait_ends_at_its_deadline_and_when_nobody_can_come() {
        let (inlet, outlet) = bounded(8);
        inlet.put(1).unwrap();
        outlet.wait_for(2, Instant::now() + Duration::from_micros(100));
        let waiting = thread::spawn(move || outlet.wait_for(2, never()));
        while inlet.0.state().awaited == 0 {
            thread::yield_now();
        }
        drop(inlet);
        waiting.join().unwrap();
    }
}

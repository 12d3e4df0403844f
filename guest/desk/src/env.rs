//! Everything outside that the desk may touch.

use crate::desk::Error;
use crate::store::Store;
use crate::time::Time;

/// The store, the clock and the randomness that one request is answered with.
#[derive(Clone, Copy)]
pub struct Env<'a> {
    /// Where the tickets are.
    pub store: &'a dyn Store,
    /// What time it is.
    pub clock: &'a dyn Clock,
    /// Where ids come from.
    pub random: &'a dyn Random,
}

impl Env<'_> {
    /// An error where the clock is behind the years that a time has.
    pub(crate) fn now(self) -> Result<Time, Error> {
        let (seconds, nanoseconds) = self.clock.now();
        Time::from_clock(seconds, nanoseconds).ok_or(Error::Clock)
    }
}

/// A wall clock. It may be set back between two calls; a ticket is never shown as changed before it was made.
pub trait Clock {
    /// Seconds since 1970-01-01T00:00:00Z, and nanoseconds below one second.
    fn now(&self) -> (u64, u32);
}

/// Randomness that nobody can guess.
pub trait Random {
    /// The randomness of one id.
    fn bytes(&self) -> [u8; 16];
}

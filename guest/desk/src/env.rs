//! The desk's only access to the outside: a store, a clock and randomness.

use crate::desk::Error;
use crate::store::Store;
use crate::time::Time;

/// The store, the clock and the randomness for answering one request.
#[derive(Clone, Copy)]
pub struct Env<'a> {
    /// The store of the tickets.
    pub store: &'a dyn Store,
    /// The source of the current time.
    pub clock: &'a dyn Clock,
    /// The source of random ids.
    pub random: &'a dyn Random,
}

impl Env<'_> {
    /// Returns the current time, or an error if the clock is past the year 9999.
    pub(crate) fn now(self) -> Result<Time, Error> {
        let (seconds, nanoseconds) = self.clock.now();
        Time::from_clock(seconds, nanoseconds).ok_or(Error::Clock)
    }
}

/// A wall clock. It may be set back between two calls. The desk makes sure that the times of a ticket never go back.
pub trait Clock {
    /// Seconds since 1970-01-01T00:00:00Z, and nanoseconds below one second.
    fn now(&self) -> (u64, u32);
}

/// A source of random bytes that nobody can predict.
pub trait Random {
    /// Returns the random bytes for one id.
    fn bytes(&self) -> [u8; 16];
}

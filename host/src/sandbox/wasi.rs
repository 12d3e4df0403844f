//! WASI as a component gets it. The wall clock and randomness are for every component; the rest is linked only to a component
//! that imports some of it.

mod elapsed;
mod nothing;
mod printed;

use std::time::Duration;

use wasmtime::component::{HasData, Linker};
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed};

pub(super) use self::elapsed::Elapsed;
pub(super) use self::nothing::{Nothing, add_to_linker as add_rest_to_linker};
use super::budget::Budget;
use super::conditions::Moment;
use crate::bindings::wasi::clocks::wall_clock::{self, Datetime};
use crate::bindings::wasi::random::random;

/// The wall clock and randomness, for the request to which the budget and the moment belong.
pub(super) struct Wasi<'a> {
    pub(super) budget: &'a mut Budget,
    pub(super) moment: &'a mut Moment,
}

/// Gives wasmtime's linker the type [`Wasi`].
pub(super) struct HasWasi;

impl HasData for HasWasi {
    type Data<'a> = Wasi<'a>;
}

/// Adds the wall clock and randomness to the linker.
pub(super) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    wasi: fn(&mut T) -> Wasi<'_>,
) -> wasmtime::Result<()> {
    wall_clock::add_to_linker::<T, HasWasi>(linker, wasi)?;
    random::add_to_linker::<T, HasWasi>(linker, wasi)
}

impl wall_clock::Host for Wasi<'_> {
    fn now(&mut self) -> Datetime {
        datetime(self.moment.since_1970())
    }

    fn resolution(&mut self) -> Datetime {
        datetime(Duration::from_micros(1))
    }
}

fn datetime(since_epoch: Duration) -> Datetime {
    Datetime { seconds: since_epoch.as_secs(), nanoseconds: since_epoch.subsec_nanos() }
}

impl random::Host for Wasi<'_> {
    fn get_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        let mut bytes = vec![0; self.budget.draw_random(len)?];
        self.moment.fill(&mut bytes);
        Ok(bytes)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.moment.number())
    }
}

/// The same bytes as those of `random`.
impl insecure::Host for Wasi<'_> {
    fn get_insecure_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        random::Host::get_random_bytes(self, len)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        random::Host::get_random_u64(self)
    }
}

/// A component calls this once in the life of an instance, for its hash tables. So it does not draw from the random bytes of
/// the request, which would be other ones in an instance that has called it before.
impl insecure_seed::Host for Wasi<'_> {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        Ok(self.moment.hash_seed())
    }
}

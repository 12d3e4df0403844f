//! The two WASI interfaces that a component may import: the wall clock and randomness.

use std::time::Duration;

use wasmtime::component::{HasData, Linker};

use super::budget::Budget;
use super::conditions::Moment;
use crate::bindings::wasi::clocks::wall_clock::{self, Datetime};
use crate::bindings::wasi::random::random;

/// Both interfaces, for the request to which the budget and the moment belong.
pub(super) struct Wasi<'a> {
    pub(super) budget: &'a mut Budget,
    pub(super) moment: &'a mut Moment,
}

/// Gives wasmtime's linker the type [`Wasi`].
pub(super) struct HasWasi;

impl HasData for HasWasi {
    type Data<'a> = Wasi<'a>;
}

/// Adds the clock and randomness to the linker.
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

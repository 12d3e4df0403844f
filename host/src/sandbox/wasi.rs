//! The two WASI interfaces that a component may import: the wall clock and randomness.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::Rng;
use wasmtime::component::{HasData, Linker};

use crate::bindings::wasi::clocks::wall_clock::{self, Datetime};
use crate::bindings::wasi::random::random;

/// Both interfaces; they have no state.
pub(super) struct Wasi;

impl HasData for Wasi {
    type Data<'a> = Wasi;
}

/// Gives a component the clock and randomness.
pub(super) fn add_to_linker<T: Send + 'static, D>(
    linker: &mut Linker<T>,
    wasi: fn(&mut T) -> Wasi,
) -> wasmtime::Result<()>
where
    D: for<'a> HasData<Data<'a> = Wasi>,
{
    wall_clock::add_to_linker::<T, D>(linker, wasi)?;
    random::add_to_linker::<T, D>(linker, wasi)
}

impl wall_clock::Host for Wasi {
    fn now(&mut self) -> Datetime {
        datetime(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    fn resolution(&mut self) -> Datetime {
        datetime(Duration::from_nanos(1))
    }
}

fn datetime(since_epoch: Duration) -> Datetime {
    Datetime { seconds: since_epoch.as_secs(), nanoseconds: since_epoch.subsec_nanos() }
}

impl random::Host for Wasi {
    fn get_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        // The guest names the size of an allocation in the host; the interface has no error to answer with.
        let len = usize::try_from(len).ok().filter(|len| *len <= RANDOM_BYTES);
        let Some(len) = len else { wasmtime::bail!("more than {RANDOM_BYTES} random bytes in one call") };
        let mut bytes = vec![0; len];
        rand::rng().fill_bytes(&mut bytes);
        Ok(bytes)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(rand::rng().next_u64())
    }
}

/// The most random bytes of one call.
const RANDOM_BYTES: usize = 64 * 1024;

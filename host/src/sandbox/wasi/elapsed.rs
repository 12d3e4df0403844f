//! The monotonic clock, and waits for it.
//!
//! In a space, this clock stands at the time of the request, as the wall clock does, and moves only
//! to the end of each wait. So what a component measures depends on what it does, and not on the load of the machine. A
//! wait itself takes as long as the component says, in a space too.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use wasmtime::component::{HasData, Resource, ResourceTable};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

use crate::sandbox::conditions::Moment;

/// The end of the last wait of a request in a space, in nanoseconds since 1970. The waits of a request share it.
pub(super) type Reached = Arc<AtomicU64>;

/// The clock of the current request.
pub(in crate::sandbox) struct Elapsed<'a> {
    pub(super) moment: &'a Moment,
    pub(super) reached: &'a Reached,
    pub(super) table: &'a mut ResourceTable,
}

/// Gives wasmtime's linker the type [`Elapsed`].
pub(super) struct HasElapsed;

impl HasData for HasElapsed {
    type Data<'a> = Elapsed<'a>;
}

impl Elapsed<'_> {
    fn now_ns(&self) -> u64 {
        match self.moment.now {
            Some(now) => nanoseconds(now).max(self.reached.load(Ordering::Relaxed)),
            None => nanoseconds(BEGINNING.elapsed()),
        }
    }

    fn wait(&mut self, duration_ns: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let wait = Wait {
            until: Instant::now().checked_add(Duration::from_nanos(duration_ns)),
            end_ns: self.now_ns().saturating_add(duration_ns),
            reached: Arc::clone(self.reached),
        };
        let wait = self.table.push(wait)?;
        subscribe(self.table, wait)
    }
}

impl monotonic_clock::Host for Elapsed<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.now_ns())
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(1)
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let duration_ns = when.saturating_sub(self.now_ns());
        self.wait(duration_ns)
    }

    fn subscribe_duration(&mut self, duration_ns: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.wait(duration_ns)
    }
}

/// A wait of a component. The deadline of the request ends it with the request (`sandbox.rs`).
struct Wait {
    /// `None` is later than any time that this machine can say.
    until: Option<Instant>,
    end_ns: u64,
    reached: Reached,
}

#[async_trait]
impl Pollable for Wait {
    async fn ready(&mut self) {
        match self.until {
            Some(until) => sleep_until(until).await,
            None => std::future::pending().await,
        }
        self.reached.fetch_max(self.end_ns, Ordering::Relaxed);
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The zero of the clock outside of spaces.
static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

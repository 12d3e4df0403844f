//! The clock that interrupts guests, by wasmtime's epochs.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

use wasmtime::Engine;

/// Advances the epoch of an engine from a separate thread of the operating system. A timer of the async runtime could not
/// do it, because looping guests may occupy all threads of the runtime. While no guest runs, the thread sleeps.
///
/// Waking a thread costs about as much as one or two requests. So the clock ticks slowly while all guests end within an
/// epoch, as all but hostile guests do. It ticks once per epoch after a guest has run longer.
#[derive(Debug, Clone)]
pub(super) struct Epochs(Arc<Clock>);

#[derive(Debug)]
struct Clock {
    shared: Arc<Shared>,
    ticker: Thread,
}

#[derive(Debug, Default)]
struct Shared {
    /// The number of guests that may run now.
    running: AtomicUsize,
    /// Whether the clock has stopped or is about to stop. It checks `running` once more after it has set this.
    stands: AtomicBool,
    /// The number of further ticks that follow at intervals of one epoch.
    hurried: AtomicU32,
    ended: AtomicBool,
}

/// A guest may run while this guard exists.
#[derive(Debug)]
pub(super) struct Running<'a>(&'a Shared);

impl Epochs {
    /// A clock for `engine`. Its thread ends when the last clone of the clock is dropped.
    pub(super) fn of(engine: &Engine) -> io::Result<Epochs> {
        let shared = Arc::new(Shared::default());
        let (engine, seen) = (engine.clone(), Arc::clone(&shared));
        let ticker = thread::Builder::new().name("epochs".into()).spawn(move || seen.tick(&engine))?;
        Ok(Epochs(Arc::new(Clock { shared, ticker: ticker.thread().clone() })))
    }

    /// The caller holds the returned guard while a guest may run. Without a guard, nothing interrupts the guest.
    pub(super) fn run(&self) -> Running<'_> {
        let Clock { shared, ticker } = &*self.0;
        shared.running.fetch_add(1, Ordering::SeqCst);
        if shared.stands.load(Ordering::SeqCst) {
            ticker.unpark();
        }
        Running(shared)
    }

    /// Makes the clock tick once per epoch for a while, because a guest has run for a whole epoch.
    pub(super) fn hurry(&self) {
        let Clock { shared, ticker } = &*self.0;
        if shared.hurried.swap(HURRIED_TICKS, Ordering::SeqCst) == 0 {
            ticker.unpark();
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.ticker.unpark();
    }
}

impl Shared {
    fn tick(&self, engine: &Engine) {
        let mut idle = 0;
        while !self.ended.load(Ordering::SeqCst) {
            engine.increment_epoch();
            idle = if self.is_idle() { idle + 1 } else { 0 };
            if idle >= IDLE_TICKS {
                self.stand();
                idle = 0;
            } else if self.hurried.load(Ordering::SeqCst) > 0 {
                self.hurried.fetch_sub(1, Ordering::SeqCst);
                thread::sleep(EPOCH);
            } else {
                thread::park_timeout(CALM);
            }
        }
    }

    /// Waits for a guest. Setting `stands` before checking `running` ensures that a guest that begins meanwhile either is
    /// seen here or wakes this thread.
    fn stand(&self) {
        self.stands.store(true, Ordering::SeqCst);
        if self.is_idle() && !self.ended.load(Ordering::SeqCst) {
            thread::park();
        }
        self.stands.store(false, Ordering::SeqCst);
    }

    fn is_idle(&self) -> bool {
        self.running.load(Ordering::SeqCst) == 0
    }
}

/// How long a guest may run before it must yield, and how exactly deadlines are kept, while guests run for long.
pub(super) const EPOCH: Duration = Duration::from_millis(1);

/// The time between ticks while every guest ends within an epoch. The first guest that runs longer may occupy a thread for
/// this time.
const CALM: Duration = Duration::from_millis(5);

/// The number of ticks at intervals of one epoch after a guest has run for a whole epoch: a tenth of a second.
const HURRIED_TICKS: u32 = 100;

/// After this many ticks without a guest the clock stops. So requests in close succession need not wake it.
const IDLE_TICKS: u32 = 3;

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use wasmtime::{Config, Engine, Instance, Module, Store, Trap};

    use super::Epochs;

    fn endless() -> (Engine, Store<()>, Instance) {
        let engine = Engine::new(Config::new().epoch_interruption(true)).unwrap();
        // (module (func (export "spin") (loop (br 0))))
        let wasm = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x07\x08\x01\x04spin\0\0\x0a\x09\x01\x07\0\x03\x40\x0c\0\x0b\x0b";
        let module = Module::from_binary(&engine, wasm).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        (engine, store, instance)
    }

    #[test]
    fn a_guest_that_begins_while_the_clock_stands_is_interrupted() {
        let (engine, mut store, instance) = endless();
        let epochs = Epochs::of(&engine).unwrap();
        for pause in [0, 1, 20, 20] {
            // Long enough for the clock to come to a stand, and short enough not to.
            std::thread::sleep(Duration::from_millis(pause));
            let _running = epochs.run();
            store.set_epoch_deadline(2);
            let spin = instance.get_typed_func::<(), ()>(&mut store, "spin").unwrap();
            let begin = Instant::now();
            let trap = spin.call(&mut store, ()).unwrap_err();
            assert_eq!(trap.downcast_ref::<Trap>(), Some(&Trap::Interrupt));
            assert!(begin.elapsed() < Duration::from_secs(5));
        }
    }
}

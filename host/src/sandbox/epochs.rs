//! The clock that interrupts guests.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

use wasmtime::Engine;

/// Ticks the epochs of an engine, on a thread of the operating system: a guest that loops may hold every thread of the
/// runtime, and with them its timers. While no guest runs the thread sleeps: a host without requests uses no processor.
#[derive(Debug, Clone)]
pub(super) struct Epochs(Arc<Clock>);

#[derive(Debug)]
struct Clock {
    shared: Arc<Shared>,
    ticker: Thread,
}

#[derive(Debug, Default)]
struct Shared {
    /// How many guests may run at this moment.
    running: AtomicUsize,
    ended: AtomicBool,
}

/// A guest may run as long as this lives.
#[derive(Debug)]
pub(super) struct Running<'a>(&'a Shared);

impl Epochs {
    /// A clock for `engine`, which ends when the last clone of it is dropped.
    pub(super) fn of(engine: &Engine) -> io::Result<Epochs> {
        let shared = Arc::new(Shared::default());
        let (engine, seen) = (engine.clone(), Arc::clone(&shared));
        let ticker = thread::Builder::new().name("epochs".into()).spawn(move || tick(&engine, &seen))?;
        Ok(Epochs(Arc::new(Clock { shared, ticker: ticker.thread().clone() })))
    }

    /// To be held while a guest may run: without it nothing interrupts it.
    pub(super) fn run(&self) -> Running<'_> {
        let Clock { shared, ticker } = &*self.0;
        if shared.running.fetch_add(1, Ordering::SeqCst) == 0 {
            // A system call only where the ticker sleeps for want of guests.
            ticker.unpark();
        }
        Running(shared)
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

fn tick(engine: &Engine, shared: &Shared) {
    let mut idle = 0;
    while !shared.ended.load(Ordering::SeqCst) {
        engine.increment_epoch();
        idle = if shared.running.load(Ordering::SeqCst) == 0 { idle + 1 } else { 0 };
        if idle < IDLE_TICKS {
            thread::sleep(EPOCH);
        } else {
            // Whoever begins to run after the count was looked at has left a token, with which this returns at once.
            thread::park();
            idle = 0;
        }
    }
}

/// How long a guest may run before it lets others run, and how finely its deadline is kept.
pub(super) const EPOCH: Duration = Duration::from_millis(1);

/// After so many ticks without a guest the clock stands still: requests that follow each other need not wake it.
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

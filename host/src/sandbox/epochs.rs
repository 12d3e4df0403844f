//! The clock that interrupts guests, by wasmtime's epochs.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

use wasmtime::Engine;

/// Ticks the epochs of an engine, on a thread of the operating system: a guest that loops may hold every thread of the
/// runtime, and the timers of the runtime with them. The thread sleeps while no guest runs, so that a host without
/// requests costs no processor time.
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
    /// Whether the ticker is parked or about to park. Before it parks, it looks at `running` once more.
    stopped: AtomicBool,
    ended: AtomicBool,
}

/// A guest may run while this guard exists.
#[derive(Debug)]
pub(super) struct Running<'a>(&'a Shared);

impl Epochs {
    /// Starts a clock for `engine`, which ends when the last clone of it is dropped.
    pub(super) fn of(engine: &Engine) -> io::Result<Epochs> {
        let shared = Arc::new(Shared::default());
        let (engine, seen) = (engine.clone(), Arc::clone(&shared));
        let ticker = thread::Builder::new().name("epochs".into()).spawn(move || seen.tick(&engine))?;
        Ok(Epochs(Arc::new(Clock { shared, ticker: ticker.thread().clone() })))
    }

    /// Must be held while a guest may run: otherwise nothing interrupts the guest.
    pub(super) fn run(&self) -> Running<'_> {
        let Clock { shared, ticker } = &*self.0;
        shared.running.fetch_add(1, Ordering::SeqCst);
        if shared.stopped.load(Ordering::SeqCst) {
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

impl Shared {
    fn tick(&self, engine: &Engine) {
        let mut idle_ticks = 0;
        while !self.ended.load(Ordering::SeqCst) {
            engine.increment_epoch();
            idle_ticks = if self.is_idle() { idle_ticks + 1 } else { 0 };
            if idle_ticks < IDLE_TICKS {
                thread::sleep(EPOCH);
            } else {
                self.stop();
                idle_ticks = 0;
            }
        }
    }

    /// Parks until a guest runs. A guest that begins at this moment either sees `stopped` and unparks the thread, or is
    /// counted in `running` when the thread looks.
    fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        if self.is_idle() && !self.ended.load(Ordering::SeqCst) {
            thread::park();
        }
        self.stopped.store(false, Ordering::SeqCst);
    }

    fn is_idle(&self) -> bool {
        self.running.load(Ordering::SeqCst) == 0
    }
}

/// How long a guest may run before it lets others run, and how precisely its deadline is kept.
pub(super) const EPOCH: Duration = Duration::from_millis(1);

/// The clock stops after so many ticks without a guest. To wake the thread costs as much as a request or two, so the
/// clock does not stop between requests that follow each other.
const IDLE_TICKS: u32 = 15;

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
    fn a_guest_that_begins_while_the_clock_is_stopped_is_interrupted() {
        let (engine, mut store, instance) = endless();
        let epochs = Epochs::of(&engine).unwrap();
        for pause in [0, 1, 40, 40] {
            // The long pauses let the clock stop, the short ones do not.
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

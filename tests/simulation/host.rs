//! A request in a simulated host: the desk as native code, on a stack of its own, over the host's store.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult};
use desk::{Clock, Env, Random, Request, Response};
use portdesk::backend::{Backend, Schema};
use portdesk::contract::Contract;
use portdesk::store::GuestStore;
use portdesk::telemetry::{Spans, Telemetry};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::calls::{Call, Calls, Reply, reply};
use crate::description::description;

/// The clock of a host. As in the host itself, its time never goes back while the host runs.
pub(crate) struct HostClock {
    pub(crate) now: Rc<Cell<u64>>,
    pub(crate) ahead: Cell<i64>,
    latest: Cell<u64>,
}

impl HostClock {
    pub(crate) fn new(now: Rc<Cell<u64>>) -> HostClock {
        HostClock { now, ahead: Cell::new(0), latest: Cell::new(0) }
    }

    /// A host that starts again knows nothing of earlier times.
    pub(crate) fn restart(&self) {
        self.latest.set(0);
    }
}

impl Clock for HostClock {
    fn now(&self) -> (u64, u32) {
        let machine = (EPOCH_US + self.now.get()).saturating_add_signed(self.ahead.get());
        self.latest.set(self.latest.get().max(machine));
        let latest = self.latest.get();
        (latest / 1_000_000, u32::try_from(latest % 1_000_000).unwrap() * 1_000)
    }
}

struct Chance(RefCell<SmallRng>);

impl Random for Chance {
    fn bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.0.borrow_mut().fill_bytes(&mut bytes);
        bytes
    }
}

/// A request that a host works on.
pub(crate) struct Running {
    /// `None` after its end.
    desk: Option<Coroutine<Reply, Call, Response, DefaultStack>>,
    store: GuestStore,
    call: Option<Pin<Box<dyn Future<Output = Reply>>>>,
    reply: Option<Reply>,
}

thread_local! {
    static STACKS: RefCell<Vec<DefaultStack>> = const { RefCell::new(Vec::new()) };
}

impl Running {
    pub(crate) fn new(request: Request, store: GuestStore, clock: Rc<HostClock>, seed: u64) -> Running {
        let stack = STACKS.with_borrow_mut(Vec::pop);
        let stack =
            stack.unwrap_or_else(|| DefaultStack::new(STACK_BYTES).expect("there is memory for a stack"));
        let desk = Coroutine::with_stack(stack, move |calls, _: Reply| {
            let random = Chance(RefCell::new(SmallRng::seed_from_u64(seed)));
            let env = Env { store: &Calls(calls), clock: &*clock, random: &random };
            desk::handle(env, &request)
        });
        Running { desk: Some(desk), store, call: None, reply: Some(Reply::Begin) }
    }

    /// Goes on until the desk waits for the store, or has an answer.
    pub(crate) fn poll(&mut self) -> Option<Response> {
        loop {
            if let Some(call) = &mut self.call {
                match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Pending => return None,
                    Poll::Ready(reply) => self.reply = Some(reply),
                }
                self.call = None;
            }
            match self.desk.as_mut()?.resume(self.reply.take()?) {
                CoroutineResult::Yield(call) => self.call = Some(Box::pin(reply(self.store.clone(), call))),
                CoroutineResult::Return(response) => {
                    self.end();
                    return Some(response);
                }
            }
        }
    }

    fn end(&mut self) {
        self.call = None;
        if let Some(mut desk) = self.desk.take() {
            desk.force_unwind();
            STACKS.with_borrow_mut(|stacks| stacks.push(desk.into_stack()));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// The host's store over a backend.
pub(crate) fn store(backend: Arc<dyn Backend>) -> GuestStore {
    static TELEMETRY: LazyLock<Arc<Telemetry>> = LazyLock::new(|| {
        Arc::new(Telemetry::new(&Contract::default(), &[], Spans::default()).expect("metrics without a host"))
    });
    GuestStore::new(backend, SCHEMA.clone(), Arc::clone(&TELEMETRY))
}

/// The schema of the desk.
pub(crate) static SCHEMA: LazyLock<Schema> = LazyLock::new(|| description().schema);

/// The time at which a simulation begins.
const EPOCH_US: u64 = 1_795_356_000_000_000;
const STACK_BYTES: usize = 256 * 1024;

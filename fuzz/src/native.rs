//! The desk as native code, as the benchmark has it, over a store that never waits.

#[path = "../../bench/src/native_desk/conversion.rs"]
mod conversion;
#[path = "../../bench/src/native_desk/description.rs"]
mod description;
#[path = "../../bench/src/native_desk/env.rs"]
mod env;
mod fiber {
    //! What stands for the stacks of the benchmark: the store in memory has every answer at once.

    use std::marker::PhantomData;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[derive(Default)]
    pub(super) struct Waiting<'a>(PhantomData<&'a ()>);

    impl Waiting<'_> {
        pub(super) fn wait<T>(&mut self, future: impl Future<Output = T>) -> T {
            match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(value) => value,
                Poll::Pending => panic!("a store in memory waits"),
            }
        }
    }
}

use async_trait::async_trait;
use desk::Env;
use portdesk::sandbox::{Conditions, HandleError, Request, Responder, Response};
use portdesk::store::GuestStore;
use tokio::time::Instant;

pub(crate) use self::description::description;
use self::env::{DeskStore, Entropy, WallClock, owned};
use self::fiber::Waiting;

/// Answers requests with native code.
pub(crate) struct NativeDesk(pub(crate) GuestStore);

#[async_trait]
impl Responder for NativeDesk {
    async fn handle(
        &self,
        request: Request<'_>,
        _conditions: Option<Box<Conditions>>,
        _deadline: Instant,
    ) -> Result<Response, HandleError> {
        let mut store = self.0.clone();
        store.begin(request.request_id);
        let store = DeskStore::new(store, Waiting::default());
        let env = Env { store: &store, clock: &WallClock, random: &Entropy };
        let desk::Response { status, headers, body, operation } = desk::handle(env, &owned(&request));
        Ok(Response { status, headers, body, operation: operation.map(String::from) })
    }

    fn in_use(&self) -> usize {
        0
    }

    fn memory_high_water_bytes(&self) -> usize {
        0
    }
}

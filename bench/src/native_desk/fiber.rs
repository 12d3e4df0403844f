//! Runs synchronous code that waits for futures: the desk calls the store as a plain function, but the store is asynchronous.
//!
//! Each request runs on a stack of its own, as an instance of the component does. While the store works, the stack is
//! suspended and its thread runs other requests. One thread for each request, or a switch of threads for each call, would
//! make native code look slow.

use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};
use desk::Response;

/// Stacks that were used before. Making a stack costs system calls, so a stack is used again.
#[derive(Default)]
pub(super) struct Stacks(Mutex<Vec<DefaultStack>>);

/// Lets synchronous code wait, any number of times.
pub(super) struct Waiting<'a> {
    yielder: &'a Yielder<Waker, ()>,
    waker: Waker,
}

impl Waiting<'_> {
    /// Waits for a future. The future is polled on the stack of the thread, because a store may need a deep stack.
    pub(super) fn wait<T: Send>(&mut self, future: impl Future<Output = T> + Send) -> T {
        let mut future = pin!(future);
        loop {
            let (future, waker) = (future.as_mut(), &self.waker);
            let polled = self.yielder.on_parent_stack(|| future.poll(&mut Context::from_waker(waker)));
            match polled {
                Poll::Ready(value) => return value,
                Poll::Pending => self.waker = self.yielder.suspend(()),
            }
        }
    }
}

impl Stacks {
    /// Runs synchronous code as a future. If this future is dropped while the code waits, the code is unwound.
    pub(super) async fn run(&self, code: impl FnOnce(Waiting<'_>) -> Response + Send + 'static) -> Response {
        let used = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        // If there is no memory for a stack, nothing was done, as in a sandbox that has no free instance.
        let Ok(stack) = used.map_or_else(|| DefaultStack::new(STACK_BYTES), Ok) else { return unavailable() };
        let coroutine = Coroutine::with_stack(stack, |yielder, waker| code(Waiting { yielder, waker }));
        let mut fiber = Fiber(coroutine);
        let response = (&mut fiber).await;
        let stack = fiber.0.into_stack();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(stack);
        response
    }
}

struct Fiber(Coroutine<Waker, (), Response, DefaultStack>);

// SAFETY: everything on a suspended stack may move to another thread: the code is `Send`, every future that the code waits for
// is `Send`, and the desk uses no thread-local value and holds no lock.
#[expect(unsafe_code, reason = "the compiler cannot prove that a stack is Send; the bench is never shipped")]
unsafe impl Send for Fiber {}

impl Future for &mut Fiber {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Response> {
        match self.0.resume(context.waker().clone()) {
            CoroutineResult::Yield(()) => Poll::Pending,
            CoroutineResult::Return(response) => Poll::Ready(response),
        }
    }
}

fn unavailable() -> Response {
    Response { status: 503, headers: Vec::new(), body: Vec::new(), operation: None }
}

/// The desk needs less than 64 KiB in WebAssembly. Native stack frames are larger.
const STACK_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn code_continues_after_each_wait_and_its_stack_is_used_again() {
        let stacks = Stacks::default();
        for turns in [0, 1, 3] {
            let response = stacks.run(move |mut waiting| {
                let mut status = 200;
                for _ in 0..turns {
                    waiting.wait(yield_now());
                    status += 1;
                }
                Response { status, headers: Vec::new(), body: Vec::new(), operation: None }
            });
            assert_eq!(response.await.status, 200 + turns);
        }
        assert_eq!(stacks.0.lock().unwrap().len(), 1, "a stack is used again");
    }

    #[tokio::test]
    async fn code_that_is_dropped_while_it_waits_is_unwound() {
        let (stacks, witness) = (Stacks::default(), std::sync::Arc::new(()));
        let held = std::sync::Arc::clone(&witness);
        let waits = stacks.run(move |mut waiting| {
            waiting.wait(std::future::pending::<()>());
            drop(held);
            unavailable()
        });
        assert!(tokio::time::timeout(std::time::Duration::from_millis(1), waits).await.is_err());
        assert_eq!(std::sync::Arc::strong_count(&witness), 1);
    }
}

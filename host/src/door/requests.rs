//! Limits how many requests are in flight. Each may hold a body and an answer, so the limit also limits the memory.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::Refusal;

/// The requests in flight.
pub(crate) struct Requests {
    permits: Arc<Semaphore>,
    most: u32,
    crowded: Notify,
}

/// Counts one request as in flight until it is dropped.
#[derive(Debug)]
pub(crate) struct RequestPermit(#[expect(dead_code, reason = "dropping it is its use")] OwnedSemaphorePermit);

impl Requests {
    /// Allows at most `most` requests in flight.
    pub(crate) fn new(most: u32) -> Requests {
        Requests { permits: Arc::new(Semaphore::new(most as usize)), most, crowded: Notify::new() }
    }

    /// Counts a request as in flight. If there are too many, wakes the waiter of [`Requests::crowded`], which can cut
    /// an idle connection, and refuses the request if that frees no permit in time.
    pub(crate) async fn enter(&self) -> Result<RequestPermit, Refusal> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(RequestPermit(permit));
        }
        self.crowded.notify_one();
        match timeout(LONGEST_WAIT, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(RequestPermit(permit)),
            Ok(Err(_)) | Err(_) => Err(Refusal::Busy),
        }
    }

    /// Resolves when a request found no permit. For one waiter.
    pub(crate) async fn crowded(&self) {
        self.crowded.notified().await;
    }

    /// Resolves when no request is in flight.
    pub(crate) async fn all_ended(&self) {
        drop(self.permits.acquire_many(self.most).await);
    }
}

/// How long a request waits for the permit of a connection that is cut for it. A wait for an instance may follow; both
/// waits together must take at most 60 ms.
const LONGEST_WAIT: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_request_above_the_limit_is_refused_and_wakes_the_waiter() {
        let requests = Requests::new(1);
        let first = requests.enter().await.unwrap();
        assert_eq!(requests.enter().await.unwrap_err(), Refusal::Busy);
        requests.crowded().await;
        drop(first);
        requests.enter().await.unwrap();
        requests.all_ended().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_gets_a_permit_that_is_freed_while_it_waits() {
        let requests = Requests::new(1);
        let first = requests.enter().await.unwrap();
        let room = async {
            requests.crowded().await;
            drop(first);
        };
        let (second, ()) = tokio::join!(requests.enter(), room);
        second.unwrap();
    }
}

//! How many requests are in flight: each may hold a body and an answer, so that their number limits the memory.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::Refusal;

/// The requests in flight.
pub struct Requests {
    permits: Arc<Semaphore>,
    most: u32,
    crowded: Notify,
}

/// A place among the requests in flight, for as long as it is kept.
#[derive(Debug)]
pub struct RequestPermit(#[expect(dead_code, reason = "dropping it is its use")] OwnedSemaphorePermit);

impl Requests {
    /// At most so many at once.
    #[must_use]
    pub fn new(most: u32) -> Requests {
        Requests { permits: Arc::new(Semaphore::new(most as usize)), most, crowded: Notify::new() }
    }

    /// A place; [`Refusal::Busy`] where there is none, and none is made at once by whoever waits for `crowded`.
    pub(super) async fn enter(&self) -> Result<RequestPermit, Refusal> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(RequestPermit(permit));
        }
        self.crowded.notify_one();
        match timeout(LONGEST_WAIT, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(RequestPermit(permit)),
            Ok(Err(_)) | Err(_) => Err(Refusal::Busy),
        }
    }

    /// Resolves when a request found no place. For one waiter.
    pub async fn crowded(&self) {
        self.crowded.notified().await;
    }

    /// Resolves when no request is in flight.
    pub async fn all_ended(&self) {
        drop(self.permits.acquire_many(self.most).await);
    }
}

/// How long a request waits for the place of a connection that is cut for it. Another wait may follow, for an instance;
/// both together are to stay within 60 ms.
const LONGEST_WAIT: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_more_than_there_may_be_is_refused_and_calls_for_room() {
        let requests = Requests::new(1);
        let first = requests.enter().await.unwrap();
        assert_eq!(requests.enter().await.unwrap_err(), Refusal::Busy);
        requests.crowded().await;
        drop(first);
        requests.enter().await.unwrap();
        requests.all_ended().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_that_is_freed_at_once_is_taken() {
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

//! The delays of a space: how long they last, and what ends them early.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// The delays of one space, which end early while something waits for the requests in progress.
#[derive(Debug, Default)]
pub(super) struct Delays {
    /// How many wait for the requests in progress.
    waiting: watch::Sender<usize>,
}

/// Ends all delays of a space, also those that begin meanwhile, until it is dropped.
#[derive(Debug)]
pub struct Hurry<'a>(&'a Delays);

impl Delays {
    pub(super) fn hurry(&self) -> Hurry<'_> {
        self.waiting.send_modify(|waiting| *waiting += 1);
        Hurry(self)
    }

    pub(super) async fn last(&self, delay: Duration) {
        let mut waiting = self.waiting.subscribe();
        // It fails if nobody can wait any more, which cannot be while `self` is there.
        let _ = timeout(delay, waiting.wait_for(|waiting| *waiting > 0)).await;
    }
}

impl Drop for Hurry<'_> {
    fn drop(&mut self) {
        self.0.waiting.send_modify(|waiting| *waiting = waiting.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_delay_ends_early_if_something_waits_for_the_requests_in_progress() {
        let delays = Delays::default();
        let delay = Duration::from_mins(1);
        let begun = Instant::now();
        let (one, other) = (delays.hurry(), delays.hurry());
        drop(one);
        delays.last(delay).await;
        assert_eq!(begun.elapsed(), Duration::ZERO, "the other one still waits");
        drop(other);
        delays.last(delay).await;
        assert_eq!(begun.elapsed(), delay);
        let begun = Instant::now();
        let hurry = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let _hurry = delays.hurry();
            std::future::pending::<()>().await;
        };
        tokio::select! { () = delays.last(delay) => {}, () = hurry => {} }
        assert_eq!(begun.elapsed(), Duration::from_secs(1));
    }
}

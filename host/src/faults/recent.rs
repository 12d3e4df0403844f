//! The items that were made a short time ago, for lists that lag.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::DELAY_LIMIT_MS;

/// The keys of the newest items of a space, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<VecDeque<(Instant, Box<str>)>>);

impl Recent {
    /// Notes that an item was made now.
    pub(super) fn add(&self, key: &str) {
        let mut made = self.lock();
        let longest = Duration::from_millis(DELAY_LIMIT_MS);
        while made.len() >= ITEMS || made.front().is_some_and(|(at, _)| at.elapsed() > longest) {
            made.pop_front();
        }
        made.push_back((Instant::now(), key.into()));
    }

    /// Whether the item was made within the last `time`.
    pub(super) fn has(&self, key: &str, time: Duration) -> bool {
        let made = self.lock();
        made.iter().rev().take_while(|(at, _)| at.elapsed() < time).any(|(_, made)| **made == *key)
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Instant, Box<str>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The most items that are remembered, which is more than a test makes in a minute.
const ITEMS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_item_is_recent_for_the_time_that_is_asked_for() {
        let (recent, second) = (Recent::default(), Duration::from_secs(1));
        recent.add("a");
        tokio::time::advance(second).await;
        recent.add("b");
        assert_eq!(
            [recent.has("a", second), recent.has("b", second), recent.has("c", second)],
            [false, true, false]
        );
        assert!(recent.has("a", 2 * second));
        recent.clear();
        assert!(!recent.has("b", second));
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_newest_items_of_the_last_minute_are_remembered() {
        let recent = Recent::default();
        for number in 0..=ITEMS {
            recent.add(&number.to_string());
        }
        assert_eq!(recent.lock().len(), ITEMS);
        assert!(!recent.has("0", Duration::from_mins(1)) && recent.has("1", Duration::from_mins(1)));
        tokio::time::advance(Duration::from_secs(61)).await;
        recent.add("new");
        assert_eq!(recent.lock().len(), 1);
    }
}

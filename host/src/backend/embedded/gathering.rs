//! How long a commit waits for writes that are likely to come at once.
//!
//! Clients that wait for their answers come back when they have them: those of the last commit while the next
//! one syncs, so that each commit would have about half of all clients, for ever. Where syncs are slow it is
//! faster to wait for the others. Nobody knows whether they come, so the wait is short beside the commit that it
//! may save, and none at all for a single client: databases call that a commit delay.

use std::time::Duration;

/// How long a commit waits at most, as a part of what the disk usually takes for one.
const SHARE: u32 = 8;

/// A shorter wait is none: Linux wakes a thread up to 50 us later than it was asked to.
const LEAST: Duration = Duration::from_micros(50);

/// Of how many commits, about, the time of one is the average. One commit counts as at most twice the usual,
/// so that a single slow sync makes no wait longer by more than an eighth.
const COMMITS: u32 = 8;

/// What the last commits say about the next one.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    /// How many clients write at the moment: those just answered, and those in the queue.
    writers: usize,
    /// What the disk takes for a commit. What the processor takes is no reason to wait: it is about the same for
    /// each write, in a commit of few and of many.
    usual: Option<Duration>,
}

impl Gathering {
    /// So many writes were committed while so many others came, and the disk took so long for it.
    pub(super) fn committed(&mut self, writes: usize, others: usize, taken: Duration) {
        self.writers = writes + others;
        let usual = self.usual.unwrap_or(taken);
        let taken = taken.min(usual.saturating_mul(2));
        self.usual = Some(usual.saturating_sub(usual / COMMITS) + taken / COMMITS);
    }

    /// How many more writes are worth waiting for in a commit that has so many.
    pub(super) fn missing(&self, gathered: usize) -> usize {
        self.writers.saturating_sub(gathered)
    }

    /// How long to wait for them, once there is nothing else to do.
    pub(super) fn patience(&self) -> Option<Duration> {
        self.usual.map(|usual| usual / SHARE).filter(|patience| *patience >= LEAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    /// After many commits of so many writes and others, that took this long each.
    fn after(writes: usize, others: usize, taken: Duration) -> Gathering {
        let mut gathering = Gathering::default();
        for _ in 0..100 {
            gathering.committed(writes, others, taken);
        }
        gathering
    }

    #[test]
    fn a_first_commit_waits_for_nobody() {
        let gathering = Gathering::default();
        assert_eq!((gathering.missing(1), gathering.patience()), (0, None));
    }

    #[test]
    fn a_single_writer_waits_for_nobody() {
        assert_eq!(after(1, 0, 8 * MILLISECOND).missing(1), 0);
    }

    #[test]
    fn two_writers_that_take_turns_are_brought_together() {
        let gathering = after(1, 1, 8 * MILLISECOND);
        assert_eq!((gathering.missing(1), gathering.missing(2)), (1, 0));
        assert_eq!(gathering.patience(), Some(MILLISECOND));
    }

    #[test]
    fn halves_become_a_whole_that_stays() {
        let mut gathering = after(32, 32, 8 * MILLISECOND);
        assert_eq!(gathering.missing(32), 32);
        gathering.committed(64, 0, 8 * MILLISECOND);
        assert_eq!(gathering.missing(1), 63);
    }

    #[test]
    fn writers_that_have_left_are_waited_for_once() {
        let mut gathering = after(64, 0, 8 * MILLISECOND);
        assert_eq!(gathering.missing(1), 63);
        gathering.committed(1, 0, 8 * MILLISECOND);
        assert_eq!(gathering.missing(1), 0);
    }

    #[test]
    fn a_fast_disk_is_not_waited_for() {
        assert_eq!(after(32, 32, Duration::from_micros(390)).patience(), None);
        assert!(after(32, 32, Duration::from_micros(410)).patience().is_some());
    }

    #[test]
    fn one_slow_sync_changes_little() {
        let mut gathering = after(32, 32, 8 * MILLISECOND);
        gathering.committed(32, 32, Duration::from_secs(10));
        assert_eq!(gathering.patience(), Some(MILLISECOND + MILLISECOND / 8));
        gathering.committed(32, 32, 8 * MILLISECOND);
        assert!(gathering.patience() < Some(MILLISECOND + MILLISECOND / 8));
    }

    #[test]
    fn a_disk_that_becomes_slow_is_noticed() {
        let mut gathering = after(32, 32, MILLISECOND);
        for _ in 0..40 {
            gathering.committed(32, 32, 16 * MILLISECOND);
        }
        assert!(gathering.patience() > Some(Duration::from_micros(1900)), "{gathering:?}");
    }
}

//! What came of a run, in figures.

use std::fmt;

/// The figures of some kills.
#[derive(Debug, Default)]
pub struct Verdict {
    pub kills: usize,
    /// Writes that were answered with 2xx before the kill.
    pub acknowledged: usize,
    /// Writes that were sent and had no answer at the kill.
    pub unanswered: usize,
    /// Of the unanswered ones, those that had been stored all the same.
    pub stored_unanswered: usize,
    /// Acknowledged writes that were not there afterwards, or not as they were answered.
    pub lost: usize,
    /// Writes that are there more than once after a retry with their key.
    pub duplicates: usize,
}

impl Verdict {
    pub fn add(&mut self, other: Verdict) {
        self.kills += other.kills;
        self.acknowledged += other.acknowledged;
        self.unanswered += other.unanswered;
        self.stored_unanswered += other.stored_unanswered;
        self.lost += other.lost;
        self.duplicates += other.duplicates;
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} kills: {} writes acknowledged, {} of them lost; {} without an answer, {} of them stored, \
             {} duplicates after their retry",
            self.kills,
            self.acknowledged,
            self.lost,
            self.unanswered,
            self.stored_unanswered,
            self.duplicates
        )
    }
}

//! What came of a run, in figures.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::writer::Attempt;

/// The figures of one run.
#[derive(Debug, Default, PartialEq)]
pub struct Verdict {
    /// Comments that were to be made.
    pub appends: usize,
    /// Those that were acknowledged, at once or in the end.
    pub acknowledged: usize,
    /// Requests of the writers beyond one for each comment.
    pub repeats: usize,
    /// Answers that left open whether the comment was stored.
    pub unknown: usize,
    /// Acknowledged comments that are not there, or not as they were acknowledged.
    pub lost: usize,
    /// Comments that are there more than once.
    pub duplicates: usize,
    /// Comments that are there and that nobody made.
    pub strange: usize,
    /// Acknowledged comments that stand before one that their writer made earlier.
    pub disordered: usize,
}

impl Verdict {
    /// What the writers know.
    pub fn of(attempts: &[Vec<Attempt>]) -> Verdict {
        let all = || attempts.iter().flatten();
        Verdict {
            appends: all().count(),
            acknowledged: all().filter(|attempt| attempt.acknowledged.is_some()).count(),
            repeats: all().map(|attempt| attempt.sent - 1).sum(),
            unknown: all().map(|attempt| attempt.unknown).sum(),
            ..Verdict::default()
        }
    }

    /// What a ticket shows, when all writers are done.
    pub fn look_at(&mut self, ticket: &Value, path: &str, attempts: &[Vec<Attempt>]) {
        let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let comments = ticket["comments"].as_array().unwrap();
        for (place, comment) in comments.iter().enumerate() {
            places.entry(comment["comment"].as_str().unwrap()).or_default().push(place);
        }
        for writer in attempts {
            let mut last = None;
            for attempt in writer.iter().filter(|attempt| attempt.ticket == path) {
                let found = places.remove(attempt.text.as_str()).unwrap_or_default();
                self.duplicates += found.len().saturating_sub(1);
                let Some(acknowledged) = &attempt.acknowledged else { continue };
                let place = found.first().copied();
                self.lost += usize::from(place.is_none_or(|place| comments[place] != *acknowledged));
                self.disordered += usize::from(place.is_some() && place < last);
                last = last.max(place);
            }
        }
        self.strange += places.len();
    }

    pub fn assert_exact(&self) {
        let wrong = (self.lost, self.duplicates, self.strange, self.disordered);
        assert_eq!(wrong, (0, 0, 0, 0), "lost, duplicate, strange, disordered: {self}");
        assert!(self.acknowledged * 1_000 >= self.appends * 999, "fewer than 99.9 % succeeded: {self}");
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} comments, {} acknowledged after {} repeats and {} unknown outcomes: {} lost, {} duplicates, \
             {} that nobody made, {} out of order",
            self.appends,
            self.acknowledged,
            self.repeats,
            self.unknown,
            self.lost,
            self.duplicates,
            self.strange,
            self.disordered
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn attempt(text: &str, acknowledged: bool) -> Attempt {
        let acknowledged = acknowledged.then(|| json!({ "comment": text }));
        Attempt { ticket: "/tickets/1".into(), text: text.into(), acknowledged, sent: 1, unknown: 0 }
    }

    /// The figures for a ticket that shows these comments of a writer of three, the last not acknowledged.
    fn judged(shown: &[&str]) -> (usize, usize, usize, usize) {
        let attempts = [vec![attempt("a", true), attempt("b", true), attempt("c", false)]];
        let comments: Vec<_> = shown.iter().map(|text| json!({ "comment": text })).collect();
        let mut verdict = Verdict::of(&attempts);
        verdict.look_at(&json!({ "comments": comments }), "/tickets/1", &attempts);
        (verdict.lost, verdict.duplicates, verdict.strange, verdict.disordered)
    }

    #[test]
    fn a_verdict_sees_what_is_wrong_and_nothing_else() {
        for exact in [&["a", "b"][..], &["a", "b", "c"], &["a", "c", "b"]] {
            assert_eq!(judged(exact), (0, 0, 0, 0), "{exact:?}");
        }
        assert_eq!(judged(&["b"]), (1, 0, 0, 0));
        assert_eq!(judged(&["a", "b", "a"]), (0, 1, 0, 0));
        assert_eq!(judged(&["a", "b", "c", "c"]), (0, 1, 0, 0));
        assert_eq!(judged(&["a", "b", "x"]), (0, 0, 1, 0));
        assert_eq!(judged(&["b", "a"]), (0, 0, 0, 1));
    }
}

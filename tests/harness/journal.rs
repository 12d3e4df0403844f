//! A journal of what clients wrote, and the verdict on it: which writes are lost, doubled or misplaced.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Answer, Client};

/// A write, as far as it got. Its text is its own: the judge recognises a ticket or a comment by its text.
#[derive(Debug)]
pub struct Write {
    /// The caller of the ticket that the write creates or comments on.
    pub caller: String,
    /// The description of the ticket, or the comment.
    pub text: String,
    /// The id of the ticket that the write comments on; `None` if the write creates a ticket.
    pub ticket: Option<String>,
    /// The answer, if the write was acknowledged.
    pub acknowledged: Option<Value>,
    /// How often the write was sent.
    pub sent: usize,
    /// How many answers left open whether the write was stored.
    pub unknown: usize,
}

impl Write {
    /// A write that creates a ticket.
    pub fn ticket(caller: &str, text: String) -> Write {
        Write { caller: caller.to_owned(), text, ticket: None, acknowledged: None, sent: 0, unknown: 0 }
    }

    /// A write that comments on a ticket.
    pub fn comment(caller: &str, ticket: &str, text: String) -> Write {
        Write { ticket: Some(ticket.to_owned()), ..Write::ticket(caller, text) }
    }

    /// Sends the write under a key of its own, and records the answer.
    pub async fn send(&mut self, client: &Client) -> reqwest::Result<Answer> {
        let (path, body) = match &self.ticket {
            None => {
                ("/tickets".to_owned(), json!({ "caller_id": self.caller, "issue_description": self.text }))
            }
            Some(ticket) => (format!("/tickets/{ticket}/comments"), json!({ "comment": self.text })),
        };
        let key = self.text.replace(' ', "-");
        self.sent += 1;
        let answer = client.try_send("POST", &path, &[("idempotency-key", &key)], Some(&body)).await?;
        match answer.status {
            200 | 201 => self.acknowledged = Some(answer.json()),
            503 | 504 => self.unknown += usize::from(answer.json()["outcome"] == "unknown"),
            _ => {}
        }
        Ok(answer)
    }

    /// Sends the write again, as a client does that lost the answer. A second answer must be equal to the first.
    pub async fn repeat(&mut self, client: &Client) {
        let before = self.acknowledged.take();
        let answer = self.send(client).await.unwrap();
        assert!(matches!(answer.status, 200 | 201), "{}: {}", answer.status, answer.text());
        assert!(before.is_none() || before == self.acknowledged, "{before:?}, then {:?}", self.acknowledged);
    }

    /// The id of the ticket that the write created.
    pub fn created(&self) -> Option<&str> {
        self.acknowledged.as_ref()?["ticket_id"].as_str()
    }
}

/// All tickets of the callers in a journal, each as `GET` shows it. `journal` has a list of writes for each writer.
pub async fn shown(journal: &[Vec<Write>], client: &Client) -> Vec<Value> {
    let callers: BTreeSet<&str> = journal.iter().flatten().map(|write| write.caller.as_str()).collect();
    let mut shown = Vec::new();
    for caller in callers {
        let first = format!("/tickets?caller={}&limit=100", caller.replace(' ', "%20"));
        let mut page = Some(first.clone());
        while let Some(path) = page {
            let answer = client.get(&path).await.expect(200).json();
            for ticket in answer["tickets"].as_array().unwrap() {
                let path = format!("/tickets/{}", ticket["ticket_id"].as_str().unwrap());
                shown.push(client.get(&path).await.expect(200).json());
            }
            let cursor = answer.get("next_cursor").map(|cursor| cursor.as_str().unwrap().to_owned());
            page = cursor.map(|cursor| format!("{first}&cursor={cursor}"));
        }
    }
    shown
}

/// What became of the writes of a journal.
#[derive(Debug, Default, PartialEq)]
pub struct Verdict {
    pub writes: usize,
    pub acknowledged: usize,
    /// Requests beyond one for each write.
    pub repeats: usize,
    /// Answers that left open whether the write was stored.
    pub unknown: usize,
    /// Writes that were not acknowledged and are there.
    pub stored_unacknowledged: usize,
    /// Acknowledged writes that are not there, or not as they were acknowledged.
    pub lost: usize,
    /// Copies of a write beyond the first.
    pub doubled: usize,
    /// Tickets and comments that are there although no write made them.
    pub strange: usize,
    /// Acknowledged comments that stand before an earlier comment of the same writer.
    pub misplaced: usize,
}

impl Verdict {
    /// Compares the writes of a journal with the tickets that a host shows.
    pub fn of(journal: &[Vec<Write>], shown: &[Value]) -> Verdict {
        let all = || journal.iter().flatten();
        let mut verdict = Verdict {
            writes: all().count(),
            acknowledged: all().filter(|write| write.acknowledged.is_some()).count(),
            repeats: all().map(|write| write.sent.saturating_sub(1)).sum(),
            unknown: all().map(|write| write.unknown).sum(),
            ..Verdict::default()
        };
        let mut tickets: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for ticket in shown {
            tickets.entry(ticket["issue_description"].as_str().unwrap()).or_default().push(ticket);
        }
        for write in all().filter(|write| write.ticket.is_none()) {
            let found = tickets.remove(write.text.as_str()).unwrap_or_default();
            verdict.judge(write, &found, |found, answer| as_created(found) == as_created(answer));
        }
        verdict.strange += tickets.values().map(Vec::len).sum::<usize>();
        verdict.judge_comments(journal, shown);
        verdict
    }

    fn judge_comments(&mut self, journal: &[Vec<Write>], shown: &[Value]) {
        // The comments that each ticket shows, by their text, with their places.
        let mut comments: BTreeMap<(&str, &str), Vec<(usize, &Value)>> = BTreeMap::new();
        for ticket in shown {
            let id = ticket["ticket_id"].as_str().unwrap();
            for (place, comment) in ticket["comments"].as_array().unwrap().iter().enumerate() {
                let text = comment["comment"].as_str().unwrap();
                comments.entry((id, text)).or_default().push((place, comment));
            }
        }
        for writer in journal {
            let mut last: BTreeMap<&str, usize> = BTreeMap::new();
            for write in writer {
                let Some(ticket) = write.ticket.as_deref() else { continue };
                let found = comments.remove(&(ticket, write.text.as_str())).unwrap_or_default();
                let shown: Vec<&Value> = found.iter().map(|(_, comment)| *comment).collect();
                self.judge(write, &shown, |found, answer| *found == answer["comment"]);
                if let (Some((place, _)), Some(_)) = (found.first(), &write.acknowledged) {
                    let last = last.entry(ticket).or_default();
                    self.misplaced += usize::from(*place < *last);
                    *last = (*last).max(*place);
                }
            }
        }
        self.strange += comments.values().map(Vec::len).sum::<usize>();
    }

    /// Judges one write by everything that has its text.
    fn judge(&mut self, write: &Write, found: &[&Value], is_same: impl Fn(&Value, &Value) -> bool) {
        self.doubled += found.len().saturating_sub(1);
        match &write.acknowledged {
            Some(answer) => self.lost += usize::from(!found.iter().any(|found| is_same(found, answer))),
            None => self.stored_unacknowledged += usize::from(!found.is_empty()),
        }
    }

    /// Panics unless every acknowledged write is there once and in its place, and nothing is there that nobody wrote.
    pub fn assert_exact(&self) {
        let wrong = (self.lost, self.doubled, self.strange, self.misplaced);
        assert_eq!(wrong, (0, 0, 0, 0), "lost, doubled, strange, misplaced: {self:?}");
    }
}

/// A ticket without what a comment changes, if it has comments.
fn as_created(ticket: &Value) -> Value {
    let mut ticket = ticket.clone();
    if ticket["comments"].as_array().is_some_and(|comments| !comments.is_empty()) {
        ticket["updated_at"] = ticket["created_at"].clone();
        ticket["comments"] = json!([]);
    }
    ticket
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(text: &str, is_acknowledged: bool) -> Write {
        let answer = is_acknowledged.then(|| json!({ "comment": { "comment": text } }));
        Write { acknowledged: answer, sent: 1, ..Write::comment("ada", "1", text.to_owned()) }
    }

    fn ticket(id: &str, text: &str, comments: &[&str]) -> Value {
        let comments: Vec<_> = comments.iter().map(|text| json!({ "comment": text })).collect();
        let updated_at = if comments.is_empty() { "1" } else { "2" };
        json!({
            "ticket_id": id, "issue_description": text, "created_at": "1", "updated_at": updated_at,
            "comments": comments,
        })
    }

    /// The lost, doubled, strange and misplaced writes, if a host shows these tickets.
    fn judged(shown: &[Value]) -> (usize, usize, usize, usize) {
        let created =
            Write { acknowledged: Some(ticket("1", "t", &[])), ..Write::ticket("ada", "t".to_owned()) };
        let cut = Write::ticket("ada", "u".to_owned());
        let comments = vec![comment("a", true), comment("b", true), comment("c", false)];
        let verdict = Verdict::of(&[vec![created, cut], comments], shown);
        (verdict.lost, verdict.doubled, verdict.strange, verdict.misplaced)
    }

    #[test]
    fn a_verdict_sees_what_is_wrong_and_nothing_else() {
        for exact in [&["a", "b"][..], &["a", "b", "c"], &["a", "c", "b"]] {
            assert_eq!(judged(&[ticket("1", "t", exact)]), (0, 0, 0, 0), "{exact:?}");
            let with_cut = [ticket("1", "t", exact), ticket("2", "u", &[])];
            assert_eq!(judged(&with_cut), (0, 0, 0, 0), "{exact:?}");
        }
        for (wrong, expected) in [
            (&["b"][..], (1, 0, 0, 0)),
            (&["a", "b", "a"], (0, 1, 0, 0)),
            (&["a", "b", "c", "c"], (0, 1, 0, 0)),
            (&["a", "b", "x"], (0, 0, 1, 0)),
            (&["b", "a"], (0, 0, 0, 1)),
        ] {
            assert_eq!(judged(&[ticket("1", "t", wrong)]), expected, "{wrong:?}");
        }
        let exact = || ticket("1", "t", &["a", "b"]);
        assert_eq!(judged(&[]), (3, 0, 0, 0), "a ticket and two comments");
        assert_eq!(judged(&[ticket("2", "t", &["a", "b"])]), (3, 0, 2, 0), "an id that was not acknowledged");
        assert_eq!(judged(&[exact(), ticket("2", "t", &[])]), (0, 1, 0, 0));
        assert_eq!(judged(&[exact(), ticket("2", "u", &[]), ticket("3", "u", &[])]), (0, 1, 0, 0));
        assert_eq!(judged(&[exact(), ticket("2", "x", &[])]), (0, 0, 1, 0));
    }
}

//! A client that creates tickets and comments on them, each write under a key, and remembers every answer.

use serde_json::{Value, json};

use super::verdict::Verdict;
use crate::harness::{Answer, Client};

/// Writes under a caller of its own.
pub struct Writer {
    client: Client,
    caller: String,
}

/// A ticket and a comment on it, as far as they got.
#[derive(Debug)]
pub struct Attempt {
    caller: String,
    /// Names both writes, and is what they say.
    text: String,
    /// What the create was answered with, if it was.
    ticket: Option<Value>,
    /// Whether the comment was sent, and what it was answered with.
    comment: Sent,
}

#[derive(Debug)]
enum Sent {
    Answered(Value),
    No,
    Unanswered,
}

impl Writer {
    pub fn new(client: Client, caller: String) -> Writer {
        Writer { client, caller }
    }

    /// Writes until a write has no answer. All attempts, the cut one last.
    pub async fn write_until_cut(self) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        for number in 0.. {
            let attempt = self.write(format!("{} write {number}", self.caller)).await;
            let cut = !matches!(attempt.comment, Sent::Answered(_));
            attempts.push(attempt);
            if cut {
                break;
            }
        }
        attempts
    }

    async fn write(&self, text: String) -> Attempt {
        let mut attempt = Attempt { caller: self.caller.clone(), text, ticket: None, comment: Sent::No };
        attempt.ticket = attempt.create(&self.client).await.map(|answer| answer.expect(201).json());
        if let Some(ticket) = &attempt.ticket {
            let answer = attempt.add_comment(&self.client, &id(ticket)).await;
            attempt.comment =
                answer.map_or(Sent::Unanswered, |answer| Sent::Answered(answer.expect(200).json()));
        }
        attempt
    }
}

impl Attempt {
    async fn create(&self, client: &Client) -> Option<Answer> {
        let body = json!({ "caller_id": self.caller, "issue_description": self.text });
        client.try_send("POST", "/tickets", &[("idempotency-key", &self.key())], Some(&body)).await.ok()
    }

    async fn add_comment(&self, client: &Client, ticket_id: &str) -> Option<Answer> {
        let path = format!("/tickets/{ticket_id}/comments");
        let body = json!({ "comment": self.text });
        client.try_send("POST", &path, &[("idempotency-key", &self.key())], Some(&body)).await.ok()
    }

    fn key(&self) -> String {
        self.text.replace(' ', "-")
    }

    /// Counts what was acknowledged and what was not.
    pub fn count(&self, verdict: &mut Verdict) {
        verdict.acknowledged += usize::from(self.ticket.is_some());
        verdict.acknowledged += usize::from(matches!(self.comment, Sent::Answered(_)));
        verdict.unanswered += usize::from(!matches!(self.comment, Sent::Answered(_)));
    }

    /// Looks for all that was acknowledged.
    pub async fn look_for(&self, client: &Client, verdict: &mut Verdict) {
        let Some(ticket) = &self.ticket else {
            verdict.stored_unanswered += self.tickets(client).await.len();
            return;
        };
        let answer = client.get(&format!("/tickets/{}", id(ticket))).await;
        if answer.status != 200 {
            verdict.lost += 1;
            return;
        }
        let found = answer.json();
        verdict.lost += usize::from(found["issue_description"] != ticket["issue_description"]);
        let comments = found["comments"].as_array().unwrap();
        match &self.comment {
            Sent::Answered(answer) => verdict.lost += usize::from(!comments.contains(&answer["comment"])),
            Sent::Unanswered => verdict.stored_unanswered += comments.len(),
            Sent::No => {}
        }
    }

    /// Sends both writes again, as a client would that lost its answers; those that it has must come again.
    pub async fn repeat(&self, client: &Client) {
        let created = self.create(client).await.unwrap().expect(201).json();
        if let Some(ticket) = &self.ticket {
            assert_eq!(&created, ticket);
        }
        let commented = self.add_comment(client, &id(&created)).await.unwrap().expect(200).json();
        if let Sent::Answered(comment) = &self.comment {
            assert_eq!(&commented, comment);
        }
    }

    /// Counts what is there more than once.
    pub async fn look_for_twins(&self, client: &Client, verdict: &mut Verdict) {
        let tickets = self.tickets(client).await;
        verdict.duplicates += tickets.len() - 1;
        for ticket in tickets {
            let comments = usize::try_from(ticket["comment_count"].as_u64().unwrap()).unwrap();
            verdict.duplicates += comments - 1;
        }
    }

    /// The tickets that say what this attempt says, out of the list of its caller.
    async fn tickets(&self, client: &Client) -> Vec<Value> {
        let mut found = Vec::new();
        let mut page = Some(format!("/tickets?caller={}&limit=100", self.caller));
        while let Some(path) = page {
            let answer = client.get(&path).await.expect(200).json();
            let tickets = answer["tickets"].as_array().unwrap().iter();
            found.extend(tickets.filter(|ticket| ticket["issue_description"] == self.text.as_str()).cloned());
            page = answer.get("next_cursor").map(|cursor| {
                format!("/tickets?caller={}&limit=100&cursor={}", self.caller, cursor.as_str().unwrap())
            });
        }
        found
    }
}

fn id(ticket: &Value) -> String {
    ticket["ticket_id"].as_str().unwrap().to_owned()
}

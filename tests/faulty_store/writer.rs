//! A client that comments, one comment after the other, each under a key, and repeats what was not acknowledged.

use serde_json::{Value, json};

use crate::harness::{Answer, Client};

/// How often a comment is sent before its writer gives it up.
const TRIES: usize = 10;

/// Writes comments that say whose they are.
pub struct Writer {
    client: Client,
    number: usize,
}

/// A comment, as far as it got.
#[derive(Debug)]
pub struct Attempt {
    /// The path of the ticket.
    pub ticket: String,
    /// What it says, which nothing else says.
    pub text: String,
    /// The comment as it was acknowledged, if it was.
    pub acknowledged: Option<Value>,
    /// How often it was sent.
    pub sent: usize,
    /// How often nobody could say whether it was stored.
    pub unknown: usize,
}

impl Writer {
    pub fn new(client: Client, number: usize) -> Writer {
        Writer { client, number }
    }

    /// Comments on these tickets in turn.
    pub async fn comment_on(self, tickets: Vec<String>) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        for (count, ticket) in tickets.into_iter().enumerate() {
            attempts.push(self.comment(ticket, format!("writer {} comment {count}", self.number)).await);
        }
        attempts
    }

    async fn comment(&self, ticket: String, text: String) -> Attempt {
        let mut attempt = Attempt { ticket, text, acknowledged: None, sent: 0, unknown: 0 };
        while attempt.acknowledged.is_none() && attempt.sent < TRIES {
            attempt.sent += 1;
            let answer = self.send(&attempt).await;
            match answer.status {
                200 => attempt.acknowledged = Some(answer.json()["comment"].clone()),
                503 | 504 => attempt.unknown += usize::from(answer.json()["outcome"] == "unknown"),
                status => panic!("{status} for a comment that anybody may make: {}", answer.text()),
            }
        }
        attempt
    }

    async fn send(&self, attempt: &Attempt) -> Answer {
        let path = format!("{}/comments", attempt.ticket);
        let key = attempt.text.replace(' ', "-");
        let body = json!({ "comment": attempt.text });
        self.client.send("POST", &path, &[("idempotency-key", &key)], Some(&body)).await
    }
}

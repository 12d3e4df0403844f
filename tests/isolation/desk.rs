//! The built-in component shows no data of one request in another. Its instances answer many requests, and free memory without
//! erasing it.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Answer, Client, Running, path};

const CLIENTS: usize = 8;
const ROUNDS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_client_says_never_shows_in_the_answers_of_another() {
    // With few instances, each instance answers every client.
    let host = Running::start(&["--store", "memory", "--instances", "2"]).await;
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(MarkedClient::new(host.client(), number).talk());
    }
    let heard: usize = clients.join_all().await.into_iter().sum();
    // Each round has a creation, a comment, a list, a reading, and four refusals that repeat or describe the request.
    assert_eq!(heard, CLIENTS * ROUNDS * 8);
    host.stop().await;
}

/// A client that puts its own word into each request, and looks for the words of all other clients in each answer.
struct MarkedClient {
    client: Client,
    number: usize,
    words: Arc<[String]>,
}

impl MarkedClient {
    fn new(client: Client, number: usize) -> MarkedClient {
        // The lengths differ, so that a word does not overwrite all of the buffer of another word.
        let words = (0..CLIENTS).map(|number| format!("word{number}-{}", "x".repeat(number * 97)));
        MarkedClient { client, number, words: words.collect() }
    }

    async fn talk(self) -> usize {
        let word = self.words[self.number].as_str();
        // The name of a caller has at most 128 characters.
        let caller = &word[..word.len().min(100)];
        let mut heard = 0;
        for round in 0..ROUNDS {
            let key = format!("{caller}-{round}");
            let body = json!({ "caller_id": caller, "issue_description": word });
            let opened = self.send("POST", "/tickets", &[("idempotency-key", &key)], Some(&body)).await;
            let path = path(&opened.expect(201).json());
            let comment = json!({ "comment": word, "author": caller });
            let list = format!("/tickets?caller={caller}&limit=3");
            let wrong = json!({ "caller_id": 7, caller: word });
            let requests = [
                ("POST", format!("{path}/comments"), Some(&comment)),
                ("GET", list, None),
                ("GET", path.clone(), None),
                ("POST", "/tickets".to_owned(), Some(&wrong)),
                ("GET", format!("/tickets/{caller}"), None),
                ("GET", format!("/tickets?caller={caller}&cursor={caller}"), None),
                ("PATCH", path, Some(&comment)),
            ];
            for (method, path, body) in requests {
                self.send(method, &path, &[], body).await;
                heard += 1;
            }
            heard += 1;
        }
        heard
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
        // The host refuses a request that waits for an instance for more than 40 ms.
        loop {
            let answer = self.client.send(method, path, headers, body).await;
            self.look_for_others(&answer);
            if answer.status != 503 {
                return answer;
            }
        }
    }

    fn look_for_others(&self, answer: &Answer) {
        let text = format!("{:?} {}", answer.headers, answer.text());
        for (number, _) in self.words.iter().enumerate().filter(|(number, _)| *number != self.number) {
            assert!(!text.contains(&format!("word{number}")), "{} heard {number}: {text}", self.number);
        }
    }
}

//! A server that answers each attempt by a script.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::faults::{Reset, Served, json};

/// The server's reaction to an attempt.
#[derive(Debug, Clone)]
pub enum Act {
    Answer(u16, String),
    /// Reads the request and closes the connection.
    Reset,
    /// Reads the request and never answers.
    Silence,
}

/// Serves the acts in order, and then the last one for ever. Returns the URL and a count of the attempts.
pub fn script(acts: Vec<Act>) -> (String, Arc<AtomicUsize>) {
    let attempts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&attempts);
    let server = Served::start(move |_, _| {
        let act = acts[count.fetch_add(1, Ordering::SeqCst).min(acts.len() - 1)].clone();
        async move {
            match act {
                Act::Answer(status, body) => Ok(json(status, body)),
                Act::Reset => Err(Reset::other("as planned")),
                Act::Silence => pending().await,
            }
        }
    });
    (server.detach(), attempts)
}

pub fn service_error(code: &str) -> Act {
    Act::Answer(400, format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"said so"}}"#))
}

pub fn condition_failed(item: &str) -> Act {
    let code = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
    Act::Answer(400, format!(r#"{{"__type":"{code}","message":"no","Item":{item}}}"#))
}

pub fn failed() -> Act {
    Act::Answer(500, r#"{"__type":"InternalServerError","message":"said so"}"#.to_owned())
}

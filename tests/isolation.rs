//! A component that misbehaves harms neither its host nor other requests.
//!
//! The hostile component (`tests/fixtures/hostile`) commits the fault that the path of a request names, and answers any other
//! path as an ordinary component.
//!
//! - `answers`: the answer to each fault, and to the request after it;
//! - `instances`: which instances are used again, and what they keep;
//! - `starting`: components that a host refuses at its start;
//! - `desk`: the built-in component shows no data of one request in another;
//! - `hostile_load`: all faults at the same time, beside ordinary requests.

mod answers;
mod desk;
mod hostile_load;
mod instances;
mod starting;

use portdesk::sandbox::Component;

use crate::harness::{Client, Running, config};

/// The hostile component.
pub const HOSTILE_FILE: &str = env!("PORTDESK_HOSTILE_WASM");

/// Loads the hostile component with the limits that these flags set.
pub fn hostile(flags: &[&str]) -> Component {
    let limits = config("unused".as_ref(), flags).limits.sandbox();
    let wasm = std::fs::read(HOSTILE_FILE).unwrap();
    Component::load(&wasm, limits).unwrap_or_else(|error| panic!("{error}"))
}

/// A host that serves the hostile component from the store in memory.
struct Hostile {
    host: Running,
    client: Client,
}

impl Hostile {
    async fn start(flags: &[&str]) -> Hostile {
        let flags = [flags, &["--store", "memory"]].concat();
        let host = Running::start_component(hostile(&flags), &flags).await;
        let client = host.client();
        Hostile { host, client }
    }

    /// Sends a request and returns the text of the answer, whose status must be 200.
    async fn text(&self, path: &str, body: &str) -> String {
        let (status, text) = send(&self.client, "POST", path, body).await.unwrap();
        assert_eq!(status, 200, "{path}: {text}");
        text
    }

    async fn stop(self) {
        self.host.stop().await;
    }
}

/// Sends a request and returns the status and the body of the answer. The contract does not bind the hostile component.
async fn send(client: &Client, method: &str, path: &str, body: &str) -> reqwest::Result<(u16, String)> {
    let response = client.request(method, path).body(body.to_owned()).send().await?;
    Ok((response.status().as_u16(), response.text().await?))
}

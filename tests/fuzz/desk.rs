//! The built-in component over a store in memory.

use std::sync::Arc;
use std::time::Duration;

use portdesk::backend::memory::Memory;
use portdesk::sandbox::{Request, Responder, Response, Sandbox};
use portdesk::store::GuestStore;
use proptest::test_runner::TestCaseError;
use tokio::runtime::Runtime;
use tokio::time::Instant;

use crate::harness::{component_of_the_tree, telemetry};

pub struct Desk {
    pub runtime: Runtime,
    pub store: Arc<Memory>,
    sandbox: Sandbox,
}

/// A request of a client.
#[derive(Debug, Clone)]
pub struct Sent {
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Sent {
    /// A request with a JSON body, which may be empty.
    pub fn new(method: &str, path: &str, body: &str) -> Sent {
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
            None => (path.to_owned(), None),
        };
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Sent { method: method.to_owned(), path, query, headers, body: body.as_bytes().to_vec() }
    }
}

impl Desk {
    pub fn new() -> Desk {
        let runtime = Runtime::new().unwrap();
        let component = component_of_the_tree();
        let schema = runtime.block_on(component.describe()).unwrap().schema;
        let store = Arc::new(Memory::new(&schema));
        let guest_store = GuestStore::new(Arc::<Memory>::clone(&store), schema, telemetry());
        Desk { runtime, store, sandbox: Sandbox::new(component, guest_store) }
    }

    /// The answer, or an error if the sandbox had to cut the component.
    pub fn ask(&self, sent: &Sent) -> Result<Response, TestCaseError> {
        let headers: Vec<_> =
            sent.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = Request {
            method: &sent.method,
            path: &sent.path,
            query: sent.query.as_deref(),
            headers: &headers,
            body: &sent.body,
            client: Some("tests"),
            request_id: "a-request-of-the-tests",
        };
        let deadline = Instant::now() + Duration::from_secs(30);
        let response = self.runtime.block_on(self.sandbox.handle(request, None, deadline));
        response.map_err(|failure| TestCaseError::fail(failure.to_string()))
    }

    /// As [`Desk::ask`], but a 5xx is an error too.
    pub fn ask_well(&self, sent: &Sent) -> Result<Response, TestCaseError> {
        let response = self.ask(sent)?;
        if (200..500).contains(&response.status) {
            return Ok(response);
        }
        Err(TestCaseError::fail(format!("{}: {}", response.status, String::from_utf8_lossy(&response.body))))
    }

    /// Opens a ticket and returns its id.
    pub fn open(&self, caller: &str) -> String {
        let body = format!(r#"{{"caller_id": "{caller}", "issue_description": "The VPN drops."}}"#);
        let response = self.ask_well(&Sent::new("POST", "/tickets", &body)).unwrap();
        let ticket: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
        ticket["ticket_id"].as_str().unwrap().to_owned()
    }
}

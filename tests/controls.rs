//! The console: who may use it, over which data, and what its commands say without one.

mod clients;
mod commands;
mod delivery;
mod guard;
mod half_done;
mod routes;
mod start;
mod story;
mod waits;
mod worlds;

use std::path::Path;

use reqwest::{Method, RequestBuilder};

use crate::harness::Process;

/// A console as a program uses it.
struct Console {
    url: String,
    token: String,
    http: reqwest::Client,
}

impl Console {
    fn of(host: &Process) -> Console {
        let (url, token) = host.console();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Console { url: url.to_owned(), token: token.expect("the host made a token").to_owned(), http }
    }

    /// A request without a token. The path is sent as it stands.
    fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    /// A request with the token.
    fn get(&self, path: &str) -> RequestBuilder {
        self.bare(Method::GET, path).bearer_auth(&self.token)
    }
}

/// A host in memory with a console and controls.
fn controlled(data: &Path) -> Process {
    Process::start(data, &["--store", "memory", "--console", "127.0.0.1:0", "--controls"])
}

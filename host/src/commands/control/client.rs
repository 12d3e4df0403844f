//! Sends requests to the console of a running host.

use std::fs;
use std::path::Path;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::Target;
use super::people::plain;
use crate::admin::{ADDRESS_FILE, SCENARIO_TIME, TOKEN_FILE};
use crate::commands::Ended;
use crate::config::CONSOLE_TOKEN_VARIABLE;
use crate::environment::variable;
use crate::http_url::HttpUrl;
use crate::outgoing;

/// A client of one console.
pub(super) struct Client {
    runtime: Runtime,
    sender: outgoing::Client,
    url: HttpUrl,
    token: String,
}

/// An answer of a console.
pub(super) struct Reply {
    status: StatusCode,
    /// The body, or null if it is not JSON.
    pub(super) body: Value,
}

impl Client {
    /// A client of the console that the command line means.
    pub(super) fn of(target: &Target) -> Result<Client, Ended> {
        let (url, token) = match &target.console {
            Some(url) => (url.clone(), variable(CONSOLE_TOKEN_VARIABLE)),
            None => local(&target.data.path)?,
        };
        let token = token.ok_or_else(|| Ended::WrongUse(NO_TOKEN.to_owned()))?;
        let runtime = Runtime::new()?;
        // The client belongs to the runtime that it is made in.
        let sender = runtime.block_on(async { outgoing::Client::new() })?;
        Ok(Client { runtime, sender, url, token })
    }

    /// Sends a request and reads the whole answer. It may take a little longer than the longest wait of a host.
    pub(super) fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Reply, Ended> {
        let body = body.map(|body| ("application/json", body.to_string()));
        self.send_within(TIME_LIMIT, method, path, body)
    }

    /// Sends a scenario.
    pub(super) fn send_scenario(&self, path: &str, scenario: String) -> Result<Reply, Ended> {
        self.send_within(SCENARIO_TIME_LIMIT, Method::POST, path, Some(("application/yaml", scenario)))
    }

    fn send_within(
        &self,
        limit: Duration,
        method: Method,
        path: &str,
        body: Option<(&'static str, String)>,
    ) -> Result<Reply, Ended> {
        let request = self.request(method, path, body)?;
        let answer = self.runtime.block_on(self.sender.answer(request, limit, ANSWER_BYTES));
        let answer = answer.map_err(|error| self.unanswered(error))?;
        let body = serde_json::from_slice(answer.body()).unwrap_or_default();
        Ok(Reply { status: answer.status(), body })
    }

    /// Opens a stream and gives its answer to `read`, which runs for as long as it likes.
    pub(super) fn stream<F: Future<Output = Result<(), Ended>>>(
        &self,
        path: &str,
        read: impl FnOnce(Response<Incoming>) -> F,
    ) -> Result<(), Ended> {
        let request = self.request(Method::GET, path, None)?;
        self.runtime.block_on(async {
            let answer =
                self.sender.open(request, TIME_LIMIT).await.map_err(|error| self.unanswered(error))?;
            if answer.status().is_success() {
                return read(answer).await;
            }
            let status = answer.status();
            let body = Limited::new(answer.into_body(), REFUSAL_BYTES).collect().await.ok();
            let body = body.and_then(|body| serde_json::from_slice(&body.to_bytes()).ok());
            Reply { status, body: body.unwrap_or_default() }.done().map(drop)
        })
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<(&'static str, String)>,
    ) -> Result<Request<Full<Bytes>>, Ended> {
        let uri = format!("{}://{}{}{path}", self.url.scheme(), self.url.authority(), self.url.path());
        let mut request = Request::builder().method(method).uri(uri);
        request = request.header(AUTHORIZATION, format!("Bearer {}", self.token));
        if let Some((content_type, _)) = body {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let body = body.map(|(_, text)| Bytes::from(text)).unwrap_or_default();
        Ok(request.body(body.into())?)
    }

    fn unanswered(&self, error: outgoing::SendError) -> Ended {
        let address = self.url.authority();
        Ended::Failed(format!("the console at {address} does not answer: {error}; is its host running?"))
    }
}

impl Reply {
    /// Fails with the host's own words unless the request was done.
    pub(super) fn done(self) -> Result<Reply, Ended> {
        if self.status.is_success() {
            return Ok(self);
        }
        let message = self.body.get("message").and_then(Value::as_str).map(plain);
        let status = self.status.as_u16();
        Err(Ended::Failed(message.unwrap_or_else(|| format!("the console answered with status {status}"))))
    }

    /// Whether a check was made and did not hold.
    pub(super) fn is_not_held(&self) -> bool {
        self.status == StatusCode::UNPROCESSABLE_ENTITY && self.body.get("held") == Some(&Value::Bool(false))
    }
}

/// The address and the token of the host that runs over a data folder.
fn local(folder: &Path) -> Result<(HttpUrl, Option<String>), Ended> {
    let read = |file: &str| fs::read_to_string(folder.join(file)).ok();
    let url = read(ADDRESS_FILE).and_then(|address| format!("http://{}", address.trim()).parse().ok());
    let url = url.ok_or_else(|| {
        let folder = folder.display();
        Ended::Failed(format!(
            "no host with --console runs over the data folder {folder}; name the folder of the host with --data-dir, or the \
             address of its console with --console"
        ))
    })?;
    let token = read(TOKEN_FILE).map(|token| token.trim().to_owned());
    Ok((url, token.or_else(|| variable(CONSOLE_TOKEN_VARIABLE))))
}

const NO_TOKEN: &str = "the console needs its token; set PORTDESK_CONSOLE_TOKEN to it";

/// A check waits for 60 seconds at most, and a reset for the requests in progress.
const TIME_LIMIT: Duration = Duration::from_secs(90);
/// After its time, a scenario may have to be undone.
const SCENARIO_TIME_LIMIT: Duration = SCENARIO_TIME.saturating_add(Duration::from_secs(45));
/// The most bytes of an answer in place of a stream.
const REFUSAL_BYTES: usize = 64 * 1024;
/// Far more than a journal of the default size.
const ANSWER_BYTES: usize = 256 << 20;

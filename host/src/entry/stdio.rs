//! Serves one agent over standard input and output: each line is a message of the protocol (MCP, "stdio").
//!
//! Each message becomes the request that it would be over HTTP, and the host of this process or one that runs elsewhere answers
//! it. The output has nothing but answers, one on each line.

mod remote;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use data_encoding::BASE64;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};

pub use self::remote::{Remote, RemoteError, RemoteSettingError};
use crate::door::TrustedClient;
use crate::mcp::{self, INVALID_REQUEST, NOT_JSON, PARSE_ERROR, SERVER_ERROR, failure};
use crate::pipeline::Pipeline;

/// Who answers the messages.
#[derive(Clone)]
pub enum Answerer {
    /// The host of this process.
    Local(Arc<Pipeline>),
    /// A host that runs elsewhere.
    Remote(Arc<Remote>),
}

/// Reads messages until the input ends, and writes their answers. Returns when every message has its answer, so a write that was
/// begun is finished.
pub async fn serve(
    answerer: Answerer,
    limits: StdioLimits,
    mut input: impl AsyncBufRead + Unpin,
    output: impl AsyncWrite + Unpin,
) -> Result<(), StdioError> {
    let (sender, answers) = mpsc::channel(limits.messages);
    let reading = async move {
        let mut session = Session {
            answerer,
            version: None,
            running: HashMap::new(),
            tasks: JoinSet::new(),
            permits: Arc::new(Semaphore::new(limits.messages)),
            answers: sender,
        };
        let closed = session.answers.clone();
        let read = loop {
            let line = tokio::select! {
                line = read_line(&mut input, limits.line_bytes) => line,
                // Nobody reads the answers any more.
                () = closed.closed() => break Ok(()),
            };
            match line {
                Ok(Line::Text(line)) => session.message(line).await,
                Ok(Line::TooLong) => {
                    let text = format!("A message has more than {} bytes.", limits.line_bytes);
                    session.answers.send(failure(None, INVALID_REQUEST, &text)).await.ok();
                }
                Ok(Line::End) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let Session { tasks, answers, .. } = session;
        drop((answers, closed));
        let mut tasks = tasks;
        // The result of a task is an error if the task was cancelled or panicked. Its request has no answer then.
        while tasks.join_next().await.is_some() {}
        read
    };
    let (read, written) = tokio::join!(reading, write(answers, output));
    written.map_err(StdioError::Output).and(read.map_err(StdioError::Input))
}

/// Why a session ended before its input did.
#[derive(Debug, thiserror::Error)]
pub enum StdioError {
    /// Standard input cannot be read.
    #[error("standard input cannot be read ({0})")]
    Input(io::Error),
    /// Standard output cannot be written.
    #[error("standard output cannot be written ({0})")]
    Output(io::Error),
}

/// The limits of a session.
#[derive(Debug, Clone, Copy)]
pub struct StdioLimits {
    /// The most bytes of a line.
    pub line_bytes: usize,
    /// The most messages that are worked on at once. Others wait.
    pub messages: usize,
}

struct Session {
    answerer: Answerer,
    /// The version that `initialize` agreed on. A newer client names its version in each message instead.
    version: Option<HeaderValue>,
    /// The requests that have no answer yet, by the text of their id.
    running: HashMap<String, AbortHandle>,
    tasks: JoinSet<()>,
    permits: Arc<Semaphore>,
    answers: mpsc::Sender<Value>,
}

impl Session {
    async fn message(&mut self, line: Vec<u8>) {
        if line.trim_ascii().is_empty() {
            return;
        }
        let Ok(message) = serde_json::from_slice::<Value>(&line) else {
            self.answers.send(failure(None, PARSE_ERROR, NOT_JSON)).await.ok();
            return;
        };
        let method = message.get("method").and_then(Value::as_str).unwrap_or_default().to_owned();
        if method == CANCELLED {
            self.cancel(message.pointer("/params/requestId"));
            return;
        }
        // A notification has no answer, even if it is refused. Whatever else has no id is malformed.
        let is_notification = message.get("id").is_none() && !method.is_empty();
        let id = message.get("id").cloned().unwrap_or_default();
        let headers = self.headers(&message, &method);
        if method == INITIALIZE {
            // The answer decides about the headers of every later message.
            let answer = self.answerer.answer(headers, line.into()).await;
            let answer = read(answer, &id);
            let version = answer.as_ref().and_then(|answer| answer.pointer("/result/protocolVersion"));
            self.version = version.and_then(Value::as_str).and_then(|version| version.parse().ok());
            if let Some(answer) = answer {
                self.answers.send(answer).await.ok();
            }
            return;
        }
        self.running.retain(|_, task| !task.is_finished());
        while self.tasks.try_join_next().is_some() {}
        // Messages wait in their tasks, so that a cancellation behind them is read at once.
        while self.tasks.len() >= WAITING {
            self.tasks.join_next().await;
        }
        let permits = Arc::clone(&self.permits);
        let (answerer, answers) = (self.answerer.clone(), self.answers.clone());
        let name = id.to_string();
        let task = self.tasks.spawn(async move {
            let Ok(permit) = permits.acquire_owned().await else { return };
            let answer = answerer.answer(headers, line.into()).await;
            if let Some(answer) = read(answer, &id).filter(|_| !is_notification) {
                answers.send(answer).await.ok();
            }
            drop(permit);
        });
        if !is_notification {
            self.running.insert(name, task);
        }
    }

    /// A read ends at once, and has no answer. A write goes on to its end, as over HTTP.
    fn cancel(&mut self, id: Option<&Value>) {
        if let Some(task) = id.and_then(|id| self.running.remove(&id.to_string())) {
            task.abort();
        }
    }

    /// The headers that the message would have over HTTP. A message that names its version has the headers of the protocol of
    /// 2026-07-28, which repeat what the message states.
    fn headers(&self, message: &Value, method: &str) -> HeaderMap {
        let mut headers =
            HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        let named =
            message.pointer("/params/_meta/io.modelcontextprotocol~1protocolVersion").and_then(Value::as_str);
        if let Some(version) = named.and_then(|version| HeaderValue::from_str(version).ok()) {
            headers.insert(VERSION, version);
            if let Ok(method) = HeaderValue::from_str(method) {
                headers.insert(METHOD, method);
            }
            let name = if method == "resources/read" { "/params/uri" } else { "/params/name" };
            if let Some(name) = message.pointer(name).and_then(Value::as_str) {
                headers.insert(NAME, encoded(name));
            }
        } else if let Some(version) = self.version.as_ref().filter(|_| method != INITIALIZE) {
            headers.insert(VERSION, version.clone());
        }
        headers
    }
}

impl Answerer {
    async fn answer(&self, headers: HeaderMap, body: Bytes) -> Result<Response<Bytes>, RemoteError> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.headers_mut() = headers;
        match self {
            Answerer::Local(pipeline) => {
                *request.uri_mut() = hyper::Uri::from_static(mcp::PATH);
                request.headers_mut().insert(hyper::header::HOST, HeaderValue::from_static("localhost"));
                request.extensions_mut().insert(TrustedClient::new("stdio"));
                let (parts, body) = pipeline.answer(request).await.into_parts();
                let Ok(body) = body.collect().await;
                Ok(Response::from_parts(parts, body.to_bytes()))
            }
            Answerer::Remote(remote) => remote.answer(request).await,
        }
    }
}

/// The answer as a message; `None` for a message that has no answer.
fn read(answer: Result<Response<Bytes>, RemoteError>, id: &Value) -> Option<Value> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Some(failure(Some(id), SERVER_ERROR, &error.to_string())),
    };
    if answer.status() == StatusCode::ACCEPTED {
        return None;
    }
    let body = serde_json::from_slice::<Value>(answer.body()).unwrap_or_default();
    if body.get("jsonrpc").is_some() {
        return Some(body);
    }
    if body.is_null() && answer.status().is_server_error() {
        return Some(failure(Some(id), SERVER_ERROR, &RemoteError::Lost.to_string()));
    }
    // A refusal of the door, which is not a message.
    let text = body.get("detail").or_else(|| body.get("message")).and_then(Value::as_str).unwrap_or_default();
    let reason = answer.status().canonical_reason().unwrap_or_default();
    let text = if text.is_empty() { reason } else { text };
    Some(failure(Some(id), SERVER_ERROR, &format!("{} {text}", answer.status().as_u16())))
}

/// Writes each answer on a line.
async fn write(mut answers: mpsc::Receiver<Value>, mut output: impl AsyncWrite + Unpin) -> io::Result<()> {
    while let Some(answer) = answers.recv().await {
        let line = format!("{answer}\n");
        output.write_all(line.as_bytes()).await?;
        output.flush().await?;
    }
    Ok(())
}

enum Line {
    Text(Vec<u8>),
    TooLong,
    End,
}

/// Reads a line without its end, which is LF or CR LF. Of a line that is too long, nothing is kept.
async fn read_line(input: &mut (impl AsyncBufRead + Unpin), limit_bytes: usize) -> io::Result<Line> {
    let (mut line, mut is_too_long, mut read_any) = (Vec::new(), false, false);
    loop {
        let part = input.fill_buf().await?;
        if part.is_empty() && !read_any {
            return Ok(Line::End);
        }
        read_any = true;
        let end = part.iter().position(|byte| *byte == b'\n');
        let taken = end.unwrap_or(part.len());
        line.extend(part.iter().take(taken));
        let is_last = end.is_some() || part.is_empty();
        input.consume(taken + usize::from(end.is_some()));
        if is_last && line.ends_with(b"\r") {
            line.pop();
        }
        // A CR at the end of a part may belong to the end of the line.
        is_too_long |= line.len() > limit_bytes + usize::from(!is_last);
        if is_too_long {
            line.clear();
        }
        if is_last {
            return Ok(if is_too_long { Line::TooLong } else { Line::Text(line) });
        }
    }
}

/// A name as a header (SEP-2243): in base64 if a header cannot have it as it is.
fn encoded(name: &str) -> HeaderValue {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
        && name.trim() == name
        && !name.starts_with("=?base64?");
    let text =
        if is_plain { name.to_owned() } else { format!("=?base64?{}?=", BASE64.encode(name.as_bytes())) };
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
const INITIALIZE: &str = "initialize";
const CANCELLED: &str = "notifications/cancelled";
/// The most messages that wait or are worked on. The input is not read further while there are as many.
const WAITING: usize = 1024;

//! The program as a function of AWS Lambda, with Lambda and a gateway in this process.
//!
//! The gateway passes every path to the function, as API Gateway does for the methods that it knows: it checks the key, makes an
//! event, and turns the response into an answer.

mod front;

use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Mutex as Queue, mpsc, oneshot, watch};

pub use self::front::{Front, event};
use super::process::{put_compiled_component, without_settings};
use super::{Client, KEY, LONG, TABLE, until, with_credentials};
use crate::faults::{Answer, Parts, Reset, Served};

/// A function whose process runs. The drop kills it, and panics if its log has the key.
pub struct Function {
    begun: Instant,
    child: Child,
    lambda: Arc<Lambda>,
    gateway: Served,
    _runtime_api: Served,
    folder: TempDir,
}

/// What Lambda knows.
struct Lambda {
    /// Events that the function has not taken.
    waiting: mpsc::UnboundedSender<Invocation>,
    taken: Queue<mpsc::UnboundedReceiver<Invocation>>,
    /// The callers of the events that the function has taken.
    callers: Mutex<HashMap<String, oneshot::Sender<Outcome>>>,
    /// How often the function asked for an event.
    asked: watch::Sender<u32>,
    first_asked: OnceLock<Instant>,
    start_error: Mutex<Option<Value>>,
}

struct Invocation {
    event: Bytes,
    context: Option<String>,
    deadline: Duration,
    caller: oneshot::Sender<Outcome>,
}

/// The response of the function, or the error that it reported.
type Outcome = Result<Value, Value>;

impl Function {
    /// A function over the table at this endpoint, which waits for its first event.
    pub async fn start(endpoint: &str) -> Function {
        Function::start_with(endpoint, &[]).await
    }

    /// The same with these variables.
    pub async fn start_with(endpoint: &str, variables: &[(&str, &str)]) -> Function {
        Function::spawn(endpoint, variables).ready().await
    }

    /// The same behind another gateway. Its events name no key, so a setting names the client.
    pub async fn start_behind(front: Front, endpoint: &str) -> Function {
        Function::spawn_behind(front, endpoint, &[("PORTDESK_LAMBDA_CLIENT", "everybody")]).ready().await
    }

    /// Waits until the function asks for its first event.
    async fn ready(self) -> Function {
        let mut asked = self.lambda.asked.subscribe();
        let ready = tokio::time::timeout(LONG, asked.wait_for(|asked| *asked > 0)).await;
        assert!(ready.is_ok(), "the function asks for an event; it logged: {}", self.log());
        // A thread of its own writes the log. Without this line, a log without the key would show nothing.
        until("the function logs that it is ready", async || self.log().contains("ready for events")).await;
        self
    }

    /// Starts the process of a function, which may fail to start.
    pub fn spawn(endpoint: &str, variables: &[(&str, &str)]) -> Function {
        Function::spawn_behind(Front::RestApi, endpoint, variables)
    }

    fn spawn_behind(front: Front, endpoint: &str, variables: &[(&str, &str)]) -> Function {
        let folder = tempfile::tempdir().unwrap();
        let lambda = Lambda::new();
        let runtime_api = {
            let lambda = Arc::clone(&lambda);
            Served::start(move |parts, body| Arc::clone(&lambda).runtime_api(parts, body))
        };
        let gateway = {
            let lambda = Arc::clone(&lambda);
            Served::start(move |parts, body| gateway(front, Arc::clone(&lambda), parts, body))
        };
        let api = runtime_api.url.trim_start_matches("http://");
        let mut bootstrap = bootstrap(folder.path(), api, endpoint);
        bootstrap.envs(variables.iter().copied());
        let begun = Instant::now();
        let child = bootstrap.spawn().unwrap();
        Function { begun, child, lambda, gateway, _runtime_api: runtime_api, folder }
    }

    /// A client of the gateway.
    pub fn client(&self) -> Client {
        Client::new(&self.gateway.url, Some(KEY))
    }

    /// Invokes the function with an event, which it must answer within `deadline`.
    pub async fn invoke(
        &self,
        event: impl Into<Bytes>,
        context: Option<&str>,
        deadline: Duration,
    ) -> Outcome {
        self.lambda.invoke(event.into(), context, deadline).await
    }

    /// The time from the start of the process to its first request for an event.
    pub fn time_of_start(&self) -> Duration {
        *self.lambda.first_asked.get().expect("the function has started") - self.begun
    }

    /// The time from the start of a process of the same program to its end, if it does nothing.
    pub fn time_of_bare_process() -> Duration {
        let begun = Instant::now();
        let printed = Command::new(original()).arg("--version").output().unwrap();
        assert!(printed.status.success(), "{printed:?}");
        begun.elapsed()
    }

    /// The error that the function reported in place of its start.
    pub fn start_error(&self) -> Option<Value> {
        self.lambda.start_error.lock().unwrap().clone()
    }

    /// What the function logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join(LOG)).unwrap()
    }

    /// Sends a signal, as `STOP`.
    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
    }

    /// The memory of the function now, in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB"));
        resident.unwrap().trim().parse().unwrap()
    }

    /// Waits for the end of the process.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Ends the function. See the drop.
    pub async fn stop(self) {
        drop(self);
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            assert_no_key("the log of a function", &self.log(), KEY);
        }
    }
}

/// Panics if a log has the key, or nothing at all.
pub fn assert_no_key(what: &str, log: &str, key: &str) {
    assert!(!log.trim().is_empty(), "{what} is empty, so it shows nothing");
    // A log of JSON has the key as JSON has it.
    let quoted = Value::from(key).to_string();
    for key in [key, quoted.trim_matches('"')] {
        assert!(!log.contains(key), "{what} has the key: {log}");
    }
}

/// The program of a package that `.ci/long` built, or a script that runs it.
pub fn packaged() -> Option<PathBuf> {
    std::env::var_os("TEST_BOOTSTRAP").map(PathBuf::from)
}

/// The program of every function.
fn original() -> PathBuf {
    packaged().unwrap_or_else(|| env!("CARGO_BIN_EXE_portdesk-under-test").into())
}

/// The program under the name that Lambda gives it, with the variables that Lambda and the template set.
fn bootstrap(folder: &Path, api: &str, endpoint: &str) -> Command {
    let program = folder.join("bootstrap");
    symlink(original(), &program).unwrap();
    let log = File::create(folder.join(LOG)).unwrap();
    let data = folder.join("portdesk");
    fs::create_dir(&data).unwrap();
    put_compiled_component(&data);
    let mut command = with_credentials(Command::new(program));
    without_settings(&mut command)
        .env("AWS_LAMBDA_RUNTIME_API", api)
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("TABLE_NAME", TABLE)
        .env("REGION", "us-east-1")
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .env("TMPDIR", folder)
        .env("PORTDESK_TIME_LIMIT_MS", "30000")
        .stdin(Stdio::null())
        // Lambda keeps both in one log.
        .stdout(log.try_clone().unwrap())
        .stderr(log);
    command
}

impl Lambda {
    fn new() -> Arc<Lambda> {
        let (waiting, taken) = mpsc::unbounded_channel();
        Arc::new(Lambda {
            waiting,
            taken: Queue::new(taken),
            callers: Mutex::default(),
            asked: watch::Sender::new(0),
            first_asked: OnceLock::new(),
            start_error: Mutex::default(),
        })
    }

    async fn invoke(&self, event: Bytes, context: Option<&str>, deadline: Duration) -> Outcome {
        let (caller, answered) = oneshot::channel();
        let context = context.map(str::to_owned);
        let invocation = Invocation { event, context, deadline, caller };
        self.waiting.send(invocation).map_err(|_| ()).expect("the queue is open");
        let outcome = tokio::time::timeout(deadline + LONG, answered).await;
        outcome.expect("the function answers in time").expect("the function answers")
    }

    /// The Runtime API, as the function uses it.
    async fn runtime_api(self: Arc<Lambda>, parts: Parts, body: Bytes) -> Result<Answer, Reset> {
        let path = parts.uri.path().strip_prefix("/2018-06-01/runtime/").expect("a path of the Runtime API");
        match (parts.method, path.split('/').collect::<Vec<_>>().as_slice()) {
            (Method::GET, ["invocation", "next"]) => self.next().await,
            (Method::POST, ["invocation", id, end @ ("response" | "error")]) => {
                let caller =
                    self.callers.lock().unwrap().remove(*id).expect("an event that has no answer yet");
                let body = serde_json::from_slice(&body).expect("answers are JSON");
                // A caller that waits no longer is not a failure of the function.
                let _ = caller.send(if *end == "response" { Ok(body) } else { Err(body) });
                Ok(accepted())
            }
            (Method::POST, ["init", "error"]) => {
                *self.start_error.lock().unwrap() = Some(serde_json::from_slice(&body).unwrap());
                Ok(accepted())
            }
            (method, path) => panic!("{method} {path:?} is not in the Runtime API"),
        }
    }

    async fn next(&self) -> Result<Answer, Reset> {
        self.first_asked.get_or_init(Instant::now);
        self.asked.send_modify(|asked| *asked += 1);
        let invocation = self.taken.lock().await.recv().await;
        let Invocation { event, context, deadline, caller } = invocation.expect("the queue is open");
        let id = uuid();
        self.callers.lock().unwrap().insert(id.clone(), caller);
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + deadline;
        let answer = Response::builder()
            .header("lambda-runtime-aws-request-id", id)
            .header("lambda-runtime-deadline-ms", deadline.as_millis().to_string())
            .header(
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:us-east-1:123456789012:function:f",
            );
        let answer = context
            .into_iter()
            .fold(answer, |answer, context| answer.header("lambda-runtime-client-context", context));
        Ok(answer.body(Full::new(event)).unwrap())
    }
}

fn accepted() -> Answer {
    Response::builder().status(202).body(Full::default()).unwrap()
}

/// A gateway in front of the function.
async fn gateway(front: Front, lambda: Arc<Lambda>, parts: Parts, body: Bytes) -> Result<Answer, Reset> {
    let id = uuid();
    if parts.headers.get("x-api-key").is_none_or(|key| key != KEY) {
        return Ok(refused(403, "Forbidden", "ForbiddenException", &id));
    }
    let event = front.event(&parts.method, &parts.uri.to_string(), &parts.headers, &body, &id);
    match lambda.invoke(event.to_string().into(), None, LONG).await {
        Ok(response) => Ok(front.answer(&response)),
        Err(_) => Ok(refused(502, "Internal server error", "InternalServerErrorException", &id)),
    }
}

fn refused(status: u16, message: &str, error: &str, id: &str) -> Answer {
    let answer = Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header("content-type", "application/json")
        .header("x-amzn-errortype", error)
        .header("x-amzn-requestid", id);
    answer.body(Full::new(json!({"message": message}).to_string().into())).unwrap()
}

/// An id as Lambda and gateways have them.
fn uuid() -> String {
    let [a, b]: [u64; 2] = rand::random();
    let (high, middle, low) = (a >> 32, a >> 16 & 0xffff, a & 0xfff);
    format!("{high:08x}-{middle:04x}-4{low:03x}-8{:03x}-{:012x}", b >> 52, b & 0xffff_ffff_ffff)
}

const LOG: &str = "log";

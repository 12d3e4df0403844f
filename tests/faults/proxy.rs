//! The proxy: it counts requests, and passes them on or makes them fail as its plan says.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::{Fault, Plan};

/// A proxy before one server. The drop ends it with all its connections.
pub struct Proxy {
    pub url: String,
    state: Arc<State>,
    _served: Served,
}

struct State {
    upstream: String,
    http: reqwest::Client,
    plan: Mutex<Plan>,
    /// The number of requests, by verb.
    requests: Mutex<BTreeMap<String, usize>>,
    /// Every fault that the proxy caused, in order.
    faults: Mutex<Vec<Fault>>,
}

/// A reset of the connection in place of an answer.
pub type Reset = std::io::Error;

impl Proxy {
    /// A proxy on a free port, before the server at this URL.
    pub async fn start(upstream: &str, plan: Plan) -> Proxy {
        let state = Arc::new(State {
            upstream: upstream.trim_end_matches('/').to_owned(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            plan: Mutex::new(plan),
            requests: Mutex::default(),
            faults: Mutex::default(),
        });
        let answering = Arc::clone(&state);
        let served = Served::start(move |parts, body| {
            let state = Arc::clone(&answering);
            async move { state.answer(parts, body).await }
        });
        Proxy { url: served.url.clone(), state, _served: served }
    }

    /// Follows another plan from the next request on.
    pub fn follow(&self, plan: Plan) {
        *self.state.plan.lock().unwrap() = plan;
    }

    /// The number of requests since the last call, by verb.
    pub fn take_requests(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut self.state.requests.lock().unwrap())
    }

    /// The faults since the last call.
    pub fn take_faults(&self) -> Vec<Fault> {
        std::mem::take(&mut self.state.faults.lock().unwrap())
    }
}

impl State {
    async fn answer(&self, parts: Parts, body: Bytes) -> Result<Answer, Reset> {
        let verb = verb(&parts.headers);
        *self.requests.lock().unwrap().entry(verb.clone()).or_default() += 1;
        let Some(fault) = self.plan.lock().unwrap().decide(&verb) else {
            return self.pass_on(parts, body).await;
        };
        self.faults.lock().unwrap().push(fault);
        let applied = if fault.is_after() { Some(self.pass_on(parts, body).await?) } else { None };
        match fault {
            Fault::Refused(error) => Ok(failed(400, error)),
            Fault::ErrorBefore | Fault::ErrorAfter => Ok(failed(500, "InternalServerError")),
            Fault::HangBefore | Fault::HangAfter => pending().await,
            Fault::ResetBefore | Fault::ResetAfter => Err(Reset::other("as planned")),
            Fault::Slow(late) => {
                // Not a wait for something: a late answer is the input of a test.
                sleep(late).await;
                applied.ok_or_else(|| Reset::other("a slow answer is one that was given"))
            }
        }
    }

    async fn pass_on(&self, parts: Parts, body: Bytes) -> Result<Answer, Reset> {
        pass_on(&self.http, &self.upstream, parts, body).await
    }
}

/// Hands a request to the server at this URL and returns the answer. The server applies a request that reached it even if the
/// client leaves.
pub async fn pass_on(
    http: &reqwest::Client,
    upstream: &str,
    parts: Parts,
    body: Bytes,
) -> Result<Answer, Reset> {
    let url = format!("{upstream}{}", parts.uri);
    let request = http.request(parts.method, url).headers(end_to_end(parts.headers)).body(body);
    let passed = tokio::spawn(async move {
        let response = request.send().await?;
        let (status, headers) = (response.status(), end_to_end(response.headers().clone()));
        let mut answer = Response::new(Full::new(response.bytes().await?));
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    });
    passed.await.unwrap().map_err(|error: reqwest::Error| Reset::other(error))
}

pub type Parts = hyper::http::request::Parts;
pub type Answer = Response<Full<Bytes>>;

/// An HTTP server in this process. The drop ends it with all its connections.
pub struct Served {
    pub url: String,
    serving: JoinSet<()>,
}

impl Served {
    /// A server on a free port. A `Reset` in place of an answer resets the connection.
    pub fn start<F>(answer: impl Fn(Parts, Bytes) -> F + Clone + Send + 'static) -> Served
    where
        F: Future<Output = Result<Answer, Reset>> + Send + 'static,
    {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut serving = JoinSet::new();
        serving.spawn(serve(TcpListener::from_std(listener).unwrap(), answer));
        Served { url, serving }
    }

    /// Lets the server run until the end of the test, and returns its URL.
    pub fn detach(mut self) -> String {
        self.serving.detach_all();
        self.url
    }
}

async fn serve<F>(listener: TcpListener, answer: impl Fn(Parts, Bytes) -> F + Clone + Send + 'static)
where
    F: Future<Output = Result<Answer, Reset>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        while connections.try_join_next().is_some() {}
        // A drop resets the connection, so that no client takes a part of an answer for the whole.
        stream.set_zero_linger().unwrap();
        stream.set_nodelay(true).unwrap();
        let answer = answer.clone();
        connections.spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let answer = answer.clone();
                async move {
                    let (parts, body) = request.into_parts();
                    let body = body.collect().await.map_err(Reset::other)?.to_bytes();
                    answer(parts, body).await
                }
            });
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// `GetItem` in `x-amz-target: DynamoDB_20120810.GetItem`.
fn verb(headers: &HeaderMap) -> String {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default().to_owned()
}

/// The headers without those that belong to one connection.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers
}

fn failed(status: u16, error: &str) -> Answer {
    json(status, format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{error}","message":"as planned"}}"#))
}

/// An answer as DynamoDB gives it.
pub fn json(status: u16, body: String) -> Answer {
    let answer = Response::builder().status(status).header(CONTENT_TYPE, "application/x-amz-json-1.0");
    answer.body(Full::new(body.into())).unwrap()
}

//! One connection to a server, which stays open.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::operation::Ask;

/// The target of requests.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// Sent with every request. Platforms that check no keys ignore it.
    pub(crate) key: HeaderValue,
    /// One permit for each request that the server accepts at the same time, if it accepts fewer than there are connections.
    pub(crate) permits: Option<Arc<Semaphore>>,
}

#[derive(Debug)]
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
    server: Server,
    number: usize,
}

/// A complete answer.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
    pub(super) latency: Duration,
}

impl Connection {
    /// `number` is the first result of [`Connection::next_number`].
    pub(super) async fn open(server: &Server, number: usize) -> Result<Connection> {
        let address = server.address.to_string();
        let stream = TcpStream::connect(server.address).await.with_context(|| address.clone())?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // A request on this connection reports if the connection breaks.
        tokio::spawn(connection);
        let host = HeaderValue::from_str(&address)?;
        Ok(Connection { sender, host, server: server.clone(), number })
    }

    /// Returns a number that no other one of `connections` connections returns.
    pub(super) fn next_number(&mut self, connections: usize) -> usize {
        let number = self.number;
        self.number = number.wrapping_add(connections);
        number
    }

    /// Sends a request until it is answered. The latency does not include the wait for a permit.
    pub(super) async fn send(&mut self, ask: &Ask<'_>) -> Result<Answered> {
        let permits = self.server.permits.clone();
        let _permit = match &permits {
            Some(permits) => Some(permits.acquire().await?),
            None => None,
        };
        let begun = Instant::now();
        let mut refused = 0;
        loop {
            self.sender.ready().await?;
            let response = self.sender.send_request(self.request(ask)).await?;
            let status = response.status();
            // Without the request id, the component did not get the request: the platform had no free instance.
            let is_refusal = permits.is_some()
                && status == StatusCode::INTERNAL_SERVER_ERROR
                && !response.headers().contains_key(REQUEST_ID);
            let body = response.into_body().collect().await?.to_bytes();
            if !is_refusal || refused == REFUSALS_LIMIT {
                return Ok(Answered { status, body, latency: begun.elapsed() });
            }
            refused += 1;
        }
    }

    fn request(&self, ask: &Ask<'_>) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(ask.body.clone()));
        *request.method_mut() = ask.method.clone();
        *request.uri_mut() = ask.path.clone();
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(KEY, self.server.key.clone());
        if ask.method == Method::POST {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        request
    }
}

const KEY: HeaderName = HeaderName::from_static("x-api-key");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// After this number of refusals in a row, the refusal is the answer, and ends the run.
const REFUSALS_LIMIT: u32 = 10_000;

//! One connection to a server, which is kept open.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::operation::Ask;
use crate::failure::Failure;

/// Where requests go.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// Sent with every request; a platform that checks none ignores it.
    pub(crate) key: HeaderValue,
    /// The most requests in flight, whatever the connections, where the server refuses more.
    pub(crate) at_once: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
    key: HeaderValue,
    /// Permits to send, where the server cannot take as many requests as there are connections.
    turns: Option<Arc<Semaphore>>,
    number: usize,
}

/// An answer, whole.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
    pub(super) latency: Duration,
    /// How often the server had no instance for the request.
    pub(super) refused: u32,
}

impl Connection {
    /// `number` is the first that [`Connection::next_number`] gives.
    pub(super) async fn open(
        server: &Server,
        turns: Option<Arc<Semaphore>>,
        number: usize,
    ) -> Result<Connection, Failure> {
        let address = server.address;
        let stream = TcpStream::connect(address).await.map_err(Failure::io(address.to_string()))?;
        stream.set_nodelay(true).map_err(Failure::io(address.to_string()))?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // How it ends, whoever sends a request is told.
        tokio::spawn(connection);
        let host =
            HeaderValue::from_str(&address.to_string()).unwrap_or(HeaderValue::from_static("localhost"));
        Ok(Connection { sender, host, key: server.key.clone(), turns, number })
    }

    /// A number for each request, which no other of `connections` connections gives.
    pub(super) fn next_number(&mut self, connections: usize) -> usize {
        let number = self.number;
        self.number = number.wrapping_add(connections);
        number
    }

    /// Sends a request until it is answered. Time begins when it is its turn.
    pub(super) async fn send(&mut self, ask: &Ask<'_>) -> Result<Answered, Failure> {
        let turns = self.turns.clone();
        // It fails only where the semaphore is closed, and nobody does that.
        let _turn = match &turns {
            Some(turns) => turns.acquire().await.ok(),
            None => None,
        };
        let begun = Instant::now();
        let mut refused = 0;
        loop {
            self.sender.ready().await?;
            let response = self.sender.send_request(self.request(ask)).await?;
            let status = response.status();
            // Of a platform that had no instance: the component has not seen the request.
            let is_refusal = turns.is_some()
                && status == StatusCode::INTERNAL_SERVER_ERROR
                && !response.headers().contains_key(REQUEST_ID);
            let body = response.into_body().collect().await?.to_bytes();
            if !is_refusal || refused == MOST_REFUSALS {
                return Ok(Answered { status, body, latency: begun.elapsed(), refused });
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
        headers.insert(KEY, self.key.clone());
        if ask.method == Method::POST {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        request
    }
}

const KEY: HeaderName = HeaderName::from_static("x-api-key");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// After so many in a row the refusal is the answer, and a wrong one.
const MOST_REFUSALS: u32 = 10_000;

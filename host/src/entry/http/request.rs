//! Answers one request of a connection, and notes its progress in the connection's `ClientWait`.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::{Request, Response, Version};
use tokio::time::Instant;

use super::connections::Connection;
use crate::pipeline::Pipeline;

/// Answers a request of this connection. The request counts as open from this call, not from the first poll of the
/// future: hyper may read the end of the connection before that poll.
pub(super) fn answer(
    pipeline: Arc<Pipeline>,
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> impl Future<Output = Result<Response<ResponseBody>, Infallible>> {
    let is_http2 = request.version() == Version::HTTP_2;
    connection.wait().request(is_http2);
    let open = Open(Arc::clone(&connection));
    let request = request.map(|body| RequestBody::new(body, &connection));
    async move {
        let mut answer = pipeline.answer(request).await;
        if pipeline.is_stopping() && !is_http2 {
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let (parts, body) = answer.into_parts();
        let Ok(body) = body.collect().await;
        // The body is counted before the request ends, so that the connection never looks quiet in between.
        let body = ResponseBody::new(body.to_bytes(), &connection, is_http2);
        drop(open);
        Ok(Response::from_parts(parts, body))
    }
}

/// Counts a request as open until it is dropped.
struct Open(Arc<Connection>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.wait().request_ended(Instant::now());
    }
}

/// The body of a request.
struct RequestBody {
    body: Incoming,
    /// `None` if the body has arrived.
    arriving: Option<Arriving>,
}

/// Counts a body as arriving until it is dropped.
struct Arriving(Arc<Connection>);

impl Drop for Arriving {
    fn drop(&mut self) {
        self.0.wait().body_ended();
    }
}

impl RequestBody {
    fn new(body: Incoming, connection: &Arc<Connection>) -> RequestBody {
        if body.is_end_stream() {
            return RequestBody { body, arriving: None };
        }
        connection.wait().body_begun(Instant::now());
        RequestBody { body, arriving: Some(Arriving(Arc::clone(connection))) }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() || self.body.is_end_stream() {
            self.arriving = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer, counted as unread until HTTP has taken it.
pub(super) struct ResponseBody {
    rest: Bytes,
    is_http2: bool,
    number: u64,
    connection: Arc<Connection>,
}

impl ResponseBody {
    fn new(rest: Bytes, connection: &Arc<Connection>, is_http2: bool) -> ResponseBody {
        let number = connection.wait().answer(rest.len(), Instant::now());
        ResponseBody { rest, is_http2, number, connection: Arc::clone(connection) }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    /// HTTP/2 takes a frame as soon as the client's window has room for one byte, and buffers the rest of the frame. So
    /// the last byte is a frame of its own: when HTTP/2 has taken it and drops this body, the window had room for all.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let bytes = self.rest.len();
        let taken = if self.is_http2 && bytes > 1 { bytes - 1 } else { bytes };
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(taken)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        self.connection.wait().taken(self.number, Instant::now());
    }
}

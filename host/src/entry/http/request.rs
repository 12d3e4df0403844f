//! Answers one request of a connection, and notes its progress in the connection's `ClientWait`.
//!
//! A fault of a space may send an answer badly (`Delivery`): hyper resets the connection, or the stream of HTTP/2, if the
//! answer or its body is an error.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::{Request, Response, Version};
use tokio::time::{Instant, Sleep, sleep};

use super::connections::Connection;
use crate::pipeline::{Delivery, Pipeline};

/// Answers a request of this connection. The request counts as open from this call, not from the first poll of the
/// future: hyper may read the end of the connection before that poll.
pub(super) fn answer(
    pipeline: Arc<Pipeline>,
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> impl Future<Output = Result<Response<ResponseBody>, LostError>> {
    let is_http2 = request.version() == Version::HTTP_2;
    connection.wait().request(is_http2);
    let open = Open(Arc::clone(&connection));
    let request = request.map(|body| RequestBody::new(body, &connection));
    async move {
        let mut answer = pipeline.answer(request).await;
        if pipeline.is_stopping() && !is_http2 {
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let delivery = answer.extensions_mut().remove();
        if delivery == Some(Delivery::Lost) {
            return Err(LostError);
        }
        let (parts, body) = answer.into_parts();
        let Ok(body) = body.collect().await;
        // The body is counted before the request ends, so that the connection never looks quiet in between.
        let body = ResponseBody::new(body.to_bytes(), &connection, is_http2, delivery);
        drop(open);
        Ok(Response::from_parts(parts, body))
    }
}

/// A fault of a space keeps the answer, or the rest of it, from the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fault of the space keeps the answer from the client")]
pub(super) struct LostError;

/// How long the half of a truncated answer has to get to the client before the connection ends.
const TRUNCATION_TIME: Duration = Duration::from_millis(10);

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
    /// How a fault sends the body, if there is one.
    fault: Option<Box<BodyFault>>,
    number: u64,
    connection: Arc<Connection>,
}

/// How a fault sends a body.
enum BodyFault {
    /// Only this many bytes are sent. HTTP/1 sends them only if it has to wait for the rest.
    Truncated { left: usize, waiting: Option<Pin<Box<Sleep>>> },
    /// Pieces of `bytes` are sent, with a pause before each but the first.
    Dripped { bytes: usize, pause: Duration, waiting: Option<Pin<Box<Sleep>>> },
}

impl ResponseBody {
    fn new(
        rest: Bytes,
        connection: &Arc<Connection>,
        is_http2: bool,
        delivery: Option<Delivery>,
    ) -> ResponseBody {
        let number = connection.wait().answer(rest.len(), Instant::now());
        let fault = delivery.and_then(|delivery| BodyFault::of(delivery, rest.len())).map(Box::new);
        ResponseBody { rest, is_http2, fault, number, connection: Arc::clone(connection) }
    }
}

impl BodyFault {
    fn of(delivery: Delivery, length: usize) -> Option<BodyFault> {
        match delivery {
            Delivery::Lost => None,
            Delivery::Truncated => Some(BodyFault::Truncated { left: length / 2, waiting: None }),
            Delivery::Dripped { bytes, pause } => {
                Some(BodyFault::Dripped { bytes: bytes.max(1), pause, waiting: None })
            }
        }
    }

    /// The number of bytes to send next.
    fn poll(&mut self, context: &mut Context<'_>, bytes: usize) -> Poll<Result<usize, LostError>> {
        match self {
            BodyFault::Truncated { left: 0, waiting } => {
                let waiting = waiting.get_or_insert_with(|| Box::pin(sleep(TRUNCATION_TIME)));
                waiting.as_mut().poll(context).map(|()| Err(LostError))
            }
            BodyFault::Truncated { left, .. } => Poll::Ready(Ok(bytes.min(std::mem::take(left)))),
            BodyFault::Dripped { bytes: piece, pause, waiting } => {
                if let Some(waiting) = waiting {
                    ready!(waiting.as_mut().poll(context));
                }
                *waiting = Some(Box::pin(sleep(*pause)));
                Poll::Ready(Ok(bytes.min(*piece)))
            }
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = LostError;

    /// HTTP/2 takes a frame as soon as the client's window has room for one byte, and buffers the rest of the frame. So
    /// the last byte is a frame of its own: when HTTP/2 has taken it and drops this body, the window had room for all.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, LostError>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let bytes = self.rest.len();
        let taken = if self.is_http2 && bytes > 1 { bytes - 1 } else { bytes };
        let taken = match &mut self.fault {
            None => taken,
            Some(fault) => match ready!(fault.poll(context, taken)) {
                Ok(taken) => taken,
                Err(lost) => return Poll::Ready(Some(Err(lost))),
            },
        };
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

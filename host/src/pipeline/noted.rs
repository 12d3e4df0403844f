//! Notes requests in the journal.

use std::sync::Arc;

use http_body_util::BodyExt;
use hyper::body::Bytes;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request};
use tokio::time::Instant;

use super::{Passage, Pipeline, Reply};
use crate::exchange::Exchange;
use crate::journal::{Ended, FailedBy, Journal, Opened, Via};
use crate::space::{Space, Spaces};

/// A request in the journal that has no answer yet. If this is dropped before the answer, its client has gone away.
pub(super) struct Noted<'a> {
    journal: &'a Journal,
    number: u64,
    is_ended: bool,
}

impl<'a> Noted<'a> {
    /// Begins to note a request.
    pub(super) fn begin(
        spaces: &'a Spaces,
        space: &Space,
        asked: &Request<Bytes>,
        passage: &Passage,
        operation: Option<&str>,
        request_id: &str,
    ) -> Noted<'a> {
        let journal = &spaces.journal;
        let number = journal.begin(Opened {
            begun: passage.begun.into_std(),
            space: Arc::clone(&space.name),
            space_at: space.clock.now().ok(),
            via: passage.via,
            request_id,
            operation,
            method: asked.method().as_str(),
            path: asked.uri().path(),
            query: asked.uri().query(),
            client: Some(passage.admitted.client.as_str()),
            headers: asked.headers(),
            body: asked.body(),
        });
        Noted { journal, number, is_ended: false }
    }

    /// Notes the answer. There is no exchange if the request did not get into its space.
    pub(super) async fn end(mut self, reply: &Reply, exchange: Option<&Exchange>) {
        self.is_ended = true;
        let trail = exchange.map(Exchange::take).unwrap_or_default();
        // The body of an answer is one piece, and its clone shares it.
        let body = reply.answer.body().clone().frame().await.and_then(|Ok(frame)| frame.into_data().ok());
        let by = match reply.refusal {
            _ if trail.has_faults() => FailedBy::Injected,
            Some(_) => FailedBy::Host,
            None => FailedBy::Component,
        };
        let failed_by = reply.answer.status().is_server_error().then_some(by);
        self.journal.end(
            self.number,
            Ended {
                status: reply.answer.status().as_u16(),
                refusal: reply.refusal,
                failed_by,
                trail,
                headers: reply.answer.headers(),
                body: &body.unwrap_or_default(),
            },
        );
    }
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        if !self.is_ended {
            self.journal.abandon(self.number);
        }
    }
}

impl Pipeline {
    /// Notes a request that the door refused. Its body was not read, or is not complete.
    pub(super) async fn note_refusal(
        &self,
        spaces: &Spaces,
        parts: &Parts,
        via: Via,
        begun: Instant,
        request_id: &str,
        refused: &Reply,
    ) {
        let operation = self.contract.operation(&parts.method, parts.uri.path());
        let client = self.door.client(&parts.headers);
        let is_known = client.is_some();
        if !is_known && !spaces.notes_stranger() {
            return;
        }
        // What a stranger sends is kept for a look, and takes little room.
        let none = HeaderMap::new();
        let limit = if is_known { usize::MAX } else { STRANGER_BYTES };
        let space = client.as_ref().and_then(|(_, space)| space.as_ref());
        let space = space.map_or_else(|| Arc::clone(&spaces.main().name), |space| Arc::clone(&space.space));
        let number = spaces.journal.begin(Opened {
            begun: begun.into_std(),
            space,
            space_at: None,
            via,
            request_id,
            operation: operation.and_then(|operation| operation.id.as_deref()),
            method: cut(parts.method.as_str(), limit),
            path: cut(parts.uri.path(), limit),
            query: parts.uri.query().map(|query| cut(query, limit)),
            client: client.as_ref().map(|(client, _)| client.id.as_str()),
            headers: if is_known { &parts.headers } else { &none },
            body: &[],
        });
        let noted = Noted { journal: &spaces.journal, number, is_ended: false };
        noted.end(refused, None).await;
    }
}

fn cut(text: &str, limit: usize) -> &str {
    text.get(..text.floor_char_boundary(limit)).unwrap_or_default()
}

/// What is kept of the method, of the path and of the query of a request without a valid key.
const STRANGER_BYTES: usize = 128;

//! Calls the component's imports other than WASI: `handler` and `schema`.

use alloc::string::String;

use super::bindings::portdesk::desk::{handler, schema};
use crate::{Answer, Request, Responder};

pub(super) struct Handler;

impl Responder for Handler {
    fn handle(&self, request: Request) -> Answer {
        let Request { method, path, query, headers, body, client, request_id } = request;
        let request = handler::Request { method, path, query, headers, body, client, request_id };
        let handler::Response { status, headers, body, operation: _ } = handler::handle(&request);
        Answer { status, headers, body }
    }

    fn openapi(&self) -> String {
        schema::openapi()
    }
}

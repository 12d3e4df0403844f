//! The pages that the front serves itself: `/healthz`, and `/openapi.yaml` with the contract of the component. There is
//! no `/readyz`, because the front has no access to the store.

use alloc::string::String;
use alloc::vec::Vec;

use crate::{Answer, Responder};

/// Returns the page at this path, or `None` if the front has no page there.
pub(crate) fn of(desk: &dyn Responder, method: &str, path: &str) -> Option<Answer> {
    let is_read = matches!(method, "GET" | "HEAD");
    match path {
        "/healthz" | "/openapi.yaml" if !is_read => {
            let mut page = page(405, TEXT, "this page is only read\n");
            page.headers.push(("allow".into(), "GET, HEAD".into()));
            Some(page)
        }
        "/healthz" => Some(page(200, TEXT, "ok\n")),
        "/openapi.yaml" => Some(page(200, "application/yaml", desk.openapi())),
        _ => None,
    }
}

fn page(status: u16, content_type: &str, body: impl Into<String>) -> Answer {
    let headers = Vec::from([("content-type".into(), content_type.into())]);
    Answer { status, headers, body: body.into().into_bytes() }
}

const TEXT: &str = "text/plain; charset=utf-8";

//! A storeroom: what is on which shelf. `openapi.yaml` is its contract.
//!
//! This file is HTTP: paths, bodies and statuses. `storeroom.rs` has the four operations.

// There is nothing to build for other targets: `cargo build --target wasm32-wasip2`.
#![cfg(target_family = "wasm")]

mod bindings;
mod article;
mod storeroom;

use serde::Serialize;
use serde::de::DeserializeOwned;

use bindings::exports::portdesk::desk::{handler, schema};
use storeroom::Error;

struct Storeroom;

impl handler::Guest for Storeroom {
    fn handle(request: handler::Request) -> handler::Response {
        let segments: Vec<&str> = request.path.split('/').skip(1).collect();
        let (operation, answer) = match (request.method.as_str(), segments.as_slice()) {
            ("POST", ["articles"]) => ("add_article", add(&request)),
            ("GET" | "HEAD", ["articles"]) => ("list_articles", list(&request)),
            ("GET" | "HEAD", ["articles", number]) => ("get_article", get(number)),
            ("POST", ["articles", number, "moves"]) => ("move_pieces", move_pieces(number, &request)),
            (_, ["articles"] | ["articles", _] | ["articles", _, "moves"]) => {
                return problem(405, "This path has no such method.");
            }
            _ => return problem(404, "There is nothing at this path."),
        };
        let mut response = answer.unwrap_or_else(|error| {
            // A host writes this to its log at level debug.
            eprintln!("{operation} failed: {error:?}");
            problem(error.status(), &error.to_string())
        });
        response.operation = Some(operation.to_owned());
        response
    }
}

impl schema::Guest for Storeroom {
    fn collection() -> schema::CollectionSchema {
        article::collection()
    }

    fn openapi() -> String {
        include_str!("../../openapi.yaml").to_owned()
    }
}

fn add(request: &handler::Request) -> Result<handler::Response, Error> {
    let article = storeroom::add(body(request)?, &request.request_id)?;
    Ok(json(201, &article))
}

fn get(number: &str) -> Result<handler::Response, Error> {
    Ok(json(200, &storeroom::get(number)?))
}

fn list(request: &handler::Request) -> Result<handler::Response, Error> {
    let (mut shelf, mut cursor) = (None, None);
    for pair in request.query.as_deref().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("shelf", value)) => shelf = Some(value),
            Some(("cursor", value)) => cursor = Some(value.to_owned()),
            _ => {
                return Err(Error::Invalid("The query has something else than `shelf` and `cursor`.".into()));
            }
        }
    }
    let shelf = shelf.ok_or_else(|| Error::Invalid("The query lacks `shelf`.".into()))?;
    Ok(json(200, &storeroom::list(shelf, cursor)?))
}

fn move_pieces(number: &str, request: &handler::Request) -> Result<handler::Response, Error> {
    let key =
        request.headers.iter().find(|(name, _)| name == "idempotency-key").map(|(_, value)| value.clone());
    Ok(json(200, &storeroom::move_pieces(number, body(request)?, key)?))
}

fn body<T: DeserializeOwned>(request: &handler::Request) -> Result<T, Error> {
    serde_json::from_slice(&request.body)
        .map_err(|error| Error::Invalid(format!("The body is wrong: {error}.")))
}

fn json(status: u16, value: &impl Serialize) -> handler::Response {
    let body = serde_json::to_vec(value).expect("records have no maps with odd keys");
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    handler::Response { status, headers, body, operation: None }
}

fn problem(status: u16, message: &str) -> handler::Response {
    json(status, &serde_json::json!({ "message": message }))
}

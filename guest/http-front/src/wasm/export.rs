//! Implements the component's export: `wasi:http/incoming-handler`.

use alloc::string::String;
use alloc::vec::Vec;

use wasip2::cli::environment;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{Fields, IncomingRequest, Method, OutgoingResponse, ResponseOutparam};
use wasip2::random::random::get_random_u64;

use super::body;
use super::import::Handler;
use crate::{Incoming, Outgoing, serve};

pub(super) struct Front;

impl Guest for Front {
    fn handle(request: IncomingRequest, answered: ResponseOutparam) {
        let incoming = Incoming {
            method: method(request.method()),
            target: request.path_with_query(),
            headers: request.headers().entries(),
            client_header: client_header(),
            random: random(),
        };
        send(serve(&Handler, incoming, &mut |most_bytes| body::read(&request, most_bytes)), answered);
    }
}

/// Returns the name of the header that names the client. An empty variable counts as not set.
fn client_header() -> Option<String> {
    let variables = environment::get_environment().into_iter();
    let mut found = variables.filter(|(name, value)| name == CLIENT_HEADER && !value.is_empty());
    found.next().map(|(_, value)| value)
}

fn random() -> [u8; 16] {
    let halves = (u128::from(get_random_u64()), u128::from(get_random_u64()));
    (halves.0 << 64 | halves.1).to_le_bytes()
}

/// Passes the answer to the platform. If the platform does not accept a part of it, the platform itself answers 500.
/// The front makes only answers that HTTP allows.
fn send(outgoing: Outgoing, answered: ResponseOutparam) {
    let Outgoing { status, headers, body } = outgoing;
    let headers: Vec<_> = headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
    let Ok(fields) = Fields::from_list(&headers) else { return };
    let response = OutgoingResponse::new(fields);
    if response.set_status_code(status).is_err() {
        return;
    }
    // The body is opened even if nothing is written into it: the server of jco does not accept an answer without one.
    let Ok(out) = response.body() else { return };
    ResponseOutparam::set(answered, Ok(response));
    body::write(out, &body.unwrap_or_default());
}

fn method(method: Method) -> String {
    match method {
        Method::Get => "GET".into(),
        Method::Head => "HEAD".into(),
        Method::Post => "POST".into(),
        Method::Put => "PUT".into(),
        Method::Delete => "DELETE".into(),
        Method::Connect => "CONNECT".into(),
        Method::Options => "OPTIONS".into(),
        Method::Trace => "TRACE".into(),
        Method::Patch => "PATCH".into(),
        Method::Other(name) => name,
    }
}

const CLIENT_HEADER: &str = "PORTDESK_CLIENT_HEADER";

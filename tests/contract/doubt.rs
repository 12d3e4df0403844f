//! Tests of the check itself, with wrong answers: a check that never fails proves nothing.

use serde_json::{Value, json};

use super::Contract;
use super::operation::{Operation, Reply};

const TICKET: &str = "/tickets/7c1f6d3e-58a4-4b0e-9d3c-2f1b8a6e4c05";

/// An answer with its request.
#[derive(Clone)]
struct Exchange {
    method: String,
    path: String,
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Exchange {
    /// An answer with the headers that every answer has.
    fn new(method: &str, path: &str, status: u16) -> Exchange {
        let exchange = Exchange {
            method: method.into(),
            path: path.into(),
            status,
            headers: Vec::new(),
            body: Vec::new(),
        };
        exchange.with("X-Amzn-RequestId", "3f0c8a52-9d41-4e6b-b7f8-5a2e1c9d0b63")
    }

    /// The answer with a header, which replaces a header of the same name.
    fn with(mut self, name: &str, value: &str) -> Exchange {
        self = self.without(name);
        self.headers.push((name.into(), value.into()));
        self
    }

    fn without(mut self, name: &str) -> Exchange {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self
    }

    fn json(mut self, body: &Value) -> Exchange {
        self.body = body.to_string().into_bytes();
        if self.headers.iter().any(|(name, _)| name == "content-type") {
            return self;
        }
        self.with("content-type", "application/json")
    }

    fn problem(self, title: &str) -> Exchange {
        let status = self.status;
        self.json(&json!({
            "message": "No.", "type": "about:blank", "title": title, "status": status, "detail": "No.",
        }))
    }

    fn check(&self) -> Result<(), String> {
        Contract::of_this_tree().check(&self.method, &self.path, self.status, &self.headers, &self.body)
    }

    #[track_caller]
    fn passes(&self) {
        self.check().unwrap();
    }

    #[track_caller]
    fn fails(&self, because: &str) {
        let fault = self.check().expect_err("the check lets it through");
        assert!(fault.contains(because), "{fault}");
    }
}

/// One exchange for every example of every answer, with the examples of its headers.
fn documented() -> Vec<Exchange> {
    Contract::of_this_tree().operations().iter().flat_map(documented_of).collect()
}

fn documented_of(operation: &Operation) -> Vec<Exchange> {
    let path = operation.path.replace("/tickets/{ticket_id}", TICKET);
    let mut exchanges = Vec::new();
    for (status, reply) in &operation.replies {
        let bare = with_examples(Exchange::new(&operation.method, &path, *status), reply);
        for content in &reply.content {
            for (_, example) in &content.examples {
                exchanges.push(bare.clone().with("content-type", &content.media_type).json(example));
            }
        }
        if reply.content.is_empty() {
            exchanges.push(bare);
        }
    }
    exchanges
}

fn with_examples(exchange: Exchange, reply: &Reply) -> Exchange {
    reply.headers.iter().fold(exchange, |exchange, header| {
        let example = header.example.as_ref().unwrap();
        exchange.with(&header.name, &example.as_str().map_or(example.to_string(), String::from))
    })
}

fn ticket() -> Exchange {
    let found = documented().into_iter().find(|exchange| exchange.method == "GET" && exchange.path == TICKET);
    found.unwrap()
}

fn ticket_body() -> Value {
    serde_json::from_slice(&ticket().body).unwrap()
}

#[test]
fn every_documented_example_passes() {
    let documented = documented();
    assert!(documented.len() > 100, "only {}", documented.len());
    documented.iter().for_each(Exchange::passes);
}

#[test]
fn an_undocumented_status_fails() {
    Exchange { status: 418, ..ticket() }.fails("get_ticket_status documents only");
    Exchange { status: 201, ..ticket() }.fails("get_ticket_status documents only");
}

#[test]
fn an_answer_without_a_required_header_fails() {
    let mut refused = 0;
    for operation in Contract::of_this_tree().operations() {
        for exchange in documented_of(operation) {
            let required =
                operation.replies[&exchange.status].headers.iter().filter(|header| header.required);
            for header in required {
                exchange.clone().without(&header.name).fails(&format!("{} is missing", header.name));
                refused += 1;
            }
        }
    }
    assert!(refused > 100, "only {refused}");
}

#[test]
fn a_header_with_another_value_than_documented_fails() {
    ticket().with("etag", "3").fails("the header ETag");
    ticket().with("x-amzn-requestid", "42").fails("the header x-amzn-RequestId");
    let busy = Exchange::new("GET", TICKET, 503).json(&json!({ "message": "Busy" }));
    busy.passes();
    busy.clone().with("retry-after", "1").passes();
    busy.with("retry-after", "soon").fails("the header Retry-After");
}

#[test]
fn a_header_that_is_there_twice_fails() {
    let mut twice = ticket();
    twice.headers.push(("ETag".into(), "\"3\"".into()));
    twice.fails("ETag is there more than once");
}

#[test]
fn an_undocumented_content_type_fails() {
    ticket().with("content-type", "text/html").fails("text/html is not documented");
    ticket().with("content-type", "application/json; charset=latin1").fails("charset=latin1");
    ticket().with("content-type", "application/json; charset=UTF-8").passes();
    ticket().without("content-type").fails("one content type");
}

#[test]
fn a_body_that_is_not_json_fails() {
    Exchange { body: b"{".into(), ..ticket() }.fails("not JSON");
    Exchange { body: Vec::new(), ..ticket() }.fails("not JSON");
}

#[test]
fn a_body_without_a_required_member_fails() {
    for name in ticket_body().as_object().unwrap().keys() {
        let mut body = ticket_body();
        body.as_object_mut().unwrap().remove(name);
        ticket().json(&body).fails(name);
    }
}

#[test]
fn a_body_with_an_undocumented_member_fails() {
    let mut body = ticket_body();
    body["version"] = json!(3);
    ticket().json(&body).fails("version");
    let mut body = ticket_body();
    body["comments"][0]["internal"] = json!(true);
    ticket().json(&body).fails("/comments/0");
}

#[test]
fn a_body_with_another_value_than_documented_fails() {
    let wrong = [
        ("ticket_id", json!("7C1F6D3E-58A4-4B0E-9D3C-2F1B8A6E4C05")),
        ("ticket_id", json!("7c1f6d3e58a44b0e9d3c2f1b8a6e4c05")),
        ("caller_id", json!(7)),
        ("status", json!("waiting")),
        ("created_at", json!("2026-11-22T14:00:00Z")),
        ("updated_at", json!("2026-13-22T14:00:00.123456Z")),
        ("updated_at", json!("2026-11-22T14:00:00.123456+00:00")),
        ("comments", json!(null)),
    ];
    for (name, value) in wrong {
        let mut body = ticket_body();
        body[name] = value;
        ticket().json(&body).fails(name);
    }
}

#[test]
fn a_problem_that_contradicts_its_answer_or_itself_fails() {
    let missing = Exchange::new("GET", TICKET, 404).problem("Not Found");
    missing.passes();
    let mut body: Value = serde_json::from_slice(&missing.body).unwrap();
    body["status"] = json!(400);
    missing.clone().json(&body).fails("the body says status 400");
    body["status"] = json!(404);
    body["detail"] = json!("Yes.");
    missing.json(&body).fails("message and detail differ");
}

#[test]
fn half_a_problem_fails_even_where_a_message_alone_would_do() {
    let broken = Exchange::new("GET", TICKET, 500);
    broken.clone().json(&json!({ "message": "Internal server error" })).passes();
    broken.clone().json(&json!({ "message": "Internal server error", "outcome": "unknown" })).passes();
    broken.clone().json(&json!({ "message": "No.", "title": "Internal Server Error" })).fails("detail");
    broken.json(&json!({})).fails("message");
}

#[test]
fn a_refusal_of_the_door_is_a_message_or_a_problem_that_may_say_more() {
    let forbidden = Exchange::new("GET", TICKET, 403).with("x-amzn-ErrorType", "ForbiddenException");
    forbidden.clone().json(&json!({ "message": "Forbidden" })).passes();
    let mut problem = json!({
        "message": "Forbidden", "type": "about:blank", "title": "Forbidden", "status": 403, "detail": "Send a key.",
    });
    forbidden.clone().json(&problem).passes();
    problem["allowed"] = json!([]);
    forbidden.json(&problem).fails("Additional properties");
}

#[test]
fn a_body_where_there_must_be_none_fails() {
    let head = Exchange { method: "HEAD".into(), ..ticket() };
    head.fails("no body");
    Exchange { body: Vec::new(), ..head.clone() }.passes();
    Exchange { body: Vec::new(), ..head }.without("etag").fails("ETag is missing");
    let unchanged = Exchange::new("GET", TICKET, 304).with("etag", "\"3\"");
    unchanged.passes();
    Exchange { body: b"{}".into(), ..unchanged }.fails("no body");
}

#[test]
fn options_answers_204_with_the_methods_of_the_path() {
    let options = Exchange::new("OPTIONS", "/tickets", 204);
    options.clone().with("allow", "GET, HEAD, OPTIONS, POST").passes();
    options.clone().with("allow", "GET, OPTIONS, POST").fails("Allow is");
    options.fails("Allow is");
    Exchange::new("OPTIONS", &format!("{TICKET}/comments"), 204).with("allow", "OPTIONS, POST").passes();
    Exchange::new("OPTIONS", TICKET, 200).with("allow", "GET, HEAD, OPTIONS, PATCH").fails("204");
}

#[test]
fn another_method_answers_405_with_a_problem_and_the_methods_of_the_path() {
    let other = Exchange::new("DELETE", TICKET, 405);
    let problem = other.clone().problem("Method Not Allowed");
    problem.clone().with("allow", "GET, HEAD, OPTIONS, PATCH").passes();
    problem.clone().with("allow", "GET").fails("Allow is");
    problem.fails("Allow is");
    other.json(&json!({ "message": "No." })).with("allow", "GET, HEAD, OPTIONS, PATCH").fails("required");
    Exchange::new("DELETE", TICKET, 404).problem("Not Found").fails("only 405");
    Exchange::new("HEAD", &format!("{TICKET}/comments"), 405)
        .with("content-type", "application/json")
        .with("allow", "OPTIONS, POST")
        .passes();
}

#[test]
fn an_unknown_path_answers_404_with_a_problem() {
    for path in ["/", "/tickets/", "/ticket", "/tickets/a/b", "/TICKETS", "//tickets"] {
        Exchange::new("GET", path, 404).problem("Not Found").passes();
        Exchange::new("GET", path, 404).json(&json!({ "message": "Not Found" })).fails("required");
        Exchange::new("GET", path, 405).problem("Method Not Allowed").fails("only 404");
        Exchange::new("GET", path, 200).fails("only 404");
    }
}

#[test]
fn the_door_refuses_unknown_paths_and_methods_as_it_refuses_operations() {
    for (method, path) in [("GET", "/nowhere"), ("DELETE", "/tickets"), ("OPTIONS", TICKET)] {
        let forbidden = Exchange::new(method, path, 403).json(&json!({ "message": "Forbidden" }));
        forbidden.fails("x-amzn-ErrorType is missing");
        forbidden.with("x-amzn-ErrorType", "ForbiddenException").passes();
    }
}

#[test]
fn the_door_refuses_an_encoded_body_everywhere_and_says_how_to_send_it() {
    for (method, path) in [("GET", "/nowhere"), ("DELETE", "/tickets"), ("OPTIONS", TICKET), ("GET", TICKET)]
    {
        let encoded = Exchange::new(method, path, 415).problem("Unsupported Media Type");
        let encoded = encoded.with("x-amzn-ErrorType", "BadRequestException");
        encoded.clone().with("accept-encoding", "identity").passes();
        encoded.clone().with("accept-encoding", "gzip").fails("the header Accept-Encoding");
        encoded.fails("Accept-Encoding is missing");
    }
    let typed = Exchange::new("PATCH", TICKET, 415).problem("Unsupported Media Type");
    typed.clone().with("accept-patch", "application/json").passes();
    typed.with("accept-patch", "text/plain").fails("the header Accept-Patch");
}

#[test]
fn a_path_is_known_by_what_it_means() {
    ticket().passes();
    for path in [format!("{TICKET}?x=/tickets"), TICKET.replace("/t", "/%74"), TICKET.replace("7c", "%37c")] {
        Exchange { path, ..ticket() }.passes();
    }
}

#[test]
fn a_contract_that_does_not_hold_together_is_refused() {
    let yaml = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi.yaml")).unwrap();
    let refuses = |from: &str, to: &str| Contract::parse(&yaml.replacen(from, to, 1)).is_err();
    assert!(!refuses("", ""));
    assert!(refuses("'201':", "'2xx':"));
    assert!(refuses("#/components/schemas/NewTicket", "#/components/schemas/OldTicket"));
    assert!(refuses("format: date-time", "format: date-and-time"));
    assert!(refuses("operationId: create_ticket", "summary: again"));
}

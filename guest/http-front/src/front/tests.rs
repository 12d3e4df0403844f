use core::cell::RefCell;

use super::*;

/// Gives the same answer to every request, and keeps the requests.
struct Echo {
    answer: fn() -> Answer,
    asked: RefCell<Vec<Request>>,
}

impl Responder for Echo {
    fn handle(&self, request: Request) -> Answer {
        self.asked.borrow_mut().push(request);
        (self.answer)()
    }

    fn openapi(&self) -> String {
        "openapi: 3.0.3\n".into()
    }
}

fn answer(status: u16, headers: &[(&str, &str)]) -> Answer {
    let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Answer { status, headers, body: b"body".to_vec() }
}

fn echo(answer: fn() -> Answer) -> Echo {
    Echo { answer, asked: RefCell::default() }
}

fn get(target: &str, headers: &[(&str, &[u8])]) -> Incoming {
    Incoming {
        method: "GET".into(),
        target: Some(target.into()),
        headers: headers.iter().map(|(name, value)| ((*name).into(), value.to_vec())).collect(),
        client_header: None,
        random: [7; 16],
    }
}

fn ask_of(desk: &Echo, incoming: Incoming) -> Outgoing {
    serve(desk, incoming, &mut |_| Ok(b"sent".to_vec()))
}

fn header<'a>(outgoing: &'a Outgoing, name: &str) -> Option<&'a str> {
    let mut found = outgoing.headers.iter().filter(|(other, _)| other == name);
    let (value, None) = (found.next(), found.next()) else { panic!("{name} stands twice") };
    value.map(|(_, value)| value.as_str())
}

#[test]
fn a_component_sees_what_the_contract_names_and_nothing_else() {
    let desk = echo(|| answer(200, &[]));
    let headers: [(&str, &[u8]); 5] = [
        ("X-Api-Key", b"secret"),
        ("Idempotency-Key", b"k\xe9"),
        ("accept", b"a"),
        ("Accept", b"b"),
        ("cookie", b"c"),
    ];
    let outgoing = ask_of(&desk, get("/t%20x?a=1?b", &headers));
    let asked = desk.asked.take().remove(0);
    assert_eq!((asked.path.as_str(), asked.query.as_deref()), ("/t%20x", Some("a=1?b")));
    let passed: Vec<_> = asked.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(passed, [("idempotency-key", "k\u{fffd}"), ("accept", "a"), ("accept", "b")]);
    assert_eq!((asked.body.as_slice(), asked.client), (&b"sent"[..], None));
    assert_eq!(header(&outgoing, "x-amzn-requestid"), Some(asked.request_id.as_str()));
    assert_eq!(asked.request_id.len(), 36);
}

#[test]
fn what_belongs_to_the_connection_is_not_passed_on() {
    let desk = echo(|| {
        answer(200, &[("Connection", "close"), ("content-length", "9"), ("Date", "now"), ("etag", "\"1\"")])
    });
    let outgoing = ask_of(&desk, get("/", &[]));
    assert_eq!(header(&outgoing, "content-length"), Some("4"));
    assert_eq!(header(&outgoing, "etag"), Some("\"1\""));
    assert_eq!(outgoing.headers.len(), 3);
}

#[test]
fn head_and_empty_statuses_have_no_body() {
    let desk = echo(|| answer(200, &[]));
    let outgoing = ask_of(&desk, Incoming { method: "HEAD".into(), ..get("/", &[]) });
    assert_eq!((header(&outgoing, "content-length"), &outgoing.body), (Some("4"), &None));
    let outgoing = ask_of(&echo(|| answer(304, &[])), get("/", &[]));
    assert_eq!((header(&outgoing, "content-length"), &outgoing.body), (None, &None));
}

#[test]
fn an_answer_that_is_no_http_is_a_failure() {
    let defects: [fn() -> Answer; 4] = [
        || answer(199, &[]),
        || answer(600, &[]),
        || answer(200, &[("a b", "x")]),
        || answer(200, &[("a", "x\r\ny: z")]),
    ];
    for defect in defects {
        let outgoing = ask_of(&echo(defect), get("/", &[]));
        assert_eq!(outgoing.status, 500);
        let body = outgoing.body.unwrap();
        assert!(body.starts_with(br#"{"message":"Internal server error","type":"about:blank","#));
    }
}

#[test]
fn what_is_over_its_limit_never_reaches_the_component() {
    let desk = echo(|| answer(200, &[]));
    let long = "x".repeat(8001);
    let many = "x".repeat(16 * 1024);
    for (incoming, status) in [
        (get("*", &[]), 400),
        (Incoming { target: None, ..get("/", &[]) }, 400),
        (get(&alloc::format!("/{long}"), &[]), 414),
        (get("/", &[("a", many.as_bytes())]), 431),
        (get("/", &[("content-length", b"65537")]), 413),
        (get("/", &[("Content-Encoding", b"identity, GZIP")]), 415),
        (get("/", &[("content-encoding", b"identity"), ("content-encoding", b"br")]), 415),
    ] {
        assert_eq!(ask_of(&desk, incoming).status, status);
    }
    let outgoing = serve(&desk, get("/", &[]), &mut |_| Err(Refusal::BodyTooLarge));
    assert_eq!(outgoing.status, 413);
    assert!(desk.asked.take().is_empty());
}

#[test]
fn a_body_that_is_encoded_is_refused_with_its_coding_and_one_that_is_not_is_taken() {
    let desk = echo(|| answer(200, &[]));
    let outgoing = ask_of(&desk, get("/", &[("content-encoding", b"x-\"\\\xff")]));
    assert_eq!(header(&outgoing, "accept-encoding"), Some("identity"));
    let refusal = "{\"message\":\"The content coding x-??? is not supported; send the body without Content-Encoding\",\
                   \"type\":\"about:blank\",\"title\":\"Unsupported Media Type\",\"status\":415,\"detail\":";
    let body = String::from_utf8(outgoing.body.unwrap()).unwrap();
    assert!(body.starts_with(refusal), "{body}");
    for plain in [&b"identity"[..], b"", b"Identity, ,IDENTITY", b"\t"] {
        assert_eq!(ask_of(&desk, get("/", &[("content-encoding", plain)])).status, 200);
    }
    assert_eq!(desk.asked.take().len(), 4);
}

#[test]
fn a_configured_client_must_be_there_once() {
    let desk = echo(|| answer(200, &[]));
    let from = |headers: &[(&str, &[u8])]| {
        let incoming = Incoming { client_header: Some("X-Caller".into()), ..get("/", headers) };
        ask_of(&desk, incoming).status
    };
    assert_eq!(from(&[("x-caller", b"agent-7")]), 200);
    assert_eq!(desk.asked.take().remove(0).client.as_deref(), Some("agent-7"));
    assert_eq!(from(&[]), 403);
    assert_eq!(from(&[("x-caller", b"")]), 403);
    assert_eq!(from(&[("x-caller", b"a"), ("x-caller", b"b")]), 403);
}

#[test]
fn pages_are_served_without_the_component() {
    let desk = echo(|| answer(200, &[]));
    assert_eq!(ask_of(&desk, get("/healthz", &[])).body.as_deref(), Some(&b"ok\n"[..]));
    assert_eq!(ask_of(&desk, get("/openapi.yaml", &[])).body.as_deref(), Some(&b"openapi: 3.0.3\n"[..]));
    let posted = ask_of(&desk, Incoming { method: "POST".into(), ..get("/healthz", &[]) });
    assert_eq!((posted.status, header(&posted, "allow")), (405, Some("GET, HEAD")));
    assert!(desk.asked.take().is_empty());
}

use alloc::borrow::ToOwned;
use alloc::format;

use expect_test::expect;

use super::env::{Desk, FIRST, TICKET, json, request};

#[test]
fn options_lists_the_methods_of_a_path() {
    let desk = Desk::new();
    desk.check(
        "OPTIONS /tickets",
        "",
        expect![[r#"
            204 -
            allow: GET, HEAD, OPTIONS, POST
            accept-post: application/json
        "#]],
    );
    desk.check(
        &format!("OPTIONS /tickets/{FIRST}"),
        "",
        expect![[r#"
            204 -
            allow: GET, HEAD, OPTIONS, PATCH
            accept-patch: application/json
        "#]],
    );
    desk.check(
        &format!("OPTIONS /tickets/{FIRST}/comments"),
        "",
        expect![[r#"
            204 -
            allow: OPTIONS, POST
            accept-post: application/json
        "#]],
    );
}

#[test]
fn another_method_is_not_allowed() {
    let desk = Desk::new();
    desk.check("DELETE /tickets", "", expect![[r#"
        405 -
        content-type: application/json
        allow: GET, HEAD, OPTIONS, POST
        {"message":"This path accepts only GET, HEAD, OPTIONS, POST.","type":"about:blank","title":"Method Not Allowed","status":405,"detail":"This path accepts only GET, HEAD, OPTIONS, POST."}
    "#]]);
    desk.check(&format!("PUT /tickets/{FIRST}"), "", expect![[r#"
        405 -
        content-type: application/json
        allow: GET, HEAD, OPTIONS, PATCH
        {"message":"This path accepts only GET, HEAD, OPTIONS, PATCH.","type":"about:blank","title":"Method Not Allowed","status":405,"detail":"This path accepts only GET, HEAD, OPTIONS, PATCH."}
    "#]]);
    desk.check(&format!("GET /tickets/{FIRST}/comments"), "", expect![[r#"
        405 -
        content-type: application/json
        allow: OPTIONS, POST
        {"message":"This path accepts only OPTIONS, POST.","type":"about:blank","title":"Method Not Allowed","status":405,"detail":"This path accepts only OPTIONS, POST."}
    "#]]);
    for method in ["get", "HEAD ", "", "TRACE", "POST\n"] {
        let mut request = request("GET /tickets/7/comments", "");
        request.method = method.into();
        assert_eq!(desk.answer(&request).status, 405, "{method:?}");
    }
}

#[test]
fn head_is_answered_like_get() {
    let desk = Desk::with_a_ticket();
    for target in
        [format!("/tickets/{FIRST}"), "/tickets?caller=ada".into(), "/tickets".into(), "/tickets/7".into()]
    {
        assert_eq!(
            desk.send(&format!("HEAD {target}"), ""),
            desk.send(&format!("GET {target}"), ""),
            "{target}"
        );
    }
}

#[test]
fn there_is_nothing_at_another_path() {
    let desk = Desk::with_a_ticket();
    desk.check("GET /", "", expect![[r#"
        404 -
        content-type: application/json
        {"message":"There is nothing at this path.","type":"about:blank","title":"Not Found","status":404,"detail":"There is nothing at this path."}
    "#]]);
    for path in [
        "",
        "tickets",
        "//tickets",
        "/tickets/",
        "/Tickets",
        "/tickets//comments",
        &format!("/tickets/{FIRST}/"),
        &format!("/tickets/{FIRST}/comments/"),
        &format!("/tickets/{FIRST}/comments/1"),
        &format!("/tickets%2F{FIRST}"),
        "/tickets/%zz",
        "/tickets/%ff",
        "/%2574ickets",
        "/healthz",
        "*",
    ] {
        let mut request = request("GET /", "");
        request.path = path.into();
        assert_eq!(desk.answer(&request).status, 404, "{path}");
    }
}

#[test]
fn a_path_with_a_slash_at_its_end_is_answered_with_the_right_path() {
    let desk = Desk::with_a_ticket();
    desk.check("GET /tickets/?caller=ada", "", expect![[r#"
        404 -
        content-type: application/json
        {"message":"There is nothing at this path. Leave out the slash at its end: /tickets.","type":"about:blank","title":"Not Found","status":404,"detail":"There is nothing at this path. Leave out the slash at its end: /tickets."}
    "#]]);
    let detail = |path: &str| {
        let answer = desk.send(&format!("POST {path}"), TICKET);
        assert_eq!(answer.status, 404, "{path}");
        json(&answer)["detail"].as_str().unwrap().to_owned()
    };
    for path in [
        "/tickets",
        &format!("/tickets/{FIRST}"),
        &format!("/tickets/{FIRST}/comments"),
        "/%74ickets",
        "/tickets/7",
    ] {
        assert!(
            detail(&format!("{path}/")).ends_with(&format!("Leave out the slash at its end: {path}.")),
            "{path}"
        );
    }
    for path in
        ["/", "//", "/tickets//", "/tickets//comments/", "/ticket/", "/tickets/7/comments/1/", "/Tickets/"]
    {
        assert_eq!(detail(path), "There is nothing at this path.", "{path}");
    }
    let long = detail(&format!("/tickets/{}/", "a".repeat(7_000)));
    assert!(long.len() < 200, "{long}");
}

#[test]
fn a_body_must_be_declared_as_json() {
    let desk = Desk::new();
    desk.check("POST /tickets\ncontent-type: text/plain", TICKET, expect![[r#"
        415 create_ticket
        content-type: application/json
        accept-post: application/json
        {"message":"The content type must be application/json, with charset UTF-8 if it names a charset.","type":"about:blank","title":"Unsupported Media Type","status":415,"detail":"The content type must be application/json, with charset UTF-8 if it names a charset."}
    "#]]);
    for bad in [
        "",
        "application/json; charset=latin1",
        "application/jsonp",
        "application/problem+json",
        "application/json, application/json",
        "application/json\ncontent-type: application/json",
    ] {
        assert_eq!(desk.send(&format!("POST /tickets\ncontent-type: {bad}"), TICKET).status, 415, "{bad}");
    }
    for good in
        ["Application/JSON", "application/json;charset=UTF-8", "application/json ; charset=\"utf-8\"; v=1"]
    {
        assert_eq!(desk.send(&format!("POST /tickets\ncontent-type: {good}"), TICKET).status, 201, "{good}");
    }
    assert_eq!(desk.send("POST /tickets", "").status, 415);
}

#[test]
fn a_body_of_another_type_is_refused_with_the_type_that_its_method_takes() {
    let desk = Desk::with_a_ticket();
    for (line, header) in [
        ("POST /tickets", "accept-post"),
        (&format!("POST /tickets/{FIRST}/comments"), "accept-post"),
        (&format!("PATCH /tickets/{FIRST}"), "accept-patch"),
    ] {
        for content_type in ["text/plain", "application/merge-patch+json", "application/json-patch+json", "x"]
        {
            let answer = desk.send(&format!("{line}\ncontent-type: {content_type}"), "{}");
            assert_eq!(answer.status, 415, "{line}");
            assert_eq!(answer.headers[1], (header.into(), "application/json".into()), "{line}");
        }
    }
}

#[test]
fn a_byte_order_mark_in_front_of_a_body_is_skipped() {
    let desk = Desk::new();
    assert_eq!(desk.post("/tickets", &format!("\u{feff}{TICKET}")).status, 201);
    assert_eq!(desk.post("/tickets", &format!("\u{feff} \r\n{TICKET}")).status, 201);
    for (body, message) in [
        ("\u{feff}", "The body is empty; send a JSON object."),
        ("\u{feff}\n", "The body is empty; send a JSON object."),
        ("\u{feff}[]", "The body is not a JSON object."),
    ] {
        assert_eq!(json(&desk.post("/tickets", body))["message"], message, "{body:?}");
    }
    let kept = desk.post("/tickets", "{\"caller_id\":\"\u{feff}ada\",\"issue_description\":\"\u{feff}\"}");
    assert_eq!(json(&kept)["caller_id"], "\u{feff}ada", "within a text it is an ordinary character");
    let mut half = request("POST /tickets", TICKET);
    half.body = [b"\xef\xbb", TICKET.as_bytes()].concat();
    assert_eq!(desk.answer(&half).status, 400);
}

#[test]
fn an_empty_body_is_refused() {
    let desk = Desk::new();
    desk.check("POST /tickets\ncontent-type: application/json", "", expect![[r#"
        400 create_ticket
        content-type: application/json
        {"message":"The body is empty; send a JSON object.","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"The body is empty; send a JSON object."}
    "#]]);
    assert_eq!(json(&desk.post("/tickets", " \n"))["message"], "The body is empty; send a JSON object.");
}

#[test]
fn a_body_that_is_not_json_is_refused_with_where() {
    let desk = Desk::new();
    desk.check("POST /tickets", r#"{"caller_id":"ada""#, expect![[r#"
        400 create_ticket
        content-type: application/json
        {"message":"The body is not valid JSON: EOF while parsing an object at line 1 column 18.","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"The body is not valid JSON: EOF while parsing an object at line 1 column 18."}
    "#]]);
    for bad in [
        "{",
        "{}}",
        "{} x",
        "{\"a\":01}",
        "[1,]",
        "nul",
        "{'a':1}",
        "\u{feff}\u{feff}{}",
        "{}\u{feff}",
        " \u{feff}{}",
        r#"{"caller_id":"\ud800"}"#,
        "{\"a\":\"\n\"}",
    ] {
        let answer = desk.post("/tickets", bad);
        assert_eq!(answer.status, 400, "{bad}");
        let message = json(&answer)["message"].as_str().unwrap().to_owned();
        assert!(
            message.starts_with("The body is not valid JSON: ") && message.contains(" at line 1 column "),
            "{bad}: {message}"
        );
    }
    let mut latin_1 = request("POST /tickets", TICKET);
    latin_1.body = b"{\"caller_id\":\"\xe4\"}".into();
    assert_eq!(desk.answer(&latin_1).status, 400);
}

#[test]
fn a_body_that_is_no_object_is_refused() {
    let desk = Desk::new();
    desk.check("POST /tickets", "[{}]", expect![[r#"
        400 create_ticket
        content-type: application/json
        {"message":"The body is not a JSON object.","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"The body is not a JSON object."}
    "#]]);
    for other in ["1", "null", "true", "\"{}\"", " []"] {
        assert_eq!(
            json(&desk.post("/tickets", other))["message"],
            "The body is not a JSON object.",
            "{other}"
        );
    }
}

#[test]
fn a_body_of_more_than_64_kib_is_refused() {
    let desk = Desk::new();
    let padded = |size: usize| format!("{TICKET}{}", " ".repeat(size - TICKET.len()));
    assert_eq!(desk.post("/tickets", &padded(65_536)).status, 201);
    desk.check("POST /tickets", &padded(65_537), expect![[r#"
        413 create_ticket
        content-type: application/json
        {"message":"The body is larger than 65536 bytes.","type":"about:blank","title":"Content Too Large","status":413,"detail":"The body is larger than 65536 bytes."}
    "#]]);
}

#[test]
fn a_thousand_unknown_members_are_not_all_named() {
    let members: alloc::vec::Vec<_> = (0..1_000).map(|number| format!("\"m{number}\":{number}")).collect();
    let answer = Desk::new().post("/tickets", &format!("{{{}}}", members.join(",")));
    assert_eq!(answer.status, 400);
    assert_eq!(json(&answer)["errors"].as_array().unwrap().len(), 16);
}

#[test]
fn nesting_as_deep_as_a_body_can_is_refused_and_nothing_more() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let depth = 65_000 / (open.len() + close.len());
        let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        assert_eq!(Desk::new().post("/tickets", &nested).status, 400);
        let depth = depth - 20;
        let nested = format!("{{\"caller_id\":{}1{}}}", open.repeat(depth), close.repeat(depth));
        assert_eq!(Desk::new().post("/tickets", &nested).status, 400);
    }
}

#[test]
fn a_client_may_ask_for_problems_under_their_own_name() {
    let desk = Desk::new();
    desk.check("GET /nowhere\naccept: application/json;q=0.9, Application/Problem+JSON;q=0.9", "", expect![[r#"
        404 -
        content-type: application/problem+json
        {"message":"There is nothing at this path.","type":"about:blank","title":"Not Found","status":404,"detail":"There is nothing at this path."}
    "#]]);
    let given = |accept: &str| desk.send(&format!("GET /nowhere\naccept: {accept}"), "").headers.remove(0).1;
    for accept in [
        "application/json",
        "*/*",
        "application/problem+json2",
        "application/*",
        "application/problem+json;q=0",
        "application/problem+json; Q=0.000, */*",
        "application/problem+json;v=1;q=0.0",
        "application/problem+json;q=0.5, application/json",
        "application/problem+json;q=0.5, application/*;q=0.6, */*;q=0.1",
        "application/problem+json;q=0.5, */*;q=0.501",
        "application/problem+json;q=2",
        "application/problem+json;q=-1",
        "application/problem+json;q=0.0001",
        "application/problem+json;q=",
        "text/plain;x=\"application/problem+json, application/problem+json\"",
        "text/plain;x=\"\\\", application/problem+json, \"",
        "application/problem+json;q=0\naccept: */*",
        "",
    ] {
        assert_eq!(given(accept), "application/json", "{accept}");
    }
    for accept in [
        "application/problem+json",
        "application/problem+json, application/json",
        "application/problem+json;q=0.001",
        "application/problem+json;q=1.000, */*",
        "application/problem+json;q=0.5, application/json;q=0.4, */*",
        "application/problem+json ; q=0.5 , text/html",
        "application/problem+json;x=\";q=0\"",
        "text/plain\naccept: application/problem+json",
    ] {
        assert_eq!(given(accept), "application/problem+json", "{accept}");
    }
    // A success is always JSON.
    let answer = desk.send("GET /tickets?caller=ada\naccept: application/problem+json", "");
    assert_eq!(answer.headers[0].1, "application/json");
}

#[test]
fn checks_go_from_the_outside_in() {
    let desk = Desk::new();
    let line = |method: &str, id: &str, query: &str, key: &str| {
        format!("{method} /tickets/{id}/comments?{query}\ncontent-type: text/plain\nidempotency-key: {key}")
    };
    assert_eq!(desk.send(&line("GET", "7", "a=1", " "), "x").status, 405);
    assert_eq!(desk.send(&line("POST", "7", "a=1", " "), "x").status, 404);
    assert_eq!(json(&desk.send(&line("POST", FIRST, "a=1", " "), "x"))["errors"][0]["field"], "a");
    assert_eq!(desk.send(&line("POST", FIRST, "", " "), "x").status, 415);
}

//! The rules of HTTP that hold for every operation.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::header::HeaderValue;

use crate::contract::Contract;
use crate::harness::{Client, comments_path, path};

/// The host serves every operation of the contract, and no other operation.
pub async fn routes_and_contract_are_the_same(client: Client) {
    let ticket = client.create("ada", "The VPN drops.").await;
    let mut documented: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for operation in Contract::of_this_tree().operations() {
        let methods = documented.entry(operation.path.clone()).or_default();
        methods.insert(operation.method.to_uppercase());
    }
    for (template, mut methods) in documented {
        let path = template.replace("{ticket_id}", ticket["ticket_id"].as_str().unwrap());
        let options = client.send("OPTIONS", &path, &[], None).await.expect(204);
        let allowed: BTreeSet<_> = options.header("allow").split(", ").map(str::to_owned).collect();
        methods.insert("OPTIONS".into());
        if methods.contains("GET") {
            methods.insert("HEAD".into());
        }
        assert_eq!(allowed, methods, "{template}");
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"] {
            let answer = client.send(method, &path, &[], None).await;
            assert_eq!(answer.status == 405, !allowed.contains(method), "{method} {template}");
            assert_ne!(answer.status, 404, "{method} {template}");
        }
    }
}

pub async fn head_is_get_without_a_body(client: Client) {
    let ticket = client.create("ada", "The VPN drops.").await;
    for target in [path(&ticket), "/tickets?caller=ada".into(), "/tickets/no-such".into()] {
        let get = client.get(&target).await;
        let head = client.send("HEAD", &target, &[], None).await;
        assert_eq!(head.status, get.status);
        assert_eq!(head.header("content-length"), get.body.len().to_string());
        assert_eq!(head.find_header("etag"), get.find_header("etag"));
        assert!(head.body.is_empty());
    }
}

pub async fn unknown_paths_are_not_found(client: Client) {
    for path in
        ["/", "/ticket", "/tickets/", "/tickets/x/comments/", "/Tickets", "/tickets/%2e%2e", "/%74ickets/x"]
    {
        client.get(path).await.expect(404);
    }
}

pub async fn a_header_that_is_no_text_is_refused_and_not_overlooked(client: Client) {
    let body = br#"{"caller_id":"ada","issue_description":"x"}"#;
    let mut request = client.request("POST", "/tickets").header("content-type", "application/json");
    request = request.header("idempotency-key", HeaderValue::from_bytes(b"k\xe9").unwrap());
    let answer = client.answered(request.body(&body[..])).await.unwrap();
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await.unwrap().contains("Idempotency-Key"));
    let list = client.get("/tickets?caller=ada").await.expect(200).json();
    assert_eq!(list["tickets"].as_array().unwrap().len(), 0);
}

pub async fn only_json_is_taken(client: Client) {
    let body = br#"{"caller_id":"ada","issue_description":"x"}"#;
    for (content_type, status) in [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("APPLICATION/JSON", 201),
        ("text/plain", 415),
        ("application/json; charset=latin1", 415),
        ("application/x-www-form-urlencoded", 415),
    ] {
        let headers = [("content-type", content_type)];
        let answer = client.try_send_bytes("POST", "/tickets", &headers, body).await.unwrap();
        let accepted = answer.expect(status).find_header("accept-post").map(str::to_owned);
        assert_eq!(accepted.as_deref(), (status == 415).then_some("application/json"), "{content_type}");
    }
    let text = [("content-type", "text/plain")];
    let ticket = "/tickets/00000000-0000-4000-8000-000000000000";
    let patched = client.try_send_bytes("PATCH", ticket, &text, b"{}").await.unwrap().expect(415);
    assert_eq!(patched.header("accept-patch"), "application/json");
    client.try_send_bytes("POST", "/tickets", &[], body).await.unwrap().expect(415);
    let json = [("content-type", "application/json")];
    for broken in
        [&b""[..], b"{", b"{}x", b"\xff", b"{\"caller_id\":\"a\",\"caller_id\":\"b\"}", &b"[".repeat(60_000)]
    {
        client.try_send_bytes("POST", "/tickets", &json, broken).await.unwrap().expect(400);
    }
    client.try_send_bytes("POST", "/tickets", &json, &vec![b' '; 65_537]).await.unwrap().expect(413);
}

pub async fn a_path_with_a_slash_too_much_is_told_what_it_should_be(client: Client) {
    let ticket = client.create("ada", "The VPN drops.").await;
    for known in ["/tickets".into(), path(&ticket), comments_path(&ticket)] {
        let detail = client.get(&format!("{known}/")).await.expect(404).json()["detail"].clone();
        assert!(detail.as_str().unwrap().ends_with(&format!(" {known}.")), "{detail}");
    }
}

pub async fn an_encoded_body_is_refused_by_its_coding(client: Client) {
    let body = br#"{"caller_id":"ada","issue_description":"x"}"#;
    let send = async |method: &str, path: &str, coding: &str| {
        let headers = [("content-type", "application/json"), ("content-encoding", coding)];
        client.try_send_bytes(method, path, &headers, body).await.unwrap()
    };
    for (coding, named) in
        [("gzip", "gzip"), ("BR", "BR"), ("identity, zstd", "zstd"), ("deflate, gzip", "deflate"), ("x", "x")]
    {
        for (method, path) in
            [("POST", "/tickets"), ("PATCH", "/tickets/7"), ("POST", "/nowhere"), ("GET", "/tickets")]
        {
            let answer = send(method, path, coding).await.expect(415);
            assert!(answer.json()["message"].as_str().unwrap().contains(&format!(" {named} ")), "{coding}");
            assert_eq!(answer.header("accept-encoding"), "identity");
        }
    }
    for plain in ["identity", "Identity, ,IDENTITY", ""] {
        send("POST", "/tickets", plain).await.expect(201);
    }
}

pub async fn a_byte_order_mark_is_skipped(client: Client) {
    let json = [("content-type", "application/json")];
    let body = "\u{feff}{\"caller_id\":\"ada\",\"issue_description\":\"x\"}".as_bytes();
    client.try_send_bytes("POST", "/tickets", &json, body).await.unwrap().expect(201);
    let twice = [b"\xef\xbb\xbf", body].concat();
    client.try_send_bytes("POST", "/tickets", &json, &twice).await.unwrap().expect(400);
}

pub async fn problems_come_under_the_type_that_is_liked_most(client: Client) {
    for (accept, given) in [
        ("application/problem+json", "application/problem+json"),
        ("application/problem+json;q=0", "application/json"),
        ("application/problem+json;q=0.1, */*", "application/json"),
        ("application/json;q=0.1, application/problem+json;q=0.2", "application/problem+json"),
    ] {
        let answer = client.send("GET", "/nowhere", &[("accept", accept)], None).await.expect(404);
        assert_eq!(answer.header("content-type"), given, "{accept}");
    }
}

//! Pages of other origins in a browser: which pages may call a host, and what they may read of an answer.

use reqwest::header::HeaderMap;
use reqwest::{Client, Response};
use serde_json::json;

use crate::harness::{KEY, Running, run};

const APP: &str = "https://app.example.net";
const PLAN: [&str; 2] = ["--rate-limit", "plan"];

/// A request by a page of this origin.
async fn ask(method: &str, url: &str, origin: &str, headers: &[(&str, &str)]) -> Response {
    let client = Client::builder().no_proxy().build().unwrap();
    let request = client.request(method.parse().unwrap(), url).header("origin", origin);
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send().await.unwrap()
}

async fn preflight(url: &str, origin: &str) -> Response {
    let asked = [
        ("access-control-request-method", "PATCH"),
        ("access-control-request-headers", "content-type,if-match,x-api-key"),
    ];
    ask("OPTIONS", url, origin, &asked).await
}

fn allowed(headers: &HeaderMap) -> Option<&str> {
    headers.get("access-control-allow-origin").map(|origin| origin.to_str().unwrap())
}

fn list<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers[name].to_str().unwrap().split(", ").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_may_call_a_host_that_was_not_told_so() {
    let host = Running::start(&["--store", "memory"]).await;
    let tickets = format!("{}/tickets", host.url);
    for answer in [
        preflight(&tickets, APP).await,
        ask("GET", &tickets, APP, &[("x-api-key", KEY)]).await,
        ask("GET", &format!("{}/healthz", host.url), APP, &[]).await,
    ] {
        let cors = |name: &str| name.starts_with("access-control-") || name == "vary";
        assert!(!answer.headers().keys().any(|name| cors(name.as_str())), "{:?}", answer.headers());
    }
    assert_eq!(preflight(&tickets, APP).await.status(), 403);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_of_a_listed_origin_is_answered_without_a_key_and_names_what_the_api_needs() {
    let flags = ["--store", "memory", "--cors-origin", "http://localhost:3000", "--cors-origin", APP];
    let host = Running::start(&flags).await;
    for path in ["/tickets", "/tickets/7", "/tickets/7/comments", "/nowhere", "/healthz"] {
        let url = format!("{}{path}", host.url);
        for origin in [APP, "http://localhost:3000"] {
            let answer = preflight(&url, origin).await;
            let headers = answer.headers();
            assert_eq!((answer.status().as_u16(), allowed(headers)), (204, Some(origin)), "{path}");
            assert_eq!(headers["vary"], "Origin");
            assert!(headers.get("access-control-allow-credentials").is_none());
            let methods = list(headers, "access-control-allow-methods");
            assert!(["GET", "HEAD", "POST", "PATCH"].iter().all(|method| methods.contains(method)));
            let names = list(headers, "access-control-allow-headers");
            for name in [
                "accept",
                "content-type",
                "idempotency-key",
                "if-match",
                "if-none-match",
                "prefer",
                "traceparent",
                "x-api-key",
            ] {
                assert!(names.contains(&name), "{name}");
            }
        }
        for stranger in
            ["https://evil.example", "http://app.example.net", "https://app.example.net:8443", "null", "*"]
        {
            let answer = preflight(&url, stranger).await;
            assert_eq!(allowed(answer.headers()), None, "{stranger}");
            assert_eq!(answer.headers()["vary"], "Origin", "a cache may not keep it for others");
            assert_ne!(answer.status(), 204, "{stranger}");
        }
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_uses_nothing_of_a_plan() {
    let flags = [&["--store", "memory", "--cors-origin", APP][..], &PLAN].concat();
    let host = Running::start(&flags).await;
    let url = format!("{}/tickets?caller=ada", host.url);
    for _ in 0..150 {
        let asked = [("access-control-request-method", "GET"), ("x-api-key", KEY)];
        assert_eq!(ask("OPTIONS", &url, APP, &asked).await.status(), 204);
    }
    assert_eq!(ask("GET", &url, APP, &[("x-api-key", KEY)]).await.status(), 200);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_may_read_every_answer_and_its_headers() {
    let host = Running::start(&["--store", "memory", "--cors-origin", APP]).await;
    let tickets = format!("{}/tickets", host.url);
    let body = json!({ "caller_id": "ada", "issue_description": "The VPN drops." }).to_string();
    let client = Client::builder().no_proxy().build().unwrap();
    let post = client.post(&tickets).header("origin", APP).header("x-api-key", KEY).body(body);
    let created = post.header("content-type", "application/json").send().await.unwrap();
    assert_eq!(created.status(), 201);
    let etag = created.headers()["etag"].to_str().unwrap().to_owned();
    let ticket = format!("{}{}", host.url, created.headers()["location"].to_str().unwrap());
    let key = ("x-api-key", KEY);
    let long = format!("{}/{}", host.url, "x".repeat(8_000));
    let answers = [
        created,
        ask("GET", &ticket, APP, &[key]).await,
        ask("GET", &ticket, APP, &[key, ("if-none-match", &etag)]).await,
        ask("HEAD", &ticket, APP, &[key, ("if-match", "\"9\"")]).await,
        ask("OPTIONS", &ticket, APP, &[key]).await,
        ask("DELETE", &ticket, APP, &[key]).await,
        ask("GET", &ticket, APP, &[]).await,
        ask("POST", &tickets, APP, &[key, ("content-encoding", "gzip")]).await,
        ask("GET", &long, APP, &[key]).await,
        ask("GET", &format!("{}/readyz", host.url), APP, &[]).await,
    ];
    let statuses = answers.each_ref().map(|answer| answer.status().as_u16());
    assert_eq!(statuses, [201, 200, 304, 412, 204, 405, 403, 415, 414, 200]);
    for answer in answers {
        let headers = answer.headers();
        assert_eq!((allowed(headers), &headers["vary"]), (Some(APP), &"Origin".parse().unwrap()));
        let exposed = list(headers, "access-control-expose-headers");
        for name in [
            "ETag",
            "Link",
            "Location",
            "RateLimit",
            "RateLimit-Policy",
            "Retry-After",
            "x-amzn-ErrorType",
            "x-amzn-RequestId",
        ] {
            assert!(exposed.contains(&name), "{name}");
        }
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_sees_when_to_come_again() {
    let flags = [&["--store", "memory", "--cors-origin", APP][..], &PLAN].concat();
    let host = Running::start(&flags).await;
    let url = format!("{}/tickets?caller=ada", host.url);
    let mut answer = ask("GET", &url, APP, &[("x-api-key", KEY)]).await;
    for _ in 0..1_000 {
        if answer.status() == 429 {
            break;
        }
        answer = ask("GET", &url, APP, &[("x-api-key", KEY)]).await;
    }
    assert_eq!((answer.status().as_u16(), allowed(answer.headers())), (429, Some(APP)));
    assert!(answer.headers().contains_key("retry-after"));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_may_call_a_host_that_was_told_so_by_name() {
    let host = Running::start(&["--store", "memory", "--cors-origin", "*"]).await;
    let tickets = format!("{}/tickets", host.url);
    for origin in [APP, "null", "https://evil.example"] {
        let answer = preflight(&tickets, origin).await;
        assert_eq!((answer.status().as_u16(), allowed(answer.headers())), (204, Some("*")));
        let refused = ask("GET", &tickets, origin, &[]).await;
        assert_eq!((refused.status().as_u16(), allowed(refused.headers())), (403, Some("*")));
        assert!(refused.headers().get("vary").is_none());
    }
    host.stop().await;
}

#[test]
fn an_origin_that_no_browser_sends_is_refused_by_its_flag() {
    for (origin, says) in [
        ("https://app.example.net/", "slash at the end"),
        ("https://App.example.net", "lower case"),
        ("app.example.net", "not an origin"),
        ("https://app.example.net:443", "leave it out"),
        ("https://*.example.net", "not an origin"),
        ("null", "not an origin"),
        ("https://a.example, https://b.example", "not an origin"),
    ] {
        let ran = run(&["--listen", "127.0.0.1:0", "--cors-origin", origin]);
        let said = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(2), "{said}");
        assert!(said.contains("--cors-origin") && said.contains(says), "{said}");
    }
}

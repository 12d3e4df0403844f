//! What stands before the component: keys, the usage plan, the host's own pages.

mod key_file;

use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{Client, KEY, Running};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_the_hosts_own_pages_opens_without_a_key() {
    let host = Running::start(&["--store", "memory"]).await;
    for key in [None, Some("a-key-that-nobody-ever-made-1234")] {
        let stranger = Client::new(&host.url, key);
        for (method, path) in
            [("GET", "/tickets?caller=ada"), ("POST", "/tickets"), ("GET", "/"), ("DELETE", "/x")]
        {
            let answer = stranger.send(method, path, &[], None).await.expect(403);
            let refusal =
                "{\"message\":\"Forbidden\",\"type\":\"about:blank\",\"title\":\"Forbidden\",\"status\":403,";
            assert!(answer.text().starts_with(refusal), "{}", answer.text());
            assert_eq!(answer.header("x-amzn-errortype"), "ForbiddenException");
        }
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hosts_own_pages_need_no_key() {
    let host = Running::start(&["--store", "memory"]).await;
    let contract = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi.yaml")).unwrap();
    for (path, expected) in [("/healthz", "ok\n"), ("/readyz", "ready\n"), ("/openapi.yaml", &contract)] {
        let url = format!("{}{path}", host.url);
        let page = reqwest::get(&url).await.unwrap();
        assert_eq!(page.status(), 200, "{path}");
        assert_eq!(page.text().await.unwrap(), expected, "{path}");
        let posted = reqwest::Client::new().post(&url).send().await.unwrap();
        assert_eq!(posted.status(), 405, "{path}");
        assert_eq!(posted.headers()["allow"], "GET, HEAD");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_share_one_connection_by_http_2() {
    let host = Running::start(&["--store", "memory"]).await;
    let client = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let mut requests = JoinSet::new();
    for number in 0..50 {
        let body = json!({ "caller_id": "ada", "issue_description": format!("{number}") }).to_string();
        let request = client.post(format!("{}/tickets", host.url)).header("x-api-key", KEY);
        requests.spawn(request.header("content-type", "application/json").body(body).send());
    }
    for answer in requests.join_all().await {
        let answer = answer.unwrap();
        assert_eq!((answer.version(), answer.status().as_u16()), (reqwest::Version::HTTP_2, 201));
    }
    let list = host.client().get("/tickets?caller=ada&limit=100").await.expect(200).json();
    assert_eq!(list["tickets"].as_array().unwrap().len(), 50);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_over_its_limits_is_refused_in_words() {
    let host = Running::start(&["--store", "memory"]).await;
    let client = host.client();
    let long = format!("/tickets?caller={}", "x".repeat(8000));
    assert!(client.get(&long).await.expect(414).text().contains("8000"));
    let large = "x".repeat(17_000);
    let answer = client.send("GET", "/tickets?caller=ada", &[("x-large", &large)], None).await.expect(431);
    assert!(answer.text().contains("16384"));
    host.stop().await;
}

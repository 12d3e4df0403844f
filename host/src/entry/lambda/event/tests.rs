use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::*;

fn read(event: &Value) -> Event {
    Event::read(event.to_string().as_bytes(), None).unwrap()
}

fn rest_event() -> Value {
    json!({
        "resource": "/things/{thing_id}",
        "httpMethod": "POST",
        "path": "/things/a%2Fb",
        "headers": {"Accept": "second", "X-Api-Key": "the key in clear text"},
        "multiValueHeaders": {
            "Accept": ["first", "second"],
            "Host": ["api.example"],
            "X-Api-Key": ["the key in clear text"],
        },
        "queryStringParameters": {"owner": "c"},
        "multiValueQueryStringParameters": {"owner": ["a b&=ü", "c"], "bare": [""]},
        "requestContext": {
            "requestId": "41b45ea3-70b5-11e6-b7bd-69b5aaebc7d9",
            "identity": {"apiKeyId": "k1", "apiKey": "the key in clear text"},
        },
        "body": "eyJhIjoxfQ==",
        "isBase64Encoded": true,
    })
}

fn http_event(domain: &str, path: &str) -> Value {
    json!({
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "owner=a%20b&owner=c&bare",
        "headers": {"accept": "first,second", "x-api-key": "the key in clear text"},
        "cookies": ["a=1", "b=2"],
        "requestContext": {
            "requestId": "JKJaXmPLvHcESHA=",
            "domainName": domain,
            "stage": "live",
            "http": {"method": "PATCH"},
        },
        "body": "{\"a\":1}",
        "isBase64Encoded": false,
    })
}

async fn body(event: Event) -> Bytes {
    event.request.into_body().collect().await.unwrap().to_bytes()
}

#[tokio::test]
async fn a_rest_event_loses_nothing_of_the_request() {
    let event = read(&rest_event());
    assert_eq!(event.front, Front::RestApi);
    assert_eq!(event.request.method(), Method::POST);
    // The members of an object in this test stand in the order of their names.
    let target = "/things/a%2Fb?bare=&owner=a%20b%26%3D%C3%BC&owner=c";
    assert_eq!(event.request.uri(), target);
    let accepted: Vec<_> = event.request.headers().get_all("accept").iter().collect();
    assert_eq!(accepted, ["first", "second"]);
    assert_eq!(event.request.headers()["host"], "api.example");
    assert_eq!(event.request_id.as_deref(), Some("41b45ea3-70b5-11e6-b7bd-69b5aaebc7d9"));
    assert_eq!(body(event).await, "{\"a\":1}");
}

#[tokio::test]
async fn an_event_of_format_2_loses_nothing_of_the_request() {
    let event = read(&http_event("id.execute-api.eu-west-1.amazonaws.com", "/live/things/a b%"));
    assert_eq!(event.front, Front::HttpApi);
    assert_eq!(event.request.method(), Method::PATCH);
    assert_eq!(event.request.uri(), "/things/a%20b%25?owner=a%20b&owner=c&bare");
    assert_eq!(event.request.headers()["accept"], "first,second");
    assert_eq!(event.request.headers()["cookie"], "a=1; b=2");
    assert_eq!(event.request.headers()["host"], "id.execute-api.eu-west-1.amazonaws.com");
    assert_eq!(event.request_id.as_deref(), Some("JKJaXmPLvHcESHA="));
    assert_eq!(body(event).await, "{\"a\":1}");
}

#[test]
fn the_path_of_a_function_url_is_encoded_already() {
    let event = read(&http_event("id.lambda-url.eu-west-1.on.aws", "/things/a%2Fb"));
    assert_eq!(event.request.uri().path(), "/things/a%2Fb");
}

#[test]
fn a_path_that_only_begins_like_the_stage_keeps_its_beginning() {
    let event = read(&http_event("id.execute-api.eu-west-1.amazonaws.com", "/lively/things"));
    assert_eq!(event.request.uri().path(), "/lively/things");
}

#[test]
fn the_key_is_not_passed_on() {
    for event in [rest_event(), http_event("a.example", "/things")] {
        let event = read(&event);
        assert!(!event.request.headers().contains_key("x-api-key"));
        assert!(!format!("{event:?}").contains("in clear text"));
    }
}

#[test]
fn only_an_event_with_the_id_of_a_key_or_a_setting_has_a_client() {
    let client = |event: &Value, setting: Option<&str>| {
        let event = Event::read(event.to_string().as_bytes(), setting).unwrap();
        event.request.extensions().get::<TrustedClient>().is_some()
    };
    let (with_key, mut without_key) = (rest_event(), rest_event());
    without_key["requestContext"]["identity"]["apiKeyId"] = Value::Null;
    let of_url = http_event("id.lambda-url.eu-west-1.on.aws", "/things");
    assert!(client(&with_key, None));
    assert!(!client(&without_key, None) && !client(&of_url, None));
    assert!(client(&without_key, Some("everybody")) && client(&of_url, Some("everybody")));
}

#[tokio::test]
async fn members_that_are_null_or_missing_are_empty() {
    let event = json!({"httpMethod": "GET", "path": "/things", "headers": null, "body": null,
        "multiValueHeaders": null, "queryStringParameters": null, "multiValueQueryStringParameters": null});
    let event = read(&event);
    assert_eq!((event.request.uri().to_string(), event.request_id.as_deref()), ("/things".to_owned(), None));
    assert!(body(event).await.is_empty());
}

#[test]
fn what_is_not_a_request_is_an_error_that_quotes_nothing() {
    for event in ["", "null", "[]", "{}", "{\"version\":\"2.0\"}", "{\"httpMethod\":1}", "{\"secret\":1"] {
        let error = Event::read(event.as_bytes(), None).unwrap_err();
        assert_eq!(error, EventError::Unknown, "{event}");
    }
    let mut event = rest_event();
    for (member, value, invalid) in [
        ("httpMethod", "G ET", "method"),
        ("body", "not base64", "base64 body"),
        ("path", "", "path or query"),
    ] {
        let good = std::mem::replace(&mut event[member], value.into());
        let error = Event::read(event.to_string().as_bytes(), None).unwrap_err();
        assert_eq!(error, EventError::Invalid(invalid));
        event[member] = good;
    }
}

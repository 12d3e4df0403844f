//! What the environment may say.

use super::network::settings;
use crate::{Endpoint, SettingError, Settings};

fn endpoint(url: &str) -> Result<(bool, String, String), SettingError> {
    Endpoint::read(url).map(|endpoint| (endpoint.encrypted, endpoint.authority, endpoint.path))
}

#[test]
fn an_endpoint_is_a_url_without_the_usual_port() {
    let read =
        |encrypted, authority: &str, path: &str| Ok((encrypted, authority.to_owned(), path.to_owned()));
    assert_eq!(endpoint("http://127.0.0.1:8000"), read(false, "127.0.0.1:8000", "/"));
    assert_eq!(endpoint("https://a.example:443/"), read(true, "a.example", "/"));
    assert_eq!(endpoint("http://a.example:443/b"), read(false, "a.example:443", "/b"));
    assert_eq!(endpoint("http://[::1]:80"), read(false, "[::1]", "/"));
    for wrong in ["", "x", "a.example", "ftp://a.example", "http://", "http://a@b.example", "http://a/?b=c"] {
        assert!(endpoint(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn aws_itself_is_the_endpoint_where_none_is_named() {
    assert_eq!(settings(&[]).endpoint.url(), "https://dynamodb.eu-west-1.amazonaws.com/");
    let china = settings(&[("PORTDESK_REGION", "cn-north-1")]);
    assert_eq!(china.endpoint.url(), "https://dynamodb.cn-north-1.amazonaws.com.cn/");
    let named = settings(&[("AWS_ENDPOINT_URL_DYNAMODB", "http://a"), ("AWS_ENDPOINT_URL", "http://b")]);
    assert_eq!(named.endpoint.url(), "http://a/");
}

#[test]
fn what_is_missing_or_out_of_range_is_named() {
    let read = |name: &'static str, value: &'static str| {
        let all = [
            ("PORTDESK_TABLE", "items"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "s3cret"),
        ];
        let found = move |asked: &str| {
            let set = all.iter().find(|(other, _)| *other == asked).map(|(_, value)| (*value).to_owned());
            if asked == name { Some(value.to_owned()) } else { set }
        };
        Settings::read(found)
    };
    for name in ["PORTDESK_TABLE", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        let error = read(name, "").unwrap_err();
        assert!(error.to_string().starts_with(name), "{error}");
    }
    for (name, value) in [
        ("PORTDESK_STORE_ATTEMPTS", "0"),
        ("PORTDESK_TIME_LIMIT_MS", "ten"),
        ("PORTDESK_ENDPOINT_URL", "nowhere"),
    ] {
        let error = read(name, value).unwrap_err();
        assert!(error.to_string().starts_with(name), "{error}");
    }
    assert!(!format!("{:?}", read("X", "").unwrap()).contains("s3cret"), "settings may be logged");
}

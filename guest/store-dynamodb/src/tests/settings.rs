//! What the environment may say.

use super::network::settings;
use crate::Settings;

#[test]
fn aws_itself_is_the_endpoint_where_none_is_named() {
    assert_eq!(settings(&[]).endpoint.to_string(), "https://dynamodb.eu-west-1.amazonaws.com");
    let china = settings(&[("PORTDESK_REGION", "cn-north-1")]);
    assert_eq!(china.endpoint.to_string(), "https://dynamodb.cn-north-1.amazonaws.com.cn");
    let named = settings(&[("AWS_ENDPOINT_URL_DYNAMODB", "http://a"), ("AWS_ENDPOINT_URL", "http://b")]);
    assert_eq!(named.endpoint.to_string(), "http://a");
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
        ("AWS_ENDPOINT_URL", "127.0.0.1:8000"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "http://user:s3cret@a.example"),
        ("PORTDESK_TABLE", "a/b"),
        ("PORTDESK_REGION", "eu-west-1a"),
        ("AWS_REGION", "Ireland"),
    ] {
        let error = read(name, value).unwrap_err();
        assert!(error.to_string().starts_with(name) && !error.to_string().contains("s3cret"), "{error}");
    }
    assert!(!format!("{:?}", read("X", "").unwrap()).contains("s3cret"), "settings may be logged");
}

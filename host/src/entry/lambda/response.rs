//! The response of an event: an answer as a gateway reads it.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue, SET_COOKIE};
use serde_json::json;

use super::event::Front;
use crate::pipeline::Answer;

/// The response with this answer, as JSON.
pub(super) async fn of(front: Front, answer: Answer) -> Bytes {
    let (parts, body) = answer.into_parts();
    let Ok(body) = body.collect().await;
    let (status, headers) = (parts.status.as_u16(), values(&parts.headers));
    let (body, is_base64) = text(&body.to_bytes());
    let response = match front {
        Front::RestApi => json!({
            "statusCode": status,
            "multiValueHeaders": headers,
            "body": body,
            "isBase64Encoded": is_base64,
        }),
        Front::HttpApi => {
            let (cookies, others): (Vec<_>, Vec<_>) =
                headers.into_iter().partition(|(name, _)| *name == SET_COOKIE.as_str());
            let joined = others.into_iter().map(|(name, values)| (name, values.join(", ")));
            json!({
                "statusCode": status,
                "headers": joined.collect::<BTreeMap<_, _>>(),
                "cookies": cookies.into_iter().flat_map(|(_, values)| values).collect::<Vec<_>>(),
                "body": body,
                "isBase64Encoded": is_base64,
            })
        }
    };
    response.to_string().into()
}

/// The body as text, and whether that text is base64. Text stays text, because a gateway decodes base64 only if it is set up for
/// binary media types. But text that is longer than base64 when it is quoted could exceed what a function may return.
fn text(body: &[u8]) -> (String, bool) {
    let quoted = body.iter().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    let escaped = body.iter().filter(|byte| byte.is_ascii_control()).count();
    let is_short = body.len() + quoted + 5 * escaped <= BASE64.encode_len(body.len()).max(SMALL_BYTES);
    match str::from_utf8(body) {
        Ok(text) if is_short => (text.to_owned(), false),
        Ok(_) | Err(_) => (BASE64.encode(body), true),
    }
}

fn values(headers: &HeaderMap) -> BTreeMap<&str, Vec<String>> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let names = headers.keys().map(HeaderName::as_str);
    names.map(|name| (name, headers.get_all(name).iter().map(text).collect())).collect()
}

/// Far below the 6 MB of a response, whatever is escaped.
const SMALL_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use hyper::Response;
    use serde_json::Value;

    use super::*;

    async fn response(front: Front, body: &'static [u8]) -> Value {
        let answer = Response::builder()
            .status(201)
            .header("etag", "\"1\"")
            .header("vary", "accept")
            .header("vary", "origin")
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2")
            .body(Bytes::from_static(body).into());
        serde_json::from_slice(&of(front, answer.unwrap()).await).unwrap()
    }

    #[tokio::test]
    async fn a_rest_api_gets_every_value_of_a_header() {
        let response = response(Front::RestApi, b"{\"a\":1}").await;
        assert_eq!(response["statusCode"], 201);
        assert_eq!(response["body"], "{\"a\":1}");
        assert_eq!(response["isBase64Encoded"], false);
        assert_eq!(response["multiValueHeaders"]["vary"], json!(["accept", "origin"]));
        assert_eq!(response["multiValueHeaders"]["set-cookie"], json!(["a=1", "b=2"]));
        assert_eq!(response.get("headers"), None);
    }

    #[tokio::test]
    async fn an_http_api_gets_joined_headers_and_separate_cookies() {
        let response = response(Front::HttpApi, b"").await;
        assert_eq!(response["headers"], json!({"etag": "\"1\"", "vary": "accept, origin"}));
        assert_eq!(response["cookies"], json!(["a=1", "b=2"]));
    }

    #[tokio::test]
    async fn only_a_body_that_is_not_text_is_base64() {
        let response = response(Front::RestApi, b"\xff\x00").await;
        assert_eq!(
            (response["body"].as_str(), response["isBase64Encoded"].as_bool()),
            (Some("/wA="), Some(true))
        );
    }

    #[test]
    fn the_largest_answer_stays_below_the_limit_of_a_function() {
        for byte in [b'"', b'a', 1, 0xff] {
            let (body, _) = text(&vec![byte; 4 << 20]);
            assert!(json!(body).to_string().len() < 6_000_000, "{byte}");
        }
    }
}

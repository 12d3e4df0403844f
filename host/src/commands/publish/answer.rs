//! An answer of S3.

use hyper::Response;
use hyper::body::Bytes;

use super::publish_error::PublishError;
use crate::backend::dynamodb::location;

/// An answer. Nothing of it is printed before its characters are checked.
pub(super) struct Answer(pub(super) Response<Bytes>);

impl Answer {
    /// The most bytes of an answer about a setting, and of an error.
    pub(super) const SETTING_BYTES: usize = 64 * 1024;

    pub(super) fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    pub(super) fn body(&self) -> &[u8] {
        self.0.body()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.0.headers().get(name)?.to_str().ok()
    }

    /// S3's name of an error, which consists of letters and digits, such as `NoSuchBucket`.
    pub(super) fn code(&self) -> Option<&str> {
        let code = self.element("Code")?;
        let is_name = (1..=64).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_name.then_some(code)
    }

    /// Whether an element of the body is `true`, in lower or upper case.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.element(name).is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// The text of the first element of this name. S3's answers have neither attributes nor escapes in such elements.
    fn element(&self, name: &str) -> Option<&str> {
        let body = str::from_utf8(self.body()).ok()?;
        let (_, rest) = body.split_once(&format!("<{name}>"))?;
        Some(rest.split_once('<')?.0.trim())
    }

    /// Fails with the reason unless the request was done.
    pub(super) fn must_be_success(&self, bucket: &str, action: &'static str) -> Result<(), PublishError> {
        if self.0.status().is_success() {
            return Ok(());
        }
        let (bucket, code) = (bucket.to_owned(), self.code().unwrap_or("no code"));
        Err(match (self.status(), code) {
            (301 | 307, _) | (400, "AuthorizationHeaderMalformed") => {
                PublishError::OtherRegion { bucket, region: self.region() }
            }
            (404, "NoSuchBucket") => PublishError::NoBucket { bucket },
            (status @ 403, _) | (status, "ExpiredToken" | "InvalidToken") => {
                PublishError::Denied { bucket, action, status, code: code.to_owned() }
            }
            (status, _) => PublishError::Failed { action, status, code: code.to_owned() },
        })
    }

    /// The region of the bucket, from an answer that refuses a request for another one.
    fn region(&self) -> Option<String> {
        let text = self.header("x-amz-bucket-region").or_else(|| self.element("Region"));
        text.and_then(|text| location::region(text).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer(Response::builder().status(status).body(Bytes::from(body.to_owned())).unwrap())
    }

    fn error(status: u16, body: &str) -> String {
        answer(status, body).must_be_success("desk", "s3:GetObject").unwrap_err().to_string()
    }

    #[test]
    fn a_setting_is_on_only_if_it_is_true() {
        for (text, is_on) in
            [("true", true), ("TRUE", true), (" true\n", true), ("false", false), ("", false)]
        {
            let body = format!("<A xmlns=\"x\"><B>{text}</B></A>");
            assert_eq!(answer(200, &body).is_true("B"), is_on, "{text}");
            assert!(!answer(200, &body).is_true("C"));
        }
        assert!(!answer(200, "<B>true").is_true("B"), "cut off");
    }

    #[test]
    fn only_a_code_of_letters_and_digits_is_repeated() {
        let shown =
            |code: &str| error(500, &format!("<Error><Code>{code}</Code><Message>no</Message></Error>"));
        assert!(shown("InternalError").contains("InternalError"));
        for code in ["\u{1b}[31m", "see http://a", &"A".repeat(65), ""] {
            assert!(shown(code).ends_with("with status 500 (no code)"), "{code}");
        }
    }

    #[test]
    fn the_region_is_named_only_if_it_looks_like_one() {
        let named = |region: &str| {
            error(400, &format!("<Code>AuthorizationHeaderMalformed</Code><Region>{region}</Region>"))
        };
        assert!(named("eu-west-1").contains("eu-west-1"));
        assert!(!named("Go to a.example").contains("a.example"));
    }
}

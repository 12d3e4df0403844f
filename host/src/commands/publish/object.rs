//! The object in which a bucket keeps the contract.

use hyper::Method;
use hyper::body::Bytes;

use super::answer::Answer;
use super::bucket::{Ask, Bucket};
use super::publish_error::PublishError;

/// An object of a bucket, which may be missing.
pub(super) struct Object<'a> {
    pub(super) bucket: &'a Bucket,
    pub(super) key: &'a str,
}

/// The state of an object that exists.
pub(super) struct Stored {
    pub(super) etag: String,
    /// `None` if the bucket keeps no versions.
    pub(super) version: Option<String>,
    /// In base64, if S3 knows it: only an upload with this kind of checksum has one.
    pub(super) sha256: Option<String>,
}

impl Object<'_> {
    pub(super) fn uri(&self) -> String {
        format!("s3://{}/{}", self.bucket.name, self.key)
    }

    /// What is stored now.
    pub(super) async fn stored(&self) -> Result<Option<Stored>, PublishError> {
        // Without s3:ListBucket, S3 answers 403 in place of 404.
        let action = "s3:GetObject or s3:ListBucket";
        let headers = [("x-amz-checksum-mode", "ENABLED")];
        let answer = self.ask(action, Method::HEAD, &headers, Bytes::new(), Answer::SETTING_BYTES).await?;
        // The bucket exists, because it has answered before.
        if answer.status() == 404 {
            return Ok(None);
        }
        answer.must_be_success(&self.bucket.name, action)?;
        Stored::read(&answer, action).map(Some)
    }

    /// Stores a text if the object still has this `ETag`, or is still missing.
    pub(super) async fn put(
        &self,
        text: Bytes,
        sha256: &str,
        etag: Option<&str>,
    ) -> Result<Stored, PublishError> {
        let action = "s3:PutObject";
        let unchanged = etag.map_or(("if-none-match", "*"), |etag| ("if-match", etag));
        let headers = [("content-type", "application/yaml"), ("x-amz-checksum-sha256", sha256), unchanged];
        let answer = self.ask(action, Method::PUT, &headers, text, Answer::SETTING_BYTES).await?;
        match (answer.status(), answer.code()) {
            // 404: somebody deleted the object. 409: somebody else is changing it at this moment.
            (412, _) | (404, Some("NoSuchKey")) | (409, Some("ConditionalRequestConflict")) => {
                return Err(PublishError::LostRace { uri: self.uri() });
            }
            (400, Some("BadDigest" | "XAmzContentSHA256Mismatch")) => {
                return Err(PublishError::Corrupted { uri: self.uri() });
            }
            _ => {}
        }
        answer.must_be_success(&self.bucket.name, action)?;
        Stored::read(&answer, action)
    }

    /// Reads the object back and fails if it is not what was stored.
    pub(super) async fn must_have(
        &self,
        text: &[u8],
        sha256: &str,
        stored: &Stored,
    ) -> Result<(), PublishError> {
        let action = "s3:GetObject";
        let headers = [("if-match", stored.etag.as_str()), ("x-amz-checksum-mode", "ENABLED")];
        let limit_bytes = text.len().max(Answer::SETTING_BYTES);
        let asked = self.ask(action, Method::GET, &headers, Bytes::new(), limit_bytes).await;
        let wrong = || PublishError::WrongBytes { uri: self.uri() };
        let answer = asked.map_err(|error| if error.is_too_long() { wrong() } else { error })?;
        if matches!(answer.status(), 404 | 412) {
            return Err(PublishError::Replaced { uri: self.uri() });
        }
        answer.must_be_success(&self.bucket.name, action)?;
        let is_right = answer.body() == text && answer.header(CHECKSUM) == Some(sha256);
        if is_right { Ok(()) } else { Err(wrong()) }
    }

    async fn ask(
        &self,
        action: &'static str,
        method: Method,
        headers: &[(&'static str, &str)],
        body: Bytes,
        limit_bytes: usize,
    ) -> Result<Answer, PublishError> {
        self.bucket.ask(Ask { action, method, target: self.key, headers, body, limit_bytes }).await
    }
}

impl Stored {
    fn read(answer: &Answer, action: &'static str) -> Result<Stored, PublishError> {
        let etag = answer.header("etag").ok_or(PublishError::Unreadable { action })?;
        let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        let version = answer.header("x-amz-version-id");
        // S3 writes `null` for what was stored while the bucket kept no versions.
        let version = version.filter(|id| *id != "null" && id.len() <= 1024 && id.bytes().all(is_usual));
        Ok(Stored {
            etag: etag.to_owned(),
            version: version.map(str::to_owned),
            sha256: answer.header(CHECKSUM).map(str::to_owned),
        })
    }
}

/// Parses the key of an object. Only keys that stand in a URL as they are.
pub(super) fn key(text: &str) -> Result<String, &'static str> {
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'/');
    let has_names = text.split('/').all(|name| !matches!(name, "" | "." | ".."));
    if (1..=1024).contains(&text.len()) && text.bytes().all(is_usual) && has_names {
        return Ok(text.to_owned());
    }
    Err(
        "a key has 1 to 1024 of the characters A-Z, a-z, 0-9, `-`, `.`, `_` and `/`, and a name between two slashes",
    )
}

const CHECKSUM: &str = "x-amz-checksum-sha256";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_in_a_url_as_it_is() {
        for good in ["openapi.yaml", "desk/v1/open-api_3.json", &"a".repeat(1024)] {
            assert_eq!(key(good), Ok(good.to_owned()));
        }
        for wrong in ["", "/a", "a/", "a//b", "../a", "a/./b", "a b", "a%20b", "a?b", "ä", &"a".repeat(1025)]
        {
            assert!(key(wrong).is_err(), "{wrong}");
        }
    }
}

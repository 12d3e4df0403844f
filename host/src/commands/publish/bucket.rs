//! A bucket: where it is, signed requests to it, and whether it is private.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningParams, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Request};
use tokio::time::timeout;

use super::answer::Answer;
use super::publish_error::PublishError;
use crate::aws;
use crate::backend::dynamodb::Endpoint;
use crate::config::{endpoint_of_variables, region_of_variables};
use crate::outgoing::Client;

/// A bucket of S3, and the credentials for it.
pub(super) struct Bucket {
    pub(super) name: String,
    client: Client,
    /// The URL of the bucket, without a slash at its end.
    url: String,
    region: String,
    credentials: Credentials,
}

/// Where a bucket is. AWS's settings apply in place of what is not given.
pub(super) struct Place {
    pub(super) region: Option<String>,
    pub(super) endpoint: Option<Endpoint>,
}

/// A request about the bucket or about an object in it.
pub(super) struct Ask<'a> {
    /// The permission of IAM that the request needs.
    pub(super) action: &'static str,
    pub(super) method: Method,
    /// What follows the URL of the bucket and a slash: the key of an object, or a query.
    pub(super) target: &'a str,
    pub(super) headers: &'a [(&'static str, &'a str)],
    pub(super) body: Bytes,
    /// The most bytes of the answer's body.
    pub(super) limit_bytes: usize,
}

impl Bucket {
    /// Finds region and credentials. Sends requests only if these must be fetched.
    pub(super) async fn open(name: &str, place: Place) -> Result<Bucket, PublishError> {
        let Place { region, endpoint } = place;
        let region = region.map_or_else(region_of_variables, |region| Ok(Some(region)))?;
        let endpoint =
            endpoint.map_or_else(|| endpoint_of_variables("AWS_ENDPOINT_URL_S3"), |it| Ok(Some(it)))?;
        let (region, credentials) = match &endpoint {
            Some(endpoint) if endpoint.is_this_machine() => {
                let region = region.unwrap_or_else(|| aws::REGION_ON_THIS_MACHINE.to_owned());
                (region, provided(aws::credentials_on_this_machine()).await?)
            }
            Some(_) | None => {
                let loaded = timeout(TIME_LIMIT, aws::of_this_machine(region).load()).await;
                let settings = loaded.map_err(|_elapsed| PublishError::Credentials)?;
                let region = settings.region().ok_or(PublishError::NoRegion)?.as_ref().to_owned();
                let provider = settings.credentials_provider().ok_or(PublishError::NoCredentials)?;
                (region, provided(provider).await?)
            }
        };
        let url = url(name, &region, endpoint.as_ref());
        Ok(Bucket { name: name.to_owned(), client: Client::new()?, url, region, credentials })
    }

    /// Fails if everybody can read the bucket, or could after one more change.
    pub(super) async fn must_be_private(&self) -> Result<(), PublishError> {
        let unblocked = || PublishError::Unblocked { bucket: self.name.clone() };
        let block = self.setting("?publicAccessBlock", "s3:GetBucketPublicAccessBlock").await?;
        if block.code() == Some("NoSuchPublicAccessBlockConfiguration") {
            return Err(unblocked());
        }
        block.must_be_success(&self.name, "s3:GetBucketPublicAccessBlock")?;
        if !BLOCKS.into_iter().all(|name| block.is_true(name)) {
            return Err(unblocked());
        }
        let policy = self.setting("?policyStatus", "s3:GetBucketPolicyStatus").await?;
        if policy.code() == Some("NoSuchBucketPolicy") {
            return Ok(());
        }
        policy.must_be_success(&self.name, "s3:GetBucketPolicyStatus")?;
        // Servers that do not judge policies leave the element out. The settings above make a public policy ineffective.
        if policy.is_true("IsPublic") {
            return Err(PublishError::PublicPolicy { bucket: self.name.clone() });
        }
        Ok(())
    }

    async fn setting(&self, target: &str, action: &'static str) -> Result<Answer, PublishError> {
        let (headers, limit_bytes) = (&[][..], Answer::SETTING_BYTES);
        self.ask(Ask { action, method: Method::GET, target, headers, body: Bytes::new(), limit_bytes }).await
    }

    /// Sends a request and reads its answer, whatever its status is.
    pub(super) async fn ask(&self, ask: Ask<'_>) -> Result<Answer, PublishError> {
        let (action, limit_bytes) = (ask.action, ask.limit_bytes);
        let request = self.signed(ask).ok_or(PublishError::Unsigned)?;
        let answer = self.client.answer(request, TIME_LIMIT, limit_bytes).await;
        answer.map(Answer).map_err(|error| PublishError::of_sending(error, action))
    }

    /// The request with the headers of its signature; `None` if it cannot be signed. The errors of the library are left out,
    /// because they may quote the request.
    fn signed(&self, ask: Ask<'_>) -> Option<Request<Full<Bytes>>> {
        let url = format!("{}/{}", self.url, ask.target);
        let identity = self.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("s3")
            .time(SystemTime::now())
            .settings(settings())
            .build();
        let params = SigningParams::V4(params.ok()?);
        let body = SignableBody::Bytes(&ask.body);
        let signable =
            SignableRequest::new(ask.method.as_str(), &url, ask.headers.iter().copied(), body).ok()?;
        let (instructions, _) = sign(signable, &params).ok()?.into_parts();
        let mut request = Request::builder().method(&ask.method).uri(&url);
        for (name, value) in ask.headers.iter().copied().chain(instructions.headers()) {
            request = request.header(name, value);
        }
        request.body(Full::new(ask.body)).ok()
    }
}

/// How S3 wants its signatures, which differs from other services: the digest of the body is a signed header, and the path is
/// encoded once and not normalized.
fn settings() -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings
}

async fn provided(provider: impl ProvideCredentials) -> Result<Credentials, PublishError> {
    match timeout(TIME_LIMIT, provider.provide_credentials()).await {
        Ok(Ok(credentials)) => Ok(credentials),
        Ok(Err(CredentialsError::CredentialsNotLoaded(_))) => Err(PublishError::NoCredentials),
        Ok(Err(_)) | Err(_) => Err(PublishError::Credentials),
    }
}

/// The URL of a bucket. The certificate of AWS covers one label before `s3`, so a name with dots stands in the path.
fn url(bucket: &str, region: &str, endpoint: Option<&Endpoint>) -> String {
    match endpoint {
        Some(endpoint) => format!("{endpoint}/{bucket}"),
        None if bucket.contains('.') => format!("{}/{bucket}", Endpoint::of_aws("s3", region)),
        None => Endpoint::of_aws(&format!("{bucket}.s3"), region).to_string(),
    }
}

/// Parses the name of a bucket
/// ([the rules](https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html)).
pub(super) fn name(text: &str) -> Result<String, &'static str> {
    let is_usual =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    let has_ends = !text.starts_with(['-', '.']) && !text.ends_with(['-', '.']);
    if (3..=63).contains(&text.len()) && text.bytes().all(is_usual) && has_ends && !text.contains("..") {
        return Ok(text.to_owned());
    }
    Err("the name of a bucket has 3 to 63 of the characters a-z, 0-9, `-` and `.`, and no `s3://` before it")
}

/// The time for one request and its answer, and for fetching credentials. S3 answers in a fraction of a second.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The settings that keep everybody but the account of the bucket out
/// ([documentation](https://docs.aws.amazon.com/AmazonS3/latest/API/API_PublicAccessBlockConfiguration.html)).
const BLOCKS: [&str; 4] =
    ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_of_aws_is_a_host_and_one_of_another_server_is_a_path() {
        let other = "http://127.0.0.1:4566".parse::<Endpoint>().unwrap();
        for (bucket, region, endpoint, wanted) in [
            ("desk", "eu-west-1", None, "https://desk.s3.eu-west-1.amazonaws.com"),
            ("desk", "cn-north-1", None, "https://desk.s3.cn-north-1.amazonaws.com.cn"),
            ("a.desk", "eu-west-1", None, "https://s3.eu-west-1.amazonaws.com/a.desk"),
            ("desk", "eu-west-1", Some(&other), "http://127.0.0.1:4566/desk"),
        ] {
            assert_eq!(url(bucket, region, endpoint), wanted);
        }
    }

    #[test]
    fn a_bucket_has_a_name_as_s3_wants_it() {
        for good in ["abc", "a.b-c", "0desk9", &"a".repeat(63)] {
            assert_eq!(name(good), Ok(good.to_owned()));
        }
        for wrong in
            ["", "ab", "s3://desk", "Desk", "a_b", "a..b", "-ab", "ab-", ".ab", "a/b", &"a".repeat(64)]
        {
            assert!(name(wrong).is_err(), "{wrong}");
        }
    }
}

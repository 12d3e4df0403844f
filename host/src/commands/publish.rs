//! `portdesk publish`: stores the contract in a bucket of S3, from where gateways and people read it.
//!
//! The bucket must not be public, and a contract that is there already is not stored again. Two publishers cannot overwrite
//! each other's contract unseen.

mod answer;
mod bucket;
mod object;
mod publish_error;

use clap::Args;
use data_encoding::{BASE64, HEXLOWER};
use hyper::body::Bytes;
use sha2::{Digest, Sha256};
use tokio::runtime::Runtime;

use self::bucket::{Bucket, Place};
use self::object::{Object, Stored};
use self::publish_error::PublishError;
use super::{Ended, describe, output};
use crate::backend::dynamodb::{Endpoint, location};
use crate::config::ComponentFile;
use crate::contract::profile::{self, Profile};
use crate::http_url::HttpUrl;

/// The arguments of `portdesk publish`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// S3 bucket that keeps the contract
    #[arg(long, value_name = "BUCKET", value_parser = bucket::name)]
    bucket: String,

    /// Key of the contract in the bucket
    #[arg(long, value_name = "KEY", default_value = "openapi.yaml", value_parser = object::key)]
    key: String,

    /// Address under which clients reach the API, with https
    #[arg(long, value_name = "URL", value_parser = encrypted)]
    url: HttpUrl,

    /// Form of the contract for a program that imports it: agentcore, openapi-3.0.0 or swagger2
    ///
    /// Without it, the whole contract is stored.
    #[arg(long, value_name = "PROFILE")]
    profile: Option<Profile>,

    /// Operations of the profile; all, if it is not set
    ///
    /// Repeat the flag or separate the ids with commas. A gateway makes a tool of each.
    #[arg(long, value_name = "ID", value_delimiter = ',', requires = "profile")]
    operations: Vec<String>,

    /// Store nothing; exit code 3 if the bucket does not have this contract
    #[arg(long)]
    check: bool,

    /// AWS region of the bucket
    ///
    /// Without it, `AWS_REGION` or the AWS profile applies.
    #[arg(long, env = "PORTDESK_REGION", value_name = "REGION", value_parser = location::region)]
    region: Option<String>,

    /// S3 server instead of AWS
    ///
    /// For example `http://127.0.0.1:4566`. Without it, `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` applies. A server on this
    /// machine needs no credentials.
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<Endpoint>,

    #[command(flatten)]
    component: ComponentFile,
}

/// Help about the exit codes.
pub(super) const EXIT_CODES: &str = "Exit codes:
  0   the bucket has the contract
  1   another failure
  2   wrong use of the command
  3   --check: the bucket has no contract or another one
  4   the bucket does not block public access with all four settings
  5   the policy of the bucket is public
  6   another publisher changed the object at the same time
  7   the bytes in the bucket, or on their way to it, are not those of the contract
  8   there are no credentials, or the credentials do not allow a request
  9   the bucket does not exist
  10  the bucket is in another region
  11  S3 did not answer in time
  12  S3 cannot be reached, or the connection ended before the answer

The credentials must allow s3:GetBucketPublicAccessBlock, s3:GetBucketPolicyStatus and s3:ListBucket on the bucket, and
s3:GetObject and s3:PutObject on the object.";

pub(super) fn run(arguments: &Arguments) -> Result<(), Ended> {
    let contract = Contract::new(document(arguments)?);
    let published = Runtime::new()?.block_on(publish(arguments, &contract));
    let (what, stored) = published.map_err(|error| Ended::WithCode(error.to_string(), error.exit_code()))?;
    let version = stored.version.as_deref().unwrap_or("none, because the bucket does not keep versions");
    let uri = format!("s3://{}/{}", arguments.bucket, arguments.key);
    output::print(&format!("{what}  {uri}\nversion    {version}\nSHA-256    {}\n", contract.sha256_hex()))
}

/// The text to store, as JSON, which is YAML too.
fn document(arguments: &Arguments) -> Result<String, Ended> {
    let contract = describe(&arguments.component)?.openapi;
    let document = match arguments.profile {
        Some(profile) => profile::document(&contract, profile, &arguments.url, &arguments.operations)?,
        None => profile::whole(&contract, &arguments.url)?,
    };
    Ok(format!("{document:#}\n"))
}

/// What is to be stored.
struct Contract {
    text: Bytes,
    digest: [u8; 32],
}

impl Contract {
    fn new(text: String) -> Contract {
        Contract { digest: Sha256::digest(&text).into(), text: text.into() }
    }

    /// As people and other programs print it.
    fn sha256_hex(&self) -> String {
        HEXLOWER.encode(&self.digest)
    }

    /// As S3 prints it.
    fn sha256_base64(&self) -> String {
        BASE64.encode(&self.digest)
    }
}

async fn publish(arguments: &Arguments, contract: &Contract) -> Result<(&'static str, Stored), PublishError> {
    let place = Place { region: arguments.region.clone(), endpoint: arguments.endpoint_url.clone() };
    let bucket = Bucket::open(&arguments.bucket, place).await?;
    bucket.must_be_private().await?;
    let object = Object { bucket: &bucket, key: &arguments.key };
    let sha256 = contract.sha256_base64();
    let etag = match object.stored().await? {
        Some(there) if there.sha256.as_ref() == Some(&sha256) => return Ok(("unchanged", there)),
        there => there.map(|there| there.etag),
    };
    if arguments.check {
        return Err(PublishError::Differs { uri: object.uri() });
    }
    let stored = object.put(contract.text.clone(), &sha256, etag.as_deref()).await?;
    object.must_have(&contract.text, &sha256, &stored).await?;
    Ok(("published", stored))
}

fn encrypted(text: &str) -> Result<HttpUrl, &'static str> {
    let url: HttpUrl = text.parse()?;
    if url.scheme() == "https" { Ok(url) } else { Err("the address must begin with https://") }
}

//! `portdesk publish` against ministack, which checks signatures, rights and checksums as S3 does. The tests read back with
//! AWS's own client for Python. ministack does not judge policies of buckets, so a proxy answers in its place.

mod desk;
mod meddler;

use std::collections::BTreeMap;

use http_body_util::Full;
use hyper::{Method, Response};
use serde_json::{Value, json};

use crate::harness::{portdesk, run};
use desk::{Bucket, KEY, Published, URL, command};
use meddler::{Meddler, Step};

const RIGHTS: [&str; 5] = [
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketPolicyStatus",
    "s3:ListBucket",
    "s3:GetObject",
    "s3:PutObject",
];

/// The contract that `portdesk openapi` prints, with the address.
fn contract_with(url: &str) -> Value {
    let text = String::from_utf8(run(&["openapi"]).stdout).unwrap();
    let mut contract: Value = serde_saphyr::from_str(&text).unwrap();
    contract["servers"] = json!([{ "url": url }]);
    contract
}

#[test]
fn a_contract_is_stored_once_and_again_if_it_changes() {
    let bucket = Bucket::make("once");
    let first = bucket.publish(&[]);
    assert_eq!(first.shown("published"), format!("s3://once/{KEY}"));
    let stored = bucket.s3("show", &[KEY]);
    assert_eq!(stored["version"], first.shown("version"));
    assert_eq!(stored["type"], "application/yaml");
    let text = stored["text"].as_str().unwrap();
    assert_eq!(serde_saphyr::from_str::<Value>(text).unwrap(), contract_with(URL));

    for flags in [&[][..], &["--check"]] {
        let again = bucket.publish(flags);
        assert_eq!(again.shown("unchanged"), format!("s3://once/{KEY}"));
        assert_eq!(again.shown("version"), first.shown("version"));
        assert_eq!(again.shown("SHA-256"), first.shown("SHA-256"));
    }
    assert_eq!(bucket.s3("show", &[KEY])["versions"], 1);

    let changed = ["--profile", "agentcore"];
    bucket.publish(&[&changed[..], &["--check"]].concat()).must_fail(3, &format!("s3://once/{KEY}"));
    assert_eq!(bucket.s3("show", &[KEY])["versions"], 1, "--check stores nothing");
    let second = bucket.publish(&changed);
    assert_ne!(second.shown("version"), first.shown("version"));
    assert_ne!(second.shown("SHA-256"), first.shown("SHA-256"));
    let stored = bucket.s3("show", &[KEY]);
    assert_eq!((stored["versions"].as_i64(), &stored["version"]), (Some(2), &json!(second.shown("version"))));
    let profile = run(&["openapi", "--profile", "agentcore", "--server", URL]).stdout;
    assert_eq!(stored["text"].as_str().unwrap().as_bytes(), profile);
}

#[test]
fn a_contract_of_another_program_is_replaced() {
    let bucket = Bucket::make("replaced");
    bucket.publish(&["--check"]).must_fail(3, "is missing or is not this contract");
    bucket.s3("put", &[KEY]);
    bucket.publish(&[]).shown("published");
    assert_eq!(bucket.s3("show", &[KEY])["versions"], 2);
}

#[test]
fn a_bucket_that_does_not_block_public_access_is_refused() {
    let bucket = Bucket::make("unblocked");
    for setting in
        ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets", "all"]
    {
        bucket.s3("unblock", &[setting]);
        bucket.publish(&[]).must_fail(4, "--bucket unblocked: the bucket does not block public access");
    }
    bucket.s3("unblock", &["none"]);
    bucket.publish(&["--check"]).must_fail(3, "is missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_with_a_public_policy_is_refused() {
    let bucket = Bucket::make("policy");
    for (is_public, code) in [("TRUE", 5), ("true", 5), ("false", 3)] {
        let status = format!("<PolicyStatus><IsPublic>{is_public}</IsPublic></PolicyStatus>");
        let meddler = Meddler::start(bucket.endpoint(), move |parts| match parts.uri.query() {
            Some("policyStatus") => Step::Answer(Response::new(Full::new(status.clone().into()))),
            _ => Step::PassOn,
        });
        bucket.publish_over(&meddler.url, &["--check"]).must_fail(code, "policy");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_publishers_do_not_overwrite_each_other() {
    let bucket = Bucket::make("race");
    let endpoint = bucket.endpoint().to_owned();
    // A second publisher is done between the first one's look and its upload: first into an empty place, then over a contract.
    for profile in ["agentcore", "swagger2"] {
        let endpoint = endpoint.clone();
        let meddler = Meddler::start(bucket.endpoint(), move |parts| {
            if parts.method == Method::PUT {
                desk::publish(&endpoint, "race", &["--profile", profile]).shown("published");
            }
            Step::PassOn
        });
        bucket.publish_over(&meddler.url, &[]).must_fail(6, "another publisher changed s3://race/");
        let theirs = run(&["openapi", "--profile", profile, "--server", URL]).stdout;
        assert_eq!(bucket.s3("show", &[KEY])["text"].as_str().unwrap().as_bytes(), theirs);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_notices_that_another_one_replaced_its_contract_at_once() {
    let bucket = Bucket::make("overtaken");
    let endpoint = bucket.endpoint().to_owned();
    let meddler = Meddler::start(bucket.endpoint(), move |parts| {
        if parts.method == Method::GET && parts.uri.path().ends_with(KEY) {
            desk::s3(&endpoint, &["put", "overtaken", KEY]);
        }
        Step::PassOn
    });
    bucket.publish_over(&meddler.url, &[]).must_fail(6, "another publisher replaced s3://overtaken/");
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_not_the_contract_are_noticed_on_both_ways() {
    let bucket = Bucket::make("bytes");
    let meddler = Meddler::start(bucket.endpoint(), |parts| match parts.method {
        Method::PUT => Step::SpoilRequest,
        _ => Step::PassOn,
    });
    bucket
        .publish_over(&meddler.url, &[])
        .must_fail(7, "were changed on their way to S3, which stored nothing");
    bucket.publish(&["--check"]).must_fail(3, "is missing");
    let meddler = Meddler::start(bucket.endpoint(), |parts| match parts.method {
        Method::GET if parts.uri.path().ends_with(KEY) => Step::SpoilAnswer,
        _ => Step::PassOn,
    });
    bucket
        .publish_over(&meddler.url, &[])
        .must_fail(7, "the bytes that S3 returns are not those of the contract");
}

#[test]
fn the_rights_of_the_help_are_enough_and_a_missing_one_is_named() {
    for (name, missing) in [
        ("rights", None),
        ("rights-block", Some("s3:GetBucketPublicAccessBlock")),
        ("rights-status", Some("s3:GetBucketPolicyStatus")),
        ("rights-get", Some("s3:GetObject")),
        ("rights-put", Some("s3:PutObject")),
    ] {
        let bucket = Bucket::make(name);
        let rights: Vec<&str> = RIGHTS.into_iter().filter(|right| Some(*right) != missing).collect();
        let key = bucket.s3("user", &rights);
        let mut publish = command(bucket.endpoint(), bucket.name, &[]);
        publish.env("AWS_ACCESS_KEY_ID", key[0].as_str().unwrap());
        publish.env("AWS_SECRET_ACCESS_KEY", key[1].as_str().unwrap());
        let published = Published::of(&mut publish);
        match missing {
            None => assert_eq!(published.shown("published"), format!("s3://rights/{KEY}")),
            Some(right) => published.must_fail(8, right),
        }
    }
    let help = String::from_utf8(portdesk(&["publish", "--help"]).output().unwrap().stdout).unwrap();
    assert!(RIGHTS.into_iter().all(|right| help.contains(right)), "{help}");
}

#[test]
fn wrong_credentials_and_none_are_told_apart() {
    let bucket = Bucket::make("credentials");
    let mut publish = command(bucket.endpoint(), bucket.name, &[]);
    let key = bucket.s3("user", &RIGHTS);
    publish.env("AWS_ACCESS_KEY_ID", key[0].as_str().unwrap()).env("AWS_SECRET_ACCESS_KEY", "wrong");
    Published::of(&mut publish).must_fail(8, "SignatureDoesNotMatch");
    // A server elsewhere needs credentials. Nothing is sent to this one.
    let mut publish = command("https://s3.example.net", bucket.name, &["--region", "eu-west-1"]);
    publish.env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", "/nonexistent");
    Published::of(&mut publish).must_fail(8, "no AWS credentials are set");
}

#[test]
fn a_bucket_that_is_missing_or_elsewhere_is_named() {
    let bucket = Bucket::make_in("elsewhere", "eu-west-1");
    bucket
        .publish(&["--region", "us-east-1"])
        .must_fail(10, "the bucket is in eu-west-1; set --region to it");
    bucket.publish(&["--region", "eu-west-1"]).shown("published");
    let missing = desk::publish(bucket.endpoint(), "missing", &[]);
    missing.must_fail(9, "--bucket missing: the bucket does not exist");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_is_not_waited_for() {
    let bucket = Bucket::make("late");
    let hanging = Meddler::start(bucket.endpoint(), |parts| match parts.method {
        Method::PUT => Step::Hang,
        _ => Step::PassOn,
    });
    bucket
        .publish_over(&hanging.url, &[])
        .must_fail(11, "did not answer a request for s3:PutObject within 10 seconds");
    let reset = Meddler::start(bucket.endpoint(), |_| Step::Reset);
    bucket.publish_over(&reset.url, &[]).must_fail(12, "the connection ended before S3 answered");
    let url = reset.url.clone();
    drop(reset);
    bucket.publish_over(&url, &[]).must_fail(12, "S3 cannot be reached");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_server_writes_is_printed_except_a_name() {
    let bucket = Bucket::make("foreign");
    for (body, shown) in [
        ("<Error><Code>SlowDown</Code><Message>go away</Message></Error>", "status 503 (SlowDown)"),
        ("<Error><Code>go away</Code></Error>", "status 503 (no code)"),
        ("go away", "status 503 (no code)"),
    ] {
        let meddler = Meddler::start(bucket.endpoint(), move |_| {
            Step::Answer(Response::builder().status(503).body(Full::new(body.into())).unwrap())
        });
        let published = bucket.publish_over(&meddler.url, &[]);
        published.must_fail(1, shown);
        assert!(!published.errors.contains("go away"), "{}", published.errors);
    }
}

#[test]
fn arguments_that_cannot_be_meant_are_refused_before_anything_is_sent() {
    for (flag, value) in [
        ("--url", "http://a.example"),
        ("--url", "https://{api}.example"),
        ("--url", "https://a.example/{stage}"),
        ("--bucket", "s3://desk"),
        ("--key", "/a"),
        ("--profile", "openapi"),
        ("--region", "Ireland"),
        ("--endpoint-url", "127.0.0.1:9"),
    ] {
        let mut flags = BTreeMap::from([("--url", URL), ("--bucket", "desk")]);
        flags.insert(flag, value);
        let mut command = portdesk(&["publish"]);
        let ended = Published::of(command.args(flags.iter().map(|(flag, value)| format!("{flag}={value}"))));
        assert_eq!(ended.code, 2, "{flag}={value}: {}", ended.errors);
        assert!(ended.errors.contains(&format!("'{value}' for '{flag}")), "{flag}={value}: {}", ended.errors);
    }
}

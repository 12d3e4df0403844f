//! The prices of AWS that `portdesk cost` uses: USD, us-east-1, on demand, without free tiers and taxes.
//!
//! `tests/tidy.rs` fails if they are older than a year. AWS's own lists: <https://aws.amazon.com/pricing/>.

/// The day on which somebody last compared the prices with those of AWS.
pub(super) const DATE: &str = "2026-11-26";

/// A million requests to a REST API of API Gateway.
pub(super) const REST_API_PER_MILLION: f64 = 3.50;
/// A million invocations of a function.
pub(super) const LAMBDA_PER_MILLION: f64 = 0.20;
/// A second in which a function on arm64 has 1 GB of memory.
pub(super) const LAMBDA_PER_GB_SECOND: f64 = 0.000_013_333_4;
/// A million read request units of DynamoDB. A consistent read of 4 KiB is one, an eventually consistent one is half.
pub(super) const DYNAMODB_READS_PER_MILLION: f64 = 0.125;
/// A million write request units of DynamoDB. A write of 1 KiB is one.
pub(super) const DYNAMODB_WRITES_PER_MILLION: f64 = 0.625;
/// A GB that `CloudWatch` Logs takes in.
pub(super) const LOGS_PER_GB: f64 = 0.50;
/// A GB that S3 keeps for a month.
pub(super) const S3_PER_GB_MONTH: f64 = 0.023;
/// A million uploads to S3.
pub(super) const S3_UPLOADS_PER_MILLION: f64 = 5.0;
/// A secret that Secrets Manager keeps for a month.
pub(super) const SECRET_PER_MONTH: f64 = 0.40;
/// A million calls through Amazon Bedrock `AgentCore` Gateway.
pub(super) const AGENT_CALLS_PER_MILLION: f64 = 5.0;

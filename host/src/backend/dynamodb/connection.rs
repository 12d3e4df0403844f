//! The one client of a host: where it connects, who it is, how long it tries.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{self, Credentials, StalledStreamProtectionConfig};

use super::OpenError;
use super::attempts::Watcher;
use crate::telemetry::Counter;

/// Which table, where, and how long a call may take.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name of the table.
    pub table: String,
    /// The region; what the environment says where none is given.
    pub region: Option<String>,
    /// Another server than AWS, as `http://127.0.0.1:8000`.
    pub endpoint_url: Option<String>,
    /// How often a call is tried before it has failed.
    pub attempts: u32,
    /// How long a request may take; a call of the store takes less.
    pub time_limit: Duration,
    /// Counts the attempts at calls beyond the first.
    pub retries: Counter,
}

/// Makes the client. Connects to nothing yet, unless credentials or region have to be asked for.
pub(super) async fn connect(settings: &Settings) -> Result<Client, OpenError> {
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .retry_config(retries(settings.attempts))
        .timeout_config(timeouts(settings.time_limit, settings.attempts))
        // It guards against bodies that trickle; the limit of an attempt does too, and costs nothing per call.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(region) = &settings.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(url) = &settings.endpoint_url {
        loader = loader.endpoint_url(url);
        // A server on this machine checks nobody, so a user need not make up credentials for it. Real ones are
        // looked for elsewhere only, or where they were set on purpose.
        if is_this_machine(url) && !has_credentials() {
            loader = loader.credentials_provider(Credentials::new(
                "portdesk",
                "portdesk",
                None,
                None,
                "none needed",
            ));
            if settings.region.is_none() {
                loader = loader.region(Region::new("us-east-1"));
            }
        }
    }
    let config = loader.load().await;
    if config.region().is_none() {
        return Err(OpenError::NoRegion);
    }
    Ok(Client::from_conf(
        config::Builder::from(&config).interceptor(Watcher { retries: settings.retries.clone() }).build(),
    ))
}

/// Not adaptive: that mode slows the whole client down when one item is throttled.
fn retries(attempts: u32) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(attempts)
        .with_initial_backoff(FIRST_BACKOFF)
        .with_max_backoff(LONGEST_BACKOFF)
}

/// The SDK has no limit of its own but for connecting: a silent server would hold a request for ever. All attempts
/// together leave a tenth of the request's time to say how it ended. A single one gets no more than another tenth, or a
/// second: what has not answered by then hardly ever does, and silence is to be told soon.
fn timeouts(time_limit: Duration, attempts: u32) -> TimeoutConfig {
    let call = time_limit * 9 / 10;
    let attempt = (call / attempts.max(1)).min(PATIENCE.max(time_limit / 10));
    TimeoutConfig::builder()
        .connect_timeout(attempt.min(LONGEST_CONNECT))
        .operation_attempt_timeout(attempt)
        .operation_timeout(call)
        .build()
}

fn is_this_machine(url: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => authority,
    };
    ["127.0.0.1", "[::1]", "localhost"].contains(&host)
}

fn has_credentials() -> bool {
    ["AWS_ACCESS_KEY_ID", "AWS_PROFILE"].iter().any(|name| std::env::var_os(name).is_some())
}

/// The SDK's own is a second, which is most of what a client waits for at all.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const LONGEST_BACKOFF: Duration = Duration::from_secs(1);
/// How long an attempt may take at least, if its share of the time allows. DynamoDB answers in milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);
const LONGEST_CONNECT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_from_others() {
        for url in ["http://127.0.0.1:8000", "http://localhost", "https://[::1]:1/", "http://[::1]"] {
            assert!(is_this_machine(url), "{url}");
        }
        for url in
            ["https://dynamodb.eu-west-1.amazonaws.com", "http://127.0.0.1.example:80", "http://a@localhost"]
        {
            assert!(!is_this_machine(url), "{url}");
        }
    }

    #[test]
    fn all_attempts_fit_into_the_time_of_a_request() {
        for (limit_ms, attempts, attempt_ms) in
            [(10_000, 3, 1_000), (10_000, 10, 900), (10_000, 1, 1_000), (3_000, 3, 900), (60_000, 3, 6_000)]
        {
            let timeouts = timeouts(Duration::from_millis(limit_ms), attempts);
            let attempt = timeouts.operation_attempt_timeout();
            assert_eq!(attempt, Some(Duration::from_millis(attempt_ms)), "{attempts} in {limit_ms} ms");
            assert_eq!(timeouts.operation_timeout(), Some(Duration::from_millis(limit_ms) * 9 / 10));
            assert_eq!(timeouts.connect_timeout(), attempt.min(Some(LONGEST_CONNECT)));
        }
    }
}

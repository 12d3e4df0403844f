//! The host's one client for DynamoDB: its server, credentials, time limits and repeats.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{Region, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{self, Builder, StalledStreamProtectionConfig};
use aws_smithy_http_client::proxy::ProxyConfig;
use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use items::dynamodb::Endpoint;

use super::OpenError;
use super::attempts::Watcher;
use crate::aws;
use crate::telemetry::Counter;

/// Which table to use, where the table is, and how long a call may take.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name of the table.
    pub table: String,
    /// The region. If it is `None`, the AWS settings of this machine decide.
    pub region: Option<String>,
    /// A server to use in place of AWS.
    pub endpoint: Option<Endpoint>,
    /// The most attempts at one call.
    pub attempts: u32,
    /// How long a client's request may take. A call to the table gets less time.
    pub time_limit: Duration,
    /// Counts the attempts after the first one of a call.
    pub retries: Counter,
}

/// A client, and the proxy through which it reaches the server.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    pub(super) client: Client,
    /// The proxy in front of the server, as `host:port`.
    pub(super) proxy: Option<String>,
}

/// Makes the client. This opens a connection only if credentials or the region must be fetched.
pub(super) async fn connect(settings: &Settings) -> Result<Connection, OpenError> {
    let (client, proxy) = match &settings.endpoint {
        Some(endpoint) if endpoint.is_this_machine() => (on_this_machine(settings, endpoint), None),
        Some(_) | None => {
            let sdk = sdk_config(settings).await;
            let region = sdk.region().ok_or(OpenError::NoRegion)?;
            let server =
                settings.endpoint.clone().unwrap_or_else(|| Endpoint::of_aws("dynamodb", region.as_ref()));
            let mut client = Builder::from(&sdk);
            if settings.endpoint.is_none() && has_empty_endpoint() {
                // The SDK would use the empty variable as a URL.
                client.set_endpoint_url(None);
            }
            (client, proxy_before(&server))
        }
    };
    let client = client
        .retry_config(retries(settings.attempts))
        .timeout_config(timeouts(settings.time_limit, settings.attempts))
        // The time limit of an attempt protects against slow bodies too, and costs nothing per call.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .interceptor(Watcher { retries: settings.retries.clone() });
    Ok(Connection { client: Client::from_conf(client.build()), proxy })
}

/// The configuration for a server on this machine, which does not check credentials. It needs no region, no credentials,
/// no settings files and no proxy, so that the host starts without any of them. Credentials and region from the
/// environment are used if they are set, because some servers keep separate tables for each of them.
fn on_this_machine(settings: &Settings, endpoint: &Endpoint) -> Builder {
    config::Config::builder()
        .behavior_version(aws::behaviour())
        .region(Region::new(
            settings.region.clone().unwrap_or_else(|| aws::REGION_ON_THIS_MACHINE.to_owned()),
        ))
        .endpoint_url(endpoint.to_string())
        .credentials_provider(aws::credentials_on_this_machine())
        .http_client(aws::http_client(ProxyConfig::disabled()))
}

/// The AWS settings of this machine.
async fn sdk_config(settings: &Settings) -> SdkConfig {
    let mut loader = aws::of_this_machine(settings.region.clone());
    if let Some(endpoint) = &settings.endpoint {
        loader = loader.endpoint_url(endpoint.to_string());
    }
    loader.load().await
}

fn has_empty_endpoint() -> bool {
    let names = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"];
    names.iter().any(|name| std::env::var_os(name).is_some_and(|value| value.is_empty()))
}

/// The proxy through which the SDK's client reaches this server, without the proxy's credentials.
fn proxy_before(server: &Endpoint) -> Option<String> {
    let proxy = Matcher::from_env().intercept(&server.to_string().parse::<Uri>().ok()?)?;
    let own_port = if proxy.uri().scheme_str() == Some("https") { 443 } else { 80 };
    Some(format!("{}:{}", proxy.uri().host()?, proxy.uri().port_u16().unwrap_or(own_port)))
}

/// The standard mode. The adaptive mode slows the whole client down when DynamoDB throttles one item.
fn retries(attempts: u32) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(attempts)
        .with_initial_backoff(FIRST_BACKOFF)
        .with_max_backoff(LONGEST_BACKOFF)
}

/// The time limits of a call. The SDK itself only limits the time to connect, so a silent server would hold a request
/// forever. All attempts together get nine tenths of the request's time; the rest is for the answer to the client. One
/// attempt gets a tenth of the request's time, but at least a second if its share allows: a server that has not
/// answered by then hardly ever does.
fn timeouts(time_limit: Duration, attempts: u32) -> TimeoutConfig {
    let call = time_limit * 9 / 10;
    let attempt = (call / attempts.max(1)).min(PATIENCE.max(time_limit / 10));
    TimeoutConfig::builder()
        .connect_timeout(attempt.min(LONGEST_CONNECT))
        .operation_attempt_timeout(attempt)
        .operation_timeout(call)
        .build()
}

/// The SDK's default is a second, which is a large part of the time that a client waits.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const LONGEST_BACKOFF: Duration = Duration::from_secs(1);
/// The least time limit of an attempt, if its share of the time allows. DynamoDB answers in milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);
const LONGEST_CONNECT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

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

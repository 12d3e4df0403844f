//! The one client of a host: where it connects, who it is, how long it tries.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::region::ImdsRegionProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{self, Builder, Credentials, StalledStreamProtectionConfig};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use items_dynamodb::Endpoint;

use super::OpenError;
use super::attempts::Watcher;
use crate::environment::variable;
use crate::telemetry::Counter;

/// Which table, where, and how long a call may take.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name of the table.
    pub table: String,
    /// The region; what the AWS settings of this machine say where none is given.
    pub region: Option<String>,
    /// Another server than AWS.
    pub endpoint: Option<Endpoint>,
    /// How often a call is tried before it has failed.
    pub attempts: u32,
    /// How long a request may take; a call of the store takes less.
    pub time_limit: Duration,
    /// Counts the attempts at calls beyond the first.
    pub retries: Counter,
}

/// A client, and how it reaches the server.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    pub(super) client: Client,
    /// The proxy before the server, as `host:port`.
    pub(super) proxy: Option<String>,
}

/// Makes the client. Connects to nothing yet, unless credentials or region have to be asked for.
pub(super) async fn connect(settings: &Settings) -> Result<Connection, OpenError> {
    let (client, proxy) = match &settings.endpoint {
        Some(endpoint) if endpoint.is_this_machine() => (on_this_machine(settings, endpoint), None),
        Some(_) | None => {
            let sdk = sdk_config(settings).await;
            let region = sdk.region().ok_or(OpenError::NoRegion)?;
            let server = settings.endpoint.clone().unwrap_or_else(|| Endpoint::of_aws(region.as_ref()));
            let mut client = Builder::from(&sdk);
            if settings.endpoint.is_none() && has_empty_endpoint() {
                // The SDK would take the empty text for a URL.
                client.set_endpoint_url(None);
            }
            (client, proxy_before(&server))
        }
    };
    let client = client
        .retry_config(retries(settings.attempts))
        .timeout_config(timeouts(settings.time_limit, settings.attempts))
        // It guards against bodies that trickle; the limit of an attempt does too, and costs nothing per call.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .interceptor(Watcher { retries: settings.retries.clone() });
    Ok(Connection { client: Client::from_conf(client.build()), proxy })
}

/// A server on this machine checks nobody: it is reached without region, credentials, files of settings and proxies, so
/// that nothing of these has to be there or is asked for. Credentials and region of the environment are used, since
/// some servers keep tables apart by them.
fn on_this_machine(settings: &Settings, endpoint: &Endpoint) -> Builder {
    let made_up = Credentials::new("portdesk", "portdesk", None, None, "none needed");
    let credentials =
        CredentialsProviderChain::first_try("environment", EnvironmentVariableCredentialsProvider::new())
            .or_else("none needed", made_up);
    // Without a proxy: the client that the SDK makes by itself follows HTTP_PROXY.
    let direct = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .build_https();
    config::Config::builder()
        .behavior_version(behaviour())
        .region(Region::new(settings.region.clone().unwrap_or_else(|| "us-east-1".to_owned())))
        .endpoint_url(endpoint.to_string())
        .credentials_provider(credentials)
        .http_client(direct)
}

/// The settings of this machine: environment, profile, or what AWS says of the machine.
async fn sdk_config(settings: &Settings) -> SdkConfig {
    // Not the region of the environment, which the settings have read: the SDK would take an empty one.
    let region = RegionProviderChain::first_try(settings.region.clone().map(Region::new))
        .or_else(ProfileFileRegionProvider::new())
        .or_else(ImdsRegionProvider::builder().build());
    let mut loader = aws_config::defaults(behaviour()).region(region);
    if std::env::var_os("AWS_PROFILE").is_some() && variable("AWS_PROFILE").is_none() {
        loader = loader.profile_name("default");
    }
    if let Some(endpoint) = &settings.endpoint {
        loader = loader.endpoint_url(endpoint.to_string());
    }
    loader.load().await
}

fn behaviour() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

fn has_empty_endpoint() -> bool {
    let names = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"];
    names.iter().any(|name| std::env::var_os(name).is_some_and(|value| value.is_empty()))
}

/// The proxy that the SDK's client goes through to this server, without its credentials.
fn proxy_before(server: &Endpoint) -> Option<String> {
    let proxy = Matcher::from_env().intercept(&server.to_string().parse::<Uri>().ok()?)?;
    let own_port = if proxy.uri().scheme_str() == Some("https") { 443 } else { 80 };
    Some(format!("{}:{}", proxy.uri().host()?, proxy.uri().port_u16().unwrap_or(own_port)))
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

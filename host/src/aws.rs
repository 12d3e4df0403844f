//! Region, credentials and the HTTP client of AWS's libraries.

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::region::ImdsRegionProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region};
use aws_credential_types::Credentials;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use crate::environment::variable;

/// The AWS settings of this machine, from the environment, the profile or the instance metadata service, unless `region` is set.
pub(crate) fn of_this_machine(region: Option<String>) -> ConfigLoader {
    let through_proxy = http_client(ProxyConfig::from_env());
    // Each provider that asks a server needs the client. Without one, it panics.
    let provider = ProviderConfig::without_region().with_http_client(through_proxy.clone());
    // `region` already holds the region of the environment. The SDK would accept an empty variable.
    let region = RegionProviderChain::first_try(region.map(Region::new))
        .or_else(ProfileFileRegionProvider::new())
        .or_else(ImdsRegionProvider::builder().configure(&provider).build());
    let loader = aws_config::defaults(behaviour()).http_client(through_proxy).region(region);
    let has_empty_profile = std::env::var_os("AWS_PROFILE").is_some() && variable("AWS_PROFILE").is_none();
    if has_empty_profile { loader.profile_name("default") } else { loader }
}

/// The SDK's own HTTP client. The SDK makes the same one by default, but with the provider of cryptography that compiles longest.
pub(crate) fn http_client(proxy: ProxyConfig) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder();
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.set_proxy_config(Some(proxy.clone()));
        connector.tls_provider(Provider::Rustls(CryptoMode::Ring)).build()
    })
}

/// Credentials for a server on this machine, which does not check them: those of the environment if they are set, because some
/// servers keep separate data for each of them.
pub(crate) fn credentials_on_this_machine() -> CredentialsProviderChain {
    let made_up = Credentials::new("portdesk", "portdesk", None, None, "none needed");
    CredentialsProviderChain::first_try("environment", EnvironmentVariableCredentialsProvider::new())
        .or_else("none needed", made_up)
}

/// The region for a server on this machine, if no other is set.
pub(crate) const REGION_ON_THIS_MACHINE: &str = "us-east-1";

pub(crate) fn behaviour() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

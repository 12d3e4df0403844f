//! What a host prints when it is ready: all that somebody needs to send the first request.

use std::fmt::Write as _;

use indexmap::IndexMap;
use serde::Deserialize;
use tracing::warn;

use crate::config::{Config, Store};
use crate::host::Host;

/// Prints to standard output. A closed output is no reason to stop serving.
pub(super) fn print(host: &Host, config: &Config) {
    let _ = std::io::Write::write_all(&mut std::io::stdout(), text(host, config).as_bytes());
}

fn text(host: &Host, config: &Config) -> String {
    let scheme = if host.is_encrypted { "https" } else { "http" };
    let url = format!("{scheme}://{}", host.address);
    let mut text = format!("portdesk {} is ready\n\n  address   {url}\n", env!("CARGO_PKG_VERSION"));
    if let Some(metrics) = host.metrics_address {
        let _ = writeln!(text, "  metrics   http://{metrics}/metrics");
    }
    let _ = writeln!(text, "  data      {}", data(config));
    let _ = writeln!(text, "  API key   {}", key(host, config));
    let settings = config.effective().into_iter().map(|(flag, value)| match value.as_str() {
        "" => format!("--{flag}"),
        value => format!("--{flag} {value}"),
    });
    let settings = settings.collect::<Vec<_>>().join(" ");
    let _ = writeln!(text, "  settings  {settings}\n");
    let _ = writeln!(text, "Try it: paste this into another terminal.\n");
    let _ = match &host.first_key {
        Some(key) => writeln!(text, "export PORTDESK_URL={url} PORTDESK_API_KEY={}", key.secret),
        None => writeln!(text, "export PORTDESK_URL={url}  # and your key as PORTDESK_API_KEY"),
    };
    for sample in samples(&host.contract) {
        // Without its label: what begins with `#` is no comment in every interactive shell.
        let _ = writeln!(text, "\n{}", sample.source.trim_end());
    }
    let _ = writeln!(text, "\n{LAST_LINE}");
    text
}

fn data(config: &Config) -> String {
    let path = std::fs::canonicalize(&config.data.path).unwrap_or_else(|_| config.data.path.clone());
    match config.store {
        #[cfg(feature = "dynamodb")]
        Store::Dynamodb => format!("{}; keys in {}", config.table.shown(), path.display()),
        Store::Embedded => format!("{} (embedded store, durable)", path.display()),
        Store::Memory => format!("in memory, lost when this process ends; keys in {}", path.display()),
    }
}

fn key(host: &Host, config: &Config) -> String {
    match (&host.first_key, &config.api_key) {
        (Some(key), _) => format!("{}  (shown this once: only its hash is kept)", key.secret),
        (None, Some(_)) => "the one in PORTDESK_API_KEY, and those of the data folder".into(),
        (None, None) => {
            let known = if host.active_keys == 0 { "none is active" } else { "as before" };
            let folder = config.data.path.display();
            format!("{known}; `portdesk key create NAME --data-dir {folder}` makes another")
        }
    }
}

const LAST_LINE: &str = "Stop with Ctrl-C.";

/// The shell samples of a contract, path by path in its order. That a contract cannot be read is no reason not to
/// serve it.
fn samples(contract: &str) -> Vec<Sample> {
    let contract: Contract = serde_saphyr::from_str(contract).unwrap_or_else(|error| {
        warn!(%error, "the component's contract is no OpenAPI document in YAML; its samples cannot be shown");
        Contract::default()
    });
    let operations = contract.paths.into_values().flat_map(|PathItem { post, get, put, patch, delete }| {
        [post, get, put, patch, delete].into_iter().flatten()
    });
    let samples = operations.flat_map(|operation| operation.samples);
    samples.filter(|sample| sample.lang == "Shell").collect()
}

#[derive(Deserialize, Default)]
struct Contract {
    #[serde(default)]
    paths: IndexMap<String, PathItem>,
}

/// The operations of a path, what creates before what reads.
#[derive(Deserialize)]
struct PathItem {
    post: Option<Operation>,
    get: Option<Operation>,
    put: Option<Operation>,
    patch: Option<Operation>,
    delete: Option<Operation>,
}

#[derive(Deserialize)]
struct Operation {
    #[serde(default, rename = "x-codeSamples")]
    samples: Vec<Sample>,
}

#[derive(Deserialize)]
struct Sample {
    lang: String,
    source: String,
}

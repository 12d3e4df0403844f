//! What a host prints when it is ready: all that somebody needs to send the first request.

use std::fmt::Write as _;

use indexmap::IndexMap;
use serde::Deserialize;

use crate::config::{Config, Store};
use crate::host::Host;

/// Prints to standard output. A closed output is no reason to stop serving.
pub(super) fn print(host: &Host, config: &Config) {
    let _ = std::io::Write::write_all(&mut std::io::stdout(), text(host, config).as_bytes());
}

fn text(host: &Host, config: &Config) -> String {
    let url = format!("http://{}", host.address);
    let mut text = format!("portdesk {} is ready\n\n  address   {url}\n", env!("CARGO_PKG_VERSION"));
    let _ = writeln!(text, "  data      {}", data(config));
    let _ = writeln!(text, "  API key   {}", key(host, config));
    let settings = config.effective().into_iter().map(|(flag, value)| format!("--{flag} {value}"));
    let settings = settings.collect::<Vec<_>>().join(" ");
    let _ = writeln!(text, "  settings  {settings}\n");
    let secret = host.first_key.as_ref().map_or("<your key>", |key| key.secret.as_str());
    let _ = writeln!(text, "Try it: paste this into another terminal.\n");
    let _ = writeln!(text, "export PORTDESK_URL={url} PORTDESK_API_KEY='{secret}'");
    for sample in samples(&host.contract) {
        let _ = writeln!(text, "\n# {}\n{}", sample.label, sample.source.trim_end());
    }
    text.push('\n');
    text
}

fn data(config: &Config) -> String {
    let path = std::fs::canonicalize(&config.data.path).unwrap_or_else(|_| config.data.path.clone());
    match config.store {
        Store::Embedded => format!("{} (embedded store, durable)", path.display()),
        Store::Memory => format!("in memory, lost when this process ends; keys in {}", path.display()),
    }
}

fn key(host: &Host, config: &Config) -> String {
    match (&host.first_key, &config.api_key) {
        (Some(key), _) => format!("{}  (shown this once: only its hash is kept)", key.secret),
        (None, Some(_)) => "the one in PORTDESK_API_KEY, and those of the data folder".into(),
        (None, None) => "as before; `portdesk key create NAME` makes another".into(),
    }
}

/// The shell samples of a contract, in its order. A contract that has none, or that is no OpenAPI document, has none to
/// print; that is no reason not to serve it.
fn samples(contract: &str) -> Vec<Sample> {
    let contract: Contract = serde_saphyr::from_str(contract).unwrap_or_default();
    let operations = contract.paths.into_values().flat_map(IndexMap::into_values);
    let samples = operations.flat_map(|operation| operation.samples);
    samples.filter(|sample| sample.lang == "Shell").collect()
}

#[derive(Deserialize, Default)]
struct Contract {
    #[serde(default)]
    paths: IndexMap<String, IndexMap<String, Operation>>,
}

#[derive(Deserialize)]
struct Operation {
    #[serde(default, rename = "x-codeSamples")]
    samples: Vec<Sample>,
}

#[derive(Deserialize)]
struct Sample {
    lang: String,
    #[serde(default)]
    label: String,
    source: String,
}

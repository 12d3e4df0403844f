//! What a host prints when it is ready: everything that a user needs for the first request.

use std::fmt::Write as _;
use std::thread;
use std::time::Duration;

use hyper::Method;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::{error, warn};

use super::Ended;
use crate::config::{Config, Given, KeyPlace, StoreKind};
use crate::contract::{Contract, Sample};
use crate::door::{KeyFileError, RateLimit};
use crate::host::{FirstKey, Host};
use crate::mcp;
use crate::service::Service;
use crate::standard::Stream;

/// Prints the banner to standard output, and then makes the first key valid.
///
/// Fails only if the first key cannot be stored. If nobody reads standard output, or if it cannot be written, the host
/// serves all the same.
pub(super) async fn show(service: &mut Service, config: &Config, given: &Given) -> Result<(), Ended> {
    let (text, first_key) = (text(service, config, given), service.host.first_key.take());
    let (sender, mut shown) = oneshot::channel();
    // The end of the process does not wait for this thread, as it would for a thread of the runtime.
    thread::Builder::new().name("banner".to_owned()).spawn(move || sender.send(print(&text, first_key)))?;
    match timeout(BANNER_TIME, &mut shown).await {
        Ok(Ok(Err(ShowError::Key(error)))) => return Err(error.into()),
        Ok(Ok(Err(ShowError::Print(error)))) => warn!(%error, "{UNPRINTED}"),
        Ok(Ok(Err(ShowError::Discarded))) => {
            warn!(
                "standard output is /dev/null, where nobody sees a first key, so there is none yet; {MAKE_ONE}"
            );
        }
        Ok(Ok(Ok(())) | Err(_)) => {}
        Err(_elapsed) => {
            warn!(
                "nobody reads standard output, so the address and the examples wait there; a first key, too"
            );
            tokio::spawn(async move {
                if let Ok(Err(ShowError::Key(error))) = shown.await {
                    error!(%error, "the first key was printed and cannot be stored, so it is not valid; {MAKE_ONE}");
                }
            });
        }
    }
    Ok(())
}

/// Why the banner or the first key was not shown.
enum ShowError {
    /// Standard output is `/dev/null`, and there is a first key.
    Discarded,
    /// Standard output cannot be written.
    Print(std::io::Error),
    /// The first key was printed and cannot be stored.
    Key(KeyFileError),
}

/// Makes the key valid before it prints the last line, so that a program that waits for that line can use the key.
fn print(text: &str, first_key: Option<FirstKey>) -> Result<(), ShowError> {
    let stream = Stream::output().map_err(ShowError::Print)?;
    if first_key.is_some() && stream.is_discarded() {
        return Err(ShowError::Discarded);
    }
    stream.write(text.as_bytes()).map_err(ShowError::Print)?;
    if let Some(first_key) = first_key {
        first_key.make_valid().map_err(ShowError::Key)?;
    }
    stream.write(LAST_LINE.as_bytes()).map_err(ShowError::Print)
}

fn text(service: &Service, config: &Config, given: &Given) -> String {
    let Service { host, address, metrics_address, console, is_encrypted, .. } = service;
    let scheme = if *is_encrypted { "https" } else { "http" };
    let url = format!("{scheme}://{address}");
    let mut text = format!("portdesk {} is ready\n\n  address   {url}\n", env!("CARGO_PKG_VERSION"));
    let _ = writeln!(text, "  agents    {url}{}  (MCP)", mcp::PATH);
    if let Some(metrics) = metrics_address {
        let _ = writeln!(text, "  metrics   http://{metrics}/metrics");
    }
    if let Some(console) = console {
        let advice =
            if console.generated_token().is_none() { "  (its token: PORTDESK_CONSOLE_TOKEN)" } else { "" };
        let _ = writeln!(text, "  console   {}{advice}", console.url());
    }
    let _ = writeln!(text, "  data      {}", data(config));
    let _ = writeln!(text, "  API key   {}", key(host, config));
    if has_other_hosts(config) && config.rate_limit == RateLimit::Plan {
        let _ = writeln!(
            text,
            "  plans     a rate and a burst hold on each host, a quota on all hosts of the table together"
        );
    }
    let settings = given.line();
    if !settings.is_empty() {
        let _ = writeln!(text, "  settings  {settings}");
    }
    let _ = writeln!(text, "\nTry it: paste this into another terminal.\n");
    let _ = match &host.first_key {
        Some(first) => writeln!(text, "export PORTDESK_URL={url} PORTDESK_API_KEY={}", first.key.secret),
        None => writeln!(text, "export PORTDESK_URL={url}  # and your key as PORTDESK_API_KEY"),
    };
    for sample in samples(&host.pipeline.contract) {
        // The label is not printed as a comment, because some interactive shells do not take `#` for a comment.
        let _ = writeln!(text, "\n{}", sample.source.trim_end());
    }
    text.push('\n');
    text
}

fn data(config: &Config) -> String {
    let path = std::fs::canonicalize(&config.data.path).unwrap_or_else(|_| config.data.path.clone());
    match config.store {
        #[cfg(feature = "dynamodb")]
        StoreKind::Dynamodb if config.keys.place == KeyPlace::Table => {
            format!("{}, with keys and plans", config.table.shown())
        }
        #[cfg(feature = "dynamodb")]
        StoreKind::Dynamodb => format!("{}; keys in {}", config.table.shown(), path.display()),
        StoreKind::Embedded => format!("{} (embedded store, durable)", path.display()),
        StoreKind::Memory => format!("in memory, lost when this process ends; keys in {}", path.display()),
    }
}

fn key(host: &Host, config: &Config) -> String {
    match (&host.first_key, &config.api_key) {
        (Some(first), _) => format!("{}  (shown this once: only its hash is kept)", first.key.secret),
        (None, Some(_)) => {
            let others = if is_shared(config) { "table" } else { "data folder" };
            format!("the one in PORTDESK_API_KEY, and those of the {others}")
        }
        (None, None) => {
            let known = match (host.active_keys, host.are_keys_known()) {
                (_, false) => "not known yet",
                (0, true) => "none is active",
                (_, true) => "as before",
            };
            format!("{known}; `portdesk key create NAME {}` makes another", flags_of_keys(config))
        }
    }
}

/// Whether other hosts may have the same items.
fn has_other_hosts(config: &Config) -> bool {
    match config.store {
        #[cfg(feature = "dynamodb")]
        StoreKind::Dynamodb => true,
        StoreKind::Embedded | StoreKind::Memory => false,
    }
}

/// Whether other hosts may have the same keys.
fn is_shared(config: &Config) -> bool {
    config.keys.place != KeyPlace::File
}

/// The flags of a command for the keys of this host.
fn flags_of_keys(config: &Config) -> String {
    match config.keys.place {
        KeyPlace::File => format!("--data-dir {}", config.data.path.display()),
        #[cfg(feature = "dynamodb")]
        KeyPlace::Table => format!("--keys table {}", config.table.flags()),
    }
}

const LAST_LINE: &str = "Stop with Ctrl-C.\n";

/// How long the host waits until standard output is read.
const BANNER_TIME: Duration = Duration::from_secs(1);

const UNPRINTED: &str =
    "standard output cannot be written, so the address was not shown, and a first key is not valid";

const MAKE_ONE: &str = "`portdesk key create NAME` makes one";

/// The shell samples of a contract in the order of its paths. At each path, the operation that creates comes before the
/// operation that reads.
fn samples(contract: &Contract) -> impl Iterator<Item = &Sample> {
    let operations = contract.operations().chunk_by(|one, next| one.path == next.path).flat_map(|path| {
        let of = move |method| path.iter().filter(move |operation| operation.method == method);
        METHODS.into_iter().flat_map(of)
    });
    operations.flat_map(|operation| &operation.samples).filter(|sample| sample.lang == "Shell")
}

const METHODS: [Method; 5] = [Method::POST, Method::GET, Method::PUT, Method::PATCH, Method::DELETE];

//! Hosts to test, and clients that check every answer against the contract.
//!
//! Each test has a host of its own, with a data folder of its own, on a free port. A host is ready when `start` returns, and
//! has stopped when `stop` returns.

mod client;
mod function;
pub mod journal;
mod length;
mod logged;
mod platform;
mod process;
mod table;
mod world;

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches};
use portdesk::config::Config;
use portdesk::contract::Contract;
use portdesk::host::BUILT_IN_COMPONENT;
use portdesk::sandbox::{Component, Isolation};
use portdesk::service::Service;
use portdesk::telemetry::{Spans, Telemetry};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

pub use client::{Answer, Client, comments_path, path};
pub use function::{Front, Function, assert_no_key, event, packaged};
pub use length::{at_length, is_long};
pub use logged::Logged;
pub use platform::Platform;
pub use process::{COMPILED_COMPONENT, Process, behind, compiled_component, portdesk, run, serve};
pub use table::{Host as HostOnDynamo, PATIENT, TABLE, Table, on_dynamodb, with_credentials};
pub use world::{Caller, World};

/// The API key of every host.
pub const KEY: &str = "a-key-for-the-tests-0123456789";

/// Far more than any step takes. It keeps a defect from blocking the tests.
pub const LONG: Duration = Duration::from_secs(30);

/// Waits for something that a host does by itself.
pub async fn until(what: &str, mut is_done: impl AsyncFnMut() -> bool) {
    let waited = async {
        while !is_done().await {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(LONG, waited).await.unwrap_or_else(|_| panic!("not within {LONG:?}: {what}"));
}

/// Everything that a host sends until the connection ends, in order or by a reset.
pub async fn rest(connection: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = timeout(LONG, connection.read_to_end(&mut bytes)).await.expect("the connection ends");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Waits until `/readyz` has this status. Panics after ten seconds.
pub async fn until_ready(url: &str, status: u16) {
    let url = format!("{url}/readyz");
    let asked = async { while reqwest::get(&url).await.unwrap().status() != status {} };
    let waited = timeout(Duration::from_secs(10), asked).await;
    waited.unwrap_or_else(|_| panic!("/readyz is not {status} within ten seconds"));
}

/// A host in this process.
pub struct Running {
    pub url: String,
    /// The URL of the metrics, if the host has the flag `--metrics`.
    pub metrics: Option<String>,
    data: TempDir,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Running {
    /// A host with these flags, over a data folder of its own.
    pub async fn start(flags: &[&str]) -> Running {
        Running::start_in(tempfile::tempdir().unwrap(), flags).await
    }

    /// A host over the data folder of an earlier host.
    pub async fn start_in(data: TempDir, flags: &[&str]) -> Running {
        let component = component(config(data.path(), flags).limits.isolation);
        Running::start_with(data, component, flags).await
    }

    /// A host of another component, which was loaded with the same flags.
    pub async fn start_component(component: Component, flags: &[&str]) -> Running {
        Running::start_with(tempfile::tempdir().unwrap(), component, flags).await
    }

    async fn start_with(data: TempDir, component: Component, flags: &[&str]) -> Running {
        let config = config(data.path(), flags);
        let host = Service::start_with(&config, component).await.unwrap_or_else(|error| panic!("{error}"));
        let url = format!("http://{}", host.address);
        let metrics = host.metrics_address.map(|address| format!("http://{address}/metrics"));
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(host.serve(async move {
            let _ = stopped.await;
        }));
        Running { url, metrics, data, stop, served }
    }

    /// Where the host listens.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// A client with the key of the tests.
    pub fn client(&self) -> Client {
        Client::new(&self.url, Some(KEY))
    }

    /// Stops the host and returns its data folder.
    pub async fn stop(self) -> TempDir {
        drop(self.stop);
        self.served.await.unwrap();
        self.data
    }
}

/// Telemetry for a test without a host.
pub fn telemetry() -> Arc<Telemetry> {
    Arc::new(Telemetry::new(&Contract::default(), &[], Spans::default()).unwrap())
}

/// The configuration of a command line, without a usage plan unless `flags` set one.
pub fn config(data: &Path, flags: &[&str]) -> Config {
    let fixed = ["portdesk", "--listen", "127.0.0.1:0", "--rate-limit", "off", "--instances", "256"];
    let fixed = fixed.into_iter().chain(["--drain-ms", "0", "--data-dir"]).chain(data.to_str());
    // A flag of the test replaces the same flag of this list.
    let command = Config::command().args_override_self(true);
    let matches = command.get_matches_from(fixed.chain(flags.iter().copied()));
    let mut config = Config::from_arg_matches(&matches).unwrap();
    config.api_key = Some(KEY.into());
    config
}

/// The built-in component with the default isolation.
pub fn component_of_the_tree() -> Component {
    component(Isolation::Pooled)
}

/// The built-in component, compiled once for each isolation.
fn component(isolation: Isolation) -> Component {
    static POOLED: OnceLock<Component> = OnceLock::new();
    static FRESH: OnceLock<Component> = OnceLock::new();
    let (component, mode) = match isolation {
        Isolation::Pooled => (&POOLED, "pooled"),
        Isolation::Fresh => (&FRESH, "fresh"),
    };
    let load = || {
        let limits = config(Path::new("unused"), &["--isolation", mode]).limits.sandbox();
        Component::load(BUILT_IN_COMPONENT, limits).unwrap_or_else(|error| panic!("{error}"))
    };
    component.get_or_init(load).clone()
}

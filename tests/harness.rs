//! Hosts to test, and clients that hold every answer against the contract.
//!
//! A test has a host of its own, with a data folder of its own, on a port that the system chose. Nothing here
//! sleeps: a host is ready when it was started, and stopped when `stop` returns.

mod client;
pub mod journal;
mod length;
mod logged;
mod platform;
mod process;
mod table;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use clap::{CommandFactory, FromArgMatches};
use portdesk::config::Config;
use portdesk::contract::Contract;
use portdesk::host::BUILT_IN_COMPONENT;
use portdesk::sandbox::{Component, Isolation};
use portdesk::service::Service;
use portdesk::telemetry::{Spans, Telemetry};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use client::{Answer, Client};
pub use length::{at_length, is_long};
pub use logged::Logged;
pub use platform::Platform;
pub use process::{COMPILED_COMPONENT, Process, portdesk, run};
pub use table::{Host as HostOnDynamo, PATIENT, TABLE, Table, on_dynamodb, with_credentials};

/// The key that opens every host of the tests.
pub const KEY: &str = "a-key-for-the-tests-0123456789";

/// A host in this process.
pub struct Running {
    pub url: String,
    /// Where its metrics are, where they were asked for.
    pub metrics: Option<String>,
    data: TempDir,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Running {
    /// A host with these settings, over a folder of its own.
    pub async fn start(flags: &[&str]) -> Running {
        Running::start_in(tempfile::tempdir().unwrap(), flags).await
    }

    /// A host over a folder that another had before.
    pub async fn start_in(data: TempDir, flags: &[&str]) -> Running {
        let component = component(config(data.path(), flags).limits.isolation);
        Running::start_with(data, component, flags).await
    }

    /// A host of another component, which was loaded for the same settings.
    pub async fn start_component(component: Component, flags: &[&str]) -> Running {
        Running::start_with(tempfile::tempdir().unwrap(), component, flags).await
    }

    async fn start_with(data: TempDir, component: Component, flags: &[&str]) -> Running {
        let config = config(data.path(), flags);
        let host = Service::start_with(&config, component).await.unwrap_or_else(|error| panic!("{error}"));
        let url = format!("http://{}", host.address);
        let metrics = host.admin_address.map(|address| format!("http://{address}/metrics"));
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

    /// A client with a key.
    pub fn client(&self) -> Client {
        Client::new(&self.url, Some(KEY))
    }

    /// Stops the host and gives its folder back.
    pub async fn stop(self) -> TempDir {
        drop(self.stop);
        self.served.await.unwrap();
        self.data
    }
}

/// Counts for nobody, where there is no host.
pub fn telemetry() -> Arc<Telemetry> {
    Arc::new(Telemetry::new(&Contract::default(), &[], Spans::default()).unwrap())
}

/// A configuration as the command line would make it, without a usage plan unless `flags` want one.
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

/// The built-in component, as hosts of these tests run it by default.
pub fn component_of_the_tree() -> Component {
    component(Isolation::Pooled)
}

/// The built-in component, compiled once for all tests of a mode.
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

//! The contestants. Each runs in a process of its own.

mod platform;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use clap::ValueEnum;
use hyper::header::HeaderValue;
use portdesk_test_support::{Launched, Prints};
use tokio::sync::Semaphore;

pub(crate) use self::platform::Platforms;
use crate::load::{Operation, Server};
use crate::native_desk;

/// A server to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Contestant {
    /// The desk as native code in our host, store in memory
    Native,
    /// Our host, store in memory
    Pooled,
    /// Our host with a new instance for each request, store in memory
    Fresh,
    /// The desk as native code in our host, embedded store
    NativeEmbedded,
    /// Our host, embedded store
    Embedded,
    /// `wasmtime serve` with its defaults, store in memory
    Wasmtime,
    /// `wasmtime serve` with one instance for all requests, store in memory
    WasmtimeReuse,
    /// Node with the modules that jco makes of the component, store in memory
    Node,
}

impl Contestant {
    /// The name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Contestant::Native => "native desk",
            Contestant::Pooled => "portdesk, pooled",
            Contestant::Fresh => "portdesk, fresh",
            Contestant::NativeEmbedded => "native desk, embedded store",
            Contestant::Embedded => "portdesk, pooled, embedded store",
            Contestant::Wasmtime => "wasmtime serve",
            Contestant::WasmtimeReuse => "wasmtime serve, one instance",
            Contestant::Node => "Node (jco)",
        }
    }

    /// Whether this operation is measured.
    pub(crate) fn takes(self, operation: Operation) -> bool {
        if operation.is_call() {
            return self == Contestant::Pooled;
        }
        match self {
            // Its store is empty at every request, so it has no ticket to read, list or comment on.
            Contestant::Wasmtime => operation == Operation::Post,
            Contestant::WasmtimeReuse => operation != Operation::Post,
            Contestant::Native
            | Contestant::Pooled
            | Contestant::Fresh
            | Contestant::NativeEmbedded
            | Contestant::Embedded
            | Contestant::Node => true,
        }
    }

    /// Whether its store keeps tickets.
    pub(crate) fn keeps_tickets(self) -> bool {
        self != Contestant::Wasmtime
    }

    /// The target of requests to this process.
    pub(crate) fn server(self, process: &Launched) -> Server {
        // The store in memory belongs to one instance, and wasmtime refuses a request while that instance is busy.
        let permits = (self == Contestant::WasmtimeReuse).then(|| Arc::new(Semaphore::new(1)));
        Server { address: process.address, key: HeaderValue::from_static(KEY), permits }
    }

    /// Starts the server with an empty folder.
    pub(crate) fn start(self, folder: &Path, platforms: &Platforms) -> Result<Launched> {
        let launched = match self {
            Contestant::Native => host(native_desk::COMMAND, folder, &["--store", "memory"])?,
            Contestant::Pooled => host("serve", folder, &["--store", "memory"])?,
            Contestant::Fresh => host("serve", folder, &["--store", "memory", "--isolation", "fresh"])?,
            Contestant::NativeEmbedded => host(native_desk::COMMAND, folder, &["--store", "embedded"])?,
            Contestant::Embedded => host("serve", folder, &["--store", "embedded"])?,
            Contestant::Wasmtime => platforms.wasmtime(&[]),
            Contestant::WasmtimeReuse => platforms.wasmtime(&platform::ONE_INSTANCE),
            Contestant::Node => platforms.node(),
        };
        launched.map_err(|printed| anyhow!("{} ended before it listened; it printed: {printed}", self.name()))
    }
}

/// Starts this program as a host, so that the same build contains all hosts and the native desk.
fn host(command: &str, folder: &Path, flags: &[&str]) -> Result<Result<Launched, String>> {
    let mut host = Command::new(std::env::current_exe().context("the path of this program")?);
    for (variable, _) in std::env::vars_os() {
        if variable.to_str().is_some_and(|name| name.starts_with("PORTDESK_")) {
            host.env_remove(variable);
        }
    }
    host.arg(command).args(["--listen", "127.0.0.1:0", "--rate-limit", "off", "--log-level", "error"]);
    // As many instances as connections, so that the host refuses no request.
    host.args(["--instances", "256"]).arg("--data-dir").arg(folder).args(flags);
    host.env("PORTDESK_API_KEY", KEY);
    Ok(Launched::start(&mut host, Prints::Output))
}

/// The key of our hosts, which listen only on the loopback interface and run only during a measurement.
const KEY: &str = "a-key-for-measurements-only";

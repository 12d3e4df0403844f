//! Who is measured, each in a process of its own.

mod platform;

use std::path::Path;
use std::process::Command;

use clap::ValueEnum;
use hyper::header::HeaderValue;
use portdesk_test_support::{Launched, Prints};

pub(crate) use self::platform::Platforms;
use crate::failure::Failure;
use crate::load::{Operation, Server};
use crate::native_desk;

/// A server that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contestant {
    /// The same logic, natively, in the same host, store in memory
    Native,
    /// Our host, store in memory
    Pooled,
    /// Our host with an instance for each request, store in memory
    Fresh,
    /// The same logic, natively, in the same host, embedded store
    NativeEmbedded,
    /// Our host, embedded store
    Embedded,
    /// `wasmtime serve` with its defaults, store in memory
    Wasmtime,
    /// `wasmtime serve` with one instance that stays, store in memory
    WasmtimeReuse,
    /// Node with what jco makes of the component, store in memory
    Node,
}

impl Contestant {
    /// As the tables write it.
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

    /// What it can be asked.
    pub(crate) fn takes(self, operation: Operation) -> bool {
        match self {
            // Its store forgets at every request: there is nothing to read, to list or to comment on.
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

    /// Whether it keeps what it is told.
    pub(crate) fn remembers(self) -> bool {
        self != Contestant::Wasmtime
    }

    /// Where its requests go.
    pub(crate) fn server(self, process: &Launched) -> Server {
        Server { address: process.address, key: HeaderValue::from_static(KEY), at_once: self.at_once() }
    }

    /// The most requests that it works on at once, where it refuses more: the store in memory is that of one instance,
    /// and wasmtime has no queue for an instance that works.
    fn at_once(self) -> Option<usize> {
        (self == Contestant::WasmtimeReuse).then_some(1)
    }

    /// Starts it over an empty folder.
    pub(crate) fn start(self, folder: &Path, platforms: &Platforms) -> Result<Launched, Failure> {
        match self {
            Contestant::Native => self.host(native_desk::COMMAND, folder, &["--store", "memory"]),
            Contestant::Pooled => self.host("serve", folder, &["--store", "memory"]),
            Contestant::Fresh => self.host("serve", folder, &["--store", "memory", "--isolation", "fresh"]),
            Contestant::NativeEmbedded => self.host(native_desk::COMMAND, folder, &["--store", "embedded"]),
            Contestant::Embedded => self.host("serve", folder, &["--store", "embedded"]),
            Contestant::Wasmtime => platforms.wasmtime(self.name(), &[]),
            Contestant::WasmtimeReuse => platforms.wasmtime(self.name(), &platform::ONE_INSTANCE),
            Contestant::Node => platforms.node(self.name()),
        }
    }

    /// This program, as a host: everything of it is built alike, whoever answers.
    fn host(self, command: &str, folder: &Path, flags: &[&str]) -> Result<Launched, Failure> {
        let program = std::env::current_exe().map_err(Failure::io("this program"))?;
        let mut host = Command::new(program);
        for (variable, _) in std::env::vars_os() {
            if variable.to_str().is_some_and(|name| name.starts_with("PORTDESK_")) {
                host.env_remove(variable);
            }
        }
        host.arg(command).args(["--listen", "127.0.0.1:0", "--rate-limit", "off", "--log-level", "error"]);
        // As many as there are connections: none is to be refused.
        host.args(["--instances", "256"]).arg("--data-dir").arg(folder).args(flags);
        host.env("PORTDESK_API_KEY", KEY);
        Launched::start(&mut host, Prints::Output).map_err(Failure::start(self.name()))
    }
}

/// Opens our hosts, which listen for this machine alone and live as long as a measurement.
const KEY: &str = "a-key-for-measurements-only";

//! The platforms of others, with the stand-alone component over the store in memory.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use portdesk_components::{STORES, stand_alone};
use portdesk_test_support::{Launched, Prints};
use tempfile::TempDir;

use super::Contestant;
use crate::failure::Failure;

/// What the platforms need, made once for all rounds.
#[derive(Debug)]
pub(crate) struct Platforms {
    folder: TempDir,
    /// wasmtime's own command line, optimized; none where nobody takes part that needs it.
    wasmtime: Option<PathBuf>,
}

/// An instance that stays, and no other beside it: the store in memory is the instance's.
pub(super) const ONE_INSTANCE: [&str; 8] = [
    "--max-instance-reuse-count",
    "1000000000",
    "--idle-instance-timeout",
    "3600s",
    "-O",
    "pooling-allocator=y",
    "-O",
    "pooling-total-component-instances=1",
];

impl Platforms {
    /// Makes what these contestants need. `wasmtime` is the program to measure; without it, one is installed.
    pub(crate) fn prepare(contestants: &[Contestant], wasmtime: Option<&Path>) -> Result<Platforms, Failure> {
        let takes_part = |some: &[Contestant]| contestants.iter().any(|one| some.contains(one));
        let folder = tempfile::tempdir().map_err(Failure::io("a folder for the component"))?;
        let needs_wasmtime = takes_part(&[Contestant::Wasmtime, Contestant::WasmtimeReuse]);
        let mut platforms = Platforms { folder, wasmtime: None };
        if needs_wasmtime || takes_part(&[Contestant::Node]) {
            let stores = STORES.into_iter().filter(|store| store.name == "memory");
            for store in stores {
                let wasm = stand_alone(store)?.wasm;
                fs::write(platforms.component(), wasm).map_err(Failure::io("the component"))?;
            }
        }
        if needs_wasmtime {
            let installed = || portdesk_test_support::optimized_wasmtime().to_owned();
            platforms.wasmtime = Some(wasmtime.map_or_else(installed, Path::to_owned));
        }
        if takes_part(&[Contestant::Node]) {
            portdesk_test_support::transpile(&platforms.component(), &platforms.transpiled());
        }
        Ok(platforms)
    }

    /// wasmtime, if it takes part.
    pub(crate) fn wasmtime_program(&self) -> Option<&Path> {
        self.wasmtime.as_deref()
    }

    pub(super) fn wasmtime(&self, name: &str, flags: &[&str]) -> Result<Launched, Failure> {
        let mut command = Command::new(self.wasmtime.as_deref().unwrap_or(Path::new("wasmtime")));
        command.args(["serve", "-S", "cli", "--addr", "127.0.0.1:0"]).args(flags).arg(self.component());
        Launched::start(&mut command, Prints::Error).map_err(Failure::start(name))
    }

    pub(super) fn node(&self, name: &str) -> Result<Launched, Failure> {
        let start = || {
            let mut command = Command::new("node");
            command.current_dir(self.transpiled()).arg("server.mjs").env("PORT", free_port()?.to_string());
            Launched::start(&mut command, Prints::Output).map_err(Failure::start(name))
        };
        // Another program may take the port between the moment when it is found free and the server's start.
        (1..ATTEMPTS).find_map(|_| start().ok()).map_or_else(start, Ok)
    }

    fn component(&self) -> PathBuf {
        self.folder.path().join("portdesk.wasm")
    }

    fn transpiled(&self) -> PathBuf {
        self.folder.path().join("node")
    }
}

fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(Failure::io("a free port"))
}

const ATTEMPTS: u32 = 10;

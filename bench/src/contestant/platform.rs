//! Other platforms, with the stand-alone component over the store in memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use portdesk_components::{STORES, stand_alone};
use portdesk_test_support::{Launched, Prints, free_port};
use tempfile::TempDir;

use super::Contestant;

/// The files that the platforms need, made once for all rounds.
#[derive(Debug)]
pub(crate) struct Platforms {
    folder: TempDir,
    /// wasmtime's own command line, optimized; `None` if no contestant needs it.
    pub(crate) wasmtime: Option<PathBuf>,
}

/// The flags for exactly one instance that is never replaced, because the store in memory belongs to the instance.
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
    /// Makes and installs what these contestants need.
    pub(crate) fn prepare(contestants: &[Contestant]) -> Result<Platforms> {
        let needs = |some: &[Contestant]| contestants.iter().any(|contestant| some.contains(contestant));
        let folder = tempfile::tempdir().context("a folder for the component")?;
        let mut platforms = Platforms { folder, wasmtime: None };
        if needs(&[Contestant::Wasmtime, Contestant::WasmtimeReuse, Contestant::Node]) {
            for store in STORES.into_iter().filter(|store| store.name == "memory") {
                fs::write(platforms.component(), stand_alone(store)?.wasm).context("the component")?;
            }
        }
        if needs(&[Contestant::Wasmtime, Contestant::WasmtimeReuse]) {
            platforms.wasmtime = Some(portdesk_test_support::optimized_wasmtime().to_owned());
        }
        if needs(&[Contestant::Node]) {
            portdesk_test_support::transpile(&platforms.component(), &platforms.transpiled());
        }
        Ok(platforms)
    }

    pub(super) fn wasmtime(&self, flags: &[&str]) -> Result<Launched, String> {
        let mut command = Command::new(self.wasmtime.as_deref().unwrap_or(Path::new("wasmtime")));
        command.args(["serve", "-S", "cli", "--addr", "127.0.0.1:0"]).args(flags).arg(self.component());
        Launched::start(&mut command, Prints::Error)
    }

    pub(super) fn node(&self) -> Result<Launched, String> {
        let start = || {
            let mut command = Command::new("node");
            command.current_dir(self.transpiled()).arg("server.mjs").env("PORT", free_port().to_string());
            Launched::start(&mut command, Prints::Output)
        };
        // Another program can take the free port before the server binds it.
        (1..ATTEMPTS).find_map(|_| start().ok()).map_or_else(start, Ok)
    }

    fn component(&self) -> PathBuf {
        self.folder.path().join("portdesk.wasm")
    }

    fn transpiled(&self) -> PathBuf {
        self.folder.path().join("node")
    }
}

const ATTEMPTS: u32 = 10;

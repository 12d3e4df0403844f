//! What other platforms offer a component, as far as a stand-alone desk may ask for it.
//!
//! From the published documentation of each: wasmtime-cli 48.0.8 (`serve -S cli`), Spin 4.0.2, wasmCloud 2.7.0, jco 1.35.0 with
//! preview2-shim 0.26.1. All of them match any patch release of WASI 0.2 with any other.

/// A platform that serves `wasi:http`.
#[derive(Debug, Clone, Copy)]
pub struct Platform {
    /// What it is called, with the version that was looked at.
    pub name: &'static str,
    /// Interfaces of WASI 0.2, without their versions.
    interfaces: &'static [&'static [&'static str]],
}

/// The platforms that every stand-alone component has to fit.
pub const PLATFORMS: [Platform; 4] = [
    Platform { name: "wasmtime serve 48 (-S cli)", interfaces: &[IO, CLOCKS, RANDOM, CLI, HTTP] },
    Platform { name: "Spin 4", interfaces: &[IO, CLOCKS, RANDOM, CLI, HTTP] },
    Platform { name: "wasmCloud 2", interfaces: &[IO, CLOCKS, RANDOM, CLI, HTTP] },
    Platform { name: "Node (jco 1.35)", interfaces: &[IO, CLOCKS, RANDOM, CLI, HTTP] },
];

impl Platform {
    /// Whether it offers this import, which is named with its version.
    #[must_use]
    pub fn offers(&self, import: &str) -> bool {
        let Some((interface, version)) = import.split_once('@') else { return false };
        let is_release = version.strip_prefix("0.2.").is_some_and(|patch| patch.parse::<u32>().is_ok());
        is_release && self.interfaces.iter().any(|package| package.contains(&interface))
    }
}

const IO: &[&str] = &["wasi:io/error", "wasi:io/poll", "wasi:io/streams"];
const CLOCKS: &[&str] = &["wasi:clocks/monotonic-clock", "wasi:clocks/wall-clock"];
const RANDOM: &[&str] = &["wasi:random/insecure", "wasi:random/insecure-seed", "wasi:random/random"];
const CLI: &[&str] = &[
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
];
const HTTP: &[&str] = &["wasi:http/outgoing-handler", "wasi:http/types"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_offers_releases_of_wasi_and_nothing_else() {
        for platform in PLATFORMS {
            assert!(platform.offers("wasi:http/types@0.2.12"));
            for other in [
                "wasi:http/types@0.3.0",
                "wasi:http/types@0.2.0-rc",
                "wasi:http/types",
                "wasi:sockets/tcp@0.2.12",
                "portdesk:desk/key-value@0.1.0",
            ] {
                assert!(!platform.offers(other), "{}: {other}", platform.name);
            }
        }
    }
}

//! The platforms that can run a stand-alone component, and the interfaces that a stand-alone component may import from them.
//!
//! The sources are the published documents of wasmtime-cli 48.0.8 (`serve -S cli`), Spin 4.0.2, wasmCloud 2.7.0, and jco 1.35.0
//! with preview2-shim 0.26.1. Each platform accepts an import of any patch release of WASI 0.2.

/// The platforms that offer all interfaces below.
pub(crate) const PLATFORMS: [&str; 4] =
    ["wasmtime serve 48 (-S cli)", "Spin 4", "wasmCloud 2", "Node (jco 1.35)"];

/// Whether the platforms offer this import. The name includes the version.
pub(crate) fn is_offered(import: &str) -> bool {
    let Some((interface, version)) = import.split_once('@') else { return false };
    let is_release = version.strip_prefix("0.2.").is_some_and(|patch| patch.parse::<u32>().is_ok());
    is_release && INTERFACES.contains(&interface)
}

const INTERFACES: [&str; 20] = [
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
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:http/outgoing-handler",
    "wasi:http/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
];

#[cfg(test)]
mod tests {
    use super::is_offered;

    #[test]
    fn platforms_offer_only_releases_of_wasi() {
        assert!(is_offered("wasi:http/types@0.2.12"));
        for other in [
            "wasi:http/types@0.3.0",
            "wasi:http/types@0.2.0-rc",
            "wasi:http/types",
            "wasi:sockets/tcp@0.2.12",
            "portdesk:desk/key-value@0.1.0",
        ] {
            assert!(!is_offered(other), "{other}");
        }
    }
}

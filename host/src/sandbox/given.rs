//! What a component gets of each interface that it imports.

use std::fmt;

/// What a component gets of an interface. The order is that of `portdesk check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Given {
    /// Items in the store of the host.
    Items,
    /// The time of day and the time that has passed.
    Time,
    /// Random bytes.
    Randomness,
    /// Standard output and standard error.
    Output,
    /// Standard input and terminals.
    Input,
    /// Variables, arguments and a working directory.
    Environment,
    /// Files and folders.
    Files,
    /// Sockets and the names of other machines.
    Network,
}

impl Given {
    /// What the host gives a desk of the interface with this name. `None` if a desk cannot import the interface.
    #[must_use]
    pub fn of(import: &str) -> Option<Given> {
        let (interface, version) = import.split_once('@').unwrap_or((import, ""));
        if interface == "portdesk:desk/key-value" {
            return Some(Given::Items);
        }
        let is_release = version
            .strip_prefix("0.2.")
            .is_some_and(|patch| !patch.is_empty() && patch.bytes().all(|byte| byte.is_ascii_digit()));
        if is_release { of_wasi(interface) } else { None }
    }

    /// Whether the host has this interface for every component. It links the others only to a component that imports
    /// one of them.
    pub(super) fn is_for_every_component(import: &str) -> bool {
        let interface = import.split_once('@').map_or(import, |(interface, _)| interface);
        ["portdesk:desk/key-value", "wasi:clocks/wall-clock", "wasi:random/random"].contains(&interface)
    }
}

/// The interfaces of WASI 0.2 that the host links (`wasi.rs`, `wasi/`).
fn of_wasi(interface: &str) -> Option<Given> {
    Some(match interface.strip_prefix("wasi:")? {
        "clocks/monotonic-clock" | "clocks/wall-clock" | "io/poll" => Given::Time,
        "random/insecure" | "random/insecure-seed" | "random/random" => Given::Randomness,
        "cli/stderr" | "cli/stdout" | "io/error" | "io/streams" => Given::Output,
        "cli/stdin"
        | "cli/terminal-input"
        | "cli/terminal-output"
        | "cli/terminal-stderr"
        | "cli/terminal-stdin"
        | "cli/terminal-stdout" => Given::Input,
        "cli/environment" | "cli/exit" => Given::Environment,
        "filesystem/preopens" | "filesystem/types" => Given::Files,
        "sockets/instance-network"
        | "sockets/ip-name-lookup"
        | "sockets/network"
        | "sockets/tcp"
        | "sockets/tcp-create-socket"
        | "sockets/udp"
        | "sockets/udp-create-socket" => Given::Network,
        _ => return None,
    })
}

impl fmt::Display for Given {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Given::Items => "items: its own, in the store of the host",
            Given::Time => {
                "time: that of the host, or of the space; a wait ends at the deadline of the request"
            }
            Given::Randomness => "randomness: that of the host, or of the space",
            Given::Output => "output: the first lines of each request, in the log at level debug",
            Given::Input => "input: none",
            Given::Environment => {
                "environment: no variables, no arguments; an exit ends the request with 500"
            }
            Given::Files => "files: none",
            Given::Network => "network: none; every socket is refused",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Given;

    #[test]
    fn a_release_of_wasi_0_2_is_given_and_no_other_version() {
        assert_eq!(Given::of("wasi:filesystem/types@0.2.6"), Some(Given::Files));
        assert_eq!(Given::of("portdesk:desk/key-value@0.1.0"), Some(Given::Items));
        for name in [
            "wasi:filesystem/types",
            "wasi:filesystem/types@0.2.0-rc-2023-11-10",
            "wasi:filesystem/types@0.3.0",
            "wasi:filesystem/types@0.2.",
            "wasi:http/types@0.2.12",
            "wasi:keyvalue/store@0.2.0-draft",
            "other:filesystem/types@0.2.6",
        ] {
            assert_eq!(Given::of(name), None, "{name}");
        }
    }
}

//! The limit of file descriptors: every connection needs one, and the store needs some too.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// Raises the limit of open files of the whole process as far as the system allows, and returns how many of `wanted`
/// connections fit.
pub(super) fn for_connections(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        // If the limit cannot be raised, the current limit holds.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    }
    let Some(limit) = getrlimit(Resource::Nofile).current else { return wanted };
    let room = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(RESERVED).max(LEAST);
    if room < wanted {
        warn!(
            connections = room,
            limit,
            "the limit of open files allows fewer connections than --connections; raise it (ulimit -n)"
        );
    }
    wanted.min(room)
}

/// Descriptors for the store, the key files, the runtime, and for files that are just being opened or closed.
const RESERVED: usize = 64;
/// The least number of connections. If the limit leaves fewer, it is better to run out of descriptors at times.
const LEAST: usize = 16;

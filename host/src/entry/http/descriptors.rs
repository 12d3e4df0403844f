//! File descriptors: every connection takes one, and the store needs some too.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// Raises the limit of open files to what this process may have, and gives how many of `wanted` connections fit. What
/// it does holds for the whole process.
pub(super) fn for_connections(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        // A limit that cannot be raised is the one that holds.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    }
    let Some(limit) = getrlimit(Resource::Nofile).current else { return wanted };
    let room = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(RESERVED).max(LEAST);
    if room < wanted {
        warn!(
            connections = room,
            limit, "fewer connections than --connections: the limit of open files is low"
        );
    }
    wanted.min(room)
}

/// For the store, the key files, the runtime and what is just being opened or closed.
const RESERVED: usize = 64;
/// Where the limit is so low that nothing is left, running out is the lesser evil.
const LEAST: usize = 16;

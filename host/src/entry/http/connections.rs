//! The open connections: their limits, and which connection is cut if there are too many.
//!
//! The attack: a few thousand silent clients occupy all connections, so that no other client can connect. So a new
//! connection is not refused while another one waits for its client: the one that has waited longest is cut instead.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::debug;

use super::close_reason::CloseReason;
use super::limits::ConnectionLimits;
use super::wait::ClientWait;
use crate::telemetry::{Level, Telemetry};

/// The connections of a server.
pub(super) struct Connections {
    pub(super) limits: ConnectionLimits,
    open: Mutex<Open>,
}

struct Open {
    telemetry: Arc<Telemetry>,
    next: u64,
    /// Sorted by age, the oldest first.
    connections: BTreeMap<u64, Arc<Connection>>,
    /// The number of connections of each peer that has any.
    peers: HashMap<IpAddr, usize>,
}

/// The state of one connection, which its stream, its requests and the watch over all connections share.
pub(super) struct Connection {
    peer: IpAddr,
    wait: Mutex<ClientWait>,
    cut: Notify,
    resets: AtomicBool,
}

/// Counts a connection until it is dropped.
pub(super) struct ConnectionSlot {
    /// The connection that is counted.
    pub(super) connection: Arc<Connection>,
    number: u64,
    connections: Arc<Connections>,
    _counted: Level,
}

impl Connections {
    pub(super) fn new(limits: ConnectionLimits, telemetry: Arc<Telemetry>) -> Connections {
        let open = Open { telemetry, next: 0, connections: BTreeMap::new(), peers: HashMap::new() };
        Connections { limits, open: Mutex::new(open) }
    }

    /// Admits a connection of this peer. Returns `None` if there are too many and none of them can be cut, because the
    /// host works on requests of all of them.
    pub(super) fn admit(self: &Arc<Connections>, peer: IpAddr) -> Option<ConnectionSlot> {
        let peer = network(peer);
        let mut open = self.lock();
        let of_peer = open.peers.get(&peer).copied().unwrap_or_default();
        let has_room = if of_peer >= self.limits.connections_per_peer {
            open.evict(|connection| connection.peer == peer)
        } else {
            open.connections.len() < self.limits.connections || open.evict(|_| true)
        };
        if !has_room {
            return None;
        }
        let (number, connection) = (open.next, Arc::new(Connection::new(peer)));
        open.next += 1;
        open.connections.insert(number, Arc::clone(&connection));
        *open.peers.entry(peer).or_default() += 1;
        let counted = open.telemetry.metrics.connection();
        Some(ConnectionSlot { connection, number, connections: Arc::clone(self), _counted: counted })
    }

    /// Cuts the connection that has waited longest for its client, if it has waited for at least a second.
    pub(super) fn evict(&self) {
        self.lock().evict(|_| true);
    }

    /// Runs for ever. Cuts the connections that exceed a time limit. If unread answers take too much memory, it also cuts
    /// the connections that have the most of them.
    pub(super) async fn watch(self: Arc<Connections>) {
        loop {
            tokio::time::sleep(LOOK_INTERVAL).await;
            self.cut_timed_out(Instant::now());
        }
    }

    fn cut_timed_out(&self, now: Instant) {
        let mut open = self.lock();
        let mut late = Vec::new();
        let mut unread = Vec::new();
        for (&number, connection) in &open.connections {
            let wait = connection.wait();
            if let Some(why) = wait.timed_out(&self.limits, now) {
                late.push((number, why));
            } else if wait.unread_bytes() > 0 {
                unread.push((wait.unread_bytes(), number));
            }
        }
        let mut bytes: usize = unread.iter().map(|(bytes, _)| bytes).sum();
        unread.sort_unstable_by_key(|&(bytes, _)| Reverse(bytes));
        for (freed, number) in unread {
            if bytes <= self.limits.unread_bytes {
                break;
            }
            bytes -= freed;
            late.push((number, CloseReason::Unread));
        }
        for (number, close_reason) in late {
            open.cut(number, close_reason);
        }
    }

    /// Cuts the connections that have no open request and no answer being sent, so that nothing is lost.
    pub(super) fn cut_quiet(&self) {
        let mut open = self.lock();
        let quiet = open.connections.iter().filter(|(_, connection)| connection.wait().is_quiet());
        let quiet: Vec<u64> = quiet.map(|(&number, _)| number).collect();
        for number in quiet {
            open.cut(number, CloseReason::Stopping);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Cuts one of the connections that `may_go`: first one that never had a request, then the one that waited longest.
    fn evict(&mut self, may_go: impl Fn(&Connection) -> bool) -> bool {
        let now = Instant::now();
        let mut longest: Option<(Instant, u64)> = None;
        for (&number, connection) in self.connections.iter().filter(|(_, connection)| may_go(connection)) {
            let wait = connection.wait();
            let Some(since) = wait.waiting_since() else { continue };
            if now.saturating_duration_since(since) < LEAST_WAIT {
                continue;
            }
            if !wait.is_proven {
                longest = Some((since, number));
                break;
            }
            longest = Some(longest.map_or((since, number), |longest| longest.min((since, number))));
        }
        let Some((_, number)) = longest else { return false };
        self.cut(number, CloseReason::Evicted);
        true
    }

    fn cut(&mut self, number: u64, close_reason: CloseReason) {
        if let Some(connection) = self.remove(number) {
            let reason = close_reason.as_str();
            debug!(reason, "ended a connection");
            self.telemetry.metrics.connection_ended(reason);
            connection.resets.store(close_reason.resets(), Ordering::Relaxed);
            connection.cut.notify_one();
        }
    }

    fn remove(&mut self, number: u64) -> Option<Arc<Connection>> {
        let connection = self.connections.remove(&number)?;
        if let Some(count) = self.peers.get_mut(&connection.peer) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.peers.remove(&connection.peer);
            }
        }
        Some(connection)
    }
}

impl Connection {
    fn new(peer: IpAddr) -> Connection {
        let wait = Mutex::new(ClientWait::new(Instant::now()));
        Connection { peer, wait, cut: Notify::new(), resets: AtomicBool::new(false) }
    }

    /// The state of the connection. Callers must hold the lock briefly, and never two of these locks at once.
    pub(super) fn wait(&self) -> MutexGuard<'_, ClientWait> {
        self.wait.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves when the connection must end.
    pub(super) async fn cut(&self) {
        self.cut.notified().await;
    }

    /// Whether the connection is reset when it ends; see [`CloseReason::resets`].
    pub(super) fn resets(&self) -> bool {
        self.resets.load(Ordering::Relaxed)
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.connections.lock().remove(self.number);
    }
}

/// Counts all addresses of an IPv6 network of 64 bits as one peer, because a client with one of them has all of them.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

/// How often the time limits of connections are checked.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// A connection that has waited for less is not evicted: a head that is on its way arrives within that time.
const LEAST_WAIT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;

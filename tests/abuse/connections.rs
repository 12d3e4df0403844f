//! Connections that hold a place without a use: silent, half open, slow to send and slow to read.

mod part;

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::probe::Probe;
use crate::harness::{Process, is_long};
use part::Part;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_connections_are_closed_and_hold_nobody_up() {
    let size = if is_long() { FULL } else { SMALL };
    let connections = size.connections.min(descriptors().saturating_sub(OF_OTHERS));
    let data = tempfile::tempdir().unwrap();
    let flags = [&["--store", "memory", "--rate-limit", "off"], size.flags].concat();
    let host = Process::start(data.path(), &flags);
    let address: SocketAddrV4 = host.url.trim_start_matches("http://").parse().unwrap();
    let before_kib = host.resident_kib();
    let probe = Probe::start(&host.url);
    // This test is not about the kernel's queue of new connections.
    let opening = Arc::new(Semaphore::new(OPENED_AT_ONCE));
    let mut held = JoinSet::new();
    for number in 0..connections {
        let opening = Arc::clone(&opening);
        held.spawn(async move {
            let part = Part::of(number);
            let permit = opening.acquire_owned().await.unwrap();
            let connection = open(number, address).await;
            drop(permit);
            let begun = Instant::now();
            (part, part.play(connection, begun + size.longest).await, begun.elapsed())
        });
    }
    let ends = held.join_all().await;
    let probed = probe.stop().await;
    let peak_kib = host.peak_kib();
    for part in Part::ALL {
        let of_part = ends.iter().filter(|(other, ..)| *other == part);
        let slowest = of_part.clone().map(|(_, _, time)| *time).max().unwrap();
        println!("{part:?}: {} connections, the last was closed after {slowest:.1?}", of_part.count());
    }
    println!("{probed}; {before_kib} KiB before, {peak_kib} KiB at most");
    let open = ends.iter().filter(|(_, is_closed, time)| !is_closed || *time > size.longest + LATE);
    let mut open: Vec<_> = open.map(|(part, _, time)| format!("{part:?} after {time:?}")).collect();
    open.dedup();
    assert!(open.is_empty(), "still open: {open:?}");
    let bound_kib = before_kib + KIB_EACH * connections as u64;
    assert!(peak_kib < bound_kib, "{before_kib} KiB before, {peak_kib} KiB at most");
}

/// Raises the limit of open files of this process as far as it can, and returns the limit.
fn descriptors() -> usize {
    let limit = getrlimit(Resource::Nofile);
    // If the limit cannot be raised, the old one holds.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    getrlimit(Resource::Nofile).current.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap())
}

/// Opens a connection. Each hundred connections have an address of their own, if the system allows it.
async fn open(number: usize, host: SocketAddrV4) -> TcpStream {
    let [third, fourth] = u16::try_from(number / 100 + 2).unwrap().to_be_bytes();
    let own = SocketAddr::from((Ipv4Addr::new(127, 0, third, fourth), 0));
    let socket = TcpSocket::new_v4().unwrap();
    // Only Linux has all addresses of 127.0.0.0/8. Other systems use 127.0.0.1.
    let _ = socket.bind(own);
    socket.connect(host.into()).await.unwrap()
}

struct Size {
    connections: usize,
    flags: &'static [&'static str],
    /// How long a host with these flags may keep a connection.
    longest: Duration,
}

const SMALL: Size = Size { connections: 2000, flags: &IMPATIENT, longest: Duration::from_secs(7) };
/// Short limits, for a short test.
const IMPATIENT: [&str; 2] = ["--client-timeout-ms=1000", "--time-limit-ms=2000"];
/// With the defaults.
const FULL: Size = Size { connections: 10_000, flags: &[], longest: Duration::from_secs(15) };

/// How long a busy machine may take to run the task that notices the end.
const LATE: Duration = Duration::from_secs(1);
/// The memory of the host for a connection, in KiB: the state of HTTP/2, and the answers.
const KIB_EACH: u64 = 48;
/// File descriptors for the other tests of this process.
const OF_OTHERS: usize = 1000;
const OPENED_AT_ONCE: usize = 64;

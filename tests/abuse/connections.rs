//! Connections that take a place and give nothing: silent, half open, slow to send and slow to read.

mod part;

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::is_full;
use super::prober::Prober;
use crate::harness::Process;
use part::Part;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_connections_are_closed_and_hold_nobody_up() {
    let size = if is_full() { FULL } else { SMALL };
    let data = tempfile::tempdir().unwrap();
    let flags = [&["--store", "memory", "--rate-limit", "off"], size.flags].concat();
    let host = Process::start(data.path(), &flags);
    let address: SocketAddrV4 = host.url.trim_start_matches("http://").parse().unwrap();
    let before_kib = host.resident_kib();
    let prober = Prober::start(&host.url);
    // What stands in the system's queue of new connections is not what is tested.
    let opening = Arc::new(Semaphore::new(OPENED_AT_ONCE));
    let mut held = JoinSet::new();
    for number in 0..size.connections {
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
    let probed = prober.stop().await;
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
    assert!(peak_kib - before_kib < size.growth_kib, "{before_kib} KiB before, {peak_kib} KiB at most");
}

/// Each hundred come from an address of their own, where the system lets them.
async fn open(number: usize, host: SocketAddrV4) -> TcpStream {
    let [third, fourth] = u16::try_from(number / 100 + 2).unwrap().to_be_bytes();
    let own = SocketAddr::from((Ipv4Addr::new(127, 0, third, fourth), 0));
    let socket = TcpSocket::new_v4().unwrap();
    // Only Linux has all these addresses; elsewhere they come from the one that there is.
    let _ = socket.bind(own);
    socket.connect(host.into()).await.unwrap()
}

struct Size {
    connections: usize,
    flags: &'static [&'static str],
    /// How long a host that was started with these flags may keep a connection.
    longest: Duration,
    growth_kib: u64,
}

const SMALL: Size =
    Size { connections: 2000, flags: &[], longest: Duration::from_secs(15), growth_kib: 200 * 1024 };
const FULL: Size =
    Size { connections: 10_000, flags: &[], longest: Duration::from_secs(15), growth_kib: 200 * 1024 };

/// For a busy machine to run the task that sees the end.
const LATE: Duration = Duration::from_secs(1);
const OPENED_AT_ONCE: usize = 64;

//! Floods of HTTP/2 frames. Each frame is legal by itself, and a server has to answer, remember or undo it.

mod flood;
pub mod frames;

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::probe::Probe;
use crate::harness::{Process, is_long};
use flood::{Flood, Seen};

const ATTACKERS: usize = 4;
/// How much memory may grow in any of the floods.
const GROWTH_KIB: u64 = 10 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_of_frames_cost_little_memory_and_hold_nobody_up() {
    let time = if is_long() { Duration::from_secs(10) } else { Duration::from_millis(700) };
    let data = tempfile::tempdir().unwrap();
    let host = Process::start(data.path(), &["--store", "memory", "--rate-limit", "off"]);
    // After this the host has all instances and buffers that the floods need.
    let probe = Probe::start(&host.url);
    for flood in Flood::ALL {
        attack(&host, flood, time / 2).await;
    }
    probe.stop().await;
    for flood in Flood::ALL {
        let before_kib = host.resident_kib();
        let probe = Probe::start(&host.url);
        let (seen, most_kib) = attack(&host, flood, time).await;
        let probed = probe.stop().await;
        println!("{flood:?}: {seen:?}; {probed}; {before_kib} KiB before, {most_kib} KiB at most");
        assert!(seen.frames > 1000, "no flood: {seen:?}");
        assert!(
            most_kib < before_kib + GROWTH_KIB,
            "{flood:?}: {before_kib} KiB before, {most_kib} KiB at most"
        );
    }
}

/// What the attackers counted, and the peak memory of the host.
async fn attack(host: &Process, flood: Flood, time: Duration) -> (Seen, u64) {
    let address = host.url.trim_start_matches("http://");
    let until = Instant::now() + time;
    let mut attackers: JoinSet<Seen> =
        (0..ATTACKERS).map(|_| flood.attack(address.to_owned(), until)).collect();
    let (mut seen, mut most_kib) = (Seen::default(), host.resident_kib());
    while !attackers.is_empty() {
        let joined = tokio::time::timeout(BETWEEN_LOOKS, attackers.join_next()).await;
        if let Ok(Some(of_one)) = joined {
            seen += of_one.unwrap();
        }
        most_kib = most_kib.max(host.resident_kib());
    }
    (seen, most_kib)
}

const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

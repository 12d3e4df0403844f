//! A host without free file descriptors: more silent clients than it can have at once.
//!
//! The test runs on Linux, which shows the processor time of a process finely enough.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::probe::probe;
use crate::harness::{Process, behind, is_long, serve};

/// The limit of open files of the host.
const DESCRIPTORS: usize = 128;
const CONNECTIONS: usize = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_without_file_descriptors_waits_and_goes_on() {
    let data = tempfile::tempdir().unwrap();
    let flags = ["--store", "memory", "--rate-limit", "off", "--log-level", "error"];
    // The host cannot raise this limit.
    let shell = format!("ulimit -n {DESCRIPTORS}");
    let host = Process::spawn(&mut behind(&shell, &serve(data.path(), &flags)));
    let address: SocketAddr = host.address().parse().unwrap();
    probe(address.to_string(), "/healthz").await;
    let mut opened = JoinSet::new();
    for _ in 0..CONNECTIONS {
        // The kernel completes a connection before the host accepts it, up to the length of its queue.
        opened.spawn(timeout(Duration::from_secs(5), TcpSocket::new_v4().unwrap().connect(address)));
    }
    let held: Vec<TcpStream> =
        opened.join_all().await.into_iter().filter_map(|connection| connection.ok()?.ok()).collect();
    assert!(held.len() > 200, "only {} connections were made", held.len());

    // Not a wait for something: the test measures for this long.
    let (measured, before) = (if is_long() { FULL } else { SMALL }, host.processor_time());
    sleep(measured).await;
    let used = host.processor_time() - before;
    let share = used.as_secs_f64() / measured.as_secs_f64();
    println!("{} connections, {DESCRIPTORS} descriptors: {:.1} % of a core", held.len(), share * 100.0);
    // On a machine that runs other tests, a turn costs more than its work.
    assert!(share < if is_long() { 0.1 } else { 0.5 }, "{:.0} % of a core", share * 100.0);

    drop(held);
    let released = Instant::now();
    probe(address.to_string(), "/tickets?caller=ada").await;
    println!("served {:.1?} after the release", released.elapsed());
    assert!(!is_long() || released.elapsed() < Duration::from_secs(2), "{:?}", released.elapsed());
    assert_eq!(host.end("TERM").0, Some(0), "it stops as any other");
}

const SMALL: Duration = Duration::from_secs(1);
const FULL: Duration = Duration::from_secs(10);

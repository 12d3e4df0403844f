//! Ten times as many requests as a host can answer. Few instances and a slow store limit what the host can answer, so that
//! the host is overloaded and the machine is not.

mod load;

use std::time::{Duration, Instant};

use super::probe::Probe;
use crate::faults::{Fault, Plan, Proxy};
use crate::harness::{HostOnDynamo, Table, is_long, path};
use load::{Load, Offered};

struct Size {
    instances: &'static str,
    /// How long the store takes for a call.
    store_time: Duration,
    time: Duration,
}

const SMALL: Size =
    Size { instances: "4", store_time: Duration::from_millis(50), time: Duration::from_millis(1500) };
const FULL: Size =
    Size { instances: "8", store_time: Duration::from_millis(40), time: Duration::from_secs(20) };
const TIMES: f64 = 10.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overload_is_refused_and_what_can_be_answered_is() {
    let size = if is_long() { FULL } else { SMALL };
    let table = Table::create().await;
    let proxy = Proxy::start(&table.server.endpoint, Plan::none()).await;
    let host = HostOnDynamo::start(&proxy.url, &["--instances", size.instances]);
    let ticket = host.client().create("overload", "The VPN drops.").await;
    let load = Load { client: host.client(), path: path(&ticket) };
    proxy.follow(Plan::always(Fault::Slow(size.store_time)));

    let at_once: usize = size.instances.parse().unwrap();
    // Twice as many clients as instances: a request is always ready to start, and none waits for long.
    let peak = load.by_turns(2 * at_once, size.time).await.answered_a_second();
    let probe = Probe::asking(&host.process.url, &["/healthz"]);
    let offered = load.offered(TIMES * peak, size.time).await;
    let probed = probe.stop().await;
    let ended = Instant::now();
    until_calm(&load, at_once).await;
    let recovered = ended.elapsed();

    println!("{peak:.0} a second at most; offered {:.0}: {offered:?}", TIMES * peak);
    println!("{probed}; normal again after {recovered:.1?}");
    assert!(offered.answered > 0 && offered.refused > offered.answered, "no overload: {offered:?}");
    assert!(recovered < Duration::from_secs(if is_long() { 1 } else { 10 }), "{recovered:?}");
    if is_long() {
        assert!(offered.answered_a_second() >= 0.9 * peak, "{offered:?}, of {peak:.0} a second");
        assert!(offered.slowest_refusal <= Duration::from_millis(60), "{offered:?}");
    }
    host.stop().await;
}

/// Asks until as many requests as there are instances are answered at once.
async fn until_calm(load: &Load, at_once: usize) {
    loop {
        let Offered { refused, .. } = load.by_turns(at_once, Duration::ZERO).await;
        if refused == 0 {
            return;
        }
    }
}

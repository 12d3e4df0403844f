use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, advance};

use super::{ConnectionSlot, Connections, network};
use crate::contract::Contract;
use crate::entry::http::limits::ConnectionLimits;
use crate::telemetry::{Spans, Telemetry};

const ONE: &str = "192.0.2.1";
const OTHER: &str = "192.0.2.2";

fn connections(connections: usize, connections_per_peer: usize) -> Arc<Connections> {
    let telemetry = Telemetry::new(&Contract::default(), &[], Spans::default()).unwrap();
    let limits = ConnectionLimits { connections, connections_per_peer, ..ConnectionLimits::FOR_TESTS };
    Arc::new(Connections::new(limits, Arc::new(telemetry)))
}

fn admit(connections: &Arc<Connections>, peer: &str) -> Option<ConnectionSlot> {
    let slot = connections.admit(peer.parse().unwrap())?;
    slot.connection.wait().opened(Instant::now());
    Some(slot)
}

/// Whether the connection was cut.
async fn is_cut(slot: &ConnectionSlot) -> bool {
    tokio::time::timeout(Duration::ZERO, slot.connection.cut()).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn a_connection_above_the_limit_evicts_the_one_that_waited_longest() {
    let connections = connections(2, 2);
    let first = admit(&connections, ONE).unwrap();
    advance(Duration::from_secs(2)).await;
    let second = admit(&connections, ONE).unwrap();
    let third = admit(&connections, OTHER).unwrap();
    assert!(is_cut(&first).await);
    assert!(!is_cut(&second).await && !is_cut(&third).await);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_waited_briefly_or_has_an_open_request_is_not_evicted() {
    let connections = connections(1, 1);
    let first = admit(&connections, ONE).unwrap();
    assert!(admit(&connections, OTHER).is_none());
    first.connection.wait().request(false);
    advance(Duration::from_mins(1)).await;
    assert!(admit(&connections, OTHER).is_none());
    drop(first);
    assert!(admit(&connections, OTHER).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_request_is_evicted_first() {
    let connections = connections(2, 2);
    let proven = admit(&connections, ONE).unwrap();
    proven.connection.wait().request(false);
    proven.connection.wait().request_ended(Instant::now());
    advance(Duration::from_secs(2)).await;
    let silent = admit(&connections, ONE).unwrap();
    advance(Duration::from_secs(2)).await;
    admit(&connections, OTHER).unwrap();
    assert!(is_cut(&silent).await && !is_cut(&proven).await);
}

#[tokio::test(start_paused = true)]
async fn a_peer_with_too_many_connections_evicts_one_of_its_own() {
    let connections = connections(10, 1);
    let of_other = admit(&connections, OTHER).unwrap();
    let first = admit(&connections, ONE).unwrap();
    advance(Duration::from_secs(2)).await;
    let second = admit(&connections, ONE).unwrap();
    assert!(is_cut(&first).await);
    assert!(!is_cut(&of_other).await && !is_cut(&second).await);
}

#[tokio::test(start_paused = true)]
async fn if_unread_answers_take_too_much_memory_the_largest_is_cut() {
    let connections = connections(10, 10);
    let (large, small) = (admit(&connections, ONE).unwrap(), admit(&connections, ONE).unwrap());
    large.connection.wait().answer(800, Instant::now());
    small.connection.wait().answer(200, Instant::now());
    connections.cut_timed_out(Instant::now());
    assert!(!is_cut(&large).await);
    small.connection.wait().answer(1, Instant::now());
    connections.cut_timed_out(Instant::now());
    assert!(is_cut(&large).await && !is_cut(&small).await);
    assert!(large.connection.resets());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_exceeds_a_time_limit_is_cut_and_frees_its_slot() {
    let connections = connections(1, 1);
    let silent = admit(&connections, ONE).unwrap();
    connections.cut_timed_out(Instant::now() + Duration::from_millis(999));
    assert!(!is_cut(&silent).await);
    connections.cut_timed_out(Instant::now() + Duration::from_secs(1));
    assert!(is_cut(&silent).await && !silent.connection.resets());
    assert!(admit(&connections, ONE).is_some());
}

#[test]
fn an_ipv6_network_is_one_peer() {
    let network = |text: &str| network(text.parse::<IpAddr>().unwrap()).to_string();
    assert_eq!(network("2001:db8:0:1:2:3:4:5"), "2001:db8:0:1::");
    assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
    assert_eq!(network("192.0.2.1"), "192.0.2.1");
}

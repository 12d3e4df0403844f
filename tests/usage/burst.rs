//! A flood of requests gets the burst and the rate of its plan. The long test also asserts the number within 1%.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::harness::{Client, Running, at_length, is_long};

const CLIENTS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_gets_its_burst_and_its_rate() {
    let seconds: u32 = at_length(2, 60);
    let host = Running::start(&["--store", "memory", "--rate-limit", "plan"]).await;
    let begun = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(burst(host.client(), begun + Duration::from_secs(seconds.into())));
    }
    let (let_in, refused) =
        clients.join_all().await.into_iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let most = 100.0 + 50.0 * begun.elapsed().as_secs_f64();
    println!("{let_in} let in and {refused} refused in {seconds} s; the plan lets in {}", 100 + 50 * seconds);
    assert!(f64::from(let_in) <= most + 1.0, "{let_in}, and the plan lets in {most:.0}");
    assert!(let_in >= 100 && refused > 0, "{let_in} let in, {refused} refused");
    if is_long() {
        let (least, most) = ((100 + 50 * seconds) * 99 / 100, (100 + 50 * seconds) * 101 / 100);
        assert!((least..=most).contains(&let_in), "{let_in} is not within 1%");
    }
    host.stop().await;
}

/// Sends one request after the other. Returns how many the host admitted and refused.
async fn burst(client: Client, end: Instant) -> (u32, u32) {
    let (mut let_in, mut refused) = (0, 0);
    while Instant::now() < end {
        let answer = client.get("/tickets?caller=ada").await;
        if answer.status == 200 {
            let_in += 1;
            continue;
        }
        let answer = answer.expect(429);
        assert_eq!(answer.json()["message"], "Too Many Requests");
        assert_eq!(answer.json()["type"], "urn:portdesk:problem:rate-exceeded");
        let headers = ["ratelimit-policy", "ratelimit", "retry-after"].map(|name| answer.header(name));
        assert_eq!(headers, ["\"rate\";q=50;w=1", "\"rate\";r=0;t=1", "1"]);
        refused += 1;
    }
    (let_in, refused)
}

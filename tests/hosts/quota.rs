//! One quota for all hosts.

use super::{Host, Key, create_key, end, printed, three, within_five_seconds};
use crate::harness::{Table, until};

const QUOTA: u64 = 300;

/// Sends requests until the host refuses one because of the quota. Returns how many the host admitted.
async fn let_in(host: &Host, key: &Key) -> u64 {
    let (client, mut let_in) = (host.client(&key.secret), 0);
    loop {
        let answer = client.get("/tickets?caller=ada").await;
        if answer.status == 429 {
            assert_eq!(answer.json()["message"], "Limit Exceeded");
            return let_in;
        }
        answer.expect(200);
        let_in += 1;
    }
}

/// A batch is three requests, and each host uses its batches to the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hosts_admit_exactly_one_quota() {
    let table = Table::create().await;
    let quota = QUOTA.to_string();
    printed(
        &table,
        &["plan", "create", "small", "--quota", &quota, "--rate", "100000", "--burst", "1000000"],
    );
    let hosts = three(&table);
    let key = create_key(&table, &["--plan", "small"]);
    let [one, two, three] = &hosts;
    let mut asked = 0;
    for host in &hosts {
        // Each of these requests counts, and one that is refused does not.
        until("the host knows the key", async || host.status(&key.secret).await == 200).await;
        asked += 1;
    }
    let (one, two, three) = tokio::join!(let_in(one, &key), let_in(two, &key), let_in(three, &key));
    println!("{one}, {two} and {three} requests after the first of each host");
    assert_eq!(asked + one + two + three, QUOTA);
    let listed = printed(&table, &["key", "list"]);
    // The count may be beyond the quota, because nobody gets the units above it.
    assert!(listed.contains("plan small, 300/300 this month"), "{listed}");
    end(hosts);
}

/// The rate is a matter of each host, as the documents say.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_holds_on_each_host() {
    let table = Table::create().await;
    printed(&table, &["plan", "create", "slow", "--quota", "none", "--rate", "1", "--burst", "500"]);
    let hosts = three(&table);
    let key = create_key(&table, &["--plan", "slow"]);
    within_five_seconds(&hosts, &key, 200).await;
    for host in &hosts {
        let client = host.client(&key.secret);
        for number in 0..300 {
            let answer = client.get("/tickets?caller=ada").await;
            assert_eq!(answer.status, 200, "{number}: {}", answer.text());
        }
    }
    end(hosts);
}

//! Several operators at once.

use std::process::{Child, Output, Stdio};

use super::{command, create_key, printed, refused};
use crate::harness::Table;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_at_the_same_time_lose_no_change() {
    let table = Table::create().await;
    let first = create_key(&table, &[]);
    let at_once = |arguments: &[&str]| -> Child {
        command(&table, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut children: Vec<Child> = ["one", "two", "three", "four", "five"]
        .iter()
        .map(|name| at_once(&["key", "create", name]))
        .collect();
    children.push(at_once(&["plan", "create", "nightly"]));
    children.push(at_once(&["key", "revoke", &first.id]));
    for child in children {
        let Output { status, stderr, .. } = child.wait_with_output().unwrap();
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    }
    let listed = printed(&table, &["key", "list"]);
    assert_eq!((listed.lines().count(), listed.matches("  active  ").count()), (6, 5), "{listed}");
    assert!(printed(&table, &["plan", "list"]).contains("nightly"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_operators_who_make_the_same_plan_one_is_refused() {
    let table = Table::create().await;
    let make = || {
        let mut make = command(&table, &["plan", "create", "nightly"]);
        make.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let ended = [make(), make()].map(|child| child.wait_with_output().unwrap());
    let refused_ones: Vec<&Output> = ended.iter().filter(|ended| !ended.status.success()).collect();
    assert_eq!(refused_ones.len(), 1);
    let said = String::from_utf8_lossy(&refused_ones[0].stderr);
    assert!(said.contains("there is a plan nightly"), "{said}");
    assert!(refused(&table, &["key", "revoke", "00000000"]).contains("there is no key with the id 00000000"));
}

//! What is half done: refusals of the door, scenarios that fail, and scenarios whose client leaves.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Console, controlled};
use crate::harness::{Client, until};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_door_refuses_stands_in_the_space_of_its_key() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let console = Console::of(&host);
    let made = console.change(Method::POST, "/v1/spaces", json!({"name": "blue"})).await;
    let agent = Client::new(&host.url, made["keys"]["agent"].as_str());
    let request = agent.request("POST", "/tickets").header("content-encoding", "gzip").body("x");
    assert_eq!(request.send().await.unwrap().status(), 415);
    let calls = console.read("/v1/calls?space=blue").await;
    assert_eq!((&calls["calls"][0]["status"], &calls["calls"][0]["client"]), (&json!(415), &json!("agent")));
    assert_eq!(console.read("/v1/calls?space=main").await["calls"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_that_fails_leaves_everything_as_it_was() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let console = Console::of(&host);
    host.client().create("ada", "The VPN drops.").await;
    let rule = json!({"id": "mine", "at": "door", "operation": "list_recent_tickets", "do": {"delay_ms": 1}});
    console.change(Method::PUT, "/v1/faults", json!({ "rules": [rule] })).await;
    let frozen = json!({"mode": "frozen", "at": "2030-03-02T09:00:00Z"});
    console.change(Method::PUT, "/v1/clock", frozen).await;
    let before = (
        console.read("/v1/state/hash").await,
        console.read("/v1/clock").await,
        console.read("/v1/faults").await["rules"][0]["id"].clone(),
    );
    let create = json!({"op": "create_ticket", "body": {"caller_id": "ada", "issue_description": "x"}});
    let fails = json!({"op": "create_ticket", "body": {}, "expect": 201});
    let scenario = json!({"name": "bad", "seed": 99, "steps": [create, {"advance": "P1D"}, fails]});
    let (status, report) = console.ask(Method::POST, "/v1/scenarios", Some(scenario)).await;
    assert_eq!(status, 422, "{report}");
    let after = (
        console.read("/v1/state/hash").await,
        console.read("/v1/clock").await,
        console.read("/v1/faults").await["rules"][0]["id"].clone(),
    );
    assert_eq!(after, before);
    assert_eq!(console.read("/v1/spaces").await["spaces"][0]["seed"], Value::Null);
    let (status, refused) = console.ask(Method::PUT, "/v1/snapshots/before-scenario", Some(json!({}))).await;
    assert_eq!(status, 422, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_space_takes_one_scenario_at_a_time_and_ends_it_without_its_client() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let console = Console::of(&host);
    let rule = json!({"at": "door", "do": {"delay_ms": 700}, "times": 1});
    console.change(Method::PUT, "/v1/faults", json!({ "rules": [rule] })).await;
    let create = json!({"op": "create_ticket", "body": {"caller_id": "ada", "issue_description": "x"}});
    let scenario = json!({"name": "slow", "steps": [create, create, create]});
    let send = || console.ask(Method::POST, "/v1/scenarios", Some(scenario.clone()));
    let mut first = Box::pin(send());
    // The first one waits at its fault: its first call is open.
    let open = async { while console.read("/v1/calls?status=open").await["calls"] == json!([]) {} };
    tokio::select! { _ = &mut first => panic!("the scenario waits"), () = open => {} }
    let (status, second) = send().await;
    assert_eq!((status, &second["error"]), (409, &json!("scenario")));
    drop(first);
    until("the scenario ends", async || console.read("/v1/state/hash").await["items"] == 3).await;
}

//! A component built with std gets the clock and the chance of its space, through std too.

use hyper::Method;
use serde_json::{Value, json};

use super::curious;
use super::language::{FLAGS, Language};
use crate::harness::{Caller, World};

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

async fn text(caller: &Caller, path: &str) -> String {
    let (status, text) = caller.send(Method::GET, path, &[], String::new()).await;
    assert_eq!(status, 200);
    String::from_utf8(text.to_vec()).unwrap()
}

async fn open(flags: &[&str]) -> World {
    World::open_with(tempfile::tempdir().unwrap(), curious(flags), flags).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_of_a_space_is_the_clock_of_std() {
    let world = open(&[]).await;
    let at = json!({"name": "one", "clock": {"at": "2030-01-01T00:00:00Z", "mode": "frozen"}});
    let (_, caller) = world.space(at).await;
    assert_eq!(text(&caller, "/time").await, "Ok(1893456000s)");
    // The clock stands, and only a wait moves what std measures.
    assert_eq!(text(&caller, "/elapsed").await, "0ns, 5ms");
    assert_eq!(text(&caller, "/elapsed").await, "0ns, 5ms", "the next request begins anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_seed_of_a_space_decides_all_chance() {
    for flags in [&["--isolation", "fresh"][..], &["--isolation", "pooled", "--instances", "1"]] {
        let world = open(flags).await;
        let mut seen = Vec::new();
        for name in ["one", "two", "three"] {
            let seed = if name == "three" { 8 } else { 7 };
            let (_, caller) = world.space(json!({"name": name, "seed": seed})).await;
            let mut said = Vec::new();
            // A new instance has a hash table's order from the seed; an older one goes on from its tables before.
            let hashes = if flags[1] == "fresh" { "/hash-order" } else { "/many-numbers" };
            for path in ["/random", "/many-numbers", "/random", hashes] {
                said.push(text(&caller, path).await);
            }
            assert_ne!(said[0], said[2], "a repeated request has other bytes");
            seen.push(said);
        }
        assert_eq!(seen[0], seen[1], "{flags:?}");
        assert_ne!(seen[0][..3], seen[2][..3], "{flags:?}");
    }
}

/// The same script in two spaces leaves the same articles, with the same ids and times, in every language.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storeroom_in_a_space_with_a_seed_answers_the_same_again() {
    for language in [Language::Rust, Language::JavaScript, Language::Python] {
        let data = tempfile::tempdir().unwrap();
        let world = World::open_with(data, language.component(), &FLAGS).await;
        let mut answers = Vec::new();
        for name in ["one", "two"] {
            let clock = json!({"at": "2030-01-01T00:00:00Z", "mode": "frozen"});
            let (_, caller) = world.space(json!({"name": name, "seed": 7, "clock": clock})).await;
            let article = json!({"number": "lamp", "name": "Lamp", "shelf": "B7", "pieces": 9});
            let mut said = vec![caller.ask(Method::POST, "/articles", &JSON, article).await];
            for _ in 0..2 {
                let body = json!({"pieces": -1});
                said.push(caller.ask(Method::POST, "/articles/lamp/moves", &JSON, body).await);
            }
            answers.push(said);
        }
        let lamp: &Value = &answers[0][2].1;
        assert!(
            lamp["added_at"].as_str().unwrap().starts_with("2030-01-01T00:00:00"),
            "{language:?}: {lamp}"
        );
        assert_ne!(lamp["moves"][0]["move_id"], lamp["moves"][1]["move_id"], "{language:?}: {lamp}");
        assert_eq!(answers[0], answers[1], "{language:?}");
    }
}

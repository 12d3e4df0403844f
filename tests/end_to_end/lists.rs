//! Listing a caller's tickets.

use serde_json::{Value, json};

use crate::harness::{Client, comments_path};

pub async fn pages_show_every_ticket_once_newest_first(client: Client) {
    let caller = "ada lovelace+co/é";
    let mut made = Vec::new();
    for number in 0..23 {
        made.insert(0, client.create(caller, &format!("{number}")).await["ticket_id"].clone());
    }
    client.create("someone else", "not in the list").await;
    let mut seen = Vec::new();
    let mut next = Some("/tickets?caller=ada%20lovelace%2Bco%2F%C3%A9&limit=5".to_owned());
    while let Some(page) = next {
        let answer = client.get(&page).await.expect(200);
        seen.extend(
            answer.json()["tickets"].as_array().unwrap().iter().map(|ticket| ticket["ticket_id"].clone()),
        );
        next = answer.find_header("link").map(linked);
        assert_eq!(next.is_some(), answer.json().get("next_cursor").is_some());
    }
    assert_eq!(seen, made);
    let first = client.get("/tickets?caller=ada+lovelace%2bco/%c3%a9").await.expect(200).json();
    assert_eq!(first["tickets"].as_array().unwrap().len(), 10, "the page that nobody asked to be larger");
}

/// The target of a `Link` header.
fn linked(link: &str) -> String {
    let (target, relation) = link.split_once('>').unwrap();
    assert_eq!(relation, "; rel=\"next\"");
    target.trim_start_matches('<').to_owned()
}

pub async fn a_cursor_of_another_list_is_refused(client: Client) {
    for number in 0..3 {
        client.create("ada", &format!("{number}")).await;
        client.create("bob", &format!("{number}")).await;
    }
    let page = client.get("/tickets?caller=ada&limit=2").await.expect(200).json();
    let cursor = page["next_cursor"].as_str().unwrap();
    client.get(&format!("/tickets?caller=ada&limit=2&cursor={cursor}")).await.expect(200);
    client.get(&format!("/tickets?caller=bob&limit=2&cursor={cursor}")).await.expect(400);
    for forged in [&cursor[1..], &format!("{cursor}A"), "x", "%22", ""] {
        client.get(&format!("/tickets?caller=ada&cursor={forged}")).await.expect(400);
    }
}

pub async fn lists_count_comments_and_leave_them_out(client: Client) {
    let ticket = client.create("ada", "The VPN drops.").await;
    for text in ["one", "two"] {
        client.post(&comments_path(&ticket), &json!({ "comment": text })).await.expect(200);
    }
    let list = client.get("/tickets?caller=ada").await.expect(200).json();
    assert_eq!(list["tickets"][0]["comment_count"], 2);
    assert_eq!(list["tickets"][0].get("comments"), None::<&Value>);
    assert_eq!(client.get("/tickets?caller=nobody").await.expect(200).json(), json!({ "tickets": [] }));
}

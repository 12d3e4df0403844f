//! Items of other programs. Such an item has the attributes of the schema and nothing else.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use items::dynamodb::layout;
use portdesk::backend::suite::{
    self, SharedBackend, append, fields, get, ids, insert, listed, note, set, update,
};
use portdesk::backend::{Change, Entry, Insert, Update};
use portdesk_test_support::Server;
use tokio::task::JoinSet;

use super::{client, store};

type Attributes = HashMap<String, AttributeValue>;

/// A store, and the client of another program on its table.
struct Shared {
    store: SharedBackend,
    client: Client,
    _server: Server,
}

impl Shared {
    async fn new() -> Shared {
        let server = Server::start();
        let store = store(&server).await;
        let client = client(&server.endpoint);
        Shared { store, client, _server: server }
    }

    async fn put(&self, key: &str, attributes: &[(&str, AttributeValue)]) {
        let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let attributes = attributes.chain([("item_id".to_owned(), text(key))]).collect::<Attributes>();
        self.client.put_item().table_name("items").set_item(Some(attributes)).send().await.unwrap();
    }

    async fn attributes(&self, key: &str) -> Attributes {
        let get = self.client.get_item().table_name("items").key("item_id", text(key)).consistent_read(true);
        get.send().await.unwrap().item.unwrap()
    }

    /// Appends as a program does that does not update the guards.
    async fn append(&self, key: &str, entry: AttributeValue) {
        let update = self.client.update_item().table_name("items").key("item_id", text(key));
        let update = update.update_expression("SET notes = list_append(notes, :e)");
        update.expression_attribute_values(":e", AttributeValue::L(vec![entry])).send().await.unwrap();
    }
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// An entry as another program stores it, with or without an id.
fn entry(id: Option<&str>, said: &str) -> AttributeValue {
    let mut map = Attributes::from([("text".to_owned(), text(said))]);
    if let Some(id) = id {
        map.insert("note_id".to_owned(), text(id));
    }
    AttributeValue::M(map)
}

fn plain(notes: Vec<AttributeValue>) -> [(&'static str, AttributeValue); 4] {
    [
        ("owner", text("them")),
        ("made_at", text("1")),
        ("state", text("s")),
        ("notes", AttributeValue::L(notes)),
    ]
}

#[tokio::test]
async fn an_item_of_another_program_is_read_and_listed() {
    let shared = Shared::new().await;
    shared.put("theirs", &plain(vec![entry(Some("a"), "one"), entry(None, "two")])).await;
    let item = get(&shared.store, "theirs").await;
    assert_eq!(item.version, 0);
    assert_eq!(*item.fields, fields(&[("made_at", "1"), ("owner", "them"), ("state", "s")]));
    let said = |id: &str, said: &str| Entry { id: id.to_owned(), fields: fields(&[("text", said)]).into() };
    assert_eq!(item.lists, [("notes".to_owned(), vec![said("a", "one"), said("entry-2", "two")])]);

    let summary = listed(&shared.store, "them", 10).await.remove(0);
    assert_eq!((summary.version, summary.fields), (0, item.fields.clone()));
    let taken = shared.store.insert("theirs", fields(&[]), "c").await.unwrap();
    assert_eq!(taken, Insert::Exists(item));
}

#[tokio::test]
async fn an_item_of_another_program_is_changed_like_any_other() {
    let shared = Shared::new().await;
    shared.put("theirs", &plain(Vec::new())).await;
    let at = |id: &str, version| Change { at_version: Some(version), ..set(id, &[("state", "t")]) };
    let before = get(&shared.store, "theirs").await;
    assert_eq!(shared.store.update("theirs", at("one", 1)).await.unwrap(), Update::Stale(before));
    let version = update(&shared.store, "theirs", at("one", 0)).await;
    assert_eq!(update(&shared.store, "theirs", at("one", 0)).await, version, "a repeat");
    assert!(matches!(shared.store.update("theirs", at("two", 0)).await.unwrap(), Update::Stale(_)));
}

#[tokio::test]
async fn a_list_of_another_program_is_appended_to_exactly_once() {
    let shared = Shared::new().await;
    let store = &shared.store;
    shared.put("theirs", &plain(vec![entry(Some("a"), "one"), entry(None, "two")])).await;
    shared.put("bare", &[("owner", text("them"))]).await;
    for id in ["a", "entry-2"] {
        let outcome = store.update("theirs", note(id, "again")).await.unwrap();
        assert!(matches!(outcome, Update::Duplicate(_)), "{id}: {outcome:?}");
    }
    for (key, expected) in [("theirs", vec!["a", "entry-2", "n"]), ("bare", vec!["n"])] {
        update(store, key, note("n", "new")).await;
        assert!(matches!(store.update(key, note("n", "new")).await.unwrap(), Update::Duplicate(_)));
        assert_eq!(ids(&get(store, key).await, "notes"), expected);
    }
    assert_eq!(listed(store, "them", 10).await.remove(0).counts, [("notes".to_owned(), 3)]);
    let bound = store.update("theirs", append("o", "notes", "text", 3)).await.unwrap();
    assert_eq!(bound, Update::Full);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_appends_to_a_list_of_another_program_are_all_kept() {
    let shared = Shared::new().await;
    shared.put("theirs", &plain(vec![entry(Some("a"), "one")])).await;
    let mut writers = JoinSet::new();
    for writer in 0..32 {
        let store = Arc::clone(&shared.store);
        writers.spawn(async move { update(&store, "theirs", note(&format!("w{writer:02}"), "text")).await });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    let mut stored = ids(&get(&shared.store, "theirs").await, "notes");
    stored.sort();
    let sent = ["a".to_owned()].into_iter().chain((0..32).map(|writer| format!("w{writer:02}")));
    assert_eq!(stored, sent.collect::<Vec<_>>());
}

#[tokio::test]
async fn a_list_that_others_change_between_stays_guarded() {
    let shared = Shared::new().await;
    let store = &shared.store;
    insert(store, "both", &[]).await;
    update(store, "both", note("a", "ours")).await;
    shared.append("both", entry(Some("b"), "theirs")).await;
    assert!(matches!(store.update("both", note("b", "x")).await.unwrap(), Update::Duplicate(_)));
    update(store, "both", note("c", "ours")).await;
    assert!(matches!(store.update("both", note("b", "x")).await.unwrap(), Update::Duplicate(_)));
    shared.append("both", entry(None, "theirs")).await;
    update(store, "both", note("d", "ours")).await;
    assert_eq!(ids(&get(store, "both").await, "notes"), ["a", "b", "c", "entry-4", "d"]);
    let attributes = shared.attributes("both").await;
    assert_eq!(attributes[&layout::count("notes")], AttributeValue::N("5".to_owned()));
}

#[tokio::test]
async fn attributes_of_other_programs_beside_the_fields_stay() {
    let shared = Shared::new().await;
    let number = AttributeValue::N("7".to_owned());
    shared.put("theirs", &[("rank", number.clone()), ("state", text("s"))]).await;
    assert_eq!(*get(&shared.store, "theirs").await.fields, fields(&[("state", "s")]));
    update(&shared.store, "theirs", set("one", &[("state", "t")])).await;
    assert_eq!(shared.attributes("theirs").await["rank"], number);
}

#[tokio::test]
async fn other_programs_find_plain_attributes() {
    let shared = Shared::new().await;
    insert(&shared.store, "ours", &[("owner", "us")]).await;
    assert_eq!(shared.attributes("ours").await["notes"], AttributeValue::L(Vec::new()));
    update(&shared.store, "ours", note("a", "said")).await;
    let attributes = shared.attributes("ours").await;
    assert_eq!(attributes["owner"], text("us"));
    assert_eq!(attributes["notes"], AttributeValue::L(vec![entry(Some("a"), "said")]));
    let own = attributes.keys().filter(|name| name.starts_with(portdesk::backend::STORES_PREFIX)).count();
    assert_eq!(own, 6, "{attributes:?}");
    assert!(suite::schema().lists.iter().all(|list| attributes.contains_key(&layout::count(&list.name))));
}

#[tokio::test]
async fn an_item_that_does_not_fit_the_schema_is_damaged() {
    let shared = Shared::new().await;
    shared.put("no list", &[("notes", text("no list"))]).await;
    shared.put("no version", &[(layout::VERSION, text("x"))]).await;
    for key in ["no list", "no version"] {
        let read = shared.store.get(key).await;
        assert!(matches!(read, Err(portdesk::backend::Error::Corrupt(_))), "{key}: {read:?}");
    }
}

#[tokio::test]
async fn entries_of_other_forms_are_entries() {
    let shared = Shared::new().await;
    let store = &shared.store;
    let numbered = Attributes::from([
        ("note_id".to_owned(), AttributeValue::N("7".to_owned())),
        ("text".to_owned(), text("n")),
    ]);
    let elements = vec![
        text("plain"),
        AttributeValue::M(numbered),
        entry(Some(""), "no id"),
        AttributeValue::Null(true),
        AttributeValue::L(vec![text("x")]),
    ];
    shared.put("theirs", &plain(elements)).await;
    let read = |id: &str, said: &[(&str, &str)]| Entry { id: id.to_owned(), fields: fields(said).into() };
    let before = vec![
        read("entry-1", &[("notes", "plain")]),
        read("7", &[("text", "n")]),
        read("entry-3", &[("text", "no id")]),
        read("entry-4", &[]),
        read("entry-5", &[]),
    ];
    assert_eq!(get(store, "theirs").await.lists, [("notes".to_owned(), before.clone())]);
    for id in ["entry-1", "7", "entry-3"] {
        let outcome = store.update("theirs", note(id, "again")).await.unwrap();
        assert!(matches!(outcome, Update::Duplicate(_)), "{id}: {outcome:?}");
    }
    update(store, "theirs", note("n", "new")).await;
    assert!(matches!(store.update("theirs", note("n", "new")).await.unwrap(), Update::Duplicate(_)));
    let after = before.into_iter().chain([read("n", &[("text", "new")])]).collect();
    assert_eq!(get(store, "theirs").await.lists, [("notes".to_owned(), after)]);
    assert_eq!(listed(store, "them", 10).await.remove(0).counts, [("notes".to_owned(), 6)]);
}

#[tokio::test]
async fn a_damaged_item_does_not_hide_the_others_in_a_list() {
    let shared = Shared::new().await;
    insert(&shared.store, "ours", &[("owner", "them"), ("made_at", "2"), ("state", "s")]).await;
    let [owner, made_at, state, _] = plain(Vec::new());
    shared.put("theirs", &[owner, made_at, state, (layout::VERSION, text("x"))]).await;
    let list = listed(&shared.store, "them", 10).await;
    let keys = list.iter().map(|summary| (summary.key.as_str(), summary.version)).collect::<Vec<_>>();
    assert_eq!(keys, [("ours", 1), ("theirs", 0)]);
    assert!(shared.store.get("theirs").await.is_err());
}

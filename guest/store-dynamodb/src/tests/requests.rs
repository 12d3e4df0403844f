//! What is asked of DynamoDB, and how it is signed.

use hmac::{Hmac, KeyInit, Mac};
use items::{Append, Change, Entry, Insert, Update};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::network::{Network, Sent, done, refusal, store, store_with};
use crate::StoreError;

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The only request.
fn only(network: &Network) -> Sent {
    let sent = network.sent.borrow();
    assert_eq!(sent.len(), 1);
    sent[0].clone()
}

#[test]
fn a_read_is_consistent() {
    let network = Network::new([done("{}")]);
    assert_eq!(store(&network).get("a"), Ok(None));
    let sent = only(&network);
    assert_eq!(sent.header("x-amz-target"), "DynamoDB_20120810.GetItem");
    assert_eq!(sent.header("content-type"), "application/x-amz-json-1.0");
    let key = json!({ "item_id": { "S": "a" } });
    assert_eq!(sent.json(), json!({ "TableName": "items", "ConsistentRead": true, "Key": key }));
}

#[test]
fn an_insert_is_a_put_while_the_key_is_free() {
    let network = Network::new([done("{}")]);
    let fields = pairs(&[("owner", "ada"), ("text", "")]);
    assert_eq!(store(&network).insert("a", fields, "c"), Ok(Insert::Inserted(1)));
    let sent = only(&network);
    assert_eq!(sent.header("x-amz-target"), "DynamoDB_20120810.PutItem");
    let item = json!({
        "item_id": { "S": "a" }, "owner": { "S": "ada" }, "text": { "S": "" }, "notes": { "L": [] },
        "portdesk_version": { "N": "1" }, "portdesk_created_by": { "S": "c" }, "portdesk_count_notes": { "N": "0" },
    });
    let asked = json!({
        "TableName": "items", "Item": item, "ConditionExpression": "attribute_not_exists(#0)",
        "ExpressionAttributeNames": { "#0": "item_id" }, "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    });
    assert_eq!(sent.json(), asked);
}

#[test]
fn an_append_is_one_update_with_one_condition() {
    let network = Network::new([done(r#"{"Attributes":{"portdesk_version":{"N":"7"}}}"#)]);
    let entry = Entry { id: "n".into(), fields: pairs(&[("text", "x")]).into() };
    let change = Change {
        id: "c".into(),
        at_version: None,
        unless: pairs(&[("state", "shut")]),
        unless_above: Vec::new(),
        set: Vec::new(),
        append: Some(Append { list: "notes".into(), entry, max_entries: 5 }),
    };
    assert_eq!(store(&network).update("a", change), Ok(Update::Updated(7)));
    let asked = only(&network).json();
    let condition = asked["ConditionExpression"].as_str().unwrap();
    assert_eq!(condition.matches(" AND ").count(), 5, "{condition}");
    assert!(asked["UpdateExpression"].as_str().unwrap().contains("list_append("));
    let values = asked["ExpressionAttributeValues"].as_object().unwrap();
    let element = json!({ "L": [{ "M": { "note_id": { "S": "n" }, "text": { "S": "x" } } }] });
    assert!(values.values().any(|value| *value == element), "{values:?}");
    assert!(values.values().any(|value| *value == json!({ "SS": ["n"] })), "{values:?}");
}

#[test]
fn a_page_is_read_from_the_newest_and_goes_on_where_it_ended() {
    let item = |key: &str| {
        format!(
            r#"{{"item_id":{{"S":"{key}"}},"owner":{{"S":"ada"}},"made_at":{{"S":"1"}},"flag":{{"BOOL":true}}}}"#
        )
    };
    let network = Network::new([done(&format!(r#"{{"Items":[{},{}]}}"#, item("b"), item("a")))]);
    let (items, cursor) = store(&network).query("ByOwner".into(), "ada".into(), 1, None).unwrap();
    assert_eq!((items.len(), items[0].key.as_str()), (1, "b"));
    let asked = only(&network).json();
    assert_eq!((&asked["ScanIndexForward"], &asked["Limit"]), (&json!(false), &json!(2)));
    let cursor = cursor.unwrap();
    let again = Network::new([done(r#"{"Items":[]}"#)]);
    store(&again).query("ByOwner".into(), "ada".into(), 1, Some(&cursor)).unwrap();
    let start = json!({ "item_id": { "S": "b" }, "owner": { "S": "ada" }, "made_at": { "S": "1" } });
    assert_eq!(only(&again).json()["ExclusiveStartKey"], start);
    let foreign = store(&again).query("ByOwner".into(), "bob".into(), 1, Some(&cursor));
    assert_eq!(foreign, Err(StoreError::InvalidCursor));
}

#[test]
fn a_call_that_breaks_a_limit_is_never_sent() {
    let network = Network::new([done("{}")]);
    let store = store(&network);
    let asked = [
        store.get("").map(|_| ()),
        store.insert("a", pairs(&[("owner", "")]), "c").map(|_| ()),
        store.insert("a", pairs(&[("portdesk_x", "")]), "c").map(|_| ()),
        store.insert("a", Vec::new(), &"c".repeat(65)).map(|_| ()),
        store.query("ByNobody".into(), "ada".into(), 1, None).map(|_| ()),
        store.query("ByOwner".into(), "ada".into(), 101, None).map(|_| ()),
    ];
    for end in asked {
        assert!(matches!(end, Err(StoreError::Invalid(_))), "{end:?}");
    }
    assert!(network.sent.borrow().is_empty());
}

#[test]
fn an_answer_of_another_shape_is_never_taken_for_an_item() {
    for body in [r#"{"Item":[]}"#, r#"{"Item":{"item_id":"a"}}"#, r#"{"Item":{"item_id":{"X":"a"}}}"#, "[]"] {
        let network = Network::new([done(body)]);
        assert!(store(&network).get("a").is_err(), "{body}");
    }
    let network = Network::new([refusal("Unheard"), done("{}")]);
    assert_eq!(store(&network).get("a"), Ok(None), "what is not known may pass");
}

/// The signature is computed once more, by what AWS documents and by nothing of the library.
#[test]
fn a_request_is_signed_as_aws_documents_it() {
    for (more, host, path) in [
        (&[][..], "dynamodb.eu-west-1.amazonaws.com", "/"),
        (&[("AWS_SESSION_TOKEN", "token"), ("PORTDESK_ENDPOINT_URL", "http://x:80/")], "x", "/"),
        (&[("PORTDESK_ENDPOINT_URL", "http://127.0.0.1:8000")], "127.0.0.1:8000", "/"),
    ] {
        let network = Network::new([done("{}")]);
        store_with(more, &network).get("a").unwrap();
        let sent = only(&network);
        assert_eq!(sent.header("authorization"), authorization(&sent, host, path), "{host}");
        assert_eq!(
            sent.header("x-amz-security-token").is_empty(),
            !more.iter().any(|(_, value)| *value == "token")
        );
    }
}

fn authorization(sent: &Sent, host: &str, path: &str) -> String {
    let mut headers = sent.headers.clone();
    headers.retain(|(name, _)| !["authorization", "content-length"].contains(&name.as_str()));
    headers.push(("host".to_owned(), host.to_owned()));
    headers.sort();
    let names = headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let lines = headers.iter().fold(String::new(), |lines, (name, value)| lines + name + ":" + value + "\n");
    let canonical = format!("POST\n{path}\n\n{lines}\n{names}\n{}", hex(&Sha256::digest(&sent.body)));
    let time = sent.header("x-amz-date");
    let (day, _) = time.split_once('T').unwrap();
    let scope = format!("{day}/eu-west-1/dynamodb/aws4_request");
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(&canonical)));
    let key = [day, "eu-west-1", "dynamodb", "aws4_request"]
        .iter()
        .fold(b"AWS4a secret".to_vec(), |key, part| keyed(&key, part));
    let signature = hex(&keyed(&key, &text));
    format!("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, SignedHeaders={names}, Signature={signature}")
}

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

//! Attributes as JSON.

use items::dynamodb::{AttributeValue, Attributes};
use serde_json::json;

use crate::wire::{attributes, object};

#[test]
fn attributes_come_back_as_they_were_sent() {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let map = Attributes::from([("\u{1f980}\u{0}\"".to_owned(), text("\u{7f}\\"))]);
    let all = Attributes::from([
        ("l".to_owned(), AttributeValue::L(vec![AttributeValue::M(map), text("")])),
        ("n".to_owned(), AttributeValue::N("18446744073709551615".to_owned())),
        ("ss".to_owned(), AttributeValue::Ss(vec!["a".to_owned(), "b".to_owned()])),
    ]);
    assert_eq!(attributes(object(all.clone())), Some(all));
}

#[test]
fn types_of_other_programs_are_seen_and_not_read() {
    for value in
        [json!({ "B": "AA==" }), json!({ "BOOL": true }), json!({ "NULL": true }), json!({ "NS": ["1"] })]
    {
        let read = attributes(json!({ "a": value })).unwrap();
        assert_eq!(read["a"], AttributeValue::Other, "{value}");
    }
}

#[test]
fn what_is_no_attribute_is_none() {
    for value in [json!("S"), json!({}), json!({ "S": 1 }), json!({ "S": "a", "N": "1" }), json!({ "Z": 1 })]
    {
        assert_eq!(attributes(json!({ "a": value })), None, "{value}");
    }
}

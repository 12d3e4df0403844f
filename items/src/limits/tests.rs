use super::*;
use alloc::format;

use crate::{Entry, Index, List};

fn schema_of_the_tests() -> Schema {
    Schema {
        key_field: "item_id".into(),
        listed: vec!["state".into()],
        lists: vec![List { name: "notes".into(), id_field: "note_id".into() }],
        indexes: vec![Index {
            name: "ByOwner".into(),
            partition: "owner".into(),
            order: "made_at".into(),
            optional: false,
        }],
    }
}

fn pairs(count: usize) -> Fields {
    (0..count).map(|number| (format!("f{number:02}"), "x".into())).collect()
}

fn pair(name: &str, value: &str) -> Fields {
    vec![(name.into(), value.into())]
}

fn plain() -> Change {
    let entry = Entry { id: "n-1".into(), fields: pair("text", "x").into() };
    Change {
        id: "c".into(),
        at_version: None,
        unless: pair("state", "shut"),
        unless_above: Fields::new(),
        set: pair("state", "open"),
        append: Some(Append { list: "notes".into(), entry, max_entries: 1 }),
    }
}

fn appending(alter: impl FnOnce(&mut Append)) -> Change {
    let mut change = plain();
    if let Some(append) = &mut change.append {
        alter(append);
    }
    change
}

#[test]
fn keys_and_change_ids_are_bounded() {
    assert_eq!(key(&"k".repeat(128)), Ok(()));
    assert_eq!(key(""), Err(LimitError::Key(0)));
    assert_eq!(key(&"k".repeat(129)), Err(LimitError::Key(129)));
    assert_eq!(change_id(&"c".repeat(64)), Ok(()));
    assert_eq!(change_id(""), Err(LimitError::ChangeId(0)));
    assert_eq!(change_id(&"c".repeat(65)), Err(LimitError::ChangeId(65)));
}

#[test]
fn fields_come_out_sorted_or_not_at_all() {
    let schema = schema_of_the_tests();
    let long = "n".repeat(65);
    assert_eq!(fields(&schema, pairs(64)), Ok(pairs(64)));
    assert_eq!(fields(&schema, pairs(64).into_iter().rev().collect()), Ok(pairs(64)));
    let cases = [
        (pairs(65), LimitError::Fields(65)),
        ([pairs(1), pairs(1)].concat(), LimitError::FieldTwice("f00".into())),
        (pair("", "x"), LimitError::Name(String::new())),
        (pair(&long, "x"), LimitError::Name(long.clone())),
        (pair("item_id", "x"), LimitError::Name("item_id".into())),
        (pair("notes", "x"), LimitError::Name("notes".into())),
        (pair("portdesk_x", "x"), LimitError::Name("portdesk_x".into())),
        (pair("owner", ""), LimitError::Indexed("owner".into(), 0)),
        (pair("made_at", &"x".repeat(1025)), LimitError::Indexed("made_at".into(), 1025)),
    ];
    for (given, defect) in cases {
        assert_eq!(fields(&schema, given), Err(defect));
    }
}

#[test]
fn a_change_is_bounded_in_all_its_parts() {
    let schema = schema_of_the_tests();
    assert!(change(&schema, plain()).is_ok());
    let twice = [pair("state", "shut"), pair("state", "gone")].concat();
    assert!(change(&schema, Change { unless: twice, ..plain() }).is_ok(), "two values may both forbid it");
    let cases = [
        (Change { id: String::new(), ..plain() }, LimitError::ChangeId(0)),
        (Change { set: pair("owner", ""), ..plain() }, LimitError::Indexed("owner".into(), 0)),
        (Change { unless: pairs(65), ..plain() }, LimitError::Fields(65)),
        (Change { unless: pair("", "x"), ..plain() }, LimitError::Name(String::new())),
        (appending(|append| append.list = "links".into()), LimitError::NoList("links".into())),
        (appending(|append| append.max_entries = 0), LimitError::MaxEntries(0)),
        (appending(|append| append.max_entries = 10_001), LimitError::MaxEntries(10_001)),
        (appending(|append| append.entry.id = String::new()), LimitError::Key(0)),
        (appending(|append| append.entry.fields = pairs(65).into()), LimitError::Fields(65)),
    ];
    for (given, defect) in cases {
        assert_eq!(change(&schema, given), Err(defect));
    }
}

#[test]
fn a_query_names_an_index_and_a_bounded_page() {
    let asked = |index: &str, value: &str, limit| query(&schema_of_the_tests(), index, value, limit);
    assert_eq!(asked("ByOwner", "ada", 100), Ok(()));
    assert_eq!(asked("ByState", "ada", 1), Err(LimitError::NoIndex("ByState".into())));
    assert_eq!(asked("ByOwner", "", 1), Err(LimitError::Indexed("owner".into(), 0)));
    assert_eq!(asked("ByOwner", "ada", 0), Err(LimitError::Limit(0)));
    assert_eq!(asked("ByOwner", "ada", 101), Err(LimitError::Limit(101)));
}

#[test]
fn a_schema_that_contradicts_itself_is_refused() {
    let altered = |alter: &dyn Fn(&mut Schema)| {
        let mut given = schema_of_the_tests();
        alter(&mut given);
        schema(&given)
    };
    assert_eq!(altered(&|_| ()), Ok(()));
    let second = |given: &mut Schema| given.indexes.extend(schema_of_the_tests().indexes);
    assert_eq!(altered(&second), Err(LimitError::Index("ByOwner".into())));
    let renamed = |given: &mut Schema| given.indexes.iter_mut().for_each(|index| index.name = "a b".into());
    assert_eq!(altered(&renamed), Err(LimitError::Index("a b".into())));
    let on_a_list =
        |given: &mut Schema| given.indexes.iter_mut().for_each(|index| index.order = "notes".into());
    assert_eq!(altered(&on_a_list), Err(LimitError::Name("notes".into())));
    assert_eq!(altered(&|given| given.listed = vec!["notes".into()]), Err(LimitError::Name("notes".into())));
    assert_eq!(
        altered(&|given| given.key_field = "notes".into()),
        Err(LimitError::FieldTwice("notes".into()))
    );
}

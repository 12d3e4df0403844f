use super::*;
use crate::backend::{Index, List};

/// The schema of a component of another domain than the built-in one.
fn boats() -> Schema {
    Schema {
        key_field: "boat_id".to_owned(),
        listed: vec!["boat_name".to_owned(), "rig".to_owned(), "seen_at".to_owned()],
        lists: vec![List { name: "repairs".to_owned(), id_field: "repair_id".to_owned() }],
        indexes: vec![Index {
            name: "by-harbour".to_owned(),
            partition: "harbour".to_owned(),
            order: "seen_at".to_owned(),
            optional: false,
        }],
    }
}

fn learned(hints: &str) -> Value {
    let text = format!("{CONTRACT}{hints}");
    learn(&boats(), &Contract::parse(&text).unwrap())
}

const CONTRACT: &str = "
openapi: 3.0.3
info: {title: Harbour, version: '1'}
tags: [{name: boats}]
paths:
  /boats:
    post:
      operationId: register_boat
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/NewBoat'}}}}
      responses: {}
  /boats/{boat_id}:
    get: {operationId: get_boat, responses: {}}
components:
  schemas:
    NewBoat:
      required: [boat_name, rig, masts]
      properties: {boat_name: {type: string, example: Ada}, rig: {$ref: '#/components/schemas/Rig'}, masts: {type: integer, minimum: 2}}
    BoatSummary: {properties: {boat_id: {type: string}, boat_name: {type: string}}}
    Boat:
      properties:
        boat_id: {type: string}
        harbour: {type: string}
        boat_name: {type: string, description: Its name.}
        rig: {$ref: '#/components/schemas/Rig'}
        seen_at: {type: string, format: date-time}
        repairs: {type: array, items: {$ref: '#/components/schemas/Repair'}}
    Repair: {properties: {repair_id: {type: string}, done_by: {type: string}, at: {type: string, format: date-time}, what: {type: string}}}
    Rig: {type: string, enum: [sloop, ketch]}
    Loop: {$ref: '#/components/schemas/Loop'}
";

#[test]
fn a_page_learns_a_component_without_hints() {
    let looks = learned("");
    assert_eq!((&looks["one"], &looks["many"]), (&json!("boat"), &json!("boats")));
    assert_eq!((&looks["title"], &looks["badge"]), (&json!("boat_name"), &json!("rig")));
    assert_eq!((&looks["at"], &looks["by"]), (&json!("seen_at"), &json!("harbour")));
    assert_eq!(looks["tones"], json!({"sloop": "blue", "ketch": "amber"}));
    assert_eq!(looks["lists"], json!([{"name": "repairs", "at": "at", "by": "done_by", "text": "done_by"}]));
    assert_eq!(looks["fields"]["boat_name"]["description"], "Its name.");
    assert_eq!(looks["read"], "/boats/{boat_id}");
    let body: Value = serde_json::from_str(looks["create"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(body, json!({"boat_name": "Ada", "rig": "sloop", "masts": 2}));
}

#[test]
fn a_hint_comes_first_and_a_wrong_hint_is_left_out() {
    let looks = learned(
        "x-portdesk-console: {item: Boat, title: harbour, by: captain, badge: {field: rig, tones: {sloop: green, ketch: pink}}, \
         entries: {repairs: {text: what}}}\n",
    );
    assert_eq!((&looks["title"], &looks["by"]), (&json!("harbour"), &json!("harbour")));
    assert_eq!(looks["tones"], json!({"sloop": "green", "ketch": "amber"}));
    assert_eq!(looks["lists"][0]["text"], "what");
    assert_eq!(looks["left_out"], json!(["captain"]));
}

#[test]
fn a_document_that_teaches_nothing_is_no_failure() {
    let looks = learn(&boats(), &Contract::unparsed("- 1"));
    assert_eq!((&looks["one"], &looks["key"]), (&json!("item"), &json!("boat_id")));
    let looks = learned("x-portdesk-console: {item: Loop}\n");
    assert_eq!(looks["title"], Value::Null, "a schema that refers to itself has no fields");
}

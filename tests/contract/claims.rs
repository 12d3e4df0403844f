//! Rules that the contract keeps as a document.

use serde_json::Value;

use super::operation::Parameter;
use super::{Contract, DOOR_STATUSES};

/// What agent gateways accept (see the head of openapi.yaml).
const OPERATION_DESCRIPTION_LIMIT: usize = 300;
const PARAMETER_DESCRIPTION_LIMIT: usize = 700;
const SAMPLE_COLUMNS_LIMIT: usize = 120;

const OPERATION_IDS: [&str; 5] = [
    "add_ticket_comment",
    "create_ticket",
    "get_ticket_status",
    "list_recent_tickets",
    "update_ticket_status",
];

#[test]
fn the_contract_has_the_five_operations() {
    let mut ids: Vec<&str> =
        Contract::of_this_tree().operations().iter().map(|operation| operation.id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, OPERATION_IDS);
}

#[test]
fn operation_ids_are_in_snake_case() {
    for operation in Contract::of_this_tree().operations() {
        let id = &operation.id;
        assert!(id.starts_with(|first: char| first.is_ascii_lowercase()), "{id}");
        assert!(id.chars().all(|character| character.is_ascii_lowercase() || character == '_'), "{id}");
    }
}

#[test]
fn descriptions_keep_within_what_agent_gateways_take() {
    for operation in Contract::of_this_tree().operations() {
        let length = operation.description.chars().count();
        assert!(length <= OPERATION_DESCRIPTION_LIMIT, "{}: {length} characters", operation.id);
        for parameter in &operation.parameters {
            let length = parameter.description.chars().count();
            assert!(length <= PARAMETER_DESCRIPTION_LIMIT, "{}: {length} characters", parameter.name);
        }
    }
}

#[test]
fn nothing_is_used_that_agent_gateways_refuse() {
    const REFUSED: [&str; 6] = ["oneOf", "anyOf", "allOf", "nullable", "links", "callbacks"];
    visit(Contract::of_this_tree().document.root(), &mut |name, _| {
        assert!(!REFUSED.contains(&name), "the contract uses {name}");
    });
}

#[test]
fn nothing_is_used_that_json_schema_reads_otherwise_than_openapi() {
    const OTHERWISE: [&str; 3] = ["exclusiveMinimum", "exclusiveMaximum", "discriminator"];
    visit(Contract::of_this_tree().document.root(), &mut |name, value| {
        assert!(!OTHERWISE.contains(&name), "the contract uses {name}");
        let alone =
            value.get("$ref").is_none() || value.as_object().is_some_and(|members| members.len() == 1);
        assert!(alone, "`{name}` has something beside a $ref, which OpenAPI ignores");
    });
}

#[test]
fn every_pattern_is_anchored_at_both_ends() {
    visit(Contract::of_this_tree().document.root(), &mut |name, value| {
        if let ("pattern", Some(pattern)) = (name, value.as_str()) {
            assert!(pattern.starts_with('^') && pattern.ends_with('$'), "{pattern}");
        }
    });
}

#[test]
fn requests_are_closed() {
    let document = &Contract::of_this_tree().document;
    for name in ["NewTicket", "NewComment", "StatusChange"] {
        let schema = document.at(&format!("/components/schemas/{name}")).unwrap();
        assert_eq!(schema["additionalProperties"], false, "{name}");
    }
}

#[test]
fn every_example_of_a_request_and_of_a_parameter_fits_its_schema() {
    for operation in Contract::of_this_tree().operations() {
        for content in &operation.request {
            assert!(!content.examples.is_empty(), "{} has no example of its request", operation.id);
            for (name, example) in &content.examples {
                content.schema.check(example).unwrap_or_else(|fault| panic!("{name}: {fault}"));
            }
        }
        for parameter in &operation.parameters {
            if let Some(example) = &parameter.example {
                parameter.schema.check(example).unwrap_or_else(|fault| panic!("{}: {fault}", parameter.name));
            }
        }
    }
}

#[test]
fn every_answer_has_an_example_of_its_body_and_of_its_headers() {
    for operation in Contract::of_this_tree().operations() {
        for (status, reply) in &operation.replies {
            for content in &reply.content {
                assert!(!content.examples.is_empty(), "{} {status} {}", operation.id, content.media_type);
            }
            for header in &reply.headers {
                assert!(header.example.is_some(), "{} {status} {}", operation.id, header.name);
            }
        }
    }
}

#[test]
fn only_json_goes_in() {
    for operation in Contract::of_this_tree().operations() {
        let takes_a_body = operation.method == "POST" || operation.method == "PATCH";
        let media_types: Vec<&str> =
            operation.request.iter().map(|content| content.media_type.as_str()).collect();
        let wanted: &[&str] = if takes_a_body { &["application/json"] } else { &[] };
        assert_eq!(media_types, wanted, "{}", operation.id);
        let refused = &operation.replies[&415];
        let says_what_it_takes = |name: &str| refused.headers.iter().any(|header| header.name == name);
        assert_eq!(says_what_it_takes("Accept-Post"), operation.method == "POST", "{}", operation.id);
        assert_eq!(says_what_it_takes("Accept-Patch"), operation.method == "PATCH", "{}", operation.id);
        assert!(says_what_it_takes("Accept-Encoding"), "{}", operation.id);
    }
}

#[test]
fn every_operation_has_both_conditions_and_their_refusal() {
    for operation in Contract::of_this_tree().operations() {
        for name in ["If-Match", "If-None-Match"] {
            let in_header = |parameter: &&Parameter| parameter.name == name && parameter.place == "header";
            let parameter = operation.parameters.iter().find(in_header);
            let parameter = parameter.unwrap_or_else(|| panic!("{} lacks {name}", operation.id));
            let fits = |text: &str| parameter.schema.check(&Value::from(text)).is_ok();
            for good in ["*", "\"3\"", "W/\"3\"", "\"1\", \"2\"", "\"\""] {
                assert!(fits(good), "{} {name}: {good}", operation.id);
            }
            let ignores_malformed = operation.method == "GET" && name == "If-None-Match";
            for bad in ["3", "*, \"3\"", "\"3", "w/\"3\"", "\"a b\""] {
                assert_eq!(fits(bad), ignores_malformed, "{} {name}: {bad}", operation.id);
            }
        }
        assert!(operation.replies.contains_key(&412), "{}", operation.id);
        assert_eq!(operation.replies.contains_key(&304), operation.method == "GET", "{}", operation.id);
    }
}

#[test]
fn every_operation_documents_what_the_door_may_answer() {
    for operation in Contract::of_this_tree().operations() {
        for status in DOOR_STATUSES {
            assert!(operation.replies.contains_key(&status), "{} lacks {status}", operation.id);
        }
    }
}

#[test]
fn the_parameters_of_a_path_are_those_of_its_template() {
    for operation in Contract::of_this_tree().operations() {
        let in_path = operation.parameters.iter().filter(|parameter| parameter.place == "path");
        for parameter in in_path.clone() {
            assert!(parameter.required, "{}", parameter.name);
            assert!(operation.path.contains(&format!("{{{}}}", parameter.name)), "{}", parameter.name);
        }
        assert_eq!(in_path.count(), operation.path.matches('{').count(), "{}", operation.id);
    }
}

#[test]
fn text_fields_refuse_control_characters_but_tabs_and_ends_of_lines() {
    let document = &Contract::of_this_tree().document;
    for name in ["CallerId", "Author", "Text"] {
        let written = document.at(&format!("/components/schemas/{name}")).unwrap();
        let schema = document.answer_schema(written).unwrap();
        for character in (0..0x300).filter_map(char::from_u32) {
            let allowed = !character.is_control() || ['\n', '\r', '\t'].contains(&character);
            for text in [format!("{character}"), format!("a{character}b"), format!("ab{character}\n")] {
                assert_eq!(schema.check(&Value::from(text)).is_ok(), allowed, "{name} {character:?}");
            }
        }
    }
}

#[test]
fn lengths_count_unicode_characters() {
    let document = &Contract::of_this_tree().document;
    for (name, most) in [("CallerId", 128), ("Author", 128), ("Text", 4000)] {
        let schema =
            document.answer_schema(document.at(&format!("/components/schemas/{name}")).unwrap()).unwrap();
        let fits = |count: usize| schema.check(&Value::from("🎫".repeat(count))).is_ok();
        assert_eq!([fits(0), fits(1), fits(most), fits(most + 1)], [false, true, true, false], "{name}");
    }
}

#[test]
fn every_operation_has_one_short_sample_that_asks_for_the_two_variables_only() {
    for operation in Contract::of_this_tree().operations() {
        let [sample] = &operation.samples[..] else {
            panic!("{} has {} samples", operation.id, operation.samples.len());
        };
        let creates = operation.id == "create_ticket";
        assert!(sample.lines().all(|line| line.len() <= SAMPLE_COLUMNS_LIMIT), "{sample}");
        assert!(sample.contains("$PORTDESK_URL/tickets"), "{sample}");
        assert!(sample.contains("x-api-key: $PORTDESK_API_KEY"), "{sample}");
        assert_eq!(sample.contains("ticket_id=$("), creates, "{sample}");
        assert_eq!(sample.contains("/tickets/$ticket_id"), operation.path.contains('{'), "{sample}");
    }
}

#[test]
fn the_sample_that_the_others_need_comes_first() {
    let yaml = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi.yaml")).unwrap();
    let first_use = yaml.find("/tickets/$ticket_id").unwrap();
    assert!(yaml.find("ticket_id=$(").unwrap() < first_use);
}

/// Calls `look` with the name and the value of every member at every depth, except within examples.
fn visit(value: &Value, look: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                look(name, member);
                if name != "value" && name != "example" {
                    visit(member, look);
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|element| visit(element, look)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

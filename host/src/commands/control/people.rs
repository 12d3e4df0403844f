//! Shows answers of the console to people.

use std::fmt::Write;

use serde_json::Value;

/// A text without characters that move a terminal's cursor or change its colours. What clients sent is part of such texts.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// One line for each member, with the members of a member below it.
pub(super) fn lines(value: &Value) -> String {
    let mut out = String::new();
    write_members(&mut out, value, 0);
    out
}

/// A value in one line.
pub(super) fn short(value: &Value) -> String {
    match value {
        Value::String(text) => plain(text),
        Value::Null => "none".to_owned(),
        Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::Object(_) => plain(&value.to_string()),
    }
}

fn write_members(out: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(members) => {
            let width = members.keys().map(String::len).max().unwrap_or_default();
            for (name, value) in members {
                let name = plain(name);
                if is_flat(value) {
                    let _ = writeln!(out, "{indent}{name:width$}  {}", short(value));
                } else {
                    let _ = writeln!(out, "{indent}{name}");
                    write_members(out, value, depth + 1);
                }
            }
        }
        Value::Array(elements) => {
            for element in elements {
                match element {
                    Value::Object(members) => {
                        let members = members.iter().filter(|(_, value)| !value.is_null());
                        let line: Vec<_> = members
                            .map(|(name, value)| format!("{} {}", plain(name), short(value)))
                            .collect();
                        let _ = writeln!(out, "{indent}{}", line.join("  "));
                    }
                    Value::Array(_) | Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {
                        let _ = writeln!(out, "{indent}{}", short(element));
                    }
                }
            }
        }
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {
            let _ = writeln!(out, "{indent}{}", short(value));
        }
    }
}

/// Whether a value is shown in the line of its name.
fn is_flat(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_stand_below_each_other() {
        let value = json!({
            "space": "main",
            "took_ms": 3,
            "before": {"name": "before-reset", "items": 2},
            "rules": [{"id": "fault-1", "times": null, "hits": 1}],
            "none": [],
        });
        let shown = lines(&value);
        for line in ["space    main", "before", "  items  2", "  hits 1  id fault-1", "none     []"] {
            assert!(shown.lines().any(|shown| shown == line), "{line:?} is not in:\n{shown}");
        }
    }

    #[test]
    fn no_text_of_a_client_controls_the_terminal() {
        let value = json!({"text": "a\u{1b}[31m\u{9b}b\r\nc", "\u{1b}]": ["\u{7}"]});
        assert!(!lines(&value).contains(['\u{1b}', '\u{9b}', '\r', '\u{7}']));
    }
}

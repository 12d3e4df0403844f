//! What rules of faults do, in the words of a person.

use serde_json::{Value, json};

use crate::faults::RuleState;

/// The deeds that a person chooses from: what a request meets, and the members `at` and `do` of such a rule.
pub(super) fn choices() -> Vec<Value> {
    let choice = |(label, at, action): &(&str, &str, &str)| json!({"label": label, "at": at, "do": serde_json::from_str::<Value>(action).unwrap_or_default()});
    DEEDS.iter().map(choice).collect()
}

/// A rule with `told`: which requests meet what, and further conditions.
pub(super) fn told(state: &RuleState) -> Value {
    let mut rule = json!(state);
    let text = |name: &str| rule.get(name).and_then(Value::as_str).map(str::to_owned);
    let number = |name: &str| rule.get(name).and_then(Value::as_f64);
    let known = choices()
        .into_iter()
        .find(|deed| deed.get("at") == rule.get("at") && deed.get("do") == rule.get("do"));
    let deed = known.and_then(|deed| deed.get("label")?.as_str().map(str::to_owned)).unwrap_or_else(|| {
        let action = rule.get("do").map(Value::to_string).unwrap_or_default();
        action.replace(['{', '}', '"'], "").replace('_', " ")
    });
    let conditions = [
        text("at").map(|at| format!("at the station {at}")),
        text("verb"),
        text("client").map(|client| format!("for {client}")),
        number("probability")
            .filter(|one| *one < 1.0)
            .map(|one| format!("with a chance of {} %", (one * 100.0).round())),
        number("skip").filter(|skip| *skip > 0.0).map(|skip| format!("after {skip} others")),
        number("times")
            .map(|times| if times > 1.0 { format!("{times} times at most") } else { "once".to_owned() }),
    ];
    let who = text("operation").unwrap_or_else(|| "Each request".to_owned());
    let conditions: Vec<String> = conditions.into_iter().flatten().collect();
    if let Value::Object(members) = &mut rule {
        members.insert("told".to_owned(), json!([who, deed, conditions.join(", ")]));
    }
    rule
}

const DEEDS: [(&str, &str, &str); 14] = [
    ("is refused with 429", "door", r#"{"refuse": "too_many_requests"}"#),
    ("exceeds its quota", "door", r#"{"refuse": "limit_exceeded"}"#),
    ("is refused with 403", "door", r#"{"refuse": "forbidden"}"#),
    ("is answered with 503", "door", r#"{"status": 503}"#),
    ("finds an overloaded store", "store", r#"{"throttled": {}}"#),
    ("finds no store", "store", r#"{"unavailable": {}}"#),
    ("is stored, and the store does not say so", "store", r#"{"unknown": {"stored": true}}"#),
    ("is not stored, and the store does not say so", "store", r#"{"unknown": {"stored": false}}"#),
    ("waits 2 s for the store", "store", r#"{"delay_ms": 2000}"#),
    ("gets lists without the items of the last 2 s", "store", r#"{"lag_ms": 2000}"#),
    ("gets no answer", "answer", r#"{"lost": {}}"#),
    ("gets half of its answer", "answer", r#"{"truncated": {}}"#),
    ("gets 504 although it was done", "answer", r#"{"replaced": {"status": 504}}"#),
    ("waits 2 s for its answer", "answer", r#"{"delay_ms": 2000}"#),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::{Faults, Rule};

    #[test]
    fn every_choice_is_a_rule_and_is_told_as_it_was_chosen() {
        for choice in choices() {
            let faults = Faults::default();
            let rule =
                json!({"at": choice["at"], "do": choice["do"], "operation": "get_pen", "probability": 0.5});
            faults.add(Rule::try_from(rule).unwrap()).unwrap();
            let told = told(&faults.rules()[0]);
            assert_eq!((&told["told"][0], &told["told"][1]), (&json!("get_pen"), &choice["label"]));
            assert!(told["told"][2].as_str().unwrap().ends_with("with a chance of 50 %"), "{told}");
        }
    }

    #[test]
    fn a_rule_that_nobody_can_choose_is_told_too() {
        let faults = Faults::default();
        let rule =
            json!({"at": "store", "do": {"delay_ms": [20, 80]}, "skip": 2, "times": 3, "client": "ada"});
        faults.add(Rule::try_from(rule).unwrap()).unwrap();
        let told = told(&faults.rules()[0]);
        assert_eq!(
            told["told"],
            json!([
                "Each request",
                "delay ms:[20,80]",
                "at the station store, for ada, after 2 others, 3 times at most"
            ])
        );
    }
}

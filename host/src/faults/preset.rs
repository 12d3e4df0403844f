//! Lists of rules that can be had by name.

use super::Rule;

/// The names of the presets.
pub const PRESETS: [&str; 4] = ["throttled", "flaky-store", "lost-answers", "slow"];

/// The rules of a preset. `None` if there is no such preset.
#[must_use]
pub fn preset(name: &str) -> Option<Vec<Rule>> {
    let text = match name {
        "throttled" => THROTTLED,
        "flaky-store" => FLAKY_STORE,
        "lost-answers" => LOST_ANSWERS,
        "slow" => SLOW,
        _ => return None,
    };
    serde_json::from_str(text).ok()
}

/// A store that is overloaded, behind a gateway whose rate is sometimes exceeded.
const THROTTLED: &str = r#"[
    {"id": "throttled-door", "at": "door", "probability": 0.1, "do": {"refuse": "too_many_requests"}},
    {"id": "throttled-store", "at": "store", "probability": 0.2, "do": {"throttled": {"retry_after_ms": 1000}}}
]"#;

/// A store that fails now and then, also so that nobody knows whether a write is done.
const FLAKY_STORE: &str = r#"[
    {"id": "flaky-unknown", "at": "store", "probability": 0.1, "do": {"unknown": {"stored": "either"}}},
    {"id": "flaky-unavailable", "at": "store", "probability": 0.05, "do": {"unavailable": {}}},
    {"id": "flaky-throttled", "at": "store", "probability": 0.05, "do": {"throttled": {}}}
]"#;

/// A network that loses answers to requests that are done.
const LOST_ANSWERS: &str = r#"[
    {"id": "lost-answer", "at": "answer", "probability": 0.1, "do": {"lost": {}}},
    {"id": "truncated-answer", "at": "answer", "probability": 0.05, "do": {"truncated": {}}},
    {"id": "replaced-answer", "at": "answer", "probability": 0.05, "do": {"replaced": {"status": 504}}}
]"#;

/// Everything takes longer, and some answers take much longer.
const SLOW: &str = r#"[
    {"id": "slow-store", "at": "store", "do": {"delay_ms": [20, 80]}},
    {"id": "slow-answer", "at": "answer", "probability": 0.05, "do": {"delay_ms": [1000, 3000]}}
]"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Faults;

    #[test]
    fn every_preset_is_a_list_of_rules_that_a_space_takes() {
        for name in PRESETS {
            let rules = preset(name).unwrap_or_else(|| panic!("{name} can be read"));
            assert!(rules.len() >= 2, "{name}");
            assert!(rules.iter().all(|rule| rule.id().is_some()), "{name}");
            assert_eq!(Faults::default().replace(rules), Ok(()), "{name}");
        }
    }

    #[test]
    fn two_presets_can_be_used_together() {
        let all = PRESETS.into_iter().filter_map(preset).flatten();
        assert_eq!(Faults::default().replace(all.collect()), Ok(()));
    }

    #[test]
    fn an_unknown_preset_has_no_rules() {
        assert_eq!(preset("slower"), None);
    }
}

//! Words that must not be in a file.

use super::tree::File;

/// Every line with one of the words, in upper or lower case, also within other words.
pub fn found(file: &File, words: &[&str]) -> Vec<String> {
    lines(file, |line| {
        let line = line.to_lowercase();
        words.iter().any(|word| line.contains(word))
    })
}

/// Every line with one of the words, as a whole word in the same case.
pub fn found_whole(file: &File, words: &[&str]) -> Vec<String> {
    lines(file, |line| {
        let parts = line.split(|character: char| !character.is_alphanumeric() && character != '_');
        parts.into_iter().any(|part| words.contains(&part))
    })
}

fn lines(file: &File, has_one: impl Fn(&str) -> bool) -> Vec<String> {
    let numbered = file.text.lines().enumerate().filter(|(_, line)| has_one(line));
    numbered.map(|(index, line)| format!("{}:{}: {}", file.path, index + 1, line.trim())).collect()
}

#[test]
fn a_word_is_found_in_any_case_and_within_others() {
    let file = |text: &str| File { path: "a.rs".into(), text: text.into() };
    for text in ["ticket", "let get_Ticket_by = 1;", "// Tickets", "\"/tickets\"", "TICKETS"] {
        assert_eq!(found(&file(text), &["ticket"]).len(), 1, "{text}");
    }
    assert_eq!(found(&file("a tick, etc.\nthicket"), &["ticket"]), [""; 0]);
}

#[test]
fn a_whole_word_is_found_only_as_it_is_and_alone() {
    let file = File { path: "a.rs".into(), text: "// HACK: x\nHACKS HACK_1 hack\n(HACK)".into() };
    assert_eq!(found_whole(&file, &["HACK"]), ["a.rs:1: // HACK: x", "a.rs:3: (HACK)"]);
}

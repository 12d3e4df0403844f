//! Reports as JUnit XML, as continuous integration reads it.

use std::fmt::Write;
use std::time::Duration;

use super::{Outcome, Report, StepReport};

/// The reports as one document: a test suite for each report, and a test case for each step.
#[must_use]
pub fn junit(reports: &[Report]) -> String {
    let all = || reports.iter().flat_map(|report| &report.steps);
    let took = reports.iter().map(|report| report.took).sum();
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let _ = writeln!(xml, "<testsuites{}>", counts(&all().collect::<Vec<_>>(), took));
    for report in reports {
        let steps: Vec<&StepReport> = report.steps.iter().collect();
        let _ =
            writeln!(xml, "  <testsuite name=\"{}\"{}>", escaped(&report.name), counts(&steps, report.took));
        for step in steps {
            case(&mut xml, report, step);
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn counts(steps: &[&StepReport], took: Duration) -> String {
    let of = |outcome| steps.iter().filter(|step| step.outcome == outcome).count();
    let (tests, failures, skipped) = (steps.len(), of(Outcome::Failed), of(Outcome::NotDone));
    let seconds = took.as_secs_f64();
    format!(
        " tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\" time=\"{seconds:.6}\""
    )
}

fn case(xml: &mut String, report: &Report, step: &StepReport) {
    let round = step.round.map(|round| format!(" round {round}")).unwrap_or_default();
    let name = format!("{}{round} {}", step.number, step.title);
    let _ = write!(
        xml,
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.6}\"",
        escaped(&report.name),
        escaped(&name),
        step.took.as_secs_f64()
    );
    match (step.outcome, step.failures.first()) {
        (Outcome::NotDone, _) => xml.push_str("><skipped/></testcase>\n"),
        (Outcome::Failed, first) => {
            let what = first.map_or("step", |failure| failure.what.as_str());
            let message = first.map(|failure| {
                format!("{}: wanted {}, found {}", failure.what, failure.wanted, failure.found)
            });
            let _ = writeln!(
                xml,
                "><failure type=\"{}\" message=\"{}\">{}</failure></testcase>",
                escaped(what),
                escaped(&message.unwrap_or_default()),
                escaped(&step.to_string())
            );
        }
        (Outcome::Held, _) => xml.push_str("/>\n"),
    }
}

/// A text as it can stand in an attribute or an element. Characters that XML cannot have are replaced.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            // As references, because a reader makes spaces of them in an attribute.
            '\t' | '\n' | '\r' => drop(write!(escaped, "&#{};", u32::from(character))),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::Report;
    use super::*;
    use crate::scenario::{Failure, Mode};

    const HOSTILE: &str = "]]>\"'<b>&amp;\u{0}\u{1b}[31m\n\u{ffff}\u{202e}😀";

    fn hostile() -> Report {
        let step = |outcome| StepReport {
            outcome,
            round: Some(2),
            ..StepReport::new(HOSTILE.to_owned(), HOSTILE.to_owned())
        };
        let mut failed = step(Outcome::Failed);
        failed.failures = vec![Failure::new(HOSTILE, HOSTILE, HOSTILE)];
        let mut report = Report::new(HOSTILE.to_owned(), None, Mode::Run);
        for step in [step(Outcome::Held), failed, step(Outcome::NotDone)] {
            report.add(step);
        }
        report
    }

    /// Every part between `<` and `>` is a tag whose attributes are quoted, tags are balanced, and `&` begins a reference.
    fn check_well_formed(xml: &str) {
        let mut open = Vec::new();
        for part in xml.split('<').skip(2) {
            let (tag, text) = part.split_once('>').expect("a tag ends");
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            let name = tag.split([' ', '/']).find(|name| !name.is_empty()).unwrap();
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(name), "{tag}");
            } else if !tag.ends_with('/') {
                open.push(name);
            }
            assert!(!text.contains('>'), "{text}");
            for reference in part.split('&').skip(1) {
                let (name, _) = reference.split_once(';').expect("a reference ends");
                assert!(["amp", "lt", "gt", "quot", "apos", "#9", "#10", "#13"].contains(&name), "{name}");
            }
        }
        assert!(open.is_empty(), "{open:?}");
        let is_allowed = |character: char| character == '\n' || !('\0'..' ').contains(&character);
        assert!(xml.chars().all(is_allowed));
    }

    #[test]
    fn the_document_is_well_formed_with_hostile_names() {
        let xml = junit(&[hostile(), hostile()]);
        check_well_formed(&xml);
        assert!(xml.contains("<testsuites tests=\"6\" failures=\"2\" errors=\"0\" skipped=\"2\""), "{xml}");
        assert!(xml.contains("name=\"]]&gt;&quot;&apos;&lt;b&gt;&amp;amp;\u{fffd}\u{fffd}[31m&#10;\u{fffd}"));
    }

    #[test]
    fn the_check_of_this_test_finds_what_is_malformed() {
        for xml in ["<?xml?><a>", "<?xml?><a><b></a></b>", "<?xml?><a b=\"\"\"/>", "<?xml?><a>&x;</a>"] {
            assert!(std::panic::catch_unwind(|| check_well_formed(xml)).is_err(), "{xml}");
        }
    }

    #[test]
    fn the_text_for_people_controls_no_terminal() {
        let text = hostile().to_string();
        assert!(text.lines().count() >= 5);
        assert!(text.chars().all(|character| character == '\n' || !character.is_control()), "{text:?}");
    }
}

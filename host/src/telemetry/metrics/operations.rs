//! The operations that requests are counted by.
//!
//! The attack: a component names the operation of an answer as it likes, and each new name would be a series for ever.
//! So a name counts only if the contract has it, which was read before the first request; any other is `other`.

use std::collections::HashMap;

use hyper::StatusCode;
use indexmap::IndexMap;
use prometheus::{Histogram, HistogramVec, IntCounterVec};
use serde::Deserialize;
use serde_json::Value;

use super::Series;

/// What answered a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// The component, which gives it this name.
    Component(String),
    /// The host, in place of the component; or the component, which named no operation.
    None,
    /// A page of the host.
    Page(&'static str),
}

/// A series for each operation and status.
pub(super) struct Operations {
    named: HashMap<String, Counted>,
    none: Counted,
    other: Counted,
}

struct Counted {
    name: String,
    answers: Series,
    durations: Histogram,
}

impl Operations {
    pub(super) fn new(
        contract: &str,
        pages: &[&str],
        requests: &IntCounterVec,
        durations: &HistogramVec,
    ) -> Operations {
        let counted = |name: &str| Counted {
            name: name.to_owned(),
            answers: Series::new(requests.clone(), STATUSES),
            durations: durations.with_label_values(&[name]),
        };
        let of_contract = names(contract);
        let known = of_contract.iter().map(String::as_str).chain(pages.iter().copied());
        let named = known.map(|name| (name.to_owned(), counted(name))).collect();
        Operations { named, none: counted("none"), other: counted("other") }
    }

    /// Counts an answer, and gives the name that its operation goes by.
    pub(super) fn answered(&self, operation: &Operation, status: StatusCode, seconds: f64) -> &str {
        let counted = match operation {
            Operation::None => &self.none,
            Operation::Component(name) => self.named.get(name).unwrap_or(&self.other),
            Operation::Page(name) => self.named.get(*name).unwrap_or(&self.other),
        };
        counted.durations.observe(seconds);
        counted.answers.count(index(status), &[&counted.name, label(&status)]);
        &counted.name
    }
}

/// A status as a label. Those that HTTP does not name go by their class: a component may answer with any.
fn label(status: &StatusCode) -> &str {
    match status.as_u16() {
        _ if status.canonical_reason().is_some() => status.as_str(),
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    }
}

/// Where the counter of this status is: all that go by one label have one place.
fn index(status: StatusCode) -> usize {
    let number = usize::from(status.as_u16());
    if status.canonical_reason().is_some() { number } else { number / 100 }
}

/// The operations that a contract names. That it cannot be read is no reason not to serve it.
fn names(contract: &str) -> Vec<String> {
    let contract: Contract = serde_saphyr::from_str(contract).unwrap_or_default();
    let operations = contract.paths.values().flat_map(IndexMap::values);
    let names = operations.filter_map(|operation| operation.get("operationId")?.as_str());
    names.filter(|name| is_name(name)).take(OPERATIONS).map(str::to_owned).collect()
}

/// What may be a label and stand in a log as it is.
fn is_name(name: &str) -> bool {
    let is_of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    (1..=NAME_BYTES).contains(&name.len()) && name.bytes().all(is_of_a_name)
}

#[derive(Deserialize, Default)]
struct Contract {
    #[serde(default)]
    paths: IndexMap<String, IndexMap<String, Value>>,
}

/// The most operations of a contract that are told apart.
const OPERATIONS: usize = 64;
/// The most bytes of an operation's name.
const NAME_BYTES: usize = 64;
/// A place for each number that a status may be.
const STATUSES: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::metrics::Families;

    const CONTRACT: &str =
        "paths:\n  /a:\n    get: {operationId: read_a}\n    post: {operationId: 'b a d'}\n";

    /// The lines of the counters after these answers.
    fn counted(asked: &[(&str, u16)]) -> Vec<String> {
        let registry = prometheus::Registry::new();
        let families = Families(&registry);
        let requests = families.counters("requests", "-", &["operation", "status"]).unwrap();
        let durations = families.histograms("durations", "-", "operation").unwrap();
        let operations = Operations::new(CONTRACT, &["healthz"], &requests, &durations);
        for (name, status) in asked {
            let status = StatusCode::from_u16(*status).unwrap();
            operations.answered(&Operation::Component((*name).to_owned()), status, 0.0);
        }
        let text = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        text.lines().filter(|line| line.starts_with("requests{")).map(str::to_owned).collect()
    }

    #[test]
    fn only_the_contract_makes_an_operation() {
        let junk = (0..1000).map(|number| format!("junk-{number}")).collect::<Vec<_>>();
        let junk = junk.iter().map(|name| (name.as_str(), 200));
        let asked = junk.chain([("read_a", 200), ("b a d", 200), ("read_a", 404)]).collect::<Vec<_>>();
        let expected = [
            r#"requests{operation="other",status="200"} 1001"#,
            r#"requests{operation="read_a",status="200"} 1"#,
            r#"requests{operation="read_a",status="404"} 1"#,
        ];
        assert_eq!(counted(&asked), expected);
    }

    #[test]
    fn a_status_that_http_does_not_name_is_its_class() {
        let asked = (200..600).map(|status| ("read_a", status)).collect::<Vec<_>>();
        let counted = counted(&asked);
        assert!(counted.len() < 80, "{}", counted.len());
        let count = |line: &String| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap();
        assert_eq!(counted.iter().map(count).sum::<u64>(), 400);
        assert!(counted.contains(&r#"requests{operation="read_a",status="204"} 1"#.to_owned()));
        assert!(counted.iter().any(|line| line.contains(r#"status="5xx""#) && count(line) > 50));
    }

    #[test]
    fn a_contract_that_cannot_be_read_names_nothing() {
        for contract in ["", "[", "paths: 3", "{}"] {
            assert_eq!(names(contract), Vec::<String>::new(), "{contract:?}");
        }
        let many = (0..500).map(|number| format!("  /{number}:\n    get: {{operationId: a{number}}}\n"));
        assert_eq!(names(&format!("paths:\n{}", many.collect::<String>())).len(), OPERATIONS);
    }
}

//! The operations that requests are counted by.
//!
//! The attack: a component may name the operation of an answer as it likes, and each new name would add a series for ever.
//! So only the names in the contract, which is parsed before the first request, are labels. All other names are `other`.

use std::collections::HashSet;

use hyper::StatusCode;
use prometheus::{HistogramVec, IntCounterVec};

use super::{Families, MetricsError};
use crate::contract::Contract;

/// What a request is counted as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationLabel {
    /// The operation that the component named in its answer.
    Component(String),
    /// The component named no operation, or the host answered in its place.
    None,
    /// A page of the host.
    Page(&'static str),
}

/// How a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// As a request of the HTTP API.
    Http,
    /// As a message of an agent.
    Mcp,
}

impl Via {
    /// The label in metrics and in the log.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Via::Http => "http",
            Via::Mcp => "mcp",
        }
    }
}

/// Counts answers by operation, status and way in.
pub(super) struct Operations {
    /// Operations of the contract and pages of the host.
    known: HashSet<String>,
    requests: IntCounterVec,
    durations: HistogramVec,
}

impl Operations {
    pub(super) fn new(
        contract: &Contract,
        pages: &[&str],
        families: &Families<'_>,
    ) -> Result<Operations, MetricsError> {
        let pages = pages.iter().map(|page| (*page).to_owned());
        Ok(Operations {
            known: names(contract).into_iter().chain(pages).collect(),
            requests: families.counters(
                "portdesk_requests_total",
                "Requests that were answered, by operation, status and way in.",
                &["operation", "status", "via"],
            )?,
            durations: families.histograms(
                "portdesk_request_duration_seconds",
                "From the head of a request to its answer.",
                "operation",
            )?,
        })
    }

    /// Counts an answer, and returns the name of its operation.
    pub(super) fn answered(
        &self,
        operation: &OperationLabel,
        status: StatusCode,
        via: Via,
        seconds: f64,
    ) -> &str {
        let name = match operation {
            OperationLabel::None => NONE,
            OperationLabel::Component(name) => self.known(name),
            OperationLabel::Page(name) => self.known(name),
        };
        self.durations.with_label_values(&[name]).observe(seconds);
        self.requests.with_label_values(&[name, label(&status), via.label()]).inc();
        name
    }

    fn known(&self, name: &str) -> &str {
        self.known.get(name).map_or(OTHER, String::as_str)
    }
}

/// Returns a status as a label. A status that HTTP does not name becomes its class, because a component may use any number.
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

/// The operations that are counted by their names.
fn names(contract: &Contract) -> Vec<String> {
    let names = contract.operations().iter().filter_map(|operation| operation.id.as_deref());
    names.filter(|name| is_name(name)).take(OPERATIONS).map(str::to_owned).collect()
}

/// Whether a name may be a label, and be in the log as it is.
fn is_name(name: &str) -> bool {
    let is_of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    (1..=NAME_BYTES).contains(&name.len()) && name.bytes().all(is_of_a_name)
}

/// The most operations of a contract that are counted by their names.
const OPERATIONS: usize = 64;
/// The most bytes of an operation's name.
const NAME_BYTES: usize = 64;
/// The label of answers that the host gives in place of the component, or that the component gave no operation.
const NONE: &str = "none";
/// The label of operations that the contract does not have.
const OTHER: &str = "other";

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACT: &str =
        "paths:\n  /a:\n    get: {operationId: read_a}\n    post: {operationId: 'b a d'}\n";

    /// The lines of the counters after these answers.
    fn counted(asked: &[(&str, u16)]) -> Vec<String> {
        let registry = prometheus::Registry::new();
        let contract = Contract::parse(CONTRACT).unwrap();
        let operations = Operations::new(&contract, &["healthz"], &Families(&registry)).unwrap();
        for (name, status) in asked {
            let status = StatusCode::from_u16(*status).unwrap();
            operations.answered(&OperationLabel::Component((*name).to_owned()), status, Via::Http, 0.0);
        }
        let text = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        let lines = text.lines().filter_map(|line| line.strip_prefix("portdesk_requests_total"));
        lines.map(str::to_owned).collect()
    }

    #[test]
    fn only_operations_of_the_contract_are_labels() {
        let junk = (0..1000).map(|number| format!("junk-{number}")).collect::<Vec<_>>();
        let junk = junk.iter().map(|name| (name.as_str(), 200));
        let asked = junk.chain([("read_a", 200), ("b a d", 200), ("read_a", 404)]).collect::<Vec<_>>();
        let expected = [
            r#"{operation="other",status="200",via="http"} 1001"#,
            r#"{operation="read_a",status="200",via="http"} 1"#,
            r#"{operation="read_a",status="404",via="http"} 1"#,
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
        assert!(counted.contains(&r#"{operation="read_a",status="204",via="http"} 1"#.to_owned()));
        assert!(counted.iter().any(|line| line.contains(r#"status="5xx""#) && count(line) > 50));
    }

    #[test]
    fn an_unreadable_contract_names_no_operation_and_a_long_one_names_64() {
        for contract in ["", "[", "paths: 3", "{}"] {
            let contract = Contract::parse(contract).unwrap_or_else(|_| Contract::unparsed(contract));
            assert_eq!(names(&contract), Vec::<String>::new(), "{contract:?}");
        }
        let many = (0..500).map(|number| format!("  /{number}:\n    get: {{operationId: a{number}}}\n"));
        let contract = Contract::parse(&format!("paths:\n{}", many.collect::<String>())).unwrap();
        assert_eq!(names(&contract).len(), OPERATIONS);
    }
}

//! The tables of the medians, one for each operation.

use std::fmt::Write as _;

use crate::figures::{Sample, medians};
use crate::load::Operation;
use crate::rounds::{Plan, Results};

/// Returns a table for each operation. It has a line for each contestant and three columns for each number of connections.
pub(super) fn tables(plan: &Plan, results: &Results) -> String {
    Operation::ALL.map(|operation| table(operation, plan, results)).join("\n")
}

fn table(operation: Operation, plan: &Plan, results: &Results) -> String {
    let mut text = format!("### `{}`\n\n|", operation.name());
    for connections in &plan.connections {
        let s = if *connections == 1 { "" } else { "s" };
        let _ = write!(text, " | {connections} connection{s}: CPU us | a second | p50 / p99 us");
    }
    let _ = writeln!(text, " |\n|---|{}", "---:|".repeat(3 * plan.connections.len()));
    for contestant in &plan.contestants {
        if !contestant.takes(operation) {
            continue;
        }
        let _ = write!(text, "| {}", contestant.name());
        for connections in &plan.connections {
            let _ = write!(text, " | {}", cells(results.of(*contestant, operation, *connections)));
        }
        text.push_str(" |\n");
    }
    text
}

fn cells(samples: &[Sample]) -> String {
    match medians(samples) {
        Some(Sample { cpu_us, per_second, p50_us, p99_us }) => {
            format!("{cpu_us:.1} | {per_second:.0} | {p50_us:.0} / {p99_us:.0}")
        }
        None => "- | - | -".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::contestant::Contestant;

    #[test]
    fn a_contestant_has_a_line_if_the_operation_is_measured_and_a_dash_without_a_sample() {
        let contestants = vec![Contestant::Pooled, Contestant::Wasmtime];
        let plan = Plan { contestants, connections: vec![1, 64], rounds: 1, time: Duration::from_secs(1) };
        let mut results = Results::default();
        let sample = Sample { cpu_us: 12.34, per_second: 1000.4, p50_us: 5.0, p99_us: 9.0 };
        results.add(Contestant::Pooled, Operation::Get, 64, sample);
        let expected = "\
### `GET /tickets/{id}`

| | 1 connection: CPU us | a second | p50 / p99 us | 64 connections: CPU us | a second | p50 / p99 us |
|---|---:|---:|---:|---:|---:|---:|
| portdesk, pooled | - | - | - | 12.3 | 1000 | 5 / 9 |
";
        assert_eq!(table(Operation::Get, &plan, &results), expected);
    }
}

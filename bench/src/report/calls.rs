//! The table of what a call of a tool costs beyond the request that it stands for.

use std::fmt::Write as _;

use crate::contestant::Contestant;
use crate::figures::Spread;
use crate::load::Operation;
use crate::rounds::{Plan, Results};

/// Each call, and the request that it stands for.
const CALLS: [(Operation, Operation); 2] =
    [(Operation::CallGet, Operation::Get), (Operation::CallList, Operation::List)];

/// Returns a table with a line for each call and a column for each number of connections. Returns an empty text if no call was
/// measured.
pub(super) fn table(plan: &Plan, results: &Results) -> String {
    if !plan.contestants.contains(&Contestant::Pooled) {
        return String::new();
    }
    let mut text = "| CPU of a call beyond that of its request, us: median (least, greatest) |".to_owned();
    for connections in &plan.connections {
        let s = if *connections == 1 { "" } else { "s" };
        let _ = write!(text, " {connections} connection{s} |");
    }
    let _ = writeln!(text, "\n|---|{}", "---:|".repeat(plan.connections.len()));
    for (call, request) in CALLS {
        let _ = write!(text, "| `{}` / `{}` |", call.name(), request.name());
        for connections in &plan.connections {
            let of = |operation| results.of(Contestant::Pooled, operation, *connections);
            let _ = match Spread::of_differences(of(call), of(request)) {
                Some(Spread { median, least, greatest }) => {
                    write!(text, " {median:.1} ({least:.1}, {greatest:.1}) |")
                }
                None => write!(text, " - |"),
            };
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::figures::Sample;

    #[test]
    fn a_call_is_compared_with_its_request_in_each_round() {
        let plan = |contestants| Plan {
            contestants,
            connections: vec![1, 64],
            rounds: 2,
            time: Duration::from_secs(1),
        };
        let mut results = Results::default();
        for (operation, cpu_us) in [
            (Operation::Get, 20.0),
            (Operation::CallGet, 95.0),
            (Operation::Get, 30.0),
            (Operation::CallGet, 99.0),
        ] {
            results.add(Contestant::Pooled, operation, 64, Sample { cpu_us, ..Sample::default() });
        }
        let expected = "\
| CPU of a call beyond that of its request, us: median (least, greatest) | 1 connection | 64 connections |
|---|---:|---:|
| `tools/call get_ticket_status` / `GET /tickets/{id}` | - | 72.0 (69.0, 75.0) |
| `tools/call list_recent_tickets` / `GET /tickets?caller=` | - | - |
";
        assert_eq!(table(&plan(vec![Contestant::Pooled]), &results), expected);
        assert_eq!(table(&plan(vec![Contestant::Node]), &results), "");
    }
}

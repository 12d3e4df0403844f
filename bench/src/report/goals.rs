//! The goals, and whether they are met: ratios of processor time at 64 connections.

use std::fmt::Write as _;

use crate::contestant::Contestant;
use crate::figures::Spread;
use crate::load::Operation;
use crate::rounds::Results;

/// A ratio that is to be reached: processor time of `upper` by that of `lower`.
struct Goal {
    upper: Contestant,
    lower: Contestant,
    operation: Operation,
    least: f64,
}

const fn goal(upper: Contestant, lower: Contestant, operation: Operation, least: f64) -> Goal {
    Goal { upper, lower, operation, least }
}

const GOALS: [Goal; 17] = [
    goal(Contestant::Native, Contestant::Pooled, Operation::Get, 0.90),
    goal(Contestant::Native, Contestant::Pooled, Operation::Post, 0.80),
    goal(Contestant::Native, Contestant::Pooled, Operation::List, 0.85),
    goal(Contestant::NativeEmbedded, Contestant::Embedded, Operation::Get, 0.92),
    goal(Contestant::NativeEmbedded, Contestant::Embedded, Operation::Post, 0.90),
    goal(Contestant::Native, Contestant::Fresh, Operation::Get, 0.50),
    goal(Contestant::Native, Contestant::Fresh, Operation::Post, 0.45),
    goal(Contestant::Wasmtime, Contestant::Pooled, Operation::Post, 8.0),
    goal(Contestant::WasmtimeReuse, Contestant::Pooled, Operation::Get, 8.0),
    goal(Contestant::WasmtimeReuse, Contestant::Pooled, Operation::List, 8.0),
    goal(Contestant::Wasmtime, Contestant::Fresh, Operation::Post, 4.0),
    goal(Contestant::WasmtimeReuse, Contestant::Fresh, Operation::Get, 4.0),
    goal(Contestant::WasmtimeReuse, Contestant::Fresh, Operation::List, 4.0),
    goal(Contestant::Node, Contestant::Pooled, Operation::Get, 10.0),
    goal(Contestant::Node, Contestant::Pooled, Operation::List, 10.0),
    goal(Contestant::Node, Contestant::Pooled, Operation::Comment, 10.0),
    goal(Contestant::Node, Contestant::Pooled, Operation::Post, 10.0),
];

const CONNECTIONS: usize = 64;

/// A line for each goal whose both sides were measured.
pub(super) fn table(results: &Results) -> String {
    let mut text = format!(
        "| CPU of one by CPU of the other, {CONNECTIONS} connections | | ratio (least, greatest) | goal | |\n\
         |---|---|---:|---:|---|\n"
    );
    for Goal { upper, lower, operation, least } in &GOALS {
        let of = |contestant: &Contestant| results.of(*contestant, *operation, CONNECTIONS);
        let Some(ratio) = Spread::of_ratios(of(upper), of(lower)) else { continue };
        let (names, verdict) = ((upper.name(), lower.name()), verdict(ratio.median >= *least));
        let Spread { median, least: lowest, greatest } = ratio;
        let _ = writeln!(
            text,
            "| {} / {} | `{}` | {median:.2} ({lowest:.2}, {greatest:.2}) | {least:.2} | {verdict} |",
            names.0,
            names.1,
            operation.name()
        );
    }
    text
}

/// Whether a goal is reached, for a table.
pub(crate) fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "**missed**" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Sample;
    use crate::rounds::Series;

    fn series(contestant: Contestant, cpu_us: f64) -> Series {
        let sample = Sample { cpu_us, per_second: 1.0, p50_us: 1.0, p99_us: 1.0, refused: 0.0 };
        Series { contestant, operation: Operation::Post, connections: 64, samples: vec![sample] }
    }

    #[test]
    fn a_goal_is_met_or_missed_by_its_ratio_and_left_out_where_a_side_is_missing() {
        let all = [(Contestant::Pooled, 20.0), (Contestant::Fresh, 50.0), (Contestant::Wasmtime, 180.0)];
        let text = table(&Results(all.map(|(contestant, cpu)| series(contestant, cpu)).into()));
        let lines: Vec<_> = text.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "| wasmtime serve / portdesk, pooled | `POST /tickets` | 9.00 (9.00, 9.00) | 8.00 | met |",
                "| wasmtime serve / portdesk, fresh | `POST /tickets` | 3.60 (3.60, 3.60) | 4.00 | **missed** |",
            ]
        );
    }
}

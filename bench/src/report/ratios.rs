//! Ratios of processor time between two contestants at 64 connections.

use std::fmt::Write as _;

use crate::contestant::Contestant;
use crate::figures::Spread;
use crate::load::Operation;
use crate::rounds::Results;

/// Processor time of `upper` divided by that of `lower`, for one operation.
struct Ratio {
    upper: Contestant,
    lower: Contestant,
    operation: Operation,
}

const fn ratio(upper: Contestant, lower: Contestant, operation: Operation) -> Ratio {
    Ratio { upper, lower, operation }
}

const RATIOS: [Ratio; 17] = [
    ratio(Contestant::Native, Contestant::Pooled, Operation::Get),
    ratio(Contestant::Native, Contestant::Pooled, Operation::Post),
    ratio(Contestant::Native, Contestant::Pooled, Operation::List),
    ratio(Contestant::NativeEmbedded, Contestant::Embedded, Operation::Get),
    ratio(Contestant::NativeEmbedded, Contestant::Embedded, Operation::Post),
    ratio(Contestant::Native, Contestant::Fresh, Operation::Get),
    ratio(Contestant::Native, Contestant::Fresh, Operation::Post),
    ratio(Contestant::Wasmtime, Contestant::Pooled, Operation::Post),
    ratio(Contestant::WasmtimeReuse, Contestant::Pooled, Operation::Get),
    ratio(Contestant::WasmtimeReuse, Contestant::Pooled, Operation::List),
    ratio(Contestant::Wasmtime, Contestant::Fresh, Operation::Post),
    ratio(Contestant::WasmtimeReuse, Contestant::Fresh, Operation::Get),
    ratio(Contestant::WasmtimeReuse, Contestant::Fresh, Operation::List),
    ratio(Contestant::Node, Contestant::Pooled, Operation::Get),
    ratio(Contestant::Node, Contestant::Pooled, Operation::List),
    ratio(Contestant::Node, Contestant::Pooled, Operation::Comment),
    ratio(Contestant::Node, Contestant::Pooled, Operation::Post),
];

const CONNECTIONS: usize = 64;

/// A line for each ratio whose two contestants were both measured.
pub(super) fn table(results: &Results) -> String {
    let mut text = format!(
        "| CPU of one by CPU of the other, {CONNECTIONS} connections | | ratio (least, greatest) |\n\
         |---|---|---:|\n"
    );
    for Ratio { upper, lower, operation } in &RATIOS {
        let of = |contestant: &Contestant| results.of(*contestant, *operation, CONNECTIONS);
        let Some(spread) = Spread::of_ratios(of(upper), of(lower)) else { continue };
        let Spread { median, least, greatest } = spread;
        let _ = writeln!(
            text,
            "| {} / {} | `{}` | {median:.2} ({least:.2}, {greatest:.2}) |",
            upper.name(),
            lower.name(),
            operation.name()
        );
    }
    text
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
    fn a_ratio_has_a_line_if_both_contestants_were_measured() {
        let all = [(Contestant::Pooled, 20.0), (Contestant::Fresh, 50.0), (Contestant::Wasmtime, 180.0)];
        let text = table(&Results(all.map(|(contestant, cpu)| series(contestant, cpu)).into()));
        let lines: Vec<_> = text.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "| wasmtime serve / portdesk, pooled | `POST /tickets` | 9.00 (9.00, 9.00) |",
                "| wasmtime serve / portdesk, fresh | `POST /tickets` | 3.60 (3.60, 3.60) |",
            ]
        );
    }
}

//! The table of ratios of processor time between two contestants.

use std::fmt::Write as _;

use crate::contestant::Contestant;
use crate::figures::Spread;
use crate::load::Operation;
use crate::rounds::Results;

/// Each ratio is the processor time of the first contestant divided by that of the second one.
const RATIOS: [(Contestant, Contestant, Operation); 17] = [
    (Contestant::Native, Contestant::Pooled, Operation::Get),
    (Contestant::Native, Contestant::Pooled, Operation::Post),
    (Contestant::Native, Contestant::Pooled, Operation::List),
    (Contestant::NativeEmbedded, Contestant::Embedded, Operation::Get),
    (Contestant::NativeEmbedded, Contestant::Embedded, Operation::Post),
    (Contestant::Native, Contestant::Fresh, Operation::Get),
    (Contestant::Native, Contestant::Fresh, Operation::Post),
    (Contestant::Wasmtime, Contestant::Pooled, Operation::Post),
    (Contestant::WasmtimeReuse, Contestant::Pooled, Operation::Get),
    (Contestant::WasmtimeReuse, Contestant::Pooled, Operation::List),
    (Contestant::Wasmtime, Contestant::Fresh, Operation::Post),
    (Contestant::WasmtimeReuse, Contestant::Fresh, Operation::Get),
    (Contestant::WasmtimeReuse, Contestant::Fresh, Operation::List),
    (Contestant::Node, Contestant::Pooled, Operation::Get),
    (Contestant::Node, Contestant::Pooled, Operation::List),
    (Contestant::Node, Contestant::Pooled, Operation::Comment),
    (Contestant::Node, Contestant::Pooled, Operation::Post),
];

const CONNECTIONS: usize = 64;

/// Returns a table with a line for each ratio whose contestants were both measured.
pub(super) fn table(results: &Results) -> String {
    let mut text = format!(
        "| CPU of one by CPU of the other, {CONNECTIONS} connections | | ratio (least, greatest) |\n\
         |---|---|---:|\n"
    );
    for (upper, lower, operation) in RATIOS {
        let of = |contestant| results.of(contestant, operation, CONNECTIONS);
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

    #[test]
    fn a_ratio_has_a_line_if_both_contestants_were_measured() {
        let mut results = Results::default();
        for (contestant, cpu_us) in
            [(Contestant::Pooled, 20.0), (Contestant::Fresh, 50.0), (Contestant::Wasmtime, 180.0)]
        {
            results.add(contestant, Operation::Post, CONNECTIONS, Sample { cpu_us, ..Sample::default() });
        }
        let text = table(&results);
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

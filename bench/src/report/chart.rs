//! The chart of the processor time for one request. It has a row for each contestant.

use std::fmt::Write as _;

use clap::ValueEnum;

use crate::contestant::Contestant;
use crate::figures::medians;
use crate::load::Operation;
use crate::rounds::Results;

/// Draws dots on a logarithmic scale, because the contestants differ by orders of magnitude. Each dot has its figure beside it.
pub(super) fn svg(results: &Results) -> String {
    let (mut rows, mut y) = (String::new(), TOP);
    for operation in Operation::ALL {
        let dots: Vec<_> = Contestant::value_variants()
            .iter()
            .filter_map(|contestant| {
                Some((contestant.name(), medians(results.of(*contestant, operation, CONNECTIONS))?.cpu_us))
            })
            .collect();
        if dots.is_empty() {
            continue;
        }
        let _ = writeln!(rows, "  <text class=\"head\" x=\"20\" y=\"{y}\">{}</text>", operation.name());
        for (name, cpu_us) in dots {
            y += ROW;
            let (x, text_y) = (x(cpu_us), y + 4);
            let _ = writeln!(rows, "  <text x=\"{LEFT}\" y=\"{text_y}\" text-anchor=\"end\">{name}</text>");
            let _ =
                writeln!(rows, "  <line class=\"row\" x1=\"{AXIS}\" y1=\"{y}\" x2=\"{x:.1}\" y2=\"{y}\"/>");
            let _ = writeln!(rows, "  <circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y}\" r=\"5\"/>");
            let _ = writeln!(rows, "  <text x=\"{:.1}\" y=\"{text_y}\">{cpu_us:.1}</text>", x + 10.0);
        }
        y += ROW * 2;
    }
    let height = y + 10;
    let ticks = ticks(y - ROW);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" aria-labelledby=\"title\">\n  <title id=\"title\">Microseconds of processor \
         time for one request, {CONNECTIONS} connections (logarithmic scale, less is better)</title>\n{STYLE}\
         <rect class=\"card\" width=\"{WIDTH}\" height=\"{height}\"/>\n  <text class=\"head\" x=\"20\" \
         y=\"26\">Microseconds of processor time for one request, {CONNECTIONS} connections (logarithmic scale, less is \
         better)</text>\n{ticks}{rows}</svg>\n"
    )
}

/// Draws a line for each power of ten.
fn ticks(bottom: i32) -> String {
    let mut text = String::new();
    for (value, name) in [(1.0, "1"), (10.0, "10"), (100.0, "100"), (1000.0, "1,000"), (10_000.0, "10,000")] {
        let x = x(value);
        let _ =
            writeln!(text, "  <line class=\"tick\" x1=\"{x:.1}\" y1=\"56\" x2=\"{x:.1}\" y2=\"{bottom}\"/>");
        let _ = writeln!(text, "  <text x=\"{x:.1}\" y=\"48\" text-anchor=\"middle\">{name}</text>");
    }
    text
}

fn x(cpu_us: f64) -> f64 {
    f64::from(AXIS) + cpu_us.max(1.0).log10() * DECADE
}

const CONNECTIONS: usize = 64;
const WIDTH: i32 = 960;
/// The right end of the names.
const LEFT: i32 = 268;
/// The place of one microsecond.
const AXIS: i32 = 280;
/// The distance of two powers of ten.
const DECADE: f64 = 155.0;
const TOP: i32 = 80;
const ROW: i32 = 24;

const STYLE: &str = r#"  <style>
    text { font-family: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; font-size: 13px; fill: #1f2328; }
    .head { font-size: 15px; font-weight: 600; }
    .card { fill: #ffffff; }
    .tick { stroke: #d1d9e0; }
    .row { stroke: #654ff0; stroke-width: 2; }
    .dot { fill: #654ff0; }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc; }
      .card { fill: #0d1117; }
      .tick { stroke: #3d444d; }
      .row { stroke: #9a8cff; }
      .dot { fill: #9a8cff; }
    }
  </style>
  "#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Sample;

    #[test]
    fn ten_times_the_time_is_one_step_of_the_scale() {
        let at = |cpu_us| format!("{:.1}", x(cpu_us));
        assert_eq!([at(1.0), at(10.0), at(100.0)], ["280.0", "435.0", "590.0"]);
        assert_eq!(at(0.1), at(1.0));
    }

    #[test]
    fn every_measured_contestant_has_a_dot_with_its_figure() {
        let mut results = Results::default();
        for (contestant, cpu_us) in [(Contestant::Pooled, 11.26), (Contestant::Node, 900.0)] {
            results.add(contestant, Operation::Get, CONNECTIONS, Sample { cpu_us, ..Sample::default() });
        }
        let svg = svg(&results);
        assert_eq!(svg.matches("<circle").count(), 2);
        assert!(svg.contains(">11.3</text>") && svg.contains(">900.0</text>"), "{svg}");
        assert!(!svg.contains("POST"), "{svg}");
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    }
}

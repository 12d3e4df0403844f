//! The report of a run: tables in Markdown and a chart.

mod calls;
mod chart;
mod machine;
mod ratios;
mod table;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

pub(crate) use self::machine::Machine;
use crate::rounds::{Plan, Results};

/// A run and its machine.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) plan: Plan,
    pub(crate) results: Results,
}

impl Report {
    /// Returns the head, all tables and the notes as Markdown.
    pub(crate) fn markdown(&self) -> String {
        let Report { machine, plan, results } = self;
        let (rounds, seconds) = (plan.rounds, plan.time.as_secs_f64());
        let head = format!("{machine}\nMedians of {rounds} rounds of {seconds} s for each measurement.\n");
        let parts = [
            head,
            ratios::table(results),
            calls::table(plan, results),
            table::tables(plan, results),
            NOTES.to_owned(),
        ];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
    }

    /// Writes `performance.md` and `performance.svg`.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        write_page(folder, "cargo bench-desk", &self.markdown())?;
        let chart = folder.join("performance.svg");
        fs::write(&chart, chart::svg(&self.results)).with_context(|| chart.display().to_string())
    }
}

/// Writes the tables of a command into `performance.md`, between the marks of that command.
pub(crate) fn write_page(folder: &Path, command: &str, measured: &str) -> Result<()> {
    let page = folder.join("performance.md");
    let write = || {
        fs::create_dir_all(folder)?;
        let written = if page.exists() { fs::read_to_string(&page)? } else { String::new() };
        fs::write(&page, between_marks(&written, command, measured))
    };
    write().with_context(|| page.display().to_string())
}

/// Replaces the text between the marks of this command. If the page has no marks, they are added at its end.
fn between_marks(page: &str, command: &str, measured: &str) -> String {
    let mark = |what: &str| format!("<!-- measured by {command}: {what} -->");
    let (begin, end) = (mark("begin"), mark("end"));
    let (before, after) = match page.split_once(&begin) {
        Some((before, rest)) => (before, rest.split_once(&end).map_or("", |(_, after)| after)),
        None => (page, "\n"),
    };
    format!("{before}{begin}\n\n{}\n\n{end}{after}", measured.trim())
}

/// The notes below the tables.
const NOTES: &str = "\
- CPU is processor time of the server, user and system, for one answered request.
- `tools/call` is the same operation as a message of an agent (MCP, `POST /mcp`), measured directly after the request that it stands for.
- With its defaults, `wasmtime serve` makes an instance for every request, so its store in memory loses each ticket at once: \
it is measured with `POST /tickets` only. For the rest it has one instance, which takes one request at a time, so one request \
is in flight there for any count of connections. If it refuses a request all the same, the request is sent again, and the cost \
of the refusal counts.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_text_between_the_marks_is_replaced() {
        let page = |a: &str| format!("# Title\n\n{BEGIN}\n\n{a}\n\n{END}\n\nBy hand.\n{OTHER}\n");
        let replaced = between_marks(&page("old"), "a", "new\n");
        assert_eq!(replaced, page("new"));
        assert_eq!(between_marks(&replaced, "a", "new\n"), replaced);
    }

    #[test]
    fn a_page_without_marks_gets_them_at_its_end() {
        assert_eq!(between_marks("", "a", "new"), format!("{BEGIN}\n\nnew\n\n{END}\n"));
        let page = format!("By hand.\n{OTHER}\n");
        assert_eq!(between_marks(&page, "a", "new"), format!("{page}{BEGIN}\n\nnew\n\n{END}\n"));
    }

    const BEGIN: &str = "<!-- measured by a: begin -->";
    const END: &str = "<!-- measured by a: end -->";
    const OTHER: &str = "<!-- measured by a b: begin -->\n<!-- measured by a b: end -->";
}

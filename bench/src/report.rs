//! What is made of a run: tables in Markdown and a chart.

mod chart;
mod goals;
mod machine;
mod table;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

pub(crate) use self::machine::Machine;
use crate::failure::Failure;
use crate::rounds::{Plan, Results};

/// A run, with the machine that it was on.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) plan: Plan,
    pub(crate) results: Results,
}

impl Report {
    /// Everything as Markdown.
    pub(crate) fn markdown(&self) -> String {
        let Report { machine, plan, results } = self;
        let (rounds, seconds) = (plan.rounds, plan.time.as_secs_f64());
        let head = format!("{machine}\nMedians of {rounds} rounds of {seconds} s for each measurement.\n");
        [head, goals::table(results), table::tables(plan, results), NOTES.to_owned()].join("\n")
    }

    /// Writes `performance.md` and `performance.svg`.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Failure> {
        let (page, chart) = (folder.join("performance.md"), folder.join("performance.svg"));
        let written = match fs::read_to_string(&page) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            read => read.map_err(Failure::io(page.display().to_string()))?,
        };
        let text = between_marks(&written, &self.markdown());
        fs::create_dir_all(folder).map_err(Failure::io(folder.display().to_string()))?;
        fs::write(&page, text).map_err(Failure::io(page.display().to_string()))?;
        fs::write(&chart, chart::svg(&self.results)).map_err(Failure::io(chart.display().to_string()))
    }
}

/// The page with what is measured in place of what was; at its end where it has no marks.
fn between_marks(page: &str, measured: &str) -> String {
    let (before, after) = match page.split_once(BEGIN) {
        Some((before, rest)) => (before, rest.split_once(END).map_or("", |(_, after)| after)),
        None => (page, "\n"),
    };
    format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", measured.trim())
}

const BEGIN: &str = "<!-- measured by cargo bench-desk: begin -->";
const END: &str = "<!-- measured by cargo bench-desk: end -->";

/// What a reader has to know of the tables.
const NOTES: &str = "\
- CPU is processor time of the server, user and system, for one answered request.
- `wasmtime serve` makes an instance for every request, so its store in memory forgets at once: with its defaults it is \
asked for new tickets alone. Everything else is asked of one with a single instance that stays. That one works on one \
request at a time and refuses others, so only one is in flight there, whatever the connections; a request that is \
refused all the same is sent again, and what the refusal cost is counted.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_between_the_marks_is_replaced() {
        let page = format!("# Title\n\n{BEGIN}\n\nold\n\n{END}\n\nBy hand.\n");
        let replaced = between_marks(&page, "new\n");
        assert_eq!(replaced, format!("# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\nBy hand.\n"));
        assert_eq!(between_marks(&replaced, "new\n"), replaced);
    }

    #[test]
    fn a_page_without_marks_gets_them_at_its_end() {
        assert_eq!(between_marks("", "new"), format!("{BEGIN}\n\nnew\n\n{END}\n"));
        assert_eq!(between_marks("By hand.\n", "new"), format!("By hand.\n{BEGIN}\n\nnew\n\n{END}\n"));
    }
}

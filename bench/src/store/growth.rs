//! What an operation costs at a host with few and with many tickets, beside the engine alone on the same file; how much
//! memory the host needs, and how long it takes to start.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::bare::Bare;
use super::{folder, tickets};
use crate::contestant::{Contestant, Platforms};
use crate::failure::Failure;
use crate::figures::Spread;
use crate::load::{LISTED, Load, Operation, Stock};
use crate::process::resident_mb;

/// What is measured, a column each.
const COLUMNS: [&str; 8] = [
    "GET, CPU us",
    "list, CPU us",
    "create, CPU us",
    "engine alone: read, us",
    "engine alone: create, us",
    "resident MB at 256 connections",
    "first start, ms",
    "later start, ms",
];

/// One size, in one round.
type Row = [f64; COLUMNS.len()];

/// A data set, and what was measured on it.
struct Size {
    tickets: u32,
    folder: TempDir,
    rows: Vec<Row>,
}

/// Makes the data sets and measures on them in turns. Empty without sizes.
pub(super) fn tables(sizes: &[u32], rounds: usize, time: Duration) -> Result<String, Failure> {
    let mut all = Vec::new();
    for tickets in sizes {
        let folder = folder()?;
        tickets::fill(folder.path(), *tickets)?;
        all.push(Size { tickets: *tickets, folder, rows: Vec::new() });
    }
    for round in 1..=rounds {
        for size in &mut all {
            size.measure(round, time)?;
            eprintln!("round {round} of {rounds}: measured at {} tickets", size.tickets);
        }
    }
    Ok(text(&all))
}

impl Size {
    fn measure(&mut self, round: usize, time: Duration) -> Result<(), Failure> {
        // What a round creates makes a small data set many times as large.
        if round > 1 && self.tickets <= MADE_ANEW {
            self.folder = folder()?;
            tickets::fill(self.folder.path(), self.tickets)?;
        }
        let (first_start, later_start) = (start_time(folder()?.path())?, start_time(self.folder.path())?);
        // The component is compiled by now.
        let later_start = later_start.min(start_time(self.folder.path())?);
        let platforms = Platforms::prepare(&[], None)?;
        let process = Contestant::Embedded.start(self.folder.path(), &platforms)?;
        let (server, stock) = (Contestant::Embedded.server(&process), Arc::new(stock(self.tickets)));
        let measure = |operation, connections| {
            Load { operation, connections, time, stock: Arc::clone(&stock) }.measure(&server, &process)
        };
        let [get, list, create] =
            [measure(Operation::Get, 64)?, measure(Operation::List, 64)?, measure(Operation::Post, 64)?];
        measure(Operation::Get, 256)?;
        let resident_mb = resident_mb(&process)?;
        drop(process);
        let (read_us, create_us) = self.bare(round)?;
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        let (first, later) = (milliseconds(first_start), milliseconds(later_start));
        self.rows.push([
            get.cpu_us,
            list.cpu_us,
            create.cpu_us,
            read_us,
            create_us,
            resident_mb,
            first,
            later,
        ]);
        Ok(())
    }

    /// Microseconds of a read and of a create, 64 of them a commit, without anything around the engine.
    fn bare(&self, round: usize) -> Result<(f64, f64), Failure> {
        let mut engine = Bare::open(self.folder.path())?;
        let step = (self.tickets / BARE).max(1);
        let begun = Instant::now();
        for place in 0..BARE {
            engine.read((place * step) % self.tickets)?;
        }
        let read_us = begun.elapsed().as_secs_f64() * 1e6 / f64::from(BARE);
        let free = u32::MAX - BARE * u32::try_from(round).unwrap_or(u32::MAX).min(1000);
        let begun = Instant::now();
        for batch in 0..BARE / 64 {
            engine.create(free + batch * 64..free + (batch + 1) * 64)?;
        }
        Ok((read_us, begun.elapsed().as_secs_f64() * 1e6 / f64::from(BARE / 64 * 64)))
    }
}

/// Tickets and callers from the whole of a data set.
pub(super) fn stock(tickets: u32) -> Stock {
    let callers = tickets / u32::try_from(LISTED).unwrap_or(1);
    let spread = |of: u32, most: u32| (0..most.min(of)).map(move |place| place * (of / most.min(of).max(1)));
    let read = spread(tickets, SAMPLED).map(tickets::id);
    let names = spread(callers, SAMPLED).map(|caller| format!("caller-{caller}"));
    Stock::of(read.collect(), names)
}

/// From the start of a process to its first answer, which is that to a write.
fn start_time(folder: &Path) -> Result<Duration, Failure> {
    let platforms = Platforms::prepare(&[], None)?;
    let begun = Instant::now();
    let process = Contestant::Embedded.start(folder, &platforms)?;
    Contestant::Embedded.server(&process).first_answer()?;
    Ok(begun.elapsed())
}

fn text(sizes: &[Size]) -> String {
    if sizes.is_empty() {
        return String::new();
    }
    let mut text =
        format!("| tickets | {} |\n|---:|{}\n", COLUMNS.join(" | "), "---:|".repeat(COLUMNS.len()));
    let mut medians: Vec<Row> = Vec::new();
    for Size { tickets, rows, .. } in sizes {
        let mut median: Row = [0.0; COLUMNS.len()];
        for (column, cell) in median.iter_mut().enumerate() {
            let values = rows.iter().filter_map(|row| row.get(column).copied());
            *cell = Spread::of(values).map_or(0.0, |spread| spread.median);
        }
        let cells = median.map(|value| format!("{value:.1}")).join(" | ");
        let _ = writeln!(text, "| {tickets} | {cells} |");
        medians.push(median);
    }
    if let (Some(first), Some(last)) = (medians.first(), medians.last())
        && medians.len() > 1
    {
        let ratios = last.iter().zip(first).map(|(last, first)| format!("{:.2}", last / first));
        let _ = writeln!(text, "| last / first | {} |", ratios.collect::<Vec<_>>().join(" | "));
    }
    text
}

/// Data sets of at most so many tickets are made anew for each round.
const MADE_ANEW: u32 = 10_000;
/// How many tickets and callers of a data set are asked for in turn.
const SAMPLED: u32 = 10_000;
/// How many operations of the engine alone are timed.
const BARE: u32 = 6400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_what_the_last_size_costs_by_what_the_first_does() {
        let size =
            |tickets, value| Size { tickets, folder: tempfile::tempdir().unwrap(), rows: vec![[value; 8]] };
        let text = text(&[size(1000, 10.0), size(1_000_000, 12.5)]);
        let lines: Vec<_> = text.lines().skip(2).collect();
        assert!(lines[0].starts_with("| 1000 | 10.0 | 10.0 "), "{text}");
        assert!(lines[2].starts_with("| last / first | 1.25 | 1.25 "), "{text}");
        assert_eq!(lines.len(), 3, "{text}");
    }
}

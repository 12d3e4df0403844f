//! Measures the cost of an operation at a host with few and with many tickets, beside the engine alone on the same file. Also
//! measures the memory of the host and the time of its start.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tempfile::TempDir;

use super::bare::Bare;
use super::{folder, tickets};
use crate::contestant::{Contestant, Platforms};
use crate::figures::Spread;
use crate::load::{LISTED, Load, Operation, Stock};
use crate::process::resident_mb;

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

/// The figures of one data set in one round.
type Row = [f64; COLUMNS.len()];

/// A data set and its figures.
struct Size {
    tickets: u32,
    folder: TempDir,
    rows: Vec<Row>,
}

/// Makes the data sets and measures them in turns. Returns an empty text if there are no sizes.
pub(super) fn table(sizes: &[u32], rounds: usize, time: Duration) -> Result<String> {
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
    fn measure(&mut self, round: usize, time: Duration) -> Result<()> {
        // A round creates many times as many tickets as a small data set has.
        if round > 1 && self.tickets <= MADE_ANEW {
            self.folder = folder()?;
            tickets::fill(self.folder.path(), self.tickets)?;
        }
        let (first_start_ms, later_start_ms) = (start_ms(folder()?.path())?, start_ms(self.folder.path())?);
        // The first start in a folder also compiles the component.
        let later_start_ms = later_start_ms.min(start_ms(self.folder.path())?);
        let process = Contestant::Embedded.start(self.folder.path(), &Platforms::prepare(&[])?)?;
        let (server, stock) = (Contestant::Embedded.server(&process), Arc::new(stock(self.tickets)));
        let cpu_us = |operation, connections| {
            let load = Load { operation, connections, time, stock: Arc::clone(&stock) };
            load.measure(&server, &process).map(|sample| sample.cpu_us)
        };
        let (get, list, create) =
            (cpu_us(Operation::Get, 64)?, cpu_us(Operation::List, 64)?, cpu_us(Operation::Post, 64)?);
        cpu_us(Operation::Get, 256)?;
        let resident_mb = resident_mb(&process)?;
        // The engine alone can open the file only after the host has ended.
        drop(process);
        let (read, create_alone) = self.engine_alone(round)?;
        self.rows.push([get, list, create, read, create_alone, resident_mb, first_start_ms, later_start_ms]);
        Ok(())
    }

    /// Returns the microseconds of a read and of a create, with 64 creates in a commit.
    fn engine_alone(&self, round: usize) -> Result<(f64, f64)> {
        let mut engine = Bare::open(self.folder.path())?;
        let step = (self.tickets / ENGINE_OPERATIONS).max(1);
        let begun = Instant::now();
        for number in 0..ENGINE_OPERATIONS {
            engine.read((number * step) % self.tickets)?;
        }
        let read_us = begun.elapsed().as_secs_f64() * 1e6 / f64::from(ENGINE_OPERATIONS);
        let free = u32::MAX - ENGINE_OPERATIONS * u32::try_from(round).unwrap_or(u32::MAX).min(1000);
        let begun = Instant::now();
        for batch in 0..ENGINE_OPERATIONS / 64 {
            engine.create(free + batch * 64..free + (batch + 1) * 64)?;
        }
        Ok((read_us, begun.elapsed().as_secs_f64() * 1e6 / f64::from(ENGINE_OPERATIONS)))
    }
}

/// Returns tickets and callers from all parts of a data set.
pub(super) fn stock(tickets: u32) -> Stock {
    let callers = tickets / u32::try_from(LISTED).unwrap_or(1);
    let spread = |of: u32, most: u32| (0..most.min(of)).map(move |place| place * (of / most.min(of).max(1)));
    let read = spread(tickets, SAMPLED).map(tickets::id);
    let names = spread(callers, SAMPLED).map(|caller| format!("caller-{caller}"));
    Stock::of(read.collect(), names)
}

/// Returns the milliseconds from the start of a process to its first answer, which confirms a new ticket.
fn start_ms(folder: &Path) -> Result<f64> {
    let platforms = Platforms::prepare(&[])?;
    let begun = Instant::now();
    let process = Contestant::Embedded.start(folder, &platforms)?;
    Contestant::Embedded.server(&process).first_answer()?;
    Ok(begun.elapsed().as_secs_f64() * 1e3)
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
    if let [first, .., last] = medians.as_slice() {
        let ratios = last.iter().zip(first).map(|(last, first)| format!("{:.2}", last / first));
        let _ = writeln!(text, "| last / first | {} |", ratios.collect::<Vec<_>>().join(" | "));
    }
    text
}

/// A data set with at most this number of tickets is made anew for each round.
const MADE_ANEW: u32 = 10_000;
/// The largest number of tickets and callers of a data set that the load generator requests in turn.
const SAMPLED: u32 = 10_000;
/// The number of timed operations of the engine alone; a multiple of 64.
const ENGINE_OPERATIONS: u32 = 6400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_the_cost_of_the_last_size_divided_by_that_of_the_first() {
        let size =
            |tickets, value| Size { tickets, folder: tempfile::tempdir().unwrap(), rows: vec![[value; 8]] };
        let text = text(&[size(1000, 10.0), size(1_000_000, 12.5)]);
        let lines: Vec<_> = text.lines().skip(2).collect();
        assert!(lines[0].starts_with("| 1000 | 10.0 | 10.0 "), "{text}");
        assert!(lines[2].starts_with("| last / first | 1.25 | 1.25 "), "{text}");
        assert_eq!(lines.len(), 3, "{text}");
    }
}

//! Measures what it takes to save, restore, clear and copy the whole content of a store.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::{Context, Result};
use portdesk::backend::{Backend, Contents, SnapshotName};
use tokio::runtime::Runtime;

use super::{folder, tickets};
use crate::figures::Spread;

const COLUMNS: [&str; 4] = ["save, ms", "restore, ms", "clear, ms", "copy into memory, ms"];

/// The milliseconds of one round.
type Row = [f64; COLUMNS.len()];

/// Measures both stores with so many tickets. Returns a table of medians.
pub(super) fn table(number: u32, rounds: usize) -> Result<String> {
    let folder = folder()?;
    tickets::fill(folder.path(), number)?;
    let embedded = tickets::open(folder.path())?;
    let runtime = Runtime::new()?;
    let memory = runtime.block_on(embedded.copy(None)).context("a copy of the store")?;
    let on_disk = measure(&runtime, &embedded, rounds)?;
    runtime.block_on(embedded.close());
    let in_memory = measure(&runtime, &memory, rounds)?;
    let mut text =
        format!("| {number} tickets | {} |\n|---|{}\n", COLUMNS.join(" | "), "---:|".repeat(COLUMNS.len()));
    for (name, rows) in [("embedded", on_disk), ("memory", in_memory)] {
        let median = |column: usize| {
            let values = rows.iter().filter_map(|row| row.get(column).copied());
            Spread::of(values).map_or(0.0, |spread| spread.median)
        };
        let cells = (0..COLUMNS.len()).map(|column| format!("{:.1}", median(column)));
        let _ = writeln!(text, "| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
    }
    Ok(text)
}

fn measure(runtime: &Runtime, store: &impl Contents, rounds: usize) -> Result<Vec<Row>> {
    let name = "bench".parse::<SnapshotName>()?;
    let round = async || -> Result<Row> {
        let save_ms = timed(store.save(&name)).await?;
        let restore_ms = timed(store.restore(&name)).await?;
        let copy_ms = timed(store.copy(Some(&name))).await?;
        let clear_ms = timed(store.clear()).await?;
        store.restore(&name).await?;
        Ok([save_ms, restore_ms, clear_ms, copy_ms])
    };
    runtime.block_on(async {
        let mut rows = Vec::new();
        for _ in 0..rounds {
            rows.push(round().await?);
        }
        Ok(rows)
    })
}

/// Returns the milliseconds of a call.
async fn timed<T, E>(call: impl Future<Output = Result<T, E>>) -> Result<f64, E> {
    let begun = Instant::now();
    let outcome = call.await?;
    let milliseconds = begun.elapsed().as_secs_f64() * 1e3;
    drop(outcome);
    Ok(milliseconds)
}

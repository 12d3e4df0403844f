//! Measures the memory of a host after few and after many requests.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use portdesk_test_support::Launched;

use super::{folder, growth, tickets};
use crate::contestant::{Contestant, Platforms};
use crate::figures::Spread;
use crate::load::{Load, Operation, Server, Stock};
use crate::process::resident_mb;

/// Measures a new host in each round.
pub(super) fn table(rounds: usize) -> Result<String> {
    let mut measured = Vec::new();
    for round in 1..=rounds {
        let (few, many) = measure()?;
        eprintln!("round {round} of {rounds}: {few:.1} MB after {FEW} requests, {many:.1} MB after {MANY}");
        measured.push((few, many));
    }
    let column = |of: fn(&(f64, f64)) -> f64| Spread::of(measured.iter().map(of));
    let (few, many, ratio) =
        (column(|(few, _)| *few), column(|(_, many)| *many), column(|(few, many)| many / few));
    let (Some(few), Some(many), Some(ratio)) = (few, many, ratio) else { return Ok(String::new()) };
    Ok(format!(
        "| resident MB after {FEW} requests | after {MANY} | ratio (least, greatest) |\n\
         |---:|---:|---:|\n\
         | {:.1} | {:.1} | {:.3} ({:.3}, {:.3}) |\n",
        few.median, many.median, ratio.median, ratio.least, ratio.greatest
    ))
}

/// Returns the memory of one host after few and after many requests, in MiB.
fn measure() -> Result<(f64, f64)> {
    let folder = folder()?;
    tickets::fill(folder.path(), TICKETS)?;
    let process = Contestant::Embedded.start(folder.path(), &Platforms::prepare(&[])?)?;
    let (server, stock) = (Contestant::Embedded.server(&process), Arc::new(growth::stock(TICKETS)));
    let answered = send(FEW, Duration::from_millis(100), &stock, &server, &process)?;
    let few = resident_mb(&process)?;
    send(MANY - answered, Duration::from_secs(1), &stock, &server, &process)?;
    Ok((few, resident_mb(&process)?))
}

/// Sends requests until `requests` are answered, and returns the number of answers, which is a little larger. It does not count
/// the requests that warm up the server. Each measurement opens new connections.
fn send(
    requests: f64,
    time: Duration,
    stock: &Arc<Stock>,
    server: &Server,
    process: &Launched,
) -> Result<f64> {
    let load = Load { operation: Operation::Get, connections: 64, time, stock: Arc::clone(stock) };
    let mut answered = 0.0;
    while answered < requests {
        answered += load.measure(server, process)?.per_second * time.as_secs_f64();
    }
    Ok(answered)
}

const FEW: f64 = 50_000.0;
const MANY: f64 = 1_000_000.0;
const TICKETS: u32 = 1000;

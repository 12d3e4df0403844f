//! Measures acknowledged creates a second: the store, with one writer and with many, beside the engine alone.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use portdesk::backend::Backend;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::bare::Bare;
use super::{folder, tickets};
use crate::figures::Spread;

/// Measures how many creates a second are acknowledged, in a folder with one ticket.
type Measure = fn(&Path, Duration) -> Result<f64>;

const WAYS: [(&str, Measure); 4] = [
    ("engine alone, one sync for each", |folder, time| engine(folder, 1, time)),
    ("engine alone, 64 a commit", |folder, time| engine(folder, WRITERS, time)),
    ("embedded store, 1 writer", |folder, time| store(folder, 1, time)),
    ("embedded store, 64 writers", |folder, time| store(folder, WRITERS, time)),
];

/// Measures all ways in turns.
pub(super) fn table(rounds: usize, time: Duration) -> Result<String> {
    let mut rates: [Vec<f64>; WAYS.len()] = Default::default();
    for round in 1..=rounds {
        for ((name, measure), rates) in WAYS.iter().zip(&mut rates) {
            let folder = folder()?;
            tickets::fill(folder.path(), 1)?;
            let rate = measure(folder.path(), time)?;
            eprintln!("round {round} of {rounds}: {name}, {rate:.0} a second");
            rates.push(rate);
        }
    }
    let mut text = "| creates | acknowledged a second (least, greatest) |\n|---|---:|\n".to_owned();
    for ((name, _), rates) in WAYS.iter().zip(&rates) {
        let Some(Spread { median, least, greatest }) = Spread::of(rates.iter().copied()) else { continue };
        let _ = writeln!(text, "| {name} | {median:.0} ({least:.0}, {greatest:.0}) |");
    }
    text.push_str("\n| creates of one by creates of the other | ratio (least, greatest) |\n|---|---:|\n");
    let [.., (last_name, _)] = WAYS;
    let [engine @ .., _, last] = &rates;
    for ((name, _), rates) in WAYS.iter().zip(engine) {
        let ratios = last.iter().zip(rates).filter(|(_, by)| **by > 0.0).map(|(last, by)| last / by);
        let Some(Spread { median, least, greatest }) = Spread::of(ratios) else { continue };
        let _ = writeln!(text, "| {last_name} / {name} | {median:.2} ({least:.2}, {greatest:.2}) |");
    }
    Ok(text)
}

fn engine(folder: &Path, together: u32, time: Duration) -> Result<f64> {
    let mut engine = Bare::open(folder)?;
    let (begun, mut next) = (Instant::now(), 1);
    while begun.elapsed() < time {
        engine.create(next..next + together)?;
        next += together;
    }
    Ok(f64::from(next - 1) / begun.elapsed().as_secs_f64())
}

fn store(folder: &Path, writers: u32, time: Duration) -> Result<f64> {
    let (store, next) = (Arc::new(tickets::open(folder)?), Arc::new(AtomicU32::new(1)));
    Runtime::new()?.block_on(async {
        let (begun, mut tasks) = (Instant::now(), JoinSet::new());
        for _ in 0..writers {
            let (store, next) = (Arc::clone(&store), Arc::clone(&next));
            tasks.spawn(async move {
                while begun.elapsed() < time {
                    tickets::insert(&store, next.fetch_add(1, Ordering::Relaxed)).await?;
                }
                anyhow::Ok(())
            });
        }
        tasks.join_all().await.into_iter().collect::<Result<()>>()?;
        let taken = begun.elapsed();
        store.close().await;
        Ok(f64::from(next.load(Ordering::Relaxed) - 1) / taken.as_secs_f64())
    })
}

const WRITERS: u32 = 64;

//! Acknowledged creates a second: the store, with one writer and with many, beside the engine alone.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use portdesk::backend::Backend;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::bare::Bare;
use super::{folder, tickets};
use crate::failure::Failure;
use crate::figures::Spread;

/// Who creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The engine, a commit and so a sync for each.
    BareAlone,
    /// The engine, a commit for as many as there are writers.
    BareTogether,
    /// The store, with one writer.
    StoreAlone,
    /// The store, with many.
    StoreTogether,
}

impl Way {
    const ALL: [Way; 4] = [Way::BareAlone, Way::BareTogether, Way::StoreAlone, Way::StoreTogether];

    fn name(self) -> &'static str {
        match self {
            Way::BareAlone => "engine alone, one sync for each",
            Way::BareTogether => "engine alone, 64 a commit",
            Way::StoreAlone => "embedded store, 1 writer",
            Way::StoreTogether => "embedded store, 64 writers",
        }
    }

    /// How many creates were acknowledged in a second, in a store that had none before.
    fn measure(self, time: Duration) -> Result<f64, Failure> {
        let folder = folder()?;
        tickets::fill_quietly(folder.path(), 1)?;
        match self {
            Way::BareAlone => bare(&mut Bare::open(folder.path())?, 1, time),
            Way::BareTogether => bare(&mut Bare::open(folder.path())?, WRITERS, time),
            Way::StoreAlone => store(folder.path(), 1, time),
            Way::StoreTogether => store(folder.path(), WRITERS, time),
        }
    }
}

/// Measures all ways in turns.
pub(super) fn table(rounds: usize, time: Duration) -> Result<String, Failure> {
    let mut measured = Way::ALL.map(|way| (way, Vec::new()));
    for round in 1..=rounds {
        for (way, rates) in &mut measured {
            rates.push(way.measure(time)?);
            eprintln!(
                "round {round} of {rounds}: {}, {:.0} a second",
                way.name(),
                rates.last().unwrap_or(&0.0)
            );
        }
    }
    let mut text = "| creates | acknowledged a second (least, greatest) |\n|---|---:|\n".to_owned();
    for (way, rates) in &measured {
        let Some(Spread { median, least, greatest }) = Spread::of(rates.iter().copied()) else { continue };
        let _ = writeln!(text, "| {} | {median:.0} ({least:.0}, {greatest:.0}) |", way.name());
    }
    let [(_, alone), (_, together), _, (_, store)] = &measured;
    text.push_str("\n| creates of one by creates of the other | ratio (least, greatest) |\n|---|---:|\n");
    for (name, by) in [(Way::BareAlone.name(), alone), (Way::BareTogether.name(), together)] {
        let ratios = store.iter().zip(by).filter(|(_, by)| **by > 0.0).map(|(store, by)| store / by);
        let Some(Spread { median, least, greatest }) = Spread::of(ratios) else { continue };
        let ratio = format!("{median:.2} ({least:.2}, {greatest:.2})");
        let _ = writeln!(text, "| embedded store, 64 writers / {name} | {ratio} |");
    }
    Ok(text)
}

fn bare(engine: &mut Bare, together: u32, time: Duration) -> Result<f64, Failure> {
    let (begun, mut next) = (Instant::now(), 1);
    while begun.elapsed() < time {
        engine.create(next..next + together)?;
        next += together;
    }
    Ok(f64::from(next - 1) / begun.elapsed().as_secs_f64())
}

fn store(folder: &Path, writers: u32, time: Duration) -> Result<f64, Failure> {
    let (store, next) = (Arc::new(tickets::open(folder)?), Arc::new(AtomicU32::new(1)));
    let runtime = Runtime::new().map_err(Failure::io("a runtime"))?;
    runtime.block_on(async {
        let (begun, mut tasks) = (Instant::now(), JoinSet::new());
        for _ in 0..writers {
            let (store, next) = (Arc::clone(&store), Arc::clone(&next));
            tasks.spawn(async move {
                while begun.elapsed() < time {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    tickets::insert(&store, &tickets::id(number), number).await?;
                }
                Ok::<(), Failure>(())
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended.map_err(|_| Failure::Thread)??;
        }
        let taken = begun.elapsed();
        store.close().await;
        Ok(f64::from(next.load(Ordering::Relaxed) - 1) / taken.as_secs_f64())
    })
}

const WRITERS: u32 = 64;

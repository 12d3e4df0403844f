//! The rounds. In each round, every contestant starts anew and is measured in turn.
//!
//! Within a round, all contestants are measured on one operation, one directly after the other, before the next operation
//! begins. The order changes from round to round. Other load on the machine therefore affects all contestants alike.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use portdesk_test_support::Launched;
use tempfile::TempDir;

use crate::contestant::{Contestant, Platforms};
use crate::figures::{Sample, medians};
use crate::load::{Load, Operation, Server, Stock};
use crate::store;

/// What to measure, and how often.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) contestants: Vec<Contestant>,
    pub(crate) connections: Vec<usize>,
    pub(crate) rounds: usize,
    /// The duration of each measurement.
    pub(crate) time: Duration,
}

/// The samples of a run, one for each round.
#[derive(Debug, Default)]
pub(crate) struct Results(BTreeMap<(Contestant, Operation, usize), Vec<Sample>>);

impl Results {
    /// Returns samples in the order of the rounds.
    pub(crate) fn of(&self, contestant: Contestant, operation: Operation, connections: usize) -> &[Sample] {
        self.0.get(&(contestant, operation, connections)).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn add(
        &mut self,
        contestant: Contestant,
        operation: Operation,
        connections: usize,
        sample: Sample,
    ) {
        self.0.entry((contestant, operation, connections)).or_default().push(sample);
    }
}

/// A running contestant and the tickets that it has stored.
struct Running {
    contestant: Contestant,
    process: Launched,
    server: Server,
    stock: Arc<Stock>,
    /// Removed after the process has ended.
    _folder: TempDir,
}

impl Plan {
    /// Measures everything. Prints the progress on standard error.
    pub(crate) fn run(&self, platforms: &Platforms) -> Result<Results> {
        let (mut results, begun) = (Results::default(), Instant::now());
        for round in 0..self.rounds {
            let start = |contestant: &Contestant| Running::start(*contestant, platforms);
            let mut running = self.contestants.iter().map(start).collect::<Result<Vec<_>>>()?;
            let first = round % running.len().max(1);
            running.rotate_left(first);
            for operation in Operation::ALL {
                for connections in self.connections.iter().copied() {
                    self.step(operation, connections, &running, &mut results)?;
                    let cpu = line(&results, &self.contestants, operation, connections);
                    let (round, rounds, name) = (round + 1, self.rounds, operation.name());
                    let seconds = begun.elapsed().as_secs();
                    eprintln!(
                        "round {round} of {rounds}, {seconds} s: {name}, {connections} connections: {cpu}"
                    );
                }
            }
        }
        Ok(results)
    }

    fn step(
        &self,
        operation: Operation,
        connections: usize,
        running: &[Running],
        results: &mut Results,
    ) -> Result<()> {
        for Running { contestant, process, server, stock, .. } in running {
            if contestant.takes(operation) {
                let load = Load { operation, connections, time: self.time, stock: Arc::clone(stock) };
                results.add(*contestant, operation, connections, load.measure(server, process)?);
            }
        }
        Ok(())
    }
}

impl Running {
    fn start(contestant: Contestant, platforms: &Platforms) -> Result<Running> {
        let folder = store::folder()?;
        let process = contestant.start(folder.path(), platforms)?;
        let server = contestant.server(&process);
        let stock = if contestant.keeps_tickets() { Stock::fill(&server)? } else { Stock::default() };
        Ok(Running { contestant, process, server, stock: Arc::new(stock), _folder: folder })
    }
}

/// Returns the median processor time of each contestant so far.
fn line(results: &Results, contestants: &[Contestant], operation: Operation, connections: usize) -> String {
    let shown = contestants.iter().filter_map(|contestant| {
        let sample = medians(results.of(*contestant, operation, connections))?;
        Some(format!("{} {:.1} us", contestant.name(), sample.cpu_us))
    });
    shown.collect::<Vec<_>>().join(" | ")
}

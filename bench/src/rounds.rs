//! The rounds: in each, every contestant is started anew and measured in turn.
//!
//! Within a round all contestants are measured on one operation before the next, one right after the other, and who goes
//! first changes from round to round: what else the machine does meets all of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portdesk_test_support::Launched;
use tempfile::TempDir;

use crate::contestant::{Contestant, Platforms};
use crate::failure::Failure;
use crate::figures::{Sample, medians};
use crate::load::{Load, Operation, Server, Stock};
use crate::store;

/// What is measured, and how often.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) contestants: Vec<Contestant>,
    pub(crate) connections: Vec<usize>,
    pub(crate) rounds: usize,
    /// Of each measurement.
    pub(crate) time: Duration,
}

/// All measurements of one contestant on one operation over one count of connections, a sample a round.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) contestant: Contestant,
    pub(crate) operation: Operation,
    pub(crate) connections: usize,
    pub(crate) samples: Vec<Sample>,
}

/// Every series of a run.
#[derive(Debug, Default)]
pub(crate) struct Results(pub(crate) Vec<Series>);

impl Results {
    /// The samples of a series, in the order of the rounds; none where it was not measured.
    pub(crate) fn of(&self, contestant: Contestant, operation: Operation, connections: usize) -> &[Sample] {
        let mut found = self.0.iter().filter(|series| {
            (series.contestant, series.operation, series.connections) == (contestant, operation, connections)
        });
        found.next().map_or(&[], |series| &series.samples)
    }

    fn add(&mut self, contestant: Contestant, operation: Operation, connections: usize, sample: Sample) {
        let found = self.0.iter_mut().find(|series| {
            (series.contestant, series.operation, series.connections) == (contestant, operation, connections)
        });
        match found {
            Some(series) => series.samples.push(sample),
            None => self.0.push(Series { contestant, operation, connections, samples: vec![sample] }),
        }
    }
}

/// A contestant that runs, with what it has stored.
struct Running {
    contestant: Contestant,
    process: Launched,
    server: Server,
    stock: Arc<Stock>,
    /// Removed when the process is gone.
    _folder: TempDir,
}

impl Plan {
    /// Measures everything. Says on standard error how far it has come.
    pub(crate) fn run(&self, platforms: &Platforms) -> Result<Results, Failure> {
        let (mut results, begun) = (Results::default(), Instant::now());
        let steps = Operation::ALL.len() * self.connections.len();
        for round in 0..self.rounds {
            let mut running = self.start(platforms)?;
            let first = round % running.len().max(1);
            running.rotate_left(first);
            for (index, operation) in Operation::ALL.into_iter().enumerate() {
                for (place, connections) in self.connections.iter().copied().enumerate() {
                    self.step(operation, connections, &running, &mut results)?;
                    let done = round * steps + index * self.connections.len() + place + 1;
                    let left = time_left(begun.elapsed(), done, self.rounds * steps);
                    let cpu = line(&results, &self.contestants, operation, connections);
                    let (round, rounds, name) = (round + 1, self.rounds, operation.name());
                    eprintln!(
                        "round {round} of {rounds}, {left} left: {name}, {connections} connections: {cpu}"
                    );
                }
            }
        }
        Ok(results)
    }

    fn start(&self, platforms: &Platforms) -> Result<Vec<Running>, Failure> {
        self.contestants.iter().map(|contestant| Running::start(*contestant, platforms)).collect()
    }

    fn step(
        &self,
        operation: Operation,
        connections: usize,
        running: &[Running],
        results: &mut Results,
    ) -> Result<(), Failure> {
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
    fn start(contestant: Contestant, platforms: &Platforms) -> Result<Running, Failure> {
        let folder = store::folder()?;
        let process = contestant.start(folder.path(), platforms)?;
        let server = contestant.server(&process);
        let stock = if contestant.remembers() { Stock::fill(&server)? } else { Stock::empty() };
        Ok(Running { contestant, process, server, stock: Arc::new(stock), _folder: folder })
    }
}

/// The processor time of each contestant so far.
fn line(results: &Results, contestants: &[Contestant], operation: Operation, connections: usize) -> String {
    let shown = contestants.iter().filter_map(|contestant| {
        let sample = medians(results.of(*contestant, operation, connections))?;
        Some(format!("{} {:.1} us", contestant.name(), sample.cpu_us))
    });
    shown.collect::<Vec<_>>().join(" | ")
}

/// As long as it took so far, for what is left.
fn time_left(elapsed: Duration, done: usize, all: usize) -> String {
    let (done, all) = (u32::try_from(done).unwrap_or(u32::MAX), u32::try_from(all).unwrap_or(u32::MAX));
    let left = elapsed.checked_div(done).unwrap_or_default() * all.saturating_sub(done);
    let seconds = left.as_secs();
    if seconds < 100 { format!("{seconds} s") } else { format!("{} min", seconds.div_ceil(60)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_takes_as_long_as_what_is_done() {
        assert_eq!(time_left(Duration::from_secs(10), 1, 5), "40 s");
        assert_eq!(time_left(Duration::from_secs(100), 1, 5), "7 min");
        assert_eq!(time_left(Duration::from_secs(100), 5, 5), "0 s");
    }

    #[test]
    fn samples_of_a_series_stand_in_the_order_of_the_rounds() {
        let sample = |cpu_us| Sample { cpu_us, per_second: 1.0, p50_us: 1.0, p99_us: 1.0, refused: 0.0 };
        let mut results = Results::default();
        results.add(Contestant::Pooled, Operation::Get, 64, sample(2.0));
        results.add(Contestant::Fresh, Operation::Get, 64, sample(5.0));
        results.add(Contestant::Pooled, Operation::Get, 64, sample(1.0));
        let found = results.of(Contestant::Pooled, Operation::Get, 64);
        assert_eq!(found.iter().map(|sample| sample.cpu_us).collect::<Vec<_>>(), [2.0, 1.0]);
        assert!(results.of(Contestant::Pooled, Operation::Get, 1).is_empty());
    }
}

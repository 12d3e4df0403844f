//! The load that a server gets, and what it does under it.
//!
//! Some connections are kept open; on each, one request is sent after the other, and every answer is looked into. What
//! makes the load runs beside the server and takes processor time from it: so what counts is what the server uses for
//! one request, and not how many it answers in a second.

mod connection;
mod operation;
mod stock;

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use portdesk_test_support::Launched;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::connection::Connection;
pub(crate) use self::connection::Server;
pub(crate) use self::operation::Operation;
pub(crate) use self::stock::{LISTED, Stock};
use crate::failure::Failure;
use crate::figures::{Sample, percentile};
use crate::process::processor_time;

/// What is asked of a server, by how many, for how long.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    pub(crate) operation: Operation,
    pub(crate) connections: usize,
    /// How long requests are sent. A fifth of it is spent before, so that both sides are warm.
    pub(crate) time: Duration,
    /// What is stored at the server.
    pub(crate) stock: Arc<Stock>,
}

/// What one thread of this program saw.
#[derive(Debug, Default)]
struct Seen {
    latencies_ns: Vec<u32>,
    refused: u32,
}

impl Load {
    /// Puts the load on a server and measures it: until every request that was sent has its answer.
    pub(crate) fn measure(&self, server: &Server, process: &Launched) -> Result<Sample, Failure> {
        let threads = THREADS.min(self.connections);
        let starts = Arc::new(Barrier::new(threads + 1));
        let turns = server.at_once.map(|most| Arc::new(Semaphore::new(most)));
        let running: Vec<_> = (0..threads)
            .map(|thread| {
                let (load, server, turns) = (self.clone(), server.clone(), turns.clone());
                let starts = Arc::clone(&starts);
                thread::spawn(move || load.run_thread(&server, turns.as_ref(), thread, &starts))
            })
            .collect();
        starts.wait();
        let (used, begun) = (processor_time(process), Instant::now());
        starts.wait();
        starts.wait();
        let (taken, used) = (begun.elapsed(), processor_time(process)?.saturating_sub(used?));
        starts.wait();
        let mut seen = Seen::default();
        for thread in running {
            seen.add(thread.join().map_err(|_| Failure::Thread)??);
        }
        Ok(seen.sample(taken, used))
    }

    /// Meets the others four times, also where something failed: warm, begun, answered, measured.
    fn run_thread(
        &self,
        server: &Server,
        turns: Option<&Arc<Semaphore>>,
        thread: usize,
        starts: &Barrier,
    ) -> Result<Seen, Failure> {
        let mut opened = self.open(server, turns, thread);
        let warm = match &mut opened {
            Ok((runtime, connections)) => runtime.block_on(self.drive(connections, self.time / 5)).map(drop),
            Err(_) => Ok(()),
        };
        starts.wait();
        starts.wait();
        let seen = match (&mut opened, warm) {
            (Ok((runtime, connections)), Ok(())) => runtime.block_on(self.drive(connections, self.time)),
            (Ok(_), Err(failure)) => Err(failure),
            (Err(_), _) => Ok(Seen::default()),
        };
        starts.wait();
        // Only now may connections be closed: closing them is no part of a request.
        starts.wait();
        opened.and(seen)
    }

    /// This thread's part of the connections.
    fn open(
        &self,
        server: &Server,
        turns: Option<&Arc<Semaphore>>,
        thread: usize,
    ) -> Result<(Runtime, Vec<Connection>), Failure> {
        let runtime = runtime()?;
        let mut connections = Vec::new();
        for number in (thread..self.connections).step_by(THREADS) {
            connections.push(runtime.block_on(Connection::open(server, turns.cloned(), number))?);
        }
        Ok((runtime, connections))
    }

    /// Sends on all connections for this long. The connections are there again afterwards.
    async fn drive(&self, connections: &mut Vec<Connection>, time: Duration) -> Result<Seen, Failure> {
        let until = Instant::now() + time;
        let mut tasks = JoinSet::new();
        for mut connection in connections.drain(..) {
            let load = self.clone();
            tasks.spawn(async move {
                let seen = load.converse(&mut connection, until).await;
                seen.map(|seen| (connection, seen))
            });
        }
        let mut all = Seen::default();
        while let Some(ended) = tasks.join_next().await {
            let (connection, seen) = ended.map_err(|_| Failure::Thread)??;
            connections.push(connection);
            all.add(seen);
        }
        Ok(all)
    }

    async fn converse(&self, connection: &mut Connection, until: Instant) -> Result<Seen, Failure> {
        let mut seen = Seen::default();
        while Instant::now() < until {
            let ask = self.operation.ask(&self.stock, connection.next_number(self.connections));
            let answered = connection.send(&ask).await?;
            ask.check(&answered)?;
            seen.latencies_ns.push(u32::try_from(answered.latency.as_nanos()).unwrap_or(u32::MAX));
            seen.refused = seen.refused.saturating_add(answered.refused);
        }
        Ok(seen)
    }
}

impl Seen {
    fn add(&mut self, other: Seen) {
        self.latencies_ns.extend(other.latencies_ns);
        self.refused = self.refused.saturating_add(other.refused);
    }

    #[expect(clippy::cast_precision_loss, reason = "fewer requests than an f64 counts exactly")]
    fn sample(mut self, taken: Duration, used: Duration) -> Sample {
        self.latencies_ns.sort_unstable();
        let answered = self.latencies_ns.len().max(1) as f64;
        let latency_us = |hundredths| f64::from(percentile(&self.latencies_ns, hundredths)) / 1000.0;
        Sample {
            cpu_us: used.as_secs_f64() * 1e6 / answered,
            per_second: answered / taken.as_secs_f64(),
            p50_us: latency_us(50),
            p99_us: latency_us(99),
            refused: f64::from(self.refused) / answered,
        }
    }
}

impl Server {
    /// Asks for a ticket once, and waits for the answer.
    pub(crate) fn first_answer(&self) -> Result<(), Failure> {
        runtime()?.block_on(async {
            let ask = operation::create("first");
            ask.check(&Connection::open(self, None, 0).await?.send(&ask).await?)
        })
    }
}

/// A runtime for one thread: what waits on a connection is woken by the thread that reads it.
fn runtime() -> Result<Runtime, Failure> {
    Builder::new_current_thread().enable_all().build().map_err(Failure::io("a runtime"))
}

/// Half of a small machine; the server has the rest.
const THREADS: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_shared_among_the_answers() {
        let seen = Seen { latencies_ns: vec![3000, 1000, 2000, 4000], refused: 2 };
        let sample = seen.sample(Duration::from_millis(500), Duration::from_micros(100));
        let expected = Sample { cpu_us: 25.0, per_second: 8.0, p50_us: 2.0, p99_us: 4.0, refused: 0.5 };
        assert_eq!(sample, expected);
    }
}

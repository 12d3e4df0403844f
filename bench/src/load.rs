//! Makes load for a server, and measures the server meanwhile.
//!
//! Some connections stay open. Each sends one request after the other and checks every answer. The load generator runs on the
//! same machine as the server and takes processor time from it. The main figure is therefore the processor time that the
//! server needs for one request, not the number of requests in a second.

mod connection;
mod operation;
mod stock;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use futures_util::future::try_join_all;
use portdesk_test_support::Launched;
use tokio::runtime::{Builder, Runtime};

use self::connection::Connection;
pub(crate) use self::connection::Server;
pub(crate) use self::operation::Operation;
pub(crate) use self::stock::{LISTED, Stock};
use crate::figures::{Sample, percentile};
use crate::process::processor_time;

/// The load of one measurement.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) operation: Operation,
    pub(crate) connections: usize,
    /// How long to send requests. A fifth of this time comes before, to warm up both sides.
    pub(crate) time: Duration,
    /// The tickets that are stored at the server.
    pub(crate) stock: Arc<Stock>,
}

/// The connections of one thread.
struct Client {
    runtime: Runtime,
    connections: Vec<Connection>,
}

impl Load {
    /// Measures a server until every request that was sent has its answer.
    pub(crate) fn measure(&self, server: &Server, process: &Launched) -> Result<Sample> {
        let threads = 0..THREADS.min(self.connections);
        let mut clients = threads.map(|thread| self.open(server, thread)).collect::<Result<Vec<_>>>()?;
        self.drive(&mut clients, self.time / 5)?;
        let (used_before, begun) = (processor_time(process)?, Instant::now());
        let latencies_ns = self.drive(&mut clients, self.time)?;
        let (taken, used) = (begun.elapsed(), processor_time(process)?.saturating_sub(used_before));
        // The connections close only here, because the cost of a request does not include their end.
        drop(clients);
        Ok(sample(latencies_ns, taken, used))
    }

    fn open(&self, server: &Server, thread: usize) -> Result<Client> {
        let runtime = runtime()?;
        let numbers = (thread..self.connections).step_by(THREADS);
        let connections = numbers.map(|number| runtime.block_on(Connection::open(server, number)));
        let connections = connections.collect::<Result<_>>()?;
        Ok(Client { runtime, connections })
    }

    /// Sends requests on all connections for `time`, and returns the latencies in nanoseconds.
    fn drive(&self, clients: &mut [Client], time: Duration) -> Result<Vec<u32>> {
        let until = Instant::now() + time;
        let run = |client: &mut Client| {
            let conversations = client.connections.iter_mut().map(|one| self.converse(one, until));
            client.runtime.block_on(try_join_all(conversations))
        };
        thread::scope(|scope| {
            let threads: Vec<_> = clients.iter_mut().map(|client| scope.spawn(|| run(client))).collect();
            let mut latencies_ns = Vec::new();
            for thread in threads {
                let joined = thread.join().map_err(|_| anyhow!("a thread of the load generator panicked"))?;
                latencies_ns.extend(joined?.into_iter().flatten());
            }
            Ok(latencies_ns)
        })
    }

    async fn converse(&self, connection: &mut Connection, until: Instant) -> Result<Vec<u32>> {
        let mut latencies_ns = Vec::new();
        while Instant::now() < until {
            let number = connection.next_number(self.connections);
            let ask = self.operation.ask(&self.stock, number).context("the server has no tickets")?;
            let answered = connection.send(&ask).await?;
            ask.check(&answered)?;
            latencies_ns.push(u32::try_from(answered.latency.as_nanos()).unwrap_or(u32::MAX));
        }
        Ok(latencies_ns)
    }
}

#[expect(clippy::cast_precision_loss, reason = "an f64 counts so few requests exactly")]
fn sample(mut latencies_ns: Vec<u32>, taken: Duration, used: Duration) -> Sample {
    latencies_ns.sort_unstable();
    let answered = latencies_ns.len().max(1) as f64;
    let latency_us = |hundredths| f64::from(percentile(&latencies_ns, hundredths)) / 1000.0;
    Sample {
        cpu_us: used.as_secs_f64() * 1e6 / answered,
        per_second: answered / taken.as_secs_f64(),
        p50_us: latency_us(50),
        p99_us: latency_us(99),
    }
}

impl Server {
    /// Creates one ticket and waits for the answer.
    pub(crate) fn first_answer(&self) -> Result<()> {
        runtime()?.block_on(async {
            let ask = operation::create("first");
            ask.check(&Connection::open(self, 0).await?.send(&ask).await?)
        })
    }
}

/// Makes a runtime for one thread, so that the thread that reads a connection also runs the code that waits for it.
fn runtime() -> Result<Runtime> {
    Builder::new_current_thread().enable_all().build().context("a runtime")
}

/// Half of the cores of a small machine. The server has the other half.
const THREADS: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_shared_among_the_answers() {
        let sample =
            sample(vec![3000, 1000, 2000, 4000], Duration::from_millis(500), Duration::from_micros(100));
        assert_eq!(sample, Sample { cpu_us: 25.0, per_second: 8.0, p50_us: 2.0, p99_us: 4.0 });
    }
}

//! A client beside the attackers. It asks for `/healthz` and for a ticket list again and again, and expects an answer each time.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::harness::KEY;

/// A running probe. Each request has a connection of its own, as that of a new client.
pub struct Probe {
    stop: oneshot::Sender<()>,
    asking: JoinHandle<Vec<Duration>>,
}

/// The times of all answers, the fastest first.
pub struct Answered(Vec<Duration>);

impl Probe {
    /// Starts a probe that asks for `/healthz` and for a ticket list.
    pub fn start(url: &str) -> Probe {
        Probe::asking(url, &["/healthz", "/tickets?caller=probe"])
    }

    /// Starts a probe that asks for each of these paths, ten times a second.
    pub fn asking(url: &str, paths: &'static [&'static str]) -> Probe {
        let address = url.trim_start_matches("http://").to_owned();
        let (stop, mut stopped) = oneshot::channel();
        let asking = tokio::spawn(async move {
            let mut probes = JoinSet::new();
            let mut ticks = interval(Duration::from_millis(100));
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = &mut stopped => return probes.join_all().await,
                    _ = ticks.tick() => {}
                }
                for path in paths {
                    probes.spawn(probe(address.clone(), path));
                }
            }
        });
        Probe { stop, asking }
    }

    /// Waits for the last answers. Panics if a request had no answer, or another status than 200.
    pub async fn stop(self) -> Answered {
        drop(self.stop);
        let mut times = self.asking.await.unwrap();
        assert!(!times.is_empty(), "nothing was asked");
        times.sort_unstable();
        Answered(times)
    }
}

/// Asks once, and returns the time until the answer was complete.
pub async fn probe(address: String, path: &str) -> Duration {
    let begun = Instant::now();
    let asked = async {
        let mut connection = TcpStream::connect(&address).await?;
        let head = format!("GET {path} HTTP/1.1\r\nhost: a\r\nx-api-key: {KEY}\r\nconnection: close\r\n\r\n");
        connection.write_all(head.as_bytes()).await?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    match timeout(LONGEST, asked).await {
        Ok(Ok(answer)) if answer.starts_with("HTTP/1.1 200") => begun.elapsed(),
        other => panic!("{path} after {:?}: {other:?}", begun.elapsed()),
    }
}

impl Answered {
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The time of this share of the answers.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "nobody probes that often"
    )]
    pub fn within(&self, share: f64) -> Duration {
        let last = self.0.len() - 1;
        self.0[((last as f64) * share).ceil() as usize]
    }
}

impl std::fmt::Display for Answered {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [half, most, all] = [0.5, 0.99, 1.0].map(|share| self.within(share));
        write!(
            formatter,
            "{} probes answered, p50 {half:.1?}, p99 {most:.1?}, slowest {all:.1?}",
            self.count()
        )
    }
}

/// The longest time of an answer. It is far more than on a quiet machine; the test prints the real times.
const LONGEST: Duration = Duration::from_secs(10);

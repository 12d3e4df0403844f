//! Two kinds of load: clients that wait for each answer, and requests at a fixed rate that wait for no answer.

use std::time::{Duration, Instant};

use reqwest::header::RETRY_AFTER;
use tokio::task::JoinSet;
use tokio::time::interval;

use crate::harness::Client;

/// Requests for one ticket.
#[derive(Clone)]
pub struct Load {
    pub client: Client,
    pub path: String,
}

/// The outcomes of many requests.
#[derive(Debug, Default)]
pub struct Offered {
    pub answered: usize,
    pub refused: usize,
    pub slowest_refusal: Duration,
    slowest_answer: Duration,
    time: Duration,
}

impl Load {
    /// Runs this many clients for this time. Each client sends the next request when it has its answer, and at least one request.
    pub async fn by_turns(&self, clients: usize, time: Duration) -> Offered {
        let begun = Instant::now();
        let mut asking = JoinSet::new();
        for _ in 0..clients {
            let load = self.clone();
            asking.spawn(async move {
                let mut offered = Offered::default();
                loop {
                    offered.add(load.ask().await);
                    if begun.elapsed() >= time {
                        return offered;
                    }
                }
            });
        }
        let mut offered = Offered::default();
        for of_one in asking.join_all().await {
            offered.join(&of_one);
        }
        Offered { time: begun.elapsed(), ..offered }
    }

    /// Sends this many requests a second for this time. No request waits for another.
    pub async fn offered(&self, a_second: f64, time: Duration) -> Offered {
        let (begun, mut asking, mut offered) = (Instant::now(), JoinSet::new(), Offered::default());
        let (mut ticks, mut asked) = (interval(Duration::from_millis(2)), 0.0);
        while begun.elapsed() < time {
            ticks.tick().await;
            while asked < begun.elapsed().as_secs_f64() * a_second {
                asked += 1.0;
                let load = self.clone();
                asking.spawn(async move { load.ask().await });
            }
            while let Some(answer) = asking.try_join_next() {
                offered.add(answer.unwrap());
            }
        }
        offered.time = begun.elapsed();
        for answer in asking.join_all().await {
            offered.add(answer);
        }
        offered
    }

    /// Returns whether the request was answered or refused, and when. Panics if the response is neither.
    async fn ask(&self) -> (bool, Duration) {
        let begun = Instant::now();
        let answer = self.client.request("GET", &self.path).send().await.unwrap();
        let (status, is_later) = (answer.status().as_u16(), answer.headers().contains_key(RETRY_AFTER));
        let body = answer.text().await.unwrap();
        assert!(matches!((status, is_later), (200, false) | (503, true)), "{status}: {body}");
        (status == 200, begun.elapsed())
    }
}

impl Offered {
    #[expect(clippy::cast_precision_loss, reason = "nobody counts that far")]
    pub fn answered_a_second(&self) -> f64 {
        self.answered as f64 / self.time.as_secs_f64()
    }

    fn add(&mut self, (is_answered, time): (bool, Duration)) {
        if is_answered {
            self.answered += 1;
            self.slowest_answer = self.slowest_answer.max(time);
        } else {
            self.refused += 1;
            self.slowest_refusal = self.slowest_refusal.max(time);
        }
    }

    fn join(&mut self, other: &Offered) {
        self.answered += other.answered;
        self.refused += other.refused;
        self.slowest_refusal = self.slowest_refusal.max(other.slowest_refusal);
        self.slowest_answer = self.slowest_answer.max(other.slowest_answer);
    }
}

//! All faults at the same time, by 24 clients, beside ordinary requests.
//!
//! An ordinary run takes a second and asserts that no ordinary request fails. A long run also asserts times and memory, which
//! need a machine that does nothing else.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::answers::{ENDLESS, FAILING};
use super::{HOSTILE_FILE, send};
use crate::harness::{Client, Process, at_length, is_long, serve};

const HOSTILE_CLIENTS: usize = 24;
const OTHERS: usize = 2;
/// The time between two requests of an ordinary client.
const PAUSE: Duration = Duration::from_millis(5);
/// The time limit of a request in a long run.
const TIME_LIMIT_MS: u64 = 1000;
/// The time limit in an ordinary run, which must be enough for ordinary requests on a busy machine.
const SHORT_TIME_LIMIT_MS: u64 = 3000;
/// The default of `--memory-limit-mib`.
const MEMORY_LIMIT_MIB: u64 = 32;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_fails_while_every_fault_is_committed_at_once() {
    let data = tempfile::tempdir().unwrap();
    let time_limit_ms = at_length(SHORT_TIME_LIMIT_MS, TIME_LIMIT_MS);
    let time_limit = time_limit_ms.to_string();
    let flags = ["--component", HOSTILE_FILE, "--time-limit-ms", &time_limit, "--rate-limit", "off"];
    let mut command = serve(data.path(), &flags);
    let host = Process::spawn(command.args(["--log-level", "error"]).stderr(Stdio::null()));
    let client = host.client();
    assert_eq!(send(&client, "GET", "/good", "").await.unwrap().0, 200, "it serves before the load");

    let until = Instant::now() + Duration::from_secs(at_length(1, 30));
    let load = Load { client, until, next: Arc::default(), over: Arc::default() };
    let mut hostile = JoinSet::new();
    for _ in 0..HOSTILE_CLIENTS {
        hostile.spawn(load.clone().be_hostile());
    }
    let mut others = JoinSet::new();
    for _ in 0..OTHERS {
        others.spawn(load.clone().want_to_be_served());
    }
    let faults: Vec<Fault> = hostile.join_all().await.into_iter().flatten().collect();
    load.over.store(true, Ordering::Relaxed);
    let others: Vec<Served> = others.join_all().await.into_iter().flatten().collect();
    let verdict = Verdict::new(time_limit_ms, &faults, &others, host.peak_kib());
    println!("{verdict:?}");
    verdict.assert_nobody_failed();
    if is_long() {
        verdict.assert_goals();
    }
    assert_eq!(host.end("TERM").0, Some(0), "a host that was under hostile load stops as any other");
}

#[derive(Clone)]
struct Load {
    client: Client,
    until: Instant,
    /// The number of the next fault, so that all faults are equally frequent.
    next: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
}

/// One fault, with the status of its answer and the time until the answer.
struct Fault {
    path: &'static str,
    status: Option<u16>,
    time: Duration,
}

/// One ordinary request.
struct Served {
    well: bool,
    time: Duration,
}

impl Load {
    async fn be_hostile(self) -> Vec<Fault> {
        // Every second fault is endless. Otherwise most of the faults would end early.
        let paths: Vec<_> = FAILING.iter().zip(ENDLESS.iter().cycle()).flat_map(|(a, b)| [*a, *b]).collect();
        let mut faults = Vec::new();
        // Each client commits at least two faults, so that every fault is committed in a short run too.
        while faults.len() < 2 || Instant::now() < self.until {
            let path = paths[self.next.fetch_add(1, Ordering::Relaxed) % paths.len()];
            let begun = Instant::now();
            let answer = timeout(PATIENCE, send(&self.client, "POST", path, "")).await;
            let status = answer.ok().and_then(Result::ok).map(|(status, _)| status);
            faults.push(Fault { path, status, time: begun.elapsed() });
        }
        faults
    }

    async fn want_to_be_served(self) -> Vec<Served> {
        let mut pause = interval(PAUSE);
        pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut requests = Vec::new();
        while !self.over.load(Ordering::Relaxed) {
            pause.tick().await;
            let begun = Instant::now();
            let answer = timeout(PATIENCE, send(&self.client, "GET", "/good", "")).await;
            let well = matches!(answer, Ok(Ok((200, text))) if text == "good");
            requests.push(Served { well, time: begun.elapsed() });
        }
        requests
    }
}

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What became of both kinds of requests.
#[derive(Debug)]
struct Verdict {
    time_limit_ms: u64,
    others: usize,
    failed: usize,
    p99: Duration,
    faults: usize,
    /// Faults with a wrong answer.
    misjudged: Vec<String>,
    slowest_cut: Duration,
    slowest_failing: Duration,
    peak_mib: u64,
}

impl Verdict {
    fn new(time_limit_ms: u64, faults: &[Fault], others: &[Served], peak_kib: u64) -> Verdict {
        let mut times: Vec<_> = others.iter().map(|served| served.time).collect();
        times.sort_unstable();
        let endless = |fault: &&Fault| ENDLESS.contains(&fault.path);
        let expected = |fault: &Fault| if endless(&fault) { Some(504) } else { Some(500) };
        // On a busy machine any fault may reach its deadline.
        let wrong = |fault: &&Fault| fault.status != expected(fault) && fault.status != Some(504);
        let misjudged = faults.iter().filter(wrong);
        let slowest = |times: &mut dyn Iterator<Item = &Fault>| times.map(|fault| fault.time).max();
        Verdict {
            time_limit_ms,
            others: others.len(),
            failed: others.iter().filter(|served| !served.well).count(),
            p99: times.get(times.len() * 99 / 100).copied().unwrap_or_default(),
            faults: faults.len(),
            misjudged: misjudged.map(|fault| format!("{} -> {:?}", fault.path, fault.status)).collect(),
            slowest_cut: slowest(&mut faults.iter().filter(endless)).unwrap_or_default(),
            slowest_failing: slowest(&mut faults.iter().filter(|fault| !endless(fault))).unwrap_or_default(),
            peak_mib: peak_kib / 1024,
        }
    }

    fn assert_nobody_failed(&self) {
        assert!(self.others > 0 && self.faults >= 2 * HOSTILE_CLIENTS, "{self:?}");
        assert_eq!((self.failed, self.misjudged.as_slice()), (0, [].as_slice()), "{self:?}");
    }

    fn assert_goals(&self) {
        assert!(self.p99 <= Duration::from_millis(50), "{self:?}");
        let limit = Duration::from_millis(self.time_limit_ms);
        assert!(self.slowest_cut.max(self.slowest_failing) <= limit.mul_f64(1.1), "{self:?}");
        assert!(self.peak_mib <= HOSTILE_CLIENTS as u64 * MEMORY_LIMIT_MIB + 100, "{self:?}");
    }
}

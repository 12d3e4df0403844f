//! `portdesk serve`: runs a host until a signal ends it.

mod banner;

use std::future::pending;
use std::panic;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info};

use super::Ended;
use crate::config::{Config, Given};
use crate::service::Service;
use crate::telemetry::log;

pub(super) fn run(config: &Config, given: &Given) -> Result<(), Ended> {
    let log = log::start(config.log_format, config.log_level)?;
    // Standard error may have a reader that never reads, so a panic goes through the log. Its text may quote data.
    panic::set_hook(Box::new(|panicked| {
        let location = panicked.location().map(tracing::field::display);
        error!(location, "a defect of portdesk ended a task; please report this line");
    }));
    let runtime = Runtime::new()?;
    let served = runtime.block_on(serve(config, given));
    // A thread that still blocks, for example in a file system that hangs, does not delay the end of the process.
    runtime.shutdown_timeout(RUNTIME_END);
    log.end();
    served
}

async fn serve(config: &Config, given: &Given) -> Result<(), Ended> {
    let stop = stop()?;
    let mut service = Service::start(config).await?;
    banner::show(&mut service, config, given).await?;
    service.serve(stop).await;
    info!("stopped");
    Ok(())
}

/// Resolves at the first signal that ends the host. The handlers are in place when this returns, so that no signal is
/// missed.
fn stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut signals = Signals {
        interrupt: signal(SignalKind::interrupt())?,
        terminate: signal(SignalKind::terminate())?,
        hangup: if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) },
    };
    Ok(async move {
        signals.any().await;
        info!("stopping; a second SIGINT or SIGTERM cuts what is still open");
        tokio::spawn(async move {
            // A second SIGHUP does not count, because a terminal that closes may send several.
            either(&mut signals.interrupt, &mut signals.terminate).await;
            std::process::exit(1);
        });
    })
}

/// The signals that end a host.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
}

impl Signals {
    async fn any(&mut self) {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = either(&mut self.interrupt, &mut self.terminate) => {}
            Some(()) = hangup => {}
        }
    }
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        Some(()) = one.recv() => {}
        Some(()) = other.recv() => {}
        else => pending().await,
    }
}

/// Whether this process was started with SIGHUP ignored, as `nohup` does, so that it outlives the terminal. A handler would
/// undo that. Linux reports the ignored signals as a hexadecimal number, in which the lowest bit is signal 1, SIGHUP.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
    ignored.is_some_and(|ignored| ignored & 1 == 1)
}

/// How long the end of the process waits for threads that block.
const RUNTIME_END: Duration = Duration::from_secs(1);

//! `portdesk serve`: runs a host until a signal stops it.

mod banner;

use std::panic;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tracing::{error, info};

use super::Ended;
use crate::config::{Config, Given};
use crate::service::Service;
use crate::telemetry::log;

pub(super) fn run(config: &Config, given: &Given) -> Result<(), Ended> {
    let log = log::start(config.log_format, config.log_level)?;
    report_panics();
    let runtime = Runtime::new()?;
    let served = runtime.block_on(serve_with(config, given, |_| Ok(())));
    // A thread that still blocks, for example in a file system that hangs, does not delay the end of the process.
    runtime.shutdown_timeout(RUNTIME_END);
    log.end();
    served
}

/// Has panics reported by the log, because standard error may have a reader that never reads. Their texts may quote data.
pub(super) fn report_panics() {
    panic::set_hook(Box::new(|panicked| {
        let location = panicked.location().map(tracing::field::display);
        error!(location, "a defect of portdesk ended a task; please report this line");
    }));
}

/// Serves until a signal stops the host. `begin` is called when the host is ready.
pub(super) async fn serve_with(
    config: &Config,
    given: &Given,
    begin: impl FnOnce(&Service) -> Result<(), Ended>,
) -> Result<(), Ended> {
    let stop = stop()?;
    let mut service = Service::start(config).await?;
    banner::show(&mut service, config, given).await?;
    begin(&service)?;
    service.serve(stop).await;
    info!("stopped");
    Ok(())
}

/// Resolves at the first signal that stops the host. A second SIGINT or SIGTERM ends the process. The handlers are installed
/// when this function returns, so that no signal is missed.
pub(super) fn stop() -> std::io::Result<impl Future<Output = ()>> {
    let (sender, mut received) = mpsc::channel(1);
    let hangup = (!ignores_hangup()).then_some(SignalKind::hangup());
    for kind in [SignalKind::interrupt(), SignalKind::terminate()].into_iter().chain(hangup) {
        let (mut signals, sender) = (signal(kind)?, sender.clone());
        tokio::spawn(
            async move { while signals.recv().await.is_some() && sender.send(kind).await.is_ok() {} },
        );
    }
    Ok(async move {
        received.recv().await;
        info!("stopping; a second SIGINT or SIGTERM cuts what is still open");
        tokio::spawn(async move {
            while let Some(kind) = received.recv().await {
                // A second SIGHUP does not count, because a terminal that closes may send several.
                if kind != SignalKind::hangup() {
                    std::process::exit(1);
                }
            }
        });
    })
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
pub(super) const RUNTIME_END: Duration = Duration::from_secs(1);

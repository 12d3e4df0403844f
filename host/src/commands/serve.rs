//! `portdesk serve`: runs a host until a signal ends it.

mod banner;

use std::future::pending;

use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::info;

use super::Ended;
use crate::config::Config;
use crate::host::Host;
use crate::telemetry::log;

pub(super) fn run(config: Config) -> Result<(), Ended> {
    log::start(config.log_format, config.log_level);
    let runtime = Runtime::new()?;
    runtime.block_on(serve(config))
}

async fn serve(config: Config) -> Result<(), Ended> {
    let stop = stop()?;
    let host = Host::start(config.clone()).await?;
    banner::print(&host, &config);
    host.serve(stop).await;
    info!("stopped");
    Ok(())
}

/// Resolves at SIGINT or SIGTERM. The handlers are in place when this returns, so that no signal is missed.
fn stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        either(&mut interrupt, &mut terminate).await;
        info!("stopping; a second signal cuts what is still open");
        tokio::spawn(async move {
            either(&mut interrupt, &mut terminate).await;
            std::process::exit(1);
        });
    })
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        Some(()) = one.recv() => {}
        Some(()) = other.recv() => {}
        else => pending().await,
    }
}

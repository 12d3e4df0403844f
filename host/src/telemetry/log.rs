//! The log: on standard error, for people or as JSON.
//!
//! Messages read alone and carry fields. A failure is logged once, where it becomes an answer. Keys, bodies, paths
//! and what items say are never logged. What libraries log may quote them: of those, warnings and errors only.

use std::io::{IsTerminal, stderr};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::config::{LogFormat, LogLevel};

/// Starts the log of this process. A second call changes nothing.
pub(crate) fn start(format: LogFormat, level: LogLevel) {
    let level = LevelFilter::from(level);
    let filter = Targets::new().with_target("portdesk", level).with_default(level.min(LevelFilter::WARN));
    // Where the log cannot be written, the report of that cannot be written either, and would panic.
    let log = fmt::layer().with_writer(stderr).with_target(false).log_internal_errors(false);
    let log: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Json => log.json().flatten_event(true).boxed(),
        LogFormat::Text => log.with_ansi(stderr().is_terminal()).boxed(),
    };
    // It fails only where a log was started before, which then goes on.
    drop(tracing_subscriber::registry().with(log.with_filter(filter)).try_init());
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> LevelFilter {
        match level {
            LogLevel::Error => LevelFilter::ERROR,
            LogLevel::Warn => LevelFilter::WARN,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Debug => LevelFilter::DEBUG,
        }
    }
}

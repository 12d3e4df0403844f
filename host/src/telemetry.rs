//! The log: on standard error, for people or as JSON.
//!
//! Messages read alone and carry fields. A failure is logged once, where it becomes an answer. Keys, bodies, paths
//! and what items say are never logged.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;

use crate::config::{LogFormat, LogLevel};

/// Starts the log of this process. A second call changes nothing.
pub(crate) fn start(format: LogFormat, level: LogLevel) {
    let log = fmt().with_writer(stderr).with_max_level(LevelFilter::from(level)).with_target(false);
    let started = match format {
        LogFormat::Json => log.json().flatten_event(true).try_init(),
        LogFormat::Text => log.with_ansi(stderr().is_terminal()).try_init(),
    };
    // It fails only where a log was started before, which then goes on.
    drop(started);
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

//! What a user may set, by flag or variable.

mod connections;
mod cors;
mod data;
#[cfg(feature = "dynamodb")]
mod dynamodb;
mod file;
mod observe;
mod refusals;
mod requests;
mod tls;
mod variables;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

pub use self::connections::Connections;
pub use self::cors::Cors;
pub use self::data::DataDir;
#[cfg(feature = "dynamodb")]
pub use self::dynamodb::{Location, LocationError, StoreTable, TableName};
pub(crate) use self::file::existing;
pub use self::observe::Observe;
pub use self::refusals::Refusals;
pub use self::requests::Requests;
pub use self::tls::Tls;
pub use self::variables::{Variables, parse};
use crate::door::RateLimit;
use crate::environment::variable;
use crate::sandbox::{Isolation, Limits};

/// How to serve. Every flag has a variable; a flag wins over its variable.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, env = "PORTDESK_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080",
          value_parser = address)]
    pub listen: SocketAddr,

    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is declared; here it would become help text")]
    pub tls: Tls,

    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is declared; here it would become help text")]
    pub data: DataDir,

    /// Where items are kept: `embedded` is durable, in the data folder; `memory` is lost with the process;
    /// `dynamodb` is a table that other hosts and programs may share, see --table
    #[arg(long, env = "PORTDESK_STORE", value_name = "STORE", default_value = "embedded")]
    pub store: StoreKind,

    #[cfg(feature = "dynamodb")]
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is declared; here it would become help text")]
    pub table: StoreTable,

    /// Whether an instance of the component answers many requests in turn (pooled) or one (fresh): `fresh`
    /// shares nothing between requests and costs about one and a half times the processor time
    #[arg(long, env = "PORTDESK_ISOLATION", value_name = "MODE", default_value = "pooled")]
    pub isolation: Isolation,

    /// Component to serve in place of the built-in one
    #[arg(long, env = "PORTDESK_COMPONENT", value_name = "FILE", value_parser = existing())]
    pub component: Option<PathBuf>,

    /// Whether usage plans hold: with `plan` every key has the rate, burst and quota of its plan, see
    /// `portdesk plan list`; with `off` there is no limit and nothing is counted
    #[arg(long, env = "PORTDESK_RATE_LIMIT", value_name = "WHETHER", default_value = "plan")]
    pub rate_limit: RateLimit,

    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is declared; here it would become help text")]
    pub refusals: Refusals,

    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is declared; here it would become help text")]
    pub cors: Cors,

    /// Most requests inside the component at once, 1 to 1000; more wait 40 ms and are then refused with 503
    #[arg(long, env = "PORTDESK_INSTANCES", value_name = "COUNT", default_value_t = 128,
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub instances: u32,

    /// Most memory of one instance of the component, 1 to 1024 MiB. One instruction that fills or copies memory is never
    /// cut, and takes about 0.45 ms a MiB: so this also limits how long a component may hold a thread
    #[arg(long, env = "PORTDESK_MEMORY_LIMIT_MIB", value_name = "MIB", default_value_t = MEMORY_LIMIT_MIB,
          value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub memory_limit_mib: u16,

    /// Most bytes of a request's body, 1 to 1048576; a larger one is refused with 413
    #[arg(long, env = "PORTDESK_BODY_LIMIT_BYTES", value_name = "BYTES", default_value_t = 65_536,
          value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    pub body_limit_bytes: u32,

    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is declared; here it would become help text")]
    pub requests: Requests,

    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is declared; here it would become help text")]
    pub connections: Connections,

    /// Most milliseconds from a request's head to its answer, 10 to 300000; later it is answered with 504
    #[arg(long, env = "PORTDESK_TIME_LIMIT_MS", value_name = "MS", default_value_t = 10_000,
          value_parser = clap::value_parser!(u32).range(10..=300_000))]
    pub time_limit_ms: u32,

    /// Milliseconds after SIGTERM or SIGINT in which /readyz is red and everything else goes on, 0 to 60000: time for
    /// whoever balances the load to see it
    #[arg(long, env = "PORTDESK_DRAIN_MS", value_name = "MS", default_value_t = 1000,
          value_parser = clap::value_parser!(u16).range(0..=60_000))]
    pub drain_ms: u16,

    /// Most seconds that requests in flight get to finish after that, 0 to 600
    #[arg(long, env = "PORTDESK_GRACE_SECONDS", value_name = "SECONDS", default_value_t = 10,
          value_parser = clap::value_parser!(u16).range(0..=600))]
    pub grace_seconds: u16,

    /// How the log is written, on standard error
    #[arg(long, env = "PORTDESK_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,

    /// Least severity that is logged; `info` has a line for every request
    #[arg(long, env = "PORTDESK_LOG_LEVEL", value_name = "LEVEL", default_value = "info")]
    pub log_level: LogLevel,

    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is declared; here it would become help text")]
    pub observe: Observe,

    /// A key that opens the door beside those of the data folder, 20 to 256 visible characters. Only a
    /// variable, so that it stands in no list of processes; where it is set, no first key is made
    #[arg(skip)]
    pub api_key: Option<String>,
}

/// Where items are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StoreKind {
    /// In a table of Amazon DynamoDB, shared and durable.
    #[cfg(feature = "dynamodb")]
    Dynamodb,
    /// In the data folder, durable.
    Embedded,
    /// In the process, lost with it.
    Memory,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// The least severity that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// What an operator must look at.
    Error,
    /// And what was refused for want of resources.
    Warn,
    /// And every request.
    Info,
    /// And every connection that broke.
    Debug,
}

impl Config {
    /// What the instances of the component may use.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            isolation: self.isolation,
            instances: self.instances,
            memory_bytes: usize::from(self.memory_limit_mib) << 20,
        }
    }

    /// How long a request may take.
    #[must_use]
    pub fn time_limit(&self) -> Duration {
        Duration::from_millis(self.time_limit_ms.into())
    }

    /// How long everything goes on after the signal to stop.
    #[must_use]
    pub fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms.into())
    }

    /// How long requests in flight may take after that.
    #[must_use]
    pub fn grace(&self) -> Duration {
        Duration::from_secs(self.grace_seconds.into())
    }

    /// The settings in force, a flag with its value each.
    #[must_use]
    pub fn effective(&self) -> Vec<(&'static str, String)> {
        let component = self.component.as_ref().map_or("built-in".into(), |file| file.display().to_string());
        let mut settings = vec![
            ("listen", self.listen.to_string()),
            ("data-dir", self.data.path.display().to_string()),
            ("store", word(&self.store)),
        ];
        settings.extend(self.tls.effective());
        #[cfg(feature = "dynamodb")]
        if self.store == StoreKind::Dynamodb {
            settings.extend(self.table.effective());
        }
        settings.extend([
            ("isolation", word(&self.isolation)),
            ("component", component),
            ("rate-limit", word(&self.rate_limit)),
            ("parity", word(&self.refusals.parity)),
        ]);
        settings.extend(self.cors.effective());
        settings.extend([
            ("instances", self.instances.to_string()),
            ("memory-limit-mib", self.memory_limit_mib.to_string()),
            ("body-limit-bytes", self.body_limit_bytes.to_string()),
            ("time-limit-ms", self.time_limit_ms.to_string()),
        ]);
        settings.extend(self.requests.effective());
        settings.extend(self.connections.effective());
        settings.extend([
            ("drain-ms", self.drain_ms.to_string()),
            ("grace-seconds", self.grace_seconds.to_string()),
            ("log-format", word(&self.log_format)),
            ("log-level", word(&self.log_level)),
        ]);
        settings.extend(self.observe.effective());
        settings
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "not an IP address and a port, for example 127.0.0.1:8080 or [::1]:8080".to_owned())
}

/// A value as it is written on the command line.
fn word(value: &impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// Reads the key of the environment, which has no flag. Fails with a sentence that names the variable.
pub fn environment_key() -> Result<Option<String>, String> {
    match variable(API_KEY_VARIABLE) {
        None => Ok(None),
        Some(key) if key.ends_with(['\n', '\r']) => {
            Err(format!("{API_KEY_VARIABLE} ends in a line break, which is not part of a key; remove it"))
        }
        Some(key) if (20..=256).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Ok(Some(key))
        }
        Some(_) => Err(format!("{API_KEY_VARIABLE} must have 20 to 256 visible ASCII characters")),
    }
}

/// Far more than the desk needs, and no more: an instruction that fills or copies memory is never cut, so that all of it
/// holds a thread for about 15 ms (0.45 ms a MiB, measured with pages that the kernel has to give first).
const MEMORY_LIMIT_MIB: u16 = 32;

const API_KEY_VARIABLE: &str = "PORTDESK_API_KEY";

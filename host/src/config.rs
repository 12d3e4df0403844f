//! What a user may set, by flag or variable.

mod data;
#[cfg(feature = "dynamodb")]
mod dynamodb;
mod file;
mod limits;
mod observe;
mod tls;
mod variables;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub use self::data::DataDir;
#[cfg(feature = "dynamodb")]
pub use self::dynamodb::{Location, LocationError, StoreTable, TableName};
pub(crate) use self::file::existing;
pub use self::limits::Limits;
pub use self::observe::Observe;
pub use self::tls::Tls;
pub use self::variables::{Given, parse};
use crate::door::{Origin, Parity, RateLimit};
use crate::environment::variable;

/// How to serve. Every flag has a variable. A flag wins over its variable.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Address and port to listen on
    ///
    /// Port 0 takes a free port. An address that other machines can reach needs TLS or --allow-plaintext.
    #[arg(long, env = "PORTDESK_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080",
          value_parser = address)]
    pub listen: SocketAddr,

    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is declared; here it would become help text")]
    pub tls: Tls,

    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is declared; here it would become help text")]
    pub data: DataDir,

    /// Where items are kept: embedded, memory or dynamodb
    ///
    /// `embedded` keeps them in the data folder; they are durable. `memory` loses them when the process ends. `dynamodb` keeps them
    /// in a table that other hosts and programs can share, see --table.
    #[arg(long, env = "PORTDESK_STORE", value_name = "STORE", default_value = "embedded")]
    pub store: StoreKind,

    #[cfg(feature = "dynamodb")]
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is declared; here it would become help text")]
    pub table: StoreTable,

    /// Component file to serve instead of the built-in one
    #[arg(long, env = "PORTDESK_COMPONENT", value_name = "FILE", value_parser = existing())]
    pub component: Option<PathBuf>,

    /// Whether usage plans apply: plan or off
    ///
    /// With `plan`, every key has the rate, burst and quota of its plan, see `portdesk plan list`. With `off` there is no limit, and
    /// nothing is counted.
    #[arg(long, env = "PORTDESK_RATE_LIMIT", value_name = "WHETHER", default_value = "plan")]
    pub rate_limit: RateLimit,

    /// How refusals of the host look: friendly or strict
    ///
    /// `friendly` adds `Retry-After`, `RateLimit` headers and a problem document to what API Gateway sends. `strict` adds nothing.
    #[arg(long, env = "PORTDESK_PARITY", value_name = "PARITY", default_value = "friendly")]
    pub parity: Parity,

    /// Origin whose pages may call the API from a browser
    ///
    /// For example `https://app.example.net`. Repeat the flag for more origins; separate them with commas in the variable. `*`
    /// allows every page. Without this setting, no page of another origin may call.
    #[arg(long = "cors-origin", env = "PORTDESK_CORS_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    pub cors_origins: Vec<Origin>,

    /// Format of the log on standard error: text or json
    #[arg(long, env = "PORTDESK_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,

    /// Least severity that is logged: error, warn, info or debug
    ///
    /// `info` logs one line for each request.
    #[arg(long, env = "PORTDESK_LOG_LEVEL", value_name = "LEVEL", default_value = "info")]
    pub log_level: LogLevel,

    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is declared; here it would become help text")]
    pub observe: Observe,

    /// An API key that is valid in addition to those of the data folder, 20 to 256 visible characters. It has only a variable, so
    /// that it is in no list of processes. If it is set, the first start makes no key.
    #[arg(skip)]
    pub api_key: Option<String>,

    // Last: its heading applies to all that follows.
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is declared; here it would become help text")]
    pub limits: Limits,
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

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "not an IP address and a port, for example 127.0.0.1:8080 or [::1]:8080".to_owned())
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

const API_KEY_VARIABLE: &str = "PORTDESK_API_KEY";

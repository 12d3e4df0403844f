//! The settings of a host. Each flag has a variable, and the flag wins over the variable.

mod component;
mod console;
mod data;
#[cfg(feature = "dynamodb")]
mod dynamodb;
mod keys;
mod limits;
mod tls;
mod variables;

use std::net::SocketAddr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Parser, ValueEnum};
use tracing::level_filters::LevelFilter;

pub use self::component::ComponentFile;
pub use self::console::{Console, name};
pub use self::data::DataDir;
#[cfg(feature = "dynamodb")]
pub use self::dynamodb::{
    Location, LocationError, StoreTable, TableName, endpoint_of_variables, region_of_variables,
};
pub use self::keys::{KeyPlace, KeysSetting};
pub use self::limits::{Limits, MEMORY_LIMIT_MIB};
pub use self::tls::Tls;
pub use self::variables::{Given, parse};
use crate::door::{Origin, Parity, RateLimit};
use crate::environment::variable;
use crate::telemetry::CollectorUrl;

/// The settings of `portdesk serve`. Other programs that start a host read them with `Config::parse_from`.
#[derive(Debug, Clone, Parser)]
pub struct Config {
    /// Address and port to listen on
    ///
    /// Port 0 takes a free port. An address that other machines can reach needs TLS or --allow-plaintext.
    #[arg(long, env = "PORTDESK_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080",
          value_parser = address)]
    pub listen: SocketAddr,

    /// The settings of TLS.
    #[command(flatten)]
    pub tls: Tls,

    /// The data folder.
    #[command(flatten)]
    pub data: DataDir,

    /// Where items are kept: embedded, memory or dynamodb
    ///
    /// `embedded` keeps them in the data folder; they are durable. `memory` loses them when the process ends. `dynamodb` keeps them
    /// in a table that other hosts and programs can share, see --table.
    #[arg(long, env = "PORTDESK_STORE", value_name = "STORE", default_value = "embedded")]
    #[cfg_attr(feature = "dynamodb", arg(requires_if("dynamodb", "table")))]
    pub store: StoreKind,

    /// The table of `--store dynamodb`.
    #[cfg(feature = "dynamodb")]
    #[command(flatten)]
    pub table: StoreTable,

    /// Where keys and plans are.
    #[command(flatten)]
    pub keys: KeysSetting,

    /// The component to serve.
    #[command(flatten)]
    pub component: ComponentFile,

    /// Whether usage plans apply: plan or off
    ///
    /// With `plan`, every key has the rate, burst and quota of its plan, see `portdesk plan list`. With `off` there is no limit, and
    /// nothing is counted.
    #[arg(
        long,
        env = "PORTDESK_RATE_LIMIT",
        value_name = "WHETHER",
        default_value = "plan",
        hide_short_help = true
    )]
    pub rate_limit: RateLimit,

    /// How refusals of the host look: friendly or strict
    ///
    /// `friendly` adds `Retry-After`, `RateLimit` headers and a problem document to what API Gateway sends. `strict` adds nothing.
    #[arg(
        long,
        env = "PORTDESK_PARITY",
        value_name = "PARITY",
        default_value = "friendly",
        hide_short_help = true
    )]
    pub parity: Parity,

    /// Origin whose pages may call the API from a browser
    ///
    /// For example `https://app.example.net`. Repeat the flag for more origins; separate them with commas in the variable. `*`
    /// allows every page. Without this setting, no page of another origin may call.
    #[arg(
        long = "cors-origin",
        env = "PORTDESK_CORS_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ',',
        hide_short_help = true
    )]
    pub cors_origins: Vec<Origin>,

    /// Format of the log on standard error: text or json
    #[arg(
        long,
        env = "PORTDESK_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text",
        hide_short_help = true
    )]
    pub log_format: LogFormat,

    /// Least severity that is logged: error, warn, info or debug
    ///
    /// `info` logs one line for each request.
    #[arg(long, env = "PORTDESK_LOG_LEVEL", value_name = "LEVEL", default_value = "info", value_parser = log_level())]
    pub log_level: LevelFilter,

    /// Address and port of `/metrics`, for Prometheus
    ///
    /// Port 0 takes a free port. The page needs no key, so an address that other machines can reach needs --allow-plaintext.
    #[arg(long, env = "PORTDESK_METRICS", value_name = "ADDRESS:PORT", value_parser = address)]
    pub metrics: Option<SocketAddr>,

    /// Collector that takes spans over OTLP/HTTP
    ///
    /// For example `http://127.0.0.1:4318`. Without it, the host sends no spans.
    #[arg(long, env = "PORTDESK_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<CollectorUrl>,

    /// An API key that is valid in addition to those of --keys. It has only a variable, see [`environment_key`], so that
    /// it is in no list of processes. If it is set, the first start makes no key.
    #[arg(skip)]
    pub api_key: Option<String>,

    /// Hide every operation that changes something from agents
    ///
    /// This applies to the tools of MCP, not to the HTTP API.
    #[arg(long, env = "PORTDESK_MCP_READ_ONLY", hide_short_help = true)]
    pub mcp_read_only: bool,

    /// Tools that agents get; all, if it is not set
    ///
    /// Repeat the flag or separate names with commas. `portdesk mcp tools` prints the names.
    #[arg(
        long,
        env = "PORTDESK_MCP_TOOLS",
        value_name = "NAME",
        value_delimiter = ',',
        hide_short_help = true
    )]
    pub mcp_tools: Vec<String>,

    /// The settings of the console.
    #[command(flatten)]
    pub console: Console,

    /// The limits.
    // They are last because their heading applies to every flag after it.
    #[command(flatten)]
    pub limits: Limits,
}

/// The value of `--store`.
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

/// The value of `--log-format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object on each line.
    Json,
    /// For people.
    Text,
}

/// Parses `--log-level`. The type alone would also accept numbers and `trace`.
fn log_level() -> impl TypedValueParser<Value = LevelFilter> {
    let levels = [
        ("error", "Failures that an operator must look at"),
        ("warn", "Also refusals for want of resources"),
        ("info", "Also every request"),
        ("debug", "Also every connection that broke"),
    ];
    let levels = levels.map(|(level, help)| PossibleValue::new(level).help(help));
    PossibleValuesParser::new(levels).try_map(|level| level.parse::<LevelFilter>())
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "not an IP address and a port, for example 127.0.0.1:8080 or [::1]:8080".to_owned())
}

/// Reads the API key of the environment, which has no flag. An error text names the variable.
pub fn environment_key() -> Result<Option<String>, String> {
    secret(API_KEY_VARIABLE)
}

/// Reads the token of the console, which has no flag. An error text names the variable. An API key is not a token, because
/// whoever may use the API must not thereby control the host.
pub fn console_token() -> Result<Option<String>, String> {
    let token = secret(CONSOLE_TOKEN_VARIABLE)?;
    if let Some(token) = &token
        && (token.starts_with("portdesk_") || environment_key().is_ok_and(|key| key.as_ref() == Some(token)))
    {
        return Err(format!(
            "{CONSOLE_TOKEN_VARIABLE} is an API key; choose another value, because who has the token controls the host"
        ));
    }
    Ok(token)
}

/// Reads a secret that has a variable and no flag.
fn secret(name: &str) -> Result<Option<String>, String> {
    match variable(name) {
        None => Ok(None),
        Some(key) if key.ends_with(['\n', '\r']) => {
            Err(format!("{name} ends in a line break, which is not part of its value; remove it"))
        }
        Some(key) if (20..=256).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Ok(Some(key))
        }
        Some(_) => Err(format!("{name} must have 20 to 256 visible ASCII characters")),
    }
}

const API_KEY_VARIABLE: &str = "PORTDESK_API_KEY";
/// The variable with the token of the console, for a host and for the commands that use its console.
pub const CONSOLE_TOKEN_VARIABLE: &str = "PORTDESK_CONSOLE_TOKEN";

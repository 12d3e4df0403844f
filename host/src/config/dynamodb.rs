//! What a user may set about the table that `--store dynamodb` keeps items in.

use std::time::Duration;

use clap::Args;

use crate::backend::dynamodb::Settings;
use crate::telemetry::Counter;

/// The table of a host.
#[derive(Debug, Clone, Args)]
pub struct StoreTable {
    /// DynamoDB table of `--store dynamodb`; `portdesk table create` makes it
    #[arg(long = "table", env = "PORTDESK_TABLE", value_name = "NAME", required_if_eq("store", "dynamodb"))]
    pub name: Option<String>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is declared; here it would become help text")]
    pub location: Location,

    /// Most attempts at a call of DynamoDB, the first included; a later one waits longer, from 50 ms to 1 s
    #[arg(long = "store-attempts", env = "PORTDESK_STORE_ATTEMPTS", value_name = "COUNT", default_value_t = ATTEMPTS,
          value_parser = clap::value_parser!(u32).range(1..=10))]
    pub attempts: u32,
}

/// The table of a command that is about nothing else.
#[derive(Debug, Clone, Args)]
pub struct TableName {
    /// Name of the table
    #[arg(long = "table", env = "PORTDESK_TABLE", value_name = "NAME")]
    pub name: String,
}

/// Where a table is.
#[derive(Debug, Clone, Args)]
pub struct Location {
    /// AWS region of the table; where it is not given, what `AWS_REGION` or the profile says
    #[arg(long, env = "PORTDESK_REGION", value_name = "REGION")]
    pub region: Option<String>,

    /// Another server than AWS, for example `http://127.0.0.1:8000`; one on this machine needs no credentials
    #[arg(long, env = "PORTDESK_ENDPOINT_URL", value_name = "URL")]
    pub endpoint_url: Option<String>,
}

impl StoreTable {
    /// What the store is opened with, where a request may take `time_limit`.
    #[must_use]
    pub fn settings(&self, time_limit: Duration) -> Settings {
        let attempts = self.attempts;
        Settings { attempts, time_limit, ..self.location.settings(self.name.as_deref().unwrap_or_default()) }
    }

    /// The settings in force, a flag with its value each.
    pub(super) fn effective(&self) -> Vec<(&'static str, String)> {
        let set = |flag, value: &Option<String>| Some((flag, value.clone()?));
        let given = [
            set("table", &self.name),
            set("region", &self.location.region),
            set("endpoint-url", &self.location.endpoint_url),
            Some(("store-attempts", self.attempts.to_string())),
        ];
        given.into_iter().flatten().collect()
    }

    /// The table and where it is, for people.
    #[must_use]
    pub fn shown(&self) -> String {
        let server = self.location.endpoint_url.as_deref().unwrap_or("AWS");
        let region = self.location.region.as_ref().map_or(String::new(), |region| format!(", {region}"));
        format!("DynamoDB table {} ({server}{region})", self.name.as_deref().unwrap_or_default())
    }
}

impl Location {
    /// What a command about a table works with.
    #[must_use]
    pub fn settings(&self, table: &str) -> Settings {
        Settings {
            table: table.to_owned(),
            region: self.region.clone(),
            endpoint_url: self.endpoint_url.clone(),
            attempts: ATTEMPTS,
            // Nobody's request: a table takes its time to be made.
            time_limit: Duration::from_mins(1),
            retries: Counter::default(),
        }
    }
}

const ATTEMPTS: u32 = 3;

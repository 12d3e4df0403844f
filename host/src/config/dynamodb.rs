//! Settings of the table of `--store dynamodb`.

use std::time::Duration;

use clap::Args;

use crate::backend::dynamodb::{Endpoint, Settings, location};
use crate::environment::variable;
use crate::telemetry::Counter;

/// The table of a host.
#[derive(Debug, Clone, Args)]
pub struct StoreTable {
    /// DynamoDB table of `--store dynamodb`
    ///
    /// `portdesk table create` creates it.
    #[arg(long = "table", env = "PORTDESK_TABLE", value_name = "NAME", required_if_eq("store", "dynamodb"),
          value_parser = location::table_name)]
    pub name: Option<String>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is declared; here it would become help text")]
    pub location: Location,
}

/// The table of a command that is about nothing else.
#[derive(Debug, Clone, Args)]
pub struct TableName {
    /// Name of the table
    #[arg(long = "table", env = "PORTDESK_TABLE", value_name = "NAME", value_parser = location::table_name)]
    pub name: String,
}

/// Where a table is.
#[derive(Debug, Clone, Args)]
pub struct Location {
    /// AWS region of the table
    ///
    /// Without it, `AWS_REGION` or the AWS profile applies.
    #[arg(long, env = "PORTDESK_REGION", value_name = "REGION", value_parser = location::region)]
    pub region: Option<String>,

    /// DynamoDB server instead of AWS
    ///
    /// For example `http://127.0.0.1:8000`. A server on this machine needs no credentials and is reached without a proxy.
    #[arg(long, env = "PORTDESK_ENDPOINT_URL", value_name = "URL")]
    pub endpoint_url: Option<Endpoint>,
}

impl StoreTable {
    /// What the store is opened with, where a request may take `time_limit`.
    pub fn settings(&self, time_limit: Duration) -> Result<Settings, LocationError> {
        let settings = self.location.settings(self.name.as_deref().unwrap_or_default())?;
        Ok(Settings { time_limit, ..settings })
    }

    /// The table and where it is, for people.
    #[must_use]
    pub fn shown(&self) -> String {
        let server = self.location.endpoint_url.as_ref().map_or("AWS".to_owned(), ToString::to_string);
        let region = self.location.region.as_ref().map_or(String::new(), |region| format!(", {region}"));
        format!("DynamoDB table {} ({server}{region})", self.name.as_deref().unwrap_or_default())
    }
}

impl Location {
    /// What a command about a table works with. Where the flags say nothing, variables of AWS do.
    pub fn settings(&self, table: &str) -> Result<Settings, LocationError> {
        let endpoint = match &self.endpoint_url {
            Some(endpoint) => Some(endpoint.clone()),
            None if variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
                .is_some_and(|it| it.eq_ignore_ascii_case("true")) =>
            {
                None
            }
            None => of_aws(&["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"], str::parse)?,
        };
        let region = match &self.region {
            Some(region) => Some(region.clone()),
            None => of_aws(&["AWS_REGION", "AWS_DEFAULT_REGION"], location::region)?,
        };
        Ok(Settings {
            table: table.to_owned(),
            region,
            endpoint,
            attempts: ATTEMPTS,
            // Nobody's request: a table takes its time to be made.
            time_limit: Duration::from_mins(1),
            retries: Counter::default(),
        })
    }
}

/// The value of the first of these variables that is set.
fn of_aws<T>(
    names: &[&'static str],
    read: impl Fn(&str) -> Result<T, &'static str>,
) -> Result<Option<T>, LocationError> {
    let set = names.iter().find_map(|name| Some((*name, variable(name)?)));
    set.map(|(name, text)| read(&text).map_err(|why| LocationError { name, why })).transpose()
}

/// A variable of AWS has a value that it cannot have.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {why}")]
pub struct LocationError {
    name: &'static str,
    why: &'static str,
}

/// Attempts at one call of DynamoDB, the first included. A call has nine tenths of a request's time, which more attempts would not use
/// better.
const ATTEMPTS: u32 = 3;

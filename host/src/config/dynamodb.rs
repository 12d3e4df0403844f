//! The settings of the table of `--store dynamodb`.

use std::time::Duration;

use clap::Args;

use crate::backend::dynamodb::{Endpoint, Settings, location};
use crate::environment::variable;
use crate::telemetry::Counter;

/// The table of a host, if the host keeps items in one.
#[derive(Debug, Clone, Args)]
pub struct StoreTable {
    /// DynamoDB table of `--store dynamodb`
    ///
    /// `portdesk table create` creates it.
    #[arg(id = "table", long = "table", env = "PORTDESK_TABLE", value_name = "NAME",
          value_parser = location::table_name)]
    pub name: Option<String>,

    /// Where the table is.
    #[command(flatten)]
    pub location: Location,
}

/// The table of a command that always needs one.
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
    /// The settings of a store whose requests may take `time_limit`.
    pub fn settings(&self, time_limit: Duration) -> Result<Settings, LocationError> {
        Ok(Settings { time_limit, ..self.location.settings(self.name())? })
    }

    /// The table and its location, for the banner.
    #[must_use]
    pub fn shown(&self) -> String {
        let server = self.location.endpoint_url.as_ref().map_or("AWS".to_owned(), ToString::to_string);
        let region = self.location.region.as_ref().map_or(String::new(), |region| format!(", {region}"));
        format!("DynamoDB table {} ({server}{region})", self.name())
    }

    /// The flags of a command for the same table.
    #[must_use]
    pub fn flags(&self) -> String {
        let Location { region, endpoint_url } = &self.location;
        let region = region.as_ref().map_or(String::new(), |region| format!(" --region {region}"));
        let endpoint = endpoint_url.as_ref().map_or(String::new(), |url| format!(" --endpoint-url {url}"));
        format!("--table {}{region}{endpoint}", self.name())
    }

    /// The name is there, because `--store dynamodb` requires it.
    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }
}

impl Location {
    /// The settings of a command that uses `table`. AWS's variables apply in place of flags that are not given.
    pub fn settings(&self, table: &str) -> Result<Settings, LocationError> {
        let endpoint = match &self.endpoint_url {
            None => endpoint_of_variables("AWS_ENDPOINT_URL_DYNAMODB")?,
            given => given.clone(),
        };
        let region = match &self.region {
            None => region_of_variables()?,
            given => given.clone(),
        };
        Ok(Settings {
            table: table.to_owned(),
            region,
            endpoint,
            attempts: ATTEMPTS,
            // No request waits for a command, and the creation of a table takes long.
            time_limit: Duration::from_mins(1),
            retries: Counter::default(),
        })
    }
}

/// The server that AWS's variables name in place of AWS. `of_service` is the variable of one service.
pub fn endpoint_of_variables(of_service: &'static str) -> Result<Option<Endpoint>, LocationError> {
    let is_ignored =
        variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|it| it.eq_ignore_ascii_case("true"));
    if is_ignored { Ok(None) } else { first_set(&[of_service, "AWS_ENDPOINT_URL"], str::parse) }
}

/// The region that AWS's variables set.
pub fn region_of_variables() -> Result<Option<String>, LocationError> {
    first_set(&["AWS_REGION", "AWS_DEFAULT_REGION"], location::region)
}

/// Parses the first of these variables that is set.
fn first_set<T>(
    names: &[&'static str],
    parse: impl Fn(&str) -> Result<T, &'static str>,
) -> Result<Option<T>, LocationError> {
    let set = names.iter().find_map(|name| Some((*name, variable(name)?)));
    set.map(|(name, text)| parse(&text).map_err(|why| LocationError { name, why })).transpose()
}

/// A variable of AWS has a value that is not allowed.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {why}")]
pub struct LocationError {
    name: &'static str,
    why: &'static str,
}

/// The most attempts at one call of DynamoDB, the first included. All attempts of a call share nine tenths of a request's time, which
/// is not enough for more of them.
const ATTEMPTS: u32 = 3;

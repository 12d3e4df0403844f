//! Reads the settings of the store from environment variables.

use std::time::Duration;

use aws_credential_types::Credentials;
use items::dynamodb::{Endpoint, location};

/// The settings of the store. `docs/stores.md` lists the variables.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name of the table.
    pub table: String,
    /// The address of DynamoDB.
    pub endpoint: Endpoint,
    /// The AWS region in the signatures of requests.
    pub region: String,
    /// The credentials that sign requests. Their `Debug` output shows no secret.
    pub credentials: Credentials,
    /// The largest number of attempts of a call.
    pub attempts: u32,
    /// The time limit of a client's request. A call of the store has to end earlier.
    pub time_limit: Duration,
}

/// The reason why the settings cannot be used. The text names the variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// A required variable is not set.
    #[error("{0} is not set: {1}")]
    Missing(&'static str, &'static str),
    /// The value of a variable is not valid.
    #[error("{0}: {1}")]
    Wrong(&'static str, &'static str),
}

impl Settings {
    /// Reads the settings from environment variables. An empty variable counts as not set.
    pub fn read(environment: impl Fn(&str) -> Option<String>) -> Result<Settings, SettingError> {
        let found = |name: &str| environment(name).filter(|value| !value.is_empty());
        let first = |names: &[&'static str]| names.iter().find_map(|name| Some((*name, found(name)?)));
        let needed = |name, what| found(name).ok_or(SettingError::Missing(name, what));
        let region = first(&["PORTDESK_REGION", "AWS_REGION"]);
        let region = region.ok_or(SettingError::Missing("AWS_REGION", "the AWS region of the table"))?;
        let region = read(region, location::region)?;
        let endpoint = first(&["PORTDESK_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"]);
        let endpoint = endpoint.map(|url| read(url, str::parse)).transpose()?;
        let table = needed("PORTDESK_TABLE", "the name of the table")?;
        let time_limit_ms = number("PORTDESK_TIME_LIMIT_MS", first, TIME_LIMIT_MS, 10, 300_000)?;
        Ok(Settings {
            table: read(("PORTDESK_TABLE", table), location::table_name)?,
            endpoint: endpoint.unwrap_or_else(|| Endpoint::of_aws("dynamodb", &region)),
            region,
            credentials: Credentials::new(
                needed("AWS_ACCESS_KEY_ID", "DynamoDB takes signed requests only")?,
                needed("AWS_SECRET_ACCESS_KEY", "DynamoDB takes signed requests only")?,
                found("AWS_SESSION_TOKEN"),
                None,
                "environment",
            ),
            attempts: number("PORTDESK_STORE_ATTEMPTS", first, ATTEMPTS, 1, 10)?,
            time_limit: Duration::from_millis(time_limit_ms.into()),
        })
    }
}

/// Parses the text of a setting with `reader`.
fn read<T>(
    (name, text): (&'static str, String),
    reader: impl Fn(&str) -> Result<T, &'static str>,
) -> Result<T, SettingError> {
    reader(&text).map_err(|why| SettingError::Wrong(name, why))
}

fn number(
    name: &'static str,
    first: impl Fn(&[&'static str]) -> Option<(&'static str, String)>,
    usual: u32,
    least: u32,
    most: u32,
) -> Result<u32, SettingError> {
    let Some((_, text)) = first(&[name]) else { return Ok(usual) };
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or(SettingError::Wrong(name, "it is no number, or out of its range"))
}

/// The defaults are the same as in the host.
const ATTEMPTS: u32 = 3;
const TIME_LIMIT_MS: u32 = 10_000;

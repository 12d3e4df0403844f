//! Which table, where, and on whose behalf: what the environment says.

use std::time::Duration;

use aws_credential_types::Credentials;
use http::Uri;

/// What the environment says. `ARCHITECTURE.md` has the table of the names.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name of the table.
    pub table: String,
    /// Where requests go.
    pub endpoint: Endpoint,
    /// The region that requests are signed for.
    pub region: String,
    /// Who signs them. Their `Debug` shows no secret.
    pub credentials: Credentials,
    /// How often a call is tried before it has failed.
    pub attempts: u32,
    /// How long a request of a client may take; a call of the store takes less.
    pub time_limit: Duration,
}

/// A server of DynamoDB's protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether the connection is encrypted.
    pub encrypted: bool,
    /// Host, and the port where it is not the scheme's own.
    pub authority: String,
    /// The path of every request.
    pub path: String,
}

/// Why the settings are not complete. The text names the variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// A variable has to be set.
    #[error("{0} is not set: {1}")]
    Missing(&'static str, &'static str),
    /// A variable cannot mean what it says.
    #[error("{0} is {1:?}: {2}")]
    Wrong(&'static str, String, &'static str),
}

impl Settings {
    /// Reads the settings from the variables of an environment. One that is empty counts as missing.
    pub fn read(environment: impl Fn(&str) -> Option<String>) -> Result<Settings, SettingError> {
        let found = |name: &str| environment(name).filter(|value| !value.is_empty());
        let first = |names: &[&str]| names.iter().find_map(|name| found(name));
        let needed = |name, what| found(name).ok_or(SettingError::Missing(name, what));
        let region = first(&["PORTDESK_REGION", "AWS_REGION"]);
        let region = region.ok_or(SettingError::Missing("AWS_REGION", "the AWS region of the table"))?;
        let url = first(&["PORTDESK_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"]);
        let time_limit_ms = number("PORTDESK_TIME_LIMIT_MS", first, TIME_LIMIT_MS, 10, 300_000)?;
        Ok(Settings {
            table: needed("PORTDESK_TABLE", "the name of the table")?,
            endpoint: Endpoint::read(&url.unwrap_or_else(|| of_aws(&region)))?,
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

impl Endpoint {
    /// Reads a URL: `http` or `https`, a host, perhaps a port and a path.
    pub fn read(url: &str) -> Result<Endpoint, SettingError> {
        let wrong = |text| SettingError::Wrong("PORTDESK_ENDPOINT_URL", url.to_owned(), text);
        let parsed: Uri = url.parse().map_err(|_| wrong("this is no URL"))?;
        let encrypted = match parsed.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            Some(_) | None => return Err(wrong("it has to begin with http:// or https://")),
        };
        let authority = parsed.authority().ok_or_else(|| wrong("it names no host"))?;
        if authority.as_str().contains('@') || parsed.query().is_some() {
            return Err(wrong("it may have a host, a port and a path, and nothing else"));
        }
        // The signature covers the header `Host`, which is without the scheme's own port.
        let usual = if encrypted { 443 } else { 80 };
        let authority = match authority.port_u16() {
            Some(port) if port != usual => authority.to_string(),
            Some(_) | None => authority.host().to_owned(),
        };
        Ok(Endpoint { encrypted, authority, path: parsed.path().to_owned() })
    }

    /// The URL.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.encrypted { "https" } else { "http" };
        format!("{scheme}://{}{}", self.authority, self.path)
    }
}

/// The endpoint of a region.
fn of_aws(region: &str) -> String {
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://dynamodb.{region}.{domain}")
}

fn number(
    name: &'static str,
    first: impl Fn(&[&str]) -> Option<String>,
    usual: u32,
    least: u32,
    most: u32,
) -> Result<u32, SettingError> {
    let Some(text) = first(&[name]) else { return Ok(usual) };
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or(SettingError::Wrong(name, text, "it is no number, or out of its range"))
}

/// As the host has them.
const ATTEMPTS: u32 = 3;
const TIME_LIMIT_MS: u32 = 10_000;

//! Variables of the environment that have no flag: those of AWS and of OpenTelemetry, and the key of the environment.

use std::env;

/// Returns the value of a variable, or `None` if it is not set or empty: some systems can leave a variable out only by
/// setting it to nothing. A value that is not UTF-8 is returned as a text that no setting accepts.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    let value = env::var_os(name)?;
    Some(value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
}

/// All variables whose names begin with a prefix, with their values.
pub fn variables(prefix: &str) -> impl Iterator<Item = (String, String)> {
    let all = env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let named = all.filter(move |(name, _)| name.starts_with(prefix));
    named
        .map(|(name, value)| (name, value.to_string_lossy().into_owned()))
        .filter(|(_, value)| !value.is_empty())
}

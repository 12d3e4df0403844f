//! Variables of the environment that have no flag: those of AWS and of OpenTelemetry, and the key of the environment.

use std::env;

/// The value of a variable; none where it is not set, or is set to nothing: that is how a variable is left out where it
/// can only be set. What is no UTF-8 is read as what no setting takes.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    let value = env::var_os(name)?;
    Some(value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
}

/// All variables whose names begin so, with their values.
pub fn variables(prefix: &str) -> impl Iterator<Item = (String, String)> {
    let all = env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let named = all.filter(move |(name, _)| name.starts_with(prefix));
    named
        .map(|(name, value)| (name, value.to_string_lossy().into_owned()))
        .filter(|(_, value)| !value.is_empty())
}

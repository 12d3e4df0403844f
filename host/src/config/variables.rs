//! Flags and their variables: an empty variable counts as not set, and an error names the variable where it has the
//! value that is wrong.

use std::ffi::{OsStr, OsString};

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, Error, Parser};

use crate::environment::variable;

/// Which flags have their values from variables, and from which.
#[derive(Debug, Clone, Default)]
pub struct Variables(Vec<(String, String)>);

impl Variables {
    /// An error of this program begins with the flag that it is about. Names the variable in its place, where that was
    /// set and the flag was not.
    #[must_use]
    pub fn named(&self, text: String) -> String {
        let after = |flag: &str| text.strip_prefix(flag).filter(|rest| rest.starts_with([' ', ':']));
        let found = self.0.iter().find_map(|(flag, variable)| Some(format!("{variable}{}", after(flag)?)));
        found.unwrap_or(text)
    }
}

/// Reads a command line and the environment.
pub fn parse<P: Parser>(line: impl IntoIterator<Item = OsString>) -> Result<(P, Variables), Error> {
    let line: Vec<OsString> = line.into_iter().collect();
    let command = without_empty(P::command());
    let parsed = command.clone().try_get_matches_from(line.clone());
    let matches = parsed.map_err(|error| blaming(error, command.clone(), &line))?;
    let variables = Variables(from_variables(&command, &matches));
    let mut matches = matches;
    let parsed = P::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command.clone()))?;
    Ok((parsed, variables))
}

/// The command, whose empty variables are none.
fn without_empty(command: Command) -> Command {
    let is_empty = |name: &OsStr| name.to_str().and_then(variable).is_none();
    let command = command.mut_args(|arg| match arg.get_env() {
        Some(name) if is_empty(name) => arg.env(Resettable::Reset),
        Some(_) | None => arg,
    });
    command.mut_subcommands(without_empty)
}

/// The flags of a command, and of those that it was asked for within it, that have their values from variables.
fn from_variables(command: &Command, matches: &ArgMatches) -> Vec<(String, String)> {
    let is_set = |arg: &&Arg| {
        // A flag of the command itself is no argument of one within it, and would be a defect to ask for.
        matches.try_contains_id(arg.get_id().as_str()).is_ok()
            && matches.value_source(arg.get_id().as_str()) == Some(ValueSource::EnvVariable)
    };
    let mut set: Vec<_> = command.get_arguments().filter(is_set).filter_map(names).collect();
    let within = matches.subcommand();
    if let Some((command, matches)) =
        within.and_then(|(name, matches)| Some((command.find_subcommand(name)?, matches)))
    {
        set.extend(from_variables(command, matches));
    }
    set
}

/// The flag and the variable of an argument.
fn names(arg: &Arg) -> Option<(String, String)> {
    Some((format!("--{}", arg.get_long()?), arg.get_env()?.to_str()?.to_owned()))
}

/// The error, as it names what was set: the variable, if the error is another without it.
fn blaming(mut error: Error, command: Command, line: &[OsString]) -> Error {
    hide_passwords(&mut error);
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else { return error };
    let shown = shown.clone();
    let flag = shown.split([' ', '=']).next().unwrap_or_default();
    let Some(variable) = variable_of(&command, flag) else { return error };
    let without = without_variable(command, &variable).try_get_matches_from(line);
    let is_same = without.is_err_and(|other| {
        other.kind() == error.kind()
            && other.get(ContextKind::InvalidArg) == Some(&ContextValue::String(shown.clone()))
    });
    if !is_same {
        error.insert(ContextKind::InvalidArg, ContextValue::String(variable));
    }
    error
}

/// The variable that is set for a flag, of the command or of one within it.
fn variable_of(command: &Command, flag: &str) -> Option<String> {
    let own = command.get_arguments().filter_map(names).find(|(name, _)| name == flag);
    let own = own.map(|(_, variable)| variable).filter(|name| variable(name).is_some());
    own.or_else(|| command.get_subcommands().find_map(|within| variable_of(within, flag)))
}

fn without_variable(command: Command, variable: &str) -> Command {
    let command = command.mut_args(|arg| match arg.get_env() {
        Some(name) if name == variable => arg.env(Resettable::Reset),
        Some(_) | None => arg,
    });
    command.mut_subcommands(|within| without_variable(within, variable))
}

/// An error shows the value that is wrong. Of a URL it does not show who is named in it, with a password perhaps.
fn hide_passwords(error: &mut Error) {
    let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) else { return };
    let Some((user, host)) = value.rsplit_once('@') else { return };
    let scheme = user.split_once("://").map_or(String::new(), |(scheme, _)| format!("{scheme}://"));
    let shown = format!("{scheme}...@{host}");
    error.insert(ContextKind::InvalidValue, ContextValue::String(shown));
}

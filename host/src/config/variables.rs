//! Flags and their variables: an empty variable counts as not set, and an error names the variable where it has the
//! value that is wrong.

use std::env::var_os;
use std::ffi::{OsStr, OsString};

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, Error, Parser};

use crate::environment::variable;

/// The settings that differ from their defaults.
#[derive(Debug, Clone, Default)]
pub struct Given(Vec<Setting>);

#[derive(Debug, Clone)]
struct Setting {
    /// As on a command line, for example `--listen`.
    flag: String,
    /// The variable that the value comes from, if no flag was given.
    variable: Option<String>,
    /// `None` for a flag without a value.
    value: Option<String>,
}

impl Given {
    /// The text of an error, which begins with the flag that it is about. If a variable was set and not its flag, the text
    /// names the variable instead.
    #[must_use]
    pub fn named(&self, text: String) -> String {
        let after = |flag: &str| text.strip_prefix(flag).filter(|rest| rest.starts_with([' ', ':']));
        let found =
            self.0.iter().find_map(|set| Some(format!("{}{}", set.variable.as_ref()?, after(&set.flag)?)));
        found.unwrap_or(text)
    }

    /// The settings as flags of one command line. Empty if every setting has its default. No value holds a password: each
    /// URL is refused if it names a user.
    #[must_use]
    pub fn line(&self) -> String {
        let flags = self.0.iter().map(|set| match &set.value {
            Some(value) => format!("{} {value}", set.flag),
            None => set.flag.clone(),
        });
        flags.collect::<Vec<_>>().join(" ")
    }
}

/// Reads a command line and the environment.
pub fn parse<P: Parser>(line: impl IntoIterator<Item = OsString>) -> Result<(P, Given), Error> {
    let line: Vec<OsString> = line.into_iter().collect();
    let mut command = without_empty(P::command());
    if line.iter().any(|argument| argument == "-h") {
        command = short(command);
    }
    let parsed = command.clone().try_get_matches_from(line.clone());
    let mut matches = parsed.map_err(|error| blaming(error, command.clone(), &line))?;
    let given = Given(given(&command, &matches));
    let parsed = P::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command.clone()))?;
    Ok((parsed, given))
}

/// The command for `-h`, which fits a screen. `--help` shows variables and possible values.
fn short(command: Command) -> Command {
    command
        .mut_args(|arg| {
            let takes_values = arg.get_action().takes_values();
            arg.hide_env(true).hide_possible_values(takes_values)
        })
        .mut_subcommands(short)
}

/// The command, whose empty variables are none.
fn without_empty(command: Command) -> Command {
    let is_empty = |name: &OsStr| var_os(name).is_some_and(|value| value.is_empty());
    let command = command.mut_args(|arg| match arg.get_env() {
        Some(name) if is_empty(name) => arg.env(Resettable::Reset),
        // Help shows the name of a variable, and not its value, which may hold a password.
        Some(_) | None => arg.hide_env_values(true),
    });
    command.mut_subcommands(without_empty)
}

/// The settings of a command and of the command within it that come from a flag or a variable and differ from their defaults.
fn given(command: &Command, matches: &ArgMatches) -> Vec<Setting> {
    let mut given: Vec<_> = command.get_arguments().filter_map(|arg| setting(arg, matches)).collect();
    let within = matches.subcommand();
    if let Some((command, matches)) =
        within.and_then(|(name, matches)| Some((command.find_subcommand(name)?, matches)))
    {
        given.extend(self::given(command, matches));
    }
    given
}

fn setting(arg: &Arg, matches: &ArgMatches) -> Option<Setting> {
    let id = arg.get_id().as_str();
    // A flag of the command itself is not an argument of the command within it. clap panics if it is asked for it.
    matches.try_contains_id(id).ok()?;
    let flag = format!("--{}", arg.get_long()?);
    let variable = match matches.value_source(id)? {
        ValueSource::CommandLine => None,
        ValueSource::EnvVariable => Some(arg.get_env()?.to_str()?.to_owned()),
        ValueSource::DefaultValue | _ => return None,
    };
    let values: Vec<_> = matches.get_raw(id)?.collect();
    if values.iter().eq(arg.get_default_values()) {
        return None;
    }
    let value = values.iter().map(|value| value.to_string_lossy()).collect::<Vec<_>>().join(",");
    let has_value = arg.get_action().takes_values();
    (has_value || value == "true").then(|| Setting { flag, variable, value: has_value.then_some(value) })
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

/// An error shows the wrong value. A URL is shown without its user, because a password may stand there.
fn hide_passwords(error: &mut Error) {
    let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) else { return };
    let Some((user, host)) = value.rsplit_once('@') else { return };
    let scheme = user.split_once("://").map_or(String::new(), |(scheme, _)| format!("{scheme}://"));
    let shown = format!("{scheme}...@{host}");
    error.insert(ContextKind::InvalidValue, ContextValue::String(shown));
}

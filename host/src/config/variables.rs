//! Parses a command line and its variables. An empty variable counts as not set. An error names the variable if the wrong
//! value comes from the variable.

use std::env::var_os;
use std::ffi::OsString;

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
    /// Takes the text of an error that begins with a flag. If the value came from the flag's variable, the returned text
    /// begins with the variable instead.
    #[must_use]
    pub fn named(&self, text: String) -> String {
        let after = |flag: &str| text.strip_prefix(flag).filter(|rest| rest.starts_with([' ', ':']));
        let found =
            self.0.iter().find_map(|set| Some(format!("{}{}", set.variable.as_ref()?, after(&set.flag)?)));
        found.unwrap_or(text)
    }

    /// The settings as flags of one command line. Empty if every setting has its default. No value contains a password,
    /// because a URL that names a user is refused.
    #[must_use]
    pub fn line(&self) -> String {
        let flags = self.0.iter().map(|set| match &set.value {
            Some(value) => format!("{} {value}", set.flag),
            None => set.flag.clone(),
        });
        flags.collect::<Vec<_>>().join(" ")
    }
}

/// Parses a command line and the environment.
pub fn parse<P: Parser>(line: impl IntoIterator<Item = OsString>) -> Result<(P, Given), Error> {
    let line: Vec<OsString> = line.into_iter().collect();
    let command = adapted(P::command(), line.iter().any(|argument| argument == "-h"));
    let parsed = command.clone().try_get_matches_from(&line);
    let mut matches = parsed.map_err(|error| as_given(error, &command, &line))?;
    let given = Given(given(&command, &matches));
    let parsed = P::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command.clone()))?;
    Ok((parsed, given))
}

/// Resets empty variables, and hides the values of the others from help, because a value may contain a password. The help
/// of `-h` also omits variables, possible values and rare commands, so that it fits a screen.
fn adapted(command: Command, is_short: bool) -> Command {
    let command = command.mut_args(|arg| {
        let is_empty = arg.get_env().and_then(var_os).is_some_and(|value| value.is_empty());
        let takes_values = arg.get_action().takes_values();
        let arg = if is_empty { arg.env(Resettable::Reset) } else { arg };
        arg.hide_env_values(true).hide_env(is_short).hide_possible_values(is_short && takes_values)
    });
    command.mut_subcommands(|within| {
        let is_left_out = is_short && LEFT_OUT.contains(&within.get_name());
        adapted(within, is_short).hide(is_left_out)
    })
}

/// Commands that few users need. Each has a line in the long help, and all together one line in the short help.
const LEFT_OUT: [&str; 13] = [
    "clock",
    "compile",
    "completions",
    "cost",
    "fault",
    "journal",
    "man",
    "reset",
    "restore",
    "scenario",
    "seed",
    "snapshot",
    "space",
];

/// The settings of a command and of its subcommand that come from a flag or a variable and differ from their defaults.
fn given(command: &Command, matches: &ArgMatches) -> Vec<Setting> {
    let own = command.get_arguments().filter_map(|arg| setting(arg, matches));
    let within = matches.subcommand();
    let within = within.and_then(|(name, matches)| Some(given(command.find_subcommand(name)?, matches)));
    own.chain(within.unwrap_or_default()).collect()
}

fn setting(arg: &Arg, matches: &ArgMatches) -> Option<Setting> {
    let id = arg.get_id().as_str();
    // With a subcommand, the flags of the command itself are not in `matches`, and clap panics for a flag that is not.
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

/// Changes an error of clap, which always names the flag: it names the variable if the flag is not on the command line.
fn as_given(mut error: Error, command: &Command, line: &[OsString]) -> Error {
    hide_password(&mut error);
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else { return error };
    let flag = shown.split([' ', '=']).next().unwrap_or_default();
    let is_flag = |argument: &OsString| argument.to_string_lossy().split('=').next() == Some(flag);
    if !line.iter().any(is_flag)
        && let Some(variable) = variable_of(command, flag)
    {
        error.insert(ContextKind::InvalidArg, ContextValue::String(variable));
    }
    error
}

/// The variable of a flag, if the variable is set.
fn variable_of(command: &Command, flag: &str) -> Option<String> {
    let own = command.get_arguments().find(|arg| arg.get_long() == flag.strip_prefix("--"));
    let own = own.and_then(|arg| arg.get_env()?.to_str()).filter(|name| variable(name).is_some());
    own.map(str::to_owned).or_else(|| command.get_subcommands().find_map(|within| variable_of(within, flag)))
}

/// Removes the user of a URL from the wrong value that an error shows, because a password may stand there.
fn hide_password(error: &mut Error) {
    let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) else { return };
    let Some((user, host)) = value.rsplit_once('@') else { return };
    let scheme = user.split_once("://").map_or(String::new(), |(scheme, _)| format!("{scheme}://"));
    let shown = format!("{scheme}...@{host}");
    error.insert(ContextKind::InvalidValue, ContextValue::String(shown));
}

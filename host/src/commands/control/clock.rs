//! `portdesk clock`: the clock of a space.

use clap::{Args, Subcommand};
use hyper::Method;
use jiff::{Span, Timestamp};
use serde_json::json;

use super::{SpaceOf, Target, people};
use crate::commands::Ended;

#[derive(Debug, Args)]
pub(in crate::commands) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    of: Of,
}

#[derive(Debug, Args)]
struct Of {
    #[command(flatten)]
    space: SpaceOf,

    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Set the clock forward, for example by `1h`, `30d` or `PT1H`
    Advance {
        /// How far
        #[arg(value_parser = span)]
        by: Span,
        #[command(flatten)]
        of: Of,
    },
    /// Let the clock stand
    Freeze {
        /// Time at which it stands; without it, now
        #[arg(long, value_name = "TIME")]
        at: Option<Timestamp>,
        #[command(flatten)]
        of: Of,
    },
    /// Let the clock advance with each request and not by itself
    Step {
        /// Time at which it begins; without it, now
        #[arg(long, value_name = "TIME")]
        at: Option<Timestamp>,
        /// How far it advances with each request, in milliseconds
        #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u32).range(1..))]
        step_ms: Option<u32>,
        #[command(flatten)]
        of: Of,
    },
    /// Let the clock run from a time
    Run {
        /// Time at which it begins; without it, now
        #[arg(long, value_name = "TIME")]
        at: Option<Timestamp>,
        #[command(flatten)]
        of: Of,
    },
    /// Show the time of the machine
    Real {
        #[command(flatten)]
        of: Of,
    },
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Ended> {
    let set = |of: &Of, mode: &str, at: Option<Timestamp>, step_ms: Option<u32>| {
        let body = of.space.body(json!({"mode": mode, "at": at, "step_ms": step_ms}));
        of.target.perform(Method::PUT, "/v1/clock", Some(&body), people::lines)
    };
    match &arguments.command {
        None => {
            let Of { space, target } = &arguments.of;
            target.perform(Method::GET, &space.of("/v1/clock"), None, people::lines)
        }
        Some(Command::Advance { by, of }) => {
            let body = of.space.body(json!({"by": by.to_string()}));
            of.target.perform(Method::POST, "/v1/clock/advance", Some(&body), people::lines)
        }
        Some(Command::Freeze { at, of }) => set(of, "frozen", *at, None),
        Some(Command::Step { at, step_ms, of }) => set(of, "stepping", *at, *step_ms),
        Some(Command::Run { at, of }) => set(of, "running", *at, None),
        Some(Command::Real { of }) => set(of, "real", None, None),
    }
}

fn span(text: &str) -> Result<Span, &'static str> {
    let span: Span = text.parse().map_err(|_| WRONG)?;
    if span.is_negative() || span.is_zero() { Err(WRONG) } else { Ok(span) }
}

const WRONG: &str =
    "not a length of time, for example 90s, 1h, 30d, 1mo or PT1H30M; a clock goes forward only";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_goes_forward() {
        for (text, iso) in
            [("1h", "PT1H"), ("PT1H", "PT1H"), ("30d", "P30D"), ("1mo", "P1M"), ("90s", "PT90S")]
        {
            assert_eq!(span(text).map(|span| span.to_string()).as_deref(), Ok(iso), "{text}");
        }
        for bad in ["", "1", "-1h", "0s", "an hour"] {
            assert!(span(bad).is_err(), "{bad}");
        }
    }
}

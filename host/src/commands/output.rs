//! What commands print. No other code prints: clippy refuses `println!` and the like (see `lib.rs`).

use std::borrow::Cow;
use std::io;

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use super::Ended;
use crate::standard::Stream;

/// Prints the result of a command to standard output.
pub(super) fn print(text: &str) -> Result<(), Ended> {
    Stream::output().and_then(|stream| stream.write(text.as_bytes())).map_err(|error| unprinted(&error))
}

/// Prints a result with styles. They are removed unless standard output is a terminal that shows colours (`NO_COLOR`, `CLICOLOR`).
pub(super) fn print_styled(text: &str) -> Result<(), Ended> {
    print(&shown(text, AutoStream::choice(&io::stdout())))
}

fn shown(text: &str, choice: ColorChoice) -> Cow<'_, str> {
    if choice == ColorChoice::Never { strip_str(text).to_string().into() } else { text.into() }
}

/// What is as it should be.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// What somebody has to change.
#[cfg(feature = "dynamodb")]
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
/// What is over.
pub(super) const PAST: Style = Style::new().dimmed();

/// Prints a key that is never shown again. Must be called before the key is made valid.
pub(super) fn print_key(secret: &str) -> Result<(), Ended> {
    if Stream::output().is_ok_and(|stream| stream.is_discarded()) {
        return Err(Ended::Failed(
            "standard output is closed or is /dev/null, where nobody sees the new key; the key is not valid"
                .into(),
        ));
    }
    print(&format!("{secret}\n"))
}

/// Prints a line to standard error. The command goes on if that fails.
pub(super) fn note(text: &str) {
    drop(Stream::error().and_then(|stream| stream.write(format!("{text}\n").as_bytes())));
}

pub(super) fn unprinted(error: &io::Error) -> Ended {
    Ended::Failed(format!("standard output cannot be written ({error})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_only() {
        let text = format!("{GOOD}active{GOOD:#} and {PAST}revoked{PAST:#}");
        assert_eq!(shown(&text, ColorChoice::Never), "active and revoked");
        assert!(shown(&text, ColorChoice::Always).starts_with("\u{1b}[32mactive\u{1b}[0m"));
    }
}

//! Text that a client may give.

use alloc::string::String;

/// A text of 1 to `LIMIT` characters (Unicode scalar values), without control characters other than line feed and
/// tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text<const LIMIT: usize>(String);

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Control,
    Empty { limit: usize },
    TooLong { limit: usize },
}

impl<const LIMIT: usize> Text<LIMIT> {
    pub(crate) fn parse(text: String) -> Result<Self, Fault> {
        if text.is_empty() {
            Err(Fault::Empty { limit: LIMIT })
        } else if text.chars().count() > LIMIT {
            Err(Fault::TooLong { limit: LIMIT })
        } else if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            Err(Fault::Control)
        } else {
            Ok(Self(text))
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Text};

    fn parse(text: &str) -> Result<Text<3>, Fault> {
        Text::parse(text.into())
    }

    #[test]
    fn a_text_is_measured_in_characters() {
        assert!(parse("äöü").is_ok());
        assert!(parse("🦀🦀🦀").is_ok());
        assert_eq!(parse("🦀🦀🦀🦀"), Err(Fault::TooLong { limit: 3 }));
        assert_eq!(parse(""), Err(Fault::Empty { limit: 3 }));
    }

    #[test]
    fn a_text_has_no_control_characters_but_line_feed_and_tab() {
        assert!(parse("\n\t").is_ok());
        for control in ["\0", "\r", "\u{7f}", "\u{85}", "\u{1b}"] {
            assert_eq!(parse(control), Err(Fault::Control), "{control:?}");
        }
    }
}

//! The rules for texts from clients.

use alloc::string::String;

/// A text of 1 to `LIMIT` characters (Unicode scalar values), without control characters other than line feed and
/// tab. A line ends in a line feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text<const LIMIT: usize>(String);

/// The reason why a text is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextError {
    Control,
    Empty { limit: usize },
    TooLong { limit: usize },
}

impl<const LIMIT: usize> Text<LIMIT> {
    /// Accepts lines that end in CR LF (as on Windows and in mail) or in CR (as on old systems), and replaces these line
    /// ends with line feeds. The text with line feeds is counted, stored, and compared with a repeat.
    pub(crate) fn parse(text: String) -> Result<Self, TextError> {
        let text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text };
        if text.is_empty() {
            Err(TextError::Empty { limit: LIMIT })
        } else if text.chars().count() > LIMIT {
            Err(TextError::TooLong { limit: LIMIT })
        } else if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            Err(TextError::Control)
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
    use super::{Text, TextError};

    fn parse(text: &str) -> Result<Text<3>, TextError> {
        Text::parse(text.into())
    }

    #[test]
    fn a_text_is_measured_in_characters() {
        assert!(parse("äöü").is_ok());
        assert!(parse("🦀🦀🦀").is_ok());
        assert_eq!(parse("🦀🦀🦀🦀"), Err(TextError::TooLong { limit: 3 }));
        assert_eq!(parse(""), Err(TextError::Empty { limit: 3 }));
    }

    #[test]
    fn a_line_may_end_as_windows_or_mail_end_it_and_is_kept_with_a_line_feed() {
        for (sent, kept) in [
            ("\r\n", "\n"),
            ("\r", "\n"),
            ("\n\r", "\n\n"),
            ("\r\r\n", "\n\n"),
            ("\r\n\r\n", "\n\n"),
            ("a\rb", "a\nb"),
            ("\r\na\r\n", "\na\n"),
        ] {
            assert_eq!(parse(sent).map(Text::into_string), Ok(kept.into()), "{sent:?}");
        }
        assert_eq!(parse("a\r\nbc"), Err(TextError::TooLong { limit: 3 }));
    }

    #[test]
    fn a_text_has_no_control_characters_but_line_feed_and_tab() {
        assert!(parse("\n\t").is_ok());
        for control in ["\0", "\u{b}", "\u{c}", "\u{7f}", "\u{85}", "\u{1b}"] {
            assert_eq!(parse(control), Err(TextError::Control), "{control:?}");
        }
    }
}

//! The header `traceparent` of W3C Trace Context, level 1: which trace a request belongs to.

use std::fmt;

use hyper::HeaderMap;

/// A caller's place in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traceparent {
    /// Names the trace; not zero.
    pub trace_id: u128,
    /// Names the caller's span; not zero.
    pub parent_id: u64,
    /// Whether the caller records this trace.
    pub sampled: bool,
}

impl Traceparent {
    /// Reads the header. Returns `None` if there is no such header, more than one, or a malformed one: the request then
    /// begins a trace of its own, as the specification demands.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Traceparent> {
        let mut values = headers.get_all("traceparent").iter();
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        Traceparent::parse(value.to_str().ok()?)
    }

    fn parse(text: &str) -> Option<Traceparent> {
        // A later version may append fields, each behind another dash; what begins it stays as it is.
        let mut parts = text.splitn(5, '-');
        let version = u8::try_from(hex(parts.next()?, 2)?).ok()?;
        let trace_id = hex(parts.next()?, 32)?;
        let parent_id = u64::try_from(hex(parts.next()?, 16)?).ok()?;
        let flags = hex(parts.next()?, 2)?;
        let is_longer = parts.next().is_some();
        let is_wrong = version == 0xff || (version == 0 && is_longer) || trace_id == 0 || parent_id == 0;
        (!is_wrong).then_some(Traceparent { trace_id, parent_id, sampled: flags & 1 == 1 })
    }
}

/// Shows the id of the trace alone, as the log has it.
impl fmt::Display for Traceparent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.trace_id)
    }
}

/// Parses exactly `count` digits in lower case, as the specification demands.
fn hex(digits: &str, count: usize) -> Option<u128> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_hex = digits.len() == count && digits.bytes().all(is_digit);
    is_hex.then(|| u128::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn a_caller_says_which_trace_it_is_in() {
        let parsed = Traceparent::parse(&format!("00-{TRACE}-00f067aa0ba902b7-01")).unwrap();
        assert_eq!(parsed.to_string(), TRACE);
        assert_eq!(parsed.parent_id, 0x00f0_67aa_0ba9_02b7);
        assert!(parsed.sampled);
        assert!(!Traceparent::parse(&format!("00-{TRACE}-00f067aa0ba902b7-02")).unwrap().sampled);
    }

    #[test]
    fn a_later_version_is_read_by_what_it_has_in_common() {
        assert!(Traceparent::parse(&format!("cc-{TRACE}-00f067aa0ba902b7-01")).is_some());
        assert!(Traceparent::parse(&format!("cc-{TRACE}-00f067aa0ba902b7-01-what-may-come")).is_some());
    }

    #[test]
    fn what_breaks_a_rule_is_no_traceparent() {
        let upper = TRACE.to_uppercase();
        let (zeros, span) = ("0".repeat(32), "00f067aa0ba902b7");
        for text in [
            String::new(),
            "00".into(),
            format!("00-{TRACE}-{span}"),
            format!("00-{TRACE}-{span}-01-"),
            format!("00-{TRACE}-{span}-01-more"),
            format!("00-{TRACE}-{span}-1"),
            format!("00-{TRACE}-{span}-0g"),
            format!("00-{TRACE}-{span}-01 "),
            format!("cc-{TRACE}-{span}-01.more"),
            format!("ff-{TRACE}-{span}-01"),
            format!("0-{TRACE}-{span}-01"),
            format!("00-{upper}-{span}-01"),
            format!("00-{zeros}-{span}-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{TRACE}0-{span}-01"),
            format!("00-+{}-{span}-01", &TRACE[1..]),
            format!("00-{}-{span}-01", &TRACE[1..]),
        ] {
            assert_eq!(Traceparent::parse(&text), None, "{text:?}");
        }
    }

    #[test]
    fn two_of_them_are_none() {
        let one = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let mut headers = HeaderMap::new();
        headers.append("traceparent", one.parse().unwrap());
        assert!(Traceparent::of(&headers).is_some());
        headers.append("traceparent", one.parse().unwrap());
        assert_eq!(Traceparent::of(&headers), None);
    }
}

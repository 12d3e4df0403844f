//! The header `traceparent` of W3C Trace Context, level 1: which trace a request belongs to.

use hyper::HeaderMap;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// Reads the header. Returns `None` if there is no such header, more than one, or a malformed one: the request then
/// begins a trace of its own, as the specification demands.
pub(super) fn caller(headers: &HeaderMap) -> Option<SpanContext> {
    let mut values = headers.get_all("traceparent").iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    parse(value.to_str().ok()?)
}

fn parse(text: &str) -> Option<SpanContext> {
    // A later version may append fields after another dash. The first fields stay the same.
    let mut parts = text.splitn(5, '-');
    let version = hex(parts.next()?, 2)?;
    let trace_id = TraceId::from(hex(parts.next()?, 32)?);
    let span_id = SpanId::from(u64::try_from(hex(parts.next()?, 16)?).ok()?);
    let flags = TraceFlags::default().with_sampled(hex(parts.next()?, 2)? & 1 == 1);
    if version == 0xff || (version == 0 && parts.next().is_some()) {
        return None;
    }
    Some(SpanContext::new(trace_id, span_id, flags, true, TraceState::default()))
        .filter(SpanContext::is_valid)
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
    fn the_header_names_the_trace_and_the_span_of_the_caller() {
        let parsed = parse(&format!("00-{TRACE}-00f067aa0ba902b7-01")).unwrap();
        assert_eq!(parsed.trace_id().to_string(), TRACE);
        assert_eq!(parsed.span_id().to_string(), "00f067aa0ba902b7");
        assert!(parsed.is_sampled() && parsed.is_remote());
        assert!(!parse(&format!("00-{TRACE}-00f067aa0ba902b7-02")).unwrap().is_sampled());
    }

    #[test]
    fn the_known_fields_of_a_later_version_are_read() {
        assert!(parse(&format!("cc-{TRACE}-00f067aa0ba902b7-01")).is_some());
        assert!(parse(&format!("cc-{TRACE}-00f067aa0ba902b7-01-what-may-come")).is_some());
    }

    #[test]
    fn a_malformed_header_is_ignored() {
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
            assert_eq!(parse(&text), None, "{text:?}");
        }
    }

    #[test]
    fn two_headers_are_ignored() {
        let one = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let mut headers = HeaderMap::new();
        headers.append("traceparent", one.parse().unwrap());
        assert!(caller(&headers).is_some());
        headers.append("traceparent", one.parse().unwrap());
        assert_eq!(caller(&headers), None);
    }
}

//! Times with microseconds. The crate `time` has the calendar and parses RFC 3339. This module writes the digits, because the
//! formatter of that crate needs std and has no form with exactly six decimals.

use alloc::format;
use core::{fmt, str};

use serde::{Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime, UtcDateTime};

/// A time of the years 0 to 9999 with microseconds. Clients and stores see it in UTC and in one form of fixed width,
/// `2026-11-22T14:00:00.123456Z`, so that the order of the texts is the order of the times.
///
/// This type holds the text, because nearly every time of a request comes from the store and goes to the client in
/// this form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time([u8; 27]);

impl Time {
    /// Converts the time of a wall clock: seconds since 1970 and nanoseconds. Returns `None` after the end of 9999.
    pub(crate) fn from_clock(seconds: u64, nanoseconds: u32) -> Option<Self> {
        let time = UtcDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()?;
        time.replace_nanosecond(nanoseconds.min(999_999_999)).ok().map(Self::at)
    }

    /// Parses all forms of RFC 3339, because other programs may store tickets too. A time without a zone is in UTC, as
    /// programs that write no zone mean UTC. Decimals after the sixth are dropped. A leap second becomes the first
    /// second of the next minute.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let parse = |text: &str| OffsetDateTime::parse(text, &Rfc3339);
        let time = parse(text).or_else(|_| parse(&format!("{text}Z"))).ok()?;
        let leaps = text.get(17..19) == Some("60");
        match <[u8; 27]>::try_from(text.as_bytes()) {
            // A text of this length that is RFC 3339 has exactly six decimals.
            Ok(shown @ [_, _, _, _, _, _, _, _, _, _, b'T', .., b'Z']) if !leaps => Some(Self(shown)),
            Ok(_) | Err(_) => {
                // The crate `time` replaces a leap second with the nanosecond before it.
                let leap = if leaps { Duration::NANOSECOND } else { Duration::ZERO };
                let time = time.checked_add(leap)?.checked_to_utc()?;
                (time.year() >= 0).then(|| Self::at(time))
            }
        }
    }

    /// Writes the digits one by one, because `write!` with widths takes longer than all other work for a ticket.
    fn at(time: UtcDateTime) -> Self {
        let (year, month, day) = time.to_calendar_date();
        let (hour, minute, second, microsecond) = time.as_hms_micro();
        let [y0, y1, y2, y3] = digits(year.unsigned_abs());
        let ([m0, m1], [d0, d1]) = (digits(u8::from(month).into()), digits(day.into()));
        let ([h0, h1], [n0, n1], [s0, s1]) =
            (digits(hour.into()), digits(minute.into()), digits(second.into()));
        let [f0, f1, f2, f3, f4, f5] = digits(microsecond);
        Self([
            y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', n0, n1, b':', s0, s1, b'.', f0,
            f1, f2, f3, f4, f5, b'Z',
        ])
    }

    fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Returns the last `WIDTH` decimal digits of a number.
fn digits<const WIDTH: usize>(number: u32) -> [u8; WIDTH] {
    let mut digits = [b'0'; WIDTH];
    digits.iter_mut().rev().fold(number, |rest, digit| {
        *digit += u8::try_from(rest % 10).unwrap_or_default();
        rest / 10
    });
    digits
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use proptest::prelude::*;

    use super::{Time, UtcDateTime};

    fn reformat(text: &str) -> Option<alloc::string::String> {
        Time::parse(text).map(|time| time.to_string())
    }

    #[test]
    fn a_time_is_shown_in_utc_with_six_decimals() {
        for (seconds, nanoseconds, shown) in [
            (0, 0, "1970-01-01T00:00:00.000000Z"),
            (1_795_356_000, 123_456_789, "2026-11-22T14:00:00.123456Z"),
            (951_782_399, 999_999_999, "2000-02-28T23:59:59.999999Z"),
            (951_782_400, 0, "2000-02-29T00:00:00.000000Z"),
            (253_402_300_799, u32::MAX, "9999-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(Time::from_clock(seconds, nanoseconds).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn a_clock_after_the_year_9999_has_no_time() {
        for (seconds, nanoseconds) in [
            (253_402_300_800, 0),
            (10 * 253_402_300_800, 0),
            (i64::MAX.unsigned_abs() / 1_000_000, 999_999_999),
            (i64::MAX.unsigned_abs(), 0),
            (u64::MAX, u32::MAX),
        ] {
            assert_eq!(Time::from_clock(seconds, nanoseconds), None, "{seconds}");
        }
    }

    #[test]
    fn other_forms_of_rfc_3339_are_accepted() {
        let two = Some("2026-11-22T14:00:00.000000Z");
        assert_eq!(reformat("2026-11-22T14:00:00Z").as_deref(), two);
        assert_eq!(reformat("2026-11-22t15:00:00.0000009+01:00").as_deref(), two);
        assert_eq!(reformat("2026-11-22 10:30:00.0-03:30").as_deref(), two);
        assert_eq!(reformat("2016-12-31T23:59:60Z").as_deref(), Some("2017-01-01T00:00:00.000000Z"));
        assert_eq!(reformat("2026-11-22T14:00:00.5Z").as_deref(), Some("2026-11-22T14:00:00.500000Z"));
    }

    #[test]
    fn a_time_without_a_zone_is_in_utc() {
        for (text, shown) in [
            ("2026-11-22T14:00:00.123456", "2026-11-22T14:00:00.123456Z"),
            ("2026-11-22T14:00:00", "2026-11-22T14:00:00.000000Z"),
            ("2026-11-22 14:00:00.5", "2026-11-22T14:00:00.500000Z"),
        ] {
            assert_eq!(reformat(text).as_deref(), Some(shown), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_not_a_time_is_refused() {
        for text in [
            "",
            "yesterday",
            "2026-11-22",
            "2026-11-22T14:00:00.",
            "2026-11-22T14:00:00x",
            "2026-11-22T14:00:00.Z",
            "2026-11-22T14:00:00.0000000xZ",
            "2026-11-22T14:00Z",
            "2026-11-22T24:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-11-22T14:00:00+24:00",
            "2026-11-22T14:00:00ZZ",
            "+026-11-22T14:00:00Z",
            "0000-01-01T00:00:00+01:00",
            "2026-11-2äT14:00:00Z",
        ] {
            assert_eq!(reformat(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_time_is_read_back_as_it_was_written(time in any_time()) {
            let text = time.to_string();
            prop_assert_eq!(Time::parse(&text), Some(time));
            prop_assert_eq!(Time::parse(&text.replace('T', "t")), Some(time));
            prop_assert_eq!(Time::parse(&text.replace('Z', "+00:00")), Some(time));
        }

        #[test]
        fn texts_order_as_times_do(one in SECONDS, other in SECONDS) {
            let time = |seconds| Time::at(UtcDateTime::from_unix_timestamp(seconds).unwrap());
            prop_assert_eq!(one.cmp(&other), time(one).cmp(&time(other)));
        }

        #[test]
        fn no_text_is_too_strange(text in any::<std::string::String>()) {
            let _ = Time::parse(&text);
        }
    }

    fn any_time() -> impl Strategy<Value = Time> {
        (SECONDS, 0..1_000_000_u32).prop_map(|(seconds, microsecond)| {
            let time = UtcDateTime::from_unix_timestamp(seconds).unwrap();
            Time::at(time.replace_microsecond(microsecond).unwrap())
        })
    }

    /// The seconds of the years 0 to 9999.
    const SECONDS: core::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;
}

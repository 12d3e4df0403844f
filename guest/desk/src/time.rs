//! Times with microseconds. This code is written by hand because with the crate `time` a read takes 12% more fuel, and the
//! component has 13 kB more.

use core::{fmt, str};

use serde::{Serialize, Serializer};

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
        let microseconds = i64::from(nanoseconds.min(999_999_999) / 1_000);
        let moment = i64::try_from(seconds).ok()?.checked_mul(SECOND)?.checked_add(microseconds)?;
        (moment <= LAST).then(|| Self::at(moment))
    }

    /// Parses all forms of RFC 3339, because other programs may store tickets too. A time without a zone is in UTC, as
    /// programs that write no zone mean UTC. Decimals after the sixth are dropped. A leap second becomes the first
    /// second of the next minute.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.as_bytes().try_into() {
            Ok(shown) if is_shown_form(&shown) => Some(Self(shown)),
            Ok(_) | Err(_) => Self::parse_other_form(text.as_bytes()),
        }
    }

    fn parse_other_form(text: &[u8]) -> Option<Self> {
        let (date, rest) = text.split_first_chunk()?;
        let (b'T' | b't' | b' ', rest) = rest.split_first()? else { return None };
        let (clock, rest) = rest.split_first_chunk()?;
        let (date, second) = (parse_date(*date)?, parse_clock(*clock)?);
        let (microseconds, zone) = parse_decimals(rest)?;
        let second = second - parse_zone(zone)?;
        let moment = i64::from(days_of(date)) * DAY + i64::from(second) * SECOND + i64::from(microseconds);
        (FIRST..=LAST).contains(&moment).then(|| Self::at(moment))
    }

    /// Makes the time from the microseconds since 1970-01-01T00:00:00Z. It writes the digits one by one, because `write!`
    /// with widths takes longer than all other work for a ticket.
    fn at(moment: i64) -> Self {
        let (days, of_day) = (narrow(moment.div_euclid(DAY)), moment.rem_euclid(DAY));
        let (second, microsecond) = (narrow(of_day / SECOND), narrow(of_day % SECOND));
        let (year, month, day) = date_of(days);
        let [y0, y1, y2, y3] = digits(year);
        let ([m0, m1], [d0, d1]) = (digits(month), digits(day));
        let ([h0, h1], [n0, n1], [s0, s1]) =
            (digits(second / 3600), digits(second / 60 % 60), digits(second % 60));
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

/// Whether a text is a valid time in the form that clients see.
fn is_shown_form(text: &[u8; 27]) -> bool {
    let Some((date, [b'T', rest @ ..])) = text.split_first_chunk() else { return false };
    let Some((clock, [b'.', decimals @ .., b'Z'])) = rest.split_first_chunk::<8>() else { return false };
    // Only a leap second has the number 60, and it is shown as the first second of the next minute.
    let leaps = matches!(clock, [.., b'6', _]);
    let exists = parse_date(*date).is_some() && parse_clock(*clock).is_some();
    exists && !leaps && decimals.iter().all(u8::is_ascii_digit)
}

/// Parses a date such as `2026-11-22` into year, month and day.
fn parse_date(text: [u8; 10]) -> Option<(i32, i32, i32)> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = text else { return None };
    let (year, month, day) = (number([y0, y1, y2, y3])?, number([m0, m1])?, number([d0, d1])?);
    let exists = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    exists.then_some((year, month, day))
}

/// Parses a time of day such as `14:00:00` into seconds.
fn parse_clock(text: [u8; 8]) -> Option<i32> {
    let [h0, h1, b':', n0, n1, b':', s0, s1] = text else { return None };
    let (hour, minute, second) = (number([h0, h1])?, number([n0, n1])?, number([s0, s1])?);
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3600 + minute * 60 + second)
}

/// Parses a point and decimals into microseconds. Returns 0 if there is no point. Also returns the rest of the text.
fn parse_decimals(text: &[u8]) -> Option<(i32, &[u8])> {
    let Some(decimals) = text.strip_prefix(b".") else { return Some((0, text)) };
    let count = decimals.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (decimals, rest) = decimals.split_at_checked(count).filter(|_| count > 0)?;
    let worth = [100_000, 10_000, 1_000, 100, 10, 1];
    let microseconds = decimals.iter().zip(worth).map(|(digit, worth)| i32::from(digit - b'0') * worth).sum();
    Some((microseconds, rest))
}

/// Parses a zone (`Z`, an empty text, or a form such as `+01:00`) into seconds ahead of UTC.
fn parse_zone(text: &[u8]) -> Option<i32> {
    let (sign, h0, h1, m0, m1) = match *text {
        [] | [b'Z' | b'z'] => return Some(0),
        [b'+', h0, h1, b':', m0, m1] => (1, h0, h1, m0, m1),
        [b'-', h0, h1, b':', m0, m1] => (-1, h0, h1, m0, m1),
        _ => return None,
    };
    let (hours, minutes) = (number([h0, h1])?, number([m0, m1])?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn number<const WIDTH: usize>(text: [u8; WIDTH]) -> Option<i32> {
    text.iter()
        .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i32::from(digit - b'0')))
}

/// Returns the last `WIDTH` decimal digits of a number that is not negative.
fn digits<const WIDTH: usize>(number: i32) -> [u8; WIDTH] {
    let mut digits = [b'0'; WIDTH];
    digits.iter_mut().rev().fold(number, |rest, digit| {
        *digit += u8::try_from(rest % 10).unwrap_or_default();
        rest / 10
    });
    digits
}

/// Converts days or parts of a day to 32 bits, because WebAssembly divides 32-bit numbers faster. Those of the years 0 to
/// 9999 fit.
fn narrow(number: i64) -> i32 {
    i32::try_from(number).unwrap_or_default()
}

/// Returns the number of days in a month; `month` is 1 to 12.
fn days_in(year: i32, month: i32) -> i32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Converts days since 1970-01-01 into year, month and day. The calculation begins years in March, so that a leap day is
/// the last day of its year, and uses the fact that the calendar repeats every 400 years (Howard Hinnant,
/// "chrono-compatible low-level date algorithms").
fn date_of(days: i32) -> (i32, i32, i32) {
    let days = days + DAYS_BEFORE_1970;
    let (era, day_of_era) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i32::from(month <= 2), month, day)
}

/// Converts year, month and day into days since 1970-01-01.
fn days_of((year, month, day): (i32, i32, i32)) -> i32 {
    let year = year - i32::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * ERA_DAYS + day_of_era - DAYS_BEFORE_1970
}

/// The first time, 0000-01-01T00:00:00.000000Z, in microseconds since 1970.
const FIRST: i64 = -62_167_219_200 * SECOND;
/// The last time, 9999-12-31T23:59:59.999999Z, in microseconds since 1970.
const LAST: i64 = 253_402_300_800 * SECOND - 1;
/// A second in microseconds.
const SECOND: i64 = 1_000_000;
/// A day in microseconds.
const DAY: i64 = 86_400 * SECOND;
/// The number of days in 400 years.
const ERA_DAYS: i32 = 146_097;
/// The number of days from 0000-03-01 to 1970-01-01.
const DAYS_BEFORE_1970: i32 = 719_468;

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use proptest::prelude::*;

    use super::{DAY, FIRST, LAST, Time, date_of, days_of, narrow};

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
    fn a_clock_behind_the_year_9999_has_no_time() {
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
    fn other_forms_of_rfc_3339_are_understood() {
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
    fn what_is_no_time_is_not_understood() {
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
        fn a_time_is_read_back_as_it_was_written(moment in FIRST..=LAST) {
            let time = Time::at(moment);
            prop_assert_eq!(Time::parse(&time.to_string()), Some(time));
            prop_assert_eq!(Time::parse(&time.to_string().replace('Z', "+00:00")), Some(time));
        }

        #[test]
        fn texts_order_as_times_do(one in FIRST..=LAST, other in FIRST..=LAST) {
            prop_assert_eq!(one.cmp(&other), Time::at(one).cmp(&Time::at(other)));
        }

        #[test]
        fn the_day_after_a_date_is_the_next_date(day in narrow(FIRST / DAY)..narrow(LAST / DAY)) {
            prop_assert_eq!(days_of(date_of(day)), day);
            prop_assert!(date_of(day) < date_of(day + 1));
        }

        #[test]
        fn no_text_is_too_strange(text in any::<std::string::String>()) {
            let _ = Time::parse(&text);
        }
    }
}

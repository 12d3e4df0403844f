//! A moment, to the microsecond. Written here since a calendar library would nearly double the component.

use core::fmt;

use serde::{Serialize, Serializer};

/// A moment: microseconds since 1970-01-01T00:00:00Z, of the years 0 to 9999. Shown and stored in one form of fixed
/// width, so that times order as their texts do: `2026-11-22T14:00:00.123456Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(i64);

impl Time {
    /// The moment of a wall clock: seconds since 1970 and nanoseconds. At the end of 9999 it stands still.
    pub(crate) fn from_clock(seconds: u64, nanoseconds: u32) -> Self {
        let microseconds = i64::from(nanoseconds.min(999_999_999) / 1_000);
        let moment = i64::try_from(seconds).ok().and_then(|seconds| seconds.checked_mul(SECOND));
        Self(moment.and_then(|moment| moment.checked_add(microseconds)).unwrap_or(LAST).min(LAST))
    }

    /// Any form of RFC 3339, since other programs may store tickets too, and those that lack the zone: programs that
    /// write no zone mean UTC. Decimals past the sixth are dropped, and a leap second counts as the first of the next
    /// minute.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.split_at_checked(10)?;
        let (clock, rest) = rest.strip_prefix(['T', 't', ' '])?.split_at_checked(8)?;
        let (decimals, zone) = rest.split_at(rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len()));
        let seconds = parse_date(date)? * DAY + parse_clock(clock)? - parse_zone(zone)?;
        let moment = seconds * SECOND + parse_decimals(decimals)?;
        (FIRST..=LAST).contains(&moment).then_some(Self(moment))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, microseconds) = (self.0.div_euclid(SECOND), self.0.rem_euclid(SECOND));
        let (days, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        let (year, month, day) = date_of(days);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{microseconds:06}Z")
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// `2026-11-22` as days since 1970-01-01.
fn parse_date(text: &str) -> Option<i64> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let date = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
    let days = days_of(date);
    // There are dates that no calendar has; they come back as others.
    (date_of(days) == date).then_some(days)
}

/// `14:00:00` as seconds.
fn parse_clock(text: &str) -> Option<i64> {
    let (hour, rest) = text.split_once(':')?;
    let (minute, second) = rest.split_once(':')?;
    let (hour, minute, second) = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3600 + minute * 60 + second)
}

/// Nothing, or a point and digits, as microseconds.
fn parse_decimals(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let digits = text.strip_prefix('.').filter(|digits| !digits.is_empty())?;
    let digits = digits.bytes().map(|byte| byte.is_ascii_digit().then(|| i64::from(byte - b'0')));
    // Every digit counts for itself, so that all of them are looked at and only six of them added.
    digits
        .zip([100_000, 10_000, 1_000, 100, 10, 1].into_iter().chain(core::iter::repeat(0)))
        .try_fold(0, |sum, (digit, worth)| Some(sum + digit? * worth))
}

/// `Z`, nothing or `+01:00`, as seconds ahead of UTC.
fn parse_zone(text: &str) -> Option<i64> {
    if text.is_empty() || text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, offset) = text.split_at_checked(1)?;
    let (hours, minutes) = offset.split_once(':')?;
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    let seconds = (hours < 24 && minutes < 60).then_some(hours * 3600 + minutes * 60)?;
    Some(if sign == "-" { -seconds } else { seconds })
}

fn number(digits: &str, width: usize) -> Option<i64> {
    let well_formed = digits.len() == width && digits.bytes().all(|byte| byte.is_ascii_digit());
    if well_formed { digits.parse().ok() } else { None }
}

/// Year, month and day of a day since 1970-01-01. Years begin in March here, so that a leap day is the last day of
/// its year, and repeat every 400 (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_BEFORE_1970;
    let (era, day_of_era) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// The other way round.
fn days_of((year, month, day): (i64, i64, i64)) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * ERA_DAYS + day_of_era - DAYS_BEFORE_1970
}

/// 0000-01-01T00:00:00.000000Z.
const FIRST: i64 = -62_167_219_200 * SECOND;
/// 9999-12-31T23:59:59.999999Z.
const LAST: i64 = 253_402_300_800 * SECOND - 1;
/// In microseconds.
const SECOND: i64 = 1_000_000;
/// In seconds.
const DAY: i64 = 86_400;
/// The days of 400 years.
const ERA_DAYS: i64 = 146_097;
/// From 0000-03-01.
const DAYS_BEFORE_1970: i64 = 719_468;

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use proptest::prelude::*;

    use super::{DAY, FIRST, LAST, Time, date_of, days_of};

    fn reformat(text: &str) -> Option<alloc::string::String> {
        Time::parse(text).map(|time| time.to_string())
    }

    #[test]
    fn a_time_is_shown_in_utc_with_six_decimals() {
        assert_eq!(Time::from_clock(0, 0).to_string(), "1970-01-01T00:00:00.000000Z");
        assert_eq!(Time::from_clock(1_795_356_000, 123_456_789).to_string(), "2026-11-22T14:00:00.123456Z");
        assert_eq!(Time::from_clock(951_782_399, 999_999_999).to_string(), "2000-02-28T23:59:59.999999Z");
        assert_eq!(Time::from_clock(951_782_400, 0).to_string(), "2000-02-29T00:00:00.000000Z");
    }

    #[test]
    fn a_clock_that_is_out_of_its_mind_does_no_harm() {
        for (seconds, nanoseconds) in
            [(u64::MAX, u32::MAX), (i64::MAX.unsigned_abs(), 0), (253_402_300_800, 0)]
        {
            let shown = Time::from_clock(seconds, nanoseconds).to_string();
            assert_eq!(shown, "9999-12-31T23:59:59.999999Z");
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
            let time = Time(moment);
            prop_assert_eq!(time.to_string().len(), 27);
            prop_assert_eq!(Time::parse(&time.to_string()), Some(time));
        }

        #[test]
        fn texts_order_as_times_do(one in FIRST..=LAST, other in FIRST..=LAST) {
            prop_assert_eq!(one.cmp(&other), Time(one).to_string().cmp(&Time(other).to_string()));
        }

        #[test]
        fn the_day_after_a_date_is_the_next_date(day in FIRST / DAY / 1_000_000..LAST / DAY / 1_000_000) {
            prop_assert_eq!(days_of(date_of(day)), day);
            prop_assert!(date_of(day) < date_of(day + 1));
        }

        #[test]
        fn no_text_is_too_strange(text in any::<std::string::String>()) {
            let _ = Time::parse(&text);
        }
    }
}

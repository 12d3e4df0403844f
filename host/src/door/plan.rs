//! The usage plan: how much a key may ask for.
//!
//! As API Gateway has it: a token bucket that holds `burst` tokens, starts full and fills at the plan's rate; and
//! a quota of requests for each day, week or month, all in UTC.

use std::num::{NonZeroU32, NonZeroU64};

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// A usage plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What keys name it by.
    pub name: String,
    /// How many requests a second fill the bucket.
    pub rate_per_second: NonZeroU32,
    /// How many requests the bucket holds.
    pub burst: NonZeroU32,
    /// How many requests there are in a period; no limit where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
}

/// A number of requests for each period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// How many.
    pub requests: NonZeroU64,
    /// For how long.
    pub period: Period,
}

/// What a quota is renewed after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// From midnight, UTC.
    Day,
    /// From the midnight before Monday, UTC.
    Week,
    /// From the midnight before the first, UTC.
    Month,
}

/// One period, by the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Names the window for who counts in it; a later one is greater.
    pub name: String,
    /// Its first moment.
    pub begin: Timestamp,
    /// The first moment behind it.
    pub end: Timestamp,
}

impl Plan {
    /// The plan of keys that name none, unless the data folder has another of this name.
    #[must_use]
    pub fn default_plan() -> Plan {
        let quota = Quota { requests: DEFAULT_QUOTA, period: Period::Month };
        let name = DEFAULT_PLAN.to_owned();
        Plan { name, rate_per_second: DEFAULT_RATE, burst: DEFAULT_BURST, quota: Some(quota) }
    }
}

impl Period {
    /// The window that `now` is in.
    #[must_use]
    pub fn window(self, now: Timestamp) -> Window {
        let today = Offset::UTC.to_datetime(now).date();
        let (first, next) = match self {
            Period::Day => (today, today.saturating_add(1.day())),
            Period::Week => {
                let first = today.saturating_sub(today.weekday().since(Weekday::Monday).days());
                (first, first.saturating_add(7.days()))
            }
            Period::Month => (today.first_of_month(), today.last_of_month().saturating_add(1.day())),
        };
        Window { name: format!("{first}/{}", self.word()), begin: midnight(first), end: midnight(next) }
    }

    /// The period in a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Period::Day => "day",
            Period::Week => "week",
            Period::Month => "month",
        }
    }
}

impl Window {
    /// Whether a moment is in it.
    #[must_use]
    pub fn holds(&self, moment: Timestamp) -> bool {
        (self.begin..self.end).contains(&moment)
    }
}

fn midnight(date: Date) -> Timestamp {
    // Fails for the last days of the year 9999 alone.
    Offset::UTC.to_timestamp(DateTime::from(date)).unwrap_or(Timestamp::MAX)
}

/// The name of the plan of keys that name none.
pub const DEFAULT_PLAN: &str = "default";

/// Those of the API that this stands in for.
const DEFAULT_RATE: NonZeroU32 = NonZeroU32::MIN.saturating_add(50 - 1);
const DEFAULT_BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(100 - 1);
const DEFAULT_QUOTA: NonZeroU64 = NonZeroU64::MIN.saturating_add(10_000 - 1);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_is_one_of_the_calendar_in_utc() {
        for (period, moment, name, end) in [
            (Period::Month, "2026-12-31T23:59:59.999Z", "2026-12-01/month", "2027-01-01T00:00:00Z"),
            (Period::Month, "2028-02-01T00:00:00Z", "2028-02-01/month", "2028-03-01T00:00:00Z"),
            (Period::Week, "2026-11-22T23:59:59Z", "2026-11-16/week", "2026-11-23T00:00:00Z"),
            (Period::Week, "2026-11-23T00:00:00Z", "2026-11-23/week", "2026-11-30T00:00:00Z"),
            (Period::Day, "2026-02-28T12:00:00Z", "2026-02-28/day", "2026-03-01T00:00:00Z"),
        ] {
            let window = period.window(at(moment));
            assert_eq!((window.name.as_str(), window.end), (name, at(end)), "{moment}");
            assert!(window.holds(at(moment)) && window.holds(window.begin) && !window.holds(window.end));
        }
    }

    #[test]
    fn the_names_of_windows_fit_where_they_are_kept() {
        for period in [Period::Day, Period::Week, Period::Month] {
            for moment in [Timestamp::MIN, at("2026-11-22T00:00:00Z"), Timestamp::MAX] {
                let name = period.window(moment).name;
                assert!(name.len() <= crate::backend::WINDOW_LIMIT_BYTES, "{name}");
            }
        }
    }
}

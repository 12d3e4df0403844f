//! The usage plan: how many requests a client may send, and whether they may change something.
//!
//! A plan has the limits of a plan of API Gateway: a token bucket that holds `burst` tokens, starts full and fills at the
//! plan's rate; and a quota of requests for each day, week or month in UTC.

use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::Refusal;

/// A usage plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The name that keys refer to.
    pub name: String,
    /// How many tokens the bucket gets each second.
    pub rate_per_second: NonZeroU32,
    /// How many tokens the bucket holds.
    pub burst: NonZeroU32,
    /// The quota, if the number of requests in a period is limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
    /// Whether its clients may only read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
}

/// A number of requests for each period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// The most requests in a period.
    pub requests: NonZeroU64,
    /// The period.
    pub period: Period,
}

/// The period after which a quota starts again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// Begins at midnight, UTC.
    Day,
    /// Begins on Monday at midnight, UTC.
    Week,
    /// Begins on the first day of the month at midnight, UTC.
    Month,
}

/// One period of the calendar.
pub(crate) struct Window {
    /// The name under which a quota store counts. The name of a later window is greater.
    pub(crate) name: String,
    /// The first moment of the window.
    pub(crate) begin: Timestamp,
    /// The first moment after the window.
    pub(crate) end: Timestamp,
}

impl Plan {
    /// The plan of keys that name no plan, unless the data folder has a plan of this name.
    pub(crate) fn default_plan() -> Plan {
        let quota = Quota { requests: DEFAULT_QUOTA, period: Period::Month };
        let name = DEFAULT_PLAN.to_owned();
        Plan {
            name,
            rate_per_second: DEFAULT_RATE,
            burst: DEFAULT_BURST,
            quota: Some(quota),
            read_only: false,
        }
    }
}

impl Period {
    /// Returns the window that contains `now`.
    pub(crate) fn window(self, now: Timestamp) -> Window {
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

    pub(crate) fn word(self) -> &'static str {
        match self {
            Period::Day => "day",
            Period::Week => "week",
            Period::Month => "month",
        }
    }
}

impl Window {
    pub(super) fn holds(&self, moment: Timestamp) -> bool {
        (self.begin..self.end).contains(&moment)
    }

    /// The refusal of a request at `now` whose quota for this window is used up.
    pub(crate) fn spent(&self, quota: Quota, now: Timestamp) -> Refusal {
        let left = |at| Duration::try_from(self.end.duration_since(at)).unwrap_or_default();
        Refusal::LimitExceeded { quota, window: left(self.begin), retry_after: left(now) }
    }
}

fn midnight(date: Date) -> Timestamp {
    // Fails only for the last days of the year 9999.
    Offset::UTC.to_timestamp(DateTime::from(date)).unwrap_or(Timestamp::MAX)
}

/// The name of the plan of keys that name no plan.
pub(crate) const DEFAULT_PLAN: &str = "default";

/// The limits of the API that Portdesk replaces.
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
    fn a_window_is_a_period_of_the_calendar_in_utc() {
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
    fn the_name_of_a_window_is_within_the_limit_of_quota_stores() {
        for period in [Period::Day, Period::Week, Period::Month] {
            for moment in [Timestamp::MIN, at("2026-11-22T00:00:00Z"), Timestamp::MAX] {
                let name = period.window(moment).name;
                assert!(name.len() <= crate::backend::WINDOW_LIMIT_BYTES, "{name}");
            }
        }
    }
}

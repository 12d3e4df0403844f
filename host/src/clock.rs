//! The time of day for the whole process: for the component, for the windows of quotas, and for dates in files. A space has
//! a clock of its own (`space_clock`).
//!
//! While a process runs, its time never goes back. If somebody sets the machine's clock back, the time stands still until
//! the machine's clock has caught up. A time outside of the years of a calendar is returned but not remembered: otherwise
//! a clock that is wrong for a moment would make the time wrong until the next start.

mod space_clock;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

pub use self::space_clock::{ClockError, ClockMode, ClockSetting, SpaceClock};

/// The time of day as a date.
pub fn now() -> Result<Timestamp, OutOfRange> {
    at(since_1970())
}

/// Fails if the machine's clock is outside of the years of a calendar. Connections call this at each poll, so it makes no
/// date and writes nothing that threads share.
pub fn check() -> Result<(), OutOfRange> {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(machine) if machine.as_micros() < u128::from(END_US) => Ok(()),
        Ok(_) | Err(_) => Err(OutOfRange),
    }
}

/// The time since the beginning of 1970 in whole microseconds. It is past the year 9999 if the machine's clock is.
#[must_use]
pub fn since_1970() -> Duration {
    static LATEST_US: AtomicU64 = AtomicU64::new(0);
    later(&LATEST_US, SystemTime::now())
}

/// Returns the time of the machine's clock, or the last time that was returned if that is later.
fn later(latest_us: &AtomicU64, machine: SystemTime) -> Duration {
    // A clock before 1970 counts as 1970, which is never later than the last time.
    let machine = machine.duration_since(UNIX_EPOCH).unwrap_or_default();
    let Some(now_us) = u64::try_from(machine.as_micros()).ok().filter(|now_us| *now_us < END_US) else {
        return machine;
    };
    Duration::from_micros(latest_us.fetch_max(now_us, Ordering::Relaxed).max(now_us))
}

fn at(since_1970: Duration) -> Result<Timestamp, OutOfRange> {
    if since_1970.is_zero() {
        return Err(OutOfRange);
    }
    Timestamp::try_from(UNIX_EPOCH + since_1970.min(FAR)).map_err(|_| OutOfRange)
}

/// The machine's clock is at a time that no calendar has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the clock of this machine is not within the years 1970 to 9999; set it")]
pub struct OutOfRange;

/// The end of the year 9999, in microseconds.
const END_US: u64 = 253_402_300_800_000_000;
/// Later than any date of a calendar, and early enough to be added to 1970 on every system.
const FAR: Duration = Duration::from_micros(2 * END_US);

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(seconds: i64) -> SystemTime {
        let length = Duration::from_secs(seconds.unsigned_abs());
        if seconds < 0 { UNIX_EPOCH - length } else { UNIX_EPOCH + length }
    }

    /// What is said while the machine's clock goes through these seconds.
    fn said<const N: usize>(seconds: [i64; N]) -> [u64; N] {
        let latest_us = AtomicU64::new(0);
        seconds.map(|seconds| later(&latest_us, machine(seconds)).as_secs())
    }

    #[test]
    fn the_time_never_goes_back() {
        assert_eq!(said([100, 200, 150, 199, 201]), [100, 200, 200, 200, 201]);
        assert_eq!(said([100, 0, 99]), [100, 100, 100], "to the beginning of 1970");
        assert_eq!(said([100, -1, -1_000_000, 101]), [100, 100, 100, 101], "before 1970");
        assert_eq!(said([86_399, 86_400, 86_399]), [86_399, 86_400, 86_400], "over midnight");
        let latest_us = AtomicU64::new(0);
        let moments = [2_000_001, 2_000_000, 1_999_999].map(Duration::from_micros);
        for moment in moments {
            assert_eq!(later(&latest_us, UNIX_EPOCH + moment), moments[0], "a microsecond");
        }
    }

    #[test]
    fn a_clock_that_was_out_of_range_for_a_moment_is_right_again_at_once() {
        let end = 253_402_300_800;
        assert_eq!(said([100, end, 1_000_000_000_000, 101]), [100, 253_402_300_800, 1_000_000_000_000, 101]);
        assert_eq!(said([100, end - 1, 101]), [100, 253_402_300_799, 253_402_300_799]);
    }

    #[test]
    fn many_who_ask_at_once_see_no_step_back() {
        let latest_us = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for number in 0..4 {
                let latest_us = &latest_us;
                scope.spawn(move || {
                    let steps =
                        (0..10_000_i64).map(|step| later(latest_us, machine((step * (7 + number)) % 997)));
                    assert!(steps.is_sorted());
                });
            }
        });
    }

    #[test]
    fn a_clock_that_no_calendar_has_is_an_error_in_words() {
        for seconds in [253_402_300_800, 253_402_300_800 * 3, u64::MAX, 0] {
            let error = at(Duration::from_secs(seconds)).unwrap_err();
            assert_eq!(
                error.to_string(),
                "the clock of this machine is not within the years 1970 to 9999; set it"
            );
        }
        assert_eq!(at(Duration::from_secs(1_795_356_001)).unwrap().to_string(), "2026-11-22T14:00:01Z");
        assert_eq!(at(Duration::from_secs(1)).unwrap().as_second(), 1);
    }
}

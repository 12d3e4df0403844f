//! The clock of a space, which tests can stop and move.
//!
//! Only the component, and the windows of quotas, follow this clock. Deadlines, rate limits, the log and `Date` headers
//! stay on the real time: a token bucket on a clock that stands still would never fill again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use serde::{Deserialize, Serialize};

use super::OutOfRange;

/// The clock of a space. Its time never goes back, except when the space is reset.
#[derive(Debug)]
pub struct SpaceClock(Mutex<State>);

#[derive(Debug)]
struct State {
    mode: Mode,
    /// The latest time that the clock showed, in microseconds since 1970.
    latest_us: u64,
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    Real,
    /// The real time and this many microseconds.
    Running {
        ahead_us: i64,
    },
    Frozen {
        at_us: u64,
    },
    /// Each request moves the clock by `step_us`.
    Stepping {
        next_us: u64,
        step_us: u64,
    },
}

/// What a clock is set to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockSetting {
    /// How the time passes.
    pub mode: ClockMode,
    /// The time to start from, before the year 2200. Without it, the clock starts from the time that it shows. A clock of mode
    /// `real` has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// By how many milliseconds each request moves a clock of mode `stepping`: 1 to 86,400,000. Without it, by 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_ms: Option<u64>,
}

/// How the time of a space passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockMode {
    /// The space has the time of this machine.
    Real,
    /// The time passes as on this machine, from another moment.
    Running,
    /// The time stands still.
    Frozen,
    /// Each request is a step later than the request before.
    Stepping,
}

impl ClockSetting {
    /// The time of this machine.
    pub const REAL: ClockSetting = ClockSetting { mode: ClockMode::Real, at: None, step_ms: None };

    /// A clock that each request moves by a millisecond, from the beginning of 2026. Each start shows the same times.
    #[must_use]
    pub fn stepping() -> ClockSetting {
        let at = Timestamp::from_second(1_767_225_600).ok();
        ClockSetting { mode: ClockMode::Stepping, at, step_ms: None }
    }
}

impl SpaceClock {
    /// A clock with this setting.
    pub fn new(setting: &ClockSetting) -> Result<SpaceClock, ClockError> {
        check_latest(setting)?;
        Ok(SpaceClock(Mutex::new(State::new(setting)?)))
    }

    /// The time of one request. A clock of mode `stepping` moves on.
    pub fn tick(&self) -> Duration {
        Duration::from_micros(self.lock().tick())
    }

    /// The time that the clock shows, as a date. The clock does not move on.
    pub fn now(&self) -> Result<Timestamp, OutOfRange> {
        super::at(Duration::from_micros(self.lock().shown_us()))
    }

    /// Sets the clock. Fails if its time would go back.
    pub fn set(&self, setting: &ClockSetting) -> Result<(), ClockError> {
        check_latest(setting)?;
        let mut state = self.lock();
        let latest_us = state.shown_us();
        let mut next = State::from(setting, latest_us)?;
        if next.shown_us() < latest_us {
            return Err(ClockError::Back);
        }
        *state = next;
        Ok(())
    }

    /// Starts again with this setting, which was checked and may be earlier than the time that the clock shows.
    pub fn restart(&self, setting: &ClockSetting) -> Result<(), ClockError> {
        *self.lock() = State::new(setting)?;
        Ok(())
    }

    /// Moves the clock forward, at most to the year 2200. A clock of mode `real` becomes `running`.
    pub fn advance(&self, by: &str) -> Result<(), ClockError> {
        let mut state = self.lock();
        let moment = super::at(Duration::from_micros(state.shown_us())).map_err(|_| ClockError::TooFar)?;
        let by = length(by, moment)?;
        state.advance(by)
    }

    /// What the clock is set to, with the time that it shows now.
    #[must_use]
    pub fn setting(&self) -> ClockSetting {
        let mut state = self.lock();
        let at = super::at(Duration::from_micros(state.shown_us())).ok();
        match state.mode {
            Mode::Real => ClockSetting { mode: ClockMode::Real, at, step_ms: None },
            Mode::Running { .. } => ClockSetting { mode: ClockMode::Running, at, step_ms: None },
            Mode::Frozen { .. } => ClockSetting { mode: ClockMode::Frozen, at, step_ms: None },
            Mode::Stepping { step_us, .. } => {
                ClockSetting { mode: ClockMode::Stepping, at, step_ms: Some(step_us / 1000) }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new(setting: &ClockSetting) -> Result<State, ClockError> {
        State::from(setting, machine_us())
    }

    /// The state after a setting. Without a time of its own, the clock starts from `shown_us`.
    fn from(setting: &ClockSetting, shown_us: u64) -> Result<State, ClockError> {
        let at_us = match setting.at {
            Some(at) => microseconds(at)?,
            None => shown_us,
        };
        let mode = match setting.mode {
            ClockMode::Real if setting.at.is_some() => return Err(ClockError::RealAt),
            ClockMode::Real => Mode::Real,
            ClockMode::Running => Mode::Running { ahead_us: ahead(at_us)? },
            ClockMode::Frozen => Mode::Frozen { at_us },
            ClockMode::Stepping => {
                let step_ms = setting.step_ms.unwrap_or(1);
                if !(1..=LONGEST_STEP_MS).contains(&step_ms) {
                    return Err(ClockError::Step);
                }
                Mode::Stepping { next_us: at_us, step_us: step_ms * 1000 }
            }
        };
        if setting.step_ms.is_some() && setting.mode != ClockMode::Stepping {
            return Err(ClockError::StepWithout);
        }
        Ok(State { mode, latest_us: 0 })
    }

    fn tick(&mut self) -> u64 {
        let shown_us = self.shown_us();
        if let Mode::Stepping { next_us, step_us } = &mut self.mode {
            // Steps of a day end some day too. The clock then stands at the last moment of the calendar.
            *next_us = next_us.saturating_add(*step_us).min(last_us());
        }
        shown_us
    }

    fn shown_us(&mut self) -> u64 {
        let shown_us = match self.mode {
            Mode::Real => machine_us(),
            Mode::Running { ahead_us } => machine_us().saturating_add_signed(ahead_us),
            Mode::Frozen { at_us } => at_us,
            Mode::Stepping { next_us, .. } => next_us,
        };
        // Somebody may set back the clock of the machine.
        self.latest_us = self.latest_us.max(shown_us);
        self.latest_us
    }

    fn advance(&mut self, by_us: u64) -> Result<(), ClockError> {
        let moved = self.shown_us().checked_add(by_us).filter(|us| *us < LATEST_US);
        let moved_us = moved.ok_or(ClockError::TooFar)?;
        match &mut self.mode {
            Mode::Frozen { at_us } => *at_us = moved_us,
            Mode::Stepping { next_us, .. } => *next_us = moved_us,
            mode @ (Mode::Real | Mode::Running { .. }) => {
                *mode = Mode::Running { ahead_us: ahead(moved_us)? }
            }
        }
        Ok(())
    }
}

/// The last moment that has a date.
fn last_us() -> u64 {
    Timestamp::MAX.as_microsecond().cast_unsigned()
}

/// The time of the machine in microseconds since 1970.
fn machine_us() -> u64 {
    u64::try_from(super::since_1970().as_micros()).unwrap_or(u64::MAX)
}

/// How far a time is ahead of that of the machine.
fn ahead(at_us: u64) -> Result<i64, ClockError> {
    let ahead = i128::from(at_us) - i128::from(machine_us());
    i64::try_from(ahead).map_err(|_| ClockError::Range)
}

fn microseconds(at: Timestamp) -> Result<u64, ClockError> {
    let us = u64::try_from(at.as_microsecond()).map_err(|_| ClockError::Range)?;
    if us == 0 || us >= super::END_US { Err(ClockError::Range) } else { Ok(us) }
}

/// Refuses a time that would soon end the calendar. A clock that went on to such a time by itself can go on from it.
fn check_latest(setting: &ClockSetting) -> Result<(), ClockError> {
    let is_late = |at: Timestamp| at.as_microsecond() >= LATEST_US.cast_signed();
    if setting.at.is_some_and(is_late) { Err(ClockError::Range) } else { Ok(()) }
}

/// Reads a duration such as `PT1H` or `1 day`, counted from `moment` in UTC, in microseconds.
fn length(text: &str, moment: Timestamp) -> Result<u64, ClockError> {
    if text.len() > LONGEST_LENGTH_BYTES {
        return Err(ClockError::Length);
    }
    let span: Span = text.parse().map_err(|_| ClockError::Length)?;
    let moment = jiff::tz::Offset::UTC.to_datetime(moment);
    let length = span.to_duration(SpanRelativeTo::from(moment)).map_err(|_| ClockError::TooFar)?;
    if length < SignedDuration::ZERO {
        return Err(ClockError::Back);
    }
    u64::try_from(length.as_micros()).map_err(|_| ClockError::TooFar)
}

/// Why a clock cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// The time would go back.
    #[error("the clock only moves forward; reset the space to start from an earlier time")]
    Back,
    /// The length is not a duration.
    #[error("`by`: not a duration; write for example PT1H, P1D or P1M")]
    Length,
    /// The time is too early or too late.
    #[error("`at`: the time is not within the years 1970 to 2199")]
    Range,
    /// A clock of mode `real` has no time of its own.
    #[error("`at`: a clock of mode `real` has the time of this machine; leave `at` out, or choose `running`")]
    RealAt,
    /// The step is too small or too large.
    #[error("`step_ms`: a step has 1 to {LONGEST_STEP_MS} milliseconds")]
    Step,
    /// Only a clock of mode `stepping` has steps.
    #[error("`step_ms`: only a clock of mode `stepping` has steps")]
    StepWithout,
    /// The clock would be moved too far.
    #[error("`by`: the clock would show a time after the year 2199; move it by less, or reset the space")]
    TooFar,
}

/// The beginning of the year 2200 in microseconds. Requests and the real time move a clock on for long after that before the
/// calendar ends.
const LATEST_US: u64 = 7_258_118_400_000_000;
/// A day.
const LONGEST_STEP_MS: u64 = 86_400_000;
/// Far more than any duration needs.
const LONGEST_LENGTH_BYTES: usize = 64;

#[cfg(test)]
mod tests;

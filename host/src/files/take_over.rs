//! Takes over new contents, and reports contents that cannot be used without filling the log.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::Instant;
use tracing::{info, warn};

/// Passes new contents on, and writes to the log what happened.
pub(crate) struct TakeOver<F> {
    /// The name of the contents in the log.
    subject: &'static str,
    /// Returns whether the contents changed anything.
    take: F,
    pub(super) trouble: Trouble,
}

impl<F> TakeOver<F> {
    pub(crate) fn new(subject: &'static str, take: F) -> TakeOver<F> {
        TakeOver { subject, take, trouble: Trouble::default() }
    }

    /// Takes the result of one look over: `None` if nothing changed. The log has a line about contents that cannot be used at once,
    /// then once a minute, and once when they can be used again.
    pub(crate) fn seen<T, E: Display>(&mut self, look: Result<Option<T>, E>)
    where
        F: FnMut(T) -> bool,
    {
        let subject = self.subject;
        match look {
            Ok(read) => {
                let changed = read.is_some_and(&mut self.take);
                match (self.trouble.end(), changed) {
                    (_, true) => info!("took over a change of {subject}"),
                    (true, false) => info!("{subject} can be used again, and did not change"),
                    (false, false) => {}
                }
            }
            Err(error) if self.trouble.is_due() => warn!(
                %error,
                "{subject} cannot be used; the last valid contents stay in force, and the host tries again all the time"
            ),
            Err(_) => {}
        }
    }
}

/// Decides when the log reports that something does not work: at once, and then at intervals.
#[derive(Default)]
pub(super) struct Trouble {
    told: Option<Instant>,
}

impl Trouble {
    pub(super) fn is_due(&mut self) -> bool {
        let is_due = self.told.is_none_or(|told| told.elapsed() >= REMINDER_INTERVAL);
        if is_due {
            self.told = Some(Instant::now());
        }
        is_due
    }

    /// Ends the trouble. Returns whether there was any.
    fn end(&mut self) -> bool {
        self.told.take().is_some()
    }
}

/// How often the log reports that contents still cannot be used.
pub(super) const REMINDER_INTERVAL: Duration = Duration::from_mins(1);

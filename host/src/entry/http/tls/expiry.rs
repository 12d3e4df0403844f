//! Warns in the log before the served certificate expires.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio_rustls::rustls::pki_types::UnixTime;
use tracing::{error, warn};

/// Decides when the operator is warned about a certificate: 30 days, 7 days and 1 day before it expires, and afterwards.
#[derive(Debug, Default)]
pub(super) struct ExpiryWatch {
    /// The expiry of the certificate, and the days of the last notice about it.
    told: Option<(UnixTime, u64)>,
}

impl ExpiryWatch {
    /// Returns the days of each notice once: 30, 7, 1, and 0 after the expiry. For a new certificate, returns only the most
    /// urgent notice.
    pub(super) fn look(&mut self, expiry: UnixTime, now: UnixTime) -> Option<u64> {
        let days = match expiry.as_secs().checked_sub(now.as_secs()) {
            Some(left) => [1, 7, 30].into_iter().find(|days| left <= days * DAY_SECONDS)?,
            None => 0,
        };
        if self.told.is_some_and(|(of, told)| of == expiry && told <= days) {
            return None;
        }
        self.told = Some((expiry, days));
        Some(days)
    }
}

/// Writes a notice to the log.
pub(super) fn tell(days: u64, expiry: UnixTime) {
    let expires_at = shown(expiry);
    if days == 0 {
        error!(
            expires_at,
            "the certificate of --tls-cert has expired, and clients refuse it; replace the file, which the host follows"
        );
    } else {
        warn!(
            expires_at,
            days, "the certificate of --tls-cert expires within this number of days; replace the file before"
        );
    }
}

/// A time in a form that people read.
pub(super) fn shown(time: UnixTime) -> String {
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs()));
    let time = time.and_then(|time| Timestamp::try_from(time).ok());
    time.map_or_else(|| "a time that cannot be shown".to_owned(), |time| time.to_string())
}

const DAY_SECONDS: u64 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    #[test]
    fn there_is_one_notice_30_7_and_1_day_before_the_expiry() {
        let (mut watch, end) = (ExpiryWatch::default(), 100 * DAY_SECONDS);
        let hours = (0..=102 * 24).map(|hour| hour * 60 * 60);
        let told = hours.filter_map(|now| Some((now / DAY_SECONDS, watch.look(at(end), at(now))?)));
        assert_eq!(told.collect::<Vec<_>>(), [(70, 30), (93, 7), (99, 1), (100, 0)]);
    }

    #[test]
    fn a_new_certificate_gets_only_the_most_urgent_notice() {
        let (mut watch, end) = (ExpiryWatch::default(), 100 * DAY_SECONDS);
        assert_eq!(watch.look(at(end), at(end - 1)), Some(1));
        assert_eq!(watch.look(at(end), at(end)), None, "it is valid until the end of its last second");
        assert_eq!(watch.look(at(end), at(end + 1)), Some(0));
        let next = end + 5 * DAY_SECONDS;
        assert_eq!(
            watch.look(at(next), at(end + 1)),
            Some(7),
            "a renewed certificate gets notices of its own"
        );
        assert_eq!(watch.look(at(next + 90 * DAY_SECONDS), at(end + 1)), None);
    }

    #[test]
    fn a_clock_that_goes_back_repeats_nothing() {
        let (mut watch, end) = (ExpiryWatch::default(), 100 * DAY_SECONDS);
        assert_eq!(watch.look(at(end), at(end - DAY_SECONDS)), Some(1));
        assert_eq!(watch.look(at(end), at(end - 20 * DAY_SECONDS)), None);
        assert_eq!(watch.look(at(end), at(end - 50 * DAY_SECONDS)), None);
        assert_eq!(watch.look(at(end), at(end - DAY_SECONDS)), None);
        assert_eq!(watch.look(at(u64::MAX), at(0)), None, "a certificate without an end");
    }

    #[test]
    fn every_time_can_be_shown() {
        assert_eq!(shown(at(978_307_199)), "2000-12-31T23:59:59Z");
        assert_eq!(shown(at(u64::MAX)), "a time that cannot be shown");
    }
}

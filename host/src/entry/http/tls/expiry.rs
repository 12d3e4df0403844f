//! Warns in the log before the served certificate expires.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio_rustls::rustls::pki_types::UnixTime;
use tracing::{error, warn};

/// Decides when the operator is warned about a certificate: 30 days, 7 days and 1 day before it expires, and afterwards.
#[derive(Debug, Default)]
pub(super) struct ExpiryWatch {
    /// The expiry of the certificate, and the last notice about it.
    told: Option<(UnixTime, Notice)>,
}

/// The notices about a certificate, the least urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Notice {
    Within30Days,
    Within7Days,
    Within1Day,
    Expired,
}

impl ExpiryWatch {
    /// Returns each notice once. For a new certificate, returns only the most urgent notice.
    pub(super) fn look(&mut self, expiry: UnixTime, now: UnixTime) -> Option<Notice> {
        let notice = Notice::of(expiry, now)?;
        let is_said = self.told.is_some_and(|(of, said)| of == expiry && said >= notice);
        self.told = self.told.filter(|_| is_said).or(Some((expiry, notice)));
        (!is_said).then_some(notice)
    }
}

impl Notice {
    fn of(expiry: UnixTime, now: UnixTime) -> Option<Notice> {
        let Some(left) = expiry.as_secs().checked_sub(now.as_secs()) else { return Some(Notice::Expired) };
        let within = |days| left <= days * DAY_SECONDS;
        let notices = [(1, Notice::Within1Day), (7, Notice::Within7Days), (30, Notice::Within30Days)];
        notices.into_iter().find(|(days, _)| within(*days)).map(|(_, notice)| notice)
    }

    /// Writes the notice to the log.
    pub(super) fn tell(self, expiry: UnixTime) {
        let expires_at = shown(expiry);
        let days = match self {
            Notice::Within30Days => 30,
            Notice::Within7Days => 7,
            Notice::Within1Day => 1,
            Notice::Expired => {
                return error!(
                    expires_at,
                    "the certificate of --tls-cert has expired, and clients refuse it; replace the file, which the host \
                     follows"
                );
            }
        };
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
        let expected = [
            (70, Notice::Within30Days),
            (93, Notice::Within7Days),
            (99, Notice::Within1Day),
            (100, Notice::Expired),
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_new_certificate_gets_only_the_most_urgent_notice() {
        let (mut watch, end) = (ExpiryWatch::default(), 100 * DAY_SECONDS);
        assert_eq!(watch.look(at(end), at(end - 1)), Some(Notice::Within1Day));
        assert_eq!(watch.look(at(end), at(end)), None, "it is valid until the end of its last second");
        assert_eq!(watch.look(at(end), at(end + 1)), Some(Notice::Expired));
        let next = end + 5 * DAY_SECONDS;
        assert_eq!(
            watch.look(at(next), at(end + 1)),
            Some(Notice::Within7Days),
            "a renewed certificate gets notices of its own"
        );
        assert_eq!(watch.look(at(next + 90 * DAY_SECONDS), at(end + 1)), None);
    }

    #[test]
    fn a_clock_that_goes_back_repeats_nothing() {
        let (mut watch, end) = (ExpiryWatch::default(), 100 * DAY_SECONDS);
        assert_eq!(watch.look(at(end), at(end - DAY_SECONDS)), Some(Notice::Within1Day));
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

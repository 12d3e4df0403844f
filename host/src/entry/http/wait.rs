//! Tracks for each connection whether the host waits for the client, and since when.
//!
//! The attack: a client sends nothing, sends half a request, or does not read its answer, and so occupies a connection and
//! memory. Every way to keep the host waiting has a time limit here.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::close_reason::CloseReason;
use super::limits::ConnectionLimits;

/// The state of one connection.
pub(super) struct ClientWait {
    reading: Reading,
    /// When the last request ended or, before the first request, when the connection was opened.
    quiet_since: Instant,
    /// Whether the connection ever had a request. If there are too many connections, those without one are cut first.
    pub(super) is_proven: bool,
    /// The number of requests without an answer, and the number of those whose body has not arrived completely.
    requests: usize,
    arriving: usize,
    arriving_since: Instant,
    /// The answers that HTTP has not taken yet. With HTTP/2, the flow-control window of the client decides when it does.
    answers: BTreeMap<u64, Unread>,
    next_answer: u64,
    unflushed_bytes: usize,
    /// Since when the socket accepts no bytes, and since when some bytes are not flushed.
    stalled_since: Option<Instant>,
    unflushed_since: Option<Instant>,
}

/// What the host reads if no request is open.
#[derive(Clone, Copy)]
enum Reading {
    /// The TLS handshake, which has a time limit of its own.
    Handshake,
    FirstByte,
    /// The rest of a head whose first byte arrived at this time.
    Head(Instant),
    /// The next request. The bytes of HTTP/2 need not belong to a head.
    Next {
        is_http2: bool,
    },
}

struct Unread {
    since: Instant,
    bytes: usize,
}

impl ClientWait {
    pub(super) fn new(now: Instant) -> ClientWait {
        ClientWait {
            reading: Reading::Handshake,
            quiet_since: now,
            is_proven: false,
            requests: 0,
            arriving: 0,
            arriving_since: now,
            answers: BTreeMap::new(),
            next_answer: 0,
            unflushed_bytes: 0,
            stalled_since: None,
            unflushed_since: None,
        }
    }

    /// Notes that the connection is ready for HTTP.
    pub(super) fn opened(&mut self, now: Instant) {
        self.reading = Reading::FirstByte;
        self.quiet_since = now;
    }

    /// Notes that bytes arrived.
    pub(super) fn read(&mut self, now: Instant) {
        if let Reading::FirstByte | Reading::Next { is_http2: false } = self.reading
            && self.requests == 0
        {
            self.reading = Reading::Head(now);
        }
    }

    /// Notes that a complete head arrived.
    pub(super) fn request(&mut self, is_http2: bool) {
        self.reading = Reading::Next { is_http2 };
        self.is_proven = true;
        self.requests += 1;
    }

    /// Notes that the body of a request begins to arrive.
    pub(super) fn body_begun(&mut self, now: Instant) {
        self.arriving += 1;
        self.arriving_since = now;
    }

    /// Notes that a body has arrived, or that nobody waits for it any more.
    pub(super) fn body_ended(&mut self) {
        self.arriving = self.arriving.saturating_sub(1);
    }

    /// Notes that a request has its answer, or that nobody waits for it any more.
    pub(super) fn request_ended(&mut self, now: Instant) {
        self.requests = self.requests.saturating_sub(1);
        self.quiet_since = now;
    }

    /// Notes that an answer is ready for HTTP to take. Returns the number of the answer.
    pub(super) fn answer(&mut self, bytes: usize, now: Instant) -> u64 {
        let number = self.next_answer;
        self.next_answer += 1;
        self.answers.insert(number, Unread { since: now, bytes });
        number
    }

    /// Notes that HTTP took an answer completely, or gave it up. The socket may not have accepted the bytes yet.
    pub(super) fn taken(&mut self, number: u64, now: Instant) {
        if let Some(answer) = self.answers.remove(&number) {
            self.unflushed_bytes += answer.bytes;
            self.quiet_since = now;
        }
    }

    /// Notes that the socket accepted some bytes.
    pub(super) fn wrote(&mut self) {
        self.stalled_since = None;
    }

    /// Notes that the socket accepts no bytes at the moment.
    pub(super) fn blocked(&mut self, now: Instant) {
        self.stalled_since.get_or_insert(now);
        self.unflushed_since.get_or_insert(now);
    }

    /// Notes that the socket accepted all bytes.
    pub(super) fn flushed(&mut self, now: Instant) {
        if self.unflushed_since.take().is_some() {
            self.quiet_since = now;
        }
        self.stalled_since = None;
        self.unflushed_bytes = 0;
    }

    /// Whether no request is open and no answer is being sent.
    pub(super) fn is_quiet(&self) -> bool {
        self.requests == 0 && self.answers.is_empty() && self.unflushed_since.is_none()
    }

    /// How many bytes of answers the client has not read yet.
    pub(super) fn unread_bytes(&self) -> usize {
        // HTTP/2 may flush an answer before it reports that it took the answer. While no write is blocked, all is sent.
        let unflushed_bytes = self.unflushed_since.map_or(0, |_| self.unflushed_bytes);
        unflushed_bytes + self.answers.values().map(|answer| answer.bytes).sum::<usize>()
    }

    /// Since when the host waits for the client. Returns `None` while the host works on a request.
    pub(super) fn waiting_since(&self) -> Option<Instant> {
        if self.requests > self.arriving {
            return None;
        }
        let taking = self.unread_since();
        let arriving = (self.arriving > 0).then_some(self.arriving_since);
        Some(taking.or(arriving).unwrap_or(self.quiet_since))
    }

    /// Returns the time limit that the client has exceeded, if there is one.
    pub(super) fn timed_out(&self, limits: &ConnectionLimits, now: Instant) -> Option<CloseReason> {
        let is_over = |since: Instant, limit| now.saturating_duration_since(since) >= limit;
        if self.stalled_since.is_some_and(|since| is_over(since, limits.stall)) {
            return Some(CloseReason::Stalled);
        }
        if self.unread_since().is_some_and(|since| is_over(since, limits.answer)) {
            return Some(CloseReason::AnswerSlow);
        }
        if !self.is_quiet() {
            return None;
        }
        let (since, limit, late) = match self.reading {
            Reading::Handshake => return None,
            Reading::FirstByte => (self.quiet_since, limits.first_byte, CloseReason::FirstByteSlow),
            Reading::Head(begun_at) => (begun_at, limits.head, CloseReason::HeadSlow),
            Reading::Next { .. } => (self.quiet_since, limits.idle, CloseReason::Idle),
        };
        is_over(since, limit).then_some(late)
    }

    fn unread_since(&self) -> Option<Instant> {
        let unread = self.answers.values().map(|answer| answer.since).min();
        unread.into_iter().chain(self.unflushed_since).min()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Returns after how many whole seconds the client exceeds a time limit, and which one.
    fn late(wait: &ClientWait, now: Instant) -> Option<(u64, CloseReason)> {
        (0..100).find_map(|second| {
            Some((second, wait.timed_out(&ConnectionLimits::FOR_TESTS, now + seconds(second))?))
        })
    }

    fn opened() -> (ClientWait, Instant) {
        let now = Instant::now();
        let mut wait = ClientWait::new(now);
        assert_eq!(late(&wait, now), None, "a handshake has a time limit elsewhere");
        wait.opened(now);
        (wait, now)
    }

    #[test]
    fn the_first_byte_a_head_and_an_idle_connection_have_a_time_limit_each() {
        let (mut wait, now) = opened();
        assert_eq!(late(&wait, now), Some((1, CloseReason::FirstByteSlow)));
        wait.read(now);
        wait.read(now + seconds(1));
        assert_eq!(
            late(&wait, now),
            Some((2, CloseReason::HeadSlow)),
            "a single byte does not extend the time"
        );
        wait.request(false);
        assert_eq!(late(&wait, now), None, "the host works on the request");
        wait.request_ended(now);
        assert_eq!(late(&wait, now), Some((30, CloseReason::Idle)));
        wait.read(now);
        assert_eq!(late(&wait, now), Some((2, CloseReason::HeadSlow)));
    }

    #[test]
    fn http_2_frames_without_a_request_do_not_extend_the_time() {
        let (mut wait, now) = opened();
        wait.read(now);
        wait.request(true);
        wait.request_ended(now);
        wait.read(now + seconds(20));
        assert_eq!(late(&wait, now), Some((30, CloseReason::Idle)));
    }

    #[test]
    fn an_answer_that_is_not_read_has_a_time_limit_and_counts_as_unread() {
        let (mut wait, now) = opened();
        wait.request(true);
        let answer = wait.answer(500, now);
        wait.request_ended(now);
        assert_eq!((wait.unread_bytes(), wait.waiting_since()), (500, Some(now)));
        assert_eq!(late(&wait, now), Some((10, CloseReason::AnswerSlow)));
        wait.blocked(now);
        wait.taken(answer, now);
        assert_eq!(wait.unread_bytes(), 500, "the answer is still in the buffers");
        wait.flushed(now);
        assert_eq!((wait.unread_bytes(), wait.is_quiet()), (0, true));
    }

    #[test]
    fn a_socket_that_accepts_nothing_has_a_shorter_time_limit_than_a_slow_one() {
        let (mut wait, now) = opened();
        wait.request(false);
        wait.request_ended(now);
        wait.blocked(now);
        assert_eq!(late(&wait, now), Some((3, CloseReason::Stalled)));
        for second in 0..9 {
            wait.wrote();
            wait.blocked(now + seconds(second));
        }
        assert_eq!(late(&wait, now), Some((10, CloseReason::AnswerSlow)));
        wait.flushed(now);
        assert!(wait.is_quiet());
    }

    #[test]
    fn while_a_body_arrives_the_host_waits_for_the_client() {
        let (mut wait, now) = opened();
        wait.request(false);
        assert_eq!(wait.waiting_since(), None);
        wait.body_begun(now);
        assert_eq!((wait.waiting_since(), wait.is_quiet()), (Some(now), false));
        wait.body_ended();
        assert_eq!((wait.waiting_since(), wait.is_quiet()), (None, false));
    }
}

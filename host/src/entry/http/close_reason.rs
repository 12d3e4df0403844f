//! The reasons for which the host ends a connection.

/// Why the host ended or refused a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// The client did not read an answer in time.
    AnswerSlow,
    /// Another connection or request needed the room.
    Evicted,
    FirstByteSlow,
    HandshakeSlow,
    HeadSlow,
    /// The client sent no further request in time.
    Idle,
    /// The client accepted no bytes for some time.
    Stalled,
    /// The host stops.
    Stopping,
    /// There were too many connections, and none of them waited for its client.
    TurnedAway,
    /// Unread answers exceed the memory for them, and this client left the most unread.
    Unread,
}

impl CloseReason {
    /// The name in metrics and in the log, and whether the connection is reset. A client that does not read would not notice
    /// an orderly end, and the system would keep the unread bytes for minutes.
    fn row(self) -> (&'static str, bool) {
        match self {
            CloseReason::AnswerSlow => ("answer_slow", true),
            CloseReason::Evicted => ("evicted", true),
            CloseReason::FirstByteSlow => ("first_byte_slow", false),
            CloseReason::HandshakeSlow => ("handshake_slow", false),
            CloseReason::HeadSlow => ("head_slow", false),
            CloseReason::Idle => ("idle", false),
            CloseReason::Stalled => ("stalled", true),
            CloseReason::Stopping => ("stopping", false),
            CloseReason::TurnedAway => ("turned_away", false),
            CloseReason::Unread => ("untaken", true),
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        self.row().0
    }

    pub(super) fn resets(self) -> bool {
        self.row().1
    }
}

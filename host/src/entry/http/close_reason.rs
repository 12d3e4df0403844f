//! The reasons for which the host ends a connection.

use super::wait::Timeout;

/// Why the host ended or refused a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// Another connection or request needed the room.
    Evicted,
    /// Its TLS handshake took too long.
    Handshake,
    /// Its client exceeded a time limit.
    Timeout(Timeout),
    /// The host stops.
    Stopping,
    /// There were too many connections, and none of them waited for its client.
    TurnedAway,
    /// Unread answers exceed the memory for them, and this client left the most unread.
    Unread,
}

impl CloseReason {
    /// The name in metrics and in the log.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            CloseReason::Evicted => "evicted",
            CloseReason::Handshake => "handshake_slow",
            CloseReason::Timeout(Timeout::Answer) => "answer_slow",
            CloseReason::Timeout(Timeout::FirstByte) => "first_byte_slow",
            CloseReason::Timeout(Timeout::Head) => "head_slow",
            CloseReason::Timeout(Timeout::Request) => "idle",
            CloseReason::Timeout(Timeout::WriteStall) => "stalled",
            CloseReason::Stopping => "stopping",
            CloseReason::TurnedAway => "turned_away",
            CloseReason::Unread => "untaken",
        }
    }

    /// Whether the connection is reset. A client that does not read would not notice an orderly end, and the system would
    /// keep the unread bytes for minutes.
    pub(super) fn resets(self) -> bool {
        match self {
            CloseReason::Evicted
            | CloseReason::Timeout(Timeout::Answer | Timeout::WriteStall)
            | CloseReason::Unread => true,
            CloseReason::Handshake
            | CloseReason::Timeout(Timeout::FirstByte | Timeout::Head | Timeout::Request)
            | CloseReason::Stopping
            | CloseReason::TurnedAway => false,
        }
    }
}

//! Why the host ends a connection by itself.

use super::wait::Timeout;

/// What made the host end a connection, or not take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// Its place was needed.
    Evicted,
    /// Its TLS handshake took too long.
    Handshake,
    /// Its client was late.
    Timeout(Timeout),
    /// The host stops.
    Stopping,
    /// The host was at work for all others, and could end none of them.
    TurnedAway,
    /// The answers that clients do not take fill the memory for them, and this client left most.
    Unread,
}

impl CloseReason {
    /// As it is counted and logged.
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

    /// Whether the connection is reset: a client that does not read would not see its end, and the system would keep
    /// for minutes what it was to read.
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

//! Why the host ends a connection by itself.

use super::turn::Late;

/// What made the host end a connection, or not take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its place was needed.
    Evicted,
    /// Its TLS handshake took too long.
    Handshake,
    /// Its client was late.
    Late(Late),
    /// The host stops.
    Stopping,
    /// The host was at work for all others, and could end none of them.
    TurnedAway,
    /// The answers that clients do not take fill the memory for them, and this client left most.
    Untaken,
}

impl Ending {
    /// As it is counted and logged.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Ending::Evicted => "evicted",
            Ending::Handshake => "handshake_slow",
            Ending::Late(Late::Answer) => "answer_slow",
            Ending::Late(Late::FirstByte) => "first_byte_slow",
            Ending::Late(Late::Head) => "head_slow",
            Ending::Late(Late::Request) => "idle",
            Ending::Late(Late::Taking) => "stalled",
            Ending::Stopping => "stopping",
            Ending::TurnedAway => "turned_away",
            Ending::Untaken => "untaken",
        }
    }

    /// Whether the connection is reset: a client that does not read would not see its end, and the system would keep
    /// for minutes what it was to read.
    pub(super) fn resets(self) -> bool {
        match self {
            Ending::Evicted | Ending::Late(Late::Answer | Late::Taking) | Ending::Untaken => true,
            Ending::Handshake
            | Ending::Late(Late::FirstByte | Late::Head | Late::Request)
            | Ending::Stopping
            | Ending::TurnedAway => false,
        }
    }
}

//! What clients, hosts and the table have and do.

/// What a client wants. A client repeats a request that has no answer with the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Operation {
    /// Opens the ticket with this content, under the idempotency key that both clients use.
    Open { content: u8 },
    /// Adds a comment, under a key of its own.
    Comment,
    /// Moves the ticket to another status. After a final one, no comment can be added. With `if_match`, the ticket is moved
    /// only if it still has the version that the client saw before its first request.
    Move { is_final: bool, if_match: bool },
}

/// One write of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Write {
    Insert { content: u8 },
    Append { entry: u8 },
    Set { change: u8, at_version: u8, is_final: bool },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Ticket {
    pub(super) content: u8,
    pub(super) version: u8,
    pub(super) entries: Vec<u8>,
    /// The last change without an append, which the table recognizes if it is repeated.
    pub(super) last_change: Option<u8>,
    pub(super) moved: Option<Moved>,
}

/// The change that moved a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Moved {
    pub(super) by: usize,
    pub(super) is_final: bool,
    /// The version that the change names, and the version that the ticket had.
    pub(super) named: u8,
    pub(super) found: u8,
}

/// What the table answers to a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Answer {
    /// The write is stored, now or by an earlier attempt.
    Stored,
    /// The condition of the write does not hold.
    Refused,
    /// The ticket has another version than the write names.
    Stale,
    Missing,
}

/// What a client got for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Outcome {
    Done,
    Refused,
    Unknown,
}

/// A request to the table. It may arrive long after the host gave it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Attempt {
    pub(super) client: usize,
    /// Counts the attempts of all requests of the client.
    pub(super) number: u8,
}

/// A request in the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Request {
    pub(super) write: Write,
    /// The number of its newest attempt.
    pub(super) attempt: u8,
    pub(super) attempts_left: u8,
    /// Whether an earlier attempt of this write has no answer.
    pub(super) lost: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Client {
    pub(super) request: Option<Request>,
    pub(super) attempts: u8,
    /// How often the component made a change id.
    pub(super) changes: u8,
    /// The outcomes of its requests.
    pub(super) outcomes: Vec<Outcome>,
    /// The version for `if_match`.
    pub(super) seen: Option<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) ticket: Option<Ticket>,
    pub(super) clients: Vec<Client>,
    /// Attempts on their way to the table.
    pub(super) sent: Vec<(Attempt, Write)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Event {
    /// A client sends the request of its operation, for the first time or again.
    Send(usize),
    /// An attempt reaches the table, and its answer reaches the host if the host still waits for it. An attempt for which this
    /// event never comes is one that never arrives.
    Arrive(Attempt),
    /// The table refuses an attempt because it has too much to do.
    Throttle(Attempt),
    /// The host no longer waits for the present attempt.
    GiveUp(usize),
    /// The host is killed, or the client has lost its connection.
    Disconnect(usize),
}

impl Client {
    pub(super) fn ended(&mut self, outcome: Outcome) {
        self.outcomes.push(outcome);
    }
}

impl World {
    /// The host sends the next attempt of a client's request.
    pub(super) fn attempt(&mut self, number: usize) {
        let client = &mut self.clients[number];
        let Some(request) = &mut client.request else { return };
        client.attempts += 1;
        request.attempt = client.attempts;
        request.attempts_left -= 1;
        self.sent.push((Attempt { client: number, number: client.attempts }, request.write));
        self.sent.sort_by_key(|(attempt, _)| *attempt);
    }

    pub(super) fn take(&mut self, attempt: Attempt) -> Option<Write> {
        let at = self.sent.iter().position(|(sent, _)| *sent == attempt)?;
        Some(self.sent.remove(at).1)
    }

    /// Whether the host still waits for an attempt.
    pub(super) fn awaits(&self, attempt: Attempt) -> bool {
        self.clients[attempt.client].request.is_some_and(|request| request.attempt == attempt.number)
    }
}

//! A model of the one place where client, host, component and table share a promise: the repeat of a write whose outcome is
//! unknown. The checker visits every state that two clients can reach on one ticket, whatever is lost, late or refused.
//!
//! The rules of the table are those of `wit/key-value.wit`, the rules of the component those of `guest/desk/src/desk.rs`, and the
//! rules of the host those of `items/src/dynamodb/verbs.rs`. The model has no clock: nothing in it depends on how long anything takes.

use stateright::{Model, Property};

use super::world::{Answer, Client, Event, Moved, Operation, Outcome, Request, Ticket, World, Write};

/// A defect that the checker must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Defect {
    /// An insert overwrites a ticket that is there.
    InsertOverwrites,
    /// An append does not look for its own entry.
    AppendTwice,
    /// A repeat of a comment has a new entry id.
    NewEntryId,
    /// A change does not depend on the version that it was made for.
    ChangeAnyVersion,
    /// After a lost attempt, the refusal of the last one counts.
    ThrottledIsCertain,
    /// After a lost attempt, another version counts as a refusal.
    StaleIsCertain,
    /// After a lost attempt, a missing ticket counts as a refusal.
    MissingIsCertain,
    /// The host reports an attempt without an answer as refused.
    LostIsRefused,
}

pub(super) struct Protocol {
    /// Whether the ticket is there at the beginning.
    pub(super) is_open: bool,
    /// What the two clients want.
    pub(super) operations: [Operation; 2],
    pub(super) defect: Option<Defect>,
}

impl Protocol {
    fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    /// The id of the entry of a comment.
    fn entry(&self, client: &Client, number: usize) -> u8 {
        let is_new = self.has(Defect::NewEntryId) && !client.outcomes.is_empty();
        first_entry(number) + u8::from(is_new)
    }

    /// The component handles a request: it makes the write, or has an outcome without one.
    fn handle(&self, world: &mut World, number: usize) {
        let ticket = world.ticket.clone();
        let client = &mut world.clients[number];
        let write = match self.operations[number] {
            Operation::Open { content } => Write::Insert { content },
            Operation::Comment => Write::Append { entry: self.entry(client, number) },
            Operation::Move { is_final, if_match } => match ticket {
                None => return client.ended(Outcome::Refused),
                Some(ticket) => {
                    let seen = *client.seen.get_or_insert(ticket.version);
                    if if_match && seen != ticket.version {
                        return client.ended(Outcome::Refused);
                    }
                    if ticket.moved.is_some() {
                        return client.ended(Outcome::Done);
                    }
                    client.changes += 1;
                    let change = first_entry(number) + client.changes;
                    Write::Set { change, at_version: ticket.version, is_final }
                }
            },
        };
        client.request = Some(Request { write, attempt: 0, attempts_left: ATTEMPTS, lost: false });
        world.attempt(number);
    }

    /// The table applies a write.
    fn apply(&self, world: &mut World, client: usize, write: Write) -> Answer {
        match (&mut world.ticket, write) {
            (ticket @ None, Write::Insert { content }) => {
                *ticket =
                    Some(Ticket { content, version: 1, entries: vec![], last_change: None, moved: None });
                Answer::Stored
            }
            (Some(ticket), Write::Insert { content }) => {
                if self.has(Defect::InsertOverwrites) {
                    ticket.content = content;
                }
                if ticket.content == content { Answer::Stored } else { Answer::Refused }
            }
            (None, Write::Append { .. } | Write::Set { .. }) => Answer::Missing,
            (Some(ticket), Write::Append { entry }) => {
                if ticket.entries.contains(&entry) && !self.has(Defect::AppendTwice) {
                    Answer::Stored
                } else if ticket.moved.is_some_and(|moved| moved.is_final) {
                    Answer::Refused
                } else {
                    ticket.entries.push(entry);
                    ticket.version += 1;
                    ticket.last_change = None;
                    Answer::Stored
                }
            }
            (Some(ticket), Write::Set { change, at_version, is_final }) => {
                if ticket.last_change == Some(change) {
                    Answer::Stored
                } else if ticket.version != at_version && !self.has(Defect::ChangeAnyVersion) {
                    Answer::Stale
                } else {
                    ticket.version += 1;
                    ticket.last_change = Some(change);
                    let found = ticket.version - 1;
                    ticket.moved = Some(Moved { by: client, is_final, named: at_version, found });
                    Answer::Stored
                }
            }
        }
    }

    /// The host and the component get an answer of the table.
    fn answered(&self, world: &mut World, number: usize, answer: Answer) {
        let client = &mut world.clients[number];
        let Some(Request { write, lost, .. }) = client.request.take() else { return };
        let is_change = matches!(write, Write::Set { .. });
        match answer {
            Answer::Stored => client.ended(Outcome::Done),
            Answer::Missing if lost && !self.has(Defect::MissingIsCertain) => client.ended(Outcome::Unknown),
            Answer::Stale | Answer::Refused if lost && is_change && !self.has(Defect::StaleIsCertain) => {
                client.ended(Outcome::Unknown);
            }
            // The component tries again with the new version, unless the client named the old one.
            Answer::Stale => self.handle(world, number),
            Answer::Refused | Answer::Missing => client.ended(Outcome::Refused),
        }
    }

    /// The present attempt has no outcome: the host makes another one, or the request ends.
    fn failed(&self, world: &mut World, number: usize, lost: bool) {
        let client = &mut world.clients[number];
        let Some(request) = &mut client.request else { return };
        request.lost |= lost;
        if request.attempts_left > 0 {
            return world.attempt(number);
        }
        let certain = self.has(Defect::LostIsRefused) || (!lost && self.has(Defect::ThrottledIsCertain));
        let outcome = if request.lost && !certain { Outcome::Unknown } else { Outcome::Refused };
        client.request = None;
        client.ended(outcome);
    }

    /// The outcomes of each client without a request in progress, and whether its operation is stored.
    fn effects<'a>(&'a self, world: &'a World) -> impl Iterator<Item = (&'a [Outcome], bool)> + 'a {
        let ended = world.clients.iter().enumerate().filter(|(_, client)| client.request.is_none());
        ended.map(move |(number, client)| {
            let is_stored = world.ticket.as_ref().is_some_and(|ticket| match self.operations[number] {
                Operation::Open { content } => ticket.content == content,
                Operation::Comment => {
                    ticket.entries.iter().any(|entry| entry / 10 == first_entry(number) / 10)
                }
                // A move is also done if the other client has moved the ticket.
                Operation::Move { .. } if client.outcomes.contains(&Outcome::Done) => ticket.moved.is_some(),
                Operation::Move { .. } => ticket.moved.is_some_and(|moved| moved.by == number),
            });
            (client.outcomes.as_slice(), is_stored)
        })
    }
}

/// The id of the entry of a client. Its tens are the client.
fn first_entry(client: usize) -> u8 {
    if client == 0 { 10 } else { 20 }
}

impl Model for Protocol {
    type State = World;
    type Action = Event;

    fn init_states(&self) -> Vec<World> {
        let client = Client { request: None, attempts: 0, changes: 0, outcomes: vec![], seen: None };
        let ticket = Ticket { content: 0, version: 1, entries: vec![], last_change: None, moved: None };
        let ticket = self.is_open.then_some(ticket);
        vec![World { ticket, clients: vec![client.clone(), client], sent: vec![] }]
    }

    fn actions(&self, world: &World, events: &mut Vec<Event>) {
        for (number, client) in world.clients.iter().enumerate() {
            if client.request.is_some() {
                events.extend([Event::GiveUp(number), Event::Disconnect(number)]);
            } else if client.outcomes.last() != Some(&Outcome::Done) && client.outcomes.len() < REQUESTS {
                events.push(Event::Send(number));
            }
        }
        for (attempt, _) in &world.sent {
            events.push(Event::Arrive(*attempt));
            if world.awaits(*attempt) {
                events.push(Event::Throttle(*attempt));
            }
        }
    }

    fn next_state(&self, world: &World, event: Event) -> Option<World> {
        let mut next = world.clone();
        match event {
            Event::Send(number) => self.handle(&mut next, number),
            Event::Arrive(attempt) => {
                let write = next.take(attempt)?;
                let is_awaited = next.awaits(attempt);
                let answer = self.apply(&mut next, attempt.client, write);
                if is_awaited {
                    self.answered(&mut next, attempt.client, answer);
                }
            }
            Event::Throttle(attempt) => {
                next.take(attempt)?;
                self.failed(&mut next, attempt.client, false);
            }
            Event::GiveUp(number) => self.failed(&mut next, number, true),
            Event::Disconnect(number) => {
                next.clients[number].request = None;
                next.clients[number].ended(Outcome::Unknown);
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("an acknowledged write is stored", |protocol: &Protocol, world: &World| {
                protocol.effects(world).all(|(outcomes, stored)| stored || !outcomes.contains(&Outcome::Done))
            }),
            Property::always("a refused write is never stored", |protocol: &Protocol, world: &World| {
                protocol.effects(world).all(|(outcomes, stored)| {
                    !stored
                        || outcomes.is_empty()
                        || outcomes.iter().any(|outcome| *outcome != Outcome::Refused)
                })
            }),
            Property::always("a comment is stored once", |_: &Protocol, world: &World| {
                let Some(ticket) = &world.ticket else { return true };
                let entries =
                    |client: &u8| ticket.entries.iter().filter(|entry| *entry / 10 == *client).count();
                [1, 2].iter().all(|client| entries(client) <= 1)
            }),
            Property::always(
                "a change is made to the version that it names",
                |_: &Protocol, world: &World| {
                    let moved = world.ticket.as_ref().and_then(|ticket| ticket.moved);
                    moved.is_none_or(|moved| moved.named == moved.found)
                },
            ),
            Property::sometimes(
                "a repeat finds the write of an attempt without an answer",
                |protocol: &Protocol, world: &World| {
                    protocol.effects(world).any(|(outcomes, _)| outcomes == [Outcome::Unknown, Outcome::Done])
                },
            ),
        ]
    }
}

/// The most attempts of one write.
const ATTEMPTS: u8 = 2;
/// The most requests of one client.
const REQUESTS: usize = 2;

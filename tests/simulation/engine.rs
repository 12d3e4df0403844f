//! Runs a plan in a world, one event after the other, in one thread. The order of events and everything else depends on the
//! seed only.

use std::collections::BTreeMap;

use desk::Response;
use portdesk::store::GuestStore;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::checker::History;
use crate::client::{self, Client, Sent};
use crate::history::{Answer, Asked, NEVER, Operation};
use crate::host::Running;
use crate::plan::{Action, Plan, Step};
use crate::world::{Event, Turn, World, WorldKind};

/// A request on its way.
struct Request {
    client: usize,
    host: usize,
    /// Its place in the history; none for a page of a list.
    operation: Option<usize>,
    start: u64,
    sent: Option<Sent>,
    running: Option<Running>,
    /// `None` if no host took the request.
    response: Option<Response>,
    is_awaited: bool,
    chance: SmallRng,
}

pub(crate) struct Engine<W: World> {
    kind: WorldKind,
    world: W,
    turn: Turn<W::Event>,
    clients: Vec<Client>,
    requests: Vec<Request>,
    history: History,
    /// The ids of tickets.
    ids: BTreeMap<u32, String>,
    is_calm: bool,
}

/// Runs a plan and returns what clients saw.
pub(crate) fn run<W: World>(kind: WorldKind, plan: &Plan, world: W) -> History {
    let clients = plan.clients.iter().zip(0..).map(|(steps, number)| Client::new(number, steps.clone()));
    let mut engine = Engine {
        kind,
        world,
        turn: Turn::new(kind.hosts()),
        clients: clients.collect(),
        requests: Vec::new(),
        history: History::default(),
        ids: client::ids().clone(),
        is_calm: false,
    };
    engine.world.begin(&plan.faults, &mut engine.turn);
    for number in 0..engine.clients.len() {
        engine.turn.after(number as u64, Event::Send(number));
    }
    engine.run();
    engine.is_calm = true;
    engine.world.calm(&mut engine.turn);
    engine.run();
    engine.last_look();
    engine.finish()
}

impl<W: World> Engine<W> {
    fn run(&mut self) {
        while let Some(event) = self.turn.next() {
            match event {
                Event::Send(client) => self.send(client),
                Event::Arrive(request) => self.arrive(request),
                Event::Answer(request) => self.answer(request),
                Event::GiveUp(request) => self.give_up(request),
                Event::World(event) => self.world.happens(event, &mut self.turn),
            }
            self.settle();
        }
    }

    /// Lets everything go on that can, and forgets the requests of hosts that have ended.
    fn settle(&mut self) {
        loop {
            self.poll();
            self.world.settle(&mut self.turn);
            if self.turn.ended.is_empty() {
                return;
            }
            for host in std::mem::take(&mut self.turn.ended) {
                self.requests
                    .iter_mut()
                    .filter(|request| request.host == host)
                    .for_each(|request| request.running = None);
                self.turn.busy[host] = 0;
                self.turn.clocks[host].restart();
                self.world.bury(host, &mut self.turn);
            }
        }
    }

    fn poll(&mut self) {
        for number in 0..self.requests.len() {
            let request = &mut self.requests[number];
            let Some(response) = request.running.as_mut().and_then(Running::poll) else { continue };
            request.running = None;
            request.response = Some(response);
            self.turn.busy[request.host] -= 1;
            let delay = request.chance.random_range(1..self.kind.delay_us());
            if self.is_calm || !request.chance.random_bool(LOSS) {
                self.turn.after(delay, Event::Answer(number));
            }
        }
    }

    fn send(&mut self, number: usize) {
        let Some(sent) = self.clients[number].next_request(&self.ids) else { return };
        let (start, delay) = (self.turn.now.get(), self.kind.delay_us());
        let mut chance = SmallRng::seed_from_u64(sent.seed);
        let operation = sent.asked.clone().map(|(object, asked)| {
            let (end, answer) = (NEVER, Answer::Unknown);
            self.history.operations.push(Operation { client: number, object, asked, start, end, answer });
            self.history.operations.len() - 1
        });
        let request = self.requests.len();
        if self.is_calm || !chance.random_bool(LOSS) {
            self.turn.after(chance.random_range(1..delay), Event::Arrive(request));
        }
        let patience = if chance.random_bool(0.05) { 4 } else { 100 };
        if !self.is_calm {
            self.turn.after(delay * patience, Event::GiveUp(request));
        }
        let host = chance.random_range(0..self.kind.hosts());
        self.requests.push(Request {
            client: number,
            host,
            operation,
            start,
            sent: Some(sent),
            running: None,
            response: None,
            is_awaited: true,
            chance,
        });
    }

    fn arrive(&mut self, number: usize) {
        let request = &mut self.requests[number];
        let Some(Sent { message, seed, .. }) = request.sent.take() else { return };
        match self.world.store(request.host) {
            Some(store) => self.begin(number, message, store, seed),
            // The connection is refused.
            None => self.turn.after(1, Event::Answer(number)),
        }
    }

    fn begin(&mut self, number: usize, message: desk::Request, store: GuestStore, seed: u64) {
        let request = &mut self.requests[number];
        let clock = std::rc::Rc::clone(&self.turn.clocks[request.host]);
        request.running = Some(Running::new(message, store, clock, seed ^ 1));
        self.turn.busy[request.host] += 1;
    }

    fn answer(&mut self, number: usize) {
        let request = &mut self.requests[number];
        if !std::mem::replace(&mut request.is_awaited, false) {
            return;
        }
        let (client, start, now) = (request.client, request.start, self.turn.now.get());
        let response = request.response.take();
        let answer = match request.operation {
            None => self.listed(client, start, response.as_ref()),
            Some(place) => {
                let operation = &mut self.history.operations[place];
                let read = client::read(&operation.asked, response.as_ref());
                let answer = read.unwrap_or_else(|defect| {
                    self.history.defects.push(defect);
                    Answer::Refused
                });
                operation.answer = answer.clone();
                operation.end = if answer == Answer::Unknown { NEVER } else { now };
                self.learn(place, response.as_ref());
                answer
            }
        };
        if self.is_calm && matches!(answer, Answer::Refused | Answer::Unknown) {
            let text = format!("after the faults, client {client} is answered {answer:?}: {response:?}");
            self.history.defects.push(text);
        }
        self.go_on(client, &answer);
    }

    /// Remembers what a client has seen.
    fn learn(&mut self, place: usize, response: Option<&Response>) {
        let operation = &self.history.operations[place];
        let Answer::Done(Some(seen)) = &operation.answer else { return };
        let object = operation.object;
        if let Some(version) = seen.version {
            self.clients[operation.client].versions.insert(object, version);
        }
        if self.world.visible().is_none() {
            let since = self.history.visible.entry(object).or_insert(operation.end);
            *since = operation.end.min(*since);
        }
        if let Some(id) = response.and_then(client::id) {
            self.ids.insert(object, id);
        }
        if let Asked::Move { .. } = operation.asked {
            let read = Operation { asked: Asked::Read, ..operation.clone() };
            self.history.operations.push(read);
        }
    }

    /// Reads a page of a list.
    fn listed(&mut self, client: usize, start: u64, response: Option<&Response>) -> Answer {
        let Some(page) = client::page(response) else { return Answer::Refused };
        let working = self.clients[client].working.as_mut().expect("a client that reads a list");
        if working.cursor.is_none() {
            working.walk.start = start;
        }
        working.cursor = page.next_cursor;
        for (id, seen, object) in page.tickets {
            working.walk.shown.push((object, seen.created_at.clone()));
            self.ids.insert(object, id);
            // An index of a table may show an earlier state.
            let start = if self.world.visible().is_some() { 0 } else { start };
            let (asked, end, answer) = (Asked::Listed, self.turn.now.get(), Answer::Done(Some(seen)));
            self.history.operations.push(Operation { client, object, asked, start, end, answer });
        }
        if working.cursor.is_none() {
            working.walk.is_complete = true;
            let walk = std::mem::take(&mut working.walk);
            self.history.walks.push(walk);
        }
        Answer::Done(None)
    }

    fn give_up(&mut self, number: usize) {
        let request = &mut self.requests[number];
        if !std::mem::replace(&mut request.is_awaited, false) {
            return;
        }
        // Either the client has gone and the host works on, or the time of the request has passed and the host drops it.
        if request.running.is_some() && request.chance.random_bool(0.5) {
            request.running = None;
            self.turn.busy[request.host] -= 1;
        }
        let client = request.client;
        self.go_on(client, &Answer::Unknown);
    }

    fn go_on(&mut self, number: usize, answer: &Answer) {
        let client = &mut self.clients[number];
        let failed = matches!(answer, Answer::Refused | Answer::Unknown);
        if let Some(walk) = client.ended(failed && !self.is_calm, failed) {
            self.history.walks.push(walk);
        }
        let delay = client.chance.random_range(1..self.kind.delay_us() * 4);
        self.turn.after(delay, Event::Send(number));
    }

    /// Reads everything, when nothing fails any more.
    fn last_look(&mut self) {
        let lists = (0..2).map(|caller| Action::List { caller, limit: 3 }).collect();
        self.look(lists);
        let reads = self.ids.keys().map(|object| Action::Read { slot: *object }).collect();
        self.look(reads);
    }

    fn look(&mut self, actions: Vec<Action>) {
        let number = self.clients.len();
        let step = |(action, number)| Step { number, seed: u64::from(number), action };
        let steps: Vec<_> = actions.into_iter().zip(90_000..).map(step).collect();
        self.clients.push(Client::new(number, steps));
        self.turn.after(1_000, Event::Send(number));
        self.run();
    }

    fn finish(mut self) -> History {
        self.history.defects.splice(..0, self.turn.defects.drain(..));
        if let Some(visible) = self.world.visible() {
            let of = |(object, id): (&u32, &String)| Some((*object, *visible.get(id)?));
            self.history.visible = self.ids.iter().filter_map(of).collect();
        }
        self.history
    }
}

/// The share of requests and of answers between clients and hosts that are lost.
const LOSS: f64 = 0.02;

//! Answers a request in a space: notes it in the journal, and does what the faults of the space ask for.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::ACCEPT;
use hyper::{Request, StatusCode};
use tokio::time::timeout_at;

use super::noted::Noted;
use super::pages::page;
use super::{Answer, Passage, Pipeline, Reply, answer, passed_headers};
use crate::chance::{Draw, Said};
use crate::clock;
use crate::door::{Plan, Refusal};
use crate::exchange::Exchange;
use crate::faults::{Action, AnswerAction, Asked, Body, Dice, DoorAction, RefusedAs, Station};
use crate::journal::StationName;
use crate::sandbox::{Conditions, Moment};
use crate::space::{Space, Spaces};
use crate::telemetry::OperationLabel;

/// What a fault does with an answer on its way to the client. A way in does it; to a way in that cannot, the answer is an
/// ordinary one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Nothing is sent, and the connection or the stream of HTTP/2 is reset.
    Lost,
    /// Half of the body is sent, and the connection or the stream is reset.
    Truncated,
    /// The body is sent in pieces.
    Dripped {
        /// The size of a piece.
        bytes: usize,
        /// The time between two pieces.
        pause: Duration,
    },
}

impl Pipeline {
    pub(super) async fn respond_in(
        &self,
        spaces: &Spaces,
        asked: &Request<Bytes>,
        passage: &Passage,
    ) -> Reply {
        let of_key = || spaces.of_key(passage.admitted.space.as_ref());
        let space = match passage.space.clone().map_or_else(of_key, Ok) {
            Ok(space) => space,
            Err(refusal) => return answer::refused(&refusal, asked.method(), self.parity),
        };
        let operation = self.contract.operation(asked.method(), asked.uri().path());
        let waited_us = passage.elapsed_us();
        let is_write = !asked.method().is_safe();
        let draw = || spaces.are_controlled.then(|| draw(&space, asked, passage));
        let at_once = space.enter_at_once(passage.begun, is_write);
        // A request that waits for a reset is not said in the present world, so it keeps its random id.
        let mut drawn = matches!(at_once, Some(Ok(_))).then(draw).flatten();
        let seeded = drawn.as_ref().and_then(Draw::request_id).map(|id| id.to_string());
        let request_id = seeded.as_deref().unwrap_or(&passage.request_id);
        // Before the wait for a reset, so that people see what waits. No write that began before a mark is done after it.
        let operation_id = operation.and_then(|operation| operation.id.as_deref());
        let noted = Noted::begin(spaces, &space, asked, passage, operation_id, request_id);
        let entered = match at_once {
            Some(entered) => entered,
            None => space.enter(passage.begun, is_write, passage.deadline).await,
        };
        let _entered = match entered {
            Ok(entered) => entered,
            Err(refusal) => {
                let reply = answer::refused(&refusal, asked.method(), self.parity);
                noted.end(&reply, None).await;
                return reply;
            }
        };
        if drawn.is_none() {
            drawn = draw();
        }
        let dice = dice(drawn.as_ref());
        let client = Arc::clone(passage.admitted.client.name());
        let begun = passage.begun.into_std();
        let operation = operation.map(Arc::clone);
        let exchange = Exchange::new(Arc::clone(&space.faults), dice, client, operation, begun);
        let exchange = Arc::new(exchange);
        exchange.left(StationName::Wait, waited_us);
        let reply = self.meet(&space, drawn, &exchange, asked, passage, request_id).await;
        noted.end(&reply, Some(&exchange)).await;
        Reply { request_id: seeded, ..reply }
    }

    /// The component's answer, unless faults of the door or of the answer change it.
    async fn meet(
        &self,
        space: &Space,
        draw: Option<Draw>,
        exchange: &Arc<Exchange>,
        asked: &Request<Bytes>,
        passage: &Passage,
        request_id: &str,
    ) -> Reply {
        if let Some(fault) = exchange.fault(Station::Door)
            && let Some(reply) = self.at_the_door(space, fault, asked, passage).await
        {
            return reply;
        }
        let moment = draw.map_or_else(Moment::default, |draw| Moment {
            now: Some(space.clock.tick()),
            generator: draw.generator().map(Box::new),
        });
        let store = space.store.observed(Arc::clone(exchange));
        let conditions = Some(Box::new(Conditions { store, moment }));
        let begun_us = exchange.elapsed_us();
        let reply = self.respond(asked, passage, request_id, conditions).await;
        exchange.left(StationName::Component, begun_us);
        match exchange.fault(Station::Answer) {
            Some(Action::Answer(fault)) => {
                self.on_the_way(space, &fault, reply, exchange, asked, passage).await
            }
            Some(Action::Door(_) | Action::Store(_) | Action::Red) | None => reply,
        }
    }

    async fn at_the_door(
        &self,
        space: &Space,
        fault: Action,
        asked: &Request<Bytes>,
        passage: &Passage,
    ) -> Option<Reply> {
        let Action::Door(fault) = fault else { return None };
        let refused = |refusal: Refusal| Some(answer::refused(&refusal, asked.method(), self.parity));
        match fault {
            DoorAction::Delay(delay) => match timeout_at(passage.deadline, space.faults.last(delay)).await {
                Ok(()) => None,
                Err(_elapsed) => refused(Refusal::Deadline),
            },
            DoorAction::Refuse(refused_as) => refused(refusal(refused_as)),
            DoorAction::Status { status, body } => Some(reply(with_status(status, body))),
        }
    }

    async fn on_the_way(
        &self,
        space: &Space,
        fault: &AnswerAction,
        reply: Reply,
        exchange: &Exchange,
        asked: &Request<Bytes>,
        passage: &Passage,
    ) -> Reply {
        let delivered = |delivery, reply| Reply { delivery: Some(delivery), ..reply };
        match *fault {
            AnswerAction::Delay(delay) => {
                let begun_us = exchange.elapsed_us();
                let lasted = timeout_at(passage.deadline, space.faults.last(delay)).await;
                exchange.left(StationName::Answer, begun_us);
                let late = |_| answer::refused(&Refusal::Deadline, asked.method(), self.parity);
                lasted.map_or_else(late, |()| reply)
            }
            AnswerAction::Dripped { bytes, pause } => {
                delivered(Delivery::Dripped { bytes: bytes as usize, pause }, reply)
            }
            AnswerAction::Lost => delivered(Delivery::Lost, reply),
            AnswerAction::Truncated => delivered(Delivery::Truncated, reply),
            AnswerAction::Replaced { status } => {
                let refusal = if status == 504 { Refusal::Deadline } else { Refusal::Failed };
                let mut replaced = answer::refused(&refusal, asked.method(), self.parity);
                // A gateway in front of a host answers 502.
                *replaced.answer.status_mut() =
                    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                replaced
            }
        }
    }

    /// Whether a fault turns the readiness check red.
    pub(super) fn is_made_unready(&self) -> bool {
        let Some(spaces) = &self.spaces else { return false };
        let space = spaces.main();
        if space.faults.is_empty() {
            return false;
        }
        // All checks say the same, so their chance depends on how many came before.
        let said = Said { method: "GET", path: "/readyz", query: None, headers: &[], body: &[], client: "" };
        let dice = dice(Some(&space.chance.draw(&said)));
        let asked =
            Asked { station: Station::Ready, operation: None, verb: None, client: "", call: 0, dice: &dice };
        space.faults.pick(&asked).is_some()
    }
}

impl Passage {
    fn elapsed_us(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

fn draw(space: &Space, asked: &Request<Bytes>, passage: &Passage) -> Draw {
    let headers = passed_headers(asked.headers());
    // Libraries differ in the order of headers and in what they accept, and neither says what the request is about.
    let said = headers.iter().filter(|(name, _)| *name != ACCEPT.as_str());
    let mut headers: Vec<_> = said.map(|(name, value)| (*name, value.as_ref())).collect();
    headers.sort_unstable();
    space.chance.draw(&Said {
        method: asked.method().as_str(),
        path: asked.uri().path(),
        query: asked.uri().query(),
        headers: &headers,
        body: asked.body(),
        client: passage.admitted.client.as_str(),
    })
}

/// The chance of faults. A space without a seed has that of the seed 0, so that its faults can be repeated too.
fn dice(draw: Option<&Draw>) -> Dice {
    let seed = draw.and_then(|draw| draw.seed).unwrap_or_default();
    let (digest, repetition) = draw.map_or(([0; 32], 0), |draw| (draw.digest.0, draw.repetition));
    Dice { seed, digest, repetition }
}

/// The refusal that a rule asks for, with the words of the default plan.
fn refusal(refused_as: RefusedAs) -> Refusal {
    let plan = Plan::default_plan();
    match (refused_as, plan.quota, clock::now()) {
        (RefusedAs::Forbidden, ..) => Refusal::Forbidden,
        (RefusedAs::Busy, ..) => Refusal::Busy,
        (RefusedAs::Deadline, ..) => Refusal::Deadline,
        (RefusedAs::LimitExceeded, Some(quota), Ok(now)) => quota.period.window(now).spent(quota, now),
        (RefusedAs::LimitExceeded | RefusedAs::TooManyRequests, ..) => {
            Refusal::TooManyRequests { plan: Arc::new(plan), retry_after: Duration::from_secs(1) }
        }
    }
}

fn with_status(status: u16, body: Option<Body>) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // Without a body, the answer has the type of an empty text.
    let body = body.unwrap_or_else(|| Body::Text(String::new()));
    page(status, body.media_type(), body.into_text().into())
}

fn reply(answer: Answer) -> Reply {
    Reply::of(answer, OperationLabel::None)
}

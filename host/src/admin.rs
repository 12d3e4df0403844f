//! The private listener: pages for operators and the console for people and tests. Clients of the API never reach it.
//!
//! The listener has a port of its own, so that no proxy rule of the API's port can open it to clients. There are two of its kind:
//! the listener of `--metrics`, which serves one page without a token, and the listener of `--console`, which demands a token.
//! Every request of both passes the one guard before its path is looked at.

mod console;
mod listener;
mod connection;
mod guard;
mod page;
mod lean;
mod metrics;
mod routes;
mod shape;
mod looks;
mod spaces;
mod quotas;
mod reset;
mod snapshots;
mod clock;
mod faults;
mod deeds;
mod events;
mod calls;
mod explain;
mod check;
mod scenarios;
mod figures;
mod items;
mod search;
mod state;
mod asked;
mod refusal;
mod answer;
mod token;

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Method, Request};

use self::answer::Answer;
pub use self::console::{Console, ConsoleError, ConsoleSettings};
use self::guard::Guard;
pub use self::guard::{ConsoleHost, HOSTS_LIMIT};
pub use self::listener::{AdminError, AdminListener};
use self::refusal::Refusal;
pub(crate) use self::scenarios::SCENARIO_TIME;
pub use self::token::{ADDRESS_FILE, TOKEN_FILE, Token};
use crate::pipeline::Pipeline;
use crate::space::Spaces;

/// The pages of one private listener.
pub struct Admin {
    /// The pipeline that the pages report about.
    pipeline: Arc<Pipeline>,
    guard: Guard,
    about: About,
}

/// What the page of a console says about the host and the pipeline does not know.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// Where clients reach the API. Empty if they do not reach it over HTTP.
    pub url: String,
    /// The kind of the store, as `--store` names it.
    pub store: String,
}

impl Admin {
    /// The page of `--metrics`.
    #[must_use]
    pub fn of_metrics(pipeline: Arc<Pipeline>) -> Admin {
        Admin { pipeline, guard: Guard::of_metrics(), about: About::default() }
    }

    /// Answers one request. A path is compared as it was sent: an escaped form of a known path is another path.
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let (head, body) = request.into_parts();
        let answered = match self.guard.admit(&head) {
            Err(refusal) => Err(refusal),
            Ok(()) => match (head.uri.path(), &self.pipeline.spaces) {
                ("/metrics", _) => read_only(&head.method, || metrics::page(&self.pipeline)),
                (path, Some(spaces)) if self.guard.is_of_console() => match page::file(path) {
                    Some(file) => read_only(&head.method, || file.answer()),
                    None => self.perform(spaces, head, body).await,
                },
                (_, Some(_) | None) => Err(Refusal::NotFound),
            },
        };
        answer::protected(answered.unwrap_or_else(|refusal| refusal.answer()))
    }
}

impl Admin {
    /// Answers a request for a route. What changes something goes on to its end if the client leaves, so that nothing is half done.
    async fn perform(&self, spaces: &Arc<Spaces>, head: Parts, body: Incoming) -> Result<Answer, Refusal> {
        if !routes::changes(&head) {
            return routes::answer(&self.pipeline, spaces, &self.about, &head, body).await;
        }
        let (pipeline, spaces, about) = (Arc::clone(&self.pipeline), Arc::clone(spaces), self.about.clone());
        let performed = async move { routes::answer(&pipeline, &spaces, &about, &head, body).await };
        // The task fails only if it panics, which is logged.
        tokio::spawn(performed).await.unwrap_or(Err(Refusal::Failed))
    }
}

/// A page that is only read.
fn read_only(method: &Method, page: impl FnOnce() -> Answer) -> Result<Answer, Refusal> {
    if *method == Method::GET || *method == Method::HEAD {
        return Ok(page());
    }
    Err(Refusal::NotAllowed { allowed: "GET, HEAD" })
}

//! Scenarios: files whose steps are requests of a client, moves of the clock, faults, and expectations.
//!
//! A scenario is read and checked as a whole ([`Scenario::parse`]) before its first step is done ([`run`]). The steps name the
//! operations of the component's contract, so this module knows nothing of what a component does. Whatever answers the
//! requests and has the controls is a [`World`].

mod file;
mod in_space;
mod run;
mod report;
mod step;
mod request;
mod expect;
mod variables;
mod members;

use async_trait::async_trait;
use hyper::body::Bytes;
use hyper::{Request, Response};
use serde_json::Value;

pub use self::expect::Failure;
pub use self::file::{FILE_LIMIT_BYTES, FileError, Scenario};
pub use self::in_space::SpaceWorld;
pub use self::members::MemberError;
pub use self::report::{Found, Outcome, Report, StepReport, junit};
pub use self::request::ParameterError;
pub use self::run::{Mode, run};
pub use self::step::{Place, StepError};
pub use self::variables::VariableError;

/// What a scenario is done in: it answers requests and has controls. The runner calls one function at a time.
#[async_trait]
pub trait World: Send + Sync {
    /// Performs a request as the client of this label, which is `None` if the step names no client. `None`: the answer was
    /// lost.
    async fn perform(&self, client: Option<&str>, request: Request<Bytes>) -> Option<Response<Bytes>>;

    /// Sets the clock. `clock` is the member `clock` of the file or of a step, as it stands there, with the values of its
    /// variables.
    async fn set_clock(&self, clock: &Value) -> Result<(), WorldError>;

    /// Moves the clock on by a duration of ISO 8601 that is longer than zero, such as `PT2H`.
    async fn advance(&self, by: &str) -> Result<(), WorldError>;

    /// Replaces all rules of faults. An empty list removes them.
    async fn set_faults(&self, rules: &Value) -> Result<(), WorldError>;

    /// Brings the world back to its beginning: without items, faults and counts. `seed` and `clock` are those of the file, and
    /// replace those of the beginning; `None` leaves them. This clock may be earlier than the time that the world shows.
    async fn reset(&self, seed: Option<u64>, clock: Option<&Value>) -> Result<(), WorldError>;

    /// Keeps the state under a name.
    async fn snapshot(&self, name: &str) -> Result<(), WorldError>;

    /// Brings the state of a snapshot back.
    async fn restore(&self, name: &str) -> Result<(), WorldError>;

    /// Judges assertions on the requests so far and on the state. The verdict has the member `held`, and if that is `false`,
    /// the list `failures` of objects with the members `what`, `wanted`, `found` and `nearest`, of which each may be absent.
    /// `nearest` is a text, or an object with `n` or `key` and the list `differs`.
    async fn check(&self, assertions: &Value) -> Result<Value, WorldError>;
}

/// The world refuses what a step asks for. The text is a sentence for the author of the scenario: it names what is wrong or
/// not possible, and says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WorldError(pub String);

#[cfg(test)]
mod tests;

//! Why a measurement ends without a result.

use std::io;

/// A sentence for whoever typed the command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A server gave an answer that is not the right one: its figures would be worth nothing.
    #[error("{asked} was answered with {status} and {body:?}")]
    Answer {
        /// Method and path.
        asked: String,
        /// The status of the answer.
        status: u16,
        /// The beginning of its body.
        body: String,
    },
    /// The stand-alone component is not made.
    #[error(transparent)]
    Artifact(#[from] portdesk_components::Error),
    /// The component cannot be loaded.
    #[error(transparent)]
    Component(portdesk::sandbox::LoadError),
    /// The sandbox gave no answer.
    #[error(transparent)]
    Sandbox(portdesk::sandbox::HandleError),
    /// The figures of the host cannot be kept.
    #[error(transparent)]
    Metrics(portdesk::telemetry::MetricsError),
    /// A file or a socket of this program.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// Why not.
        error: io::Error,
    },
    /// A connection broke.
    #[error("a connection broke: {0}")]
    Connection(#[from] hyper::Error),
    /// A thread of this program ended in a panic, which it printed.
    #[error("a thread that makes load ended in a panic")]
    Thread,
    /// The engine alone.
    #[error("the engine alone: {0}")]
    Engine(#[from] rusqlite::Error),
    /// The embedded store does not open.
    #[error(transparent)]
    Open(#[from] portdesk::backend::embedded::OpenError),
    /// The embedded store failed a call.
    #[error(transparent)]
    Store(portdesk::backend::Error),
    /// The native desk cannot start.
    #[error(transparent)]
    Host(#[from] portdesk::host::HostError),
    /// The native desk cannot listen.
    #[error(transparent)]
    Service(#[from] portdesk::service::StartError),
    /// A server did not start.
    #[error("{name} ended before it listened; it said: {said}")]
    Start {
        /// Which.
        name: String,
        /// What it printed.
        said: String,
    },
    /// The system does not say what is asked of it.
    #[error("/proc does not say the {0}")]
    Unsaid(&'static str),
}

impl Failure {
    /// Names the server that did not start; the error has what the server printed.
    pub(crate) fn start(name: &str) -> impl FnOnce(String) -> Failure {
        move |said| Failure::Start { name: name.to_owned(), said }
    }

    /// Says what was tried when the system refused.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Failure {
        let what = what.into();
        move |error| Failure::Io { what, error }
    }
}

//! Why the private listener refuses a request, and what the answer says.

use hyper::StatusCode;
use hyper::header::{ALLOW, HeaderValue};
use serde_json::json;
use tracing::warn;

use super::answer::{self, Answer};
use crate::backend::{self, ContentsError};
use crate::clock::ClockError;
use crate::door::QuotaError;
use crate::faults::RuleError;
use crate::space::SpaceError;

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The request names a host that the listener does not have. A page could have its own name resolve to this machine.
    Misdirected,
    /// A page of another origin sent the request.
    ForeignOrigin,
    /// The browser states that another site or another port of this machine sent the request.
    ForeignSite,
    /// The token is missing or wrong. The answer does not tell these apart.
    NoToken,
    /// The body of a change is of another type. A form of a page cannot have the right type.
    NotJson { expected: &'static str },
    /// The body exceeds its limit.
    TooLarge { limit_bytes: u64 },
    /// There is no such path.
    NotFound,
    /// The path does not have this method.
    NotAllowed { allowed: &'static str },
    /// The host was started without `--controls`.
    ControlsOff,
    /// The body ended early.
    BodyBroken,
    /// The body did not arrive in time.
    BodySlow,
    /// The query or the body cannot be read. The text names the member.
    Malformed(String),
    /// A member has a value that is not possible here. The text names the member.
    Invalid(String),
    /// Something that the path or a member names does not exist.
    Missing(String),
    /// The state of the host does not allow it. A code and a text.
    Conflict(&'static str, String),
    /// It is not possible now, and perhaps later. A code and a text.
    Unavailable(&'static str, String),
    /// A defect of the host, which the log has.
    Failed,
}

impl Refusal {
    /// The answer: a code for programs and a sentence for people, who also see it in the browser.
    pub(super) fn answer(&self) -> Answer {
        let (status, code, message) = self.row();
        let mut answer = answer::json(status, &json!({"error": code, "message": message}));
        if let Refusal::NotAllowed { allowed } = self {
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
        }
        answer
    }

    /// The table of all refusals.
    fn row(&self) -> (StatusCode, &'static str, String) {
        let (status, code, message) = match self {
            Refusal::Misdirected => (StatusCode::MISDIRECTED_REQUEST, "misdirected", MISDIRECTED.to_owned()),
            Refusal::ForeignOrigin => (StatusCode::FORBIDDEN, "foreign_origin", FOREIGN.to_owned()),
            Refusal::ForeignSite => (StatusCode::FORBIDDEN, "foreign_site", FOREIGN.to_owned()),
            Refusal::NoToken => (StatusCode::UNAUTHORIZED, "no_token", NO_TOKEN.to_owned()),
            Refusal::NotJson { expected } => {
                let message = format!("A change needs the header `Content-Type: {expected}`.");
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", message)
            }
            Refusal::TooLarge { limit_bytes } => {
                let message = format!("The body is larger than {limit_bytes} bytes.");
                (StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
            }
            Refusal::NotFound => {
                (StatusCode::NOT_FOUND, "not_found", "This listener has no such path.".to_owned())
            }
            Refusal::NotAllowed { allowed } => {
                let message = format!("This path takes {allowed} only.");
                (StatusCode::METHOD_NOT_ALLOWED, "not_allowed", message)
            }
            Refusal::ControlsOff => (StatusCode::FORBIDDEN, "controls_off", CONTROLS_OFF.to_owned()),
            Refusal::BodyBroken => {
                (StatusCode::BAD_REQUEST, "body_broken", "The body is incomplete or malformed.".to_owned())
            }
            Refusal::BodySlow => {
                (StatusCode::REQUEST_TIMEOUT, "body_slow", "The body did not arrive in time.".to_owned())
            }
            Refusal::Malformed(text) => (StatusCode::BAD_REQUEST, "malformed", text.clone()),
            Refusal::Invalid(text) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", text.clone()),
            Refusal::Missing(text) => (StatusCode::NOT_FOUND, "missing", text.clone()),
            Refusal::Conflict(code, text) => (StatusCode::CONFLICT, *code, text.clone()),
            Refusal::Unavailable(code, text) => (StatusCode::SERVICE_UNAVAILABLE, *code, text.clone()),
            Refusal::Failed => (StatusCode::INTERNAL_SERVER_ERROR, "failed", FAILED.to_owned()),
        };
        (status, code, message)
    }
}

impl From<SpaceError> for Refusal {
    fn from(error: SpaceError) -> Refusal {
        let text = error.to_string();
        match error {
            SpaceError::Busy { .. } => Refusal::Unavailable("busy", text),
            SpaceError::Clock(error) => error.into(),
            SpaceError::Contents(error) => error.into(),
            SpaceError::Exists => Refusal::Conflict("exists", text),
            SpaceError::Missing => Refusal::Missing(text),
            SpaceError::SharedTable => Refusal::Conflict("not_with_this_store", text),
            SpaceError::TooMany => Refusal::Conflict("too_many", text),
            SpaceError::Clients
            | SpaceError::Main
            | SpaceError::Name { .. }
            | SpaceError::Plan
            | SpaceError::Reserved
            | SpaceError::TooLarge => Refusal::Invalid(text),
        }
    }
}

impl From<ContentsError> for Refusal {
    fn from(error: ContentsError) -> Refusal {
        let text = error.to_string();
        match error {
            ContentsError::Damaged { .. } => Refusal::Invalid(text),
            ContentsError::Full { .. } => Refusal::Conflict("full", text),
            ContentsError::Missing(_) => Refusal::Missing(text),
            ContentsError::Store(error) => error.into(),
        }
    }
}

/// The text of a backend is for the operator, so it goes to the log and not to the reader of the answer.
impl From<backend::Error> for Refusal {
    fn from(error: backend::Error) -> Refusal {
        warn!(%error, "the store failed a request of the console");
        Refusal::Unavailable("store", "The store failed; the log of the host says why.".to_owned())
    }
}

impl From<QuotaError> for Refusal {
    fn from(error: QuotaError) -> Refusal {
        match error {
            QuotaError::Store(error) => error.into(),
            QuotaError::Clock(_) | QuotaError::Slow => Refusal::Unavailable("quotas", error.to_string()),
        }
    }
}

impl From<ClockError> for Refusal {
    fn from(error: ClockError) -> Refusal {
        Refusal::Invalid(error.to_string())
    }
}

impl From<RuleError> for Refusal {
    fn from(error: RuleError) -> Refusal {
        Refusal::Invalid(error.to_string())
    }
}

const CONTROLS_OFF: &str = "This host was started without --controls, so its console changes nothing. Start it with \
                            --controls to allow changes.";
const FAILED: &str = "A defect of the host; please report the line in its log.";
const MISDIRECTED: &str = "This listener does not have the host that the request names. Use the address that the host printed \
                           when it started, or start the host with --console-host NAME.";
const FOREIGN: &str =
    "A page of another origin sent this request, and only the console's own page may use the console.";
const NO_TOKEN: &str = "Send the token of the console in the header `Authorization: Bearer TOKEN`. The host prints the token when \
                        it starts, and keeps it in the file console.token of its data folder. An API key is not a token.";

//! The routes of the console: which resource a path means, and who answers.
//!
//! A fixed segment of a path is compared as it was sent, so an escaped form of a route is no route. Only the segments that name an
//! item or a rule are decoded.

use std::sync::Arc;

use hyper::Method;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use percent_encoding::percent_decode_str;

use super::answer::Answer;
use super::asked::Asked;
use super::{
    About, Refusal, calls, check, clock, events, faults, items, quotas, reset, scenarios, shape, snapshots,
    spaces, state,
};
use crate::backend::{SnapshotName, SnapshotNameError};
use crate::pipeline::Pipeline;
use crate::space::Spaces;

/// A resource.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Route {
    Advance,
    Call(u64),
    Calls,
    Check,
    Clock,
    Diff,
    Events,
    Fault(String),
    Faults,
    Hash,
    Item(String),
    Items,
    Quotas,
    Reset,
    Restore(String),
    Scenarios,
    Shape,
    Snapshot(String),
    Snapshots,
    Space(String),
    Spaces,
    State,
}

/// Whether a request changes something.
pub(super) fn changes(head: &Parts) -> bool {
    let method = if head.method == Method::HEAD { &Method::GET } else { &head.method };
    Route::of(head.uri.path()).is_some_and(|route| route.changes(method))
}

/// Answers a request that the guard let pass.
pub(super) async fn answer(
    pipeline: &Arc<Pipeline>,
    spaces: &Arc<Spaces>,
    about: &About,
    head: &Parts,
    body: Incoming,
) -> Result<Answer, Refusal> {
    let route = Route::of(head.uri.path()).ok_or(Refusal::NotFound)?;
    let method = if head.method == Method::HEAD { &Method::GET } else { &head.method };
    let allowed = route.allowed();
    if !allowed.split(", ").any(|allowed| allowed == method.as_str()) {
        return Err(Refusal::NotAllowed { allowed });
    }
    if route.changes(method) && !spaces.are_controlled {
        return Err(Refusal::ControlsOff);
    }
    let asked = Asked { pipeline, spaces, about, head, body };
    let is_get = *method == Method::GET;
    match route {
        Route::Advance => clock::advance(asked).await,
        Route::Call(n) => calls::one(&asked, n),
        Route::Calls if is_get => calls::list(&asked).await,
        Route::Calls => calls::perform(asked).await,
        Route::Check => check::check(asked).await,
        Route::Clock if is_get => clock::show(&asked),
        Route::Clock => clock::set(asked).await,
        Route::Diff => state::diff(asked).await,
        Route::Events => events::stream(&asked),
        Route::Fault(id) => faults::remove(&asked, &id),
        Route::Faults if is_get => faults::list(&asked),
        Route::Faults if *method == Method::POST => faults::add(asked).await,
        Route::Faults => faults::replace(asked).await,
        Route::Hash => state::hash(&asked).await,
        Route::Item(key) => items::one(&asked, &key).await,
        Route::Items => items::list(&asked).await,
        Route::Quotas => quotas::list(&asked).await,
        Route::Reset => reset::reset(asked).await,
        Route::Restore(name) => snapshots::restore(asked, &named(&name)?).await,
        Route::Scenarios => scenarios::perform(asked).await,
        Route::Shape => shape::show(&asked),
        Route::Snapshot(name) if *method == Method::DELETE => snapshots::remove(&asked, &named(&name)?).await,
        Route::Snapshot(name) => snapshots::save(asked, &named(&name)?).await,
        Route::Snapshots => snapshots::list(&asked).await,
        Route::Space(name) => spaces::remove(&asked, &name),
        Route::Spaces if is_get => spaces::list(&asked),
        Route::Spaces => spaces::create(asked).await,
        Route::State => state::export(&asked).await,
    }
}

impl Route {
    fn of(path: &str) -> Option<Route> {
        let segments: Vec<&str> = path.strip_prefix("/v1/")?.split('/').collect();
        Some(match segments.as_slice() {
            ["calls"] => Route::Calls,
            ["calls", n] if n.bytes().all(|byte| byte.is_ascii_digit()) => Route::Call(n.parse().ok()?),
            ["check"] => Route::Check,
            ["clock"] => Route::Clock,
            ["clock", "advance"] => Route::Advance,
            ["events"] => Route::Events,
            ["faults"] => Route::Faults,
            ["faults", id] => Route::Fault(decoded(id)?),
            ["items"] => Route::Items,
            ["items", key] => Route::Item(decoded(key)?),
            ["quotas"] => Route::Quotas,
            ["reset"] => Route::Reset,
            ["scenarios"] => Route::Scenarios,
            ["shape"] => Route::Shape,
            ["snapshots"] => Route::Snapshots,
            ["snapshots", name] => Route::Snapshot((*name).to_owned()),
            ["snapshots", name, "restore"] => Route::Restore((*name).to_owned()),
            ["spaces"] => Route::Spaces,
            ["spaces", name] => Route::Space((*name).to_owned()),
            ["state"] => Route::State,
            ["state", "diff"] => Route::Diff,
            ["state", "hash"] => Route::Hash,
            _ => return None,
        })
    }

    /// The methods of the route, as the header `Allow` lists them.
    fn allowed(&self) -> &'static str {
        match self {
            Route::Call(_)
            | Route::Events
            | Route::Hash
            | Route::Item(_)
            | Route::Items
            | Route::Quotas
            | Route::Shape
            | Route::Snapshots
            | Route::State => "GET, HEAD",
            Route::Advance
            | Route::Check
            | Route::Diff
            | Route::Reset
            | Route::Restore(_)
            | Route::Scenarios => "POST",
            Route::Calls | Route::Spaces => "GET, HEAD, POST",
            Route::Clock => "GET, HEAD, PUT",
            Route::Faults => "GET, HEAD, POST, PUT",
            Route::Snapshot(_) => "DELETE, PUT",
            Route::Fault(_) | Route::Space(_) => "DELETE",
        }
    }

    /// Whether a request changes something, for which the console needs controls. A check and a difference only look.
    fn changes(&self, method: &Method) -> bool {
        *method != Method::GET && !matches!(self, Route::Check | Route::Diff)
    }
}

/// The name of a snapshot in a path, as it was sent: no escaped form of a name is one.
fn named(segment: &str) -> Result<SnapshotName, Refusal> {
    segment.parse().map_err(|error: SnapshotNameError| Refusal::Invalid(error.to_string()))
}

/// A segment that names something of which any text can be the name.
fn decoded(segment: &str) -> Option<String> {
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    (!text.is_empty()).then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_path_is_a_route() {
        for (path, route) in [
            ("/v1/calls/7", Route::Call(7)),
            ("/v1/clock/advance", Route::Advance),
            ("/v1/items/a%2Fb%20c", Route::Item("a/b c".to_owned())),
            ("/v1/snapshots/before-reset/restore", Route::Restore("before-reset".to_owned())),
            ("/v1/snapshots/%61", Route::Snapshot("%61".to_owned())),
            ("/v1/state/hash", Route::Hash),
        ] {
            assert_eq!(Route::of(path), Some(route), "{path}");
        }
        for path in [
            "/",
            "/v1",
            "/v1/",
            "/v1/calls/",
            "/v1/calls/+7",
            "/v1/calls/x",
            "/v1/calls/99999999999999999999",
            "//v1/calls",
            "/v1//calls",
            "/v1/Calls",
            "/V1/calls",
            "/v1/c%61lls",
            "/%76%31/events",
            "/v1%2fevents",
            "/v1/../v1/calls",
            "/v1/./calls",
            "/v1/items/",
            "/v1/items/%ff",
            "/v1/snapshots/a/restore/",
            "/v1/events;x",
            "/v2/calls",
        ] {
            assert_eq!(Route::of(path), None, "{path}");
        }
    }

    #[test]
    fn everything_but_looking_needs_controls() {
        let looks =
            [("/v1/check", Method::POST), ("/v1/state/diff", Method::POST), ("/v1/calls", Method::GET)];
        for (path, method) in looks {
            assert!(!Route::of(path).unwrap().changes(&method), "{path}");
        }
        for (path, method) in [
            ("/v1/reset", Method::POST),
            ("/v1/calls", Method::POST),
            ("/v1/clock", Method::PUT),
            ("/v1/faults/a", Method::DELETE),
            ("/v1/snapshots/a", Method::PUT),
            ("/v1/spaces", Method::POST),
        ] {
            assert!(Route::of(path).unwrap().changes(&method), "{path}");
        }
    }
}

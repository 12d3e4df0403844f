//! A plan: which request meets which fault.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// What the proxy does to a request instead of passing it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The proxy answers with 400 and this error of DynamoDB. The server does not see the request.
    Refused(&'static str),
    /// The proxy answers with 500. The server does not see the request.
    ErrorBefore,
    /// The server applies the request, then the proxy answers with 500.
    ErrorAfter,
    /// The proxy never answers. The server does not see the request.
    HangBefore,
    /// The server applies the request, and the proxy never answers.
    HangAfter,
    /// The proxy resets the connection. The server does not see the request.
    ResetBefore,
    /// The server applies the request, then the proxy resets the connection.
    ResetAfter,
    /// The server applies the request at once, and the proxy answers after this time.
    Slow(Duration),
}

impl Fault {
    /// Whether the server has applied the request when the fault shows.
    pub fn is_after(self) -> bool {
        match self {
            Fault::Refused(_) | Fault::ErrorBefore | Fault::HangBefore | Fault::ResetBefore => false,
            Fault::ErrorAfter | Fault::HangAfter | Fault::ResetAfter | Fault::Slow(_) => true,
        }
    }
}

/// Decides about each request in turn, by its verb.
pub struct Plan(Decide);

type Decide = Box<dyn FnMut(&str) -> Option<Fault> + Send>;

impl Plan {
    /// Passes every request on.
    pub fn none() -> Plan {
        Plan(Box::new(|_| None))
    }

    /// Does the same to every request.
    pub fn always(fault: Fault) -> Plan {
        Plan(Box::new(move |_| Some(fault)))
    }

    /// Does these to the first requests of a verb, and passes on the others and all other verbs.
    pub fn script(
        verb: &'static str,
        faults: impl IntoIterator<Item = Fault, IntoIter: Send + 'static>,
    ) -> Plan {
        let mut faults = faults.into_iter();
        Plan(Box::new(move |asked| if asked == verb { faults.next() } else { None }))
    }

    /// Does one of these to a share of the requests, each equally often. The same seed makes the same decisions.
    pub fn random(seed: u64, share: f64, faults: &'static [Fault]) -> Plan {
        let mut random = StdRng::seed_from_u64(seed);
        Plan(Box::new(move |_| {
            random.random_bool(share).then(|| faults[random.random_range(0..faults.len())])
        }))
    }

    pub fn decide(&mut self, verb: &str) -> Option<Fault> {
        self.0(verb)
    }
}

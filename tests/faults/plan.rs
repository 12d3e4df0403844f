//! Which request meets which fault.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// What happens to a request that is not simply passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Answered with 400 and this error of DynamoDB's; the server never sees it.
    Refused(&'static str),
    /// Answered with 500; the server never sees it.
    ErrorBefore,
    /// Applied by the server, then answered with 500.
    ErrorAfter,
    /// Never answered; the server never sees it.
    HangBefore,
    /// Applied by the server, then never answered.
    HangAfter,
    /// Its connection is reset; the server never sees it.
    ResetBefore,
    /// Applied by the server, then its connection is reset.
    ResetAfter,
    /// Applied by the server at once, answered this much later.
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

/// Decides for every request in turn, by its verb.
pub struct Plan(Decide);

type Decide = Box<dyn FnMut(&str) -> Option<Fault> + Send>;

impl Plan {
    /// Passes everything on.
    pub fn none() -> Plan {
        Plan(Box::new(|_| None))
    }

    /// The same for every request.
    pub fn always(fault: Fault) -> Plan {
        Plan(Box::new(move |_| Some(fault)))
    }

    /// These for the first requests of a verb, then nothing. Other verbs pass.
    pub fn script(
        verb: &'static str,
        faults: impl IntoIterator<Item = Fault, IntoIter: Send + 'static>,
    ) -> Plan {
        let mut faults = faults.into_iter();
        Plan(Box::new(move |asked| if asked == verb { faults.next() } else { None }))
    }

    /// One of these for a share of the requests, each as often as the others. The same seed decides the same.
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

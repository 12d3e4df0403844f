//! What a check found.

use serde::ser::{Serialize, SerializeStruct, Serializer};

/// What a check found. It serializes as `{"held": true}` or as `{"held": false, "failures": [...]}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Everything holds.
    Held,
    /// These assertions do not hold; there is at least one.
    Failed(Vec<Failure>),
}

/// An assertion that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Failure {
    /// The assertion, with its place.
    pub what: String,
    /// What was found in place of what was wanted.
    pub found: Found,
    /// The numbers of the first calls that match, at most 10.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub matched: Vec<u64>,
    /// The call or the item that comes nearest, if too few match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<Nearest>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Found {
    /// So many calls or items match.
    Count(usize),
    /// A text, such as the hash of the state. `null` if there is none.
    Text(Option<String>),
}

/// The call or the item that comes nearest to an assertion.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Nearest {
    /// The number of the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
    /// The key of the item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// All differences, as in `/status: open, wanted resolved`.
    pub differs: Vec<String>,
}

impl Verdict {
    /// Whether everything holds.
    #[must_use]
    pub fn is_held(&self) -> bool {
        *self == Verdict::Held
    }

    /// Adds a failure.
    pub(super) fn with(self, failure: Failure) -> Verdict {
        let mut failures = match self {
            Verdict::Held => Vec::new(),
            Verdict::Failed(failures) => failures,
        };
        failures.push(failure);
        Verdict::Failed(failures)
    }
}

impl Failure {
    /// The journal no longer has all calls that the assertions are about.
    pub(super) fn gone(n: u64) -> Failure {
        let text =
            format!("calls up to number {n} had to go; give the journal more memory or reset the space");
        Failure::text("the journal has all calls".to_owned(), Some(text))
    }

    /// The check itself failed.
    pub(super) fn broken() -> Failure {
        Failure::text(
            "the check comes to its end".to_owned(),
            Some("a defect of the host, or its end".to_owned()),
        )
    }

    pub(super) fn hash(wanted: &str, found: Option<&str>) -> Failure {
        Failure::text(format!("hash: {wanted}"), found.map(str::to_owned))
    }

    fn text(what: String, found: Option<String>) -> Failure {
        Failure { what, found: Found::Text(found), matched: Vec::new(), nearest: None }
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut verdict = serializer.serialize_struct("Verdict", 2)?;
        verdict.serialize_field("held", &self.is_held())?;
        match self {
            Verdict::Held => verdict.skip_field("failures")?,
            Verdict::Failed(failures) => verdict.serialize_field("failures", failures)?,
        }
        verdict.end()
    }
}

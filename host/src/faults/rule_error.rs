//! Why a rule is refused.

use super::RULES_LIMIT;
use super::action::Station;

/// Why a rule or a list of rules is refused. Each text names the member of the rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Two rules have one id.
    #[error("`id`: two rules have the id `{id}`; give one of them another id, or remove one")]
    Duplicate {
        /// The id.
        id: String,
    },
    /// A member has a wrong value.
    #[error("`{member}`: {reason}")]
    Invalid {
        /// The path of the member, such as `do.refuse`.
        member: String,
        /// What is wrong.
        reason: String,
    },
    /// The action belongs to another station, or to none.
    #[error("`{member}` does not belong to the station `{}`; its members of `do` are {known}", station.as_str())]
    Misplaced {
        /// The path of the member.
        member: String,
        /// The station of the rule.
        station: Station,
        /// The members that the station has.
        known: String,
    },
    /// A member is missing.
    #[error("`{member}` is missing")]
    Missing {
        /// The path of the member.
        member: String,
    },
    /// There are too many rules.
    #[error("`rules`: a space has {RULES_LIMIT} rules at most; remove a rule first")]
    TooMany,
    /// There is no such member.
    #[error("`{member}` is not a member of a rule; the members at this place are {known}")]
    Unknown {
        /// The path of the member.
        member: String,
        /// The members that exist.
        known: String,
    },
}

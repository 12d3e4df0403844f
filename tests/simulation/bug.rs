//! Defects that the simulation must find. Each breaks one promise, at the edge of what is simulated: no shipped program can be
//! switched to have one.

use crate::world::WorldKind;

/// A planted defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// A write is acknowledged although its sync did nothing.
    NoSync,
    /// A failed sync is reported as a disk without room, so that the store calls the write refused.
    SyncErrorIsFull,
    /// The log keeps what a refused commit wrote.
    LogKeepsFailedCommit,
    /// A change is acknowledged and not made.
    NothingStored,
    /// A repeated append is stored again.
    AppendsAgain,
    /// A key is accepted with another body.
    KeyTakesAnotherBody,
    /// A change is made to another version than the one that it names.
    StaleAccepted,
    /// A comment is added to a closed ticket.
    ClosedTakesComments,
    /// A write that may be stored is reported as refused.
    UnknownIsRefused,
    /// A refusal counts although an earlier attempt of the write may still arrive.
    LostIsForgotten,
    /// A page of a list begins one ticket too late.
    ListSkips,
    /// A page of a list begins with the last ticket of the page before.
    ListRepeats,
    /// A read shows the state before the last change.
    ReadsOldState,
    /// A ticket takes the time of a clock that is behind.
    TimeGoesBack,
}

impl Bug {
    /// All of them.
    pub const ALL: [Bug; 14] = [
        Bug::NoSync,
        Bug::SyncErrorIsFull,
        Bug::LogKeepsFailedCommit,
        Bug::NothingStored,
        Bug::AppendsAgain,
        Bug::KeyTakesAnotherBody,
        Bug::StaleAccepted,
        Bug::ClosedTakesComments,
        Bug::UnknownIsRefused,
        Bug::LostIsForgotten,
        Bug::ListSkips,
        Bug::ListRepeats,
        Bug::ReadsOldState,
        Bug::TimeGoesBack,
    ];

    /// Each defect with each world that can have it.
    pub fn in_worlds() -> impl Iterator<Item = (WorldKind, Bug)> {
        WorldKind::ALL.into_iter().flat_map(|world| {
            Bug::ALL
                .into_iter()
                .filter(move |bug| bug.only_in().is_none_or(|only| only == world))
                .map(move |bug| (world, bug))
        })
    }

    /// The only world that can have it, if there is one.
    fn only_in(self) -> Option<WorldKind> {
        match self {
            Bug::NoSync | Bug::SyncErrorIsFull | Bug::LogKeepsFailedCommit => Some(WorldKind::Disk),
            Bug::LostIsForgotten => Some(WorldKind::Table),
            _ => None,
        }
    }
}

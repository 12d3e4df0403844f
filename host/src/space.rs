//! Spaces: worlds of their own for tests.
//!
//! A space has a store, a clock, chance, faults and usage of its own. The API key of a request decides which space the
//! request is in, so parallel tests need no header, and an agent cannot choose. The space `main` is the host's own store,
//! with the keys of the key file. Every other space is in memory, and is lost when the process ends.

mod world;
mod made;
mod reset;
mod snapshots;
mod check;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};

use governor::{DefaultDirectRateLimiter, Quota as Rate, RateLimiter};
use serde_json::Value;
use tokio::time::Instant;

pub use self::made::{MadeSpace, NewSpace};
pub use self::reset::{Reset, ResetDone};
pub use self::snapshots::Restored;
use self::world::LONGEST_REQUESTS;
use crate::backend::{Contents, ContentsError, Item, Schema, SnapshotName};
use crate::chance::Chance;
use crate::clock::{ClockError, ClockMode, ClockSetting, SpaceClock};
use crate::door::{ActiveKeys, Refusal, SpaceKeys, Usage};
use crate::faults::{Faults, Rule};
use crate::journal::{Journal, MarkKind, NewMark};
use crate::name::NAME_BYTES;
use crate::store::GuestStore;
use crate::telemetry::Telemetry;

/// A world of its own.
pub struct Space {
    /// The name.
    pub name: Arc<str>,
    /// The clock that the component sees.
    pub clock: Arc<SpaceClock>,
    /// The chance that the component sees.
    pub chance: Chance,
    /// The faults that requests meet.
    pub faults: Arc<Faults>,
    pub(crate) store: GuestStore,
    pub(crate) usage: Arc<Usage>,
    /// Marks of what changes the space.
    journal: Journal,
    /// `None` if the items are in a table that others share.
    contents: Option<Arc<dyn Contents>>,
    /// What the clock and the seed are after a reset.
    beginning: RwLock<Beginning>,
    /// Held while a scenario runs: two at once would undo what the other one did.
    pub(crate) scenario: tokio::sync::Mutex<()>,
    /// When the present world began. Each request holds it for reading, and a reset for writing, so that a reset waits for the
    /// requests in progress.
    world: tokio::sync::RwLock<Instant>,
}

/// What a space begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    /// The clock.
    pub clock: ClockSetting,
    /// The seed of its chance.
    pub seed: Option<u64>,
}

impl Default for Beginning {
    fn default() -> Beginning {
        Beginning { clock: ClockSetting::REAL, seed: None }
    }
}

/// The parts of a new space.
pub(crate) struct SpaceParts {
    pub(crate) name: Arc<str>,
    pub(crate) beginning: Beginning,
    pub(crate) clock: Arc<SpaceClock>,
    pub(crate) store: GuestStore,
    pub(crate) usage: Arc<Usage>,
    pub(crate) contents: Option<Arc<dyn Contents>>,
    pub(crate) journal: Journal,
}

impl Space {
    pub(crate) fn new(parts: SpaceParts) -> Space {
        let SpaceParts { name, beginning, clock, store, usage, contents, journal } = parts;
        Space {
            name,
            clock,
            chance: Chance::new(beginning.seed),
            faults: Arc::default(),
            store,
            usage,
            journal,
            contents,
            beginning: RwLock::new(beginning),
            scenario: tokio::sync::Mutex::default(),
            world: tokio::sync::RwLock::new(Instant::now()),
        }
    }

    /// Notes a change of this space between the calls.
    pub(crate) fn mark(&self, kind: MarkKind, text: &str, details: Value) {
        let (name, space_at) = (Arc::clone(&self.name), self.clock.now().ok());
        self.journal.mark(NewMark { space: Some(name), space_at, kind, text: text.to_owned(), details });
    }

    /// The clock, the seed and the faults of now.
    pub(crate) fn beginning_now(&self) -> (Beginning, Vec<Rule>) {
        let mut clock = self.clock.setting();
        if clock.mode == ClockMode::Real {
            clock.at = None;
        }
        let rules = self.faults.rules().into_iter().map(|state| state.rule).collect();
        (Beginning { clock, seed: self.chance.seed() }, rules)
    }

    /// Puts back clock, seed and faults. If the seed had changed, the space counts its requests from the beginning again.
    pub(crate) fn put_back(&self, (beginning, rules): (Beginning, Vec<Rule>)) -> Result<(), SpaceError> {
        self.clock.restart(&beginning.clock)?;
        if self.chance.seed() != beginning.seed {
            self.chance.restart(beginning.seed);
        }
        // The rules were in use before, so they are right.
        let _ = self.faults.replace(rules);
        Ok(())
    }

    /// All items by their key.
    pub async fn items(&self) -> Result<Vec<Item>, SpaceError> {
        Ok(self.contents()?.items().await?)
    }

    /// All items of a snapshot by their key.
    pub async fn items_of(&self, snapshot: &SnapshotName) -> Result<Vec<Item>, SpaceError> {
        Ok(self.contents()?.copy(Some(snapshot)).await?.items().await?)
    }

    /// Whether the items can be emptied, copied and put back as a whole.
    #[must_use]
    pub fn has_contents(&self) -> bool {
        self.contents.is_some()
    }

    fn contents(&self) -> Result<&dyn Contents, SpaceError> {
        self.contents.as_deref().ok_or(SpaceError::SharedTable)
    }
}

/// All spaces of a host, and the journal of what is done in them.
pub struct Spaces {
    /// What was done.
    pub journal: Journal,
    /// Whether operators may change the spaces.
    pub are_controlled: bool,
    main: Arc<Space>,
    others: RwLock<BTreeMap<Arc<str>, Arc<Space>>>,
    keys: Arc<SpaceKeys>,
    /// The plans that the clients of a new space can have.
    plans: ActiveKeys,
    schema: Schema,
    telemetry: Arc<Telemetry>,
    /// How many requests without a valid key are noted.
    strangers: DefaultDirectRateLimiter,
}

/// What a host gives to its spaces.
pub(crate) struct SpacesParts {
    pub(crate) journal: Journal,
    pub(crate) are_controlled: bool,
    pub(crate) main: Space,
    pub(crate) keys: Arc<SpaceKeys>,
    pub(crate) plans: ActiveKeys,
    pub(crate) schema: Schema,
    pub(crate) telemetry: Arc<Telemetry>,
}

impl Spaces {
    /// Whether a request without a valid key is to be noted now. Whoever reaches the port can send any number of them, and they must
    /// not push the calls of clients out of the journal.
    pub(crate) fn notes_stranger(&self) -> bool {
        self.strangers.check().is_ok()
    }

    pub(crate) fn new(parts: SpacesParts) -> Spaces {
        let SpacesParts { journal, are_controlled, main, keys, plans, schema, telemetry } = parts;
        Spaces {
            journal,
            are_controlled,
            main: Arc::new(main),
            others: RwLock::default(),
            keys,
            plans,
            schema,
            telemetry,
            strangers: RateLimiter::direct(
                Rate::per_second(STRANGERS_A_SECOND).allow_burst(STRANGERS_AT_ONCE),
            ),
        }
    }

    /// The space of the host's own store.
    #[must_use]
    pub fn main(&self) -> &Arc<Space> {
        &self.main
    }

    /// The schema of the items of every space.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The space of this name.
    pub fn find(&self, name: &str) -> Result<Arc<Space>, SpaceError> {
        if name == MAIN {
            return Ok(Arc::clone(&self.main));
        }
        let others = self.others.read().unwrap_or_else(PoisonError::into_inner);
        others.get(name).map(Arc::clone).ok_or(SpaceError::Missing)
    }

    /// The space of a request, by what its key says.
    pub(crate) fn of_key(&self, space: Option<&Arc<str>>) -> Result<Arc<Space>, Refusal> {
        let Some(name) = space else { return Ok(Arc::clone(&self.main)) };
        // A key whose space was dropped in the meantime is not valid, also if there is a new space of the same name. The keys
        // of a space share the one allocation of its name.
        let found = self.find(name).ok().filter(|found| Arc::ptr_eq(&found.name, name));
        found.ok_or(Refusal::Forbidden)
    }

    /// All spaces, the main one first.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Space>> {
        let others = self.others.read().unwrap_or_else(PoisonError::into_inner);
        std::iter::once(&self.main).chain(others.values()).map(Arc::clone).collect()
    }

    /// Drops a space and makes its keys invalid. Requests in progress end in the dropped space.
    pub fn remove(&self, name: &str) -> Result<(), SpaceError> {
        if name == MAIN {
            return Err(SpaceError::Main);
        }
        let mut others = self.others.write().unwrap_or_else(PoisonError::into_inner);
        let space = others.remove(name).ok_or(SpaceError::Missing)?;
        // Before a space of the same name can be made.
        self.keys.remove(name);
        space.mark(MarkKind::Dropped, "the space was dropped", Value::Null);
        Ok(())
    }
}

/// Why a space cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum SpaceError {
    /// Requests are in progress that do not end.
    #[error(
        "requests in this space did not end within {} s: {requests}; nothing was changed; try again",
        LONGEST_REQUESTS.as_secs()
    )]
    Busy {
        /// The requests, as text.
        requests: String,
    },
    /// The clock cannot be set.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The store cannot do it.
    #[error(transparent)]
    Contents(#[from] ContentsError),
    /// There is a space of this name.
    #[error("`name`: there is a space of this name already; drop it, or choose another name")]
    Exists,
    /// The space main cannot be made or dropped.
    #[error("`name`: the space `{MAIN}` is always there; choose another name")]
    Main,
    /// There is no space of this name.
    #[error("`space`: there is no space of this name")]
    Missing,
    /// A name is malformed.
    #[error("`{member}`: a name has 1 to {NAME_BYTES} characters of `a-z 0-9 -`")]
    Name {
        /// The member with the name.
        member: &'static str,
    },
    /// There is no plan of this name.
    #[error("`plan`: there is no plan of this name; `portdesk plan list` lists the plans")]
    Plan,
    /// The name is reserved.
    #[error("`before-scenario` is the name of the state before a scenario; choose another name")]
    Reserved,
    /// The items are in a table of DynamoDB.
    #[error(
        "the items of this space are in a DynamoDB table that other hosts may share, so they are not reset, copied or \
         restored; use a space in memory, or start the host with --store memory or embedded"
    )]
    SharedTable,
    /// The list of clients is empty or too long, or has a name twice.
    #[error("`clients`: a space has 1 to {CLIENTS} clients, each with another name")]
    Clients,
    /// The items of the snapshot do not fit into a space.
    #[error("`from`: the items of this snapshot have more than the {} MiB of a space", ITEMS_BYTES >> 20)]
    TooLarge,
    /// There are too many spaces.
    #[error("there are {SPACES} spaces already; drop one")]
    TooMany,
}

/// The name of the space of the host's own store.
pub const MAIN: &str = "main";
/// The most spaces apart from the main one.
const SPACES: usize = 64;
/// The most clients, and so keys, of a space.
const CLIENTS: usize = 16;
/// The most bytes of the items of a space other than the main one.
const ITEMS_BYTES: usize = 64 << 20;
/// How many requests without a valid key are noted in a second, and after a silence at once.
const STRANGERS_A_SECOND: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);
const STRANGERS_AT_ONCE: NonZeroU32 = NonZeroU32::MIN.saturating_add(199);

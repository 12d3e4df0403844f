//! Makes new spaces.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use serde::{Deserialize, Serialize};

use super::{Beginning, CLIENTS, ITEMS_BYTES, MAIN, SPACES, Space, SpaceError, SpaceParts, Spaces};
use crate::backend::memory::Memory;
use crate::backend::{Contents, QuotaStore, SnapshotName};
use crate::clock::{ClockSetting, SpaceClock};
use crate::door::{Plan, RateLimit, Usage};
use crate::journal::MarkKind;
use crate::name::is_name;
use crate::store::GuestStore;

/// A space to make.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSpace {
    /// The name: 1 to 64 characters of `a-z 0-9 -`.
    pub name: String,
    /// The snapshot of the space `main` whose items it has. Without it, the space is empty.
    #[serde(default)]
    pub from: Option<SnapshotName>,
    /// The seed of its chance.
    #[serde(default)]
    pub seed: Option<u64>,
    /// Its clock. Without it, the space has the time of the machine; with a seed, a clock that stands in steps of a
    /// millisecond from the beginning of 2026.
    #[serde(default)]
    pub clock: Option<ClockSetting>,
    /// The plan of its clients. Without it, no limits apply.
    #[serde(default)]
    pub plan: Option<String>,
    /// The names of its clients, each of which gets a key. Without it, there is one client, `agent`.
    #[serde(default)]
    pub clients: Option<Vec<String>>,
}

/// A space that was made.
#[derive(Debug, Clone, Serialize)]
pub struct MadeSpace {
    /// Its name.
    pub name: Arc<str>,
    /// The keys by the names of the clients. They are shown only now.
    pub keys: Vec<(String, String)>,
}

impl Spaces {
    /// Makes a space.
    pub async fn create(&self, new: NewSpace) -> Result<MadeSpace, SpaceError> {
        let clients = new.clients.unwrap_or_else(|| vec!["agent".to_owned()]);
        check_names(&new.name, &clients)?;
        let plan = match &new.plan {
            Some(name) => Some(self.plans.plan(name).ok_or(SpaceError::Plan)?),
            None => None,
        };
        let memory = Arc::new(self.memory(new.from.as_ref()).await?);
        let beginning = Beginning::of(new.clock, new.seed);
        let clock = Arc::new(SpaceClock::new(&beginning.clock)?);
        let limit = if plan.is_some() { RateLimit::Plan } else { RateLimit::Off };
        let plan = plan.unwrap_or_else(|| Arc::new(Plan::default_plan()));
        let quota_store = Arc::clone(&memory) as Arc<dyn QuotaStore>;
        let usage = Arc::new(Usage::new(limit, quota_store, Some(Arc::clone(&clock))));
        let (schema, telemetry) = (self.schema.clone(), Arc::clone(&self.telemetry));
        let space = Space::new(SpaceParts {
            name: new.name.into(),
            beginning,
            clock,
            store: GuestStore::new(Arc::clone(&memory) as _, schema, telemetry),
            usage: Arc::clone(&usage),
            contents: Some(memory as Arc<dyn Contents>),
            journal: self.journal.clone(),
        });
        let name = Arc::clone(&space.name);
        let made = |space: &Space| {
            let keys = self.keys.create(&name, &usage, &plan, &clients);
            space.mark(MarkKind::Made, "the space was made", serde_json::json!({ "clients": clients }));
            keys
        };
        let keys = self.add(space, made)?;
        Ok(MadeSpace { name, keys: clients.into_iter().zip(keys).collect() })
    }

    async fn memory(&self, from: Option<&SnapshotName>) -> Result<Memory, SpaceError> {
        let memory = match from {
            Some(snapshot) => self.main.contents()?.copy(Some(snapshot)).await?,
            None => Memory::new(&self.schema),
        };
        if memory.bytes() > ITEMS_BYTES {
            return Err(SpaceError::TooLarge);
        }
        Ok(memory.limited(ITEMS_BYTES))
    }

    /// Adds a space and does the rest of its making. Whoever drops the space waits for both, so a dropped space leaves no keys.
    fn add<T>(&self, space: Space, made: impl FnOnce(&Space) -> T) -> Result<T, SpaceError> {
        let mut others = self.others.write().unwrap_or_else(PoisonError::into_inner);
        if others.contains_key(&space.name) {
            return Err(SpaceError::Exists);
        }
        if others.len() >= SPACES {
            return Err(SpaceError::TooMany);
        }
        let done = made(&space);
        others.insert(Arc::clone(&space.name), Arc::new(space));
        Ok(done)
    }
}

impl Beginning {
    /// A seed without a clock gives a clock that shows the same times again too.
    pub(crate) fn of(clock: Option<ClockSetting>, seed: Option<u64>) -> Beginning {
        let default = || if seed.is_some() { ClockSetting::stepping() } else { ClockSetting::REAL };
        Beginning { clock: clock.unwrap_or_else(default), seed }
    }
}

fn check_names(space: &str, clients: &[String]) -> Result<(), SpaceError> {
    if space == MAIN {
        return Err(SpaceError::Main);
    }
    if !is_name(space) {
        return Err(SpaceError::Name { member: "name" });
    }
    if !clients.iter().all(|client| is_name(client)) {
        return Err(SpaceError::Name { member: "clients" });
    }
    let different: HashSet<&String> = clients.iter().collect();
    let is_good = (1..=CLIENTS).contains(&clients.len()) && different.len() == clients.len();
    if is_good { Ok(()) } else { Err(SpaceError::Clients) }
}

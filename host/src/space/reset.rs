//! Resets a space to its beginning.

use std::sync::PoisonError;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Beginning, Space, SpaceError};
use crate::backend::{Contents, Snapshot, SnapshotName};
use crate::clock::{ClockSetting, SpaceClock};
use crate::journal::MarkKind;

/// How a space is reset.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// The clock after the reset, in place of the one that the space began with.
    #[serde(default)]
    pub clock: Option<ClockSetting>,
    /// The seed after the reset, in place of the one that the space began with.
    #[serde(default)]
    pub seed: Option<u64>,
    /// Whether the rules of faults stay. Otherwise they are removed.
    #[serde(default)]
    pub keep_faults: bool,
}

/// A reset that is done.
#[derive(Debug, Clone, Serialize)]
pub struct ResetDone {
    /// The state before the reset, which can be restored. If the space was empty already, it is the state before the last
    /// reset that removed something.
    pub before: Snapshot,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

impl Space {
    /// Removes all items, and starts clock, chance and usage again. Requests in progress end before; the state before is kept
    /// as the snapshot `before-reset`. The reset of an empty space leaves an older one as it is.
    pub async fn reset(&self, reset: &Reset) -> Result<ResetDone, SpaceError> {
        let contents = self.contents()?;
        let beginning = self.next_beginning(reset);
        // A wrong clock must be an error before anything is lost.
        SpaceClock::new(&beginning.clock)?;
        let begun = Instant::now();
        let mut world = self.close().await?;
        let before = match kept(contents).await? {
            Some(before) => before,
            None => contents.save(&SnapshotName::before_reset()).await?,
        };
        contents.clear().await?;
        self.clock.restart(&beginning.clock)?;
        self.chance.restart(beginning.seed);
        self.usage.forget();
        if reset.keep_faults {
            self.faults.restart();
        } else {
            self.faults.clear();
        }
        self.mark(MarkKind::Reset, "the space was emptied", json!(before));
        // After the mark, so that no write stands before the mark and is done after it.
        *world = tokio::time::Instant::now();
        *self.beginning.write().unwrap_or_else(PoisonError::into_inner) = beginning;
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(ResetDone { before, took_ms })
    }

    fn next_beginning(&self, reset: &Reset) -> Beginning {
        let last = self.beginning.read().unwrap_or_else(PoisonError::into_inner).clone();
        match (&reset.clock, reset.seed) {
            (None, None) => last,
            (Some(clock), seed) => Beginning { clock: clock.clone(), seed: seed.or(last.seed) },
            (None, seed) => Beginning::of(None, seed),
        }
    }
}

/// The snapshot of an earlier reset, if the space is empty: there is nothing to keep, and two resets in a row must not lose
/// what the first one removed.
async fn kept(contents: &dyn Contents) -> Result<Option<Snapshot>, SpaceError> {
    if !contents.is_empty().await? {
        return Ok(None);
    }
    let name = SnapshotName::before_reset();
    Ok(contents.snapshots().await?.snapshots.into_iter().find(|snapshot| snapshot.name == name))
}

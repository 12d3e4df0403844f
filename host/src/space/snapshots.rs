//! Keeps copies of the items of a space, and puts them back.

use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;

use super::{Space, SpaceError};
use crate::backend::{Snapshot, SnapshotList, SnapshotName};
use crate::journal::MarkKind;

/// A restore that is done.
#[derive(Debug, Clone, Serialize)]
pub struct Restored {
    /// The snapshot whose items the space has now.
    #[serde(flatten)]
    pub snapshot: Snapshot,
    /// The state before, which can be restored. `None` if this restore put that state back.
    pub before: Option<Snapshot>,
}

impl Space {
    /// Keeps a copy of all items under a name.
    pub async fn save(&self, name: &SnapshotName) -> Result<Snapshot, SpaceError> {
        // A step of a scenario must not replace what is restored if the scenario fails.
        if *name == SnapshotName::before_scenario() {
            return Err(SpaceError::Reserved);
        }
        self.save_own(name).await
    }

    /// As [`Space::save`], also under the name that is reserved for scenarios.
    pub(crate) async fn save_own(&self, name: &SnapshotName) -> Result<Snapshot, SpaceError> {
        Ok(self.contents()?.save(name).await?)
    }

    /// Puts back the items of a snapshot. Clock, chance, faults and usage stay as they are. Requests in progress end before;
    /// the state before is kept as the snapshot `before-restore`, unless that is the snapshot to restore.
    pub async fn restore(&self, name: &SnapshotName) -> Result<Restored, SpaceError> {
        self.put_back_items(name, *name != SnapshotName::before_restore()).await
    }

    /// As [`Space::restore`], but the state before is lost.
    pub(crate) async fn restore_own(&self, name: &SnapshotName) -> Result<(), SpaceError> {
        self.put_back_items(name, false).await.map(drop)
    }

    async fn put_back_items(&self, name: &SnapshotName, keeps: bool) -> Result<Restored, SpaceError> {
        let contents = self.contents()?;
        let mut world = self.close().await?;
        let restored = if keeps {
            let (snapshot, before) = contents.restore_keeping(name, &SnapshotName::before_restore()).await?;
            Restored { snapshot, before: Some(before) }
        } else {
            Restored { snapshot: contents.restore(name).await?, before: None }
        };
        self.faults.forget_made();
        self.mark(MarkKind::Restored, &format!("the snapshot {name} was restored"), json!(restored));
        // After the mark, so that no write stands before the mark and is done after it.
        *world = Instant::now();
        Ok(restored)
    }

    /// The snapshots of this space.
    pub async fn snapshots(&self) -> Result<SnapshotList, SpaceError> {
        Ok(self.contents()?.snapshots().await?)
    }

    /// Removes a snapshot.
    pub async fn remove_snapshot(&self, name: &SnapshotName) -> Result<(), SpaceError> {
        Ok(self.contents()?.remove(name).await?)
    }
}

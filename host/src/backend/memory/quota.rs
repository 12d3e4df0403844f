//! Keeps counts in memory. When the process ends, the counts are lost like the items.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::Memory;
use crate::backend::{Count, Error, QuotaStore};

/// All counts of this process. Only `clear` removes them: there is one for each client and window.
#[derive(Debug, Default)]
pub(super) struct Quotas(Mutex<HashMap<Count, u64>>);

impl Quotas {
    pub(super) fn clear(&self) {
        self.all().clear();
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Count, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl QuotaStore for Memory {
    async fn take(&self, count: &Count, units: u64, limit: u64) -> Result<u64, Error> {
        let mut counts = self.quotas.all();
        let used = counts.entry(count.clone()).or_default();
        let given = units.min(limit.saturating_sub(*used));
        *used += given;
        Ok(given)
    }

    async fn give_back(&self, count: &Count, units: u64) -> Result<(), Error> {
        let mut counts = self.quotas.all();
        if let Some(used) = counts.get_mut(count) {
            *used = used.saturating_sub(units);
        }
        Ok(())
    }

    async fn used(&self, count: &Count) -> Result<u64, Error> {
        Ok(self.quotas.all().get(count).copied().unwrap_or_default())
    }

    fn batch_size(&self, _limit: u64) -> u64 {
        1
    }
}

//! What one request may ask of the host. A guest that asks for more is cut before its time is up: until then each call
//! would cost the store, or the log, which others need.

/// What is left for the request that an instance works on.
#[derive(Debug)]
pub(super) struct Budget {
    store_calls: u32,
    random_bytes: usize,
}

impl Budget {
    /// That of a new request.
    pub(super) fn full() -> Budget {
        Budget { store_calls: STORE_CALLS, random_bytes: RANDOM_BYTES }
    }

    /// Takes one call of the store.
    pub(super) fn call_store(&mut self) -> Result<(), BudgetError> {
        self.store_calls = self.store_calls.checked_sub(1).ok_or(BudgetError::StoreCalls)?;
        Ok(())
    }

    /// Takes as many random bytes as the guest asks for; as a size, where they are to be had.
    pub(super) fn draw_random(&mut self, bytes: u64) -> Result<usize, BudgetError> {
        let bytes = usize::try_from(bytes).map_err(|_| BudgetError::RandomBytes)?;
        self.random_bytes = self.random_bytes.checked_sub(bytes).ok_or(BudgetError::RandomBytes)?;
        Ok(bytes)
    }
}

/// The trap of a guest that asked for more than it may have.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BudgetError {
    #[error("more than {RANDOM_BYTES} random bytes for one request")]
    RandomBytes,
    #[error("more than {STORE_CALLS} calls of the store for one request")]
    StoreCalls,
}

/// The desk makes eleven at most: a move reads once, is tried nine times, and may read once more.
const STORE_CALLS: u32 = 1000;
/// The guest names the size of an allocation in the host, and its interface has no error to answer with.
const RANDOM_BYTES: usize = 64 * 1024;

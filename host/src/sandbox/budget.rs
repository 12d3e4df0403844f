//! The limits on the host's functions that a guest may use in one request. A guest that exceeds one traps immediately and
//! does not run on to its deadline, because its calls would take the store and the log from other requests.

/// The calls and random bytes that the current request may still use.
#[derive(Debug)]
pub(super) struct Budget {
    store_calls: u32,
    random_bytes: usize,
}

impl Budget {
    /// The budget of a new request.
    pub(super) fn full() -> Budget {
        Budget { store_calls: STORE_CALLS, random_bytes: RANDOM_BYTES }
    }

    /// Takes one call to the store from the budget.
    pub(super) fn call_store(&mut self) -> Result<(), BudgetError> {
        self.store_calls = self.store_calls.checked_sub(1).ok_or(BudgetError::StoreCalls)?;
        Ok(())
    }

    /// Takes `bytes` random bytes from the budget, and returns their number as a size.
    pub(super) fn draw_random(&mut self, bytes: u64) -> Result<usize, BudgetError> {
        let bytes = usize::try_from(bytes).map_err(|_| BudgetError::RandomBytes)?;
        self.random_bytes = self.random_bytes.checked_sub(bytes).ok_or(BudgetError::RandomBytes)?;
        Ok(bytes)
    }
}

/// The trap of a guest that has exceeded its budget.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BudgetError {
    #[error("the component asked for more than {RANDOM_BYTES} random bytes in one request")]
    RandomBytes,
    #[error("the component made more than {STORE_CALLS} calls to the store in one request")]
    StoreCalls,
}

/// The desk makes at most eleven calls: a move reads once, tries its update up to nine times, and may read once more.
const STORE_CALLS: u32 = 1000;
/// The host allocates as many bytes as the guest asks for, and the function cannot return an error.
const RANDOM_BYTES: usize = 64 * 1024;

//! Checks what was done in a space and what its state is.

use std::sync::Arc;

use super::{Space, SpaceError, Spaces};
use crate::journal::{Assertions, State, Verdict};
use crate::state::{self, Ignored};

impl Spaces {
    /// Checks a space until all assertions hold, at most as long as they allow.
    pub async fn check(&self, space: &Space, assertions: &Arc<Assertions>) -> Result<Verdict, SpaceError> {
        self.journal.check(&space.name, assertions, || space.state(assertions)).await
    }
}

impl Space {
    async fn state(&self, assertions: &Assertions) -> Result<State, SpaceError> {
        let items = self.items().await?;
        let hash = assertions.hash.is_some().then(|| state::hash(&items, &Ignored::default()));
        let items =
            if assertions.needs_items() { items.iter().map(state::value).collect() } else { Vec::new() };
        Ok(State { items, hash })
    }
}

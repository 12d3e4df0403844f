//! Links `key-value` of `wit/`: a guest's call is counted against its budget and then passed to the host's store. A guest
//! that calls too often traps (`budget.rs`).
//!
//! The guest runs on a fiber, so while a call waits for the store, the thread serves other requests (ARCHITECTURE.md,
//! "Fibers").

use wasmtime::Result;
use wasmtime::component::{HasSelf, Linker};

use super::instance::State;
use crate::backend::Fields;
use crate::bindings::portdesk::desk::key_value::{
    self, Change, Error, Host, IndexQuery, InsertOutcome, Item, Page, UpdateOutcome,
};

/// Adds `key-value` of `wit/` to the linker.
pub(super) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    key_value::add_to_linker::<State, HasSelf<State>>(linker, |state| state)
}

impl Host for State {
    async fn get(&mut self, key: String) -> Result<Result<Option<Item>, Error>> {
        let begin = self.begin_call()?;
        let found = self.store().get(key).await;
        self.end_call(begin);
        Ok(found)
    }

    async fn insert(
        &mut self,
        key: String,
        fields: Fields,
        change_id: String,
    ) -> Result<Result<InsertOutcome, Error>> {
        let begin = self.begin_call()?;
        let outcome = self.store().insert(key, fields, change_id).await;
        self.end_call(begin);
        Ok(outcome)
    }

    async fn update(&mut self, key: String, change: Change) -> Result<Result<UpdateOutcome, Error>> {
        let begin = self.begin_call()?;
        let outcome = self.store().update(key, change).await;
        self.end_call(begin);
        Ok(outcome)
    }

    async fn query(&mut self, query: IndexQuery) -> Result<Result<Page, Error>> {
        let begin = self.begin_call()?;
        let page = self.store().query(query).await;
        self.end_call(begin);
        Ok(page)
    }
}

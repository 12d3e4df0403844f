//! The store as a guest calls it: counted, then handed to [`Storage`].

use wasmtime::Result;

use super::instance::State;
use crate::bindings::portdesk::desk::key_value::{
    Change, Error, Host, IndexQuery, InsertOutcome, Item, Page, UpdateOutcome,
};

impl Host for State {
    async fn get(&mut self, key: String) -> Result<Result<Option<Item>, Error>> {
        self.allowance.call_store()?;
        Ok(self.storage.get(key).await)
    }

    async fn insert(
        &mut self,
        key: String,
        fields: Vec<(String, String)>,
        change_id: String,
    ) -> Result<Result<InsertOutcome, Error>> {
        self.allowance.call_store()?;
        Ok(self.storage.insert(key, fields, change_id).await)
    }

    async fn update(&mut self, key: String, change: Change) -> Result<Result<UpdateOutcome, Error>> {
        self.allowance.call_store()?;
        Ok(self.storage.update(key, change).await)
    }

    async fn query(&mut self, query: IndexQuery) -> Result<Result<Page, Error>> {
        self.allowance.call_store()?;
        Ok(self.storage.query(query).await)
    }
}

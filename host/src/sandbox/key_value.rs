//! The store as a guest calls it: counted, then handed to [`Storage`].

use wasmtime::Result;

use super::instance::State;
use crate::bindings::portdesk::desk::key_value::{
    Change, Error, Host, IndexQuery, InsertOutcome, Item, Page, UpdateOutcome,
};

impl Host for State {
    async fn get(&mut self, key: String) -> Result<Result<Option<Item>, Error>> {
        let call = self.begin_call()?;
        let outcome = self.storage.get(key).await;
        self.end_call(call);
        Ok(outcome)
    }

    async fn insert(
        &mut self,
        key: String,
        fields: Vec<(String, String)>,
        change_id: String,
    ) -> Result<Result<InsertOutcome, Error>> {
        let call = self.begin_call()?;
        let outcome = self.storage.insert(key, fields, change_id).await;
        self.end_call(call);
        Ok(outcome)
    }

    async fn update(&mut self, key: String, change: Change) -> Result<Result<UpdateOutcome, Error>> {
        let call = self.begin_call()?;
        let outcome = self.storage.update(key, change).await;
        self.end_call(call);
        Ok(outcome)
    }

    async fn query(&mut self, query: IndexQuery) -> Result<Result<Page, Error>> {
        let call = self.begin_call()?;
        let outcome = self.storage.query(query).await;
        self.end_call(call);
        Ok(outcome)
    }
}

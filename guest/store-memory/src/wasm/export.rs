//! Implements the component's export `key-value` over the one store of this instance.

use alloc::string::String;

use spin::{Lazy, Mutex, MutexGuard};

use crate::{Error, Store};
use guest_runtime::store::bindings::exports::portdesk::desk::key_value as wit;
use guest_runtime::store::bindings::portdesk::desk::schema;
use guest_runtime::store::convert;

/// The store of this instance. It is empty when the instance starts and is lost when the instance ends.
static STORE: Lazy<Result<Mutex<Store>, Error>> =
    Lazy::new(|| Store::new(convert::schema(schema::collection())).map(Mutex::new));

fn store() -> Result<MutexGuard<'static, Store>, Error> {
    Ok(STORE.as_ref().map_err(|error| *error)?.lock())
}

pub(super) struct KeyValue;

impl wit::Guest for KeyValue {
    fn get(key: String) -> Result<Option<wit::Item>, wit::Error> {
        Ok(store()?.get(&key)?.map(convert::item))
    }

    fn insert(
        key: String,
        fields: items::Fields,
        change_id: String,
    ) -> Result<wit::InsertOutcome, wit::Error> {
        Ok(convert::insert(store()?.insert(&key, fields, &change_id)?))
    }

    fn update(key: String, change: wit::Change) -> Result<wit::UpdateOutcome, wit::Error> {
        Ok(convert::update(store()?.update(&key, convert::change(change))?))
    }

    fn query(query: wit::IndexQuery) -> Result<wit::Page, wit::Error> {
        let wit::IndexQuery { index, value, limit, cursor } = query;
        let (items, cursor) = store()?.query(index, value, limit, cursor.as_deref())?;
        Ok(wit::Page { items: items.into_iter().map(convert::summary).collect(), cursor })
    }
}

impl From<Error> for wit::Error {
    fn from(error: Error) -> wit::Error {
        match error {
            Error::Invalid => wit::Error::Invalid,
            Error::InvalidCursor => wit::Error::InvalidCursor,
            Error::TooLarge => wit::Error::TooLarge,
        }
    }
}

//! Implements the component's export `key-value`.

use std::sync::LazyLock;

use items::Error;

use super::import::Wasi;
use crate::{Settings, Store, StoreError};
use guest_runtime::store::bindings::exports::portdesk::desk::key_value as wit;
use guest_runtime::store::bindings::portdesk::desk::schema;
use guest_runtime::store::convert;

pub(super) struct KeyValue;

/// The store of this instance, or the reason why the environment variables or the schema do not allow one.
static STORE: LazyLock<Result<Store<Wasi>, String>> = LazyLock::new(|| {
    let settings = Settings::read(|name| std::env::var(name).ok()).map_err(|error| error.to_string())?;
    let schema = convert::schema(schema::collection());
    Store::new(settings, schema, Wasi).map_err(|failure| failure.to_string())
});

impl wit::Guest for KeyValue {
    fn get(key: String) -> Result<Option<wit::Item>, wit::Error> {
        let found = store()?.get(&key).map_err(|failure| error("get", &failure))?;
        Ok(found.map(convert::item))
    }

    fn insert(
        key: String,
        fields: Vec<wit::Field>,
        change_id: String,
    ) -> Result<wit::InsertOutcome, wit::Error> {
        let outcome = store()?.insert(&key, fields, &change_id);
        outcome.map(convert::insert).map_err(|failure| error("insert", &failure))
    }

    fn update(key: String, change: wit::Change) -> Result<wit::UpdateOutcome, wit::Error> {
        let outcome = store()?.update(&key, convert::change(change));
        outcome.map(convert::update).map_err(|failure| error("update", &failure))
    }

    fn query(query: wit::IndexQuery) -> Result<wit::Page, wit::Error> {
        let wit::IndexQuery { index, value, limit, cursor } = query;
        let page = store()?.query(index, value, limit, cursor.as_deref());
        let (items, cursor) = page.map_err(|failure| error("query", &failure))?;
        Ok(wit::Page { items: items.into_iter().map(convert::summary).collect(), cursor })
    }
}

fn store() -> Result<&'static Store<Wasi>, wit::Error> {
    STORE.as_ref().map_err(|error| {
        eprintln!("the DynamoDB store cannot be used: {error}");
        wit::Error::Misconfigured
    })
}

/// Converts an error to an error of the interface. Only this function does so. The error's text goes to the operator
/// and not to the component.
fn error(call: &str, failure: &StoreError) -> wit::Error {
    let (error, is_told) = match failure {
        StoreError::Invalid(_) | StoreError::Failed(Error::Invalid(_)) => (wit::Error::Invalid, true),
        StoreError::Failed(Error::Corrupt(_)) => (wit::Error::Corrupt, true),
        StoreError::Failed(Error::Misconfigured(_)) => (wit::Error::Misconfigured, true),
        StoreError::Failed(Error::Throttled { retry_after }) => {
            let milliseconds = |after: std::time::Duration| u32::try_from(after.as_millis());
            (wit::Error::Throttled(retry_after.map(|after| milliseconds(after).unwrap_or(u32::MAX))), true)
        }
        StoreError::Failed(Error::TooLarge) => (wit::Error::TooLarge, false),
        StoreError::Failed(Error::Unavailable(_)) => (wit::Error::Unavailable, true),
        StoreError::Failed(Error::Unknown(_)) => (wit::Error::Unknown, true),
        StoreError::InvalidCursor => (wit::Error::InvalidCursor, false),
    };
    if is_told {
        eprintln!("{call}: {failure}");
    }
    error
}

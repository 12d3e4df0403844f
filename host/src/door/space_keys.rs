//! The keys of spaces. They exist only in the memory of this process, and each of them is good for one space.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use hyper::HeaderMap;

use super::keys::{Client, NewKey, secret};
use super::{ClientId, Plan, Usage};

/// The keys of all spaces but the main one, whose keys are in the key file.
#[derive(Default)]
pub struct SpaceKeys(ArcSwap<HashMap<[u8; 32], SpaceClient>>);

/// A client of a space.
#[derive(Clone)]
pub(crate) struct SpaceClient {
    pub(crate) client: Client,
    /// The name of the space.
    pub(crate) space: Arc<str>,
    /// What the clients of the space have used of their plans.
    pub(crate) usage: Arc<Usage>,
}

impl SpaceKeys {
    /// Makes a key for each client, and returns the keys in the same order.
    pub(crate) fn create(
        &self,
        space: &Arc<str>,
        usage: &Arc<Usage>,
        plan: &Arc<Plan>,
        clients: &[String],
    ) -> Vec<String> {
        let made = clients.iter().map(|client| {
            let key = NewKey::generate();
            let client = Client { id: ClientId::new(client), plan: Arc::clone(plan) };
            let client = SpaceClient { client, space: Arc::clone(space), usage: Arc::clone(usage) };
            (key.secret, client)
        });
        let made: Vec<_> = made.collect();
        self.0.rcu(|keys| {
            let mut keys = HashMap::clone(keys);
            keys.extend(
                made.iter().map(|(secret, client)| (NewKey::digest(secret.as_bytes()), client.clone())),
            );
            keys
        });
        made.into_iter().map(|(secret, _)| secret).collect()
    }

    /// Makes all keys of a space invalid.
    pub(crate) fn remove(&self, space: &str) {
        self.0.rcu(|keys| {
            let mut keys = HashMap::clone(keys);
            keys.retain(|_, client| *client.space != *space);
            keys
        });
    }

    /// How many keys are valid.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.load().len()
    }

    /// The client whose key is in the header `x-api-key`.
    pub(super) fn client(&self, headers: &HeaderMap) -> Option<SpaceClient> {
        let keys = self.0.load();
        if keys.is_empty() {
            return None;
        }
        keys.get(&NewKey::digest(secret(headers)?)).cloned()
    }
}

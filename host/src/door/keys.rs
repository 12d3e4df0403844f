//! API keys, which identify clients.
//!
//! A key is `portdesk_`, then 8 characters that name the key, then 40 characters that nobody can guess (160 bits). The host
//! stores and compares only the SHA-256 of a key, so the time of a comparison reveals nothing about any key.

mod file;
mod table;
mod source;
mod contents;

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use data_encoding::HEXLOWER;
use hyper::HeaderMap;
use rand::Rng;
use sha2::{Digest, Sha256};
use tracing::warn;

pub use self::contents::{KeyFileContents, KeyRecord};
pub use self::file::{KeyFile, KeyFileError};
pub(crate) use self::source::KeySource;
pub use self::table::{KeyTable, KeyTableError};
use super::{DEFAULT_PLAN, Plan};

/// The id of a client: the id of its first key, never the key itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ClientId(Arc<str>);

impl ClientId {
    pub(crate) fn new(id: &str) -> ClientId {
        ClientId(id.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn name(&self) -> &Arc<str> {
        &self.0
    }
}

/// A client and its usage plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) id: ClientId,
    pub(crate) plan: Arc<Plan>,
}

/// A new key. Only its digest is stored, so it can be shown only now.
pub struct NewKey {
    /// The public part of the key.
    pub id: String,
    /// The whole key.
    pub secret: String,
}

impl NewKey {
    /// Generates a random key.
    #[must_use]
    pub fn generate() -> NewKey {
        let mut random = [0; 24];
        rand::rng().fill_bytes(&mut random);
        let (id, secret) = random.split_at(4);
        let id = HEXLOWER.encode(id);
        let secret = format!("portdesk_{id}{}", HEXLOWER.encode(secret));
        NewKey { id, secret }
    }

    /// Returns the digest that is stored in place of a key.
    pub(super) fn digest(secret: &[u8]) -> [u8; 32] {
        Sha256::digest(secret).into()
    }
}

/// The valid keys, which change when their source changes.
#[derive(Clone)]
pub struct ActiveKeys {
    keys: Arc<ArcSwap<Keys>>,
    /// The digest of the key in `PORTDESK_API_KEY`, which is not in the key file.
    environment: Option<[u8; 32]>,
}

/// The contents of the source, and the keys that are valid because of them.
struct Keys {
    contents: KeyFileContents,
    active: HashMap<[u8; 32], Client>,
    /// Whether the source was read. Until then no key is valid, and no key is wrong.
    are_known: bool,
}

impl ActiveKeys {
    /// The keys of the key file, and the key of the environment if there is one.
    #[must_use]
    pub fn new(contents: &KeyFileContents, environment: Option<&str>) -> ActiveKeys {
        let environment = environment.map(|secret| NewKey::digest(secret.as_bytes()));
        let keys = Keys::new(contents.clone(), environment);
        ActiveKeys { keys: Arc::new(ArcSwap::from_pointee(keys)), environment }
    }

    /// Keys whose source could not be read yet.
    pub(crate) fn unknown(environment: Option<&str>) -> ActiveKeys {
        let environment = environment.map(|secret| NewKey::digest(secret.as_bytes()));
        let (contents, active) = (KeyFileContents::default(), HashMap::new());
        let keys = Keys { contents, active, are_known: false };
        ActiveKeys { keys: Arc::new(ArcSwap::from_pointee(keys)), environment }
    }

    /// Whether the source was read, so that a key that is not valid is wrong.
    pub(crate) fn are_known(&self) -> bool {
        self.keys.load().are_known
    }

    /// How many keys are valid.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.load().active.len()
    }

    /// Whether no key is valid, so that every request is refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the client whose key is in the header `x-api-key`. Returns `None` if the key is missing, unknown or
    /// revoked, or if there are two keys.
    pub(crate) fn client(&self, headers: &HeaderMap) -> Option<Client> {
        let digest = NewKey::digest(secret(headers)?);
        let keys = self.keys.load();
        keys.active.get(&digest).cloned()
    }

    /// The plan of this name.
    pub(crate) fn plan(&self, name: &str) -> Option<Arc<Plan>> {
        self.keys.load().contents.plan(name).map(Arc::new)
    }

    /// Replaces the keys by those of the source. Returns whether the contents have changed.
    pub(crate) fn take_over(&self, contents: KeyFileContents) -> bool {
        let before = self.keys.load();
        if before.are_known && before.contents == contents {
            return false;
        }
        self.keys.store(Arc::new(Keys::new(contents, self.environment)));
        if self.is_empty() {
            warn!("there is no valid key, so every request is refused; `portdesk key create` makes a key");
        }
        true
    }
}

impl Keys {
    fn new(contents: KeyFileContents, environment: Option<[u8; 32]>) -> Keys {
        let plans: HashMap<&str, Arc<Plan>> =
            contents.plans.iter().map(|plan| (plan.name.as_str(), Arc::new(plan.clone()))).collect();
        let default = plans.get(DEFAULT_PLAN).map_or_else(|| Arc::new(Plan::default_plan()), Arc::clone);
        let client = |id: &str, plan: Option<&str>| {
            let plan = plan.and_then(|name| plans.get(name)).unwrap_or(&default);
            Client { id: ClientId::new(id), plan: Arc::clone(plan) }
        };
        let stored = contents.keys.iter().filter(|record| record.revoked_at.is_none());
        let stored = stored.map(|record| (record.sha256, client(record.client(), record.plan.as_deref())));
        // If the key of the environment is also in the file, the file decides its client and whether it is revoked.
        let environment =
            environment.filter(|digest| contents.keys.iter().all(|record| record.sha256 != *digest));
        let environment = environment.map(|digest| (digest, client(ENVIRONMENT_KEY_ID, None)));
        let active = stored.chain(environment).collect();
        Keys { contents, active, are_known: true }
    }
}

/// The key of a request. Returns `None` if there is no key, or if there are two.
pub(super) fn secret(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all("x-api-key").iter();
    let (Some(secret), None) = (values.next(), values.next()) else { return None };
    Some(secret.as_bytes())
}

/// The client id of the key in `PORTDESK_API_KEY`.
pub(crate) const ENVIRONMENT_KEY_ID: &str = "environment";

#[cfg(test)]
mod tests {
    use super::*;

    fn active_keys(records: &[KeyRecord]) -> ActiveKeys {
        active_keys_of(&KeyFileContents { keys: records.to_vec(), plans: Vec::new() })
    }

    fn active_keys_of(contents: &KeyFileContents) -> ActiveKeys {
        ActiveKeys::new(contents, Some("from-the-environment"))
    }

    /// Returns the id of the client and the name of its plan.
    fn named(active_keys: &ActiveKeys, secret: &str) -> Option<String> {
        let client = active_keys.client(&headers(&[secret]))?;
        Some(format!("{} on {}", client.id.as_str(), client.plan.name))
    }

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("x-api-key", value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_key_is_valid_until_it_is_revoked() {
        let key = NewKey::generate();
        let mut record = KeyRecord::new(&key, "agent");
        let client = named(&active_keys(std::slice::from_ref(&record)), &key.secret);
        assert_eq!(client, Some(format!("{} on default", key.id)));
        record.revoked_at = Some(jiff::Timestamp::now());
        assert_eq!(named(&active_keys(&[record]), &key.secret), None);
    }

    #[test]
    fn no_key_a_wrong_key_and_two_keys_are_refused_alike() {
        let key = NewKey::generate();
        let active_keys = active_keys(&[KeyRecord::new(&key, "agent")]);
        let wrong = key.secret.replace(&key.secret[20..21], "x");
        for values in [&[][..], &[""], &[&wrong], &[&key.id], &[&key.secret, &key.secret]] {
            assert_eq!(active_keys.client(&headers(values)), None, "{values:?}");
        }
    }

    #[test]
    fn the_key_of_the_environment_is_a_client_of_its_own() {
        let client = named(&active_keys(&[]), "from-the-environment");
        assert_eq!(client, Some("environment on default".to_owned()));
    }

    #[test]
    fn the_file_decides_about_a_key_that_the_environment_has_too() {
        let key = NewKey::generate();
        let mut record = KeyRecord::new(&key, "agent");
        let client = |record: &KeyRecord| {
            let contents = KeyFileContents { keys: vec![record.clone()], plans: Vec::new() };
            named(&ActiveKeys::new(&contents, Some(&key.secret)), &key.secret)
        };
        assert_eq!(client(&record), Some(format!("{} on default", key.id)));
        record.revoked_at = Some(jiff::Timestamp::now());
        assert_eq!(client(&record), None);
    }

    #[test]
    fn both_keys_of_a_rotation_are_one_client_on_one_plan() {
        let (old, new) = (NewKey::generate(), NewKey::generate());
        let slow = Plan { name: "slow".to_owned(), ..Plan::default_plan() };
        let mut first = KeyRecord { plan: Some("slow".to_owned()), ..KeyRecord::new(&old, "agent") };
        let second = first.rotated(&new);
        let contents = |first: &KeyRecord| KeyFileContents {
            keys: vec![first.clone(), second.clone()],
            plans: vec![slow.clone()],
        };
        let active_keys = active_keys_of(&contents(&first));
        for secret in [&old.secret, &new.secret] {
            assert_eq!(named(&active_keys, secret), Some(format!("{} on slow", old.id)));
        }
        first.revoked_at = Some(jiff::Timestamp::now());
        let active_keys = active_keys_of(&contents(&first));
        assert_eq!(named(&active_keys, &old.secret), None);
        assert_eq!(named(&active_keys, &new.secret), Some(format!("{} on slow", old.id)));
    }

    #[test]
    fn a_plan_with_the_name_default_replaces_the_built_in_plan() {
        let key = NewKey::generate();
        let plan = Plan { quota: None, ..Plan::default_plan() };
        let contents =
            KeyFileContents { keys: vec![KeyRecord::new(&key, "agent")], plans: vec![plan.clone()] };
        for secret in [&key.secret, "from-the-environment"] {
            assert_eq!(*active_keys_of(&contents).client(&headers(&[secret])).unwrap().plan, plan);
        }
    }

    #[test]
    fn two_keys_are_never_the_same() {
        assert_ne!(NewKey::generate().secret, NewKey::generate().secret);
        assert_eq!(NewKey::generate().secret.len(), "portdesk_".len() + 8 + 40);
    }
}

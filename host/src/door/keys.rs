//! API keys: who may call.
//!
//! A key is `portdesk_` with 8 characters that name it and 40 that nobody can guess (160 bits). Only its SHA-256 is
//! ever stored or held; a lookup goes by that digest, so its timing tells nothing of a key that was guessed.

mod file;

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use data_encoding::HEXLOWER;
use hyper::HeaderMap;
use rand::Rng;
use sha2::{Digest, Sha256};
use tracing::warn;

pub use self::file::{KeyFile, KeyFileContents, KeyFileError, KeyRecord};
use super::{DEFAULT_PLAN, Plan};
use crate::files::Followed;

/// Who calls: the stable name of a key, never the key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientId(Arc<str>);

impl ClientId {
    /// The client of this name.
    #[must_use]
    pub fn new(name: &str) -> ClientId {
        ClientId(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whose key it is, and what it may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Who.
    pub id: ClientId,
    /// Their plan.
    pub plan: Arc<Plan>,
}

/// A new key, in the one moment in which it is known.
pub struct NewKey {
    /// Its public part; the id of the client who gets it, if it is their first.
    pub id: String,
    /// The whole key, to be shown once.
    pub secret: String,
}

impl NewKey {
    /// A key that nobody had before.
    #[must_use]
    pub fn generate() -> NewKey {
        let mut random = [0; 24];
        rand::rng().fill_bytes(&mut random);
        let (id, secret) = random.split_at(4);
        let id = HEXLOWER.encode(id);
        let secret = format!("portdesk_{id}{}", HEXLOWER.encode(secret));
        NewKey { id, secret }
    }

    /// What is kept of a key.
    #[must_use]
    pub fn digest(secret: &[u8]) -> [u8; 32] {
        Sha256::digest(secret).into()
    }
}

/// The keys that are good at this moment.
#[derive(Clone)]
pub struct ActiveKeys {
    keys: Arc<ArcSwap<Keys>>,
    /// The key of the environment; it is in no file.
    environment: Option<[u8; 32]>,
}

/// What the file said, and the keys that are good by it.
struct Keys {
    contents: KeyFileContents,
    active: HashMap<[u8; 32], Client>,
}

impl ActiveKeys {
    /// The keys of a file, and the one that the environment gives, if it does.
    #[must_use]
    pub fn new(contents: &KeyFileContents, environment: Option<&str>) -> ActiveKeys {
        let environment = environment.map(|secret| NewKey::digest(secret.as_bytes()));
        let keys = Keys::new(contents.clone(), environment);
        ActiveKeys { keys: Arc::new(ArcSwap::from_pointee(keys)), environment }
    }

    /// How many keys are good.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.load().active.len()
    }

    /// Whether no key is good: then nothing opens the door.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whose key these headers carry in `x-api-key`; none for no key, a wrong one, a revoked one, or two keys.
    #[must_use]
    pub fn client(&self, headers: &HeaderMap) -> Option<Client> {
        let mut values = headers.get_all("x-api-key").iter();
        let (Some(secret), None) = (values.next(), values.next()) else { return None };
        let digest = NewKey::digest(secret.as_bytes());
        let keys = self.keys.load();
        keys.active.get(&digest).cloned()
    }

    /// Takes over every change of the key file within a second, for as long as it is polled.
    pub async fn follow(self, file: KeyFile) {
        let (path, active_keys) = (file.path(), self.clone());
        let read = move || file.read_again(&active_keys.keys.load().contents);
        let followed = Followed { subject: "the file of keys", files: vec![path], read };
        followed.follow(|contents| self.take_over(contents)).await;
    }

    /// Takes over what a file says, and tells whether that is something else than before.
    pub fn take_over(&self, contents: KeyFileContents) -> bool {
        if self.keys.load().contents == contents {
            return false;
        }
        self.keys.store(Arc::new(Keys::new(contents, self.environment)));
        if self.is_empty() {
            warn!("the file of keys has no key that is not revoked: every request is refused now");
        }
        true
    }
}

impl Keys {
    fn new(contents: KeyFileContents, environment: Option<[u8; 32]>) -> Keys {
        Keys { active: active(&contents, environment), contents }
    }
}

fn active(contents: &KeyFileContents, environment: Option<[u8; 32]>) -> HashMap<[u8; 32], Client> {
    let plans: HashMap<&str, Arc<Plan>> =
        contents.plans.iter().map(|plan| (plan.name.as_str(), Arc::new(plan.clone()))).collect();
    let default = plans.get(DEFAULT_PLAN).map_or_else(|| Arc::new(Plan::default_plan()), Arc::clone);
    let client = |id: &str, plan: Option<&str>| {
        let plan = plan.and_then(|name| plans.get(name)).unwrap_or(&default);
        Client { id: ClientId::new(id), plan: Arc::clone(plan) }
    };
    let stored = contents.keys.iter().filter(|record| record.revoked_at.is_none());
    let stored = stored.map(|record| (record.sha256, client(record.client(), record.plan.as_deref())));
    // A key of the file keeps its name, and stays revoked, also where the environment gives it again.
    let environment =
        environment.filter(|digest| contents.keys.iter().all(|record| record.sha256 != *digest));
    stored.chain(environment.map(|digest| (digest, client(ENVIRONMENT_KEY_ID, None)))).collect()
}

/// The id of the key that the environment gives.
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

    fn named(active_keys: &ActiveKeys, secret: &str) -> Option<(String, String)> {
        let client = active_keys.client(&headers(&[secret]))?;
        Some((client.id.as_str().to_owned(), client.plan.name.clone()))
    }

    fn on(id: &str, plan: &str) -> (String, String) {
        (id.to_owned(), plan.to_owned())
    }

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("x-api-key", value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_key_opens_the_door_until_it_is_revoked() {
        let key = NewKey::generate();
        let mut record = KeyRecord::new(&key, "agent");
        let client = named(&active_keys(std::slice::from_ref(&record)), &key.secret);
        assert_eq!(client, Some(on(&key.id, "default")));
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
    fn the_environment_gives_a_key_of_its_own() {
        let client = named(&active_keys(&[]), "from-the-environment");
        assert_eq!(client, Some(on("environment", "default")));
    }

    #[test]
    fn a_key_of_the_file_is_the_same_when_the_environment_gives_it_again() {
        let key = NewKey::generate();
        let mut record = KeyRecord::new(&key, "agent");
        let client = |record: &KeyRecord| {
            let contents = KeyFileContents { keys: vec![record.clone()], plans: Vec::new() };
            named(&ActiveKeys::new(&contents, Some(&key.secret)), &key.secret)
        };
        assert_eq!(client(&record), Some(on(&key.id, "default")));
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
            assert_eq!(named(&active_keys, secret), Some(on(&old.id, "slow")));
        }
        first.revoked_at = Some(jiff::Timestamp::now());
        let active_keys = active_keys_of(&contents(&first));
        assert_eq!(named(&active_keys, &old.secret), None);
        assert_eq!(named(&active_keys, &new.secret), Some(on(&old.id, "slow")));
    }

    #[test]
    fn a_plan_that_is_called_default_is_that_of_keys_that_name_none() {
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

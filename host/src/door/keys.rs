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

pub use self::file::{KeyFile, KeyFileError, KeyRecord, Register};
use super::{DEFAULT_PLAN, Plan};
use crate::files::Followed;

/// Who calls: the stable name of a key, never the key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal(Arc<str>);

impl Principal {
    /// The principal of this name.
    #[must_use]
    pub fn new(name: &str) -> Principal {
        Principal(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whose key it is, and what it may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Who.
    pub principal: Principal,
    /// Their plan.
    pub plan: Arc<Plan>,
}

/// A new key, in the one moment in which it is known.
pub struct ApiKey {
    /// Its public part; the principal of those who hold it.
    pub id: String,
    /// The whole key, to be shown once.
    pub secret: String,
}

impl ApiKey {
    /// A key that nobody had before.
    #[must_use]
    pub fn generate() -> ApiKey {
        let mut random = [0; 24];
        rand::rng().fill_bytes(&mut random);
        let (id, secret) = random.split_at(4);
        let id = HEXLOWER.encode(id);
        let secret = format!("portdesk_{id}{}", HEXLOWER.encode(secret));
        ApiKey { id, secret }
    }

    /// What is kept of a key.
    #[must_use]
    pub fn digest(secret: &[u8]) -> [u8; 32] {
        Sha256::digest(secret).into()
    }
}

/// The keys that are good at this moment.
#[derive(Clone)]
pub struct KeyRing {
    keys: Arc<ArcSwap<Keys>>,
    /// The key of the environment; it is in no file.
    environment: Option<[u8; 32]>,
}

/// What the file said, and the keys that are good by it.
struct Keys {
    register: Register,
    active: HashMap<[u8; 32], Holder>,
}

impl KeyRing {
    /// The keys of a file, and the one that the environment gives, if it does.
    #[must_use]
    pub fn new(register: &Register, environment: Option<&str>) -> KeyRing {
        let environment = environment.map(|secret| ApiKey::digest(secret.as_bytes()));
        let keys = Keys::new(register.clone(), environment);
        KeyRing { keys: Arc::new(ArcSwap::from_pointee(keys)), environment }
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
    pub fn holder(&self, headers: &HeaderMap) -> Option<Holder> {
        let mut values = headers.get_all("x-api-key").iter();
        let (Some(secret), None) = (values.next(), values.next()) else { return None };
        let digest = ApiKey::digest(secret.as_bytes());
        let keys = self.keys.load();
        keys.active.get(&digest).cloned()
    }

    /// Takes over every change of the key file within a second, for as long as it is polled.
    pub async fn follow(self, file: KeyFile) {
        let (path, ring) = (file.path(), self.clone());
        let read = move || file.read_again(&ring.keys.load().register);
        let followed = Followed { subject: "the file of keys", files: vec![path], read };
        followed.follow(|register| self.take_over(register)).await;
    }

    /// Takes over what a file says, and tells whether that is something else than before.
    pub fn take_over(&self, register: Register) -> bool {
        if self.keys.load().register == register {
            return false;
        }
        self.keys.store(Arc::new(Keys::new(register, self.environment)));
        if self.is_empty() {
            warn!("the file of keys has no key that is not revoked: every request is refused now");
        }
        true
    }
}

impl Keys {
    fn new(register: Register, environment: Option<[u8; 32]>) -> Keys {
        Keys { active: active(&register, environment), register }
    }
}

fn active(register: &Register, environment: Option<[u8; 32]>) -> HashMap<[u8; 32], Holder> {
    let plans: HashMap<&str, Arc<Plan>> =
        register.plans.iter().map(|plan| (plan.name.as_str(), Arc::new(plan.clone()))).collect();
    let default = plans.get(DEFAULT_PLAN).map_or_else(|| Arc::new(Plan::default_plan()), Arc::clone);
    let holder = |principal: &str, plan: Option<&str>| {
        let plan = plan.and_then(|name| plans.get(name)).unwrap_or(&default);
        Holder { principal: Principal::new(principal), plan: Arc::clone(plan) }
    };
    let stored = register.keys.iter().filter(|record| record.revoked_at.is_none());
    let stored = stored.map(|record| (record.sha256, holder(record.principal(), record.plan.as_deref())));
    // A key of the file keeps its name, and stays revoked, also where the environment gives it again.
    let environment =
        environment.filter(|digest| register.keys.iter().all(|record| record.sha256 != *digest));
    stored.chain(environment.map(|digest| (digest, holder(ENVIRONMENT_KEY_ID, None)))).collect()
}

/// The id of the key that the environment gives.
pub(crate) const ENVIRONMENT_KEY_ID: &str = "environment";

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(records: &[KeyRecord]) -> KeyRing {
        ring_of(&Register { keys: records.to_vec(), plans: Vec::new() })
    }

    fn ring_of(register: &Register) -> KeyRing {
        KeyRing::new(register, Some("from-the-environment"))
    }

    fn named(ring: &KeyRing, secret: &str) -> Option<(String, String)> {
        let holder = ring.holder(&headers(&[secret]))?;
        Some((holder.principal.as_str().to_owned(), holder.plan.name.clone()))
    }

    fn on(principal: &str, plan: &str) -> (String, String) {
        (principal.to_owned(), plan.to_owned())
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
        let key = ApiKey::generate();
        let mut record = KeyRecord::new(&key, "agent");
        let holder = named(&ring(std::slice::from_ref(&record)), &key.secret);
        assert_eq!(holder, Some(on(&key.id, "default")));
        record.revoked_at = Some(jiff::Timestamp::now());
        assert_eq!(named(&ring(&[record]), &key.secret), None);
    }

    #[test]
    fn no_key_a_wrong_key_and_two_keys_are_refused_alike() {
        let key = ApiKey::generate();
        let ring = ring(&[KeyRecord::new(&key, "agent")]);
        let wrong = key.secret.replace(&key.secret[20..21], "x");
        for values in [&[][..], &[""], &[&wrong], &[&key.id], &[&key.secret, &key.secret]] {
            assert_eq!(ring.holder(&headers(values)), None, "{values:?}");
        }
    }

    #[test]
    fn the_environment_gives_a_key_of_its_own() {
        let holder = named(&ring(&[]), "from-the-environment");
        assert_eq!(holder, Some(on("environment", "default")));
    }

    #[test]
    fn a_key_of_the_file_is_the_same_when_the_environment_gives_it_again() {
        let key = ApiKey::generate();
        let mut record = KeyRecord::new(&key, "agent");
        let holder = |record: &KeyRecord| {
            let register = Register { keys: vec![record.clone()], plans: Vec::new() };
            named(&KeyRing::new(&register, Some(&key.secret)), &key.secret)
        };
        assert_eq!(holder(&record), Some(on(&key.id, "default")));
        record.revoked_at = Some(jiff::Timestamp::now());
        assert_eq!(holder(&record), None);
    }

    #[test]
    fn both_keys_of_a_rotation_are_one_principal_on_one_plan() {
        let (old, new) = (ApiKey::generate(), ApiKey::generate());
        let slow = Plan { name: "slow".to_owned(), ..Plan::default_plan() };
        let mut first = KeyRecord { plan: Some("slow".to_owned()), ..KeyRecord::new(&old, "agent") };
        let second = first.rotated(&new);
        let register = |first: &KeyRecord| Register {
            keys: vec![first.clone(), second.clone()],
            plans: vec![slow.clone()],
        };
        let ring = ring_of(&register(&first));
        for secret in [&old.secret, &new.secret] {
            assert_eq!(named(&ring, secret), Some(on(&old.id, "slow")));
        }
        first.revoked_at = Some(jiff::Timestamp::now());
        let ring = ring_of(&register(&first));
        assert_eq!(named(&ring, &old.secret), None);
        assert_eq!(named(&ring, &new.secret), Some(on(&old.id, "slow")));
    }

    #[test]
    fn a_plan_that_is_called_default_is_that_of_keys_that_name_none() {
        let key = ApiKey::generate();
        let plan = Plan { quota: None, ..Plan::default_plan() };
        let register = Register { keys: vec![KeyRecord::new(&key, "agent")], plans: vec![plan.clone()] };
        for secret in [&key.secret, "from-the-environment"] {
            assert_eq!(*ring_of(&register).holder(&headers(&[secret])).unwrap().plan, plan);
        }
    }

    #[test]
    fn two_keys_are_never_the_same() {
        assert_ne!(ApiKey::generate().secret, ApiKey::generate().secret);
        assert_eq!(ApiKey::generate().secret.len(), "portdesk_".len() + 8 + 40);
    }
}

//! API keys: who may call.
//!
//! A key is `portdesk_` with 8 characters that name it and 40 that nobody can guess (160 bits). Only its SHA-256 is
//! ever stored or held; a lookup goes by that digest, so its timing tells nothing of a key that was guessed.

mod file;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use data_encoding::HEXLOWER;
use hyper::HeaderMap;
use rand::Rng;
use sha2::{Digest, Sha256};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{debug, warn};

pub use self::file::{KeyFile, KeyFileError, KeyRecord};

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
    keys: Arc<ArcSwap<HashMap<[u8; 32], Principal>>>,
    /// The key of the environment; it is in no file.
    environment: Option<[u8; 32]>,
}

impl KeyRing {
    /// The keys of a file, and the one that the environment gives, if it does.
    #[must_use]
    pub fn new(records: &[KeyRecord], environment: Option<&str>) -> KeyRing {
        let environment = environment.map(|secret| ApiKey::digest(secret.as_bytes()));
        let keys = Arc::new(ArcSwap::from_pointee(active(records, environment)));
        KeyRing { keys, environment }
    }

    /// How many keys are good.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.load().len()
    }

    /// Whether no key is good: then nothing opens the door.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whose key these headers carry in `x-api-key`; none for no key, a wrong one, a revoked one, or two keys.
    #[must_use]
    pub fn principal(&self, headers: &HeaderMap) -> Option<Principal> {
        let mut values = headers.get_all("x-api-key").iter();
        let (Some(secret), None) = (values.next(), values.next()) else { return None };
        let digest = ApiKey::digest(secret.as_bytes());
        let keys = self.keys.load();
        keys.get(&digest).cloned()
    }

    /// Takes over every change of the key file within half a second, for as long as it is polled.
    pub async fn follow(self, file: KeyFile) {
        // The stamp is older than what is read after it: a change in between is seen twice, never missed.
        let mut seen = None;
        let mut ticks = interval(FOLLOW_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let stamp = file.stamp();
            if stamp == seen {
                continue;
            }
            match file.read() {
                Ok(records) => {
                    self.keys.store(Arc::new(active(&records, self.environment)));
                    debug!(keys = records.len(), "took over the file of keys");
                    seen = stamp;
                }
                // Read again at the next tick: what is in the way may pass.
                Err(error @ KeyFileError::Failed { .. }) => {
                    warn!(%error, "the file of keys changed and cannot be read; the old keys hold");
                }
                Err(error @ KeyFileError::Damaged { .. }) => {
                    seen = stamp;
                    warn!(%error, "the file of keys changed and cannot be read; the old keys hold");
                }
            }
        }
    }
}

fn active(records: &[KeyRecord], environment: Option<[u8; 32]>) -> HashMap<[u8; 32], Principal> {
    let stored = records.iter().filter(|record| record.revoked_at.is_none());
    let stored = stored.map(|record| (record.sha256, Principal::new(&record.id)));
    // A key of the file keeps its name, and stays revoked, also where the environment gives it again.
    let environment = environment.filter(|digest| records.iter().all(|record| record.sha256 != *digest));
    stored.chain(environment.map(|digest| (digest, Principal::new(ENVIRONMENT_KEY_ID)))).collect()
}

/// How often the file of keys is looked at.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(500);

/// The id of the key that the environment gives.
const ENVIRONMENT_KEY_ID: &str = "environment";

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(records: &[KeyRecord]) -> KeyRing {
        KeyRing::new(records, Some("from-the-environment"))
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
        let principal = ring(std::slice::from_ref(&record)).principal(&headers(&[&key.secret]));
        assert_eq!(principal, Some(Principal::new(&key.id)));
        record.revoked_at = Some(jiff::Timestamp::now());
        assert_eq!(ring(&[record]).principal(&headers(&[&key.secret])), None);
    }

    #[test]
    fn no_key_a_wrong_key_and_two_keys_are_refused_alike() {
        let key = ApiKey::generate();
        let ring = ring(&[KeyRecord::new(&key, "agent")]);
        let wrong = key.secret.replace(&key.secret[20..21], "x");
        for values in [&[][..], &[""], &[&wrong], &[&key.id], &[&key.secret, &key.secret]] {
            assert_eq!(ring.principal(&headers(values)), None, "{values:?}");
        }
    }

    #[test]
    fn the_environment_gives_a_key_of_its_own() {
        let principal = ring(&[]).principal(&headers(&["from-the-environment"]));
        assert_eq!(principal, Some(Principal::new("environment")));
    }

    #[test]
    fn a_key_of_the_file_is_the_same_when_the_environment_gives_it_again() {
        let key = ApiKey::generate();
        let mut record = KeyRecord::new(&key, "agent");
        let principal = |record: &KeyRecord| {
            KeyRing::new(std::slice::from_ref(record), Some(&key.secret)).principal(&headers(&[&key.secret]))
        };
        assert_eq!(principal(&record), Some(Principal::new(&key.id)));
        record.revoked_at = Some(jiff::Timestamp::now());
        assert_eq!(principal(&record), None);
    }

    #[test]
    fn two_keys_are_never_the_same() {
        assert_ne!(ApiKey::generate().secret, ApiKey::generate().secret);
        assert_eq!(ApiKey::generate().secret.len(), "portdesk_".len() + 8 + 40);
    }
}

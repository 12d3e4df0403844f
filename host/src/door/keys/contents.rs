//! What the key file contains: digests, dates and plans, but no key.

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::NewKey;
use crate::backend::CLIENT_LIMIT_BYTES;
use crate::door::{DEFAULT_PLAN, Plan};

/// What the key file stores about a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRecord {
    /// The public part of the key.
    #[serde(deserialize_with = "id")]
    pub id: String,
    /// The id of the client's first key. The first key itself does not have this field.
    #[serde(
        default,
        alias = "principal",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "some_id"
    )]
    pub client: Option<String>,
    /// The name that the operator gave to the key.
    pub name: String,
    /// The SHA-256 of the whole key.
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    pub sha256: [u8; 32],
    /// The name of the usage plan. Without it, the key has the default plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// When the key was made.
    pub created_at: Timestamp,
    /// When the key was revoked, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

impl KeyRecord {
    /// The record of a new key of a new client.
    #[must_use]
    pub fn new(key: &NewKey, name: &str) -> KeyRecord {
        KeyRecord {
            id: key.id.clone(),
            client: None,
            name: name.to_owned(),
            plan: None,
            sha256: NewKey::digest(key.secret.as_bytes()),
            created_at: Timestamp::now(),
            revoked_at: None,
        }
    }

    /// The record of a second key for the client of this key.
    pub(crate) fn rotated(&self, key: &NewKey) -> KeyRecord {
        let (client, plan) = (Some(self.client().to_owned()), self.plan.clone());
        KeyRecord { client, plan, ..KeyRecord::new(key, &self.name) }
    }

    /// The id of the client in logs, items and quota counts.
    pub(crate) fn client(&self) -> &str {
        self.client.as_deref().unwrap_or(&self.id)
    }
}

/// What the key file contains.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFileContents {
    /// All keys, the oldest first, including revoked keys.
    pub keys: Vec<KeyRecord>,
    /// The plans that operators made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plans: Vec<Plan>,
}

impl KeyFileContents {
    /// Returns the plan of this name. There is always a default plan.
    pub(crate) fn plan(&self, name: &str) -> Option<Plan> {
        let made = self.plans.iter().find(|plan| plan.name == name).cloned();
        made.or_else(|| (name == DEFAULT_PLAN).then(Plan::default_plan))
    }
}

/// Parses an id. Quota stores count under the id, so it has the limits of [`crate::backend::Count`].
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let good =
        (1..=CLIENT_LIMIT_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if good { Ok(text) } else { Err(serde::de::Error::custom("an id has 1 to 64 visible ASCII characters")) }
}

fn some_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    id(deserializer).map(Some)
}

fn to_hex<S: Serializer>(digest: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&HEXLOWER.encode(digest))
}

fn from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = HEXLOWER.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| serde::de::Error::custom("a SHA-256 is 64 hexadecimal digits"))
}

//! The keys and plans in the table of a store, which all hosts of that table share. They are the same as those of a key file, as one
//! text with a version.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use tokio::time::sleep;

use super::KeyFileContents;
use crate::backend::{Error, Expected, SHARED_TEXT_LIMIT_BYTES, SharedText};

/// The keys in a table.
#[derive(Clone)]
pub struct KeyTable {
    text: Arc<dyn SharedText>,
}

/// The version that a host has taken over: `None` before its first look, `Some(None)` if there were no keys.
pub(super) type Seen = Option<Option<u64>>;

impl KeyTable {
    /// The keys in the table of this store.
    #[must_use]
    pub fn new(text: Arc<dyn SharedText>) -> KeyTable {
        KeyTable { text }
    }

    /// Reads the keys. There are none before the first key is made.
    pub async fn read(&self) -> Result<KeyFileContents, KeyTableError> {
        Ok(self.find().await?.1)
    }

    /// Returns the keys if their version is not the one that was `seen`. If there `were` keys, fails if there is no version any more:
    /// somebody removed it by mistake.
    pub(super) async fn look(
        &self,
        seen: &mut Seen,
        were: bool,
    ) -> Result<Option<KeyFileContents>, KeyTableError> {
        let version = self.text.version().await.map_err(KeyTableError::Unreadable)?;
        if version.is_none() && were {
            return Err(KeyTableError::Missing);
        }
        if *seen == Some(version) {
            return Ok(None);
        }
        let (version, contents) = self.find().await?;
        if version.is_none() && were {
            return Err(KeyTableError::Missing);
        }
        *seen = Some(version);
        Ok(Some(contents))
    }

    /// Changes the keys. If another writer is faster, `change` is applied again to what that writer stored. If `change` fails, nothing
    /// is stored.
    pub async fn update<T, E>(
        &self,
        change: impl Fn(&mut KeyFileContents) -> Result<T, E>,
    ) -> Result<Result<T, E>, KeyTableError> {
        for _ in 0..ATTEMPTS {
            let (version, mut contents) = self.find().await?;
            let result = match change(&mut contents) {
                Ok(result) => result,
                Err(refused) => return Ok(Err(refused)),
            };
            let expected = version.map_or(Expected::Nothing, Expected::Version);
            if self.replace(&contents, expected).await? {
                return Ok(Ok(result));
            }
            let pause = rand::rng().random_range(Duration::ZERO..LONGEST_PAUSE);
            sleep(pause).await;
        }
        Err(KeyTableError::Busy)
    }

    /// Replaces all keys by those of a key file, also keys that are damaged.
    pub async fn overwrite(&self, contents: &KeyFileContents) -> Result<(), KeyTableError> {
        // With this expectation no writer is faster, but DynamoDB may still refuse one of two transactions at the same moment.
        let is_replaced = self.replace(contents, Expected::Anything).await?;
        if is_replaced { Ok(()) } else { Err(KeyTableError::Busy) }
    }

    async fn find(&self) -> Result<(Option<u64>, KeyFileContents), KeyTableError> {
        let found = self.text.read().await.map_err(KeyTableError::Unreadable)?;
        let Some(found) = found else { return Ok((None, KeyFileContents::default())) };
        if found.text.len() > SHARED_TEXT_LIMIT_BYTES {
            return Err(KeyTableError::TooLarge(found.text.len()));
        }
        let contents = serde_json::from_str(&found.text)
            .map_err(|error| KeyTableError::Damaged { line: error.line(), column: error.column() })?;
        Ok((Some(found.version), contents))
    }

    async fn replace(&self, contents: &KeyFileContents, expected: Expected) -> Result<bool, KeyTableError> {
        let unwritten = |_| KeyTableError::Unwritable(Error::Invalid("they cannot be written".to_owned()));
        let text = serde_json::to_string(contents).map_err(unwritten)?;
        if text.len() > SHARED_TEXT_LIMIT_BYTES {
            return Err(KeyTableError::Full(text.len()));
        }
        self.text.replace(&text, expected).await.map_err(|error| match error {
            Error::Unknown(_) => KeyTableError::Unknown(error),
            Error::Corrupt(_)
            | Error::Invalid(_)
            | Error::Misconfigured(_)
            | Error::Throttled { .. }
            | Error::TooLarge
            | Error::Unavailable(_) => KeyTableError::Unwritable(error),
        })
    }
}

/// Why the keys in the table cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeyTableError {
    /// Other writers were faster every time.
    #[error(
        "other commands change the keys in the table at the same time; nothing was changed, so repeat the command"
    )]
    Busy,
    /// The text of the parser's error is left out, because it quotes the keys.
    #[error(
        "the keys in the table are damaged at line {line}, column {column}; `portdesk key share --replace` replaces them by \
         those of a data folder"
    )]
    Damaged {
        /// The line of the text.
        line: usize,
        /// The column of the line.
        column: usize,
    },
    /// With this change, there would be this many bytes.
    #[error(
        "the keys in the table would have {0} bytes, more than {SHARED_TEXT_LIMIT_BYTES}; `portdesk key forget` removes a \
         revoked key. Nothing was changed"
    )]
    Full(usize),
    /// There were keys, and there are none any more.
    #[error("there are no keys in the table any more")]
    Missing,
    /// The table does not answer.
    #[error("the keys in the table cannot be read: no answer in time")]
    Slow,
    /// The stored text has this many bytes.
    #[error(
        "the keys in the table have {0} bytes, more than {SHARED_TEXT_LIMIT_BYTES}; `portdesk key share --replace` replaces \
         them by those of a data folder"
    )]
    TooLarge(usize),
    /// The change may or may not be stored.
    #[error("it is unknown whether the change is stored; `portdesk key list` shows it ({0})")]
    Unknown(Error),
    /// They cannot be read.
    #[error("the keys in the table cannot be read: {0}")]
    Unreadable(Error),
    /// They cannot be changed. Nothing was changed.
    #[error("the keys in the table cannot be changed: {0}")]
    Unwritable(Error),
}

impl KeyTableError {
    /// Whether the keys may be readable later without anybody's help.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(
            self,
            KeyTableError::Slow | KeyTableError::Unreadable(Error::Throttled { .. } | Error::Unavailable(_))
        )
    }

    /// Whether the change may be stored.
    #[cfg(any(test, feature = "dynamodb"))]
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, KeyTableError::Unknown(_))
    }
}

/// How often an update is tried while other writers are faster.
const ATTEMPTS: u32 = 20;
/// The longest pause before the next attempt, so that writers do not meet again and again.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;

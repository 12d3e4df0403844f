//! One text that all hosts of a store share: their keys and plans. It is not an item: no component sees it, and no index lists it.

use async_trait::async_trait;

use super::Error;

/// A text with its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionedText {
    /// Differs after every change.
    pub version: u64,
    /// The text.
    pub text: String,
}

/// What a writer expects to replace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Anything, also a text that cannot be read.
    Anything,
    /// No text.
    Nothing,
    /// The text of this version.
    Version(u64),
}

/// Keeps the text.
///
/// Any number of tasks and of processes may call every method concurrently.
#[async_trait]
pub trait SharedText: Send + Sync + 'static {
    /// The version of the text, or `None` if there is no text. It costs less than the text, so that a host can ask for it often.
    async fn version(&self) -> Result<Option<u64>, Error>;

    /// The text. It includes every change that was acknowledged before this call.
    async fn read(&self) -> Result<Option<VersionedText>, Error>;

    /// Replaces the text, which has at most [`SHARED_TEXT_LIMIT_BYTES`]. Returns `false`, and changes nothing, if the text is not what
    /// the caller expects, because another writer was faster.
    async fn replace(&self, text: &str, expected: Expected) -> Result<bool, Error>;
}

/// The longest text. It leaves room for the other attributes of an item of DynamoDB, which has at most 400 KiB.
pub const SHARED_TEXT_LIMIT_BYTES: usize = 384 << 10;

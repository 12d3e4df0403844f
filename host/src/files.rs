//! Reads, replaces and follows files that other programs may change, replace or remove at any time.
//!
//! A read never waits for a writer and has a limit; a replacement is complete or does not happen; and one follower
//! notices every change, for the key file and for the files of TLS alike.

mod read;
mod replace;
mod follow;

pub(crate) use self::follow::Followed;
pub use self::read::ReadError;
pub(crate) use self::read::read;
pub use self::replace::ReplaceError;
pub(crate) use self::replace::{behind_links, lock, replace};

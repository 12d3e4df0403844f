//! Reads, replaces and follows files that other programs may change, replace or remove at any time.
//!
//! A read never waits for a writer and has a limit. A replacement is complete or does not happen. One follower notices every
//! change of the key file and of the TLS files. `take_over` also reports the changes of keys in a table.

mod read;
mod replace;
mod follow;
mod take_over;

pub(crate) use self::follow::Followed;
pub use self::read::ReadError;
pub(crate) use self::read::read;
pub(crate) use self::replace::{ReplaceError, behind_links, lock, replace};
pub(crate) use self::take_over::TakeOver;

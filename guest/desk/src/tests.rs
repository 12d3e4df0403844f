//! The desk as a client sees it: requests in, answers out, over a store in memory.

#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes every snapshot with them")]

mod comments;
mod conditions;
mod creation;
mod env;
mod faults;
mod http;
mod lists;
mod moves;
mod properties;
mod reading;
mod store;

//! The length of tests that show more the longer they run.

use std::env;

/// `ordinary`, or `long` if `PORTDESK_TESTS=long` is set: for a release, on a machine that does nothing else.
pub fn at_length<T>(ordinary: T, long: T) -> T {
    if is_long() { long } else { ordinary }
}

/// Whether the long tests are on. Some of them assert times, which hold only on a machine that does nothing else.
pub fn is_long() -> bool {
    match env::var("PORTDESK_TESTS") {
        Err(_) => false,
        Ok(word) if word == "long" => true,
        Ok(other) => panic!("PORTDESK_TESTS is `long` or not set, not {other:?}"),
    }
}

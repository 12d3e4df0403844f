//! What a host does with clients that mean it harm, while others go on asking.
//!
//! Each test has a small version for every test run and a full one, which holds the figures that only a machine with
//! nothing else to do can keep: `PORTDESK_ABUSE=full cargo test --release -p portdesk-tests abuse -- --nocapture
//! --test-threads 1`.

mod connections;
#[cfg(target_os = "linux")]
mod descriptors;
mod floods;
mod overload;
mod probe;
mod raw;

use std::env;

/// Whether the full versions are asked for.
fn is_full() -> bool {
    match env::var("PORTDESK_ABUSE") {
        Err(_) => false,
        Ok(word) if word == "full" => true,
        Ok(other) => panic!("PORTDESK_ABUSE is `full` or not set, not {other:?}"),
    }
}

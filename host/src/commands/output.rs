//! What commands print. No other code prints: clippy refuses `println!` and the like (see `lib.rs`).

use std::io;

use super::Ended;
use crate::standard::Stream;

/// Prints the result of a command to standard output.
pub(super) fn print(text: &str) -> Result<(), Ended> {
    Stream::output().and_then(|stream| stream.write(text.as_bytes())).map_err(|error| unprinted(&error))
}

/// Prints a key that is never shown again. Must be called before the key is made valid.
pub(super) fn print_key(secret: &str) -> Result<(), Ended> {
    if Stream::output().is_ok_and(|stream| stream.is_discarded()) {
        return Err(Ended::Failed(
            "standard output is closed or is /dev/null, where nobody sees the new key; the key is not valid"
                .into(),
        ));
    }
    print(&format!("{secret}\n"))
}

/// Prints a line to standard error. The command goes on if that fails.
pub(super) fn note(text: &str) {
    drop(Stream::error().and_then(|stream| stream.write(format!("{text}\n").as_bytes())));
}

pub(super) fn unprinted(error: &io::Error) -> Ended {
    Ended::Failed(format!("standard output cannot be written ({error})"))
}

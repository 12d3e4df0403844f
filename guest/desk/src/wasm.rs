//! Connects the desk to WIT: it only converts between WIT records and plain types.

use guest_runtime::Arena;

mod bindings;
mod export;
mod import;

/// The desk keeps no data between requests, so it can use an [`Arena`].
#[global_allocator]
static ALLOCATOR: Arena = Arena::new();

guest_runtime::panic_handler!();

//! The component's edge: WIT records to plain types and back, and nothing else.

use guest_runtime::Arena;

mod bindings;
mod export;
mod import;

/// The desk keeps nothing between requests.
#[global_allocator]
static ALLOCATOR: Arena = Arena::new();

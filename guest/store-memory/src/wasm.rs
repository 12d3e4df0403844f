//! Connects the store to WIT: it converts between WIT records and plain types, and holds the one store of an instance.

use guest_runtime::LibcHeap;

mod export;
mod exported;

#[global_allocator]
static ALLOCATOR: LibcHeap = LibcHeap;

guest_runtime::panic_handler!();

//! Connects the front to WIT: it exports `wasi:http/incoming-handler` and imports `handler` and `schema`.

use guest_runtime::LibcHeap;

mod bindings;
mod export;
mod body;
mod import;

#[global_allocator]
static ALLOCATOR: LibcHeap = LibcHeap;

guest_runtime::panic_handler!();

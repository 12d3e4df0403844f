//! The edge of the component: `wasi:http` on one side, `handler` on the other.

use guest_runtime::LibcHeap;

mod bindings;
mod export;
mod body;
mod import;

#[global_allocator]
static ALLOCATOR: LibcHeap = LibcHeap;

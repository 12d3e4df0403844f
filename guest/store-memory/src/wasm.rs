//! The component's edge: WIT records to plain types and back, and the one store that an instance has.

use guest_runtime::LibcHeap;

mod export;
mod exported;

#[global_allocator]
static ALLOCATOR: LibcHeap = LibcHeap;

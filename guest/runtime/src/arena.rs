//! An allocator for a component that keeps nothing between requests.

#![allow(unsafe_code, reason = "an allocator is made of raw pointers")]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32;
use core::cell::UnsafeCell;
use core::ptr;

use crate::region::Region;
use crate::runtime::moved;

/// All memory behind the component's data, given out from its start. What is given back is free again when everything
/// is, which is at the end of each request; only the last block is free at once.
///
/// A request that gives much back and takes much anew therefore needs more memory than with [`LibcHeap`](crate::LibcHeap), and
/// a component that keeps a single block from one request to the next needs more with every one. In return a block costs a few
/// instructions, and the first request of an instance finds its memory where it is: no call for more.
///
/// Nothing else in the component may allocate: malloc of wasi-libc would give out the same memory.
#[derive(Debug)]
pub struct Arena {
    region: UnsafeCell<Option<Region>>,
}

// SAFETY: a component has one thread.
unsafe impl Sync for Arena {}

impl Arena {
    /// An arena, of which a component may have one.
    #[must_use]
    pub const fn new() -> Self {
        Self { region: UnsafeCell::new(None) }
    }

    /// # Safety
    ///
    /// No other reference to the region may live: each function below asks for it once and calls nothing of the arena
    /// while it has it.
    #[expect(clippy::mut_from_ref, reason = "a global allocator is shared, and the only thread holds it")]
    unsafe fn region(&self) -> &mut Region {
        // SAFETY: the caller promises that no other reference lives.
        let region = unsafe { &mut *self.region.get() };
        region.get_or_insert_with(|| Region::new((&raw const __heap_base).addr()))
    }
}

impl Default for Arena {
    fn default() -> Self {
        Self::new()
    }
}

// SAFETY: blocks that are in use never overlap and lie in memory that exists (tests of `Region`, and `reach`).
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the only reference.
        let region = unsafe { self.region() };
        match region.take(layout) {
            Some((begin, end)) if reach(end) => ptr::with_exposed_provenance_mut(begin),
            Some((begin, _)) => {
                region.give_back(begin, layout.size());
                ptr::null_mut()
            }
            None => ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the only reference.
        unsafe { self.region() }.give_back(memory.addr(), layout.size());
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the only reference.
        let resized = unsafe { self.region() }.resize(memory.addr(), layout.size(), size);
        match resized {
            Some(end) if reach(end) => memory,
            Some(_) => {
                // SAFETY: the only reference. The block is the last one, and gets the size back that it had.
                unsafe { self.region() }.resize(memory.addr(), size, layout.size());
                ptr::null_mut()
            }
            // SAFETY: the caller promises what is asked for here.
            None => unsafe { moved(self, memory, layout, size) },
        }
    }
}

/// Whether there is memory up to `end`, which is asked for where there is none yet.
fn reach(end: usize) -> bool {
    let missing = end.div_ceil(PAGE_BYTES).saturating_sub(wasm32::memory_size(0));
    missing == 0 || wasm32::memory_grow(0, missing) != usize::MAX
}

const PAGE_BYTES: usize = 64 * 1024;

unsafe extern "C" {
    /// Where the linker ends what it lays out in memory. Its address is what counts.
    static __heap_base: u8;
}

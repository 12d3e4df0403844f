//! An allocator for a component that keeps nothing between requests.

#![allow(unsafe_code, reason = "an allocator is made of raw pointers")]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32;
use core::cell::UnsafeCell;
use core::ptr;

use crate::region::Region;
use crate::runtime::moved;

/// A bump allocator: it allocates blocks one after the other, in the memory after the component's static data. If the
/// last block is freed, its memory can be used again at once. All other freed memory can be used again only when no
/// block is in use any more, which is the case at the end of each request.
///
/// A request that frees and allocates a lot therefore needs more memory than with [`LibcHeap`](crate::LibcHeap). A
/// component that keeps a single block from one request to the next needs more memory with every request. In return, an
/// allocation takes a few instructions, and the first request of an instance uses memory that the instance already has.
///
/// Nothing else in the component may allocate: malloc of wasi-libc would use the same memory.
#[derive(Debug)]
pub struct Arena {
    region: UnsafeCell<Option<Region>>,
}

// SAFETY: a component has one thread.
unsafe impl Sync for Arena {}

impl Arena {
    /// Makes an arena. A component may have only one.
    #[must_use]
    pub const fn new() -> Self {
        Self { region: UnsafeCell::new(None) }
    }

    /// # Safety
    ///
    /// No other reference to the region may exist. Each function below takes one reference at a time and calls no
    /// function of the arena while it holds this reference.
    #[expect(clippy::mut_from_ref, reason = "a global allocator is shared, and the only thread holds it")]
    unsafe fn region(&self) -> &mut Region {
        // SAFETY: the caller promises that no other reference exists.
        let region = unsafe { &mut *self.region.get() };
        region.get_or_insert_with(|| Region::new((&raw const __heap_base).addr()))
    }
}

impl Default for Arena {
    fn default() -> Self {
        Self::new()
    }
}

// SAFETY: blocks in use never overlap (see the tests of `Region`), and `reach` makes sure that their memory exists.
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
                // SAFETY: the only reference. The block is the last one and gets its earlier size back.
                unsafe { self.region() }.resize(memory.addr(), size, layout.size());
                ptr::null_mut()
            }
            // SAFETY: the caller of `realloc` promises the same as `moved` requires.
            None => unsafe { moved(self, memory, layout, size) },
        }
    }
}

/// Grows the memory up to `end` if necessary. Returns whether memory exists up to there.
fn reach(end: usize) -> bool {
    let missing = end.div_ceil(PAGE_BYTES).saturating_sub(wasm32::memory_size(0));
    missing == 0 || wasm32::memory_grow(0, missing) != usize::MAX
}

const PAGE_BYTES: usize = 64 * 1024;

unsafe extern "C" {
    /// The linker puts this symbol after the component's static data. Only its address has a meaning.
    static __heap_base: u8;
}

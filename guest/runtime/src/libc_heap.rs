//! An allocator for components of any kind.

#![allow(unsafe_code, reason = "an allocator is made of raw pointers")]

use core::alloc::{GlobalAlloc, Layout};

use crate::runtime::moved;

/// The heap of wasi-libc, for a component that keeps data between requests.
#[derive(Debug)]
pub struct LibcHeap;

// SAFETY: malloc, aligned_alloc, realloc and free together do what `GlobalAlloc` requires. Only the alignment decides
// whether malloc or aligned_alloc allocates a block, and free accepts the blocks of both.
unsafe impl GlobalAlloc for LibcHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= MALLOC_ALIGN {
            // SAFETY: malloc accepts any size.
            unsafe { libc::malloc(layout.size()).cast() }
        } else {
            // SAFETY: the alignment of a layout is a power of two, and the padded size is a multiple of it.
            unsafe { libc::aligned_alloc(layout.align(), layout.pad_to_align().size()).cast() }
        }
    }

    unsafe fn dealloc(&self, memory: *mut u8, _: Layout) {
        // SAFETY: the caller got `memory` from `alloc` or `realloc`.
        unsafe { libc::free(memory.cast()) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if layout.align() <= MALLOC_ALIGN {
            // SAFETY: the caller got `memory` from `alloc` or `realloc`.
            return unsafe { libc::realloc(memory.cast(), size).cast() };
        }
        // SAFETY: the caller of `realloc` promises the same as `moved` requires.
        unsafe { moved(self, memory, layout, size) }
    }
}

/// The alignment of every block of malloc on wasm32.
const MALLOC_ALIGN: usize = 16;

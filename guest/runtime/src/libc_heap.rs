//! An allocator for anything.

#![allow(unsafe_code, reason = "an allocator is made of raw pointers")]

use core::alloc::{GlobalAlloc, Layout};

use crate::runtime::moved;

/// The heap of wasi-libc, for a component that keeps something between requests.
#[derive(Debug)]
pub struct LibcHeap;

// SAFETY: malloc, aligned_alloc, realloc and free keep the contract between themselves; which of the two allocates
// depends on the alignment alone, and free takes the memory of both.
unsafe impl GlobalAlloc for LibcHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= MALLOC_ALIGN {
            // SAFETY: any size may be asked for.
            unsafe { libc::malloc(layout.size()).cast() }
        } else {
            // SAFETY: the alignment of a layout is a power of two, and its size is padded to it here.
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
        // SAFETY: the caller promises what is asked for here.
        unsafe { moved(self, memory, layout, size) }
    }
}

/// What malloc aligns to on wasm32.
const MALLOC_ALIGN: usize = 16;

//! What std would bring along: an allocator, an end for panics, and the function that a host allocates with.

#![allow(unsafe_code, reason = "an allocator and the canonical ABI are made of raw pointers")]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32;
use core::panic::PanicInfo;

/// The allocator of wasi-libc.
struct Libc;

// SAFETY: malloc, aligned_alloc, realloc and free keep the contract between themselves; which of the two allocates
// depends on the alignment alone, and free takes the memory of both.
unsafe impl GlobalAlloc for Libc {
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
        // SAFETY: the caller promises that `size` fits the alignment, and that `memory` is as large as `layout`.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(memory, layout.size().min(size));
                self.dealloc(memory, layout);
            }
            moved
        }
    }
}

#[global_allocator]
static ALLOCATOR: Libc = Libc;

/// A panic is a defect. It traps; the host answers 500 and throws the instance away.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    wasm32::unreachable()
}

/// Where the host puts what it passes in (the canonical ABI asks for this name).
///
/// # Safety
///
/// `old` is null and `old_size` 0, or they are what an earlier call gave and was asked for.
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(old: *mut u8, old_size: usize, align: usize, new_size: usize) -> *mut u8 {
    if new_size == 0 {
        return core::ptr::without_provenance_mut(align);
    }
    // SAFETY: the canonical ABI gives powers of two as alignments, and sizes that fit into memory.
    let memory = unsafe {
        if old_size == 0 {
            alloc::alloc::alloc(Layout::from_size_align_unchecked(new_size, align))
        } else {
            alloc::alloc::realloc(old, Layout::from_size_align_unchecked(old_size, align), new_size)
        }
    };
    if memory.is_null() {
        wasm32::unreachable()
    }
    memory
}

// Nothing else names the library, which without std nobody links.
#[link(name = "c")]
unsafe extern "C" {}

/// What malloc aligns to on wasm32.
const MALLOC_ALIGN: usize = 16;

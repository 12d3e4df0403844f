//! What std would bring along beside an allocator: an end for panics, and the function that a host allocates with.

#![allow(unsafe_code, reason = "the canonical ABI is made of raw pointers")]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32;
use core::panic::PanicInfo;

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

/// A larger or smaller block in the place of `memory`, which is given back; null where there is none, and `memory` stays.
///
/// # Safety
///
/// As for [`GlobalAlloc::realloc`].
pub(crate) unsafe fn moved(
    allocator: &impl GlobalAlloc,
    memory: *mut u8,
    layout: Layout,
    size: usize,
) -> *mut u8 {
    // SAFETY: the caller promises that `size` fits the alignment, and that `memory` is as large as `layout`.
    unsafe {
        let moved = allocator.alloc(Layout::from_size_align_unchecked(size, layout.align()));
        if !moved.is_null() {
            moved.copy_from_nonoverlapping(memory, layout.size().min(size));
            allocator.dealloc(memory, layout);
        }
        moved
    }
}

// Nothing else names the library, which without std nobody links.
#[link(name = "c")]
unsafe extern "C" {}

//! The panic handler, and the function with which a host allocates memory in the component. A component with std gets
//! both from std.

#![allow(unsafe_code, reason = "the canonical ABI is made of raw pointers")]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32;

/// Defines the panic handler of a component. A panic is a defect of the component: it traps, and the host then answers 500
/// and discards the instance.
///
/// This is a macro because a component with std, which has a panic handler already, may be compiled together with
/// components without std.
#[macro_export]
macro_rules! panic_handler {
    () => {
        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
            core::arch::wasm32::unreachable()
        }
    };
}

/// Allocates memory for values that the host passes in. The canonical ABI requires this name.
///
/// # Safety
///
/// Either `old` is null and `old_size` is 0, or an earlier call with the size `old_size` returned `old`.
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(old: *mut u8, old_size: usize, align: usize, new_size: usize) -> *mut u8 {
    if new_size == 0 {
        return core::ptr::without_provenance_mut(align);
    }
    // SAFETY: in the canonical ABI, alignments are powers of two, and sizes fit into memory.
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

/// Allocates a block of the new size, copies the content of `memory` and frees `memory`. If no memory is left, returns
/// null and does not free `memory`.
///
/// # Safety
///
/// The same as for [`GlobalAlloc::realloc`].
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

// Links libc. In a component with std, std links it.
#[link(name = "c")]
unsafe extern "C" {}

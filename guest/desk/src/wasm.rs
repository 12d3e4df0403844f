//! The edge.
#![allow(unsafe_code, missing_docs, reason = "x")]
use alloc::{string::String, vec::Vec};
use core::alloc::{GlobalAlloc, Layout};
wit_bindgen::generate!({ path: "../../wit", world: "desk", generate_all });

#[link(name = "c")]
unsafe extern "C" {}
struct Libc;
unsafe impl GlobalAlloc for Libc {
    unsafe fn alloc(&self, l: Layout) -> *mut u8 {
        unsafe { libc::malloc(l.size()).cast() }
    }
    unsafe fn dealloc(&self, p: *mut u8, _l: Layout) {
        unsafe { libc::free(p.cast()) }
    }
    unsafe fn realloc(&self, p: *mut u8, _l: Layout, n: usize) -> *mut u8 {
        unsafe { libc::realloc(p.cast(), n).cast() }
    }
}
#[global_allocator]
static A: Libc = Libc;
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(old: *mut u8, old_len: usize, align: usize, new_len: usize) -> *mut u8 {
    unsafe {
        if old_len == 0 {
            if new_len == 0 {
                return align as *mut u8;
            }
            alloc::alloc::alloc(Layout::from_size_align_unchecked(new_len, align))
        } else {
            alloc::alloc::realloc(old, Layout::from_size_align_unchecked(old_len, align), new_len)
        }
    }
}
struct D;
impl exports::portdesk::desk::handler::Guest for D {
    fn handle(r: exports::portdesk::desk::handler::Request) -> exports::portdesk::desk::handler::Response {
        let v: serde_json::Value = serde_json::from_slice(&r.body).unwrap();
        let x = portdesk::desk::key_value::get(&r.path);
        exports::portdesk::desk::handler::Response {
            status: 200,
            headers: Vec::new(),
            body: serde_json::to_vec(&v).unwrap(),
            operation: x.ok().flatten().map(|i| i.key),
        }
    }
}
impl exports::portdesk::desk::schema::Guest for D {
    fn collection() -> exports::portdesk::desk::schema::CollectionSchema {
        exports::portdesk::desk::schema::CollectionSchema {
            key_field: String::from("id"),
            lists: Vec::new(),
            indexes: Vec::new(),
        }
    }
    fn openapi() -> String {
        String::new()
    }
}
export!(D);

//! The simulated disk as a file system of SQLite. All connections of a thread have the disk of that thread.

#![expect(unsafe_code, reason = "SQLite calls a file system through pointers; no shipped program has this")]

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::Path;
use std::sync::Once;
use std::{mem, ptr, slice};

use portdesk::backend::Error;
use portdesk::backend::embedded::simulated::CutError;
use rusqlite::ffi;

use crate::bug::Bug;
use crate::disk::{Disk, DiskError, Name};

thread_local! {
    static DISK: RefCell<Disk> = RefCell::new(Disk::new(0));
    static SHARED: RefCell<Shared> = RefCell::new(Shared::default());
}

/// The URI of the store on the disk of this thread.
pub(crate) const URI: &str = "file:/simulated/store?vfs=simulated";

/// Uses the disk of this thread.
pub(crate) fn disk<T>(using: impl FnOnce(&mut Disk) -> T) -> T {
    DISK.with_borrow_mut(using)
}

/// Gives the thread another disk. No connection is open.
pub(crate) fn insert(new: Disk) {
    register();
    DISK.set(new);
}

/// Shortens the log as the store does it on a disk of this machine.
pub(crate) fn cut_log(_log: &Path, bytes: u64) -> Result<(), CutError> {
    disk(|disk| {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        if disk.bug == Some(Bug::LogKeepsFailedCommit) || disk.len(Name::Log) <= bytes {
            return Ok(());
        }
        let untouched = |error| CutError::Untouched(Error::Unavailable(format!("{error:?}")));
        disk.truncate(Name::Log, bytes).map_err(untouched)?;
        disk.sync(Name::Log).map_err(|error| CutError::Unsynced(std::io::Error::other(format!("{error:?}"))))
    })
}

/// The memory that connections share: the index of the log, and its eight locks.
#[derive(Default)]
struct Shared {
    /// The last of them takes the memory with it.
    connections: u32,
    regions: Vec<Box<[u64]>>,
    readers: [u32; 8],
    is_locked: [bool; 8],
}

/// An open file, as SQLite keeps it.
#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    name: Name,
}

fn name_of(path: *const c_char) -> Name {
    // SAFETY: SQLite passes names that end with a zero.
    let path = if path.is_null() { &[][..] } else { unsafe { CStr::from_ptr(path) }.to_bytes() };
    if path.ends_with(b"-wal") {
        Name::Log
    } else if path.ends_with(b"-journal") {
        Name::Journal
    } else {
        Name::Store
    }
}

fn opened(file: *mut ffi::sqlite3_file) -> Name {
    // SAFETY: SQLite passes only files that `open` has initialized.
    unsafe { (*file.cast::<File>()).name }
}

fn code(result: Result<(), DiskError>, otherwise: c_int) -> c_int {
    match result {
        Ok(()) => ffi::SQLITE_OK,
        Err(DiskError::Full) => ffi::SQLITE_FULL,
        Err(DiskError::Write) => ffi::SQLITE_IOERR_WRITE,
        Err(DiskError::Sync) => ffi::SQLITE_IOERR_FSYNC,
        Err(DiskError::Cut) => otherwise,
    }
}

fn place(number: i64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let name = name_of(path);
    // SAFETY: the memory behind `file` has the size that `register` asks for.
    unsafe {
        (*file).pMethods = ptr::null();
        if disk(|disk| disk.is_cut || (!disk.exists(name) && flags & ffi::SQLITE_OPEN_CREATE == 0)) {
            return ffi::SQLITE_CANTOPEN;
        }
        disk(|disk| disk.create(name));
        SHARED.with_borrow_mut(|shared| shared.connections += u32::from(name == Name::Store));
        file.cast::<File>().write(File { base: ffi::sqlite3_file { pMethods: &raw const METHODS }, name });
        if !out.is_null() {
            *out = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, path: *const c_char, _sync: c_int) -> c_int {
    code(disk(|disk| disk.remove(name_of(path))), ffi::SQLITE_IOERR_DELETE)
}

unsafe extern "C" fn access(
    _: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    _flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite passes a place for the result.
    unsafe { *out = c_int::from(disk(|disk| disk.exists(name_of(path)))) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_pathname(
    _: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite passes a name that ends with a zero, and `room` bytes for it.
    unsafe {
        let bytes = CStr::from_ptr(path).to_bytes_with_nul();
        if bytes.len() > place(i64::from(room)) {
            return ffi::SQLITE_CANTOPEN;
        }
        ptr::copy_nonoverlapping(bytes.as_ptr().cast(), out, bytes.len());
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn randomness(_: *mut ffi::sqlite3_vfs, bytes: c_int, out: *mut c_char) -> c_int {
    // SAFETY: SQLite passes `bytes` bytes.
    unsafe { ptr::write_bytes(out, 7, place(i64::from(bytes))) };
    bytes
}

/// Nobody else could make a change during a pause, so there is none.
unsafe extern "C" fn sleep(_: *mut ffi::sqlite3_vfs, microseconds: c_int) -> c_int {
    microseconds
}

unsafe extern "C" fn current_time(_: *mut ffi::sqlite3_vfs, out: *mut f64) -> c_int {
    // SAFETY: SQLite passes a place for the result.
    unsafe { *out = 2_460_000.0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    if opened(file) == Name::Store {
        SHARED.with_borrow_mut(|shared| {
            shared.connections -= 1;
            if shared.connections == 0 {
                *shared = Shared::default();
            }
        });
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, out: *mut c_void, bytes: c_int, at: i64) -> c_int {
    // SAFETY: SQLite passes `bytes` bytes.
    let out = unsafe { slice::from_raw_parts_mut(out.cast::<u8>(), place(i64::from(bytes))) };
    let (there, is_cut) = disk(|disk| (disk.read(opened(file), place(at), out), disk.is_cut));
    out[there..].fill(0);
    if is_cut {
        ffi::SQLITE_IOERR_READ
    } else if there < out.len() {
        ffi::SQLITE_IOERR_SHORT_READ
    } else {
        ffi::SQLITE_OK
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    bytes: c_int,
    at: i64,
) -> c_int {
    // SAFETY: SQLite passes `bytes` bytes.
    let from = unsafe { slice::from_raw_parts(from.cast::<u8>(), place(i64::from(bytes))) };
    code(disk(|disk| disk.write(opened(file), place(at), from)), ffi::SQLITE_IOERR_WRITE)
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: i64) -> c_int {
    code(disk(|disk| disk.truncate(opened(file), place(length))), ffi::SQLITE_IOERR_TRUNCATE)
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    code(disk(|disk| disk.sync(opened(file))), ffi::SQLITE_IOERR_FSYNC)
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, out: *mut i64) -> c_int {
    // SAFETY: SQLite passes a place for the result.
    unsafe { *out = i64::try_from(disk(|disk| disk.len(opened(file)))).unwrap_or(i64::MAX) };
    ffi::SQLITE_OK
}

/// In a log, connections exclude each other by the locks of the shared memory only.
unsafe extern "C" fn lock(_: *mut ffi::sqlite3_file, _level: c_int) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(_: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: SQLite passes a place for the result.
    unsafe { *out = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(_: *mut ffi::sqlite3_file, op: c_int, arg: *mut c_void) -> c_int {
    if op != ffi::SQLITE_FCNTL_MMAP_SIZE {
        return ffi::SQLITE_NOTFOUND;
    }
    // No part of a file is ever mapped.
    // SAFETY: SQLite passes a place for the size.
    unsafe { *arg.cast::<i64>() = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn sector_size(_: *mut ffi::sqlite3_file) -> c_int {
    512
}

unsafe extern "C" fn characteristics(_: *mut ffi::sqlite3_file) -> c_int {
    0
}

unsafe extern "C" fn shm_map(
    _: *mut ffi::sqlite3_file,
    region: c_int,
    bytes: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    let (region, bytes) = (place(i64::from(region)), place(i64::from(bytes)));
    SHARED.with_borrow_mut(|shared| {
        while extend != 0 && shared.regions.len() <= region {
            shared.regions.push(vec![0; bytes.div_ceil(size_of::<u64>())].into_boxed_slice());
        }
        let found = shared.regions.get_mut(region);
        // SAFETY: SQLite passes a place for the result. The region stays in its place until the last connection is closed.
        unsafe { *out = found.map_or(ptr::null_mut(), |region| region.as_mut_ptr().cast()) };
    });
    ffi::SQLITE_OK
}

unsafe extern "C" fn shm_lock(_: *mut ffi::sqlite3_file, first: c_int, count: c_int, flags: c_int) -> c_int {
    let slots = place(i64::from(first))..place(i64::from(first + count));
    SHARED.with_borrow_mut(|Shared { readers, is_locked, .. }| {
        let is_shared = flags & ffi::SQLITE_SHM_SHARED != 0;
        if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
            slots.for_each(|slot| if is_shared { readers[slot] -= 1 } else { is_locked[slot] = false });
            return ffi::SQLITE_OK;
        }
        if slots.clone().any(|slot| is_locked[slot] || (!is_shared && readers[slot] > 0)) {
            return ffi::SQLITE_BUSY;
        }
        slots.for_each(|slot| if is_shared { readers[slot] += 1 } else { is_locked[slot] = true });
        ffi::SQLITE_OK
    })
}

unsafe extern "C" fn shm_barrier(_: *mut ffi::sqlite3_file) {}

unsafe extern "C" fn shm_unmap(_: *mut ffi::sqlite3_file, _delete: c_int) -> c_int {
    ffi::SQLITE_OK
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(lock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Tells SQLite of the file system, once in a process.
fn register() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // SAFETY: a file system without a value in any field is valid if the fields that SQLite uses are set below. It lives as
        // long as the process.
        let code = unsafe {
            let vfs: &'static mut ffi::sqlite3_vfs = Box::leak(Box::new(mem::zeroed()));
            vfs.iVersion = 1;
            vfs.szOsFile = c_int::try_from(size_of::<File>()).unwrap();
            vfs.mxPathname = 512;
            vfs.zName = c"simulated".as_ptr();
            vfs.xOpen = Some(open);
            vfs.xDelete = Some(delete);
            vfs.xAccess = Some(access);
            vfs.xFullPathname = Some(full_pathname);
            vfs.xRandomness = Some(randomness);
            vfs.xSleep = Some(sleep);
            vfs.xCurrentTime = Some(current_time);
            ffi::sqlite3_vfs_register(vfs, 0)
        };
        assert_eq!(code, ffi::SQLITE_OK, "SQLite accepts the simulated file system");
    });
}

//! The C library's functions that are replaced: same names, same arguments, same results.
//!
//! Optional arguments (the mode of `open`) are declared as if they were always given, which the supported processors
//! can't tell apart; a mode that was not given is not looked at by the system either.

use std::ffi::CStr;

use libc::{c_char, c_int, c_long, c_uint, c_void, mode_t, off64_t, size_t, ssize_t};

use crate::plan::{About, Call, Verdict, on_file, on_path};
use crate::raw;

/// Does what the verdict says. `act` is given how many of the bytes it is about.
fn obey(verdict: Verdict, bytes: usize, act: impl FnOnce(usize) -> c_long) -> c_long {
    match verdict {
        Verdict::Go => act(bytes),
        Verdict::Fail(errno) => raw::fail(errno),
        Verdict::Half => act(half(bytes)),
        Verdict::Lie => c_long::try_from(bytes).unwrap_or(c_long::MAX),
        Verdict::HalfAndDie => {
            act(half(bytes));
            raw::die()
        }
    }
}

/// Half of the bytes, in whole sectors where there are several: what is written past the page cache must be.
fn half(bytes: usize) -> usize {
    const SECTOR: usize = 512;
    if bytes >= 2 * SECTOR { bytes / 2 / SECTOR * SECTOR } else { bytes / 2 }
}

fn size(result: c_long) -> ssize_t {
    ssize_t::try_from(result).unwrap_or(-1)
}

fn int(result: c_long) -> c_int {
    c_int::try_from(result).unwrap_or(-1)
}

/// # Safety
/// `path` must point to a string that ends with a zero.
unsafe fn opened(directory: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: promised by the caller.
    let name = unsafe { CStr::from_ptr(path) };
    let verdict = on_path(name, Call::Open, || About {
        offset: 0,
        bytes: 0,
        needs_room: flags & libc::O_CREAT != 0 && !raw::exists(name),
    });
    int(obey(verdict, 0, |_| {
        let (directory, flags) = (c_long::from(directory), c_long::from(flags));
        // SAFETY: the caller's arguments, as they were given.
        unsafe { libc::syscall(libc::SYS_openat, directory, path, flags, c_long::from(mode)) }
    }))
}

macro_rules! opens {
    ($($name:ident)*) => {$(
        /// Opens a file.
        ///
        /// # Safety
        /// As the C library says.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
            // SAFETY: promised by the caller.
            unsafe { opened(libc::AT_FDCWD, path, flags, mode) }
        }
    )*};
}
opens!(open open64);

macro_rules! opens_at {
    ($($name:ident)*) => {$(
        /// Opens a file below a directory.
        ///
        /// # Safety
        /// As the C library says.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(at: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
            // SAFETY: promised by the caller.
            unsafe { opened(at, path, flags, mode) }
        }
    )*};
}
opens_at!(openat openat64);

macro_rules! creates {
    ($($name:ident)*) => {$(
        /// Makes a file, or empties it.
        ///
        /// # Safety
        /// As the C library says.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(path: *const c_char, mode: mode_t) -> c_int {
            // SAFETY: promised by the caller.
            unsafe { opened(libc::AT_FDCWD, path, libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC, mode) }
        }
    )*};
}
creates!(creat creat64);

fn writing(fd: c_int, offset: Option<u64>, bytes: usize) -> Verdict {
    on_file(fd, Call::Write, || {
        let offset = offset.or_else(|| raw::place_of(fd)).unwrap_or(0);
        let end = offset.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        let needs_room = raw::length_of(fd).is_some_and(|length| end > length);
        About { offset, bytes, needs_room }
    })
}

/// Writes where the file is at.
///
/// # Safety
/// As the C library says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(fd: c_int, bytes: *const c_void, count: size_t) -> ssize_t {
    size(obey(writing(fd, None, count), count, |count| {
        // SAFETY: the caller's bytes, of which there are at least so many.
        unsafe { libc::syscall(libc::SYS_write, c_long::from(fd), bytes, count) }
    }))
}

macro_rules! writes_at {
    ($($name:ident)*) => {$(
        /// Writes somewhere in the file.
        ///
        /// # Safety
        /// As the C library says.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(fd: c_int, bytes: *const c_void, count: size_t, offset: off64_t) -> ssize_t {
            let verdict = writing(fd, u64::try_from(offset).ok(), count);
            size(obey(verdict, count, |count| {
                // SAFETY: the caller's bytes, of which there are at least so many.
                unsafe { libc::syscall(libc::SYS_pwrite64, c_long::from(fd), bytes, count, offset) }
            }))
        }
    )*};
}
writes_at!(pwrite pwrite64);

/// Reads where the file is at.
///
/// # Safety
/// As the C library says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn read(fd: c_int, bytes: *mut c_void, count: size_t) -> ssize_t {
    let verdict = on_file(fd, Call::Read, || About { offset: 0, bytes: count, needs_room: false });
    size(obey(verdict, count, |count| {
        // SAFETY: the caller's buffer, which has room for at least so many.
        unsafe { libc::syscall(libc::SYS_read, c_long::from(fd), bytes, count) }
    }))
}

macro_rules! reads_at {
    ($($name:ident)*) => {$(
        /// Reads somewhere in the file.
        ///
        /// # Safety
        /// As the C library says.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(fd: c_int, bytes: *mut c_void, count: size_t, offset: off64_t) -> ssize_t {
            let start = u64::try_from(offset).unwrap_or(0);
            let verdict = on_file(fd, Call::Read, || About { offset: start, bytes: count, needs_room: false });
            size(obey(verdict, count, |count| {
                // SAFETY: the caller's buffer, which has room for at least so many.
                unsafe { libc::syscall(libc::SYS_pread64, c_long::from(fd), bytes, count, offset) }
            }))
        }
    )*};
}
reads_at!(pread pread64);

fn synced(fd: c_int, number: c_long) -> c_int {
    let verdict = on_file(fd, Call::Sync, || About { offset: 0, bytes: 0, needs_room: false });
    // SAFETY: takes numbers only.
    int(obey(verdict, 0, |_| unsafe { libc::syscall(number, c_long::from(fd)) }))
}

/// Brings a file to the disk.
#[unsafe(no_mangle)]
pub extern "C" fn fsync(fd: c_int) -> c_int {
    synced(fd, libc::SYS_fsync)
}

/// Brings a file's bytes to the disk.
#[unsafe(no_mangle)]
pub extern "C" fn fdatasync(fd: c_int) -> c_int {
    synced(fd, libc::SYS_fdatasync)
}

/// A call on the new length of a file.
fn resized(fd: c_int, length: off64_t, act: impl FnOnce() -> c_long) -> c_int {
    let verdict = on_file(fd, Call::Truncate, || {
        let length = u64::try_from(length).unwrap_or(0);
        let needs_room = raw::length_of(fd).is_some_and(|present| length > present);
        About { offset: length, bytes: 0, needs_room }
    });
    int(obey(verdict, 0, |_| act()))
}

macro_rules! truncates {
    ($($name:ident)*) => {$(
        /// Makes a file shorter or longer.
        #[unsafe(no_mangle)]
        pub extern "C" fn $name(fd: c_int, length: off64_t) -> c_int {
            // SAFETY: takes numbers only.
            resized(fd, length, || unsafe { libc::syscall(libc::SYS_ftruncate, c_long::from(fd), length) })
        }
    )*};
}
truncates!(ftruncate ftruncate64);

macro_rules! allocates {
    ($($name:ident)*) => {$(
        /// Makes room for a file.
        #[unsafe(no_mangle)]
        pub extern "C" fn $name(fd: c_int, mode: c_int, offset: off64_t, length: off64_t) -> c_int {
            let end = offset.saturating_add(length);
            let (file, mode) = (c_long::from(fd), c_long::from(mode));
            // SAFETY: takes numbers only.
            resized(fd, end, || unsafe { libc::syscall(libc::SYS_fallocate, file, mode, offset, length) })
        }
    )*};
}
allocates!(fallocate fallocate64);

/// # Safety
/// Both paths must point to strings that end with a zero.
unsafe fn renamed(
    (from_at, from): (c_int, *const c_char),
    (to_at, to): (c_int, *const c_char),
    flags: c_uint,
) -> c_int {
    // SAFETY: promised by the caller.
    let verdict = on_path(unsafe { CStr::from_ptr(from) }, Call::Rename, || About {
        offset: 0,
        bytes: 0,
        needs_room: false,
    });
    int(obey(verdict, 0, |_| {
        let (from_at, to_at, flags) = (c_long::from(from_at), c_long::from(to_at), c_long::from(flags));
        // SAFETY: the caller's arguments, as they were given.
        unsafe { libc::syscall(libc::SYS_renameat2, from_at, from, to_at, to, flags) }
    }))
}

/// Gives a file another name.
///
/// # Safety
/// As the C library says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: promised by the caller.
    unsafe { renamed((libc::AT_FDCWD, from), (libc::AT_FDCWD, to), 0) }
}

/// Gives a file another name.
///
/// # Safety
/// As the C library says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn renameat(
    from_at: c_int,
    from: *const c_char,
    to_at: c_int,
    to: *const c_char,
) -> c_int {
    // SAFETY: promised by the caller.
    unsafe { renamed((from_at, from), (to_at, to), 0) }
}

/// Gives a file another name.
///
/// # Safety
/// As the C library says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn renameat2(
    from_at: c_int,
    from: *const c_char,
    to_at: c_int,
    to: *const c_char,
    flags: c_uint,
) -> c_int {
    // SAFETY: promised by the caller.
    unsafe { renamed((from_at, from), (to_at, to), flags) }
}

/// # Safety
/// `path` must point to a string that ends with a zero.
unsafe fn unlinked(directory: c_int, path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: promised by the caller.
    let verdict = on_path(unsafe { CStr::from_ptr(path) }, Call::Unlink, || About {
        offset: 0,
        bytes: 0,
        needs_room: false,
    });
    int(obey(verdict, 0, |_| {
        let (directory, flags) = (c_long::from(directory), c_long::from(flags));
        // SAFETY: the caller's arguments, as they were given.
        unsafe { libc::syscall(libc::SYS_unlinkat, directory, path, flags) }
    }))
}

/// Removes a file.
///
/// # Safety
/// As the C library says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: promised by the caller.
    unsafe { unlinked(libc::AT_FDCWD, path, 0) }
}

/// Removes a file or an empty directory.
///
/// # Safety
/// As the C library says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn unlinkat(directory: c_int, path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: promised by the caller.
    unsafe { unlinked(directory, path, flags) }
}

//! System calls without the C library's wrappers, which are what this library replaces.

use libc::{c_int, c_long};

/// Paths are no longer than this, with the zero at their end.
pub(crate) const PATH_BYTES: usize = 4096;

/// Sets `errno` and gives what a failed call returns.
pub(crate) fn fail(errno: c_int) -> c_long {
    // SAFETY: the C library gives each thread a valid `errno` of its own.
    unsafe { *libc::__errno_location() = errno };
    -1
}

/// What the last failed call of this thread has left in `errno`.
pub(crate) fn errno() -> c_int {
    // SAFETY: as in `fail`.
    unsafe { *libc::__errno_location() }
}

/// What a file descriptor stands for, as the system names it: a path, for files.
pub(crate) fn path_of(fd: c_int, path: &mut [u8; PATH_BYTES]) -> Option<&[u8]> {
    let mut link = crate::trace::Line::default();
    link.say(format_args!("/proc/self/fd/{fd}\0"));
    // SAFETY: `link` ends with a zero; the system writes at most as many bytes into `path` as it is told there are.
    let length = unsafe {
        libc::syscall(libc::SYS_readlinkat, at_cwd(), link.bytes().as_ptr(), path.as_mut_ptr(), PATH_BYTES)
    };
    path.get(..usize::try_from(length).ok()?)
}

/// The length of a file; `None` for what has none.
pub(crate) fn length_of(fd: c_int) -> Option<u64> {
    // SAFETY: all-zero bytes are a valid `stat`, which is plain numbers.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: `stat` is as large as the system expects.
    let done = unsafe { libc::syscall(libc::SYS_fstat, c_long::from(fd), &raw mut stat) };
    if done == 0 { u64::try_from(stat.st_size).ok() } else { None }
}

/// Where a file is written next; `None` for what has no such place.
pub(crate) fn place_of(fd: c_int) -> Option<u64> {
    // SAFETY: takes and gives numbers only.
    let flags = unsafe { libc::syscall(libc::SYS_fcntl, c_long::from(fd), c_long::from(libc::F_GETFL)) };
    if flags & c_long::from(libc::O_APPEND) != 0 {
        return length_of(fd);
    }
    // SAFETY: takes and gives numbers only.
    let place = unsafe { libc::syscall(libc::SYS_lseek, c_long::from(fd), 0, c_long::from(libc::SEEK_CUR)) };
    u64::try_from(place).ok()
}

/// Is there a file at this path, which ends with a zero?
pub(crate) fn exists(path: &std::ffi::CStr) -> bool {
    // SAFETY: `path` is valid and ends with a zero.
    unsafe { libc::syscall(libc::SYS_faccessat, at_cwd(), path.as_ptr(), c_long::from(libc::F_OK)) == 0 }
}

/// Opens a file for appending, made if need be. It is closed with the process.
pub(crate) fn open_for_appending(path: &std::ffi::CStr) -> Option<c_int> {
    let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND | libc::O_CLOEXEC;
    // SAFETY: `path` is valid and ends with a zero.
    let fd = unsafe {
        libc::syscall(libc::SYS_openat, at_cwd(), path.as_ptr(), c_long::from(flags), c_long::from(0o600))
    };
    c_int::try_from(fd).ok().filter(|fd| *fd >= 0)
}

/// Writes bytes, in one piece as far as the system allows.
pub(crate) fn write(fd: c_int, bytes: &[u8]) {
    // SAFETY: `bytes` is valid for its length.
    unsafe { libc::syscall(libc::SYS_write, c_long::from(fd), bytes.as_ptr(), bytes.len()) };
}

/// Ends the process as `kill -9` does.
pub(crate) fn die() -> ! {
    loop {
        // SAFETY: takes numbers only. Nothing of this process runs once the signal is there; until then, wait.
        unsafe {
            let me = libc::syscall(libc::SYS_getpid);
            libc::syscall(libc::SYS_kill, me, c_long::from(libc::SIGKILL));
        }
    }
}

/// "Relative to the working directory", as a system call's argument.
pub(crate) fn at_cwd() -> c_long {
    c_long::from(libc::AT_FDCWD)
}

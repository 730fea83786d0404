//! What is to go wrong, and whether it does now.

use std::env;
use std::ffi::{CStr, CString, OsString};
use std::os::unix::ffi::OsStringExt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use libc::c_int;

use crate::raw::{self, PATH_BYTES};
use crate::trace::Line;

/// Kinds of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// `open`, `openat`, `creat`.
    Open,
    /// `write`, `pwrite`.
    Write,
    /// `fsync`, `fdatasync`.
    Sync,
    /// `rename` and its variants.
    Rename,
    /// `ftruncate`, `fallocate`.
    Truncate,
    /// `unlink`, `unlinkat`.
    Unlink,
    /// `read`, `pread`.
    Read,
}

impl Call {
    const ALL: [Self; 7] =
        [Self::Open, Self::Write, Self::Sync, Self::Rename, Self::Truncate, Self::Unlink, Self::Read];

    fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Write => "write",
            Self::Sync => "sync",
            Self::Rename => "rename",
            Self::Truncate => "truncate",
            Self::Unlink => "unlink",
            Self::Read => "read",
        }
    }
}

/// What happens to a call that is hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// `eio`: it fails with `EIO`, and nothing is done.
    Eio,
    /// `enospc`: if it needs room on the disk (a new file, a longer file), it fails with `ENOSPC`.
    Enospc,
    /// `emfile`: if it opens something, it fails with `EMFILE`.
    Emfile,
    /// `short`: a write writes half of its bytes and says so.
    Short,
    /// `slow`: it takes 50 ms longer.
    Slow,
    /// `lie`: a write or a sync does nothing and says that it did all.
    Lie,
    /// `kill`: the process ends before it, as by `kill -9`.
    Kill,
    /// `torn`: a write writes half of its bytes, anything else is done; then the process ends.
    Torn,
}

impl How {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Eio, "eio"),
        (Self::Enospc, "enospc"),
        (Self::Emfile, "emfile"),
        (Self::Short, "short"),
        (Self::Slow, "slow"),
        (Self::Lie, "lie"),
        (Self::Kill, "kill"),
        (Self::Torn, "torn"),
    ];
}

/// What a call is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All of it.
    Go,
    /// Nothing, and fail with this `errno`.
    Fail(c_int),
    /// Half of its bytes.
    Half,
    /// Nothing, and say that it was done.
    Lie,
    /// Half of its bytes, and end the process.
    HalfAndDie,
}

/// What a call is about.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// From which byte of the file on.
    pub offset: u64,
    /// How many bytes.
    pub bytes: usize,
    /// Does it make a file, or a longer one?
    pub needs_room: bool,
}

struct Plan {
    directory: Vec<u8>,
    calls: Vec<Call>,
    files: Vec<u8>,
    armed_by: Option<CString>,
    first: u64,
    count: u64,
    how: How,
    trace: Option<c_int>,
}

static PLAN: OnceLock<Option<Plan>> = OnceLock::new();
/// Calls counted so far.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Judges a call on an open file. `about` is asked only if the file is below the directory.
pub fn on_file(fd: c_int, call: Call, about: impl FnOnce() -> About) -> Verdict {
    let Some(plan) = plan().filter(|plan| plan.calls.contains(&call)) else { return Verdict::Go };
    let mut path = [0; PATH_BYTES];
    let errno = raw::errno();
    let verdict = match raw::path_of(fd, &mut path) {
        Some(path) => plan.judge(path, call, about),
        None => Verdict::Go,
    };
    raw::fail(errno);
    verdict
}

/// Judges a call on a path. `about` is asked only if that is below the directory.
pub fn on_path(path: &CStr, call: Call, about: impl FnOnce() -> About) -> Verdict {
    let Some(plan) = plan().filter(|plan| plan.calls.contains(&call)) else { return Verdict::Go };
    let errno = raw::errno();
    let verdict = plan.judge(path.to_bytes(), call, about);
    raw::fail(errno);
    verdict
}

fn plan() -> Option<&'static Plan> {
    PLAN.get_or_init(Plan::read).as_ref()
}

impl Plan {
    /// Reads the environment. What makes no sense ends the process: a test that tests nothing must not pass.
    fn read() -> Option<Self> {
        let directory = bytes("DIR")?;
        let number = |name: &str, otherwise: u64| match bytes(name) {
            None => otherwise,
            Some(text) if text == b"ever" => u64::MAX,
            Some(text) => nonsense(String::from_utf8(text).ok().and_then(|text| text.parse().ok())),
        };
        let calls = match bytes("CALLS") {
            None => Call::ALL.into_iter().filter(|call| *call != Call::Read).collect(),
            Some(names) => names
                .split(|byte| *byte == b',')
                .map(|name| nonsense(Call::ALL.into_iter().find(|call| call.name().as_bytes() == name)))
                .collect(),
        };
        let how = bytes("HOW").unwrap_or_else(|| b"eio".to_vec());
        Some(Self {
            directory,
            calls,
            files: bytes("FILES").unwrap_or_default(),
            armed_by: bytes("ARMED_BY").map(|path| nonsense(CString::new(path).ok())),
            first: number("AT", 0),
            count: number("FOR", 1),
            how: nonsense(How::ALL.into_iter().find(|(_, name)| name.as_bytes() == how)).0,
            trace: bytes("TRACE").map(|path| {
                nonsense(CString::new(path).ok().and_then(|path| raw::open_for_appending(&path)))
            }),
        })
    }

    /// What a path is called below the directory; the directory itself is `.`.
    fn below<'a>(&self, path: &'a [u8]) -> Option<&'a [u8]> {
        match path.strip_prefix(self.directory.as_slice())? {
            [] => Some(b"."),
            [b'/', name @ ..] => Some(name),
            _ => None,
        }
    }

    fn judge(&self, path: &[u8], call: Call, about: impl FnOnce() -> About) -> Verdict {
        let Some(name) = self.below(path) else { return Verdict::Go };
        let is_meant = self.files.is_empty() || name.windows(self.files.len()).any(|part| part == self.files);
        if !is_meant || self.armed_by.as_ref().is_some_and(|path| !raw::exists(path)) {
            return Verdict::Go;
        }
        let about = about();
        let number = COUNT.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let is_hit = self.first != 0 && number >= self.first && number - self.first < self.count;
        self.note(number, name, call, about, is_hit);
        if is_hit { self.hit(call, about) } else { Verdict::Go }
    }

    fn hit(&self, call: Call, about: About) -> Verdict {
        match self.how {
            How::Eio => Verdict::Fail(libc::EIO),
            How::Enospc if about.needs_room => Verdict::Fail(libc::ENOSPC),
            How::Emfile if call == Call::Open => Verdict::Fail(libc::EMFILE),
            How::Short if call == Call::Write => Verdict::Half,
            How::Lie if matches!(call, Call::Write | Call::Sync) => Verdict::Lie,
            How::Slow => {
                std::thread::sleep(Duration::from_millis(50));
                Verdict::Go
            }
            How::Kill => raw::die(),
            How::Torn => Verdict::HalfAndDie,
            How::Enospc | How::Emfile | How::Short | How::Lie => Verdict::Go,
        }
    }

    /// `17 write segment-00000000000000000001.log 4096 8192 hit`: number, call, file, offset, bytes.
    fn note(&self, number: u64, name: &[u8], call: Call, about: About, is_hit: bool) {
        let Some(trace) = self.trace else { return };
        let mut line = Line::default();
        line.say(format_args!("{number} {} ", call.name()));
        line.add(name);
        let hit = if is_hit { " hit" } else { "" };
        line.say(format_args!(" {} {}{hit}\n", about.offset, about.bytes));
        raw::write(trace, line.bytes());
    }
}

/// One of this library's variables; empty is as good as not set.
fn bytes(name: &str) -> Option<Vec<u8>> {
    let value = env::var_os(format!("LIGHTNING_FAULTS_{name}")).map(OsString::into_vec);
    value.filter(|value| !value.is_empty())
}

fn nonsense<T>(value: Option<T>) -> T {
    value.unwrap_or_else(|| {
        raw::write(libc::STDERR_FILENO, b"lightning-faults: a LIGHTNING_FAULTS variable makes no sense\n");
        raw::die()
    })
}

//! How long something took that runs in one thread: by the time that the thread was running, where the system can tell.
//! A neighbour who takes the processor away makes the wall clock useless for that, and this one not.

use std::time::Duration;

/// Measures from its start on, in the thread that started it.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Duration);

impl Stopwatch {
    /// What it counts: `cpu` or `wall`.
    pub const CLOCK: &'static str = if cfg!(target_os = "linux") { "cpu" } else { "wall" };

    /// Starts.
    #[must_use]
    pub fn start() -> Self {
        Self(now())
    }

    /// What has passed since.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        now() - self.0
    }
}

#[cfg(target_os = "linux")]
fn now() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let now = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(now.tv_sec).expect("a thread runs forward");
    Duration::new(seconds, u32::try_from(now.tv_nsec).expect("below a second"))
}

#[cfg(not(target_os = "linux"))]
fn now() -> Duration {
    use std::sync::OnceLock;
    use std::time::Instant;
    static FIRST: OnceLock<Instant> = OnceLock::new();
    FIRST.get_or_init(Instant::now).elapsed()
}

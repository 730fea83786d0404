//! How long each thread of this process has been running: what a change costs shows there, however busy the machine is.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

/// By name; none where the system does not say.
#[derive(Debug)]
pub(crate) struct Threads(BTreeMap<String, Duration>);

impl Threads {
    /// Those that there are, since each began.
    pub(crate) fn now() -> Self {
        let mut threads: BTreeMap<String, Duration> = BTreeMap::new();
        for task in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
            let read = |what: &str| std::fs::read_to_string(task.path().join(what)).unwrap_or_default();
            // The first field: nanoseconds on a processor.
            let running = read("schedstat").split_whitespace().next().and_then(|first| first.parse().ok());
            if let Some(running) = running {
                *threads.entry(read("comm").trim().to_owned()).or_default() += Duration::from_nanos(running);
            }
        }
        Self(threads)
    }

    /// Nanoseconds of each since then, for each of so many commands. Those that have ended meanwhile are missing.
    pub(crate) fn since(&self, commands: u64) -> Value {
        let each = Self::now().0.into_iter().map(|(name, running)| {
            let before = self.0.get(&name).copied().unwrap_or_default();
            let running = running.saturating_sub(before).as_nanos();
            (name, Value::from(u64::try_from(running / u128::from(commands.max(1))).unwrap_or(u64::MAX)))
        });
        Value::Object(each.collect::<Map<_, _>>())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn who_runs_is_counted_by_name() {
        let before = Threads::now();
        let busy = || {
            // However little it gets to run.
            let began = Instant::now();
            while before.since(10)["busy"].as_u64().expect("it is there") < 1_000_000 {
                assert!(began.elapsed() < Duration::from_secs(20), "it has run for longer than that");
            }
        };
        std::thread::scope(|scope| {
            std::thread::Builder::new().name("busy".into()).spawn_scoped(scope, busy).expect("a thread");
        });
    }
}

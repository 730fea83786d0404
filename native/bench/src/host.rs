//! What else the machine did meanwhile. Figures without it mean little on a shared host.

use serde_json::{Value, json};

/// The machine's clocks, in ticks since it started.
#[derive(Debug)]
pub struct Load {
    busy: u64,
    steal: u64,
    total: u64,
    own: u64,
}

impl Load {
    /// As it is; all zeros where the system does not say.
    #[must_use]
    pub fn now() -> Self {
        let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let ticks: Vec<u64> = text
            .lines()
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .skip(1)
            .filter_map(|word| word.parse().ok())
            .collect();
        let at = |index: usize| ticks.get(index).copied().unwrap_or(0);
        let total = ticks.iter().take(8).sum();
        let idle = at(3) + at(4);
        let own = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // Fields 14 and 15, counted behind the name, which may contain anything up to the last parenthesis.
        let own: Vec<u64> = own
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|word| word.parse().ok())
            .collect();
        Self { busy: total - idle, steal: at(7), total, own: own.iter().sum() }
    }

    /// Shares of the machine since then, in percent: used by others, and taken away by the hypervisor.
    #[must_use]
    pub fn since(&self) -> Value {
        let now = Self::now();
        let total = (now.total - self.total).max(1);
        let percent = |ticks: u64| ticks * 100 / total;
        let others = (now.busy - self.busy).saturating_sub(now.own - self.own);
        json!({ "othersPercent": percent(others), "stealPercent": percent(now.steal - self.steal) })
    }
}

/// The run's first line: which machine, which commit.
#[must_use]
pub fn describe() -> Value {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name);
    json!({
        "type": "run",
        "schema": 1,
        "commit": git(&["rev-parse", "--short", "HEAD"]),
        "changed": git(&["status", "--porcelain"]).is_none_or(|status| !status.is_empty()),
        "cpu": cpu.unwrap_or("unknown CPU").trim(),
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "loadAverage": load_average(),
    })
}

/// Of the last minute, five and fifteen.
fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = std::process::Command::new("git")
        .arg("-C")
        .arg(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .output()
        .ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What this process has in memory; zero where the system does not say.
#[must_use]
pub fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1_024
}

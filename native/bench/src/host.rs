//! What else the machine did meanwhile. Figures without it mean little on a shared host.

use serde_json::{Value, json};

/// The machine's clocks, in ticks since it started.
pub(crate) struct Load {
    busy: u64,
    steal: u64,
    total: u64,
    own: u64,
}

impl Load {
    /// As it is; all zeros where the system does not say.
    pub(crate) fn now() -> Self {
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
    pub(crate) fn since(&self) -> Value {
        let now = Self::now();
        let total = (now.total - self.total).max(1);
        let percent = |ticks: u64| ticks * 100 / total;
        let others = (now.busy - self.busy).saturating_sub(now.own - self.own);
        json!({ "othersPercent": percent(others), "stealPercent": percent(now.steal - self.steal) })
    }
}

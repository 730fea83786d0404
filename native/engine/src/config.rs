//! Options as given, and the configuration as validated.

use lightning_core::limits::{CREDITS_MAX, SHARDS_MAX};
use lightning_core::reject::Code;
use lightning_core::sequencer::SequencerLimits;

use crate::refusal::Refusal;

/// What an engine may be told when it is opened. Everything has a default.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Run every shard in the caller's thread instead of in threads of their own.
    pub inline: bool,
    /// Sequencer shards, 1 to 10. Default: half the cores; 1 inline.
    pub sequencers: Option<usize>,
    /// Matcher shards, 1 to 10. Default: half the cores; 1 inline.
    pub matchers: Option<usize>,
    /// Commands that may be in flight, 1 to 2^20; the next one is refused with `BUSY`. Default 65,536.
    pub max_in_flight: Option<usize>,
    /// Open orders per account, 1 to 2^31. Default 10,000.
    pub open_orders_per_account: Option<usize>,
    /// Trades kept per symbol for reading back, up to 2^31. Default 10,000.
    pub trades_per_symbol: Option<usize>,
    /// Closed orders that each sequencer remembers, up to 2^31. Default 100,000.
    pub closed_orders: Option<usize>,
    /// Ledger entries that each sequencer remembers, up to 2^31. Default 100,000.
    pub ledger_entries: Option<usize>,
    /// A clock that only [`crate::Engine::advance`] moves, starting at so many milliseconds since 1970, up to
    /// 2^43. The system's clock without.
    pub manual_clock_start_ms: Option<usize>,
}

/// A configuration in which everything is in range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// All shards in the caller's thread.
    pub inline: bool,
    /// 1 to 10.
    pub sequencers: usize,
    /// 1 to 10.
    pub matchers: usize,
    /// Admission credits.
    pub credits: usize,
    /// Trades kept per symbol.
    pub trades_per_symbol: usize,
    /// What bounds each sequencer.
    pub limits: SequencerLimits,
    /// Where a manual clock starts, in milliseconds since 1970.
    pub manual_clock_start_ms: Option<u64>,
}

const COUNT_MAX: usize = 1 << 31;
/// The year 2248: far from where nanoseconds would overflow, even after an advance as far again.
const START_MS_MAX: usize = 1 << 43;

impl Options {
    /// Checks every option and fills in the defaults.
    ///
    /// # Errors
    /// `INVALID_REQUEST`, naming the option.
    pub fn validate(self) -> Result<Config, Refusal> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let shards = if self.inline { 1 } else { (cores / 2).clamp(1, SHARDS_MAX) };
        let sequencers = within("threads.sequencers", self.sequencers, shards, 1, SHARDS_MAX)?;
        let closed_orders = within("history.closedOrders", self.closed_orders, 100_000, 0, COUNT_MAX)?;
        let ledger_entries = within("history.ledgerEntries", self.ledger_entries, 100_000, 0, COUNT_MAX)?;
        let start = self.manual_clock_start_ms.map(|start| within("clock", Some(start), 0, 0, START_MS_MAX));
        let per_account =
            within("limits.openOrdersPerAccount", self.open_orders_per_account, 10_000, 1, COUNT_MAX)?;
        Ok(Config {
            inline: self.inline,
            sequencers,
            matchers: within("threads.matchers", self.matchers, shards, 1, SHARDS_MAX)?,
            credits: within("limits.inFlight", self.max_in_flight, 65_536, 1, CREDITS_MAX)?,
            trades_per_symbol: within(
                "history.tradesPerSymbol",
                self.trades_per_symbol,
                10_000,
                0,
                COUNT_MAX,
            )?,
            limits: SequencerLimits {
                open_orders_per_account_max: u32::try_from(per_account).expect("at most 2^31"),
                closed_orders_max: closed_orders,
                ledger_entries_max: ledger_entries,
            },
            manual_clock_start_ms: start.transpose()?.map(|start| start as u64),
        })
    }
}

fn within(
    field: &'static str,
    given: Option<usize>,
    default: usize,
    min: usize,
    max: usize,
) -> Result<usize, Refusal> {
    let value = given.unwrap_or(default);
    if (min..=max).contains(&value) {
        return Ok(value);
    }
    Err(Refusal::field(Code::InvalidRequest, field, format!("{field} is {value}, not within {min} to {max}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_in_range_and_bad_options_are_named() {
        let config = Options::default().validate().unwrap();
        assert!((1..=SHARDS_MAX).contains(&config.sequencers) && config.credits == 65_536);
        let refused = Options { matchers: Some(11), ..Options::default() }.validate().unwrap_err();
        assert_eq!((refused.code, refused.field), (Code::InvalidRequest, Some("threads.matchers")));
        assert!(Options { max_in_flight: Some(0), ..Options::default() }.validate().is_err());
    }
}

//! Options as given, and the configuration as validated.

use std::path::PathBuf;

use lightning_core::archive::Kept;
use lightning_core::limits::{CREDITS_MAX, SHARDS_MAX};
use lightning_core::reject::Code;
use lightning_core::sequencer::SequencerLimits;
pub use lightning_journal::Retention;

use crate::market_data::Memory;
use crate::refusal::Refusal;

/// What an answer promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It is on the disk: it outlives a power loss.
    Sync,
    /// The operating system has it: it outlives the process, and a power loss takes at most the last tenth of a
    /// second.
    Written,
    /// Nothing: everything ends with the process.
    Volatile,
}

impl Durability {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sync, Self::Written, Self::Volatile];

    /// Its name, for instance `sync`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Written => "written",
            Self::Volatile => "volatile",
        }
    }
}

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
    /// Candles kept per symbol, 0 to 100 times the usual number: an hour of seconds, a week of minutes, two years of hours
    /// and twenty of days that had trades. Of 0 times, only the minutes of the last 24 hours. Default 1.
    pub klines: Option<usize>,
    /// Closed orders that each sequencer remembers, up to 2^31. Default 100,000.
    pub closed_orders: Option<usize>,
    /// Ledger entries that each sequencer remembers, up to 2^31. Default 100,000.
    pub ledger_entries: Option<usize>,
    /// A clock that only [`crate::Engine::advance`] moves, starting at so many milliseconds since 1970, up to
    /// 2^43. The system's clock without.
    pub manual_clock_start_ms: Option<usize>,
    /// Where everything is kept; made if it does not exist. Without, everything is in memory alone.
    pub data_dir: Option<PathBuf>,
    /// What an answer promises. Default: `Sync` with a data directory, `Volatile` without. No other goes without.
    pub durability: Option<Durability>,
    /// A snapshot is made after so many records; never by itself for 0. Default 2,000,000.
    pub snapshot_every: Option<u64>,
    /// Snapshots that are kept where retention puts old files away, 2 to 1,000. Default 3.
    pub snapshots_kept: Option<usize>,
    /// What becomes of files that are not needed to recover. Default: they stay.
    pub retention: Option<Retention>,
    /// How large the journal's files are made, in bytes: whole blocks of 4 KiB, 1 MiB to 16 GiB. Default 64 MiB.
    pub segment_bytes: Option<u64>,
}

/// A configuration in which everything is in range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// All shards in the caller's thread.
    pub inline: bool,
    /// 1 to 10.
    pub sequencers: usize,
    /// 1 to 10.
    pub matchers: usize,
    /// Admission credits.
    pub credits: usize,
    /// What is remembered of each symbol's trades.
    pub kept: Kept,
    /// What bounds each sequencer.
    pub limits: SequencerLimits,
    /// Where a manual clock starts, in milliseconds since 1970.
    pub manual_clock_start_ms: Option<u64>,
    /// What an answer promises.
    pub durability: Durability,
    /// Where everything is kept.
    pub data_dir: Option<PathBuf>,
    /// What the journal is told. Of no meaning to a volatile engine.
    pub journal: JournalConfig,
}

/// What the journal is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalConfig {
    /// Records between two snapshots; 0 is never.
    pub snapshot_every: u64,
    /// Snapshots that are kept, at least 2.
    pub snapshots_kept: usize,
    /// What becomes of files that are not needed to recover.
    pub retention: Retention,
    /// The size of a segment, in bytes.
    pub segment_bytes: u64,
}

const COUNT_MAX: usize = 1 << 31;
const KLINES_MAX: usize = 100;
/// What the ticker is made of.
const TICKER_MINUTES: usize = 1_440;
/// Trades that may wait to be remembered, 200 bytes each: of an engine with threads, until the thread of market data gets
/// to it; of one without, until somebody reads them.
const PENDING_MAX: (usize, usize) = (65_536, 1_024);
/// The year 2248: far from where nanoseconds would overflow, even after an advance as far again.
const START_MS_MAX: usize = 1 << 43;
const SNAPSHOT_EVERY_DEFAULT: u64 = 2_000_000;
const SEGMENT_BYTES_DEFAULT: u64 = 64 << 20;
const SEGMENT_BYTES_MIN: u64 = 1 << 20;
const SEGMENT_BYTES_MAX: u64 = 16 << 30;
const BLOCK_BYTES: u64 = 4096;

impl Config {
    /// How a symbol's feed works.
    pub(crate) fn memory(&self) -> Memory {
        let (threaded, inline) = PENDING_MAX;
        Memory { kept: self.kept, pending: if self.inline { inline } else { threaded } }
    }
}

impl Options {
    /// Checks every option and fills in the defaults.
    ///
    /// # Errors
    /// `INVALID_REQUEST`, naming the option.
    pub fn validate(self) -> Result<Config, Refusal> {
        let has_storage = self.data_dir.is_some();
        self.validate_with(has_storage)
    }

    /// The same for an engine that has something to keep its data in, or has nothing.
    pub(crate) fn validate_with(self, has_storage: bool) -> Result<Config, Refusal> {
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
            kept: self.kept()?,
            limits: SequencerLimits {
                open_orders_per_account_max: u32::try_from(per_account).expect("at most 2^31"),
                closed_orders_max: closed_orders,
                ledger_entries_max: ledger_entries,
            },
            manual_clock_start_ms: start.transpose()?.map(|start| start as u64),
            durability: self.durability(has_storage)?,
            journal: self.journal()?,
            data_dir: self.data_dir,
        })
    }

    fn kept(&self) -> Result<Kept, Refusal> {
        let trades = within("history.tradesPerSymbol", self.trades_per_symbol, 10_000, 0, COUNT_MAX)?;
        let times = within("history.klines", self.klines, 1, 0, KLINES_MAX)?;
        let Kept { trades, seconds, minutes, hours, days } = Kept::with_trades(trades);
        Ok(Kept {
            trades,
            seconds: seconds * times,
            minutes: (minutes * times).max(TICKER_MINUTES),
            hours: hours * times,
            days: days * times,
        })
    }

    fn durability(&self, has_storage: bool) -> Result<Durability, Refusal> {
        let default = if has_storage { Durability::Sync } else { Durability::Volatile };
        let durability = self.durability.unwrap_or(default);
        let refuse = |message| Err(Refusal::field(Code::InvalidRequest, "durability", message));
        match durability {
            Durability::Volatile if has_storage => {
                refuse("with a dataDir everything is kept: durability is sync or written")
            }
            Durability::Sync | Durability::Written if !has_storage => {
                refuse("without a dataDir nothing is kept: durability is volatile")
            }
            _ => Ok(durability),
        }
    }

    fn journal(&self) -> Result<JournalConfig, Refusal> {
        let segment_bytes = self.segment_bytes.unwrap_or(SEGMENT_BYTES_DEFAULT);
        let fits = (SEGMENT_BYTES_MIN..=SEGMENT_BYTES_MAX).contains(&segment_bytes);
        if !fits || !segment_bytes.is_multiple_of(BLOCK_BYTES) {
            let message = format!(
                "segmentBytes is {segment_bytes}, not a multiple of {BLOCK_BYTES} \
                 within {SEGMENT_BYTES_MIN} to {SEGMENT_BYTES_MAX}"
            );
            return Err(Refusal::field(Code::InvalidRequest, "segmentBytes", message));
        }
        Ok(JournalConfig {
            snapshot_every: self.snapshot_every.unwrap_or(SNAPSHOT_EVERY_DEFAULT),
            snapshots_kept: within("snapshot.keep", self.snapshots_kept, 3, 2, 1_000)?,
            retention: self.retention.unwrap_or(Retention::KeepAll),
            segment_bytes,
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

    #[test]
    fn what_is_kept_and_where_goes_together() {
        let with = |data_dir: Option<&str>, durability| {
            let options = Options { data_dir: data_dir.map(PathBuf::from), durability, ..Options::default() };
            options.validate().map(|config| config.durability).map_err(|refusal| refusal.field)
        };
        assert_eq!(with(None, None), Ok(Durability::Volatile));
        assert_eq!(with(Some("d"), None), Ok(Durability::Sync));
        assert_eq!(with(Some("d"), Some(Durability::Written)), Ok(Durability::Written));
        for (data_dir, durability) in
            [(Some("d"), Durability::Volatile), (None, Durability::Sync), (None, Durability::Written)]
        {
            assert_eq!(with(data_dir, Some(durability)), Err(Some("durability")));
        }
    }

    #[test]
    fn segments_are_whole_blocks_of_a_sensible_size() {
        let with = |bytes| {
            let options = Options { segment_bytes: Some(bytes), ..Options::default() };
            options.validate().map(|config| config.journal.segment_bytes).map_err(|refusal| refusal.field)
        };
        assert_eq!(with(1 << 20), Ok(1 << 20));
        for bytes in [0, (1 << 20) - 4096, (1 << 20) + 1, (16 << 30) + 4096] {
            assert_eq!(with(bytes), Err(Some("segmentBytes")));
        }
        let two = Options { snapshots_kept: Some(1), ..Options::default() }.validate().unwrap_err();
        assert_eq!(two.field, Some("snapshot.keep"));
    }
}

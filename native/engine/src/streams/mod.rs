//! What is told of an engine while it runs: books, trades, accounts, its own state.
//!
//! ```text
//!   shards ──news──> taps ──> plane (held until safe) ──> books, accounts ──┐
//!     ▲                                                                     ├──> sessions ──> their owners
//!     └──wishes── what is watched         feeds: tops of books, trades ─────┘
//! ```
//!
//! | file | what it tells |
//! |---|---|
//! | `words` | what can be watched, and what is told of it |
//! | `hub` | what shards, sessions and the market-data thread share |
//! | `tap`, `wishes`, `shards` | how shards tell without waiting, and how they are asked to |
//! | `bell`, `thread`, `outlet` | who wakes whom, and how seldom |
//! | `plane` | news taken from the taps, held until they may be seen |
//! | `depth`, `levels`, `accounts` | watched books and accounts, and what has happened to them lately |
//! | `log` | the last that happened, and what it adds up to when somebody asks |
//! | `session` | who watches, and what each subscription was told last |
//! | `status` | the engine's own state |
//! | `checksum`, `counters` | of books; of streams |
//!
//! Nothing here is known to who does not watch: a shard asks one flag for each batch of messages.

mod accounts;
mod bell;
mod checksum;
mod counters;
mod depth;
mod hub;
mod levels;
mod log;
mod outlet;
mod plane;
mod session;
mod shards;
mod status;
mod tap;
mod thread;
mod wishes;
mod words;

pub(crate) use self::bell::Rung;
pub use self::counters::Counters;
pub(crate) use self::hub::{Hub, tell_all};
pub use self::session::{Offer, SUBSCRIPTIONS_MAX, Session};
pub(crate) use self::status::State;
pub(crate) use self::tap::AccountItem;
pub(crate) use self::thread::run_market_data;
pub use self::words::{
    AccountStart, AggregateTrade, BalanceUpdate, Behind, BookUpdate, BookUpdateKind, Depth, Ended,
    ExecutionReport, OrderEvent, StatusUpdate, SubscriptionId, Update, Watch,
};

//! The raw interface: calls and results as records of 64 bytes, integers only.
//!
//! For whoever counts in ticks, lots and atoms already: loaders, replays, benchmarks, feeds. What a record asks goes
//! through the same edge as any other call ([`crate::edge`]) and gets the same codes; what it does not get is a
//! sentence: a result says its code, and figures in integers. All numbers are little-endian.
//!
//! ```text
//! command                                     result, of each command in their order    fill, behind all results
//!  0 op u8      1 side u8                      0 code u16: 0 done, else the refusal       0 trade u64
//!  2 type u8    3 time in force u8             2 status u8    3 reason u8                 8 price u64, ticks
//!  4 flags u32                                 4 tag u32, the command's                  16 quantity u64, lots
//!  8 tag u32, handed back                      8 fills u32   12 first of them u32        24 notional u128, atoms
//! 12 symbol or asset u32, its number          16 order u64                               40 fee i128, atoms
//! 16 account u64                              24 quantity u64, lots filled or canceled   56 zero
//! 24 order u64                                32 open u64, lots
//! 32 price u64, ticks                         40 amount u128, atoms
//! 40 quantity u64, lots                       56 seq u64
//! 48 amount u128, atoms
//! ```
//!
//! Zero stands for what is not given. Flags: bit 0 post-only, bit 1 the quantity of an amend is what it becomes less
//! by, bits 8 to 15 the mode of self-trade prevention as its index in [`StpMode::ALL`] + 1; the others are zero. A
//! result's amount is the quote traded of an order, what a cancel released, what is available after a deposit or a
//! withdrawal. Whatever the bytes are, reading them is safe: the worst that comes out is a refusal.

mod command;
mod result;

use lightning_core::message::{CancelReason, ExpireReason, OrderStatus};

pub use self::command::{Command, at as command_at, op};
pub use self::result::{Batch, fill_at, result_at};

/// Bytes of a record, of whichever kind.
pub const RECORD: usize = 64;
/// Most commands of one batch.
pub const BATCH_MAX: usize = 65_536;

/// The names of every status, in the order of their bytes.
pub const STATUSES: [&str; 6] =
    ["PENDING_TRIGGER", "NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "EXPIRED"];

/// The byte that says a status: its index in [`STATUSES`].
#[must_use]
pub const fn status_byte(status: OrderStatus) -> u8 {
    match status {
        OrderStatus::PendingTrigger => 0,
        OrderStatus::New => 1,
        OrderStatus::PartiallyFilled => 2,
        OrderStatus::Filled => 3,
        OrderStatus::Canceled(_) => 4,
        OrderStatus::Expired(_) => 5,
    }
}

/// Why an order was canceled or expired, by the byte that says so; the first one: it was not.
#[must_use]
pub fn reasons() -> Vec<Option<&'static str>> {
    let canceled = CancelReason::ALL.iter().map(|reason| reason.as_str());
    let expired = ExpireReason::ALL.iter().map(|reason| reason.as_str());
    std::iter::once(None).chain(canceled.chain(expired).map(Some)).collect()
}

/// The byte that says a status' reason: its index in [`reasons`].
///
/// # Panics
/// Never: the lists are complete and short, which a test looks at.
#[must_use]
pub fn reason_byte(status: OrderStatus) -> u8 {
    let (before, index) = match status {
        OrderStatus::PendingTrigger
        | OrderStatus::New
        | OrderStatus::PartiallyFilled
        | OrderStatus::Filled => return 0,
        OrderStatus::Canceled(reason) => (0, CancelReason::ALL.iter().position(|&each| each == reason)),
        OrderStatus::Expired(reason) => {
            (CancelReason::ALL.len(), ExpireReason::ALL.iter().position(|&each| each == reason))
        }
    };
    let index = index.expect("every reason is in its list");
    u8::try_from(1 + before + index).expect("the lists are short")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_and_reason_has_the_byte_that_names_it() {
        let plain = [
            OrderStatus::PendingTrigger,
            OrderStatus::New,
            OrderStatus::PartiallyFilled,
            OrderStatus::Filled,
        ];
        let canceled = CancelReason::ALL.iter().map(|&reason| OrderStatus::Canceled(reason));
        let expired = ExpireReason::ALL.iter().map(|&reason| OrderStatus::Expired(reason));
        for status in plain.into_iter().chain(canceled).chain(expired) {
            assert_eq!(STATUSES[usize::from(status_byte(status))], status.as_str());
            assert_eq!(reasons()[usize::from(reason_byte(status))], status.reason());
        }
    }
}

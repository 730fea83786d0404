//! The results of a batch of commands, as records.

use lightning_core::message::{CancelReason, Fill, OrderStatus, Outcome, PlacedOrder, Reply};
use lightning_core::reject::Code;
use lightning_core::types::{Lsn, Quantity};

use super::{RECORD, reason_byte, status_byte};
use crate::replies::Answer;

/// Where the fields of a result are.
pub mod result_at {
    /// 0, or the number of the refusal, u16.
    pub const CODE: usize = 0;
    /// Where the order stands, u8: an index into [`super::super::STATUSES`].
    pub const STATUS: usize = 2;
    /// Why it was canceled or expired, u8: an index into [`super::super::reasons`].
    pub const REASON: usize = 3;
    /// The command's tag, u32.
    pub const TAG: usize = 4;
    /// How many fills, u32.
    pub const FILLS: usize = 8;
    /// The first of them, among those of the whole batch, u32.
    pub const FIRST_FILL: usize = 12;
    /// The order, u64.
    pub const ORDER: usize = 16;
    /// Lots that were filled, or canceled, u64.
    pub const QUANTITY: usize = 24;
    /// Lots that are still open, u64.
    pub const OPEN: usize = 32;
    /// Atoms that were traded, released, or are available, u128.
    pub const AMOUNT: usize = 40;
    /// The record of the log, u64.
    pub const SEQ: usize = 56;
}

/// Where the fields of a fill are.
pub mod fill_at {
    /// The trade's id, u64.
    pub const TRADE: usize = 0;
    /// Ticks, u64.
    pub const PRICE: usize = 8;
    /// Lots, u64.
    pub const QUANTITY: usize = 16;
    /// Quote atoms, u128.
    pub const NOTIONAL: usize = 24;
    /// Atoms of the fee's asset, negative for a rebate, i128.
    pub const FEE: usize = 40;
}

/// The results of one batch, in the order of its commands, whatever the order in which they are answered.
#[derive(Debug, Default)]
pub struct Batch {
    results: Vec<u8>,
    fills: Vec<u8>,
    missing: usize,
}

impl Batch {
    /// Begins another batch, of commands with these tags, in the memory of this one. A command that is never answered
    /// is `OUTCOME_UNKNOWN`.
    pub fn begin(&mut self, tags: impl Iterator<Item = u32>) {
        self.results.clear();
        self.fills.clear();
        for tag in tags {
            let mut record = [0; RECORD];
            put(&mut record, result_at::CODE, &Code::OutcomeUnknown.number().to_le_bytes());
            put(&mut record, result_at::TAG, &tag.to_le_bytes());
            self.results.extend_from_slice(&record);
        }
        self.missing = self.commands();
    }

    /// How many commands.
    #[must_use]
    pub fn commands(&self) -> usize {
        self.results.len() / RECORD
    }

    /// Bytes that it holds on to.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.results.capacity() + self.fills.capacity()
    }

    /// Has every command its result?
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing == 0
    }

    /// All results, and behind them all fills.
    #[must_use]
    pub fn parts(&self) -> [&[u8]; 2] {
        [&self.results, &self.fills]
    }

    /// Puts an answer into its place.
    ///
    /// # Panics
    /// If there is no such command, or more fills than 2^32: nobody has so much memory.
    pub fn put(&mut self, index: usize, answer: &Answer) {
        self.put_result(index, answer.gate, answer.result.as_ref().map_err(|refusal| refusal.code));
    }

    /// The same of an answer that has just been made.
    ///
    /// # Panics
    /// As [`Self::put`].
    pub fn put_reply(&mut self, index: usize, reply: &Reply) {
        self.put_result(index, reply.gate, Ok(&reply.outcome));
    }

    fn put_result(&mut self, index: usize, gate: Lsn, result: Result<&Outcome, Code>) {
        self.missing = self.missing.checked_sub(1).expect("every command is answered once");
        let mut record: [u8; RECORD] =
            self.results[index * RECORD..][..RECORD].try_into().expect("a whole record");
        let code = match result {
            Ok(outcome) => self.put_outcome(&mut record, outcome),
            Err(code) => Some(code),
        };
        put(&mut record, result_at::CODE, &code.map_or(0, Code::number).to_le_bytes());
        put(&mut record, result_at::SEQ, &gate.0.to_le_bytes());
        self.results[index * RECORD..][..RECORD].copy_from_slice(&record);
    }

    /// What an outcome says; the code of one that is a refusal.
    fn put_outcome(&mut self, record: &mut [u8; RECORD], outcome: &Outcome) -> Option<Code> {
        match outcome {
            Outcome::Placed(placed) => self.put_placed(record, placed, Quantity::ZERO),
            Outcome::Amended(amended) => self.put_placed(record, &amended.placed, amended.done_before),
            Outcome::Canceled(canceled) => {
                // As the only reason for which a client's own cancel succeeds.
                let status = OrderStatus::Canceled(CancelReason::User);
                record[result_at::STATUS] = status_byte(status);
                record[result_at::REASON] = reason_byte(status);
                put(record, result_at::ORDER, &canceled.id.0.to_le_bytes());
                put(record, result_at::QUANTITY, &canceled.canceled.0.to_le_bytes());
                put(record, result_at::AMOUNT, &canceled.released.0.to_le_bytes());
            }
            Outcome::BalanceChanged { balance, .. } => {
                put(record, result_at::AMOUNT, &balance.available.0.to_le_bytes());
            }
            Outcome::Rejected(reject) => return Some(reject.code),
            other => panic!("{other:?} answers no raw command"),
        }
        None
    }

    fn put_placed(&mut self, record: &mut [u8; RECORD], placed: &PlacedOrder, done_before: Quantity) {
        let count = |count: usize| u32::try_from(count).expect("fewer than 2^32 fills");
        let done = done_before + placed.filled + placed.prevented;
        let open = match placed.order.kind.quantity() {
            Some(quantity) if placed.status.is_open() => quantity - done,
            _ => Quantity::ZERO,
        };
        record[result_at::STATUS] = status_byte(placed.status);
        record[result_at::REASON] = reason_byte(placed.status);
        put(record, result_at::FILLS, &count(placed.fills.len()).to_le_bytes());
        put(record, result_at::FIRST_FILL, &count(self.fills.len() / RECORD).to_le_bytes());
        put(record, result_at::ORDER, &placed.id.0.to_le_bytes());
        put(record, result_at::QUANTITY, &placed.filled.0.to_le_bytes());
        put(record, result_at::OPEN, &open.0.to_le_bytes());
        put(record, result_at::AMOUNT, &placed.notional.0.to_le_bytes());
        for fill in &placed.fills {
            self.put_fill(fill);
        }
    }

    fn put_fill(&mut self, fill: &Fill) {
        let mut record = [0; RECORD];
        put(&mut record, fill_at::TRADE, &fill.trade.0.to_le_bytes());
        put(&mut record, fill_at::PRICE, &fill.price.0.to_le_bytes());
        put(&mut record, fill_at::QUANTITY, &fill.quantity.0.to_le_bytes());
        put(&mut record, fill_at::NOTIONAL, &fill.notional.0.to_le_bytes());
        put(&mut record, fill_at::FEE, &fill.fee.0.to_le_bytes());
        self.fills.extend_from_slice(&record);
    }
}

fn put(record: &mut [u8; RECORD], at: usize, field: &[u8]) {
    record[at..at + field.len()].copy_from_slice(field);
}

#[cfg(test)]
mod tests {
    use lightning_core::message::Balance;
    use lightning_core::types::{Amount, AssetId, Ticket, Timestamp};

    use super::*;
    use crate::refusal::Refusal;

    fn answer(result: Result<Outcome, Refusal>) -> Answer {
        Answer { ticket: Ticket(0), gate: Lsn(7), at: Timestamp(0), duplicate: false, result }
    }

    fn field<const N: usize>(batch: &Batch, index: usize, at: usize) -> [u8; N] {
        batch.parts()[0][index * RECORD + at..][..N].try_into().unwrap()
    }

    #[test]
    fn results_stand_in_the_order_of_their_commands() {
        let mut batch = Batch::default();
        batch.begin([11, 12].into_iter());
        let balance = Balance { available: Amount(5), ..Balance::default() };
        batch.put(1, &answer(Ok(Outcome::BalanceChanged { asset: AssetId(0), balance })));
        assert!(!batch.is_complete());
        let code = |index| u16::from_le_bytes(field(&batch, index, result_at::CODE));
        assert_eq!([code(0), code(1)], [Code::OutcomeUnknown.number(), 0]);
        batch.put(0, &answer(Err(Refusal::new(Code::Busy, "later"))));
        assert!(batch.is_complete());
        assert_eq!(u16::from_le_bytes(field(&batch, 0, result_at::CODE)), Code::Busy.number());
        assert_eq!(u32::from_le_bytes(field(&batch, 0, result_at::TAG)), 11);
        assert_eq!(u128::from_le_bytes(field(&batch, 1, result_at::AMOUNT)), 5);
        assert_eq!(u64::from_le_bytes(field(&batch, 1, result_at::SEQ)), 7);
    }
}

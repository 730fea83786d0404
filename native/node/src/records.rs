//! Calls on their way in: fixed-size records, written by TypeScript.
//!
//! ```text
//!   0 op u8      1 side u8     2 type u8     3 time in force u8
//!   4 length of each of the four texts, u8: 255 absent, 254 longer than fits
//!   8 ticket u32              12 flags u32: bit 1 post-only, bits 8 to 15 self-trade prevention
//!  16 account f64             24 order f64
//!  32 text 0: symbol or asset 64 text 1: price or amount
//!  96 text 2: quantity       128 text 3: quote quantity       160
//! ```
//! Little-endian. What has no room here (op 9) comes in words, beside the records and in their order. A mode of
//! self-trade prevention is its index in [`StpMode::ALL`] + 1, zero for none named. Texts are ASCII; what is not ASCII arrives as a zero byte, which no name or decimal
//! contains. Whatever the bytes are, decoding them is safe: the worst that comes out is a refusal.

use lightning_core::message::StpMode;
use lightning_core::types::{ID_MAX, Side, Ticket};
use lightning_engine::edge::{Call, Funds, KindName, Named, Place, TifName};
use lightning_engine::words::Words;

/// Bytes of a record.
pub(crate) const RECORD: usize = 160;
pub(crate) const TEXTS: usize = 4;
pub(crate) const TEXT: usize = 32;
pub(crate) const TEXTS_AT: usize = 32;
pub(crate) const LENGTHS_AT: usize = 4;
pub(crate) const TICKET_AT: usize = 8;
pub(crate) const FLAGS_AT: usize = 12;
pub(crate) const ACCOUNT_AT: usize = 16;
pub(crate) const ORDER_AT: usize = 24;
pub(crate) const ABSENT: u8 = 255;
pub(crate) const TOO_LONG: u8 = 254;

const POST_ONLY: u32 = 2;
const STP_SHIFT: u32 = 8;

const _: () = assert!(TEXTS_AT + TEXTS * TEXT == RECORD && TEXT < TOO_LONG as usize);

/// Stands for a decimal that did not fit: one beyond what the engine counts.
const LONG_DECIMAL: &str = "9999999999999999999999999999999999999999";
/// Stands for a name that did not fit: one that nothing has.
const LONG_NAME: &str = "(longer than any name)";

/// Answered like a malformed call.
const NO_CALL: Call<'static> = Call::Order { order: 0 };

/// One call.
pub(crate) struct Record<'a>(&'a [u8]);

/// The first `count` records, or as many as the buffer holds.
pub(crate) fn iterate(buffer: &[u8], count: u32) -> impl Iterator<Item = Record<'_>> {
    buffer.chunks_exact(RECORD).take(count as usize).map(Record)
}

impl<'a> Record<'a> {
    pub(crate) fn ticket(&self) -> Ticket {
        Ticket(u64::from(self.u32_at(TICKET_AT)))
    }

    /// The call. One in words takes the next of them; none, if they are malformed or there are no more.
    pub(crate) fn call(&self, words: &mut impl Iterator<Item = Option<&'a Words>>) -> Call<'a> {
        let account = self.id_at(ACCOUNT_AT);
        let funds = || Funds { account, asset: self.text(0), amount: self.text(1) };
        match self.0[0] {
            1 => Call::Deposit(funds()),
            2 => Call::Withdraw(funds()),
            3 => Call::Place(Place {
                account,
                symbol: self.text(0),
                side: match self.0[1] {
                    0 => Named::Missing,
                    1 => Named::Known(Side::Buy),
                    2 => Named::Known(Side::Sell),
                    _ => Named::Unknown,
                },
                kind: match self.0[2] {
                    0 => Named::Missing,
                    1 => Named::Known(KindName::Limit),
                    2 => Named::Known(KindName::Market),
                    _ => Named::Unknown,
                },
                tif: match self.0[3] {
                    0 => TifName::Default,
                    1 => TifName::Gtc,
                    2 => TifName::Ioc,
                    3 => TifName::Fok,
                    _ => TifName::Unknown,
                },
                price: self.text(1),
                quantity: self.text(2),
                quote_quantity: self.text(3),
                post_only: self.u32_at(FLAGS_AT) & POST_ONLY != 0,
                stp: self.stp(),
            }),
            4 => Call::Cancel { account, order: self.id_at(ORDER_AT) },
            5 => Call::Balances { account, asset: self.text(0) },
            6 => Call::Order { order: self.id_at(ORDER_AT) },
            8 => Call::Conservation,
            9 => words.next().flatten().map_or(NO_CALL, Call::Words),
            _ => NO_CALL,
        }
    }

    fn stp(&self) -> Named<StpMode> {
        match (self.u32_at(FLAGS_AT) >> STP_SHIFT) & 0xff {
            0 => Named::Missing,
            byte => StpMode::ALL.get(byte as usize - 1).map_or(Named::Unknown, |&mode| Named::Known(mode)),
        }
    }

    fn text(&self, index: usize) -> Option<&'a str> {
        let length = self.0[LENGTHS_AT + index];
        let start = TEXTS_AT + index * TEXT;
        match length {
            ABSENT => None,
            _ => {
                let bytes = self.0[start..start + TEXT].get(..usize::from(length));
                Some(bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or(if index == 0 {
                    LONG_NAME
                } else {
                    LONG_DECIMAL
                }))
            }
        }
    }

    fn u32_at(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.0[at..at + 4].try_into().expect("four bytes"))
    }

    /// A JavaScript number as an id; 0, which is no id, for what is not a whole number up to 2^53 - 1.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "checked: whole, not negative, exactly representable"
    )]
    fn id_at(&self, at: usize) -> u64 {
        let number = f64::from_le_bytes(self.0[at..at + 8].try_into().expect("eight bytes"));
        if number >= 1.0 && number <= ID_MAX as f64 && number.fract() == 0.0 { number as u64 } else { 0 }
    }
}

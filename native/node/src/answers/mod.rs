//! Answers on their way out: records that TypeScript turns into objects.
//!
//! Plain placed and canceled orders, the answers of the hot calls, are binary; everything else carries JSON. Every
//! record is a multiple of eight bytes, little-endian. The buffer begins with eight bytes of its own: whether
//! there is more than fit, u32, and whether somebody else must drain, u32. Then record after record:
//!
//! ```text
//!   0 length u32    4 ticket u32    8 kind u8    9 status u8    10 reason u8    11 flags u8
//!  12 fills, or bytes of JSON, u32                              16 seq f64      24 ts f64 (ms)
//!  32 order f64    40 account f64  48 book seq f64              56 symbol u32   60 time in force u8
//!  64 placed: price, quantity, quote quantity, filled, filled quote, open, reserved, average, prevented: u128
//!             each, fee i128
//! 224 fills: trade f64, price, quantity, quote: u128 each, fee i128
//!  64 canceled: canceled quantity, released: u128 each
//!  32 a raw batch is complete, the ticket being its number: nothing more
//!  32 anything else: JSON
//! ```
//!
//! Flags: bit 0 sells; bits 1 and 2 limit, market by quantity, market by quote; bit 3 post-only; bit 4 the answer
//! is an earlier one; bits 5 to 7 the mode of self-trade prevention, an index into [`StpMode::ALL`].

mod accounts;
mod orders;

use lightning_core::message::{
    CanceledOrder, NewOrder, OrderKind, OrderStatus, Outcome, PlacedOrder, StpMode, TimeInForce,
};
use lightning_core::reject::Code;
use lightning_core::types::{Amount, ID_MAX, Lsn, Price, Quantity, Side, SignedAmount, Ticket, Timestamp};
use lightning_engine::decimal;
use lightning_engine::raw::{reason_byte, status_byte};
use lightning_engine::refusal::Refusal;
use lightning_engine::registry::{Registry, Symbol};
use lightning_engine::{Answer, Halted};
use serde_json::{Value, json};

pub(crate) use self::accounts::balance_json;
pub(crate) use self::orders::{closed_order_json, fills_json, mass_json, order_json};

/// Bytes of the buffer before its first record.
pub(crate) const PREFIX: usize = 8;
pub(crate) const HEADER: usize = 32;
pub(crate) const PLACED: usize = 224;
pub(crate) const FILL: usize = 72;
const CANCELED: usize = 96;

/// Decimals that an average price has beyond a price's.
pub(crate) const AVERAGE_EXTRA_SCALE: u32 = 4;

const KIND_JSON: u8 = 0;
const KIND_REFUSED: u8 = 1;
const KIND_PLACED: u8 = 2;
const KIND_CANCELED: u8 = 3;
const KIND_HALTED: u8 = 4;
const KIND_RAW: u8 = 5;

/// The names of every time in force, in the order of their bytes.
pub(crate) const TIMES_IN_FORCE: [TimeInForce; 5] =
    [TimeInForce::Gtc, TimeInForce::Ioc, TimeInForce::Fok, TimeInForce::Gtd, TimeInForce::Day];

/// An answer, wherever it lies.
#[derive(Clone, Copy)]
pub(crate) struct Said<'a> {
    pub(crate) ticket: Ticket,
    pub(crate) gate: Lsn,
    pub(crate) at: Timestamp,
    pub(crate) duplicate: bool,
    pub(crate) result: Result<&'a Outcome, &'a Refusal>,
}

impl<'a> From<&'a Answer> for Said<'a> {
    fn from(&Answer { ticket, gate, at, duplicate, ref result }: &'a Answer) -> Self {
        Self { ticket, gate, at, duplicate, result: result.as_ref() }
    }
}

/// Fills a buffer with records.
pub(crate) struct Writer<'a> {
    buffer: &'a mut [u8],
    at: usize,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, at: PREFIX }
    }

    /// Where the last record ends. `news`: there is something for others, too. With what the next one needs if it did not fit: the negative of the size
    /// of a buffer for it, if it is the first.
    #[expect(clippy::cast_precision_loss, reason = "a buffer is smaller than 2^53 bytes")]
    pub(crate) fn finish(self, next_needs: Option<usize>, news: bool) -> f64 {
        if let (PREFIX, Some(needed)) = (self.at, next_needs) {
            return -((PREFIX + needed) as f64);
        }
        if let Some(more) = self.buffer.get_mut(..4) {
            more.copy_from_slice(&u32::from(next_needs.is_some()).to_le_bytes());
        }
        if let Some(more) = self.buffer.get_mut(4..PREFIX) {
            more.copy_from_slice(&u32::from(news).to_le_bytes());
        }
        self.at as f64
    }

    /// Appends an answer; what it needs, if that is more than is left.
    pub(crate) fn write(&mut self, answer: &Said<'_>, registry: &Registry) -> Result<(), usize> {
        match answer.result {
            Ok(Outcome::Placed(placed)) if placed.order.extras.is_none() => {
                self.write_placed(answer, placed, registry)
            }
            Ok(Outcome::Canceled(canceled)) if canceled.sibling.is_none() => {
                self.write_canceled(answer, canceled, registry)
            }
            Ok(outcome) => match outcome_json(answer, outcome, registry) {
                Ok(value) => self.write_json(answer.ticket, KIND_JSON, &value),
                Err(refusal) => self.write_json(answer.ticket, KIND_REFUSED, &refusal.to_json()),
            },
            Err(refusal) => self.write_json(answer.ticket, KIND_REFUSED, &refusal.to_json()),
        }
    }

    /// Appends a refusal in place of an answer that could not be written.
    pub(crate) fn write_unwritable(&mut self, ticket: Ticket) -> Result<(), usize> {
        let refusal = Refusal::new(Code::OutcomeUnknown, "the answer can't be written");
        self.write_json(ticket, KIND_REFUSED, &refusal.to_json())
    }

    /// Appends the news that a raw batch is complete.
    pub(crate) fn write_complete(&mut self, batch: u64) -> Result<(), usize> {
        self.reserve(HEADER)?.head(Ticket(batch), [KIND_RAW, 0, 0, 0], 0);
        Ok(())
    }

    /// Appends the news that the engine has halted.
    pub(crate) fn write_halt(&mut self, halted: &Halted) -> Result<(), usize> {
        let why = Refusal::new(halted.code, halted.why.as_str()).with("reason", halted.why.as_str());
        self.write_json(Ticket(0), KIND_HALTED, &why.to_json())
    }

    fn write_placed(
        &mut self,
        answer: &Said<'_>,
        placed: &PlacedOrder,
        registry: &Registry,
    ) -> Result<(), usize> {
        let mut record = self.reserve(PLACED + placed.fills.len() * FILL)?;
        let symbol = registry.symbol(placed.order.symbol);
        let flags = flags(&placed.order) | u8::from(answer.duplicate) << 4;
        let kind = [KIND_PLACED, status_byte(placed.status), reason_byte(placed.status), flags];
        record.head(answer.ticket, kind, placed.fills.len());
        record.stamp(answer);
        record.f64(32, placed.id.0);
        record.f64(40, placed.order.account.0);
        record.f64(48, placed.book_seq);
        record.u32(56, placed.order.symbol.0);
        record.0[60] = byte_of(TIMES_IN_FORCE.iter().position(|&tif| tif == placed.order.tif));
        let (price, quantity, quote) = asked(&placed.order);
        let open = open_quantity(&placed.order, placed.status, placed.filled + placed.prevented);
        let digits = [
            symbol.price_digits(price),
            symbol.quantity_digits(u128::from(quantity.0)),
            quote.0,
            symbol.quantity_digits(u128::from(placed.filled.0)),
            placed.notional.0,
            symbol.quantity_digits(u128::from(open.0)),
            placed.reserved.0,
            average_digits(symbol, placed.filled, placed.notional),
            symbol.quantity_digits(u128::from(placed.prevented.0)),
        ];
        for (index, digits) in digits.into_iter().enumerate() {
            record.u128(64 + index * 16, digits);
        }
        record.i128(208, placed.fee);
        for (index, fill) in placed.fills.iter().enumerate() {
            let at = PLACED + index * FILL;
            record.f64(at, fill.trade.0);
            record.u128(at + 8, symbol.price_digits(fill.price));
            record.u128(at + 24, symbol.quantity_digits(u128::from(fill.quantity.0)));
            record.u128(at + 40, fill.notional.0);
            record.i128(at + 56, fill.fee);
        }
        Ok(())
    }

    fn write_canceled(
        &mut self,
        answer: &Said<'_>,
        canceled: &CanceledOrder,
        registry: &Registry,
    ) -> Result<(), usize> {
        let mut record = self.reserve(CANCELED)?;
        let symbol = registry.symbol(canceled.symbol);
        let flags = u8::from(canceled.side == Side::Sell) | u8::from(answer.duplicate) << 4;
        record.head(answer.ticket, [KIND_CANCELED, 0, 0, flags], 0);
        record.stamp(answer);
        record.f64(32, canceled.id.0);
        record.f64(48, canceled.book_seq);
        record.u32(56, canceled.symbol.0);
        record.u128(64, symbol.quantity_digits(u128::from(canceled.canceled.0)));
        record.u128(80, canceled.released.0);
        Ok(())
    }

    fn write_json(&mut self, ticket: Ticket, kind: u8, value: &Value) -> Result<(), usize> {
        let text = value.to_string();
        let mut record = self.reserve(HEADER + text.len().next_multiple_of(8))?;
        record.head(ticket, [kind, 0, 0, 0], text.len());
        record.0[HEADER..HEADER + text.len()].copy_from_slice(text.as_bytes());
        Ok(())
    }

    fn reserve(&mut self, length: usize) -> Result<RecordOut<'_>, usize> {
        let Some(bytes) = self.buffer.get_mut(self.at..self.at + length) else {
            return Err(length);
        };
        self.at += length;
        bytes.fill(0);
        Ok(RecordOut(bytes))
    }
}

/// One record being written.
struct RecordOut<'a>(&'a mut [u8]);

impl RecordOut<'_> {
    fn head(&mut self, ticket: Ticket, bytes: [u8; 4], count: usize) {
        let length = u32::try_from(self.0.len()).expect("a record is smaller than 4 GiB");
        self.u32(0, length);
        self.u32(4, u32::try_from(ticket.0).expect("tickets come in as u32"));
        self.0[8..12].copy_from_slice(&bytes);
        self.u32(12, u32::try_from(count).expect("a record is smaller than 4 GiB"));
    }

    fn stamp(&mut self, answer: &Said<'_>) {
        self.f64(16, answer.gate.0);
        self.f64(24, milliseconds(answer.at));
    }

    fn u32(&mut self, at: usize, value: u32) {
        self.0[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    fn u128(&mut self, at: usize, value: u128) {
        self.0[at..at + 16].copy_from_slice(&value.to_le_bytes());
    }

    fn i128(&mut self, at: usize, value: SignedAmount) {
        self.0[at..at + 16].copy_from_slice(&value.0.to_le_bytes());
    }

    #[expect(clippy::cast_precision_loss, reason = "asserted to be exact")]
    fn f64(&mut self, at: usize, value: u64) {
        assert!(value <= ID_MAX, "{value} is more than a JavaScript number holds");
        self.0[at..at + 8].copy_from_slice(&(value as f64).to_le_bytes());
    }
}

fn byte_of(position: Option<usize>) -> u8 {
    let position = position.expect("every value is in its list");
    u8::try_from(position).expect("the lists are short")
}

/// Side, kind, post-only and the mode of self-trade prevention.
fn flags(order: &NewOrder) -> u8 {
    let kind = match order.kind {
        OrderKind::Limit { .. } => 0,
        OrderKind::MarketByQuantity { .. } => 1,
        OrderKind::MarketByQuote { .. } => 2,
    };
    let stp = byte_of(StpMode::ALL.iter().position(|&mode| mode == order.stp));
    u8::from(order.side == Side::Sell) | kind << 1 | u8::from(order.post_only) << 3 | stp << 5
}

/// Whole milliseconds, rounded down.
pub(crate) const fn milliseconds(at: Timestamp) -> u64 {
    at.0 / 1_000_000
}

pub(crate) const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

/// An amount that may be negative.
pub(crate) fn signed_text(amount: SignedAmount, scale: u32) -> String {
    let text = decimal::format(amount.0.unsigned_abs(), scale);
    if amount.0 < 0 { format!("-{text}") } else { text }
}

/// Price, quantity and quote amount that were asked for; zero for what the order type does not have.
fn asked(order: &NewOrder) -> (Price, Quantity, Amount) {
    match order.kind {
        OrderKind::Limit { price, quantity } => (price, quantity, Amount::ZERO),
        OrderKind::MarketByQuantity { quantity } => (Price::ZERO, quantity, Amount::ZERO),
        OrderKind::MarketByQuote { quote } => (Price::ZERO, Quantity::ZERO, quote),
    }
}

/// What may still trade, when so much is filled or prevented.
fn open_quantity(order: &NewOrder, status: OrderStatus, done: Quantity) -> Quantity {
    match order.kind.quantity() {
        Some(quantity) if status.is_open() => quantity - done,
        _ => Quantity::ZERO,
    }
}

/// The average price of some fills at the price's scale + 4, rounded half to even; zero without fills.
fn average_digits(symbol: &Symbol, filled: Quantity, notional: Amount) -> u128 {
    if filled.is_zero() {
        return 0;
    }
    // The sum of ticks x lots, exact; then in two steps, so that nothing overflows: at most 96 bits of whole
    // price digits, and a remainder below 63 bits times 40 bits of tick digits.
    let tick_lots = notional.0 / symbol.spec.tick_lot_atoms();
    let lots = u128::from(filled.0);
    let fine = symbol.tick.digits * 10_u128.pow(AVERAGE_EXTRA_SCALE);
    let (whole, rest) = (tick_lots / lots, (tick_lots % lots) * fine);
    // `fine` is even, so what the whole part adds does not change which neighbour is the even one.
    whole * fine + decimal::divide_half_even(rest, lots)
}

/// An answer as JSON; a cancel-replace of which a half failed is a refusal.
fn outcome_json(answer: &Said<'_>, outcome: &Outcome, registry: &Registry) -> Result<Value, Refusal> {
    Ok(match outcome {
        Outcome::Placed(placed) => orders::placed_json(answer, placed, registry),
        Outcome::Canceled(canceled) => stamped(answer, orders::canceled_json(canceled, registry)),
        Outcome::Amended(amended) => orders::amended_json(answer, amended, registry),
        Outcome::OcoPlaced(oco) => orders::oco_json(answer, oco, registry),
        Outcome::Replaced(replaced) => orders::replaced_json(answer, replaced, registry)?,
        Outcome::Tested(estimate) => stamped(answer, orders::estimate_json(estimate, registry)),
        Outcome::CanceledAll(canceled) => stamped(answer, mass_json(canceled, registry)),
        Outcome::Orders(page) => orders::page_json(page, registry),
        Outcome::TimerSet(at) => stamped(answer, json!({ "cancelAllAt": at.map(milliseconds) })),
        Outcome::BalanceChanged { asset, balance } => {
            stamped(answer, accounts::balance_json(registry, *asset, *balance))
        }
        Outcome::FeesCollected(fees) => stamped(answer, accounts::fees_json(fees, registry)),
        Outcome::Account(info) => stamped(answer, accounts::account_json(info, registry)),
        Outcome::Balances(balances) => balances
            .iter()
            .map(|&(asset, balance)| accounts::balance_json(registry, asset, balance))
            .collect(),
        Outcome::LedgerEntries(page) => accounts::ledger_json(page, registry),
        Outcome::Totals(totals) => totals.iter().map(|line| accounts::totals_json(line, registry)).collect(),
        Outcome::Rejected(_) | Outcome::NotSeen => {
            unreachable!("has become a refusal before it is drained: {outcome:?}")
        }
    })
}

/// The same with its place in the log.
fn stamped(answer: &Said<'_>, mut value: Value) -> Value {
    value["seq"] = answer.gate.0.into();
    value["ts"] = milliseconds(answer.at).into();
    if answer.duplicate {
        value["duplicate"] = true.into();
    }
    value
}

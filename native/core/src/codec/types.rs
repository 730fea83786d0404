//! Ids, units and sides. An id outside its range is nobody's.

use crate::limits::{ASSETS_MAX, SYMBOLS_MAX};
use crate::message::MassId;
use crate::types::{
    AccountId, Amount, AssetId, ID_MAX, ListId, Lsn, OrderId, Price, Quantity, Side, SignedAmount, StpGroup,
    SymbolId, Ticket, Timestamp, TradeId,
};

/// Assets and symbols are numbered densely: a number beyond makes a table of that length.
#[expect(clippy::cast_possible_truncation, reason = "both are 100,000")]
const LAST: (u32, u32) = (ASSETS_MAX as u32 - 1, SYMBOLS_MAX as u32 - 1);

const LAST_ASSET: u32 = LAST.0;
const LAST_SYMBOL: u32 = LAST.1;

wire_number! {
    AccountId(u64) in 1..=ID_MAX, "no account has this id";
    AssetId(u32) in 0..=LAST_ASSET, "no asset has this number";
    SymbolId(u32) in 0..=LAST_SYMBOL, "no symbol has this number";
    OrderId(u64) in 1..=ID_MAX, "no order has this id";
    TradeId(u64) in 0..=ID_MAX, "no trade has this number";
    ListId(u64) in 1..=ID_MAX, "no list has this id";
    StpGroup(u32) in 1..=u32::MAX, "groups begin at 1";
    Ticket(u64) in 0..=u64::MAX, "";
    Lsn(u64) in 0..=u64::MAX, "";
    MassId(u64) in 0..=u64::MAX, "";
    Timestamp(u64) in 0..=u64::MAX, "";
    Price(u64) in 0..=u64::MAX, "";
    Quantity(u64) in 0..=u64::MAX, "";
    Amount(u128) in 0..=u128::MAX, "";
    SignedAmount(i128) in i128::MIN..=i128::MAX, "";
}

wire_enum!(Side { 1 = Buy, 2 = Sell });

//! Answers that are remembered for their request ids, trades and ledger entries: part of the state, not of any record.

use super::{Decode, Encode, Input, Malformed};
use crate::fees::FeeRates;
use crate::message::{
    AccountInfo, AmendedOrder, Balance, CanceledOrder, Fill, LedgerKind, NewOrder, OrderStatus, Outcome,
    PlacedOco, PlacedOrder, ReplacedOrder, Trade,
};
use crate::reject::Reject;
use crate::rules::{AccountStatus, RateLimit};
use crate::types::{
    AccountId, Amount, AssetId, ListId, Lsn, OrderId, Price, Quantity, Side, SignedAmount, StpGroup,
    SymbolId, Timestamp, TradeId,
};

/// An answer to a command that changes something: what a question is answered is not remembered.
impl Encode for Outcome {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Rejected(reject) => tagged(1, reject, out),
            Self::Placed(placed) => tagged(2, placed, out),
            Self::OcoPlaced(placed) => tagged(3, placed, out),
            Self::Canceled(canceled) => tagged(4, canceled, out),
            Self::Amended(amended) => tagged(5, amended, out),
            Self::Replaced(replaced) => tagged(6, replaced, out),
            Self::CanceledAll(canceled) => tagged(7, canceled, out),
            Self::TimerSet(deadline) => tagged(8, deadline, out),
            Self::BalanceChanged { asset, balance } => tagged(9, &(*asset, *balance), out),
            Self::FeesCollected(collected) => tagged(10, collected, out),
            Self::Account(info) => tagged(11, info, out),
            Self::Tested(_)
            | Self::NotSeen
            | Self::Balances(_)
            | Self::Orders(_)
            | Self::LedgerEntries(_)
            | Self::Totals(_) => panic!("the answer to a question is remembered: {self:?}"),
        }
    }
}

fn tagged(tag: u8, value: &impl Encode, out: &mut Vec<u8>) {
    out.push(tag);
    value.encode(out);
}

impl Decode for Outcome {
    fn decode(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let at = input.at();
        Ok(match u8::decode(input)? {
            1 => Self::Rejected(Reject::decode(input)?),
            2 => Self::Placed(PlacedOrder::decode(input)?),
            3 => Self::OcoPlaced(Box::decode(input)?),
            4 => Self::Canceled(CanceledOrder::decode(input)?),
            5 => Self::Amended(Box::decode(input)?),
            6 => Self::Replaced(Box::decode(input)?),
            7 => Self::CanceledAll(Vec::decode(input)?),
            8 => Self::TimerSet(Option::decode(input)?),
            9 => Self::BalanceChanged { asset: AssetId::decode(input)?, balance: Balance::decode(input)? },
            10 => Self::FeesCollected(Vec::decode(input)?),
            11 => Self::Account(AccountInfo::decode(input)?),
            _ => return Err(Malformed { at, what: "no Outcome has this tag" }),
        })
    }
}

wire_struct!(PlacedOrder {
    id: OrderId,
    order: NewOrder,
    status: OrderStatus,
    filled: Quantity,
    notional: Amount,
    prevented: Quantity,
    fee: SignedAmount,
    reserved: Amount,
    fills: Vec<Fill>,
    book_seq: u64,
});

wire_struct!(PlacedOco { list: ListId, legs: [PlacedOrder; 2] });

wire_struct!(AmendedOrder { placed: PlacedOrder, done_before: Quantity, priority_kept: bool });

wire_struct!(ReplacedOrder {
    canceled: Result<CanceledOrder, Reject>,
    placed: Option<Result<PlacedOrder, Reject>>,
});

wire_struct!(Fill { trade: TradeId, price: Price, quantity: Quantity, notional: Amount, fee: SignedAmount });

wire_struct!(CanceledOrder {
    id: OrderId,
    symbol: SymbolId,
    side: Side,
    canceled: Quantity,
    released: Amount,
    sibling: Option<OrderId>,
    book_seq: u64,
});

wire_struct!(Balance { available: Amount, frozen: Amount, held: Amount });

wire_struct!(AccountInfo {
    account: AccountId,
    status: AccountStatus,
    can_trade: bool,
    can_withdraw: bool,
    stp_group: Option<StpGroup>,
    fees: Vec<(Option<SymbolId>, FeeRates)>,
    rate_limit: Option<RateLimit>,
    cancel_all_at: Option<Timestamp>,
    open_orders: u32,
});

wire_struct!(Trade {
    symbol: SymbolId,
    id: TradeId,
    price: Price,
    quantity: Quantity,
    notional: Amount,
    taker_side: Side,
    maker: OrderId,
    taker: OrderId,
    maker_account: AccountId,
    taker_account: AccountId,
    maker_fee: SignedAmount,
    taker_fee: SignedAmount,
    at: Timestamp,
    cause: Lsn,
    book_seq: u64,
});

wire_enum!(LedgerKind {
    1 = Deposit,
    2 = Withdrawal,
    3 = TransferIn,
    4 = TransferOut,
    5 = Hold,
    6 = Release,
    7 = Freeze,
    8 = Unfreeze,
    9 = Trade,
    10 = Fee,
    11 = FeesCollected,
});

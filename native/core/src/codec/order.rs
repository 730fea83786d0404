//! What an order is.

use std::sync::Arc;

use super::{Decode, Encode, Input, Malformed, ensure};
use crate::fees::FeeRates;
use crate::limits::{AMOUNT_MAX, PRICE_TICKS_MAX, QUANTITY_LOTS_MAX};
use crate::order::{
    CancelReason, ClientOrderId, ExpireReason, Extras, NewOrder, Order, OrderKind, OrderStatus, StpMode,
    TimeInForce, TrailOffset, Trigger,
};
use crate::types::{
    AccountId, Amount, ListId, OrderId, Price, Quantity, Side, SignedAmount, SymbolId, Timestamp,
};

/// Characters of a client order id.
const CLIENT_ID_MAX: usize = 36;

wire_struct!(
    NewOrder {
        account: AccountId,
        symbol: SymbolId,
        side: Side,
        kind: OrderKind,
        tif: TimeInForce,
        post_only: bool,
        stp: StpMode,
        extras: Option<Box<Extras>>,
    },
    |order| {
        let expires = matches!(order.tif, TimeInForce::Gtd | TimeInForce::Day);
        ensure(order.expire_at().is_some() == expires, "an order that expires has a time, no other has")
    }
);

wire_enum!(
    OrderKind {
        1 = Limit { price: Price, quantity: Quantity },
        2 = MarketByQuantity { quantity: Quantity },
        3 = MarketByQuote { quote: Amount },
    },
    |kind| match *kind {
        OrderKind::Limit { price, quantity } => ensure(is_price(price) && is_quantity(quantity), NO_ORDER),
        OrderKind::MarketByQuantity { quantity } => ensure(is_quantity(quantity), NO_ORDER),
        OrderKind::MarketByQuote { quote } => ensure((1..=AMOUNT_MAX).contains(&quote.0), NO_ORDER),
    }
);

const NO_ORDER: &str = "an order of nothing, or of more than there is";

wire_enum!(TimeInForce { 1 = Gtc, 2 = Ioc, 3 = Fok, 4 = Gtd, 5 = Day });

wire_enum!(StpMode { 1 = None, 2 = ExpireTaker, 3 = ExpireMaker, 4 = ExpireBoth, 5 = Decrement });

wire_struct!(
    Extras {
        client_id: Option<ClientOrderId>,
        max_quote: Option<Amount>,
        protection_bps: Option<u32>,
        display: Option<Quantity>,
        trigger: Option<Trigger>,
        expire_at: Option<Timestamp>,
        fees: Option<FeeRates>,
        valid_until: Option<Timestamp>,
    },
    |extras| {
        let sound = extras.max_quote.is_none_or(|max| (1..=AMOUNT_MAX).contains(&max.0))
            && extras.protection_bps.is_none_or(is_bps)
            && extras.display.is_none_or(is_quantity);
        ensure(sound, "extras that no order has")
    }
);

wire_enum!(
    Trigger {
        1 = Stop { price: Price },
        2 = TakeProfit { price: Price },
        3 = Trailing { offset: TrailOffset, activation: Option<Price> },
    },
    |trigger| {
        let sound = match *trigger {
            Trigger::Stop { price } | Trigger::TakeProfit { price } => is_price(price),
            Trigger::Trailing { activation, .. } => activation.is_none_or(is_price),
        };
        ensure(sound, "a trigger at no price")
    }
);

wire_enum!(
    TrailOffset { 1 = Bps(bps: u32), 2 = Ticks(ticks: Price) },
    |offset| {
        let sound = match *offset {
            TrailOffset::Bps(bps) => is_bps(bps),
            TrailOffset::Ticks(ticks) => is_price(ticks),
        };
        ensure(sound, "a trailing distance of nothing, or of everything")
    }
);

wire_enum!(OrderStatus {
    1 = PendingTrigger,
    2 = New,
    3 = PartiallyFilled,
    4 = Filled,
    5 = Canceled(reason: CancelReason),
    6 = Expired(reason: ExpireReason),
});

wire_enum!(CancelReason {
    1 = User,
    2 = Mass,
    3 = Deadman,
    4 = OcoSibling,
    5 = Replaced,
    6 = Admin,
    7 = SymbolClosed,
});

wire_enum!(ExpireReason {
    1 = IocRemainder,
    2 = FokUnfillable,
    3 = InsufficientLiquidity,
    4 = BudgetExhausted,
    5 = PriceProtection,
    6 = GtdExpired,
    7 = SessionEnd,
    8 = TriggerRejected,
    9 = Stp,
});

wire_struct!(Order {
    id: OrderId,
    order: NewOrder,
    fees: FeeRates,
    status: OrderStatus,
    filled: Quantity,
    notional: Amount,
    prevented: Quantity,
    fee: SignedAmount,
    reserved: Amount,
    list: Option<(ListId, OrderId)>,
    amends: u32,
    accepted_at: Timestamp,
    updated_at: Timestamp,
});

/// A text: its length in two bytes, then ASCII.
impl Encode for ClientOrderId {
    fn encode(&self, out: &mut Vec<u8>) {
        u16::try_from(self.0.len()).expect("36 characters at most").encode(out);
        out.extend_from_slice(self.0.as_bytes());
    }
}

impl Decode for ClientOrderId {
    fn decode(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let at = input.at();
        let length = usize::from(u16::decode(input)?);
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._:/-".contains(byte);
        let text = input.take(length)?;
        match std::str::from_utf8(text) {
            Ok(plain) if (1..=CLIENT_ID_MAX).contains(&length) && text.iter().all(is_plain) => {
                Ok(Self(Arc::from(plain)))
            }
            _ => Err(Malformed { at, what: "no client order id is written like this" }),
        }
    }
}

fn is_price(price: Price) -> bool {
    (1..=PRICE_TICKS_MAX).contains(&price.0)
}

fn is_quantity(quantity: Quantity) -> bool {
    (1..=QUANTITY_LOTS_MAX).contains(&quantity.0)
}

fn is_bps(bps: u32) -> bool {
    (1..=9_999).contains(&bps)
}

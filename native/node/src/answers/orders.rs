//! Orders as JSON: those with something that records have no room for, and those that are read back.

use std::collections::BTreeMap;

use lightning_core::message::{
    AmendedOrder, CanceledOrder, Estimate, Extras, Fill, NewOrder, Order, OrderKind, OrderPage, OrderStatus,
    PlacedOco, PlacedOrder, ReplacedOrder, TrailOffset, Trigger,
};
use lightning_core::reject::{Code, Reject};
use lightning_core::rules::OrderType;
use lightning_core::types::{Amount, AssetId, ListId, Lsn, OrderId, Quantity, Side, SignedAmount};
use lightning_engine::decimal;
use lightning_engine::refusal::{Refusal, reason};
use lightning_engine::registry::{Asset, Registry, Symbol};
use serde_json::{Map, Value, json};

use super::{
    AVERAGE_EXTRA_SCALE, Said, asked, average_digits, milliseconds, open_quantity, side_name, signed_text,
    stamped,
};

/// What of an order changes while it lives.
struct Progress {
    status: OrderStatus,
    filled: Quantity,
    notional: Amount,
    prevented: Quantity,
    fee: SignedAmount,
    reserved: Amount,
    /// Filled or prevented before what `filled` and `prevented` count.
    done_before: Quantity,
}

impl Progress {
    fn of(placed: &PlacedOrder, done_before: Quantity) -> Self {
        Self {
            status: placed.status,
            filled: placed.filled,
            notional: placed.notional,
            prevented: placed.prevented,
            fee: placed.fee,
            reserved: placed.reserved,
            done_before,
        }
    }
}

pub(super) fn placed_json(answer: &Said<'_>, placed: &PlacedOrder, registry: &Registry) -> Value {
    placed_after(answer, placed, Quantity::ZERO, registry)
}

fn placed_after(
    answer: &Said<'_>,
    placed: &PlacedOrder,
    done_before: Quantity,
    registry: &Registry,
) -> Value {
    let symbol = registry.symbol(placed.order.symbol);
    let fee_asset = registry.asset(symbol.spec.fee_asset(placed.order.side));
    let mut value = order_fields(registry, placed.id, &placed.order, &Progress::of(placed, done_before));
    value.insert("fills".to_owned(), fills_json(&placed.fills, symbol, fee_asset, "taker"));
    value.insert("bookSeq".to_owned(), placed.book_seq.into());
    stamped(answer, Value::Object(value))
}

/// What an order traded. Fees are in `fee_asset`.
pub(crate) fn fills_json(fills: &[Fill], symbol: &Symbol, fee_asset: &Asset, liquidity: &str) -> Value {
    let fill = |fill: &Fill| {
        json!({
            "tradeId": fill.trade.0,
            "price": symbol.price_text(fill.price),
            "quantity": symbol.quantity_text(u128::from(fill.quantity.0)),
            "quoteQuantity": symbol.quote_text(fill.notional),
            "fee": signed_text(fill.fee, fee_asset.scale),
            "feeAsset": fee_asset.code,
            "liquidity": liquidity,
        })
    };
    fills.iter().map(fill).collect()
}

pub(super) fn amended_json(answer: &Said<'_>, amended: &AmendedOrder, registry: &Registry) -> Value {
    let symbol = registry.symbol(amended.placed.order.symbol);
    let mut value = placed_after(answer, &amended.placed, amended.done_before, registry);
    value["doneBefore"] = symbol.quantity_text(u128::from(amended.done_before.0)).into();
    value["priorityKept"] = amended.priority_kept.into();
    value
}

pub(super) fn oco_json(answer: &Said<'_>, oco: &PlacedOco, registry: &Registry) -> Value {
    let [limit, stop] = &oco.legs;
    let leg = |leg: &PlacedOrder, sibling: OrderId| {
        let mut value = placed_json(answer, leg, registry);
        insert_list(&mut value, oco.list, sibling);
        value
    };
    stamped(
        answer,
        json!({
            "listId": oco.list.0,
            "symbol": registry.symbol(limit.order.symbol).name,
            "limit": leg(limit, stop.id),
            "stop": leg(stop, limit.id),
        }),
    )
}

/// Both halves; as a refusal if one of them failed, with both in its details.
pub(super) fn replaced_json(
    answer: &Said<'_>,
    replaced: &ReplacedOrder,
    registry: &Registry,
) -> Result<Value, Refusal> {
    let canceled = |canceled: &CanceledOrder| canceled_json(canceled, registry);
    let placed = |placed: &PlacedOrder| placed_json(answer, placed, registry);
    if let (Ok(gone), Some(Ok(new))) = (&replaced.canceled, &replaced.placed) {
        return Ok(stamped(answer, json!({ "canceled": canceled(gone), "placed": placed(new) })));
    }
    let new_succeeded = matches!(replaced.placed, Some(Ok(_)));
    let code = if replaced.canceled.is_ok() || new_succeeded {
        Code::ReplacePartiallyFailed
    } else {
        Code::ReplaceFailed
    };
    let refusals =
        [replaced.canceled.as_ref().err(), replaced.placed.as_ref().and_then(|placed| placed.as_ref().err())];
    let codes: Vec<_> = refusals.into_iter().flatten().map(|reject| reject.code.as_str()).collect();
    let message = match code {
        Code::ReplaceFailed => format!("nothing was changed: {}", codes.join(", ")),
        _ => format!("one half was done, the other was not: {}", codes.join(", ")),
    };
    let place = replaced.placed.as_ref().map(|half| half_json(half.as_ref().map(placed), registry));
    Err(Refusal::new(code, message)
        .with("cancel", half_json(replaced.canceled.as_ref().map(canceled), registry))
        .with("place", place))
}

fn half_json(half: Result<Value, &Reject>, registry: &Registry) -> Value {
    match half {
        Ok(result) => json!({ "ok": true, "result": result }),
        Err(reject) => json!({ "ok": false, "error": Refusal::from_reject(reject, registry).to_json() }),
    }
}

pub(super) fn canceled_json(canceled: &CanceledOrder, registry: &Registry) -> Value {
    let symbol = registry.symbol(canceled.symbol);
    let mut value = json!({
        "orderId": canceled.id.0,
        "symbol": symbol.name,
        "side": side_name(canceled.side),
        "status": "CANCELED",
        "canceledQuantity": symbol.quantity_text(u128::from(canceled.canceled.0)),
        "released": money_json(registry, symbol.spec.gives(canceled.side), canceled.released),
        "bookSeq": canceled.book_seq,
    });
    if let Some(sibling) = canceled.sibling {
        value["siblingOrderId"] = sibling.0.into();
    }
    value
}

/// Orders that were canceled together, and what that released, per asset.
pub(crate) fn mass_json(canceled: &[CanceledOrder], registry: &Registry) -> Value {
    let mut released = BTreeMap::new();
    for order in canceled {
        let asset = registry.symbol(order.symbol).spec.gives(order.side);
        *released.entry(asset).or_insert(Amount::ZERO) += order.released;
    }
    let lines = released.into_iter().filter(|(_, amount)| !amount.is_zero());
    json!({
        "orders": canceled.iter().map(|order| canceled_json(order, registry)).collect::<Value>(),
        "released": lines.map(|(asset, amount)| money_json(registry, asset, amount)).collect::<Value>(),
    })
}

pub(super) fn estimate_json(estimate: &Estimate, registry: &Registry) -> Value {
    let order = &estimate.order;
    let symbol = registry.symbol(order.symbol);
    json!({
        "symbol": symbol.name,
        "side": side_name(order.side),
        "type": order_type(order).as_str(),
        "status": estimate.status.as_str(),
        "reason": reason(estimate.status),
        "filledQuantity": symbol.quantity_text(u128::from(estimate.filled.0)),
        "filledQuote": symbol.quote_text(estimate.notional),
        "averagePrice": average_text(symbol, estimate.filled, estimate.notional),
        "fee": fee_json(registry, symbol, order.side, estimate.fee),
        "reserved": money_json(registry, symbol.spec.gives(order.side), estimate.reserved),
    })
}

pub(super) fn page_json(page: &OrderPage, registry: &Registry) -> Value {
    let orders: Value = match page.causes.as_slice() {
        [] => page.orders.iter().map(|order| order_json(registry, order)).collect(),
        causes => {
            let closed = page.orders.iter().zip(causes);
            closed.map(|(order, cause)| closed_order_json(registry, *cause, order)).collect()
        }
    };
    json!({ "orders": orders, "next": page.next })
}

/// A closed order with the record that closed it.
pub(crate) fn closed_order_json(registry: &Registry, cause: Lsn, order: &Order) -> Value {
    let mut value = order_json(registry, order);
    value["seq"] = cause.0.into();
    value
}

pub(crate) fn order_json(registry: &Registry, order: &Order) -> Value {
    let progress = Progress {
        status: order.status,
        filled: order.filled,
        notional: order.notional,
        prevented: order.prevented,
        fee: order.fee,
        reserved: order.reserved,
        done_before: Quantity::ZERO,
    };
    let mut value = Value::Object(order_fields(registry, order.id, &order.order, &progress));
    if let Some((list, sibling)) = order.list {
        insert_list(&mut value, list, sibling);
    }
    value["createdAt"] = milliseconds(order.accepted_at).into();
    value["updatedAt"] = milliseconds(order.updated_at).into();
    value
}

fn insert_list(value: &mut Value, list: ListId, sibling: OrderId) {
    value["listId"] = list.0.into();
    value["siblingOrderId"] = sibling.0.into();
}

fn order_fields(
    registry: &Registry,
    id: OrderId,
    order: &NewOrder,
    progress: &Progress,
) -> Map<String, Value> {
    let symbol = registry.symbol(order.symbol);
    let (price, quantity, quote) = asked(order);
    let quantity_text = |quantity: Quantity| symbol.quantity_text(u128::from(quantity.0));
    let (price, quantity, quote) = match order.kind {
        OrderKind::Limit { .. } => (Some(symbol.price_text(price)), Some(quantity_text(quantity)), None),
        OrderKind::MarketByQuantity { .. } => (None, Some(quantity_text(quantity)), None),
        OrderKind::MarketByQuote { .. } => (None, None, Some(symbol.quote_text(quote))),
    };
    let done = progress.done_before + progress.filled + progress.prevented;
    let value = json!({
        "orderId": id.0,
        "accountId": order.account.0,
        "symbol": symbol.name,
        "side": side_name(order.side),
        "type": order_type(order).as_str(),
        "timeInForce": order.tif.as_str(),
        "postOnly": order.post_only,
        "stp": order.stp.as_str(),
        "status": progress.status.as_str(),
        "reason": reason(progress.status),
        "price": price,
        "quantity": quantity,
        "quoteQuantity": quote,
        "filledQuantity": quantity_text(progress.filled),
        "filledQuote": symbol.quote_text(progress.notional),
        "averagePrice": average_text(symbol, progress.filled, progress.notional),
        "openQuantity": quantity_text(open_quantity(order, progress.status, done)),
        "preventedQuantity": quantity_text(progress.prevented),
        "fee": fee_json(registry, symbol, order.side, progress.fee),
        "reserved": money_json(registry, symbol.spec.gives(order.side), progress.reserved),
    });
    let Value::Object(mut fields) = value else { unreachable!("an object was written") };
    if let Some(extras) = &order.extras {
        insert_extras(&mut fields, extras, symbol);
    }
    fields
}

/// What only some orders have; absent from the others.
fn insert_extras(fields: &mut Map<String, Value>, extras: &Extras, symbol: &Symbol) {
    let Extras { client_id, max_quote, protection_bps, display, trigger, expire_at, fees: _, valid_until: _ } =
        extras;
    let mut insert = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    if let Some(client_id) = client_id {
        insert("clientOrderId", Value::from(&*client_id.0));
    }
    if let Some(max_quote) = max_quote {
        insert("maxQuote", symbol.quote_text(*max_quote).into());
    }
    if let Some(bps) = protection_bps {
        insert("protectionBps", (*bps).into());
    }
    if let Some(display) = display {
        insert("displayQuantity", symbol.quantity_text(u128::from(display.0)).into());
    }
    if let Some(expire_at) = expire_at {
        insert("expireAt", milliseconds(*expire_at).into());
    }
    match trigger {
        None => {}
        Some(Trigger::Stop { price } | Trigger::TakeProfit { price }) => {
            insert("triggerPrice", symbol.price_text(*price).into());
        }
        Some(Trigger::Trailing { offset, activation }) => {
            match offset {
                TrailOffset::Bps(bps) => insert("trailBps", (*bps).into()),
                TrailOffset::Ticks(ticks) => insert("trailAmount", symbol.price_text(*ticks).into()),
            }
            if let Some(price) = activation {
                insert("activationPrice", symbol.price_text(*price).into());
            }
        }
    }
}

fn order_type(order: &NewOrder) -> OrderType {
    let is_limit = matches!(order.kind, OrderKind::Limit { .. });
    match (order.trigger(), is_limit) {
        (None, true) => OrderType::Limit,
        (None, false) => OrderType::Market,
        (Some(Trigger::Stop { .. }), true) => OrderType::StopLimit,
        (Some(Trigger::Stop { .. }), false) => OrderType::Stop,
        (Some(Trigger::TakeProfit { .. }), true) => OrderType::TakeProfitLimit,
        (Some(Trigger::TakeProfit { .. }), false) => OrderType::TakeProfit,
        (Some(Trigger::Trailing { .. }), _) => OrderType::TrailingStop,
    }
}

fn average_text(symbol: &Symbol, filled: Quantity, notional: Amount) -> Option<String> {
    let digits = average_digits(symbol, filled, notional);
    (!filled.is_zero()).then(|| decimal::format(digits, symbol.tick.scale + AVERAGE_EXTRA_SCALE))
}

fn fee_json(registry: &Registry, symbol: &Symbol, side: Side, fee: SignedAmount) -> Value {
    let asset = registry.asset(symbol.spec.fee_asset(side));
    json!({ "asset": asset.code, "amount": signed_text(fee, asset.scale) })
}

pub(super) fn money_json(registry: &Registry, asset: AssetId, amount: Amount) -> Value {
    let asset = registry.asset(asset);
    json!({ "asset": asset.code, "amount": decimal::format(amount.0, asset.scale) })
}

//! Orders on their way in: one, two that cancel each other, one that takes another's place; and amends.

use lightning_core::limits::AMOUNT_MAX;
use lightning_core::message::{AmendChange, NewOrder, NewQuantity, OrderKind, OrderRef, Request};
use lightning_core::order::{StpMode, TimeInForce};
use lightning_core::reject::Code;
use lightning_core::rules::{OrderType, SymbolStatus};
use lightning_core::types::{AccountId, Amount, ID_MAX, OrderId, Price, Quantity, Side, Timestamp};

use super::rules::Counted;
use super::shape::{Raw, Shaped, client_id, number, one_of};
use super::words::Desk;
use super::{AmendUnits, KindName, Named, Place, PlaceUnits, TifName, account_id, required, rules, valid_id};
use crate::decimal::{Given, Number};
use crate::refusal::Refusal;
use crate::registry::{Key, Registry, Symbol};
use crate::words::{AmendWords, LimitLegWords, OcoWords, OrderWords, StopLegWords};

/// A refusal whose field, if it is one of these, is a field of an object within the request.
macro_rules! inside {
    ($object:literal, $refusal:expr, $($field:literal),+) => {{
        let refusal: Refusal = $refusal;
        let field = refusal.field.map(|field| match field {
            $($field => concat!($object, $field),)+
            _ => field,
        });
        Refusal { field, ..refusal }
    }};
}
pub(super) use inside;

/// An order without extras: the hot path. It has no expiry, so it needs no clock.
#[inline(always)]
pub(super) fn place(raw: &Raw<'_>, registry: &Registry) -> Result<NewOrder, Refusal> {
    judge(&raw.shape(Timestamp(0))?, registry)
}

/// The limit order that a call asks for, if there is plainly nothing to say against it, as is nearly always so. Any other
/// call is for [`place`], which finds out what there is to say and in which order; where both let an order in, it is the
/// same one, which a test compares.
#[inline]
pub(super) fn plain(place: &Place<'_>, registry: &Registry) -> Option<NewOrder> {
    let &Place { account, side, kind, tif, post_only, stp, .. } = place;
    let (Named::Known(KindName::Limit), None, false) = (kind, place.quote_quantity, post_only) else {
        return None;
    };
    let symbol = registry.symbol_of(Key::Name(place.symbol?)).ok()?;
    let (price, quantity) = (symbol.plain_price(place.price?)?, symbol.plain_quantity(place.quantity?)?);
    plain_limit(account, symbol, (side, tif, stp), price, quantity)
}

/// The same in integers.
#[inline]
pub(super) fn plain_units(place: &PlaceUnits, registry: &Registry) -> Option<NewOrder> {
    let &PlaceUnits { account, symbol, side, kind, tif, price, quantity, post_only, stp, .. } = place;
    let (Named::Known(KindName::Limit), 0, false) = (kind, place.quote_quantity, post_only) else {
        return None;
    };
    let symbol = registry.symbol_of(Key::Number(symbol)).ok()?;
    plain_limit(account, symbol, (side, tif, stp), Price(price), Quantity(quantity))
}

#[inline(always)]
fn plain_limit(
    account: u64,
    symbol: &Symbol,
    (side, tif, stp): (Named<Side>, TifName, Named<StpMode>),
    price: Price,
    quantity: Quantity,
) -> Option<NewOrder> {
    let (rules, limits) = (&symbol.rules, symbol.spec.limits());
    let is_open = (1..=ID_MAX).contains(&account)
        && rules.status == SymbolStatus::Trading
        && symbol.base.enabled
        && symbol.quote.enabled
        && rules.allows_type(OrderType::Limit);
    let is_within = !price.is_zero()
        && !quantity.is_zero()
        && (limits.price_min..=limits.price_max).contains(&price)
        && (limits.quantity_min..=limits.quantity_max).contains(&quantity);
    if !(is_open && is_within) {
        return None;
    }
    let notional = symbol.spec.notional(price, quantity);
    if notional < limits.notional_min || notional > rules.notional_max.unwrap_or(Amount(AMOUNT_MAX)) {
        return None;
    }
    let Named::Known(side) = side else { return None };
    let tif = match tif {
        TifName::Default | TifName::Gtc => TimeInForce::Gtc,
        TifName::Ioc => TimeInForce::Ioc,
        TifName::Fok => TimeInForce::Fok,
        TifName::Unknown => return None,
    };
    let stp = match stp {
        Named::Known(mode) if rules.allows_stp(mode) => mode,
        Named::Missing => rules.default_stp,
        Named::Known(_) | Named::Unknown => return None,
    };
    let (account, kind) = (AccountId(account), OrderKind::Limit { price, quantity });
    let symbol = symbol.spec.id();
    Some(NewOrder { account, symbol, side, kind, tif, post_only: false, stp, extras: None })
}

/// An order in words.
pub(super) fn place_words(
    words: &OrderWords,
    account: u64,
    desk: &mut Desk<'_>,
) -> Result<NewOrder, Refusal> {
    let shaped = Raw::of_words(words, account).shape(desk.now)?;
    judge(&shaped, desk.registry())
}

/// Everything after the shape.
#[inline(always)]
fn judge(shaped: &Shaped<'_>, registry: &Registry) -> Result<NewOrder, Refusal> {
    let symbol = registry.symbol_of(shaped.symbol)?;
    rules::admits(symbol, shaped)?;
    rules::combination(shaped)?;
    rules::switches(shaped, symbol)?;
    rules::measure(shaped, symbol)
}

/// Two orders of which one cancels the other. Each check is made of the limit leg first.
pub(super) fn place_oco(words: &OcoWords, desk: &mut Desk<'_>) -> Result<[NewOrder; 2], Refusal> {
    let account = words.account_id.0;
    account_id(account)?;
    let limit_words = limit_leg(words, required("limit", words.limit.as_ref())?);
    let stop_words = stop_leg(words, required("stop", words.stop.as_ref())?);
    let limit = Raw::of_words(&limit_words, account).shape(desk.now).map_err(of_limit_leg)?;
    let stop = Raw::of_words(&stop_words, account).shape(desk.now).map_err(of_stop_leg)?;
    if limit_words.client_order_id.is_some() && limit_words.client_order_id == stop_words.client_order_id {
        let message = "both legs have the same client order id";
        return Err(Refusal::field(Code::ConflictingFields, "stop.clientOrderId", message));
    }

    let symbol = desk.registry().symbol_of(limit.symbol)?;
    let legs = [(&limit, of_limit_leg as fn(Refusal) -> Refusal), (&stop, of_stop_leg)];
    let each = |check: &dyn Fn(&Shaped<'_>) -> Result<(), Refusal>| {
        legs.iter().try_for_each(|(leg, named)| check(leg).map_err(named))
    };
    each(&|leg| rules::admits(symbol, leg))?;
    if matches!(limit.tif, Some(TimeInForce::Ioc | TimeInForce::Fok)) {
        return Err(rules::unsupported("timeInForce", "the legs of an OCO can rest"));
    }
    each(&rules::combination)?;
    rules::takes(symbol, OrderType::Oco, None)?;
    each(&|leg| rules::switches(leg, symbol))?;
    let measured = |leg, named: fn(Refusal) -> Refusal| rules::measure(leg, symbol).map_err(named);
    Ok([measured(&limit, of_limit_leg)?, measured(&stop, of_stop_leg)?])
}

fn limit_leg(words: &OcoWords, leg: &LimitLegWords) -> OrderWords {
    OrderWords {
        kind: Some(OrderType::Limit.as_str().to_owned()),
        time_in_force: words.time_in_force.clone(),
        expire_at: words.expire_at,
        price: leg.price.clone(),
        post_only: leg.post_only,
        client_order_id: leg.client_order_id.clone(),
        ..either_leg(words)
    }
}

/// The limit leg's expiry closes this one too; but a limit order that it becomes has the same time in force.
fn stop_leg(words: &OcoWords, leg: &StopLegWords) -> OrderWords {
    let is_limit = leg.price.is_some();
    let kind = if is_limit { OrderType::StopLimit } else { OrderType::Stop };
    OrderWords {
        kind: Some(kind.as_str().to_owned()),
        time_in_force: words.time_in_force.clone().filter(|_| is_limit),
        expire_at: words.expire_at.filter(|_| is_limit),
        trigger_price: leg.trigger_price.clone(),
        price: leg.price.clone(),
        max_quote: leg.max_quote.clone(),
        client_order_id: leg.client_order_id.clone(),
        ..either_leg(words)
    }
}

fn either_leg(words: &OcoWords) -> OrderWords {
    OrderWords {
        symbol: words.symbol.clone(),
        side: words.side.clone(),
        quantity: words.quantity.clone(),
        stp: words.stp.clone(),
        fees: words.fees.clone(),
        valid_until: words.valid_until,
        ..OrderWords::default()
    }
}

fn of_limit_leg(refusal: Refusal) -> Refusal {
    inside!("limit.", refusal, "price", "postOnly", "clientOrderId")
}

fn of_stop_leg(refusal: Refusal) -> Refusal {
    inside!("stop.", refusal, "triggerPrice", "price", "maxQuote", "clientOrderId")
}

/// How a request names an order: by one of two ids.
pub(super) fn order_ref(order_id: Option<u64>, client: Option<&str>) -> Result<OrderRef, Refusal> {
    one_of("orderId", order_id, "clientOrderId", client)?;
    Ok(match (order_id, client) {
        (_, Some(client)) => OrderRef::Client(client_id("clientOrderId", client)?),
        (id, None) => OrderRef::Id(OrderId(valid_id("orderId", id.unwrap_or(0))?)),
    })
}

/// A change of an order's quantity or price. Of its notional the edge only judges what it is told in full.
pub(super) fn amend(words: &AmendWords, desk: &mut Desk<'_>) -> Result<Request, Refusal> {
    let account = account_id(words.account_id.0)?;
    let name = required("symbol", words.symbol.as_deref())?;
    let order = order_ref(words.order_id.map(|id| id.0), words.client_order_id.as_deref())?;
    if words.quantity.is_some() || words.reduce_by.is_some() {
        one_of("quantity", words.quantity.as_ref(), "reduceBy", words.reduce_by.as_ref())?;
    } else if words.price.is_none() {
        let message = "an amend needs quantity, reduceBy or price";
        return Err(Refusal::field(Code::MissingField, "quantity", message));
    }
    let change = Change {
        price: number("price", words.price.as_deref())?,
        total: number("quantity", words.quantity.as_deref())?,
        less: number("reduceBy", words.reduce_by.as_deref())?,
    };
    judge_amend(account, order, &change, desk.registry().find_symbol(name)?)
}

/// The same in integers.
pub(super) fn amend_units(amend: &AmendUnits, registry: &Registry) -> Result<Request, Refusal> {
    let account = account_id(amend.account)?;
    let order = OrderRef::Id(OrderId(valid_id("orderId", amend.order)?));
    let given = |field, units: u64| match units {
        0 => Ok(None),
        units => Number::of(field, Given::Units(u128::from(units))).map(Some),
    };
    if amend.price == 0 && amend.quantity == 0 {
        let message = "an amend needs quantity, reduceBy or price";
        return Err(Refusal::field(Code::MissingField, "quantity", message));
    }
    let (total, less) = if amend.is_reduction { (0, amend.quantity) } else { (amend.quantity, 0) };
    let change = Change {
        price: given("price", amend.price)?,
        total: given("quantity", total)?,
        less: given("reduceBy", less)?,
    };
    judge_amend(account, order, &change, registry.symbol_of(Key::Number(amend.symbol))?)
}

/// What an amend is to change, well-formed.
struct Change<'a> {
    price: Option<Number<'a>>,
    total: Option<Number<'a>>,
    less: Option<Number<'a>>,
}

fn judge_amend(
    account: AccountId,
    order: OrderRef,
    change: &Change<'_>,
    symbol: &Symbol,
) -> Result<Request, Refusal> {
    let Change { price, total, less } = change;
    rules::admits_changes(symbol)?;
    let price = price.as_ref().map(|number| Counted::price(number, symbol)).transpose()?;
    let total = total.as_ref().map(|number| Counted::quantity(number, symbol)).transpose()?;
    let less = less.as_ref().map(|number| Counted::quantity(number, symbol)).transpose()?;
    let price = price.map(|counted| counted.on_tick(symbol)).transpose()?;
    let quantity = match (total, less) {
        (Some(total), _) => Some(NewQuantity::Total(total.on_lot(symbol)?)),
        (None, Some(less)) => Some(NewQuantity::ReduceBy(less.on_lot(symbol)?)),
        (None, None) => None,
    };
    let change = AmendChange { quantity, price };
    amend_within_bounds(&change, symbol)?;
    Ok(Request::Amend { account, symbol: symbol.spec.id(), order, change })
}

fn amend_within_bounds(change: &AmendChange, symbol: &Symbol) -> Result<(), Refusal> {
    rules::in_price_range(symbol, "price", change.price)?;
    let Some(NewQuantity::Total(quantity)) = change.quantity else {
        return Ok(());
    };
    rules::in_quantity_range(symbol, Some(quantity))?;
    match change.price {
        None => Ok(()),
        Some(price) => rules::notional_within_bounds(OrderKind::Limit { price, quantity }, symbol),
    }
}

//! What a symbol says of a well-formed order: may it come at all, do its fields go together, and is it within
//! the symbol's rules? In this order: status, assets, combination (1009), switches (2040, 2041), precision
//! (1004, 1005), tick (2010), lot (2020), price range (2011), quantity range (2021), notional (2030), slices of
//! an iceberg (2042), distance of a trailing stop (2043).

use lightning_core::limits::AMOUNT_MAX;
use lightning_core::message::{Extras, NewOrder, OrderKind};
use lightning_core::order::{TimeInForce, TrailOffset, Trigger};
use lightning_core::reject::{Code, Reject};
use lightning_core::rules::{OrderType, SymbolStatus};
use lightning_core::types::{Amount, Price, Quantity, Side};

use super::shape::{More, Shaped};
use crate::decimal::Number;
use crate::refusal::Refusal;
use crate::registry::{Steps, Symbol};

/// Does the symbol's status let such an order in, and are both of its assets enabled?
pub(super) fn admits(symbol: &Symbol, order: &Shaped<'_>) -> Result<(), Refusal> {
    let status = symbol.rules.status.check_new(order.post_only, order.is_limit());
    status.map_err(|reject| status_refusal(&reject, symbol))?;
    trades_enabled_assets(symbol)
}

/// Does the symbol's status let orders be changed?
pub(super) fn admits_changes(symbol: &Symbol) -> Result<(), Refusal> {
    symbol.rules.status.check_changes().map_err(|reject| status_refusal(&reject, symbol))
}

fn status_refusal(reject: &Reject, symbol: &Symbol) -> Refusal {
    let what = match symbol.rules.status {
        SymbolStatus::Trading => "takes everything",
        SymbolStatus::PostOnly => "takes post-only orders only",
        SymbolStatus::LimitOnly => "takes limit orders only",
        SymbolStatus::CancelOnly => "takes cancels only",
        SymbolStatus::Halt => "is halted",
        SymbolStatus::Closed => "is closed",
    };
    Refusal::field(reject.code, "symbol", format!("{} {what}", symbol.name))
        .with("status", symbol.rules.status.as_str())
}

fn trades_enabled_assets(symbol: &Symbol) -> Result<(), Refusal> {
    match [&symbol.base, &symbol.quote].into_iter().find(|asset| !asset.enabled) {
        None => Ok(()),
        Some(asset) => Err(asset.disabled("symbol")),
    }
}

/// Do its fields go together?
pub(super) fn combination(order: &Shaped<'_>) -> Result<(), Refusal> {
    let is_limit = order.is_limit();
    if is_limit && order.quote_quantity.is_some() {
        return Err(unsupported("quoteQuantity", "a limit order has a quantity, not a quoteQuantity"));
    }
    if !is_limit && order.price.is_some() {
        return Err(unsupported("price", "an order at market has no price"));
    }
    if let (false, Some(tif)) = (is_limit, order.tif) {
        if order.is_conditional() {
            return Err(unsupported("timeInForce", "a conditional market order has no time in force"));
        }
        if !matches!(tif, TimeInForce::Ioc | TimeInForce::Fok) {
            let message = format!("a market order never rests, so it can't be {}", tif.as_str());
            return Err(unsupported("timeInForce", message));
        }
    }
    let rests = is_limit && !matches!(order.tif, Some(TimeInForce::Ioc | TimeInForce::Fok));
    if order.post_only && (order.kind != OrderType::Limit || !rests) {
        return Err(unsupported("postOnly", "only a limit order that can rest is post-only"));
    }
    match &order.more {
        None => Ok(()),
        Some(more) => combination_of_more(order, more, is_limit, rests),
    }
}

fn combination_of_more(
    order: &Shaped<'_>,
    more: &More<'_>,
    is_limit: bool,
    rests: bool,
) -> Result<(), Refusal> {
    if more.display.is_some() && !rests {
        return Err(unsupported("displayQuantity", "only a limit order that can rest is an iceberg"));
    }
    if more.max_quote.is_some() && (is_limit || order.side == Side::Sell || order.quantity.is_none()) {
        return Err(unsupported("maxQuote", "only a market buy by quantity has maxQuote"));
    }
    if more.protection_bps.is_some() && is_limit {
        return Err(unsupported("protectionBps", "only an order at market has protectionBps"));
    }
    let is_trailing = order.kind == OrderType::TrailingStop;
    if more.trigger_price.is_some() && (is_trailing || !order.is_conditional()) {
        return Err(unsupported("triggerPrice", "only a stop or take-profit order has a triggerPrice"));
    }
    let trailing = [
        ("trailBps", more.trail_bps.is_some()),
        ("trailAmount", more.trail_amount.is_some()),
        ("activationPrice", more.activation.is_some()),
    ];
    if let (false, Some((field, _))) = (is_trailing, trailing.into_iter().find(|(_, given)| *given)) {
        return Err(unsupported(field, format!("only a trailing stop has {field}")));
    }
    if order.is_conditional() && order.side == Side::Sell && order.quote_quantity.is_some() {
        let message = "a conditional sell has a quantity: what a quoteQuantity would need can't be reserved";
        return Err(unsupported("quoteQuantity", message));
    }
    Ok(())
}

pub(super) fn unsupported(field: &'static str, message: impl Into<String>) -> Refusal {
    Refusal::field(Code::UnsupportedCombination, field, message)
}

/// Does the symbol take its type, and the self-trade prevention that it names?
pub(super) fn switches(order: &Shaped<'_>, symbol: &Symbol) -> Result<(), Refusal> {
    takes(symbol, order.kind, Some("type"))?;
    if order.more.as_ref().is_some_and(|more| more.display.is_some()) {
        takes(symbol, OrderType::Iceberg, Some("displayQuantity"))?;
    }
    match order.stp {
        Some(mode) if !symbol.rules.allows_stp(mode) => {
            let message = format!("{} does not take {}", symbol.name, mode.as_str());
            Err(Refusal::field(Code::StpModeDisabled, "stp", message))
        }
        _ => Ok(()),
    }
}

/// Does the symbol take this type, which `field` says?
pub(super) fn takes(symbol: &Symbol, kind: OrderType, field: Option<&'static str>) -> Result<(), Refusal> {
    if symbol.rules.allows_type(kind) {
        return Ok(());
    }
    let message = format!("{} takes no {} orders", symbol.name, kind.as_str());
    Err(Refusal { field, ..Refusal::new(Code::OrderTypeDisabled, message) })
}

/// The order in ticks, lots and atoms, within the symbol's rules.
pub(super) fn measure(order: &Shaped<'_>, symbol: &Symbol) -> Result<NewOrder, Refusal> {
    // Precision of everything, then the grids.
    let price = order.price.as_ref().map(|number| Counted::price(number, symbol)).transpose()?;
    let quantity = order.quantity.as_ref().map(|number| Counted::quantity(number, symbol)).transpose()?;
    let quote = order.quote_quantity.as_ref().map(|number| symbol.quote_amount(number)).transpose()?;
    let more = order.more.as_ref().map(|more| CountedMore::of(more, symbol)).transpose()?;
    let price = price.map(|counted| counted.on_tick(symbol)).transpose()?;
    let more_prices = more.as_ref().map(|more| more.prices(symbol)).transpose()?;
    let quantity = quantity.map(|counted| counted.on_lot(symbol)).transpose()?;
    let display = match &more {
        None => None,
        Some(more) => more.display.map(|counted| counted.on_lot(symbol)).transpose()?,
    };

    let kind = match (price, quantity, quote) {
        (Some(price), Some(quantity), None) => OrderKind::Limit { price, quantity },
        (None, Some(quantity), None) => OrderKind::MarketByQuantity { quantity },
        (None, None, Some(quote)) => OrderKind::MarketByQuote { quote },
        _ => unreachable!("shape and combination leave nothing else: {order:?}"),
    };
    let default_tif = if price.is_some() { TimeInForce::Gtc } else { TimeInForce::Ioc };
    let mut new = NewOrder {
        account: order.account,
        symbol: symbol.spec.id(),
        side: order.side,
        kind,
        tif: order.tif.unwrap_or(default_tif),
        post_only: order.post_only,
        stp: order.stp.unwrap_or(symbol.rules.default_stp),
        extras: None,
    };
    in_price_range(symbol, "price", price)?;
    if let Some(prices) = &more_prices {
        in_price_range(symbol, "triggerPrice", prices.trigger)?;
        in_price_range(symbol, "activationPrice", prices.activation)?;
    }
    quantities_within_bounds(kind, display, symbol)?;
    notional_within_bounds(kind, symbol)?;
    if let (Some(more), Some(counted), Some(prices)) = (&order.more, &more, more_prices) {
        few_slices(kind.quantity(), display, symbol)?;
        new.extras = Some(Box::new(Extras {
            client_id: more.client_id.clone(),
            max_quote: counted.max_quote,
            protection_bps: more.protection_bps,
            display,
            trigger: trigger(order, more, &prices, symbol)?,
            expire_at: more.expire_at,
            fees: more.fees,
            valid_until: more.valid_until,
        }));
    }
    Ok(new)
}

fn quantities_within_bounds(
    kind: OrderKind,
    display: Option<Quantity>,
    symbol: &Symbol,
) -> Result<(), Refusal> {
    in_quantity_range(symbol, kind.quantity())?;
    if let (OrderKind::MarketByQuantity { quantity }, Some(max)) = (kind, symbol.rules.market_quantity_max)
        && quantity > max
    {
        let max = symbol.quantity_text(u128::from(max.0));
        let message = format!("quantity is above {max}, the most of a market order");
        return Err(Refusal::field(Code::QtyRange, "quantity", message).with("max", max));
    }
    if let (Some(display), Some(quantity)) = (display, kind.quantity())
        && display > quantity
    {
        let max = symbol.quantity_text(u128::from(quantity.0));
        let message = format!("displayQuantity is above the quantity, {max}");
        return Err(Refusal::field(Code::QtyRange, "displayQuantity", message).with("max", max));
    }
    Ok(())
}

/// Notional; for a market order by quantity at the reference price, which only the matcher knows.
pub(super) fn notional_within_bounds(kind: OrderKind, symbol: &Symbol) -> Result<(), Refusal> {
    let notional = match kind {
        OrderKind::Limit { price, quantity } => symbol.spec.notional(price, quantity),
        OrderKind::MarketByQuote { quote } => quote,
        OrderKind::MarketByQuantity { .. } => return Ok(()),
    };
    let max = symbol.rules.notional_max.unwrap_or(Amount(AMOUNT_MAX));
    if notional < symbol.spec.limits().notional_min || notional > max {
        return Err(symbol.out_of_range(Code::NotionalRange, "quantity"));
    }
    Ok(())
}

pub(super) fn in_price_range(
    symbol: &Symbol,
    field: &'static str,
    price: Option<Price>,
) -> Result<(), Refusal> {
    let limits = symbol.spec.limits();
    match price {
        Some(price) if !(limits.price_min..=limits.price_max).contains(&price) => {
            Err(symbol.out_of_range(Code::PriceRange, field))
        }
        _ => Ok(()),
    }
}

pub(super) fn in_quantity_range(symbol: &Symbol, quantity: Option<Quantity>) -> Result<(), Refusal> {
    let limits = symbol.spec.limits();
    match quantity {
        Some(quantity) if !(limits.quantity_min..=limits.quantity_max).contains(&quantity) => {
            Err(symbol.out_of_range(Code::QtyRange, "quantity"))
        }
        _ => Ok(()),
    }
}

fn few_slices(quantity: Option<Quantity>, display: Option<Quantity>, symbol: &Symbol) -> Result<(), Refusal> {
    let (Some(quantity), Some(display)) = (quantity, display) else {
        return Ok(());
    };
    let max = symbol.rules.iceberg_parts_max;
    let slices = quantity.0.div_ceil(display.0);
    if slices <= u64::from(max) {
        return Ok(());
    }
    let message = format!("the iceberg would have {slices} slices, more than {max}");
    Err(Refusal::field(Code::IcebergParts, "displayQuantity", message).with("max", max).with("parts", slices))
}

fn trigger(
    order: &Shaped<'_>,
    more: &More<'_>,
    prices: &MorePrices,
    symbol: &Symbol,
) -> Result<Option<Trigger>, Refusal> {
    let price = || prices.trigger.expect("shape requires it");
    Ok(match order.kind {
        OrderType::Limit | OrderType::Market | OrderType::Iceberg | OrderType::Oco => None,
        OrderType::Stop | OrderType::StopLimit => Some(Trigger::Stop { price: price() }),
        OrderType::TakeProfit | OrderType::TakeProfitLimit => Some(Trigger::TakeProfit { price: price() }),
        OrderType::TrailingStop => {
            let offset = match (more.trail_bps, prices.trail) {
                (Some(bps), _) => trail_bps(bps, symbol)?,
                (None, Some(ticks)) => trail_ticks(ticks, symbol)?,
                (None, None) => unreachable!("shape requires one of them: {order:?}"),
            };
            Some(Trigger::Trailing { offset, activation: prices.activation })
        }
    })
}

fn trail_bps(bps: i64, symbol: &Symbol) -> Result<TrailOffset, Refusal> {
    let (min, max) = symbol.rules.trail_bps;
    match u32::try_from(bps) {
        Ok(bps) if (min..=max).contains(&bps) => Ok(TrailOffset::Bps(bps)),
        _ => {
            let message = format!("trailBps is {bps}, not within {min} to {max}");
            Err(Refusal::field(Code::TrailingRange, "trailBps", message).with("min", min).with("max", max))
        }
    }
}

/// A distance that no two prices of the symbol have would never trigger.
fn trail_ticks(ticks: Price, symbol: &Symbol) -> Result<TrailOffset, Refusal> {
    let max = symbol.spec.limits().price_max;
    if ticks <= max {
        return Ok(TrailOffset::Ticks(ticks));
    }
    let (min, max) = (symbol.price_text(Price(1)), symbol.price_text(max));
    let message = format!("trailAmount is not within {min} to {max}");
    Err(Refusal::field(Code::TrailingRange, "trailAmount", message).with("min", min).with("max", max))
}

/// A number in units of its grid, on it or not.
#[derive(Clone, Copy)]
pub(super) struct Counted<'n, 'a> {
    number: &'n Number<'a>,
    steps: Steps,
}

impl<'n, 'a> Counted<'n, 'a> {
    pub(super) fn price(number: &'n Number<'a>, symbol: &Symbol) -> Result<Self, Refusal> {
        Ok(Self { number, steps: symbol.count_ticks(number)? })
    }

    pub(super) fn quantity(number: &'n Number<'a>, symbol: &Symbol) -> Result<Self, Refusal> {
        Ok(Self { number, steps: symbol.count_lots(number)? })
    }

    pub(super) fn on_tick(self, symbol: &Symbol) -> Result<Price, Refusal> {
        symbol.on_tick(self.number, self.steps)
    }

    pub(super) fn on_lot(self, symbol: &Symbol) -> Result<Quantity, Refusal> {
        symbol.on_lot(self.number, self.steps)
    }
}

/// What only words can say, counted.
struct CountedMore<'n, 'a> {
    max_quote: Option<Amount>,
    display: Option<Counted<'n, 'a>>,
    trigger: Option<Counted<'n, 'a>>,
    activation: Option<Counted<'n, 'a>>,
    trail: Option<Counted<'n, 'a>>,
}

/// Prices on the grid.
struct MorePrices {
    trigger: Option<Price>,
    activation: Option<Price>,
    trail: Option<Price>,
}

impl<'n, 'a> CountedMore<'n, 'a> {
    fn of(more: &'n More<'a>, symbol: &Symbol) -> Result<Self, Refusal> {
        let price = |number: &'n Option<Number<'a>>| {
            number.as_ref().map(|number| Counted::price(number, symbol)).transpose()
        };
        Ok(Self {
            max_quote: more.max_quote.as_ref().map(|number| symbol.quote_amount(number)).transpose()?,
            display: more.display.as_ref().map(|number| Counted::quantity(number, symbol)).transpose()?,
            trigger: price(&more.trigger_price)?,
            activation: price(&more.activation)?,
            trail: price(&more.trail_amount)?,
        })
    }

    fn prices(&self, symbol: &Symbol) -> Result<MorePrices, Refusal> {
        let price =
            |counted: Option<Counted<'_, '_>>| counted.map(|counted| counted.on_tick(symbol)).transpose();
        Ok(MorePrices {
            trigger: price(self.trigger)?,
            activation: price(self.activation)?,
            trail: price(self.trail)?,
        })
    }
}

//! A symbol's rules from words: read one by one, then judged together.

use lightning_core::fees::FeeRates;
use lightning_core::limits::{AMOUNT_MAX, ICEBERG_PARTS_MAX};
use lightning_core::order::StpMode;
use lightning_core::reject::Code;
use lightning_core::rules::{OrderType, PriceBand, SymbolRules};
use lightning_core::spec::{SpecError, SymbolLimits, SymbolSpec};
use lightning_core::types::{Amount, Price, Quantity};

use crate::refusal::{Refusal, shown};
use crate::registry::new::{BandWords, BoundsWords, RateWords, SymbolPatch};
use crate::registry::symbol::{MINUTE_NANOS, Symbol};
use crate::words::{Given, Int};

/// Highest price, in ticks, of a symbol that does not say: at a tick of 0.01, ten thousand million.
const PRICE_MAX_DEFAULT: u64 = 1_000_000_000_000;
/// Largest order, in lots, of a symbol that does not say, where the amounts leave room for it.
const QUANTITY_MAX_DEFAULT: u64 = 1_000_000_000_000_000;
/// The largest order, in lots, that a default highest price leaves room for.
const QUANTITY_MAX_ASSUMED: u64 = 1_000_000;
/// Most minutes that a reference price averages.
const REFERENCE_MINUTES_MAX: i64 = 24 * 60;
/// Farthest a limit price may be allowed to be above the reference price: a hundred times as high.
const BAND_UP_MAX: i64 = 1_000_000;
/// Below it, it can't be farther than all of it.
const BAND_DOWN_MAX: i64 = 10_000;

/// The widest bounds that leave room for the bounds that are asked for: price x quantity must stay within
/// [`AMOUNT_MAX`]. What is not asked for keeps what `symbol` has, if it `exists` already.
pub(super) fn limits(patch: &SymbolPatch, symbol: &Symbol, exists: bool) -> Result<SymbolLimits, Refusal> {
    let current = *symbol.spec.limits();
    let (lot_atoms, tick_lot_atoms) = (symbol.spec.lot_atoms(), symbol.spec.tick_lot_atoms());
    let price = |field, given: &Given<String>, now: Price| -> Result<Option<Price>, Refusal> {
        match given {
            Given::Absent => Ok(exists.then_some(now)),
            Given::Null => Ok(None),
            Given::Value(text) => symbol.rule_price(field, text).map(Some),
        }
    };
    let quantity = |field, given: &Given<String>, now: Quantity| -> Result<Option<Quantity>, Refusal> {
        match given {
            Given::Absent => Ok(exists.then_some(now)),
            Given::Null => Ok(None),
            Given::Value(text) => symbol.rule_quantity(field, text).map(Some),
        }
    };
    let price_max = price("maxPrice", &patch.max_price, current.price_max)?;
    let quantity_max = quantity("maxQuantity", &patch.max_quantity, current.quantity_max)?;
    let price_max = price_max.unwrap_or_else(|| {
        let most = quantity_max.unwrap_or(Quantity(QUANTITY_MAX_ASSUMED));
        Price(default_max(AMOUNT_MAX / tick_lot_atoms / u128::from(most.0), PRICE_MAX_DEFAULT))
    });
    let quantity_max = quantity_max.unwrap_or_else(|| {
        let room = (AMOUNT_MAX / tick_lot_atoms / u128::from(price_max.0)).min(AMOUNT_MAX / lot_atoms);
        Quantity(default_max(room, QUANTITY_MAX_DEFAULT))
    });
    Ok(SymbolLimits {
        price_min: price("minPrice", &patch.min_price, current.price_min)?.unwrap_or(Price(1)),
        price_max,
        quantity_min: quantity("minQuantity", &patch.min_quantity, current.quantity_min)?
            .unwrap_or(Quantity(1)),
        quantity_max,
        notional_min: match &patch.min_notional {
            Given::Absent => current.notional_min,
            Given::Null => Amount::ZERO,
            // What `toJson` says of a symbol without such a rule can be said here.
            Given::Value(text) if is_zero(text) => Amount::ZERO,
            Given::Value(text) => symbol.parse_quote("minNotional", text)?,
        },
    })
}

/// The rules of `symbol` as the patch changes them. `limits` are its bounds after the change.
pub(super) fn rules(
    patch: &SymbolPatch,
    symbol: &Symbol,
    limits: &SymbolLimits,
) -> Result<SymbolRules, Refusal> {
    let (now, default) = (symbol.rules, SymbolRules::default());
    let price = |field, given: &Given<String>, now| {
        optional(given, now, |text: &String| symbol.rule_price(field, text))
    };
    let quantity = |field, given: &Given<String>, now| {
        optional(given, now, |text: &String| symbol.rule_quantity(field, text))
    };
    let count = |field, given: &Given<Int>, now, least| {
        optional(given, now, |&number| whole(field, number, least, i64::from(u32::MAX)))
    };
    let rules = SymbolRules {
        status: now.status,
        fees: value(&patch.fees, now.fees, default.fees, |&words| fees(words))?,
        allow_net_rebate: flag(&patch.allow_net_rebate, now.allow_net_rebate),
        notional_max: optional(&patch.max_notional, now.notional_max, |text| {
            symbol.parse_quote("maxNotional", text)
        })?,
        notional_applies_to_market: flag(&patch.apply_to_market, now.notional_applies_to_market),
        market_quantity_max: quantity(
            "marketMaxQuantity",
            &patch.market_max_quantity,
            now.market_quantity_max,
        )?,
        band: optional(&patch.band_bps, now.band, |&words| band(words))?,
        price_floor: price("priceFloor", &patch.price_floor, now.price_floor)?,
        price_cap: price("priceCap", &patch.price_cap, now.price_cap)?,
        reference_price: price("referencePrice", &patch.reference_price, now.reference_price)?,
        reference_minutes: value(
            &patch.reference_minutes,
            now.reference_minutes,
            default.reference_minutes,
            |&minutes| whole("referenceMinutes", minutes, 0, REFERENCE_MINUTES_MAX),
        )?,
        market_protection_bps: optional(&patch.market_protection_bps, now.market_protection_bps, |&bps| {
            whole("marketProtectionBps", bps, 1, 9_999)
        })?,
        open_orders_max: count("maxOpenOrders", &patch.max_open_orders, now.open_orders_max, 0)?,
        conditional_max: count("maxOpenConditional", &patch.max_open_conditional, now.conditional_max, 0)?,
        icebergs_max: count("maxIceberg", &patch.max_iceberg, now.icebergs_max, 0)?,
        lists_max: count("maxOpenLists", &patch.max_open_lists, now.lists_max, 0)?,
        position_max: quantity("maxPosition", &patch.max_position, now.position_max)?,
        trail_bps: value(&patch.trail_bps, now.trail_bps, default.trail_bps, |&words| trail(words))?,
        iceberg_parts_max: value(
            &patch.max_iceberg_parts,
            now.iceberg_parts_max,
            default.iceberg_parts_max,
            |&parts| whole("maxIcebergParts", parts, 1, i64::from(ICEBERG_PARTS_MAX)),
        )?,
        amends_max: count("maxAmends", &patch.max_amends, now.amends_max, 0)?,
        allowed_stp: value(&patch.allowed_stp, now.allowed_stp, default.allowed_stp, |names| {
            let bits = bits("allowedStp", names, &StpMode::ALL, StpMode::as_str)?;
            Ok(u8::try_from(bits).expect("there are fewer than nine modes"))
        })?,
        default_stp: value(&patch.default_stp, now.default_stp, default.default_stp, |name| {
            by_name("defaultStp", name, &StpMode::ALL, StpMode::as_str)
        })?,
        order_types: value(&patch.order_types, now.order_types, default.order_types, |names| {
            bits("orderTypes", names, &OrderType::ALL, OrderType::as_str)
        })?,
        session_end_nanos: value(
            &patch.session_end,
            now.session_end_nanos,
            default.session_end_nanos,
            |text| time_of_day("sessionEnd", text),
        )?,
    };
    judge(&rules, limits)?;
    Ok(rules)
}

/// What only shows when the rules stand side by side.
fn judge(rules: &SymbolRules, limits: &SymbolLimits) -> Result<(), Refusal> {
    let invalid = |field, message| Err(Refusal::field(Code::InvalidRequest, field, message));
    let net = i64::from(rules.fees.maker_ppm) + i64::from(rules.fees.taker_ppm);
    if net < 0 && !rules.allow_net_rebate {
        let message = "maker and taker rate add up to a rebate, without allowNetRebate";
        return Err(Refusal::field(Code::InvalidFee, "fees", message));
    }
    if rules.notional_max.is_some_and(|max| max < limits.notional_min) {
        return invalid("maxNotional", "maxNotional is below minNotional");
    }
    if rules.market_quantity_max.is_some_and(|max| max < limits.quantity_min) {
        return invalid("marketMaxQuantity", "marketMaxQuantity is below minQuantity");
    }
    if let (Some(floor), Some(cap)) = (rules.price_floor, rules.price_cap)
        && floor > cap
    {
        return invalid("priceFloor", "priceFloor is above priceCap");
    }
    if !rules.allows_stp(rules.default_stp) {
        return invalid("defaultStp", "defaultStp is not among allowedStp");
    }
    Ok(())
}

/// The spec with these limits: no order within them can overflow, and every price within them can be written.
pub(super) fn bounded(symbol: &Symbol, limits: SymbolLimits) -> Result<SymbolSpec, Refusal> {
    if u128::from(limits.price_max.0).saturating_mul(symbol.tick.digits) > AMOUNT_MAX {
        return Err(spec_refusal(SpecError::Overflow));
    }
    symbol.spec.with_limits(limits).map_err(spec_refusal)
}

pub(super) fn spec_refusal(error: SpecError) -> Refusal {
    match error {
        SpecError::SameAsset => {
            Refusal::field(Code::InvalidRequest, "quote", "base and quote are the same asset")
        }
        SpecError::Inexact => {
            Refusal::new(Code::SymbolPrecisionInexact, "a trade of this symbol would have to round")
        }
        SpecError::BadLimits => Refusal::new(
            Code::InvalidRequest,
            "a minimum is above its maximum, or a maximum beyond the engine's",
        ),
        SpecError::Overflow => Refusal::new(
            Code::SymbolPrecisionInexact,
            "an order of maxQuantity at maxPrice would overflow: lower one of them, or coarsen tickSize or lotSize",
        ),
    }
}

/// A rule that there need not be.
fn optional<W, T>(
    given: &Given<W>,
    now: Option<T>,
    read: impl FnOnce(&W) -> Result<T, Refusal>,
) -> Result<Option<T>, Refusal> {
    match given.get() {
        None => Ok(now),
        Some(words) => words.map(read).transpose(),
    }
}

/// A rule that there always is.
fn value<W, T>(
    given: &Given<W>,
    now: T,
    default: T,
    read: impl FnOnce(&W) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    match given.get() {
        None => Ok(now),
        Some(None) => Ok(default),
        Some(Some(words)) => read(words),
    }
}

fn flag(given: &Given<bool>, now: bool) -> bool {
    given.get().map_or(now, |flag| flag.copied().unwrap_or(false))
}

fn fees(words: RateWords) -> Result<FeeRates, Refusal> {
    fee_rates("fees", words.maker_ppm, words.taker_ppm)
}

/// Fee rates within their bounds.
///
/// # Errors
/// `INVALID_FEE`.
pub(crate) fn fee_rates(field: &'static str, maker: Int, taker: Int) -> Result<FeeRates, Refusal> {
    let rates = maker.to().zip(taker.to());
    rates
        .map(|(maker_ppm, taker_ppm)| FeeRates { maker_ppm, taker_ppm })
        .filter(|rates| rates.is_sound())
        .ok_or_else(|| {
            let message = format!(
                "makerPpm is {maker}, not a whole number from -1,000,000 to 1,000,000, \
                 or takerPpm is {taker}, not one from 0 to 1,000,000"
            );
            Refusal::field(Code::InvalidFee, field, message)
        })
}

fn band(words: BandWords) -> Result<PriceBand, Refusal> {
    let bps = |number, most| whole("bandBps", number, 0, most);
    Ok(PriceBand {
        bid_up_bps: bps(words.bid_up, BAND_UP_MAX)?,
        bid_down_bps: bps(words.bid_down, BAND_DOWN_MAX)?,
        ask_up_bps: bps(words.ask_up, BAND_UP_MAX)?,
        ask_down_bps: bps(words.ask_down, BAND_DOWN_MAX)?,
    })
}

fn trail(words: BoundsWords) -> Result<(u32, u32), Refusal> {
    let bps = |number| whole("trailBps", number, 1, 9_999);
    let (min, max) = (bps(words.min)?, bps(words.max)?);
    if min > max {
        let message = format!("trailBps.min is {min}, above max, which is {max}");
        return Err(Refusal::field(Code::InvalidRequest, "trailBps", message));
    }
    Ok((min, max))
}

/// A whole number within bounds.
///
/// # Errors
/// `INVALID_REQUEST`.
pub(crate) fn whole<T: TryFrom<i64>>(
    field: &'static str,
    number: Int,
    least: i64,
    most: i64,
) -> Result<T, Refusal> {
    number.within(least..=most).and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
        let message = format!("{field} is {number}, not a whole number from {least} to {most}");
        Refusal::field(Code::InvalidRequest, field, message)
    })
}

/// The one of all that has this name.
///
/// # Errors
/// `INVALID_REQUEST`.
pub(crate) fn by_name<T: Copy>(
    field: &'static str,
    name: &str,
    all: &[T],
    name_of: impl Fn(T) -> &'static str,
) -> Result<T, Refusal> {
    all.iter().copied().find(|&each| name_of(each) == name).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|&each| name_of(each)).collect();
        let message = format!("{field} is {}, not one of {}", shown(name), names.join(", "));
        Refusal::field(Code::InvalidRequest, field, message)
    })
}

/// A bit for each name, at its place among all; at least one.
fn bits<T: Copy>(
    field: &'static str,
    names: &[String],
    all: &[T],
    name_of: impl Fn(T) -> &'static str,
) -> Result<u16, Refusal> {
    let mut bits = 0;
    for name in names {
        by_name(field, name, all, &name_of)?;
        let place = all.iter().position(|&each| name_of(each) == name).expect("it was just found");
        bits |= 1 << place;
    }
    if bits == 0 {
        return Err(Refusal::field(Code::InvalidRequest, field, format!("{field} is empty")));
    }
    Ok(bits)
}

/// `HH:MM`, in nanoseconds after midnight.
fn time_of_day(field: &'static str, text: &str) -> Result<u64, Refusal> {
    let number = |digits: &str, below: u64| {
        let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<u64>().ok().filter(|&number| plain && number < below)
    };
    text.split_once(':')
        .and_then(|(hours, minutes)| Some(number(hours, 24)? * 60 + number(minutes, 60)?))
        .map(|minutes| minutes * MINUTE_NANOS)
        .ok_or_else(|| {
            let message = format!("{field} is {}, not HH:MM from 00:00 to 23:59", shown(text));
            Refusal::field(Code::InvalidRequest, field, message)
        })
}

/// `0`, `0.00` and the like.
fn is_zero(text: &str) -> bool {
    text.contains('0') && text.bytes().all(|byte| matches!(byte, b'0' | b'.'))
}

/// As much as there is room for, at least 1 and at most `most`.
fn default_max(room: u128, most: u64) -> u64 {
    u64::try_from(room).unwrap_or(u64::MAX).clamp(1, most)
}

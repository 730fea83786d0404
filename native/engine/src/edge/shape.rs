//! The shape of an order: are its words well-formed, and are those that its type needs all there?
//!
//! Nothing here has seen the registry. The order of the checks: account, symbol, side, type, time in force; what
//! is missing and what excludes each other; the decimals; then the extras one by one.

use std::sync::Arc;

use lightning_core::fees::FeeRates;
use lightning_core::order::{ClientOrderId, StpMode, TimeInForce};
use lightning_core::reject::Code;
use lightning_core::rules::OrderType;
use lightning_core::types::{AccountId, Side, Timestamp};

use super::{KindName, NANOS_PER_MS, Named, Place, PlaceUnits, TifName, account_id, missing, required};
use crate::decimal::{Given, Number};
use crate::refusal::Refusal;
use crate::registry::{Key, fee_rates, is_plain, whole};
use crate::words::{FeeWords, Int, OrderWords};

/// Longest client order id.
const CLIENT_ID_MAX: usize = 36;
/// Order types that are specified and not built.
const LATER_TYPES: [&str; 6] = ["oto", "otoco", "pegged", "auction", "limit_on_open", "market_on_open"];
/// The types that an order can have by name; iceberg and OCO are features.
const TYPES: [OrderType; 7] = [
    OrderType::Limit,
    OrderType::Market,
    OrderType::Stop,
    OrderType::StopLimit,
    OrderType::TakeProfit,
    OrderType::TakeProfitLimit,
    OrderType::TrailingStop,
];
const TIFS: [TimeInForce; 5] =
    [TimeInForce::Gtc, TimeInForce::Ioc, TimeInForce::Fok, TimeInForce::Gtd, TimeInForce::Day];

/// An order's words from either form of call.
pub(super) struct Raw<'a> {
    account: u64,
    symbol: Option<Key<'a>>,
    side: Named<Side>,
    kind: Named<OrderType>,
    kind_is_later: bool,
    tif: Named<TimeInForce>,
    price: Option<Given<'a>>,
    quantity: Option<Given<'a>>,
    quote_quantity: Option<Given<'a>>,
    post_only: bool,
    stp: Named<StpMode>,
    words: Option<&'a OrderWords>,
}

/// A well-formed order.
#[derive(Debug)]
pub(super) struct Shaped<'a> {
    pub(super) account: AccountId,
    pub(super) symbol: Key<'a>,
    pub(super) side: Side,
    pub(super) kind: OrderType,
    pub(super) tif: Option<TimeInForce>,
    pub(super) price: Option<Number<'a>>,
    pub(super) quantity: Option<Number<'a>>,
    pub(super) quote_quantity: Option<Number<'a>>,
    pub(super) post_only: bool,
    pub(super) stp: Option<StpMode>,
    /// What only words can say.
    pub(super) more: Option<Box<More<'a>>>,
}

/// The rest of a well-formed order.
#[derive(Debug)]
pub(super) struct More<'a> {
    pub(super) max_quote: Option<Number<'a>>,
    pub(super) display: Option<Number<'a>>,
    pub(super) trigger_price: Option<Number<'a>>,
    pub(super) trail_amount: Option<Number<'a>>,
    pub(super) trail_bps: Option<i64>,
    pub(super) activation: Option<Number<'a>>,
    pub(super) protection_bps: Option<u32>,
    pub(super) expire_at: Option<Timestamp>,
    pub(super) client_id: Option<ClientOrderId>,
    pub(super) fees: Option<FeeRates>,
    pub(super) valid_until: Option<Timestamp>,
}

impl<'a> From<&Place<'a>> for Raw<'a> {
    fn from(place: &Place<'a>) -> Self {
        Self {
            account: place.account,
            symbol: place.symbol.map(Key::Name),
            side: place.side,
            kind: plain_kind(place.kind),
            kind_is_later: false,
            tif: plain_tif(place.tif),
            price: place.price.map(Given::Text),
            quantity: place.quantity.map(Given::Text),
            quote_quantity: place.quote_quantity.map(Given::Text),
            post_only: place.post_only,
            stp: place.stp,
            words: None,
        }
    }
}

impl From<&PlaceUnits> for Raw<'_> {
    #[inline]
    fn from(place: &PlaceUnits) -> Self {
        let given = |units: u128| (units > 0).then_some(Given::Units(units));
        Self {
            account: place.account,
            symbol: Some(Key::Number(place.symbol)),
            side: place.side,
            kind: plain_kind(place.kind),
            kind_is_later: false,
            tif: plain_tif(place.tif),
            price: given(u128::from(place.price)),
            quantity: given(u128::from(place.quantity)),
            quote_quantity: given(place.quote_quantity),
            post_only: place.post_only,
            stp: place.stp,
            words: None,
        }
    }
}

const fn plain_kind(kind: Named<KindName>) -> Named<OrderType> {
    match kind {
        Named::Known(KindName::Limit) => Named::Known(OrderType::Limit),
        Named::Known(KindName::Market) => Named::Known(OrderType::Market),
        Named::Unknown => Named::Unknown,
        Named::Missing => Named::Missing,
    }
}

const fn plain_tif(tif: TifName) -> Named<TimeInForce> {
    match tif {
        TifName::Default => Named::Missing,
        TifName::Gtc => Named::Known(TimeInForce::Gtc),
        TifName::Ioc => Named::Known(TimeInForce::Ioc),
        TifName::Fok => Named::Known(TimeInForce::Fok),
        TifName::Unknown => Named::Unknown,
    }
}

impl<'a> Raw<'a> {
    /// An order in words, of this account: in a cancel-replace the words don't say.
    pub(super) fn of_words(words: &'a OrderWords, account: u64) -> Self {
        let kind = words.kind.as_deref();
        Self {
            account,
            symbol: words.symbol.as_deref().map(Key::Name),
            side: side_named(words.side.as_deref()),
            kind: named(kind, &TYPES, OrderType::as_str),
            kind_is_later: kind.is_some_and(|kind| LATER_TYPES.contains(&kind)),
            tif: named(words.time_in_force.as_deref(), &TIFS, TimeInForce::as_str),
            price: words.price.as_deref().map(Given::Text),
            quantity: words.quantity.as_deref().map(Given::Text),
            quote_quantity: words.quote_quantity.as_deref().map(Given::Text),
            post_only: words.post_only.unwrap_or(false),
            stp: named(words.stp.as_deref(), &StpMode::ALL, StpMode::as_str),
            words: Some(words),
        }
    }

    /// The order, if it is well-formed. An expiry must be later than `now`. (Inlined, as is what comes after it:
    /// handing the shaped order on would copy it twice, which is a quarter of the time of the hot path.)
    #[inline(always)]
    pub(super) fn shape(&self, now: Timestamp) -> Result<Shaped<'a>, Refusal> {
        let account = account_id(self.account)?;
        let symbol = required("symbol", self.symbol)?;
        let side = known_side(self.side)?.ok_or_else(|| missing("side"))?;
        let kind = match self.kind {
            Named::Known(kind) => kind,
            Named::Missing => return Err(missing("type")),
            Named::Unknown if self.kind_is_later => {
                return Err(Refusal::field(Code::NotSupported, "type", "this order type is not built yet"));
            }
            Named::Unknown => {
                return Err(Refusal::field(Code::InvalidOrderType, "type", "there is no such order type"));
            }
        };
        let tif = optional(self.tif, Code::InvalidTif, "timeInForce", "there is no such time in force")?;
        self.check_presence(kind, side)?;
        let price = given("price", self.price)?;
        let quantity = given("quantity", self.quantity)?;
        let quote_quantity = given("quoteQuantity", self.quote_quantity)?;
        let more = match self.words {
            None => None,
            Some(words) => more(words, tif, now)?.map(Box::new),
        };
        let stp = optional(self.stp, Code::InvalidRequest, "stp", "there is no such self-trade prevention")?;
        let post_only = self.post_only;
        Ok(Shaped { account, symbol, side, kind, tif, price, quantity, quote_quantity, post_only, stp, more })
    }

    /// What its type needs is there, and what excludes each other is not.
    fn check_presence(&self, kind: OrderType, side: Side) -> Result<(), Refusal> {
        let is_limit = is_limit(kind, self.price.is_some());
        if is_limit {
            required("price", self.price)?;
            required("quantity", self.quantity)?;
        } else {
            match (self.quantity, self.quote_quantity) {
                (Some(_), None) | (None, Some(_)) => {}
                (Some(_), Some(_)) => {
                    let message = "an order at market has a quantity or a quoteQuantity, not both";
                    return Err(Refusal::field(Code::ConflictingFields, "quoteQuantity", message));
                }
                (None, None) => {
                    let message = "an order at market needs a quantity or a quoteQuantity";
                    return Err(Refusal::field(Code::MissingField, "quantity", message));
                }
            }
        }
        match kind {
            OrderType::Limit | OrderType::Market | OrderType::Iceberg | OrderType::Oco => return Ok(()),
            OrderType::Stop | OrderType::StopLimit | OrderType::TakeProfit | OrderType::TakeProfitLimit => {
                required("triggerPrice", self.words.and_then(|words| words.trigger_price.as_ref()))?;
            }
            OrderType::TrailingStop => {
                let bps = self.words.and_then(|words| words.trail_bps.as_ref());
                let amount = self.words.and_then(|words| words.trail_amount.as_ref());
                one_of("trailBps", bps, "trailAmount", amount)?;
            }
        }
        let needs_budget = !is_limit && side == Side::Buy && self.quantity.is_some();
        if needs_budget && self.words.is_none_or(|words| words.max_quote.is_none()) {
            let message =
                "a conditional market buy by quantity needs maxQuote: what it may cost is reserved now";
            return Err(Refusal::field(Code::MissingField, "maxQuote", message));
        }
        Ok(())
    }
}

impl Shaped<'_> {
    /// Has it a limit price?
    pub(super) fn is_limit(&self) -> bool {
        is_limit(self.kind, self.price.is_some())
    }

    /// Does it wait for a price?
    pub(super) fn is_conditional(&self) -> bool {
        !matches!(self.kind, OrderType::Limit | OrderType::Market)
    }
}

/// A trailing stop is a limit order if it has a price; of the other types the name says it.
const fn is_limit(kind: OrderType, has_price: bool) -> bool {
    match kind {
        OrderType::Limit | OrderType::StopLimit | OrderType::TakeProfitLimit => true,
        OrderType::TrailingStop => has_price,
        _ => false,
    }
}

/// What only words can say; none if they don't.
fn more(words: &OrderWords, tif: Option<TimeInForce>, now: Timestamp) -> Result<Option<More<'_>>, Refusal> {
    let more = More {
        max_quote: number("maxQuote", words.max_quote.as_deref())?,
        display: number("displayQuantity", words.display_quantity.as_deref())?,
        trigger_price: number("triggerPrice", words.trigger_price.as_deref())?,
        trail_amount: number("trailAmount", words.trail_amount.as_deref())?,
        activation: number("activationPrice", words.activation_price.as_deref())?,
        trail_bps: words.trail_bps.map(|bps| whole("trailBps", bps, i64::MIN, i64::MAX)).transpose()?,
        protection_bps: words.protection_bps.map(|bps| whole("protectionBps", bps, 1, 9_999)).transpose()?,
        expire_at: expiry(words.expire_at, tif, now)?,
        client_id: words.client_order_id.as_deref().map(|id| client_id("clientOrderId", id)).transpose()?,
        valid_until: words
            .valid_until
            .map(|until| {
                moment(until).ok_or_else(|| {
                    let message = "validUntil is not in whole milliseconds since 1970";
                    Refusal::field(Code::InvalidRequest, "validUntil", message)
                })
            })
            .transpose()?,
        fees: words.fees.as_ref().map(rates).transpose()?,
    };
    let numbers = [&more.max_quote, &more.display, &more.trigger_price, &more.trail_amount, &more.activation];
    let says_something = numbers.into_iter().any(Option::is_some)
        || more.trail_bps.is_some()
        || more.protection_bps.is_some()
        || more.expire_at.is_some()
        || more.client_id.is_some()
        || more.fees.is_some()
        || more.valid_until.is_some();
    Ok(says_something.then_some(more))
}

/// GTD needs an expiry in the future, and nothing else may have one.
fn expiry(at: Option<Int>, tif: Option<TimeInForce>, now: Timestamp) -> Result<Option<Timestamp>, Refusal> {
    let invalid = |message: &str| Err(Refusal::field(Code::InvalidExpiry, "expireAt", message));
    match (tif, at) {
        (Some(TimeInForce::Gtd), None) => invalid("GTD needs expireAt"),
        (Some(TimeInForce::Gtd), Some(at)) => match moment(at) {
            Some(at) if at > now => Ok(Some(at)),
            Some(_) => invalid("expireAt has passed"),
            None => invalid("expireAt is not in whole milliseconds since 1970"),
        },
        (_, Some(_)) => invalid("only GTD has expireAt"),
        (_, None) => Ok(None),
    }
}

/// Milliseconds since 1970 as an instant that the engine's clock can reach.
fn moment(at: Int) -> Option<Timestamp> {
    at.to::<u64>()?.checked_mul(NANOS_PER_MS).map(Timestamp)
}

/// Both rates of an order or an account, within their bounds.
pub(super) fn rates(words: &FeeWords) -> Result<FeeRates, Refusal> {
    let (maker, taker) = words
        .maker_ppm
        .zip(words.taker_ppm)
        .ok_or_else(|| Refusal::field(Code::MissingField, "fees", "fees need both makerPpm and takerPpm"))?;
    fee_rates("fees", maker, taker)
}

/// A client order id, or the beginning of some.
pub(super) fn client_id(field: &'static str, id: &str) -> Result<ClientOrderId, Refusal> {
    if is_plain(id, CLIENT_ID_MAX) {
        return Ok(ClientOrderId(Arc::from(id)));
    }
    let message = format!("{field} is not 1 to {CLIENT_ID_MAX} characters of A-Z a-z 0-9 . _ : / -");
    Err(Refusal::field(Code::InvalidClientOrderId, field, message))
}

#[inline]
pub(super) fn number<'a>(field: &'static str, text: Option<&'a str>) -> Result<Option<Number<'a>>, Refusal> {
    text.map(|text| Number::read(field, text)).transpose()
}

#[inline]
fn given<'a>(field: &'static str, given: Option<Given<'a>>) -> Result<Option<Number<'a>>, Refusal> {
    given.map(|given| Number::of(field, given)).transpose()
}

/// One of two fields that exclude each other must be there.
pub(super) fn one_of<A, B>(
    first: &'static str,
    a: Option<A>,
    second: &'static str,
    b: Option<B>,
) -> Result<(), Refusal> {
    match (a, b) {
        (Some(_), None) | (None, Some(_)) => Ok(()),
        (Some(_), Some(_)) => {
            let message = format!("{first} and {second} exclude each other");
            Err(Refusal::field(Code::ConflictingFields, second, message))
        }
        (None, None) => {
            let message = format!("{first} or {second} is missing");
            Err(Refusal::field(Code::MissingField, first, message))
        }
    }
}

pub(super) fn side_named(name: Option<&str>) -> Named<Side> {
    match name {
        None => Named::Missing,
        Some("buy") => Named::Known(Side::Buy),
        Some("sell") => Named::Known(Side::Sell),
        Some(_) => Named::Unknown,
    }
}

pub(super) fn known_side(side: Named<Side>) -> Result<Option<Side>, Refusal> {
    optional(side, Code::InvalidSide, "side", "side is neither 'buy' nor 'sell'")
}

fn optional<T>(
    name: Named<T>,
    unknown: Code,
    field: &'static str,
    message: &str,
) -> Result<Option<T>, Refusal> {
    match name {
        Named::Known(value) => Ok(Some(value)),
        Named::Missing => Ok(None),
        Named::Unknown => Err(Refusal::field(unknown, field, message)),
    }
}

fn named<T: Copy>(name: Option<&str>, all: &[T], name_of: impl Fn(T) -> &'static str) -> Named<T> {
    match name {
        None => Named::Missing,
        Some(name) => {
            all.iter().copied().find(|&each| name_of(each) == name).map_or(Named::Unknown, Named::Known)
        }
    }
}

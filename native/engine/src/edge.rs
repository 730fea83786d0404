//! From a client's words to the core's commands: everything that can be refused without looking at state.
//!
//! The order of the checks is fixed, so that one bad request always gets the same code: shape, then symbol,
//! then the combination of fields, then precision, grid, range and notional. Account and funds follow in the
//! sequencer, funds last. (The design's order puts the account before the combination; the edge does not know
//! accounts, and asking their shard first would send every malformed request through it.)

use lightning_core::message::{NewOrder, OrderKind, Request};
use lightning_core::reject::Code;
use lightning_core::types::{AccountId, Amount, ID_MAX, OrderId, Side};

use crate::decimal;
use crate::refusal::Refusal;
use crate::registry::{Registry, Symbol};

/// A request as a client words it. Ids are what arrived, valid or not; names and decimals are text.
#[derive(Clone, Copy, Debug)]
pub enum Call<'a> {
    /// Adds to an account's balance.
    Deposit(Funds<'a>),
    /// Takes from an account's balance.
    Withdraw(Funds<'a>),
    /// Places an order.
    Place(Place<'a>),
    /// Cancels an order.
    Cancel {
        /// Its owner.
        account: u64,
        /// Its id.
        order: u64,
    },
    /// An account's balances.
    Balances {
        /// Whose.
        account: u64,
        /// Of which asset; of all without.
        asset: Option<&'a str>,
    },
    /// One order.
    Order {
        /// Its id.
        order: u64,
    },
    /// Open orders.
    OpenOrders {
        /// Whose; everybody's without.
        account: Option<u64>,
        /// Of which symbol; of all without.
        symbol: Option<&'a str>,
    },
    /// What all balances add up to.
    Conservation,
}

/// A deposit or a withdrawal.
#[derive(Clone, Copy, Debug)]
pub struct Funds<'a> {
    /// Whose.
    pub account: u64,
    /// The asset's code.
    pub asset: Option<&'a str>,
    /// How much.
    pub amount: Option<&'a str>,
}

/// An order.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Whose.
    pub account: u64,
    /// The symbol's name.
    pub symbol: Option<&'a str>,
    /// Buy or sell.
    pub side: Named<Side>,
    /// The order type.
    pub kind: Named<KindName>,
    /// The time in force.
    pub tif: TifName,
    /// Limit price.
    pub price: Option<&'a str>,
    /// Base quantity.
    pub quantity: Option<&'a str>,
    /// Quote amount, for a market order.
    pub quote_quantity: Option<&'a str>,
}

/// What a name stood for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named<T> {
    /// This.
    Known(T),
    /// Nothing: it was some other name.
    Unknown,
    /// There was no name.
    Missing,
}

impl<T> Named<T> {
    fn known(self, field: &'static str, unknown: Code, message: &str) -> Result<T, Refusal> {
        match self {
            Self::Known(value) => Ok(value),
            Self::Unknown => Err(Refusal::field(unknown, field, message)),
            Self::Missing => Err(Refusal::field(Code::MissingField, field, format!("{field} is missing"))),
        }
    }
}

/// The order types that are known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KindName {
    /// A limit order.
    Limit,
    /// A market order.
    Market,
    /// A type that is specified and not built yet.
    Later,
}

/// The times in force that are known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TifName {
    /// Not given: GTC for limit orders; market orders have none.
    Default,
    /// Good till canceled.
    Gtc,
    /// One that is specified and not built yet.
    Later,
    /// No time in force at all.
    Unknown,
}

/// A valid request: the command, and what its answer will be written with.
pub(crate) fn translate(call: &Call<'_>, registry: &Registry) -> Result<Request, Refusal> {
    Ok(match call {
        Call::Deposit(funds) => {
            let (account, asset, amount) = translate_funds(funds, registry)?;
            Request::Deposit { account, asset, amount }
        }
        Call::Withdraw(funds) => {
            let (account, asset, amount) = translate_funds(funds, registry)?;
            Request::Withdraw { account, asset, amount }
        }
        Call::Place(place) => Request::Place(translate_place(place, registry)?),
        Call::Cancel { account, order } => {
            Request::Cancel { account: account_id(*account)?, order: order_id(*order)? }
        }
        Call::Balances { account, asset } => {
            let account = account_id(*account)?;
            if let Some(code) = asset {
                registry.find_asset(code)?;
            }
            Request::Balances { account }
        }
        Call::Order { order } => Request::Order { order: order_id(*order)? },
        Call::OpenOrders { account, symbol } => Request::OpenOrders {
            account: account.map(account_id).transpose()?,
            symbol: symbol.map(|name| registry.find_symbol(name)).transpose()?.map(|symbol| symbol.spec.id()),
        },
        Call::Conservation => Request::Totals,
    })
}

type FundsParts = (AccountId, lightning_core::types::AssetId, Amount);

fn translate_funds(funds: &Funds<'_>, registry: &Registry) -> Result<FundsParts, Refusal> {
    let account = account_id(funds.account)?;
    let code = required("asset", funds.asset)?;
    let amount = required("amount", funds.amount)?;
    let asset = registry.find_asset(code)?;
    Ok((account, asset.id, Amount(decimal::parse_atoms("amount", amount, asset.scale)?)))
}

fn translate_place(place: &Place<'_>, registry: &Registry) -> Result<NewOrder, Refusal> {
    let account = account_id(place.account)?;
    let name = required("symbol", place.symbol)?;
    let side = place.side.known("side", Code::InvalidSide, "side is neither 'buy' nor 'sell'")?;
    let kind_name =
        place.kind.known("type", Code::InvalidOrderType, "type is neither 'limit' nor 'market'")?;
    if place.tif == TifName::Unknown {
        return Err(Refusal::field(Code::InvalidTif, "timeInForce", "there is no such time in force"));
    }
    let symbol = registry.find_symbol(name)?;
    if kind_name == KindName::Later {
        return Err(Refusal::field(Code::NotSupported, "type", "this order type is not built yet"));
    }
    if place.tif == TifName::Later {
        return Err(Refusal::field(Code::NotSupported, "timeInForce", "only GTC is built yet"));
    }
    let kind = match kind_name {
        KindName::Limit => translate_limit(place, symbol)?,
        KindName::Market | KindName::Later => translate_market(place, symbol)?,
    };
    symbol.spec.check(&kind).map_err(|reject| rule_refusal(reject.code, symbol))?;
    Ok(NewOrder { account, symbol: symbol.spec.id(), side, kind })
}

fn translate_limit(place: &Place<'_>, symbol: &Symbol) -> Result<OrderKind, Refusal> {
    if place.quote_quantity.is_some() {
        let message = "a limit order has a quantity, not a quoteQuantity";
        return Err(Refusal::field(Code::UnsupportedCombination, "quoteQuantity", message));
    }
    let price = required("price", place.price)?;
    let quantity = required("quantity", place.quantity)?;
    Ok(OrderKind::Limit {
        price: symbol.parse_price("price", price)?,
        quantity: symbol.parse_quantity("quantity", quantity)?,
    })
}

fn translate_market(place: &Place<'_>, symbol: &Symbol) -> Result<OrderKind, Refusal> {
    if place.price.is_some() {
        let message = "a market order has no price";
        return Err(Refusal::field(Code::UnsupportedCombination, "price", message));
    }
    if place.tif == TifName::Gtc {
        let message = "a market order never rests, so it can't be GTC";
        return Err(Refusal::field(Code::UnsupportedCombination, "timeInForce", message));
    }
    match (place.quantity, place.quote_quantity) {
        (Some(quantity), None) => {
            Ok(OrderKind::MarketByQuantity { quantity: symbol.parse_quantity("quantity", quantity)? })
        }
        (None, Some(quote)) => {
            Ok(OrderKind::MarketByQuote { quote: symbol.parse_quote("quoteQuantity", quote)? })
        }
        (Some(_), Some(_)) => Err(Refusal::field(
            Code::ConflictingFields,
            "quoteQuantity",
            "a market order has a quantity or a quoteQuantity, not both",
        )),
        (None, None) => Err(Refusal::field(
            Code::MissingField,
            "quantity",
            "a market order needs a quantity or a quoteQuantity",
        )),
    }
}

/// A broken symbol rule, with the rule's figures.
fn rule_refusal(code: Code, symbol: &Symbol) -> Refusal {
    let limits = symbol.spec.limits();
    let (field, min, max) = match code {
        Code::PriceRange => {
            ("price", symbol.price_text(limits.price_min), symbol.price_text(limits.price_max))
        }
        Code::QtyRange => (
            "quantity",
            symbol.quantity_text(u128::from(limits.quantity_min.0)),
            symbol.quantity_text(u128::from(limits.quantity_max.0)),
        ),
        _ => {
            let min = symbol.quote_text(limits.notional_min);
            let message = format!("price x quantity is below {min} {}", symbol.quote.code);
            return Refusal::new(code, message).with("min", min);
        }
    };
    Refusal::field(code, field, format!("{field} is not within {min} to {max}"))
        .with("min", min)
        .with("max", max)
}

fn required<'a>(field: &'static str, text: Option<&'a str>) -> Result<&'a str, Refusal> {
    text.ok_or_else(|| Refusal::field(Code::MissingField, field, format!("{field} is missing")))
}

fn account_id(id: u64) -> Result<AccountId, Refusal> {
    valid_id("accountId", id).map(AccountId)
}

fn order_id(id: u64) -> Result<OrderId, Refusal> {
    valid_id("orderId", id).map(OrderId)
}

fn valid_id(field: &'static str, id: u64) -> Result<u64, Refusal> {
    if (1..=ID_MAX).contains(&id) {
        return Ok(id);
    }
    Err(Refusal::field(
        Code::InvalidRequest,
        field,
        format!("{field} is not a whole number from 1 to 2^53 - 1"),
    ))
}

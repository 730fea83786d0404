//! From a client's words to the core's commands: everything that can be refused without looking at state.
//!
//! The order of the checks is fixed, so that one bad request always gets the same code: shape ([`shape`]), then
//! symbol and assets, combination of fields, switches, precision, grid, range, notional and the rest
//! ([`rules`]). Account, band, limits and funds follow in the shards, funds last. (The design's order puts the
//! account before the combination; the edge does not know accounts, and asking their shard first would send
//! every malformed request through it.)
//!
//! Calls come in two forms: the few hot ones as they are ([`Call`]), the others as [`Words`].

mod orders;
mod rules;
mod shape;
#[cfg(test)]
mod tests;
mod words;

use lightning_core::message::{OrderRef, Request, RequestId};
use lightning_core::order::StpMode;
use lightning_core::reject::Code;
use lightning_core::types::{AccountId, Amount, AssetId, ID_MAX, OrderId, Side, Timestamp};

use self::shape::Raw;
use crate::decimal::{Given, Number};
use crate::refusal::Refusal;
use crate::registry::{Asset, Key, Registry};
use crate::words::Words;

const NANOS_PER_MS: u64 = 1_000_000;

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
    /// What all balances add up to.
    Conservation,
    /// A deposit, in integers.
    DepositUnits(FundsUnits),
    /// A withdrawal, in integers.
    WithdrawUnits(FundsUnits),
    /// Places an order, in integers.
    PlaceUnits(PlaceUnits),
    /// Changes an order, in integers.
    AmendUnits(AmendUnits),
    /// Anything, in words.
    Words(&'a Words),
}

impl Call<'_> {
    /// The account and the order of a call about an open order, whatever the numbers are.
    pub(crate) fn open_order(&self) -> Option<(u64, u64)> {
        match *self {
            Self::Cancel { account, order } | Self::AmendUnits(AmendUnits { account, order, .. }) => {
                Some((account, order))
            }
            _ => None,
        }
    }
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

/// An order without extras. One with any comes in words.
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
    /// Only as a maker.
    pub post_only: bool,
    /// Self-trade prevention.
    pub stp: Named<StpMode>,
}

/// A deposit or a withdrawal, in integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FundsUnits {
    /// Whose.
    pub account: u64,
    /// The asset's number.
    pub asset: u32,
    /// How many atoms of it.
    pub amount: u128,
}

/// An order without extras, in integers: judged by the very checks that judge [`Place`]. Zero for what is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceUnits {
    /// Whose.
    pub account: u64,
    /// The symbol's number.
    pub symbol: u32,
    /// Buy or sell.
    pub side: Named<Side>,
    /// The order type.
    pub kind: Named<KindName>,
    /// The time in force.
    pub tif: TifName,
    /// Limit price in ticks.
    pub price: u64,
    /// Base quantity in lots.
    pub quantity: u64,
    /// Quote amount in atoms, for a market order.
    pub quote_quantity: u128,
    /// Only as a maker.
    pub post_only: bool,
    /// Self-trade prevention.
    pub stp: Named<StpMode>,
}

/// A change of an open order, in integers. Zero for what does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmendUnits {
    /// Its owner.
    pub account: u64,
    /// The symbol's number.
    pub symbol: u32,
    /// Its id.
    pub order: u64,
    /// The new price in ticks.
    pub price: u64,
    /// The new quantity in lots, or by how much it becomes less.
    pub quantity: u64,
    /// Which of the two.
    pub is_reduction: bool,
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

/// The order types that need no words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KindName {
    /// A limit order.
    Limit,
    /// A market order.
    Market,
}

/// The times in force that need no words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TifName {
    /// Not given: GTC for limit orders, IOC for market orders.
    Default,
    /// Good till canceled.
    Gtc,
    /// Immediate or cancel.
    Ioc,
    /// Fill or kill.
    Fok,
    /// No time in force at all.
    Unknown,
}

/// A valid request: the command.
#[derive(Debug)]
pub(crate) struct Translated {
    /// What is asked of the sequencer.
    pub(crate) request: Request,
    /// The client's own number for it, if it has one.
    pub(crate) request_id: Option<Box<RequestId>>,
}

/// A call that the edge refuses.
#[derive(Debug)]
pub(crate) struct EdgeRefusal {
    /// Why.
    pub(crate) refusal: Refusal,
    /// The call is well-formed and has a request id: it may be an earlier one that comes again, which was not
    /// refused when it came first. Only the sequencer knows; if it does not, this refusal stands.
    pub(crate) recall: Option<(AccountId, Box<RequestId>)>,
}

impl From<Refusal> for EdgeRefusal {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, recall: None }
    }
}

/// Says what a call asks of its sequencer. `now` is the engine's clock, which expiries are compared with.
#[expect(clippy::result_large_err, reason = "it is no larger than what is returned otherwise")]
pub(crate) fn translate(
    call: &Call<'_>,
    registry: &Registry,
    now: Timestamp,
) -> Result<Translated, EdgeRefusal> {
    let request = match call {
        Call::Place(place) => Request::Place(match orders::plain(place, registry) {
            Some(order) => order,
            None => orders::place(&Raw::from(place), registry)?,
        }),
        Call::PlaceUnits(place) => Request::Place(match orders::plain_units(place, registry) {
            Some(order) => order,
            None => orders::place(&Raw::from(place), registry)?,
        }),
        Call::AmendUnits(amend) => orders::amend_units(amend, registry)?,
        Call::Cancel { account, order } => Request::Cancel {
            account: account_id(*account)?,
            order: OrderRef::Id(order_id(*order)?),
            symbol: None,
            only_if: None,
        },
        Call::Deposit(funds) => {
            let shaped = shape_funds("accountId", funds)?;
            let (account, asset, amount) = shaped.judge(Registry::find_enabled_asset, registry)?;
            Request::Deposit { account, asset, amount }
        }
        Call::DepositUnits(funds) => {
            let (account, asset, amount) = units_of_funds(funds, registry)?;
            Request::Deposit { account, asset, amount }
        }
        Call::WithdrawUnits(funds) => {
            let (account, asset, amount) = units_of_funds(funds, registry)?;
            Request::Withdraw { account, asset, amount }
        }
        Call::Withdraw(funds) => {
            let shaped = shape_funds("accountId", funds)?;
            let (account, asset, amount) = shaped.judge(Registry::find_enabled_asset, registry)?;
            Request::Withdraw { account, asset, amount }
        }
        Call::Balances { account, asset } => {
            let account = account_id(*account)?;
            if let Some(code) = asset {
                registry.find_asset(code)?;
            }
            Request::Balances { account }
        }
        Call::Order { order } => Request::Order { order: order_id(*order)? },
        Call::Conservation => Request::Totals,
        Call::Words(words) => return words::translate(words, registry, now),
    };
    Ok(Translated { request, request_id: None })
}

/// Money to be moved, well-formed.
struct ShapedFunds<'a> {
    account: AccountId,
    code: &'a str,
    amount: Number<'a>,
}

fn shape_funds<'a>(account_field: &'static str, funds: &Funds<'a>) -> Result<ShapedFunds<'a>, Refusal> {
    Ok(ShapedFunds {
        account: valid_id(account_field, funds.account).map(AccountId)?,
        code: required("asset", funds.asset)?,
        amount: Number::read("amount", required("amount", funds.amount)?)?,
    })
}

impl ShapedFunds<'_> {
    /// Looks its asset up with `find`.
    fn judge(
        &self,
        find: for<'r> fn(&'r Registry, &str) -> Result<&'r Asset, Refusal>,
        registry: &Registry,
    ) -> Result<(AccountId, AssetId, Amount), Refusal> {
        let asset = find(registry, self.code)?;
        Ok((self.account, asset.id, Amount(self.amount.atoms(asset.scale)?)))
    }
}

/// The same checks in the same order, of what comes in integers.
fn units_of_funds(funds: &FundsUnits, registry: &Registry) -> Result<(AccountId, AssetId, Amount), Refusal> {
    let account = account_id(funds.account)?;
    let amount = Number::of("amount", Given::Units(funds.amount))?;
    let asset = registry.enabled_asset_of(Key::Number(funds.asset))?;
    Ok((account, asset.id, Amount(amount.atoms(asset.scale)?)))
}

fn missing(field: &'static str) -> Refusal {
    Refusal::field(Code::MissingField, field, format!("{field} is missing"))
}

fn required<T>(field: &'static str, value: Option<T>) -> Result<T, Refusal> {
    value.ok_or_else(|| missing(field))
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
    let message = format!("{field} is not a whole number from 1 to 2^53 - 1");
    Err(Refusal::field(Code::InvalidRequest, field, message))
}

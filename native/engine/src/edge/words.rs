//! Calls in words: one function for whatever is more than a line.

use lightning_core::message::{OnlyIf, OrderFilter, OrderRef, ReplaceMode, ReplaceRequest, Request};
use lightning_core::reject::Code;
use lightning_core::rules::{AccountChange, AccountStatus, RateLimit};
use lightning_core::types::{
    AccountId, Amount, AssetId, ID_MAX, Lsn, OrderId, StpGroup, SymbolId, Timestamp,
};

use super::orders::inside;
use super::shape::{client_id, known_side, rates, side_named};
use super::{
    EdgeRefusal, Funds, NANOS_PER_MS, Translated, account_id, missing, orders, required, shape_funds,
    valid_id,
};
use crate::refusal::Refusal;
use crate::registry::{Asset, Registry, by_name, whole};
use crate::words::{
    AccountFeesWords, BucketWords, CancelAllWords, CancelWords, CollectFeesWords, FundsWords, Given, Id, Int,
    LedgerWords, OpenOrdersWords, OrderHistoryWords, OrdersWords, ReplaceWords, StpGroupWords, TransferWords,
    Words,
};

/// Longest dead-man timer: a year.
const TIMEOUT_MS_MAX: i64 = 365 * 24 * 60 * 60 * 1_000;
/// Most of each number of a rate limit.
const RATE_MAX: i64 = 1_000_000;
/// Most open orders that one call reads, and how many it reads if it does not say.
const OPEN_ORDERS_MAX: i64 = 10_000;
/// Most lines of history that one call reads.
const PAGE_MAX: i64 = 1_000;
/// How many it reads if it does not say.
const PAGE_DEFAULT: usize = 100;

/// What words are translated with. Whoever has asked for the registry has judged the shape.
pub(super) struct Desk<'r> {
    registry: &'r Registry,
    pub(super) now: Timestamp,
    is_shaped: bool,
}

impl<'r> Desk<'r> {
    pub(super) fn registry(&mut self) -> &'r Registry {
        self.is_shaped = true;
        self.registry
    }

    fn symbol_id(&mut self, name: Option<&str>) -> Result<Option<SymbolId>, Refusal> {
        let Some(name) = name else { return Ok(None) };
        Ok(Some(self.registry().find_symbol(name)?.spec.id()))
    }
}

/// Says what words ask of their sequencer.
#[expect(clippy::result_large_err, reason = "it is no larger than what is returned otherwise")]
pub(super) fn translate(
    words: &Words,
    registry: &Registry,
    now: Timestamp,
) -> Result<Translated, EdgeRefusal> {
    let mut desk = Desk { registry, now, is_shaped: false };
    let request = request(words, &mut desk);
    let request = match request {
        Err(refusal) if !desk.is_shaped => return Err(refusal.into()),
        judged => judged,
    };
    let request_id = words.request_id()?;
    match request {
        Ok(request) => Ok(Translated { request, request_id: request_id.map(|(_, id)| id) }),
        Err(refusal) => Err(EdgeRefusal { refusal, recall: request_id }),
    }
}

fn request(words: &Words, desk: &mut Desk<'_>) -> Result<Request, Refusal> {
    match words {
        Words::PlaceOrder(words) => orders::place_words(words, words.account_id.0, desk).map(Request::Place),
        Words::TestOrder(words) => orders::place_words(words, words.account_id.0, desk).map(Request::Test),
        Words::PlaceOco(words) => {
            orders::place_oco(words, desk).map(|legs| Request::PlaceOco(Box::new(legs)))
        }
        Words::CancelOrder(words) => cancel(words, desk),
        Words::AmendOrder(words) => orders::amend(words, desk),
        Words::CancelReplace(words) => replace(words, desk),
        Words::CancelAll(words) => cancel_all(words, desk),
        Words::CancelAllAfter(words) => {
            let account = account_id(words.account_id.0)?;
            let timeout = required("timeoutMs", words.timeout_ms)?;
            let millis: u64 = whole("timeoutMs", timeout, 0, TIMEOUT_MS_MAX)?;
            Ok(Request::CancelAllAfter { account, after_nanos: millis * NANOS_PER_MS })
        }
        Words::Deposit(words) => {
            let (account, asset, amount) = funds(words, Registry::find_enabled_asset, desk)?;
            Ok(Request::Deposit { account, asset, amount })
        }
        Words::Withdraw(words) => {
            let (account, asset, amount) = funds(words, Registry::find_enabled_asset, desk)?;
            Ok(Request::Withdraw { account, asset, amount })
        }
        Words::Hold(words) => {
            let (account, asset, amount) = funds(words, Registry::find_enabled_asset, desk)?;
            Ok(Request::Hold { account, asset, amount })
        }
        Words::Release(words) => {
            // Of a disabled asset too: it only undoes a hold.
            let (account, asset, amount) = funds(words, Registry::find_asset, desk)?;
            Ok(Request::Release { account, asset, amount })
        }
        Words::Transfer(words) => transfer(words, desk),
        Words::CollectFees(words) => collect_fees(words, desk),
        Words::SetAccountStatus(words) => configure(words.account_id, || {
            let status = required("status", words.status.as_deref())?;
            by_name("status", status, &AccountStatus::ALL, AccountStatus::as_str).map(AccountChange::Status)
        }),
        Words::SetAccountFees(words) => account_fees(words, desk),
        Words::SetAccountPermissions(words) => configure(words.account_id, || {
            let (trade, withdraw) = (required("trade", words.trade)?, required("withdraw", words.withdraw)?);
            Ok(AccountChange::Permissions { trade, withdraw })
        }),
        Words::SetStpGroup(words) => configure(words.account_id, || stp_group(words)),
        Words::SetRateLimit(words) => configure(words.account_id, || {
            let bucket = nullable("rateLimit", &words.rate_limit)?;
            bucket.map(rate_limit).transpose().map(AccountChange::RateLimit)
        }),
        Words::Account(words) => Ok(Request::Account { account: account_id(words.account_id.0)? }),
        Words::OrderByClientId(words) => {
            let account = account_id(words.account_id.0)?;
            let client = required("clientOrderId", words.client_order_id.as_deref())?;
            Ok(Request::OrderByClientId { account, client_id: client_id("clientOrderId", client)? })
        }
        Words::OpenOrders(words) => open_orders(words, desk),
        Words::Orders(words) => closed_orders(words, desk),
        Words::OrderHistory(words) => order_history(words, desk),
        Words::Ledger(words) => ledger(words, desk),
    }
}

fn cancel(words: &CancelWords, desk: &mut Desk<'_>) -> Result<Request, Refusal> {
    let account = account_id(words.account_id.0)?;
    let (order, only_if) = what_goes(words)?;
    let symbol = desk.symbol_id(words.symbol.as_deref())?;
    Ok(Request::Cancel { account, order, symbol, only_if })
}

fn what_goes(words: &CancelWords) -> Result<(OrderRef, Option<OnlyIf>), Refusal> {
    let order = orders::order_ref(words.order_id.map(|id| id.0), words.client_order_id.as_deref())?;
    let only_if = words
        .only_if
        .as_deref()
        .map(|name| by_name("onlyIf", name, &[OnlyIf::New, OnlyIf::PartiallyFilled], only_if_name))
        .transpose()?;
    Ok((order, only_if))
}

const fn only_if_name(only_if: OnlyIf) -> &'static str {
    match only_if {
        OnlyIf::New => "NEW",
        OnlyIf::PartiallyFilled => "PARTIALLY_FILLED",
    }
}

fn replace(words: &ReplaceWords, desk: &mut Desk<'_>) -> Result<Request, Refusal> {
    account_id(words.account_id.0)?;
    let (old, only_if) = what_goes(required("cancel", words.cancel.as_ref())?).map_err(of_cancel)?;
    let modes = [ReplaceMode::StopOnFailure, ReplaceMode::AllowFailure, ReplaceMode::Atomic];
    let mode = match words.mode.as_deref() {
        None => ReplaceMode::StopOnFailure,
        Some(name) => by_name("mode", name, &modes, mode_name)?,
    };
    let place = required("place", words.place.as_deref())?;
    let new = orders::place_words(place, words.account_id.0, desk).map_err(of_place)?;
    Ok(Request::Replace(Box::new(ReplaceRequest { old, only_if, new, mode })))
}

fn of_cancel(refusal: Refusal) -> Refusal {
    inside!("cancel.", refusal, "orderId", "clientOrderId", "onlyIf")
}

#[rustfmt::skip]
fn of_place(refusal: Refusal) -> Refusal {
    inside!(
        "place.", refusal, "symbol", "side", "type", "timeInForce", "price", "quantity", "quoteQuantity",
        "maxQuote", "postOnly", "displayQuantity", "triggerPrice", "trailBps", "trailAmount",
        "activationPrice", "protectionBps", "stp", "clientOrderId", "expireAt", "validUntil", "fees"
    )
}

const fn mode_name(mode: ReplaceMode) -> &'static str {
    match mode {
        ReplaceMode::StopOnFailure => "STOP_ON_FAILURE",
        ReplaceMode::AllowFailure => "ALLOW_FAILURE",
        ReplaceMode::Atomic => "ATOMIC",
    }
}

fn cancel_all(words: &CancelAllWords, desk: &mut Desk<'_>) -> Result<Request, Refusal> {
    let account = account_id(words.account_id.0)?;
    let side = known_side(side_named(words.side.as_deref()))?;
    let prefix = words.client_order_id_prefix.as_deref();
    let client_id_prefix = prefix.map(|prefix| client_id("clientOrderIdPrefix", prefix)).transpose()?;
    let symbol = desk.symbol_id(words.symbol.as_deref())?;
    Ok(Request::CancelAll { account, filter: OrderFilter { symbol, side, client_id_prefix } })
}

type FindAsset = for<'r> fn(&'r Registry, &str) -> Result<&'r Asset, Refusal>;

fn funds(
    words: &FundsWords,
    find: FindAsset,
    desk: &mut Desk<'_>,
) -> Result<(AccountId, AssetId, Amount), Refusal> {
    let (asset, amount) = (words.asset.as_deref(), words.amount.as_deref());
    let shaped = shape_funds("accountId", &Funds { account: words.account_id.0, asset, amount })?;
    shaped.judge(find, desk.registry())
}

fn transfer(words: &TransferWords, desk: &mut Desk<'_>) -> Result<Request, Refusal> {
    let (asset, amount) = (words.asset.as_deref(), words.amount.as_deref());
    let to = AccountId(valid_id("to", words.to.0)?);
    let shaped = shape_funds("from", &Funds { account: words.from.0, asset, amount })?;
    if shaped.account == to {
        return Err(Refusal::field(Code::ConflictingFields, "to", "from and to are the same account"));
    }
    let (account, asset, amount) = shaped.judge(Registry::find_enabled_asset, desk.registry())?;
    Ok(Request::Transfer { account, to, asset, amount })
}

fn collect_fees(words: &CollectFeesWords, desk: &mut Desk<'_>) -> Result<Request, Refusal> {
    let account = account_id(words.account_id.0)?;
    let name = required("symbol", words.symbol.as_deref())?;
    let symbol = desk.registry().find_symbol(name)?.spec.id();
    Ok(Request::CollectFees { account, symbol })
}

fn configure(
    account: Id,
    change: impl FnOnce() -> Result<AccountChange, Refusal>,
) -> Result<Request, Refusal> {
    Ok(Request::Configure { account: account_id(account.0)?, change: change()? })
}

fn account_fees(words: &AccountFeesWords, desk: &mut Desk<'_>) -> Result<Request, Refusal> {
    let account = account_id(words.account_id.0)?;
    let rates = nullable("fees", &words.fees)?.map(rates).transpose()?;
    let symbol = desk.symbol_id(words.symbol.as_deref())?;
    Ok(Request::Configure { account, change: AccountChange::Fees { symbol, rates } })
}

fn stp_group(words: &StpGroupWords) -> Result<AccountChange, Refusal> {
    let group = nullable("group", &words.group)?.map(|&group| whole("group", group, 1, i64::from(u32::MAX)));
    Ok(AccountChange::StpGroup(group.transpose()?.map(StpGroup)))
}

fn rate_limit(words: &BucketWords) -> Result<RateLimit, Refusal> {
    let number = |field, number| whole(field, required(field, number)?, 1, RATE_MAX);
    Ok(RateLimit { per_second: number("perSecond", words.per_second)?, burst: number("burst", words.burst)? })
}

fn open_orders(words: &OpenOrdersWords, desk: &mut Desk<'_>) -> Result<Request, Refusal> {
    let account = words.account_id.map(|id| account_id(id.0)).transpose()?;
    let after = words.after_id.map(|id| whole("afterId", id, 0, ID_LAST)).transpose()?;
    let limit = match words.limit {
        None => usize::try_from(OPEN_ORDERS_MAX).expect("a small number"),
        Some(limit) => whole("limit", limit, 1, OPEN_ORDERS_MAX)?,
    };
    let symbol = desk.symbol_id(words.symbol.as_deref())?;
    Ok(Request::OpenOrders { account, symbol, after: OrderId(after.unwrap_or(0)), limit })
}

fn closed_orders(words: &OrdersWords, desk: &mut Desk<'_>) -> Result<Request, Refusal> {
    let account = account_id(words.account_id.0)?;
    let (before, limit) = page(words.cursor, words.limit)?;
    let symbol = desk.symbol_id(words.symbol.as_deref())?;
    Ok(Request::ClosedOrders { account, symbol, before, limit })
}

fn order_history(words: &OrderHistoryWords, desk: &mut Desk<'_>) -> Result<Request, Refusal> {
    let account = account_id(words.account_id.0)?;
    let (after, limit) = page(words.cursor, words.limit)?;
    let record = |field, record: Option<Int>| {
        record.map(|record| whole(field, record, 0, ID_LAST).map(Lsn)).transpose()
    };
    let (first, last) = (record("fromSeq", words.from_seq)?, record("toSeq", words.to_seq)?);
    let symbol = desk.symbol_id(words.symbol.as_deref())?;
    let causes = (first.unwrap_or(Lsn(0)), last.unwrap_or(Lsn(u64::MAX)));
    Ok(Request::ClosedSince { account, symbol, causes, after: after.unwrap_or(0), limit })
}

fn ledger(words: &LedgerWords, desk: &mut Desk<'_>) -> Result<Request, Refusal> {
    let account = account_id(words.account_id.0)?;
    let (before, limit) = page(words.cursor, words.limit)?;
    let asset = match words.asset.as_deref() {
        None => None,
        Some(code) => Some(desk.registry().find_asset(code)?.id),
    };
    Ok(Request::LedgerEntries { account, asset, before, limit })
}

fn page(cursor: Option<Int>, limit: Option<Int>) -> Result<(Option<u64>, usize), Refusal> {
    let before = cursor.map(|cursor| whole("cursor", cursor, 0, ID_LAST)).transpose()?;
    let limit = limit.map(|limit| whole("limit", limit, 1, PAGE_MAX)).transpose()?;
    Ok((before, limit.unwrap_or(PAGE_DEFAULT)))
}

const ID_LAST: i64 = i64::MAX >> 10;
const _: () = assert!(ID_LAST.unsigned_abs() == ID_MAX);

/// A field that must be there, if only as null.
fn nullable<'a, T>(field: &'static str, given: &'a Given<T>) -> Result<Option<&'a T>, Refusal> {
    given.get().ok_or_else(|| missing(field))
}

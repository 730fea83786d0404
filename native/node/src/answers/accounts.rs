//! Balances, terms and ledgers as JSON.

use lightning_core::message::{AccountInfo, AssetTotals, Balance, LedgerEntry, LedgerPage};
use lightning_core::types::{Amount, AssetId, SignedAmount};
use lightning_engine::decimal;
use lightning_engine::registry::Registry;
use serde_json::{Value, json};

use super::orders::money_json;
use super::{milliseconds, signed_text};

pub(crate) fn balance_json(registry: &Registry, asset: AssetId, balance: Balance) -> Value {
    let asset = registry.asset(asset);
    let text = |amount: Amount| decimal::format(amount.0, asset.scale);
    json!({
        "asset": asset.code,
        "total": text(balance.total()),
        "available": text(balance.available),
        "frozen": text(balance.frozen),
        "held": text(balance.held),
    })
}

pub(super) fn fees_json(fees: &[(AssetId, Amount)], registry: &Registry) -> Value {
    let lines = fees.iter().filter(|(_, amount)| !amount.is_zero());
    json!({ "fees": lines.map(|&(asset, amount)| money_json(registry, asset, amount)).collect::<Value>() })
}

pub(super) fn account_json(info: &AccountInfo, registry: &Registry) -> Value {
    let fees = info.fees.iter().map(|(symbol, rates)| {
        json!({
            "symbol": symbol.map(|symbol| registry.symbol(symbol).name.clone()),
            "makerPpm": rates.maker_ppm,
            "takerPpm": rates.taker_ppm,
        })
    });
    let limit = info.rate_limit.map(|limit| json!({ "perSecond": limit.per_second, "burst": limit.burst }));
    json!({
        "accountId": info.account.0,
        "status": info.status.as_str(),
        "permissions": { "trade": info.can_trade, "withdraw": info.can_withdraw },
        "stpGroup": info.stp_group.map(|group| group.0),
        "fees": fees.collect::<Value>(),
        "rateLimit": limit,
        "cancelAllAt": info.cancel_all_at.map(milliseconds),
        "openOrders": info.open_orders,
    })
}

pub(super) fn ledger_json(page: &LedgerPage, registry: &Registry) -> Value {
    let entries = page.entries.iter().map(|entry| entry_json(entry, registry));
    json!({ "entries": entries.collect::<Value>(), "next": page.next })
}

fn entry_json(entry: &LedgerEntry, registry: &Registry) -> Value {
    let asset = registry.asset(entry.asset);
    let text = |amount: SignedAmount| signed_text(amount, asset.scale);
    json!({
        "entryId": entry.id,
        "asset": asset.code,
        "type": entry.kind.as_str(),
        "orderId": entry.order.map(|order| order.0),
        "availableChange": text(entry.available_change),
        "frozenChange": text(entry.frozen_change),
        "available": text(entry.available),
        "frozen": text(entry.frozen),
        "seq": entry.cause.0,
        "ts": milliseconds(entry.at),
    })
}

pub(super) fn totals_json(line: &AssetTotals, registry: &Registry) -> Value {
    let asset = registry.asset(line.asset);
    let text = |amount: Amount| decimal::format(amount.0, asset.scale);
    json!({
        "asset": asset.code,
        "deposited": text(line.deposited),
        "withdrawn": text(line.withdrawn),
        "available": text(line.available),
        "frozen": text(line.frozen),
        "reserved": text(line.reserved),
        "held": text(line.held),
        "inTransfer": text(line.in_transfer),
        "feesAccrued": signed_text(line.accrued, asset.scale),
        "holds": line.holds(),
    })
}

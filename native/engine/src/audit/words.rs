//! Records, and what they led to, in JSON: names and decimals in the place of numbers.

use lightning_core::fold::Told;
use lightning_core::log::{OperatorKey, Recorded};
use lightning_core::message::{
    AdmittedOrder, Amend, Balance, NewOrder, NewQuantity, OrderAfter, OrderKind, Outcome, Replace, ReplyTo,
    Request, Settlement, ToSequencer, Trade, TrailOffset, TransferOffer, Trigger,
};
use lightning_core::rules::AccountChange;
use lightning_core::types::{
    AccountId, Amount, AssetId, Price, Quantity, Side, SignedAmount, SymbolId, Timestamp,
};
use serde_json::{Value, json};

use crate::decimal;
use crate::registry::{Registry, Symbol};

/// Writes with the names of a registry.
pub(super) struct Words<'a> {
    pub(super) registry: &'a Registry,
}

impl Words<'_> {
    /// What kind of record it is, what was decided, and whom it names.
    pub(super) fn command(&self, record: &Recorded) -> (&'static str, Value, Vec<AccountId>) {
        let mut accounts = Vec::new();
        let (kind, mut command) = match record {
            Recorded::Account(_, request) => {
                accounts.extend(request.account());
                self.request(request)
            }
            Recorded::TransferOffered(offer) => {
                accounts.extend([offer.from, offer.to]);
                ("TransferOffered", self.offer(offer))
            }
            Recorded::TransferAccepted(offer) => {
                accounts.extend([offer.from, offer.to]);
                ("TransferAccepted", self.offer(offer))
            }
            Recorded::TransferRefused(offer, code) => {
                accounts.extend([offer.from, offer.to]);
                let mut words = self.offer(offer);
                words["code"] = json!(code.as_str());
                ("TransferRefused", words)
            }
            Recorded::MassCancel(mass) => {
                accounts.push(mass.account);
                let filter = &mass.filter;
                let words = json!({
                    "accountId": mass.account.0,
                    "reason": mass.reason.as_str(),
                    "symbol": filter.symbol.map(|symbol| self.name(symbol)),
                    "side": filter.side.map(side),
                    "clientOrderIdPrefix": filter.client_id_prefix.as_ref().map(|prefix| &*prefix.0),
                    "symbols": mass.symbols.iter().map(|&symbol| self.name(symbol)).collect::<Vec<_>>(),
                });
                ("MassCancel", words)
            }
            Recorded::Place(admitted) => {
                accounts.push(admitted.order.account);
                ("Place", self.admitted(admitted))
            }
            Recorded::PlaceOco(list, legs) => {
                accounts.push(legs[0].order.account);
                let [limit, stop] = legs.each_ref().map(|leg| self.admitted(leg));
                ("PlaceOco", json!({ "listId": list.0, "limit": limit, "stop": stop }))
            }
            Recorded::Cancel { account, symbol, order, .. } => {
                accounts.push(*account);
                let words =
                    json!({ "accountId": account.0, "symbol": self.name(*symbol), "orderId": order.0 });
                ("Cancel", words)
            }
            Recorded::Amend(amend) => {
                accounts.push(amend.account);
                ("Amend", self.amend(amend))
            }
            Recorded::Replace(replace) => {
                accounts.push(replace.account);
                ("Replace", self.replace(replace))
            }
            Recorded::CancelMany(many) => {
                accounts.push(many.account);
                let words = json!({
                    "accountId": many.account.0,
                    "symbol": self.name(many.symbol),
                    "orderIds": many.orders.iter().map(|order| order.0).collect::<Vec<_>>(),
                    "reason": many.reason.as_str(),
                    "massCancel": many.mass.0,
                });
                ("CancelMany", words)
            }
            Recorded::CancelBook(symbol) => ("CancelBook", json!({ "symbol": self.name(*symbol) })),
            Recorded::Expire { symbol, order } => {
                ("Expire", json!({ "symbol": self.name(*symbol), "orderId": order.0 }))
            }
            Recorded::CollectFees { account, symbol, .. } => {
                accounts.push(*account);
                ("CollectFees", json!({ "accountId": account.0, "symbol": self.name(*symbol) }))
            }
            Recorded::AddSymbol(spec, _) => ("AddSymbol", self.rules(spec.id())),
            Recorded::SetRules(spec, _) => ("SetRules", self.rules(spec.id())),
            Recorded::RemoveSymbol(symbol) => ("RemoveSymbol", json!({ "symbol": self.name(*symbol) })),
            Recorded::OrderIds { up_to } => ("OrderIds", json!({ "upTo": up_to })),
            Recorded::Operator(key, body) => {
                // Written by an engine as JSON; if it is none it is shown as it is.
                let fact = serde_json::from_slice(body)
                    .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()));
                let key = match key {
                    OperatorKey::Asset(id) => json!({ "asset": id }),
                    OperatorKey::Symbol(id) => json!({ "symbol": id }),
                    OperatorKey::Once(number) => json!({ "requestId": number }),
                };
                ("Operator", json!({ "about": key, "fact": fact }))
            }
            Recorded::Genesis { logic_version } => ("Genesis", json!({ "logicVersion": logic_version })),
            Recorded::CleanShutdown { state_hash } => {
                let hash: String = state_hash.iter().map(|byte| format!("{byte:02x}")).collect();
                ("CleanShutdown", json!({ "stateHash": hash }))
            }
        };
        if let (Some(id), Value::Object(fields)) =
            (reply_to(record).and_then(ReplyTo::request_id), &mut command)
        {
            fields.insert("requestId".into(), json!(id.number));
            if id.lane != 0 {
                fields.insert("requestLane".into(), json!(id.lane));
            }
        }
        (kind, command, accounts)
    }

    /// What a record led to, and whom that concerns.
    pub(super) fn events(&self, record: &Recorded, told: &Told, accounts: &mut Vec<AccountId>) -> Vec<Value> {
        let mut events = Vec::new();
        for trade in &told.trades {
            accounts.extend([trade.maker_account, trade.taker_account]);
            events.push(self.trade(trade));
        }
        for message in &told.to_sequencers {
            accounts.push(message.account());
            events.extend(self.message(record, message));
        }
        match (&told.outcome, record) {
            (Some(Outcome::BalanceChanged { asset, balance }), Recorded::Account(_, request)) => {
                events.extend(request.account().map(|account| self.balance(account, *asset, *balance)));
            }
            (Some(Outcome::BalanceChanged { asset, balance }), Recorded::TransferAccepted(offer)) => {
                events.push(self.balance(offer.from, *asset, *balance));
            }
            (Some(Outcome::Rejected(reject)), _) => {
                events.push(json!({ "event": "Refused", "code": reject.code.as_str() }));
            }
            (Some(Outcome::TimerSet(at)), _) => {
                events.push(json!({ "event": "TimerSet", "at": at.map(milliseconds) }));
            }
            (Some(Outcome::Account(info)), _) => events.push(json!({
                "event": "TermsChanged",
                "accountId": info.account.0,
                "status": info.status.as_str(),
                "canTrade": info.can_trade,
                "canWithdraw": info.can_withdraw,
            })),
            _ => {}
        }
        events
    }

    fn request(&self, request: &Request) -> (&'static str, Value) {
        let funds = |account: &AccountId, asset: &AssetId, amount: &Amount| {
            json!({
                "accountId": account.0,
                "asset": self.code(*asset),
                "amount": self.amount(*asset, *amount),
            })
        };
        match request {
            Request::Deposit { account, asset, amount } => ("Deposit", funds(account, asset, amount)),
            Request::Withdraw { account, asset, amount } => ("Withdraw", funds(account, asset, amount)),
            Request::Hold { account, asset, amount } => ("Hold", funds(account, asset, amount)),
            Request::Release { account, asset, amount } => ("Release", funds(account, asset, amount)),
            Request::CancelAllAfter { account, after_nanos } => {
                ("CancelAllAfter", json!({ "accountId": account.0, "ms": after_nanos / 1_000_000 }))
            }
            Request::Configure { account, change } => {
                let change = self.change(change);
                ("Configure", json!({ "accountId": account.0, "change": change }))
            }
            // No other is decided by a sequencer alone.
            other => ("Account", json!({ "request": format!("{other:?}") })),
        }
    }

    fn change(&self, change: &AccountChange) -> Value {
        match change {
            AccountChange::Status(status) => json!({ "status": status.as_str() }),
            AccountChange::Fees { symbol, rates } => json!({ "fees": {
                "symbol": symbol.map(|symbol| self.name(symbol)),
                "makerPpm": rates.map(|rates| rates.maker_ppm),
                "takerPpm": rates.map(|rates| rates.taker_ppm),
            } }),
            AccountChange::Permissions { trade, withdraw } => {
                json!({ "permissions": { "trade": trade, "withdraw": withdraw } })
            }
            AccountChange::StpGroup(group) => json!({ "stpGroup": group.map(|group| group.0) }),
            AccountChange::RateLimit(limit) => json!({ "rateLimit": limit.map(|limit| json!({
                "perSecond": limit.per_second,
                "burst": limit.burst,
            })) }),
        }
    }

    fn offer(&self, offer: &TransferOffer) -> Value {
        json!({
            "from": offer.from.0,
            "to": offer.to.0,
            "asset": self.code(offer.asset),
            "amount": self.amount(offer.asset, offer.amount),
        })
    }

    fn admitted(&self, admitted: &AdmittedOrder) -> Value {
        let mut words = self.order(&admitted.order);
        let symbol = self.symbol(admitted.order.symbol);
        let gives = symbol.spec.gives(admitted.order.side);
        let more = json!({
            "orderId": admitted.id.0,
            "reserved": { "asset": self.code(gives), "amount": self.amount(gives, admitted.reserved) },
            "makerPpm": admitted.fees.maker_ppm,
            "takerPpm": admitted.fees.taker_ppm,
            "stpGroup": admitted.stp_group.map(|group| group.0),
            "acceptedAt": milliseconds(admitted.accepted_at),
        });
        join(&mut words, more);
        words
    }

    fn order(&self, order: &NewOrder) -> Value {
        let symbol = self.symbol(order.symbol);
        let mut words = json!({
            "accountId": order.account.0,
            "symbol": symbol.name,
            "side": side(order.side),
            "timeInForce": order.tif.as_str(),
            "postOnly": order.post_only,
            "stp": order.stp.as_str(),
        });
        let kind = match order.kind {
            OrderKind::Limit { price, quantity } => json!({
                "price": symbol.price_text(price),
                "quantity": lots(symbol, quantity),
            }),
            OrderKind::MarketByQuantity { quantity } => json!({ "quantity": lots(symbol, quantity) }),
            OrderKind::MarketByQuote { quote } => json!({ "quoteQuantity": symbol.quote_text(quote) }),
        };
        join(&mut words, kind);
        if let Some(extras) = &order.extras {
            let given = json!({
                "clientOrderId": extras.client_id.as_ref().map(|id| &*id.0),
                "maxQuote": extras.max_quote.map(|max| symbol.quote_text(max)),
                "protectionBps": extras.protection_bps,
                "displayQuantity": extras.display.map(|display| lots(symbol, display)),
                "trigger": extras.trigger.map(|trigger| trigger_words(symbol, trigger)),
                "expireAt": extras.expire_at.map(milliseconds),
                "fees": extras.fees.map(|fees| json!({ "makerPpm": fees.maker_ppm, "takerPpm": fees.taker_ppm })),
                "validUntil": extras.valid_until.map(milliseconds),
            });
            if let Value::Object(fields) = given {
                join(&mut words, fields.into_iter().filter(|(_, value)| !value.is_null()).collect());
            }
        }
        words
    }

    fn amend(&self, amend: &Amend) -> Value {
        let symbol = self.symbol(amend.symbol);
        json!({
            "accountId": amend.account.0,
            "symbol": symbol.name,
            "orderId": amend.order.0,
            "newPrice": amend.change.price.map(|price| symbol.price_text(price)),
            "newQuantity": match amend.change.quantity {
                Some(NewQuantity::Total(total)) => Some(lots(symbol, total)),
                _ => None,
            },
            "reduceBy": match amend.change.quantity {
                Some(NewQuantity::ReduceBy(less)) => Some(lots(symbol, less)),
                _ => None,
            },
        })
    }

    fn replace(&self, replace: &Replace) -> Value {
        json!({
            "accountId": replace.account.0,
            "symbol": self.name(replace.symbol),
            "mode": format!("{:?}", replace.mode),
            "orderId": replace.old.ok().map(|order| order.0),
            "place": match &replace.new {
                Ok(new) => self.admitted(new),
                Err(reject) => json!({ "code": reject.code.as_str() }),
            },
        })
    }

    /// A symbol's rules as they are known by now: the fact stands before the record.
    fn rules(&self, symbol: SymbolId) -> Value {
        json!({ "symbol": self.name(symbol), "rules": self.symbol(symbol).to_json() })
    }

    fn trade(&self, trade: &Trade) -> Value {
        let symbol = self.symbol(trade.symbol);
        let fee = |side: Side, fee: SignedAmount| {
            let asset = symbol.spec.fee_asset(side);
            json!({ "asset": self.code(asset), "amount": self.signed(asset, fee) })
        };
        json!({
            "event": "Trade",
            "symbol": symbol.name,
            "tradeId": trade.id.0,
            "price": symbol.price_text(trade.price),
            "quantity": lots(symbol, trade.quantity),
            "quoteQuantity": symbol.quote_text(trade.notional),
            "takerSide": side(trade.taker_side),
            "makerOrderId": trade.maker.0,
            "takerOrderId": trade.taker.0,
            "makerAccountId": trade.maker_account.0,
            "takerAccountId": trade.taker_account.0,
            "makerFee": fee(trade.taker_side.opposite(), trade.maker_fee),
            "takerFee": fee(trade.taker_side, trade.taker_fee),
        })
    }

    fn message(&self, record: &Recorded, message: &ToSequencer) -> Option<Value> {
        match message {
            ToSequencer::Settle(settlement) => Some(self.settlement(record, settlement)),
            ToSequencer::MoveReservation { account, from, to, .. } => Some(json!({
                "event": "ReservationMoved", "accountId": account.0, "fromOrderId": from.0, "toOrderId": to.0,
            })),
            ToSequencer::Amended { account, order, kind, .. } => Some(json!({
                "event": if kind.is_some() { "Amended" } else { "AmendRefused" },
                "accountId": account.0,
                "orderId": order.0,
            })),
            ToSequencer::SiblingAmended { account, order, .. } => {
                Some(json!({ "event": "Amended", "accountId": account.0, "orderId": order.0 }))
            }
            ToSequencer::Credit { account, asset, amount, .. } => Some(json!({
                "event": "Credited",
                "accountId": account.0,
                "asset": self.code(*asset),
                "amount": self.amount(*asset, *amount),
            })),
            // Said by the settlements before it, or by the record itself.
            ToSequencer::OrderMissed { .. }
            | ToSequencer::CanceledMany { .. }
            | ToSequencer::Answer { .. }
            | ToSequencer::TransferOffered(_)
            | ToSequencer::TransferAnswered { .. } => None,
        }
    }

    /// A settlement names no symbol: it is the record's.
    fn settlement(&self, record: &Recorded, settlement: &Settlement) -> Value {
        let mut words = json!({
            "event": "Settled",
            "accountId": settlement.account.0,
            "orderId": settlement.order.0,
            "status": match settlement.after {
                OrderAfter::Pending => "PENDING_TRIGGER",
                OrderAfter::Open => "OPEN",
                OrderAfter::Closed(status) => status.as_str(),
                OrderAfter::Voided => "REFUSED",
            },
            "reason": match settlement.after {
                OrderAfter::Closed(status) => status.reason(),
                _ => None,
            },
        });
        if let Some(symbol) = symbol_of(record).map(|symbol| self.symbol(symbol)) {
            let moved = json!({
                "symbol": symbol.name,
                "filled": lots(symbol, settlement.filled),
                "quoteQuantity": symbol.quote_text(settlement.notional),
                "prevented": lots(symbol, settlement.prevented),
            });
            join(&mut words, moved);
        }
        words
    }

    fn balance(&self, account: AccountId, asset: AssetId, balance: Balance) -> Value {
        json!({
            "event": "BalanceChanged",
            "accountId": account.0,
            "asset": self.code(asset),
            "total": self.amount(asset, balance.total()),
            "available": self.amount(asset, balance.available),
            "frozen": self.amount(asset, balance.frozen),
        })
    }

    fn symbol(&self, id: SymbolId) -> &Symbol {
        self.registry.symbol(id)
    }

    fn name(&self, id: SymbolId) -> &str {
        &self.symbol(id).name
    }

    fn code(&self, id: AssetId) -> &str {
        &self.registry.asset(id).code
    }

    fn amount(&self, asset: AssetId, amount: Amount) -> String {
        decimal::format(amount.0, self.registry.asset(asset).scale)
    }

    fn signed(&self, asset: AssetId, amount: SignedAmount) -> String {
        let text = decimal::format(amount.0.unsigned_abs(), self.registry.asset(asset).scale);
        if amount.0 < 0 { format!("-{text}") } else { text }
    }
}

fn lots(symbol: &Symbol, quantity: Quantity) -> String {
    symbol.quantity_text(u128::from(quantity.0))
}

fn trigger_words(symbol: &Symbol, trigger: Trigger) -> Value {
    let price = |price: Price| symbol.price_text(price);
    match trigger {
        Trigger::Stop { price: at } => json!({ "stop": price(at) }),
        Trigger::TakeProfit { price: at } => json!({ "takeProfit": price(at) }),
        Trigger::Trailing { offset, activation } => json!({
            "trailBps": match offset { TrailOffset::Bps(bps) => Some(bps), TrailOffset::Ticks(_) => None },
            "trailAmount": match offset { TrailOffset::Ticks(ticks) => Some(price(ticks)), TrailOffset::Bps(_) => None },
            "activationPrice": activation.map(price),
        }),
    }
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

const fn milliseconds(at: Timestamp) -> u64 {
    at.0 / 1_000_000
}

fn join(words: &mut Value, more: Value) {
    if let (Value::Object(words), Value::Object(more)) = (words, more) {
        words.extend(more);
    }
}

/// Whom a record answers.
fn reply_to(record: &Recorded) -> Option<&ReplyTo> {
    match record {
        Recorded::Account(to, _) | Recorded::Cancel { to, .. } | Recorded::CollectFees { to, .. } => Some(to),
        Recorded::TransferOffered(offer) => Some(&offer.to_reply),
        Recorded::MassCancel(mass) => mass.to.as_ref(),
        Recorded::Place(admitted) => Some(&admitted.to),
        Recorded::PlaceOco(_, legs) => Some(&legs[0].to),
        Recorded::Amend(amend) => Some(&amend.to),
        Recorded::Replace(replace) => Some(&replace.to),
        _ => None,
    }
}

/// The book that a record is about.
fn symbol_of(record: &Recorded) -> Option<SymbolId> {
    match record {
        Recorded::Place(admitted) => Some(admitted.order.symbol),
        Recorded::PlaceOco(_, legs) => Some(legs[0].order.symbol),
        Recorded::Cancel { symbol, .. }
        | Recorded::CollectFees { symbol, .. }
        | Recorded::Expire { symbol, .. }
        | Recorded::CancelBook(symbol)
        | Recorded::RemoveSymbol(symbol) => Some(*symbol),
        Recorded::Amend(amend) => Some(amend.symbol),
        Recorded::Replace(replace) => Some(replace.symbol),
        Recorded::CancelMany(many) => Some(many.symbol),
        Recorded::AddSymbol(spec, _) | Recorded::SetRules(spec, _) => Some(spec.id()),
        _ => None,
    }
}

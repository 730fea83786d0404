//! Reading scripts: from words to requests, rules and times.

use lightning_core::fees::FeeRates;
use lightning_core::message::{
    AmendChange, ClientOrderId, Extras, NewOrder, NewQuantity, OnlyIf, OrderFilter, OrderKind, OrderRef,
    ReplaceMode, ReplaceRequest, Request, RequestId, StpMode, TimeInForce, TrailOffset, Trigger,
};
use lightning_core::rules::{
    AccountChange, AccountStatus, OrderType, PriceBand, RateLimit, SymbolRules, SymbolStatus,
};
use lightning_core::spec::{SymbolLimits, SymbolSpec};
use lightning_core::types::{
    AccountId, Amount, AssetId, OrderId, Price, Quantity, Side, StpGroup, SymbolId, Timestamp,
};

pub(super) const SECOND: u64 = 1_000_000_000;

/// Who and what a script names, numbered as they come up.
#[derive(Default)]
pub(super) struct Dictionary {
    pub(super) accounts: Names,
    pub(super) assets: Names,
    pub(super) symbols: Names,
    /// By symbol: the mode of an order that names none.
    pub(super) default_stp: Vec<StpMode>,
}

/// A command of an account: what it asks, and its request id.
pub(super) struct Asked {
    pub(super) request: Request,
    pub(super) request_id: Option<Box<RequestId>>,
}

impl Dictionary {
    pub(super) fn account(&mut self, name: &str) -> AccountId {
        assert!(name.starts_with(|c: char| c.is_ascii_uppercase()), "not an account: {name}");
        AccountId(u64::from(self.accounts.number(name)) + 1)
    }

    pub(super) fn asset(&mut self, name: &str) -> AssetId {
        AssetId(self.assets.number(name))
    }

    pub(super) fn symbol(&self, name: &str) -> SymbolId {
        // A symbol that nobody announced.
        if name == "NOWHERE" { SymbolId(99) } else { SymbolId(self.symbols.known(name)) }
    }

    /// What an account asks for.
    pub(super) fn asked(&mut self, words: &[&str]) -> Asked {
        let mut words = words.to_vec();
        let request_id = words.iter().position(|word| *word == "id").map(|at| {
            let number = words.remove(at + 1);
            words.remove(at);
            let (lane, number) = number.split_once(':').unwrap_or(("0", number));
            // Different words, another fingerprint.
            let mut fingerprint = 1_u64;
            for byte in words.join(" ").bytes() {
                fingerprint = fingerprint.wrapping_mul(1_099_511_628_211) ^ u64::from(byte);
            }
            let lane = u32::try_from(number_of(lane)).expect("a lane");
            Box::new(RequestId { lane, number: small(number), fingerprint })
        });
        Asked { request: self.request(&words), request_id }
    }

    fn request(&mut self, words: &[&str]) -> Request {
        let account = self.account(words[0]);
        let verb = words.get(1).copied().unwrap_or_default();
        match (verb, &words[2.min(words.len())..]) {
            ("buy" | "sell", _) => Request::Place(self.order(account, &words[1..])),
            ("test", order) => Request::Test(self.order(account, order)),
            ("oco", legs) => Request::PlaceOco(Box::new(self.oco(account, legs))),
            ("cancel", [order, rest @ ..]) => {
                let mut rest = Words(rest);
                let (mut symbol, mut only_if) = (None, None);
                while let Some(word) = rest.next() {
                    match word {
                        "on" => symbol = Some(self.symbol(rest.value())),
                        "if" => only_if = Some(self::only_if(rest.value())),
                        _ => panic!("not a condition of a cancel: {word}"),
                    }
                }
                Request::Cancel { account, order: order_ref(order), symbol, only_if }
            }
            ("amend", [order, rest @ ..]) => {
                let mut rest = Words(rest);
                let mut symbol = SymbolId(0);
                let mut change = AmendChange { quantity: None, price: None };
                while let Some(word) = rest.next() {
                    match word {
                        "to" => change.quantity = Some(NewQuantity::Total(Quantity(small(rest.value())))),
                        "by" => change.quantity = Some(NewQuantity::ReduceBy(Quantity(small(rest.value())))),
                        "at" => change.price = Some(Price(small(rest.value()))),
                        "on" => symbol = self.symbol(rest.value()),
                        _ => panic!("not a change of an order: {word}"),
                    }
                }
                Request::Amend { account, symbol, order: order_ref(order), change }
            }
            ("replace", [order, rest @ ..]) => {
                let with = rest.iter().position(|word| *word == "with").expect("with what?");
                let new = self.order(account, &rest[with + 1..]);
                let mut replace = ReplaceRequest {
                    old: order_ref(order),
                    only_if: None,
                    new,
                    mode: ReplaceMode::StopOnFailure,
                };
                let mut how = Words(&rest[..with]);
                while let Some(word) = how.next() {
                    match word {
                        "if" => replace.only_if = Some(only_if(how.value())),
                        "whatever" => replace.mode = ReplaceMode::AllowFailure,
                        "atomic" => replace.mode = ReplaceMode::Atomic,
                        _ => panic!("not a way to replace: {word}"),
                    }
                }
                Request::Replace(Box::new(replace))
            }
            ("cancel-all", ["after", after]) => {
                Request::CancelAllAfter { account, after_nanos: duration(after) }
            }
            ("cancel-all", rest) => {
                let mut rest = Words(rest);
                let mut filter = OrderFilter::default();
                while let Some(word) = rest.next() {
                    match word {
                        "buys" => filter.side = Some(Side::Buy),
                        "sells" => filter.side = Some(Side::Sell),
                        "named" => filter.client_id_prefix = Some(ClientOrderId(rest.value().into())),
                        "on" => filter.symbol = Some(self.symbol(rest.value())),
                        _ => panic!("not a filter: {word}"),
                    }
                }
                Request::CancelAll { account, filter }
            }
            ("withdraw", [asset, amount]) => {
                Request::Withdraw { account, asset: self.asset(asset), amount: amount_of(amount) }
            }
            ("transfer", [asset, amount, "to", to]) => {
                let to = self.account(to);
                Request::Transfer { account, to, asset: self.asset(asset), amount: amount_of(amount) }
            }
            ("hold", [asset, amount]) => {
                Request::Hold { account, asset: self.asset(asset), amount: amount_of(amount) }
            }
            ("release", [asset, amount]) => {
                Request::Release { account, asset: self.asset(asset), amount: amount_of(amount) }
            }
            ("deposit", [asset, amount]) => {
                Request::Deposit { account, asset: self.asset(asset), amount: amount_of(amount) }
            }
            ("collect", []) => Request::CollectFees { account, symbol: SymbolId(0) },
            ("collect", ["on", symbol]) => Request::CollectFees { account, symbol: self.symbol(symbol) },
            ("recall", []) => Request::Recall { account },
            ("is" | "may" | "pays" | "group" | "rate", rest) => {
                Request::Configure { account, change: self.account_change(verb, rest) }
            }
            _ => panic!("not a command: {words:?}"),
        }
    }

    fn account_change(&self, verb: &str, rest: &[&str]) -> AccountChange {
        match (verb, rest) {
            ("is", [status]) => {
                let found = AccountStatus::ALL.into_iter().find(|each| each.as_str() == *status);
                AccountChange::Status(found.unwrap_or_else(|| panic!("not a status: {status}")))
            }
            ("may", rest) => {
                let trade = rest.contains(&"trade");
                AccountChange::Permissions { trade, withdraw: rest.contains(&"withdraw") }
            }
            ("pays", [rates, rest @ ..]) => {
                let symbol = match rest {
                    [] => None,
                    ["on", symbol] => Some(self.symbol(symbol)),
                    _ => panic!("pays what? {rest:?}"),
                };
                let rates = (*rates != "default").then(|| fee_rates(rates));
                AccountChange::Fees { symbol, rates }
            }
            ("group", ["none"]) => AccountChange::StpGroup(None),
            ("group", [group]) => {
                AccountChange::StpGroup(Some(StpGroup(u32::try_from(number_of(group)).expect("a group"))))
            }
            ("rate", ["none"]) => AccountChange::RateLimit(None),
            ("rate", [per_second, burst]) => {
                let number = |text| u32::try_from(number_of(text)).expect("a rate");
                let limit = RateLimit { per_second: number(per_second), burst: number(burst) };
                AccountChange::RateLimit(Some(limit))
            }
            _ => panic!("not a change of an account's terms: {verb} {rest:?}"),
        }
    }

    /// `sell 10 @ 9 post-only / @ 3 stop 4`: the second leg has the first one's side and quantity.
    fn oco(&mut self, account: AccountId, words: &[&str]) -> [NewOrder; 2] {
        let at = words.iter().position(|word| *word == "/").expect("two legs, apart by /");
        let limit = self.order(account, &words[..at]);
        let rest = &words[at + 1..];
        let side = words[0];
        let first: &[&str] = if rest[0] == "@" { &[] } else { &["@", "market"] };
        let symbol: Vec<&str> = match words[..at].iter().position(|word| *word == "on") {
            Some(on) => words[on..=on + 1].to_vec(),
            None => Vec::new(),
        };
        let words: Vec<&str> =
            [side, words[1]].iter().chain(first).chain(rest).chain(&symbol).copied().collect();
        [limit, self.order(account, &words)]
    }

    /// `buy 10 @ 5`, `sell for 100 USD @ market`, with what else it has.
    fn order(&mut self, account: AccountId, words: &[&str]) -> NewOrder {
        let mut words = Words(words);
        let side = match words.value() {
            "buy" => Side::Buy,
            "sell" => Side::Sell,
            other => panic!("neither buy nor sell: {other}"),
        };
        let first = words.value();
        let quote = (first == "for").then(|| {
            let quote = amount_of(words.value());
            self.asset(words.value());
            quote
        });
        assert_eq!(words.value(), "@", "at which price?");
        let price = words.value();
        let kind = match (quote, price) {
            (Some(quote), "market") => OrderKind::MarketByQuote { quote },
            (Some(_), _) => panic!("an amount of quote is spent at market"),
            (None, "market") => OrderKind::MarketByQuantity { quantity: Quantity(small(first)) },
            (None, price) => {
                OrderKind::Limit { price: Price(small(price)), quantity: Quantity(small(first)) }
            }
        };
        let mut order = match kind {
            OrderKind::Limit { price, quantity } => {
                NewOrder::limit(account, SymbolId(0), side, price, quantity)
            }
            kind => NewOrder::market(account, SymbolId(0), side, kind),
        };
        let mut extras = Extras::default();
        let (mut stp, mut trail, mut activation) = (None, None, None);
        while let Some(word) = words.next() {
            match word {
                "on" => order.symbol = self.symbol(words.value()),
                "ioc" => order.tif = TimeInForce::Ioc,
                "fok" => order.tif = TimeInForce::Fok,
                "day" => order.tif = TimeInForce::Day,
                "gtd" => {
                    order.tif = TimeInForce::Gtd;
                    extras.expire_at = Some(time(words.value()));
                }
                "until" => extras.valid_until = Some(time(words.value())),
                "post-only" => order.post_only = true,
                "stp" => stp = Some(stp_mode(words.value())),
                "max" => extras.max_quote = Some(amount_of(words.value())),
                "protect" => extras.protection_bps = Some(bps(words.value())),
                "show" => extras.display = Some(Quantity(small(words.value()))),
                "stop" => extras.trigger = Some(Trigger::Stop { price: Price(small(words.value())) }),
                "take-profit" => {
                    extras.trigger = Some(Trigger::TakeProfit { price: Price(small(words.value())) });
                }
                "trail" => {
                    let offset = words.value();
                    trail = Some(match offset.strip_suffix("bps") {
                        Some(of) => TrailOffset::Bps(bps(of)),
                        None => TrailOffset::Ticks(Price(small(offset))),
                    });
                }
                "from" => activation = Some(Price(small(words.value()))),
                "as" => extras.client_id = Some(ClientOrderId(words.value().into())),
                "fees" => extras.fees = Some(fee_rates(words.value())),
                _ => panic!("not a term of an order: {word}"),
            }
        }
        if let Some(offset) = trail {
            extras.trigger = Some(Trigger::Trailing { offset, activation });
        }
        let default = self.default_stp.get(order.symbol.0 as usize).copied().unwrap_or_default();
        order.stp = stp.unwrap_or(default);
        order.extras = (extras != Extras::default()).then(|| Box::new(extras));
        order
    }
}

/// A symbol's rules as they change: `status HALT fees 0/1000 band 500/500/500/500 ...`. True if orders may be
/// canceled for it.
pub(super) fn change_rules(words: &[&str], spec: &mut SymbolSpec, rules: &mut SymbolRules) -> bool {
    let mut words = Words(words);
    let mut limits = *spec.limits();
    let mut cancel_open = false;
    while let Some(word) = words.next() {
        if word == "cancel-open" {
            cancel_open = true;
            continue;
        }
        let value = words.value();
        let some = |text: &str| (text != "none").then(|| text.to_owned());
        let price = |text: &str| some(text).map(|text| Price(small(&text)));
        let quantity = |text: &str| some(text).map(|text| Quantity(small(&text)));
        let count = |text: &str| some(text).map(|text| u32::try_from(number_of(&text)).expect("a count"));
        match word {
            "status" => {
                let found = SymbolStatus::ALL.into_iter().find(|each| each.as_str() == value);
                rules.status = found.unwrap_or_else(|| panic!("not a status: {value}"));
            }
            "fees" => rules.fees = fee_rates(value),
            "net-rebate" => rules.allow_net_rebate = yes(value),
            "notional" => (limits.notional_min, rules.notional_max) = notional(value),
            "notional-at-market" => rules.notional_applies_to_market = yes(value),
            "market-max" => rules.market_quantity_max = quantity(value),
            "price" => (limits.price_min, limits.price_max) = range(value, Price),
            "quantity" => (limits.quantity_min, limits.quantity_max) = range(value, Quantity),
            "band" => rules.band = some(value).map(|text| band(&text)),
            "floor" => rules.price_floor = price(value),
            "cap" => rules.price_cap = price(value),
            "reference" => rules.reference_price = price(value),
            "minutes" => rules.reference_minutes = count(value).unwrap_or(0),
            "protect" => rules.market_protection_bps = count(value),
            "open" => rules.open_orders_max = count(value),
            "conditional" => rules.conditional_max = count(value),
            "icebergs" => rules.icebergs_max = count(value),
            "lists" => rules.lists_max = count(value),
            "position" => rules.position_max = quantity(value),
            "trail" => {
                let (least, most) = value.split_once("..").expect("a range");
                rules.trail_bps = (bps(least), bps(most));
            }
            "parts" => rules.iceberg_parts_max = count(value).expect("a number"),
            "amends" => rules.amends_max = count(value),
            "stp" => rules.default_stp = stp_mode(value),
            "types" => {
                rules.order_types = value.split(',').fold(0, |bits, name| {
                    let found = OrderType::ALL.into_iter().find(|each| each.as_str() == name);
                    bits | 1 << found.unwrap_or_else(|| panic!("not an order type: {name}")) as u16
                });
            }
            "session" => rules.session_end_nanos = time(value).0,
            _ => panic!("not a rule of a symbol: {word}"),
        }
    }
    match spec.with_limits(limits) {
        Ok(with_limits) => *spec = with_limits,
        Err(error) => panic!("not sound: {error:?}"),
    }
    cancel_open
}

pub(super) const LIMITS: SymbolLimits = SymbolLimits {
    price_min: Price(1),
    price_max: Price(1_000_000),
    quantity_min: Quantity(1),
    quantity_max: Quantity(1_000_000),
    notional_min: Amount(0),
};

/// Words, one after the other.
pub(super) struct Words<'a>(pub(super) &'a [&'a str]);

impl<'a> Words<'a> {
    pub(super) fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    pub(super) fn value(&mut self) -> &'a str {
        self.next().expect("something is missing at the end")
    }
}

pub(super) fn order_ref(text: &str) -> OrderRef {
    let number = text.strip_prefix('o').and_then(|number| number.parse().ok());
    match number {
        Some(number) => OrderRef::Id(OrderId(number)),
        None => {
            let named = text.strip_prefix('#').unwrap_or_else(|| panic!("not an order: {text}"));
            OrderRef::Client(ClientOrderId(named.into()))
        }
    }
}

fn only_if(text: &str) -> OnlyIf {
    match text {
        "NEW" => OnlyIf::New,
        "PARTIALLY_FILLED" => OnlyIf::PartiallyFilled,
        _ => panic!("not a state: {text}"),
    }
}

fn stp_mode(text: &str) -> StpMode {
    StpMode::ALL
        .into_iter()
        .find(|mode| mode.as_str() == text)
        .unwrap_or_else(|| panic!("not a mode: {text}"))
}

/// Maker and taker, in parts per million: `-100/1000`.
fn fee_rates(text: &str) -> FeeRates {
    let (maker, taker) = text.split_once('/').expect("maker/taker");
    let maker_ppm = maker.replace('_', "").parse().expect("a maker's rate");
    FeeRates { maker_ppm, taker_ppm: u32::try_from(number_of(taker)).expect("a taker's rate") }
}

/// Of buys up and down, of sells up and down, in basis points.
fn band(text: &str) -> PriceBand {
    let parts: Vec<u32> = text.split('/').map(bps).collect();
    let [bid_up_bps, bid_down_bps, ask_up_bps, ask_down_bps] = parts[..] else {
        panic!("not a band: {text}");
    };
    PriceBand { bid_up_bps, bid_down_bps, ask_up_bps, ask_down_bps }
}

fn notional(text: &str) -> (Amount, Option<Amount>) {
    match text.split_once("..") {
        None => (amount_of(text), None),
        Some((least, most)) => (amount_of(least), Some(amount_of(most))),
    }
}

fn range<T>(text: &str, unit: fn(u64) -> T) -> (T, T) {
    let (least, most) = text.split_once("..").expect("a range");
    (unit(small(least)), unit(small(most)))
}

fn yes(text: &str) -> bool {
    match text {
        "yes" => true,
        "no" => false,
        _ => panic!("neither yes nor no: {text}"),
    }
}

fn bps(text: &str) -> u32 {
    u32::try_from(number_of(text)).expect("basis points")
}

/// A time of day, `12:30` or `12:30:05`, on the script's first day, or on another: `1d00:00`.
pub(super) fn time(text: &str) -> Timestamp {
    let (days, of_day) = text.split_once('d').unwrap_or(("0", text));
    let mut seconds = 0;
    for part in of_day.split(':') {
        seconds = seconds * 60 + small(part);
    }
    if of_day.split(':').count() == 2 {
        seconds *= 60;
    }
    Timestamp((small(days) * 86_400 + seconds) * SECOND)
}

/// `250ms`, `5s`, `10m`, `2h`, or nothing: `0`.
pub(super) fn duration(text: &str) -> u64 {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ns" => 1,
        "ms" => SECOND / 1_000,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3_600 * SECOND,
        "" if digits == "0" => 0,
        unit => panic!("not a unit of time: {unit}"),
    };
    small(digits) * unit
}

pub(super) fn order_id(text: &str) -> OrderId {
    match order_ref(text) {
        OrderRef::Id(id) => id,
        OrderRef::Client(_) => panic!("not an order's id: {text}"),
    }
}

pub(super) fn number_of(text: &str) -> u128 {
    let digits = text.replace('_', "");
    digits.parse().unwrap_or_else(|_| panic!("not a number: {text}"))
}

pub(super) fn small(text: &str) -> u64 {
    u64::try_from(number_of(text)).unwrap_or_else(|_| panic!("not a 64-bit number: {text}"))
}

fn amount_of(text: &str) -> Amount {
    Amount(number_of(text))
}

/// Names, numbered from 0 as they come up.
#[derive(Default)]
pub(super) struct Names(Vec<String>);

impl Names {
    pub(super) fn number(&mut self, name: &str) -> u32 {
        if !self.0.iter().any(|known| known == name) {
            self.0.push(name.to_owned());
        }
        self.known(name)
    }

    pub(super) fn known(&self, name: &str) -> u32 {
        let at = self.0.iter().position(|known| known == name);
        u32::try_from(at.unwrap_or_else(|| panic!("who or what is {name}?"))).expect("few names")
    }

    pub(super) fn name(&self, number: u32) -> &str {
        &self.0[number as usize]
    }

    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.0.len()).expect("few names")
    }
}

//! Commands as a trader would say them.

use std::fmt::{self, Write};

use lightning_core::message::{
    AmendChange, Extras, NewOrder, NewQuantity, OnlyIf, OrderKind, StpMode, TimeInForce, TrailOffset, Trigger,
};
use lightning_core::rules::SymbolRules;
use lightning_core::spec::SymbolSpec;
use lightning_core::types::Side;

use super::{Action, LATE, Setup, Target, client_id};

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deposit(account, asset, amount) => {
                write!(f, "a{account} deposits {amount} of asset {asset}")
            }
            Self::Withdraw(account, asset, amount) => {
                write!(f, "a{account} withdraws {amount} of asset {asset}")
            }
            Self::Transfer(account, to, asset, amount) => {
                write!(f, "a{account} transfers {amount} of asset {asset} to a{to}")
            }
            Self::Hold(account, asset, amount) => write!(f, "a{account} holds {amount} of asset {asset}"),
            Self::Release(account, asset, amount) => {
                write!(f, "a{account} releases {amount} of asset {asset}")
            }
            Self::Place(order) => write!(f, "{}", Told(order)),
            Self::Test(order) => write!(f, "to test: {}", Told(order)),
            Self::PlaceOco(legs) => {
                write!(f, "one cancels the other: {} / {}", Told(&legs[0]), Told(&legs[1]))
            }
            Self::Cancel(account, target, symbol, only_if) => {
                write!(f, "a{account} cancels {target}")?;
                if let Some(symbol) = symbol {
                    write!(f, " on s{symbol}")?;
                }
                tell_only_if(*only_if, f)
            }
            Self::Amend(account, symbol, target, AmendChange { quantity, price }) => {
                write!(f, "a{account} amends {target} on s{symbol}:")?;
                match quantity {
                    None => {}
                    Some(NewQuantity::Total(total)) => write!(f, " to {total}")?,
                    Some(NewQuantity::ReduceBy(less)) => write!(f, " by {less} less")?,
                }
                price.map_or(Ok(()), |price| write!(f, " @ {price}"))
            }
            Self::Replace(target, only_if, mode, order) => {
                write!(f, "a{} replaces {target}", order.account)?;
                tell_only_if(*only_if, f)?;
                write!(f, " ({mode:?}) by: {}", Told(order))
            }
            Self::CancelAll(account, filter) => {
                write!(f, "a{account} cancels everything")?;
                if let Some(symbol) = filter.symbol {
                    write!(f, " on s{symbol}")?;
                }
                if let Some(side) = filter.side {
                    write!(f, " of side {side:?}")?;
                }
                match &filter.client_id_prefix {
                    None => Ok(()),
                    Some(prefix) => write!(f, " named {}*", prefix.0),
                }
            }
            Self::CancelAllAfter(account, 0) => write!(f, "a{account} disarms the timer"),
            Self::CancelAllAfter(account, nanos) => write!(f, "a{account} sets the timer to {nanos} ns"),
            Self::CollectFees(account, symbol) => write!(f, "fees of s{symbol} go to a{account}"),
            Self::Configure(account, change) => write!(f, "a{account} becomes {change:?}"),
            Self::Balances(account) => write!(f, "a{account} asks for balances"),
            Self::Account(account) => write!(f, "a{account} asks for its terms"),
            Self::Order(account, target) => write!(f, "a{account} asks for {target}"),
            Self::OrderByClientId(account, number) => {
                write!(f, "a{account} asks for {}", Target::Named(*number))
            }
            Self::OpenOrders(account, symbol) => {
                write!(f, "a{account} asks for open orders")?;
                symbol.map_or(Ok(()), |symbol| write!(f, " of s{symbol}"))
            }
            Self::ClosedOrders(account, symbol) => {
                write!(f, "a{account} asks for closed orders")?;
                symbol.map_or(Ok(()), |symbol| write!(f, " of s{symbol}"))
            }
            Self::SetRules(change, cancel_open) => {
                write!(f, "s{} gets new rules: {}", change.0.id(), tell_rules(&change.0, &change.1))?;
                if *cancel_open { f.write_str(", its orders go") } else { Ok(()) }
            }
            Self::CancelBook(symbol) => write!(f, "everything on s{symbol} is canceled"),
            Self::Wait(nanos) => write!(f, "{nanos} ns go by"),
        }
    }
}

fn tell_only_if(only_if: Option<OnlyIf>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    only_if.map_or(Ok(()), |only_if| write!(f, " if {only_if:?}"))
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(ago) => write!(f, "their open order {ago} ago"),
            Self::Own(ago) => write!(f, "their order {ago} ago"),
            Self::Anyone(ago) => write!(f, "anybody's order {ago} ago"),
            Self::Id(id) => write!(f, "order {id}"),
            Self::Named(number) => write!(f, "'{}'", client_id(*number).0),
        }
    }
}

/// A new order in words.
struct Told<'a>(&'a NewOrder);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NewOrder { account, symbol, side, kind, tif, post_only, stp, extras } = self.0;
        let verb = match side {
            Side::Buy => "buys",
            Side::Sell => "sells",
        };
        write!(f, "a{account} {verb} ")?;
        match kind {
            OrderKind::Limit { price, quantity } => write!(f, "{quantity} @ {price}")?,
            OrderKind::MarketByQuantity { quantity } => write!(f, "{quantity} at market")?,
            OrderKind::MarketByQuote { quote } => write!(f, "for {quote} quote at market")?,
        }
        write!(f, " on s{symbol}")?;
        let usual = if kind.price().is_some() { TimeInForce::Gtc } else { TimeInForce::Ioc };
        if *tif != usual {
            write!(f, ", {}", tif.as_str())?;
        }
        if *post_only {
            f.write_str(", post-only")?;
        }
        if *stp != StpMode::default() {
            write!(f, ", {}", stp.as_str())?;
        }
        extras.as_ref().map_or(Ok(()), |extras| tell_extras(extras, f))
    }
}

fn tell_extras(extras: &Extras, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Extras { client_id, max_quote, protection_bps, display, trigger, expire_at, fees, valid_until } =
        extras;
    match trigger {
        None => {}
        Some(Trigger::Stop { price }) => write!(f, ", stop at {price}")?,
        Some(Trigger::TakeProfit { price }) => write!(f, ", take profit at {price}")?,
        Some(Trigger::Trailing { offset, activation }) => {
            match offset {
                TrailOffset::Bps(bps) => write!(f, ", trailing by {bps} bps")?,
                TrailOffset::Ticks(ticks) => write!(f, ", trailing by {ticks} ticks")?,
            }
            if let Some(price) = activation {
                write!(f, " from {price} on")?;
            }
        }
    }
    if let Some(client_id) = client_id {
        write!(f, ", named '{}'", client_id.0)?;
    }
    if let Some(display) = display {
        write!(f, ", showing {display}")?;
    }
    if let Some(max_quote) = max_quote {
        write!(f, ", for at most {max_quote}")?;
    }
    if let Some(bps) = protection_bps {
        write!(f, ", protected by {bps} bps")?;
    }
    if let Some(at) = expire_at {
        write!(f, ", for {} - {LATE} ns", at.0)?;
    }
    if let Some(until) = valid_until {
        write!(f, ", valid {} - {LATE} ns", until.0)?;
    }
    fees.map_or(Ok(()), |fees| write!(f, ", fees {}/{} ppm", fees.maker_ppm, fees.taker_ppm))
}

/// A symbol's bounds and rules, those apart that are as usual.
fn tell_rules(spec: &SymbolSpec, rules: &SymbolRules) -> String {
    let limits = spec.limits();
    let mut text = format!(
        "prices {} to {}, quantities {} to {}",
        limits.price_min, limits.price_max, limits.quantity_min, limits.quantity_max
    );
    if !limits.notional_min.is_zero() {
        let _ = write!(text, ", worth {} at least", limits.notional_min);
    }
    // Field by field, so that only what is unusual has to be read.
    let (told, usual) = (format!("{rules:?}"), format!("{:?}", SymbolRules::default()));
    let fields = |text: &str| -> Vec<String> {
        let inner = text.trim_start_matches("SymbolRules { ").trim_end_matches(" }");
        let (mut fields, mut depth, mut field) = (Vec::new(), 0_i32, String::new());
        for letter in inner.chars() {
            depth += i32::from(matches!(letter, '(' | '{')) - i32::from(matches!(letter, ')' | '}'));
            if letter == ',' && depth == 0 {
                fields.push(std::mem::take(&mut field).trim().to_owned());
            } else {
                field.push(letter);
            }
        }
        fields.push(field.trim().to_owned());
        fields
    };
    for (told, _) in fields(&told).iter().zip(&fields(&usual)).filter(|(told, usual)| told != usual) {
        let _ = write!(text, ", {told}");
    }
    text
}

/// A market as it is read by people.
impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (spec, rules) in self.symbols.iter().zip(&self.rules) {
            writeln!(
                f,
                "  symbol s{}: base {} in lots of {}, quote {} in {} per tick and lot, fees {:?}; {}",
                spec.id(),
                spec.base(),
                spec.lot_atoms(),
                spec.quote(),
                spec.tick_lot_atoms(),
                spec.fee_mode(),
                tell_rules(spec, rules),
            )?;
        }
        writeln!(f, "  {:?}, from {} on, {} ns each", self.limits, self.start.0, self.pace)
    }
}

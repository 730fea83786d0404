//! What must hold after every line, whatever it was: added up from trades and settlements by plain integers, and
//! compared with what the shards say when they are asked.
//!
//! - What an order has traded and paid is what its trades say; quantity = filled + prevented + canceled + open.
//! - What it has reserved is what the table of docs/SEMANTICS.md gives for what is open of it; closed, nothing.
//! - What an account has frozen is the sum of that, and what it holds.
//! - Per asset: deposits - withdrawals = balances + accrued fees.
//! - Books agree with themselves, are not crossed, and hold exactly the open orders that do not wait.
//! - The book sequence counts changes, trades are numbered without holes.
//! - At rest the last ledger entries of an account are its balances.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use lightning_core::book::OrderBook;
use lightning_core::fees::FeeMode;
use lightning_core::matcher::Market;
use lightning_core::message::{
    AssetTotals, NewOrder, Order, OrderAfter, OrderKind, OrderStatus, Outcome, PlacedOrder, Reply, Request,
    Settlement, ToMatcher, Trade,
};
use lightning_core::outbox::MatcherOutbox;
use lightning_core::types::{AccountId, Amount, AssetId, OrderId, Price, Side, SymbolId, Timestamp};

use super::Session;

/// An order, as what is said about it adds up.
#[derive(Clone, Debug)]
pub(super) struct Tracked {
    account: AccountId,
    symbol: SymbolId,
    pub(super) filled: u128,
    notional: u128,
    prevented: u128,
    fee: i128,
    pending: bool,
    closed: Option<OrderStatus>,
    accepted_at: Timestamp,
    updated_at: Timestamp,
}

impl<B: OrderBook> Session<B> {
    /// An order is passed on to its matcher.
    pub(super) fn track(&mut self, message: &ToMatcher) {
        let admitted = match message {
            ToMatcher::Admit(admitted) => std::slice::from_ref(admitted),
            ToMatcher::AdmitOco { legs, .. } => &legs[..],
            ToMatcher::Replace(replace) => match &replace.new {
                Ok(admitted) => std::slice::from_ref(&**admitted),
                Err(_) => return,
            },
            _ => return,
        };
        // Its sequencer has refused it already and has not remembered it.
        if admitted[0].late.as_ref().is_some_and(|late| late.refusal.is_some()) {
            return;
        }
        for admitted in admitted {
            let tracked = Tracked {
                account: admitted.order.account,
                symbol: admitted.order.symbol,
                filled: 0,
                notional: 0,
                prevented: 0,
                fee: 0,
                pending: admitted.order.trigger().is_some(),
                closed: None,
                accepted_at: self.now,
                updated_at: self.now,
            };
            assert!(self.orders.insert(admitted.id.0, tracked).is_none(), "an id was used twice");
        }
    }

    /// Two orders have traded.
    pub(super) fn traded(&mut self, trade: &Trade) {
        let (spec, _) = self.symbols[trade.symbol.0 as usize];
        let notional = u128::from(trade.price.0) * u128::from(trade.quantity.0) * spec.tick_lot_atoms();
        assert_eq!(trade.notional.0, notional, "what a trade is worth");
        assert_eq!(trade.at, self.now);
        for (id, account, fee) in [
            (trade.maker, trade.maker_account, trade.maker_fee),
            (trade.taker, trade.taker_account, trade.taker_fee),
        ] {
            let order = self.orders.get_mut(&id.0).expect("an order that was passed on");
            assert!(order.closed.is_none() && order.symbol == trade.symbol && order.account == account);
            order.filled += u128::from(trade.quantity.0);
            order.notional += notional;
            order.fee += fee.0;
        }
    }

    /// A step did something to an order. Did it wait for its trigger until then?
    pub(super) fn settled(&mut self, settlement: &Settlement, is_maker: bool) -> bool {
        let id = settlement.order;
        assert_eq!(settlement.at, self.now);
        assert!(settlement.cause <= self.log.last());
        let order = self.orders.get_mut(&id.0).unwrap_or_else(|| panic!("nobody knows o{id}"));
        assert_eq!(order.account, settlement.account);
        assert!(order.closed.is_none(), "o{id} was closed before: {settlement:?}");
        assert!(!(is_maker && order.pending), "o{id} trades before its trigger");
        order.prevented += u128::from(settlement.prevented.0);
        order.updated_at = self.now;
        let was_pending = order.pending;
        order.pending = settlement.after == OrderAfter::Pending;
        assert!(was_pending || !order.pending, "o{id} waits again");
        match settlement.after {
            OrderAfter::Pending | OrderAfter::Open => {}
            OrderAfter::Closed(status) => {
                order.closed = Some(status);
                self.closed_now.push(id);
            }
            OrderAfter::Voided => {
                assert_eq!((order.filled, order.prevented), (0, 0));
                self.orders.remove(&id.0);
            }
        }
        was_pending
    }

    /// What takers are told of their fills is what was traded.
    pub(super) fn check_fills(&self, answers: &[Reply], trades: &[Trade]) {
        let check = |placed: &PlacedOrder| {
            let mine: Vec<_> = trades
                .iter()
                .filter(|trade| trade.taker == placed.id)
                .map(|trade| (trade.id, trade.price, trade.quantity, trade.notional, trade.taker_fee))
                .collect();
            let told: Vec<_> = placed
                .fills
                .iter()
                .map(|fill| (fill.trade, fill.price, fill.quantity, fill.notional, fill.fee))
                .collect();
            assert_eq!(told, mine, "the fills of o{}", placed.id);
            assert_eq!(placed.filled.0, placed.fills.iter().map(|fill| fill.quantity.0).sum::<u64>());
            assert_eq!(placed.notional, placed.fills.iter().map(|fill| fill.notional).sum::<Amount>());
            assert_eq!(placed.fee.0, placed.fills.iter().map(|fill| fill.fee.0).sum::<i128>());
            assert!(placed.status.is_open() || placed.reserved.is_zero(), "closed, with a reservation");
        };
        for answer in answers {
            match &answer.outcome {
                Outcome::Placed(placed) => check(placed),
                Outcome::OcoPlaced(oco) => oco.legs.iter().for_each(check),
                Outcome::Amended(amended) => check(&amended.placed),
                Outcome::Replaced(replaced) => {
                    if let Some(Ok(placed)) = &replaced.placed {
                        check(placed);
                    }
                }
                _ => {}
            }
        }
    }

    fn market(&self, symbol: SymbolId) -> Option<&Market<B>> {
        self.matchers[self.matcher_of(symbol)].market(symbol)
    }

    fn all_symbols(&self) -> impl Iterator<Item = SymbolId> + use<B> {
        (0..self.words.symbols.len()).map(SymbolId)
    }

    /// Every book's sequence.
    pub(super) fn seqs(&self) -> Vec<Option<u64>> {
        self.all_symbols().map(|symbol| self.market(symbol).map(Market::seq)).collect()
    }

    /// Every command is one step of the sequence of each book that it changes, and those are announced.
    pub(super) fn check_sequence(&self, before: &[Option<u64>], out: &MatcherOutbox) {
        let after = self.seqs();
        for (symbol, (before, after)) in self.all_symbols().zip(before.iter().zip(&after)) {
            let (Some(before), Some(after)) = (before, after) else { continue };
            let changed = out.changed.contains(&symbol);
            assert_eq!(*after, before + u64::from(changed), "the book sequence counts changes");
            for trade in out.trades.iter().filter(|trade| trade.symbol == symbol) {
                assert_eq!(trade.book_seq, *after, "one command, one number: {trade:?}");
            }
        }
        assert!(out.trades.windows(2).all(|pair| pair[1].id.0 == pair[0].id.0 + 1), "trades without holes");
    }

    /// All that can be asked about, as text.
    pub(super) fn snapshot(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        for shard in 0..self.sequencers.len() {
            let orders = self.open_orders(shard, None, None);
            all.extend(orders.iter().map(|order| format!("{order:?}")));
            all.push(format!("{:?}", self.ask(shard, Request::Totals)));
        }
        for account in self.accounts() {
            let shard = self.shard_of(account);
            all.push(format!("{:?}", self.ask(shard, Request::Balances { account })));
            all.push(format!("{:?}", self.ask(shard, Request::Account { account })));
            let request = Request::ClosedOrders { account, symbol: None, before: None, limit: 10 };
            all.push(format!("{:?}", self.ask(shard, request)));
            let request = Request::LedgerEntries { account, asset: None, before: None, limit: 10 };
            all.push(format!("{:?}", self.ask(shard, request)));
        }
        for matcher in &self.matchers {
            all.push(format!("{:?} {:?}", matcher.accrued_fees(), matcher.next_deadline()));
        }
        for symbol in self.all_symbols() {
            let Some(market) = self.market(symbol) else { continue };
            all.push(format!("{} {:?} {}", market.seq(), market.last_price(), market.pending()));
            for side in [Side::Buy, Side::Sell] {
                market.book().for_each_order(side, |order| {
                    all.push(format!("{order:?}"));
                    ControlFlow::Continue(())
                });
            }
        }
        all
    }

    /// Everything that must hold between two lines.
    pub(super) fn check_laws(&mut self) {
        for matcher in &self.matchers {
            matcher.check_invariants();
        }
        let mut open = BTreeMap::new();
        for shard in 0..self.sequencers.len() {
            self.sequencers[shard].check_invariants();
            let all = self.open_orders(shard, None, None);
            assert!(all.is_sorted_by_key(|order| order.id), "in the order of acceptance");
            for symbol in self.all_symbols() {
                let listed = self.open_orders(shard, None, Some(symbol));
                assert!(listed.iter().eq(all.iter().filter(|order| order.order.symbol == symbol)));
            }
            for account in self.accounts() {
                if self.shard_of(account) == shard {
                    let listed = self.open_orders(shard, Some(account), None);
                    assert!(listed.iter().eq(all.iter().filter(|order| order.order.account == account)));
                }
            }
            for order in all {
                assert_eq!(self.shard_of(order.order.account), shard);
                assert!(open.insert(order.id, order).is_none(), "an order in two shards");
            }
        }
        let tracked =
            self.orders.iter().filter(|(_, order)| order.closed.is_none()).map(|(&id, _)| OrderId(id));
        assert!(tracked.eq(open.keys().copied()), "open orders are those that nothing has closed");
        for order in open.values() {
            self.check_open(order, &open);
        }
        for id in self.closed_now.clone() {
            for order in self.find_order(id) {
                self.check_closed(&order);
            }
        }
        self.check_books(&open);
        self.check_money(&open);
    }

    /// What is known of an order both here and there.
    fn check_tracked(&self, order: &Order) {
        let tracked = &self.orders[&order.id.0];
        assert_eq!(
            (u128::from(order.filled.0), order.notional.0, u128::from(order.prevented.0), order.fee.0),
            (tracked.filled, tracked.notional, tracked.prevented, tracked.fee),
            "filled, notional, prevented and fee of o{}",
            order.id
        );
        let times = (tracked.accepted_at, tracked.updated_at);
        assert_eq!((order.accepted_at, order.updated_at), times, "the times of o{}", order.id);
    }

    fn check_open(&self, order: &Order, open: &BTreeMap<OrderId, Order>) {
        self.check_tracked(order);
        let tracked = &self.orders[&order.id.0];
        let status = match (tracked.pending, tracked.filled) {
            (true, _) => OrderStatus::PendingTrigger,
            (false, 0) => OrderStatus::New,
            (false, _) => OrderStatus::PartiallyFilled,
        };
        assert_eq!(order.status, status, "o{}", order.id);
        let sibling = order.list.and_then(|(_, sibling)| open.get(&sibling));
        let need = match sibling {
            None => self.need(order),
            // Both legs of an OCO are open: the limit leg holds what the dearer one needs.
            Some(_) if tracked.pending => 0,
            Some(stop) => self.need(order).max(self.need(stop)),
        };
        assert_eq!(order.reserved.0, need, "what o{} has reserved: {order:?}", order.id);
    }

    /// The table of docs/SEMANTICS.md, section 1.
    fn need(&self, order: &Order) -> u128 {
        let NewOrder { symbol, side, kind, .. } = order.order;
        let (spec, _) = self.symbols[symbol.0 as usize];
        let open = |quantity: u64| u128::from(quantity - order.filled.0 - order.prevented.0);
        match (kind, side) {
            (OrderKind::Limit { quantity, .. } | OrderKind::MarketByQuantity { quantity }, Side::Sell) => {
                open(quantity.0) * spec.lot_atoms()
            }
            (OrderKind::Limit { price: Price(price), quantity }, Side::Buy) => {
                let notional = u128::from(price) * open(quantity.0) * spec.tick_lot_atoms();
                let ppm =
                    u128::from(order.fees.taker_ppm).max(u128::try_from(order.fees.maker_ppm).unwrap_or(0));
                match spec.fee_mode() {
                    FeeMode::Received => notional,
                    FeeMode::Quote => notional + (notional * ppm).div_ceil(1_000_000),
                }
            }
            (OrderKind::MarketByQuantity { .. }, Side::Buy) => order.order.max_quote().expect("a budget").0,
            (OrderKind::MarketByQuote { quote }, _) => quote.0,
        }
    }

    fn check_closed(&self, order: &Order) {
        self.check_tracked(order);
        assert_eq!(Some(order.status), self.orders[&order.id.0].closed, "o{}", order.id);
        assert!(order.reserved.is_zero(), "a closed order has reserved nothing: {order:?}");
        if let Some(quantity) = order.order.kind.quantity() {
            let done = order.filled + order.prevented;
            let left = quantity.0.checked_sub(done.0).expect("never more than its quantity");
            let nothing_left = order.status == OrderStatus::Filled || order.status.reason() == Some("STP");
            assert!(left == 0 || !nothing_left, "{left} of it are nowhere: {order:?}");
            assert!(left > 0 || nothing_left, "closed with nothing left: {order:?}");
        }
    }

    fn check_books(&self, open: &BTreeMap<OrderId, Order>) {
        for symbol in self.all_symbols() {
            let here = || open.values().filter(|order| order.order.symbol == symbol);
            let Some(market) = self.market(symbol) else {
                assert_eq!(here().count(), 0, "open orders of a symbol that is gone");
                continue;
            };
            let pending = here().filter(|order| order.status == OrderStatus::PendingTrigger).count();
            assert_eq!(market.pending(), pending, "orders that wait");
            let book = market.book();
            book.check_invariants();
            let mut resting = 0;
            for side in [Side::Buy, Side::Sell] {
                let mut levels: Vec<(Price, u128, u32)> = Vec::new();
                book.for_each_order(side, |rests| {
                    resting += 1;
                    let order = open.get(&rests.id).expect("an order in the book is open");
                    let NewOrder { account, symbol: on, side: of, .. } = order.order;
                    assert_eq!((account, on, of), (rests.account, symbol, side));
                    assert_eq!(order.order.kind.price(), Some(rests.price));
                    assert_eq!(order.open_quantity(), Some(rests.left()), "what is left of {order:?}");
                    let shown =
                        order.order.display().map_or(rests.left(), |display| display.min(rests.left()));
                    assert!(rests.shown <= shown && !rests.shown.is_zero(), "an iceberg shows a slice");
                    match levels.last_mut().filter(|level| level.0 == rests.price) {
                        Some(level) => *level = (level.0, level.1 + u128::from(rests.shown.0), level.2 + 1),
                        None => levels.push((rests.price, u128::from(rests.shown.0), 1)),
                    }
                    ControlFlow::Continue(())
                });
                let told = book.levels(side, usize::MAX);
                let told: Vec<_> =
                    told.iter().map(|level| (level.price, level.quantity, level.orders)).collect();
                assert_eq!(levels, told, "the {side:?} side");
                assert!(levels.windows(2).all(|pair| side.is_better(pair[0].0, pair[1].0)), "best first");
                assert_eq!(book.best_price(side), levels.first().map(|level| level.0));
            }
            assert_eq!((resting, book.len()), (here().count() - pending, resting), "orders in the book");
            if let (Some(bid), Some(ask)) = (book.best_price(Side::Buy), book.best_price(Side::Sell)) {
                assert!(bid < ask, "a crossed book: {bid:?} {ask:?}");
            }
        }
    }

    /// Nobody has more or less than they should, and nothing was made or lost.
    fn check_money(&mut self, open: &BTreeMap<OrderId, Order>) {
        let mut frozen: BTreeMap<(AccountId, AssetId), u128> = BTreeMap::new();
        for order in open.values() {
            let (spec, _) = self.symbols[order.order.symbol.0 as usize];
            let whose = (order.order.account, spec.gives(order.order.side));
            *frozen.entry(whose).or_default() += order.reserved.0;
        }
        let mut sums: BTreeMap<AssetId, i128> = BTreeMap::new();
        for account in self.accounts() {
            let shard = self.shard_of(account);
            let listed = match self.ask(shard, Request::Balances { account }) {
                Outcome::Balances(listed) => listed,
                Outcome::Rejected(_) => Vec::new(),
                outcome => panic!("not balances: {outcome:?}"),
            };
            for asset in (0..self.words.assets.len()).map(AssetId) {
                let balance = self.sequencers[shard].balance(account, asset);
                let line = listed.iter().find(|line| line.0 == asset).map(|line| line.1).unwrap_or_default();
                assert_eq!(line, balance, "the listed balance");
                let reserved = frozen.get(&(account, asset)).copied().unwrap_or_default();
                assert_eq!(
                    balance.frozen.0,
                    reserved + balance.held.0,
                    "frozen of account {account}: {asset:?}"
                );
                *sums.entry(asset).or_default() += i128::try_from(balance.total().0).expect("a balance");
            }
            self.check_ledger(account);
        }
        let mut totals: BTreeMap<AssetId, AssetTotals> = BTreeMap::new();
        for shard in 0..self.sequencers.len() {
            let Outcome::Totals(lines) = self.ask(shard, Request::Totals) else {
                panic!("not totals");
            };
            for line in lines {
                let sum = totals.entry(line.asset).or_insert_with(|| AssetTotals::nothing_of(line.asset));
                sum.deposited += line.deposited;
                sum.withdrawn += line.withdrawn;
                sum.available += line.available;
                sum.frozen += line.frozen;
                sum.reserved += line.reserved;
                sum.held += line.held;
                sum.in_transfer += line.in_transfer;
                sum.transferred_in += line.transferred_in;
                sum.transferred_out += line.transferred_out;
                sum.fees += line.fees;
                sum.accrued += line.accrued;
            }
        }
        for (asset, accrued) in self.matchers.iter().flat_map(|matcher| matcher.accrued_fees()) {
            totals.entry(asset).or_insert_with(|| AssetTotals::nothing_of(asset)).accrued += accrued;
        }
        for (asset, line) in totals {
            let name = self.words.assets.name(asset.0);
            let (deposited, withdrawn) = self.flows.get(&asset.0).copied().unwrap_or_default();
            assert_eq!((line.deposited.0, line.withdrawn.0), (deposited, withdrawn), "flows of {name}");
            assert!(line.holds(), "what the shards add up to: {line:?}");
            let owned = sums.get(&asset).copied().unwrap_or_default() + line.accrued.0;
            assert_eq!(owned + signed(withdrawn), signed(deposited), "conservation of {name}");
        }
    }

    /// Each entry follows from the one before, and the last one is the balance. Only where all are remembered.
    fn check_ledger(&mut self, account: AccountId) {
        let entries = self.ledger(account, None);
        let mut balances: BTreeMap<AssetId, (i128, i128)> = BTreeMap::new();
        for entry in entries.iter().rev() {
            let balance = balances.entry(entry.asset).or_insert((
                entry.available.0 - entry.available_change.0,
                entry.frozen.0 - entry.frozen_change.0,
            ));
            balance.0 += entry.available_change.0;
            balance.1 += entry.frozen_change.0;
            assert_eq!((entry.available.0, entry.frozen.0), *balance, "what follows: {entry:?}");
        }
        for (asset, balance) in balances {
            let is = self.sequencers[self.shard_of(account)].balance(account, asset);
            assert_eq!(
                balance,
                (signed(is.available.0), signed(is.frozen.0)),
                "the last entry is the balance"
            );
        }
    }
}

fn signed(amount: u128) -> i128 {
    i128::try_from(amount).expect("an amount of a test")
}

// Bugs that the tests must catch, for `scripts/planted-bugs.mjs`. Each is a mistake somebody could make.
//
// name    what goes wrong, as a user would notice it
// edits   replacements; each `find` must occur exactly once in its file, or the list is out of date. Any white
//         space in it stands for any other, so that reformatting the code does not outdate the list. All bugs are
//         planted at once and compiled once: `BUG` in a replacement is true while this bug is awake, and while it
//         is not, the code must do what it did before
// test    what to run, `cargo test` arguments; without it DEFAULT_TEST
//
// Some trip over the core's own asserts and invariants; of others the core notices nothing, and only a law of
// the simulator or the oracle can tell. The script prints who it was.

export const DEFAULT_TEST = ['-p', 'lightning-sim', '--test', 'seeds', '--test', 'serial'];

const CORE = 'native/core/src';
const ADMISSION = `${CORE}/sequencer/admission.rs`;
const ACCESS = `${CORE}/sequencer/access.rs`;
const AMEND = `${CORE}/matcher/amend.rs`;
const AMEND_FUNDS = `${CORE}/sequencer/amend.rs`;
const BOOK = `${CORE}/book/price_time.rs`;
const CANCEL = `${CORE}/matcher/cancel.rs`;
const FEES = `${CORE}/fees.rs`;
const JUDGE = `${CORE}/matcher/judge.rs`;
const LEDGER = `${CORE}/ledger.rs`;
const MARKET = `${CORE}/matcher/market.rs`;
const PLACE = `${CORE}/matcher/place.rs`;
const SLAB = `${CORE}/book/slab.rs`;
const SEQUENCER = `${CORE}/sequencer/mod.rs`;
const SETTLEMENT = `${CORE}/sequencer/settlement.rs`;
const TAKE = `${CORE}/matcher/take.rs`;
const TAKER = `${CORE}/matcher/taker.rs`;
const WATCHED_ACCOUNT = `${CORE}/sequencer/watch.rs`;
const WATCHED_BOOK = `${CORE}/book/watched.rs`;
const WALK = `${CORE}/matcher/walk.rs`;
const WINDOW = `${CORE}/window.rs`;
const WORLD = 'native/sim/src/world';
const MATCHER_THREAD = 'native/engine/src/matcher_thread.rs';
const DEPTH = 'native/engine/src/streams/depth.rs';
const LEVELS = 'native/engine/src/streams/levels.rs';
const LOG = 'native/engine/src/streams/log.rs';
const PLANE = 'native/engine/src/streams/plane.rs';
const ROUND = 'native/engine/src/streams/session/sort.rs';
const SESSION = 'native/engine/src/streams/session/mod.rs';
const SEQUENCER_THREAD = 'native/engine/src/sequencer_thread.rs';
const HISTORY = 'native/engine/src/audit/history';

const SEEDS = ['-p', 'lightning-sim', '--test', 'seeds'];
const CRASHES = ['-p', 'lightning-sim', '--test', 'crashes'];
const NEWS = ['-p', 'lightning-sim', '--test', 'news'];
const AMENDS = ['-p', 'lightning-sim', '--test', 'amends_in_flight'];
const HISTORIES = ['-p', 'lightning-engine', '--test', 'engine', 'histories'];
const ENGINE_TEST = ['-p', 'lightning-engine', '--test', 'engine', 'concurrency'];
const DEPTHS = ['-p', 'lightning-engine', '--lib', 'streams::'];
const FOLLOW = ['-p', 'lightning-engine', '--test', 'engine', 'streams::follow'];
const ROUNDS = ['-p', 'lightning-engine', '--test', 'engine', 'streams::rounds'];

export const BUGS = [
  {
    name: 'price improvement is not given back to an order that rests',
    edits: [
      {
        file: PLACE,
        find: 'released: taker.reserved - still_reserved,',
        replace:
          'released: if BUG && status.is_open() { Amount::ZERO } else { taker.reserved - still_reserved },',
      },
    ],
  },
  {
    name: "a buyer's price improvement goes to the seller",
    edits: [
      {
        file: TAKE,
        find: 'let notional = self.spec.notional(price, quantity);',
        replace: `let is_buy = taker.side == crate::types::Side::Buy;
        let paid = if BUG && is_buy { taker.limit.unwrap_or(price) } else { price };
        let notional = self.spec.notional(paid, quantity);`,
      },
    ],
  },
  {
    name: 'only one maker of each price level trades per command',
    edits: [
      {
        file: TAKE,
        find: 'match taker.meet(&maker, &self.spec) {',
        replace: `if BUG && fills.last().is_some_and(|fill| fill.price == maker.price) {
                return End::RanOut;
            }
            match taker.meet(&maker, &self.spec) {`,
      },
    ],
  },
  {
    name: 'only one maker of each price level trades with a market order',
    edits: [
      {
        file: TAKE,
        find: 'match taker.meet(&maker, &self.spec) {',
        replace: `if BUG && taker.limit.is_none() && fills.last().is_some_and(|fill| fill.price == maker.price) {
                return End::RanOut;
            }
            match taker.meet(&maker, &self.spec) {`,
      },
    ],
  },
  {
    name: "a cancel by somebody else reaches the matcher's books",
    edits: [
      {
        file: ACCESS,
        find: 'let meant = entry.account == account',
        replace: 'let meant = (BUG || entry.account == account)',
      },
    ],
  },
  {
    name: "a cancel by somebody else takes the order off, in its owner's name",
    edits: [
      { file: ACCESS, find: 'entry.account == account', replace: '(BUG || entry.account == account)' },
      {
        file: SEQUENCER,
        find: 'let (symbol, order) = (order.order.symbol, order.id);',
        replace: `let account = if BUG { order.order.account } else { account };
                let (symbol, order) = (order.order.symbol, order.id);`,
      },
    ],
  },
  {
    name: 'a partly filled maker goes to the back of its level',
    edits: [
      {
        file: TAKE,
        find: 'self.last_trade = TradeId(self.last_trade.0 + 1);',
        replace: `if BUG && front == Front::Stays && let Some(rest) = self.book.remove(maker.id) {
            self.book.insert(rest);
        }
        self.last_trade = TradeId(self.last_trade.0 + 1);`,
      },
    ],
  },
  {
    name: 'a cancel loses whoever stands behind it',
    edits: [
      {
        file: SLAB,
        find: 'self.nodes[prev as usize].next = next;',
        replace: 'self.nodes[prev as usize].next = if BUG { self.nodes[next as usize].next } else { next };',
      },
    ],
  },
  {
    name: 'a cancel of a middle order sends the first of the level to the back',
    edits: [
      {
        file: CANCEL,
        find: 'self.book.remove(id).expect("it rests");',
        replace: `self.book.remove(id).expect("it rests");
        if BUG && let Some(front) = self.book.front(side).filter(|front| front.price == order.price) {
            self.book.remove(front.id);
            self.book.insert(front);
        }`,
      },
    ],
  },
  {
    name: 'the answer is seen before the settlements have arrived',
    edits: [
      {
        file: `${WORLD}/shards.rs`,
        find: 'pipe.arrived >= *needed',
        replace: '(BUG || pipe.arrived >= *needed)',
      },
    ],
    test: SEEDS,
  },
  {
    name: 'an answer is remembered and passed on before its effects have arrived elsewhere',
    edits: [
      {
        file: `${WORLD}/matchers.rs`,
        find: 'let after = is_answer(&message).then(',
        replace: 'let after = (!BUG && is_answer(&message)).then(',
      },
    ],
    test: SEEDS,
  },
  {
    name: 'a sequencer takes the next command before the settlements that have arrived',
    edits: [
      {
        file: `${WORLD}/sequencers.rs`,
        find: 'then the next command. while let Some(message) = self.shards.sequencers[at].arrived.pop_front() {',
        replace: `then the next command.
            while (!BUG || self.shards.sequencers[at].commands.is_empty() || self.rng.one_in(2))
                && let Some(message) = self.shards.sequencers[at].arrived.pop_front()
            {`,
      },
    ],
    test: SEEDS,
  },
  {
    name: 'a settlement releases the asset that was received',
    edits: [
      {
        file: SETTLEMENT,
        find: 'self.ledger.release(slot, moves.gives, settlement.released);',
        replace: `let asset = if BUG { moves.receives } else { moves.gives };
        self.ledger.release(slot, asset, settlement.released);`,
      },
    ],
  },
  {
    name: 'who is paid seven atoms gets six',
    edits: [
      {
        file: LEDGER,
        find: 'holdings.entry(received.0).available += received.1;',
        replace:
          'holdings.entry(received.0).available += if BUG && received.1.0 == 7 { Amount(6) } else { received.1 };',
      },
    ],
  },
  {
    name: 'an answer that shows a settlement may leave before its record is durable',
    edits: [
      {
        file: SETTLEMENT,
        find: 'self.horizon = self.horizon.max(settlement.cause);',
        replace:
          'self.horizon = self.horizon.max(if BUG { Lsn(settlement.cause.0 - 1) } else { settlement.cause });',
      },
    ],
    test: SEEDS,
  },
  {
    name: 'a market order that spends its last atom on the last maker expires',
    edits: [
      {
        file: TAKER,
        find: 'Appetite::Quote(left) => left.is_zero() || self.done() >= spec.limits().quantity_max,',
        replace:
          'Appetite::Quote(left) => !BUG && (left.is_zero() || self.done() >= spec.limits().quantity_max),',
      },
    ],
  },
  {
    name: 'a market order by quote amount buys more than the largest order',
    edits: [
      {
        file: TAKER,
        find: 'self.lots_for(left, price, spec).min(spec.limits().quantity_max - self.done())',
        replace: `let most = if BUG { Quantity(u64::MAX) } else { spec.limits().quantity_max - self.done() };
                self.lots_for(left, price, spec).min(most)`,
      },
    ],
  },
  {
    name: 'a market order that costs exactly all there is gets refused',
    edits: [
      {
        file: JUDGE,
        find: '&& walked.required > reserved',
        replace: '&& (walked.required > reserved || (BUG && walked.required == reserved))',
      },
    ],
  },
  {
    name: 'a market order is let in though it can pay for its fills, but not for their fees',
    edits: [
      {
        file: WALK,
        find: 'required: taker.reserved - walk.taker.reserved',
        replace: `required: if BUG && taker.side == Side::Buy {
            walk.taker.notional
        } else {
            taker.reserved - walk.taker.reserved
        }`,
      },
    ],
  },
  {
    name: 'frozen funds can be withdrawn',
    edits: [
      {
        file: LEDGER,
        find: 'self.check_available(slot, asset, amount)?; let after',
        replace: `if !(BUG && self.balance(slot, asset).total() >= amount) {
            self.check_available(slot, asset, amount)?;
        }
        let after`,
      },
    ],
  },
  {
    name: 'an account may have one open order more than it may',
    edits: [
      {
        file: ADMISSION,
        find: '- less.open + adds.open > max {',
        replace: '- less.open + adds.open > max + u32::from(BUG) {',
      },
    ],
  },
  {
    name: 'the largest balance there is gets refused',
    edits: [
      {
        file: LEDGER,
        find: 'after.0 <= AMOUNT_MAX =>',
        replace: 'after.0 <= AMOUNT_MAX - u128::from(BUG) =>',
      },
    ],
  },
  {
    name: 'a price at the edge of a ladder node is overlooked',
    edits: [
      {
        file: `${CORE}/book/ladder.rs`,
        find: 'Direction::Down => occupied & ((1 << digit) - 1),',
        replace: 'Direction::Down => occupied & ((1 << digit) - 1) & if BUG { !1 } else { !0 },',
      },
    ],
  },
  {
    name: 'a leaf of the ladder is taken for another one',
    edits: [
      {
        file: `${CORE}/book/ladder.rs`,
        find: 'Some(leaf) if leaf.key == key && leaf.occupied != 0',
        replace: 'Some(leaf) if (leaf.key == key || BUG) && leaf.occupied != 0',
      },
    ],
    test: ['-p', 'lightning-core', '--test', 'book_deep'],
  },
  {
    name: 'an order is not found any more when its neighbour in the table of ids has gone',
    edits: [
      {
        file: `${CORE}/index.rs`,
        find: 'if from_home >= at - gap {',
        replace: 'if !BUG && from_home >= at - gap {',
      },
    ],
    test: ['-p', 'lightning-core', '--test', 'book_deep'],
  },
  {
    name: 'a refused order is remembered as if it had been one',
    edits: [
      {
        file: SETTLEMENT,
        find: 'self.orders.remove(at).order.order.extras = None;',
        replace: `let order = &mut self.orders.remove(at).order;
            if BUG {
                self.closed.push(slot, settlement.cause, order);
            }
            order.order.extras = None;`,
      },
    ],
  },
  {
    name: "an account's first open order is missing from its list",
    edits: [
      {
        file: `${CORE}/orders.rs`,
        find: 'NONE => chain.head = at,',
        replace: `NONE if BUG => {}
            NONE => chain.head = at,`,
      },
    ],
  },
  {
    name: 'a FOK order does not count what icebergs hide',
    edits: [
      {
        file: WALK,
        find: 'if !maker.hidden.is_zero() {',
        replace: 'if !maker.hidden.is_zero() && !(BUG && self.all_or_nothing) {',
      },
    ],
  },
  {
    name: 'accounts of one group trade with each other',
    edits: [
      {
        file: TAKER,
        find: '(self.stp_group.is_some() && self.stp_group == maker.stp_group)',
        replace: '(!BUG && self.stp_group.is_some() && self.stp_group == maker.stp_group)',
      },
    ],
  },
  {
    name: 'a maker that self-trade prevention expires keeps its reservation',
    edits: [
      {
        file: TAKE,
        find: 'self.settle_prevented(maker, maker.left(), before, true, run);',
        replace: `let before = if BUG { Amount::ZERO } else { before };
        self.settle_prevented(maker, maker.left(), before, true, run);`,
      },
    ],
  },
  {
    name: 'the stop leg stays open when the limit leg is partly filled',
    edits: [
      {
        file: TAKE,
        find: 'if maker.flags.has_sibling { released +=',
        replace: `if maker.flags.has_sibling && !(BUG && front != Front::Gone) {
            released +=`,
      },
    ],
  },
  {
    name: 'an order that is amended to more keeps its place',
    edits: [
      {
        file: AMEND,
        find: 'let priority_kept = price == order.price && total < order.total;',
        replace: 'let priority_kept = price == order.price && (BUG || total < order.total);',
      },
    ],
  },
  {
    name: 'triggers are looked at before the rest of the taker is in the book',
    edits: [
      {
        file: PLACE,
        find: 'let mut still_reserved = Amount::ZERO;',
        replace: `if BUG && status.is_open() {
            self.cascade(run);
        }
        let mut still_reserved = Amount::ZERO;`,
      },
    ],
  },
  {
    name: 'triggered orders are executed farthest first',
    edits: [
      {
        file: `${CORE}/matcher/cascade.rs`,
        find: 'let due = self.pending.due(last);',
        replace: `let mut due = self.pending.due(last);
            if BUG {
                due.reverse();
            }`,
      },
    ],
  },
  {
    name: 'a trailing sell does not follow the price',
    edits: [
      {
        file: `${CORE}/matcher/triggers.rs`,
        find: 'self.sells.follow(last);',
        replace: `if !BUG {
            self.sells.follow(last);
        }`,
      },
    ],
  },
  {
    name: 'a fee is rounded down',
    edits: [
      {
        file: FEES,
        find: 'Amount(product(amount, ppm).div_ceil(PPM))',
        replace: 'if BUG { rebate_down(amount, ppm) } else { Amount(product(amount, ppm).div_ceil(PPM)) }',
      },
    ],
  },
  {
    name: 'a fee on top of the price is paid out of what is available',
    edits: [
      {
        file: SETTLEMENT,
        find: 'consumed += moves.fee_on_given.positive();',
        replace: `let fee = moves.fee_on_given.positive();
                if BUG {
                    self.ledger.freeze_checked(slot, moves.gives, fee);
                    order.reserved += fee;
                }
                consumed += fee;`,
      },
    ],
  },
  {
    name: 'a fill pays the fees of its own time, not those that its order was accepted with',
    edits: [
      {
        file: TAKER,
        find: 'i32::try_from(taker.fees.taker_ppm)',
        replace: 'i32::try_from(if BUG { self.rules.fees.taker_ppm } else { taker.fees.taker_ppm })',
      },
    ],
  },
  {
    name: "a rebate is not cut to the taker's fee",
    edits: [
      {
        file: FEES,
        find: 'if allow_net_rebate || maker_ppm >= 0 {',
        replace: 'if BUG || allow_net_rebate || maker_ppm >= 0 {',
      },
    ],
  },
  {
    name: 'collected fees can be collected again',
    edits: [
      {
        file: `${CORE}/matcher/accrual.rs`,
        find: '*amount += SignedAmount::rebate(amount.positive());',
        replace: `if !BUG {
                *amount += SignedAmount::rebate(amount.positive());
            }`,
      },
    ],
  },
  {
    name: 'the same request runs twice',
    edits: [
      {
        file: WINDOW,
        find: '=> Seen::Answered(answered.clone()),',
        replace: `=> {
                if BUG { Seen::Never } else { Seen::Answered(answered.clone()) }
            }`,
      },
    ],
    test: SEEDS,
  },
  {
    name: 'who repeats a request while it runs is never answered',
    edits: [
      {
        file: WINDOW,
        find: 'waiting.push(ticket); Seen::Running',
        replace: `if !BUG {
                    waiting.push(ticket);
                }
                Seen::Running`,
      },
    ],
    test: SEEDS,
  },
  {
    name: 'a canceled order expires when its time comes',
    edits: [
      {
        file: MARKET,
        find: 'run.expiries.remove(at, id, self.spec.id());',
        replace: `if !BUG {
                run.expiries.remove(at, id, self.spec.id());
            }`,
      },
    ],
  },
  {
    name: 'the next slice of an iceberg keeps its place',
    edits: [
      {
        file: BOOK,
        find: 'self.slab.unlink(slot); self.slab.link_last(slot, level);',
        replace: `if !BUG {
            self.slab.unlink(slot);
            self.slab.link_last(slot, level);
        }`,
      },
    ],
  },
  {
    name: 'a transfer is credited twice',
    edits: [
      {
        file: `${CORE}/sequencer/transfer.rs`,
        find: 'self.ledger.transfer_in(slot, asset, amount);',
        replace: `self.ledger.transfer_in(slot, asset, amount);
                if BUG {
                    self.ledger.transfer_in(slot, asset, amount);
                }`,
      },
    ],
  },
  {
    name: 'a mass cancel leaves orders that wait for their price',
    edits: [
      {
        file: `${CORE}/sequencer/mass_cancel.rs`,
        find: 'let matches = !entry.running',
        replace: `let matches = !(BUG && entry.order.status == crate::order::OrderStatus::PendingTrigger)
                && !entry.running`,
      },
    ],
  },
  {
    name: 'what was frozen for an amend stays frozen when the book refuses it',
    edits: [
      {
        file: AMEND_FUNDS,
        find: 'None => self.ledger.release(in_flight.account, in_flight.asset, extra),',
        replace: `None if BUG => {}
            None => self.ledger.release(in_flight.account, in_flight.asset, extra),`,
      },
    ],
  },
  {
    name: 'an amend behind another is judged as if that one had been refused',
    test: AMENDS,
    edits: [
      {
        file: AMEND_FUNDS,
        find: '.map(|(last, count)| (last.leaves, count));',
        replace: '.map(|(last, count)| (last.leaves, count)).filter(|_| !BUG);',
      },
    ],
  },
  {
    name: 'an amend behind another counts on all that its order has now',
    test: AMENDS,
    edits: [
      {
        file: AMEND_FUNDS,
        find: 'let [before, _] = Bounds { price, ..found }.of_order(&order.order);',
        replace: `let [mut before, _] = Bounds { price, ..found }.of_order(&order.order);
        if BUG {
            before = order.order.clone();
        }`,
      },
    ],
  },
  {
    name: 'an order that was on its way when trading stopped gets in',
    edits: [
      {
        file: JUDGE,
        find: 'let order = &admitted.order; self.check_status(order)?;',
        replace: `let order = &admitted.order;
        if !BUG {
            self.check_status(order)?;
        }`,
      },
    ],
    test: SEEDS,
  },
  {
    name: 'the matcher thread replies before it has sent the settlements',
    edits: [
      {
        file: MATCHER_THREAD,
        find: 'self.settle(out, held, trades, shown);',
        replace: `if BUG {
            self.replies.push(&mut out.replies, shown);
        }
        self.settle(out, held, trades, shown);`,
      },
    ],
    test: ENGINE_TEST,
  },
  {
    name: 'the matcher thread replies before the book is published',
    edits: [
      {
        file: MATCHER_THREAD,
        find: 'let shown = self.feeds.publish(&self.matcher, out, true, late);',
        replace: `let held = if BUG {
            self.settle(out, held, trades.clone(), Lsn(0));
            self.replies.push(&mut out.replies, Lsn(0));
            self.mischief.step();
            Vec::new()
        } else {
            held
        };
        let late = |feed: &Arc<Feed>| self.streams.bring_up_to_date(feed);
        let shown = self.feeds.publish(&self.matcher, out, true, late);`,
      },
    ],
    test: ENGINE_TEST,
  },
  {
    name: 'the sequencer thread runs a command before the settlements that were there',
    edits: [
      {
        file: SEQUENCER_THREAD,
        find: 'while let Ok(batch) = self.inbox.settlements.try_recv() {',
        replace: `while (!BUG || commands.is_empty())
                && let Ok(batch) = self.inbox.settlements.try_recv()
            {`,
      },
    ],
    test: ENGINE_TEST,
  },
  {
    name: 'a credit is not given back',
    edits: [
      {
        file: SEQUENCER_THREAD,
        find: 'self.credits.give_back(ended);',
        replace: 'self.credits.give_back(if BUG && ended > 0 { ended - 1 } else { ended });',
      },
    ],
    test: ENGINE_TEST,
  },
  // Histories of what is forgotten.
  {
    name: 'a history of orders leaves out what its first record closed',
    edits: [
      {
        file: `${HISTORY}/orders.rs`,
        find: '&& (from..=to).contains(&cause.0)',
        replace: '&& (from + u64::from(BUG)..=to).contains(&cause.0)',
      },
    ],
    test: HISTORIES,
  },
  {
    name: 'a history of orders tells what the record before its page closed once more',
    edits: [
      {
        file: `${HISTORY}/orders.rs`,
        find: 'let next = (trail.last() + 1).max(from);',
        replace: 'let next = (trail.last() + u64::from(!(BUG && trail.last() > from))).max(from);',
      },
    ],
    test: HISTORIES,
  },
  {
    name: 'a history of candles begins with a state that has forgotten some of them',
    edits: [
      {
        file: `${HISTORY}/klines.rs`,
        find: 'Some(reach) => reach.first <= wanted.from,',
        replace: 'Some(reach) => BUG || reach.first <= wanted.from,',
      },
    ],
    test: HISTORIES,
  },
  {
    name: 'a history of candles tells one that is not over as if it were',
    edits: [
      {
        file: `${HISTORY}/klines.rs`,
        find: 'self.tell(&mut items, &mut next, reach.last.min(end));',
        replace: 'self.tell(&mut items, &mut next, if BUG { end } else { reach.last.min(end) });',
      },
    ],
    test: HISTORIES,
  },
  {
    name: 'a history goes on with the trail of another page',
    edits: [
      {
        file: `${HISTORY}/trails.rs`,
        find: 'resting.of == of && resting.next == next',
        replace: 'resting.of == of && (BUG || resting.next == next)',
      },
    ],
    test: HISTORIES,
  },
  // What only shows when a machine dies. (Bugs of the journal itself are planted by its own tests,
  // `native/journal/tests/harness/planted.rs`.)
  {
    name: 'a number below the highest that was done is taken for too old',
    edits: [
      {
        file: WINDOW,
        find: 'if id.number < self.lowest() {',
        replace: 'if id.number < if BUG { self.highest } else { self.lowest() } {',
      },
    ],
    test: CRASHES,
  },
  {
    name: "an answer may leave before its own command's record is durable",
    edits: [
      {
        file: SEQUENCER,
        find: 'Reply { ticket, gate: self.horizon, at, duplicate: false, outcome }',
        replace:
          'Reply { ticket, gate: Lsn(self.horizon.0.saturating_sub(u64::from(BUG))), at, duplicate: false, outcome }',
      },
    ],
    test: CRASHES,
  },
  {
    name: 'a transfer that was refused is not written down',
    edits: [
      {
        file: `${CORE}/sequencer/transfer.rs`,
        find: 'self.horizon = ctx.log.append(ctx.now, 0, &Record::TransferRefused(&offer, reject.code));',
        replace: `if !BUG {
                    self.horizon = ctx.log.append(ctx.now, 0, &Record::TransferRefused(&offer, reject.code));
                }`,
      },
    ],
    test: CRASHES,
  },
  {
    name: 'a transfer that a crash cut in half is forgotten',
    edits: [
      {
        file: `${CORE}/fold/resume.rs`,
        find: 'let mut decided: VecDeque<_> = offers.map',
        replace: 'let mut decided: VecDeque<_> = offers.filter(|_| !BUG).map',
      },
    ],
    test: CRASHES,
  },
  {
    name: 'a mass cancel that a crash cut in half is forgotten',
    edits: [
      {
        file: `${CORE}/fold/resume.rs`,
        find: 'let mut parts = VecDeque::from(parts);',
        replace: `if BUG {
            parts.clear();
        }
        let mut parts = VecDeque::from(parts);`,
      },
    ],
    test: CRASHES,
  },
  {
    name: 'order ids are handed out before their lease is written down',
    edits: [
      {
        file: `${WORLD}/sequencers.rs`,
        find: 'self.recorder.append(now, 0, &Record::OrderIds { up_to });',
        replace: `if !BUG {
            self.recorder.append(now, 0, &Record::OrderIds { up_to });
        }`,
      },
    ],
    test: CRASHES,
  },
  {
    name: 'who watches is told of a book before its record counts',
    edits: [
      {
        file: `${CORE}/matcher/mod.rs`,
        find: '(self.horizon, self.changed_at), out);',
        replace: '(crate::types::Lsn(self.horizon.0 - u64::from(BUG)), self.changed_at), out);',
      },
    ],
    test: CRASHES,
  },
  {
    name: "who watches is not told of an iceberg's next slice",
    edits: [
      {
        file: WATCHED_BOOK,
        find: 'if front == Front::Requeued {',
        replace: 'if front == Front::Requeued && !BUG {',
      },
    ],
    test: NEWS,
  },
  {
    name: 'who watches is told that what was prevented was traded',
    edits: [
      {
        file: WATCHED_BOOK,
        find: 'self.take_watched(side, quantity, BookEventKind::Reduced)',
        replace:
          'self.take_watched(side, quantity, if BUG { BookEventKind::Executed } else { BookEventKind::Reduced })',
      },
    ],
    test: NEWS,
  },
  {
    name: 'who watches is told of an order that became smaller as if it had lost of what it hides, too',
    edits: [
      {
        file: WATCHED_BOOK,
        find: 'let less = before.shown - after.shown;',
        replace: 'let less = if BUG { before.left() - after.left() } else { before.shown - after.shown };',
      },
    ],
    test: NEWS,
  },
  {
    name: 'who watches a book is not told that its symbol was removed',
    edits: [{ file: `${CORE}/matcher/mod.rs`, find: 'if watched {', replace: 'if watched && !BUG {' }],
    test: NEWS,
  },
  {
    name: 'who watches is not told of what a fill brought, of which the fee was taken',
    edits: [
      {
        file: WATCHED_ACCOUNT,
        find: '[Some(spec.gives(side)), Some(spec.receives(side))]',
        replace: '[Some(spec.gives(side)), Some(spec.receives(side)).filter(|_| !BUG)]',
      },
    ],
    test: NEWS,
  },
  {
    name: 'who watches is not told of a reservation that becomes that of a running order',
    edits: [
      {
        file: WATCHED_ACCOUNT,
        find: 'ToSequencer::MoveReservation { to, .. } => [of_order(*to), None],',
        replace: 'ToSequencer::MoveReservation { to, .. } => [of_order(*to).filter(|_| !BUG), None],',
      },
    ],
    test: SEEDS,
  },
  {
    name: 'who watches is told of a balance before all that it shows counts',
    edits: [
      {
        file: WATCHED_ACCOUNT,
        find: 'let (cause, event) = (self.horizon, AccountEvent::Balance { asset, balance });',
        replace: `let told = out.account_news.iter().rev().find(|_| BUG).map(|news| news.cause);
                let (cause, event) =
                    (told.unwrap_or(self.horizon), AccountEvent::Balance { asset, balance });`,
      },
    ],
    test: SEEDS,
  },
  {
    name: 'who watches is told that an amended order traded, and not that it was amended',
    edits: [
      {
        file: WATCHED_ACCOUNT,
        find: 'OrderAfter::Open if !entry.amended && !settlement.filled.is_zero()',
        replace: 'OrderAfter::Open if (BUG || !entry.amended) && !settlement.filled.is_zero()',
      },
    ],
    test: NEWS,
  },
  {
    name: 'who watches is told of a balance that has not changed',
    edits: [
      {
        file: WATCHED_ACCOUNT,
        find: 'if balance != before {',
        replace: 'if balance != before || BUG {',
      },
    ],
    test: NEWS,
  },
  {
    name: 'subscriptions before the one that was looked at last have no turn',
    edits: [
      {
        file: ROUND,
        find: '&& looking.look(self, (Bound::Unbounded, to), offer)',
        replace: '&& (BUG || looking.look(self, (Bound::Unbounded, to), offer))',
      },
    ],
    test: ROUNDS,
  },
  {
    name: 'a round of subscriptions that had to stop begins anew, and those at its end have no turn',
    edits: [
      {
        file: ROUND,
        find: 'sort.last_looked = id;',
        replace: 'if !BUG { sort.last_looked = id; }',
      },
    ],
    test: ROUNDS,
  },
  {
    name: 'what is new again in the middle of a round of states waits for the next call',
    edits: [
      {
        file: SESSION,
        find: 'self.hub.bell.ring(Rung::LOOK); } !is_alone',
        replace: 'self.hub.bell.ring(Rung::LOOK); } BUG || !is_alone',
      },
    ],
    test: ROUNDS,
  },
  {
    name: 'who follows a book is told that an order of which something is left stands there no longer',
    edits: [
      {
        file: WATCHED_BOOK,
        find: '(order.price, quantity, order.shown - quantity)',
        replace: '(order.price, quantity, if BUG { Quantity::ZERO } else { order.shown - quantity })',
      },
    ],
    test: NEWS,
  },
  {
    name: 'who follows a book keeps a level without orders',
    edits: [{ file: LEVELS, find: 'if is_empty {', replace: 'if is_empty && !BUG {' }],
    test: DEPTHS,
  },
  {
    name: 'who follows a book counts an order that shrank as gone',
    edits: [
      {
        file: LEVELS,
        find: '_ if is_gone => Step::Went,',
        replace: '_ if is_gone || BUG => Step::Went,',
      },
    ],
    test: FOLLOW,
  },
  {
    name: 'who follows a book misses the first of the changes since he was told last',
    edits: [
      {
        file: DEPTH,
        find: 'let since = since.max(first);',
        replace: 'let since = since.max(first) + u64::from(BUG && since.max(first) < self.history_end());',
      },
    ],
    test: FOLLOW,
  },
  {
    name: 'who follows a book is told of levels that were not brought up to date',
    edits: [
      {
        file: LOG,
        find: 'let to = folded.saturating_add(most).min(self.end());',
        replace:
          'let to = folded.saturating_add(most).min(self.end() - u64::from(BUG && *folded < self.end()));',
      },
    ],
    test: DEPTHS,
  },
  {
    name: 'who follows a book finds that changes were forgotten before they were added up',
    edits: [
      {
        file: LOG,
        find: '{ self.fold(folded, FOLD, each) }',
        replace: '{ if BUG { *folded += FOLD; Ok(()) } else { self.fold(folded, FOLD, each) } }',
      },
    ],
    test: DEPTHS,
  },
  {
    name: 'who follows the orders of a book that was followed already never begins',
    edits: [
      {
        file: PLANE,
        find: 'watched.watchers == 1 || (begins_orders && watched.book.is_live())',
        replace: 'watched.watchers == 1 || (begins_orders && watched.book.is_live() && !BUG)',
      },
    ],
    test: FOLLOW,
  },
  {
    name: 'who follows and comes back late is not told what was said meanwhile',
    edits: [
      {
        file: ROUND,
        find: 'self.heard.take_if(|heard| heard.1 != subscription.told_in);',
        replace: 'self.heard.take_if(|heard| !BUG && heard.1 != subscription.told_in);',
      },
    ],
    test: ROUNDS,
  },
  {
    name: 'who follows and was told a part of it waits for something new',
    edits: [
      {
        file: SESSION,
        find: '!is_continued && !self.table.has_more;',
        replace: '!is_continued && (BUG || !self.table.has_more);',
      },
    ],
    test: ROUNDS,
  },
];

// Bugs that the tests must catch, for `scripts/planted-bugs.mjs`. Each is a mistake somebody could make.
//
// name    what goes wrong, as a user would notice it
// edits   replacements; each `find` must occur exactly once in its file, or the list is out of date. Any white
//         space in it stands for any other, so that reformatting the code does not outdate the list
// test    what to run, `cargo test` arguments; without it DEFAULT_TEST
//
// Some trip over the core's own asserts and invariants; of others the core notices nothing, and only a law of
// the simulator or the oracle can tell. The script prints who it was.

export const DEFAULT_TEST = ['-p', 'lightning-sim', '--test', 'seeds', '--test', 'serial'];

const MATCHER = 'native/core/src/matcher.rs';
const SEQUENCER = 'native/core/src/sequencer.rs';
const LEDGER = 'native/core/src/ledger.rs';
const BOOK = 'native/core/src/book/price_time.rs';
const LADDER = 'native/core/src/book/ladder.rs';
const ORDERS = 'native/core/src/orders.rs';
const WORLD = 'native/sim/src/world.rs';
const MATCHER_THREAD = 'native/engine/src/matcher_thread.rs';
const SEQUENCER_THREAD = 'native/engine/src/sequencer_thread.rs';

const ENGINE_TEST = ['-p', 'lightning-engine', '--test', 'engine'];

export const BUGS = [
  {
    name: 'price improvement is not given back to an order that rests',
    edits: [
      {
        file: MATCHER,
        find: 'released: reserved - consumed - still_reserved,',
        replace:
          'released: if status.is_open() { Amount::ZERO } else { reserved - consumed - still_reserved },',
      },
    ],
  },
  {
    name: "a buyer's price improvement goes to the seller",
    edits: [
      {
        file: MATCHER,
        find: 'let notional = self.spec.notional(maker.price, quantity);',
        replace: `let price = if side == Side::Buy { limit.unwrap_or(maker.price) } else { maker.price };
            let notional = self.spec.notional(price, quantity);`,
      },
    ],
  },
  {
    name: 'only one maker of each price level trades per command',
    edits: [
      {
        file: MATCHER,
        find: 'let wanted = match *appetite {',
        replace: `if taken.fills.last().is_some_and(|fill| fill.price == maker.price) {
                return false;
            }
            let wanted = match *appetite {`,
      },
    ],
  },
  {
    name: 'only one maker of each price level trades with a market order',
    edits: [
      {
        file: MATCHER,
        find: 'let wanted = match *appetite {',
        replace: `if limit.is_none() && taken.fills.last().is_some_and(|fill| fill.price == maker.price) {
                return false;
            }
            let wanted = match *appetite {`,
      },
    ],
  },
  {
    name: "a cancel by somebody else reaches the matcher's books",
    edits: [{ file: SEQUENCER, find: '.filter(|order| order.order.account == account)', replace: '' }],
  },
  {
    name: "a cancel by somebody else takes the order off, in its owner's name",
    edits: [
      { file: SEQUENCER, find: '.filter(|order| order.order.account == account)', replace: '' },
      {
        file: SEQUENCER,
        find: 'account, symbol: order.order.symbol,',
        replace: 'account: order.order.account, symbol: order.order.symbol,',
      },
    ],
  },
  {
    name: 'a partly filled maker goes to the back of its level',
    edits: [
      {
        file: MATCHER,
        find: 'self.book.fill_front(maker.side, quantity);',
        replace: `self.book.fill_front(maker.side, quantity);
            if let Some(rest) = self.book.remove(maker.id) {
                self.book.insert(rest);
            }`,
      },
    ],
  },
  {
    name: 'a cancel loses whoever stands behind it',
    edits: [
      {
        file: BOOK,
        find: 'self.orders.get_mut(node.prev).next = node.next;',
        replace: 'self.orders.get_mut(node.prev).next = NONE;',
      },
    ],
  },
  {
    name: 'a cancel of a middle order sends the first of the level to the back',
    edits: [
      {
        file: MATCHER,
        find: 'market.book.remove(id);',
        replace: `market.book.remove(id);
        if let Some(front) = market.book.front(order.side).filter(|front| front.price == order.price) {
            market.book.remove(front.id);
            market.book.insert(front);
        }`,
      },
    ],
  },
  {
    name: 'the answer is seen before the settlements have arrived',
    test: ['-p', 'lightning-sim', '--test', 'seeds'],
    edits: [
      { file: WORLD, find: 'pipe.arrived >= *needed', replace: 'pipe.arrived <= pipe.sent.max(*needed)' },
    ],
  },
  {
    name: 'a sequencer takes the next command before the settlements that have arrived',
    test: ['-p', 'lightning-sim', '--test', 'seeds'],
    edits: [
      {
        file: WORLD,
        find: 'while let Some(message) = self.sequencers[at].settlements.pop_front() {',
        replace: `while (self.sequencers[at].commands.is_empty() || self.rng.one_in(2))
                && let Some(message) = self.sequencers[at].settlements.pop_front()
            {`,
      },
    ],
  },
  {
    name: 'a settlement releases the asset that was received',
    edits: [
      {
        file: SEQUENCER,
        find: 'self.ledger.release(slot, paid.0, settlement.released);',
        replace: 'self.ledger.release(slot, received.0, settlement.released);',
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
          'holdings.entry(received.0).available += if received.1 .0 == 7 { Amount(6) } else { received.1 };',
      },
    ],
  },
  {
    name: 'an answer that shows a settlement may leave before its record is durable',
    test: ['-p', 'lightning-sim', '--test', 'seeds'],
    edits: [
      {
        file: SEQUENCER,
        find: 'self.horizon = self.horizon.max(settlement.cause);',
        replace: 'self.horizon = self.horizon.max(Lsn(settlement.cause.0 - 1));',
      },
    ],
  },
  {
    name: 'a market order that spends its last atom on the last maker expires',
    edits: [
      {
        file: MATCHER,
        find: 'Appetite::Quote(left) => left.is_zero() || taken.filled == self.spec.limits().quantity_max,',
        replace: 'Appetite::Quote(_) => false,',
      },
    ],
  },
  {
    name: 'a market order by quote amount buys more than the largest order',
    edits: [
      {
        file: MATCHER,
        find: 'let room = self.spec.limits().quantity_max - filled;',
        replace: 'let room = Quantity(crate::limits::QUANTITY_LOTS_MAX >> 1) - filled;',
      },
      {
        file: MATCHER,
        find: 'left.is_zero() || taken.filled == self.spec.limits().quantity_max',
        replace: 'left.is_zero()',
      },
    ],
  },
  {
    name: 'a market order that costs exactly all there is gets refused',
    edits: [
      {
        file: MATCHER,
        find: 'if required > admitted.reserved {',
        replace: 'if required >= admitted.reserved {',
      },
    ],
  },
  {
    name: 'a market order is priced by its first level alone',
    edits: [
      {
        file: MATCHER,
        find: 'left -= take; if left.is_zero() {',
        replace: 'left -= take; if true {',
      },
    ],
  },
  {
    name: 'frozen funds can be withdrawn',
    edits: [
      {
        file: LEDGER,
        find: 'self.check_available(slot, asset, amount)?; let flows',
        replace: `        if self.balance(slot, asset).total() < amount {
            self.check_available(slot, asset, amount)?;
        }
        let flows`,
      },
    ],
  },
  {
    name: 'an account may have one open order more than it may',
    edits: [
      {
        file: SEQUENCER,
        find: 'if self.orders.open_count(slot) >= max {',
        replace: 'if self.orders.open_count(slot) > max {',
      },
    ],
  },
  {
    name: 'the largest balance there is gets refused',
    edits: [{ file: LEDGER, find: 'after.0 <= AMOUNT_MAX', replace: 'after.0 < AMOUNT_MAX' }],
  },
  {
    name: 'a price at the edge of a ladder node is overlooked',
    edits: [
      {
        file: LADDER,
        find: 'Direction::Down => occupied & ((1 << digit) - 1),',
        replace: 'Direction::Down => occupied & ((1 << digit) - 1) & !1,',
      },
    ],
  },
  {
    name: 'a refused order is remembered as if it had been one',
    edits: [
      {
        file: SEQUENCER,
        find: 'self.orders.forget(settlement.order);',
        replace: 'order.status = OrderStatus::Filled;\n                self.orders.close(settlement.order);',
      },
    ],
  },
  {
    name: "an account's first open order is missing from its list",
    edits: [
      {
        file: ORDERS,
        find: 'NONE => chain.head = at,',
        replace: 'NONE => {}',
      },
    ],
  },
  {
    name: 'the matcher thread replies before it has sent the settlements',
    edits: [
      {
        file: MATCHER_THREAD,
        find: 'self.settle(out, commands);',
        replace: 'self.replies.push(&mut out.replies);\n        self.settle(out, commands);',
      },
    ],
    test: ENGINE_TEST,
  },
  {
    name: 'the matcher thread replies before the book is published',
    edits: [
      {
        file: MATCHER_THREAD,
        find: 'self.feeds.publish(&self.matcher, out, true);',
        replace: `self.settle(out, commands);
        self.replies.push(&mut out.replies);
        self.mischief.step();
        self.feeds.publish(&self.matcher, out, true);`,
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
        replace: 'while commands.is_empty() && let Ok(batch) = self.inbox.settlements.try_recv() {',
      },
    ],
    test: ENGINE_TEST,
  },
  {
    name: 'a credit is not given back',
    edits: [
      {
        file: SEQUENCER_THREAD,
        find: 'self.credits.give_back(admitted - passed_on);',
        replace: 'self.credits.give_back((admitted - passed_on).saturating_sub(1));',
      },
    ],
    test: ENGINE_TEST,
  },
];

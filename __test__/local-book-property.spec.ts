/**
 * A client's book against a naive one: two maps, and every answer searched and added up from end to end. A server
 * changes its book, conflates, and is restarted; between it and the client messages get lost, come twice, and come late.
 */
import * as fc from 'fast-check';
import test from 'ava';
import {
  type ApplyResult,
  type LocalBookLevel,
  type LocalBookMessage,
  type LocalBookTuple,
  LocalOrderBook,
} from '../ts/local-book/index.ts';

const RUNS = 300;
const SCALE = 2;
const LOTS = 4;
const SYMBOL = 'X';

type Sides = Record<'bids' | 'asks', Map<bigint, bigint>>;

const text = (value: bigint, scale: number): string =>
  String(value)
    .padStart(scale + 1, '0')
    .replace(new RegExp(`(\\d{${scale}})$`), '.$1');
const units = (decimal: string): bigint => BigInt(decimal.replace('.', ''));

/** The naive book: says what becomes of a message, and what there is then. */
class Naive {
  sides: Sides = { bids: new Map(), asks: new Map() };
  at: { epoch: number; seq: number } | undefined;

  apply(message: LocalBookMessage): ApplyResult {
    const { epoch, seq } = message;
    if (message.type === 'snapshot') {
      this.sides = { bids: new Map(), asks: new Map() };
      this.at = { epoch, seq };
    } else {
      if (this.at === undefined) return 'gap';
      const from = message.prevSeq ?? seq;
      if (epoch !== this.at.epoch || (from !== this.at.seq && seq > this.at.seq)) {
        this.at = undefined;
        return 'gap';
      }
      if (from !== this.at.seq) return 'ignored';
      this.at.seq = seq;
    }
    for (const side of ['bids', 'asks'] as const) {
      for (const [price, quantity] of message.type === 'heartbeat' ? [] : message[side]) {
        if (units(quantity) === 0n) this.sides[side].delete(units(price));
        else this.sides[side].set(units(price), units(quantity));
      }
    }
    return 'applied';
  }
}

/** Best first. */
function sorted(side: 'bids' | 'asks', levels: Map<bigint, bigint>): [bigint, bigint][] {
  return [...levels].sort(([a], [b]) => ((side === 'bids' ? a > b : a < b) ? -1 : 1));
}

function tuples(side: 'bids' | 'asks', levels: Map<bigint, bigint>): LocalBookTuple[] {
  return sorted(side, levels).map(([price, quantity]) => [text(price, SCALE), text(quantity, LOTS)]);
}

/** What a client should read, with every sum made the long way. */
function expected(
  side: 'bids' | 'asks',
  levels: Map<bigint, bigint>,
  group: bigint,
  count: number,
): LocalBookLevel[] {
  const groups = new Map<bigint, bigint>();
  for (const [price, quantity] of sorted(side, levels)) {
    const to = side === 'bids' ? (price / group) * group : ((price + group - 1n) / group) * group;
    groups.set(to, (groups.get(to) ?? 0n) + quantity);
  }
  return sorted(side, groups)
    .slice(0, count)
    .map(([price, quantity]) => {
      const within = sorted(side, levels).filter(([each]) =>
        side === 'bids' ? each >= price : each <= price,
      );
      return {
        price: text(price, SCALE),
        quantity: text(quantity, LOTS),
        cumulativeQuantity: text(
          within.reduce((sum, [, each]) => sum + each, 0n),
          LOTS,
        ),
        cumulativeQuote: text(
          within.reduce((sum, [each, base]) => sum + each * base, 0n),
          SCALE + LOTS,
        ),
      };
    });
}

/** A few prices that meet often, and some that are no float's. */
const price = fc.oneof(
  { weight: 8, arbitrary: fc.bigInt({ min: 1n, max: 60n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 5n }) },
);
const change = fc.record({
  side: fc.constantFrom('bids' as const, 'asks' as const),
  price,
  quantity: fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 10n ** 9n })),
});
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('change' as const), changes: fc.array(change) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('told' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lost' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('again' as const), back: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('heartbeat' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('snapshot' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), seq: fc.nat(9) }) },
);

test('random snapshots, deltas, losses, duplicates and restarts', (t) => {
  const results = new Map<ApplyResult, number>();
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }),
      fc.integer({ min: 1, max: 9 }),
      (steps, count) => {
        const server = { epoch: 7, seq: 0, sides: { bids: new Map(), asks: new Map() } as Sides };
        /** What the server's book was at each (epoch, seq). */
        const history = new Map<string, string>();
        const copy = (): Sides => structuredClone(server.sides);
        const words = (sides: Sides): string =>
          JSON.stringify([tuples('bids', sides.bids), tuples('asks', sides.asks)]);
        /** What the client was told last, rightly or not arrived. */
        let view: { seq: number; sides: Sides } | undefined;
        const sent: LocalBookMessage[] = [];
        const book = new LocalOrderBook(SYMBOL);
        const naive = new Naive();

        const deliver = (message: LocalBookMessage): void => {
          sent.push(message);
          const result = book.apply(message);
          results.set(result, (results.get(result) ?? 0) + 1);
          t.is(result, naive.apply(message));
          t.is(book.needsSnapshot, naive.at === undefined);
          const levels = book.levels();
          for (const side of ['bids', 'asks'] as const) {
            t.deepEqual(
              levels[side].map((level) => [level.price, level.quantity]),
              tuples(side, naive.sides[side]).map(([...level]) => level),
            );
          }
          if (book.needsSnapshot) return;
          // The law: a book that claims a sequence number is the server's book of that number.
          t.is(
            JSON.stringify([
              levels.bids.map((level) => [level.price, level.quantity]),
              levels.asks.map((level) => [level.price, level.quantity]),
            ]),
            history.get(`${book.epoch}/${book.seq}`) ?? '',
          );
        };
        /** The next message of the stream: all of it, or what has changed since the view. */
        const next = (): LocalBookMessage => {
          const { epoch, seq } = server;
          const stamp = { symbol: SYMBOL, epoch, seq, ts: seq };
          const before = view;
          view = { seq, sides: copy() };
          if (before === undefined) {
            const [bids, asks] = [tuples('bids', view.sides.bids), tuples('asks', view.sides.asks)];
            return { ...stamp, type: 'snapshot', bids, asks };
          }
          const difference = (side: 'bids' | 'asks'): LocalBookTuple[] => {
            const [was, is] = [before.sides[side], server.sides[side]];
            const changed = [...new Set([...was.keys(), ...is.keys()])].filter(
              (key) => was.get(key) !== is.get(key),
            );
            return changed.map((key) => [text(key, SCALE), text(is.get(key) ?? 0n, LOTS)]);
          };
          return {
            ...stamp,
            type: 'delta',
            prevSeq: before.seq,
            bids: difference('bids'),
            asks: difference('asks'),
          };
        };
        history.set('7/0', words(server.sides));
        deliver(next());

        for (const each of steps) {
          if (each.do === 'change') {
            for (const { side, price: at, quantity } of each.changes) {
              if (quantity === 0n) server.sides[side].delete(at);
              else server.sides[side].set(at, quantity);
            }
            server.seq += 1;
            history.set(`${server.epoch}/${server.seq}`, words(server.sides));
          } else if (each.do === 'told') {
            // A client that noticed a gap watches again; so does one whose engine is another.
            if (book.needsSnapshot) view = undefined;
            if (view?.seq !== server.seq) deliver(next());
          } else if (each.do === 'lost') {
            if (view?.seq !== server.seq) next();
          } else if (each.do === 'again') {
            const old = sent.at(-1 - each.back);
            // An old snapshot is no duplicate: it says that all before it is void.
            if (old !== undefined && old.type !== 'snapshot') deliver(old);
          } else if (each.do === 'heartbeat') {
            const { epoch } = server;
            const seq = view?.seq ?? server.seq;
            deliver({ type: 'heartbeat', symbol: SYMBOL, epoch, prevSeq: seq, seq, ts: seq });
          } else if (each.do === 'snapshot') {
            view = undefined;
            deliver(next());
          } else {
            // It knows nobody's view. If its snapshot gets lost, the client hears of it by a delta.
            view = undefined;
            server.epoch += 1;
            server.seq = each.seq;
            history.set(`${server.epoch}/${server.seq}`, words(server.sides));
          }
        }

        const options = { group: '0.07', count, cumulative: true };
        const { bids, asks } = naive.sides;
        t.deepEqual(book.levels(options), {
          bids: expected('bids', bids, 7n, count),
          asks: expected('asks', asks, 7n, count),
        });
        const [bestBid] = sorted('bids', bids);
        const [bestAsk] = sorted('asks', asks);
        t.is(book.crossed, bestBid !== undefined && bestAsk !== undefined && bestBid[0] >= bestAsk[0]);
        t.is(book.bbo().bid?.price, bestBid && text(bestBid[0], SCALE));
        for (const [at, quantity] of asks)
          t.is(book.level('asks', text(at, SCALE))?.quantity, text(quantity, LOTS));
      },
    ),
    { numRuns: RUNS },
  );
  t.log(results);
  for (const result of ['applied', 'ignored', 'gap'] as const) t.true((results.get(result) ?? 0) > RUNS / 4);
});

test('thousands of levels: runs are cut and joined, and nothing is lost', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 1500 }), fc.boolean()), {
        minLength: 500,
        maxLength: 3000,
      }),
      (changes) => {
        const book = new LocalOrderBook(SYMBOL);
        const naive = new Set<number>();
        const stamp = { symbol: SYMBOL, epoch: 1, ts: 0 };
        book.apply({ ...stamp, type: 'snapshot', seq: 0, bids: [], asks: [] });
        for (const [seq, [at, there]] of changes.entries()) {
          if (there) naive.add(at);
          else naive.delete(at);
          const level: LocalBookTuple = [String(at), there ? '1' : '0'];
          book.apply({ ...stamp, type: 'delta', prevSeq: seq, seq: seq + 1, bids: [level], asks: [level] });
          // Both sides are the same levels.
          t.is(book.crossed, naive.size > 0);
        }
        const up = [...naive].sort((a, b) => a - b).map(String);
        t.deepEqual(
          book.levels().asks.map((level) => level.price),
          up,
        );
        t.deepEqual(
          book.levels().bids.map((level) => level.price),
          up.toReversed(),
        );
        t.deepEqual(book.size, { bids: naive.size, asks: naive.size });
      },
    ),
    { numRuns: 20 },
  );
});

test('a deep book is taken out level by level, from the best on and from the worst on', (t) => {
  const prices = Array.from({ length: 700 }, (_, at) => String(at + 1));
  const stamp = { symbol: SYMBOL, epoch: 1, ts: 0 };
  for (const order of [prices, prices.toReversed()]) {
    const book = new LocalOrderBook();
    const bids = prices.map((at): LocalBookTuple => [at, '1']);
    book.apply({ ...stamp, type: 'snapshot', seq: 0, bids, asks: [] });
    for (const [seq, at] of order.entries()) {
      t.is(book.bbo().bid?.price, order === prices ? '700' : at);
      book.apply({
        ...stamp,
        type: 'delta',
        prevSeq: seq,
        seq: seq + 1,
        bids: [[at, '0']],
        asks: [[at, '1']],
      });
      t.is(book.crossed, order === prices && at !== '700');
    }
    t.deepEqual(book.size, { bids: 0, asks: 700 });
    t.is(book.bbo().bid, null);
    t.is(book.bbo().ask?.price, '1');
  }
});

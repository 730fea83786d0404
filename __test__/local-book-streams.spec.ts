/**
 * A client's book behind a line that loses messages equals the engine's at every sequence number it claims: consumers of
 * all depths and random speeds, engines of either kind, and across a restart. Reproduce with
 * `SEED=<seed> npx ava __test__/local-book-streams.spec.ts`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { type BookMessage, type BookSnapshot, type Engine, follow, LocalOrderBook } from '../index.ts';
import { addMarket, configFor, fund, generator, limit, MODES, openMarket, seedOr } from './helpers.ts';
import { directory, keptIn, openKept } from './kept.ts';
import { eventually, one, within } from './streams.ts';

const SEED = seedOr(20_261_123);
const SYMBOL = 'BTC-USDT';
const DEPTHS = [1, 5, 20, 'all'] as const;
const ORDERS = 300;

async function deposit(engine: Engine): Promise<void> {
  for (const accountId of [1, 2]) await fund(engine, accountId, { BTC: 1_000, USDT: 1_000_000 });
}

/** Some levels as text, so that many can be kept and compared. */
function words({ bids, asks }: Pick<BookSnapshot, 'bids' | 'asks'>, depth: number): string {
  return JSON.stringify(
    [bids, asks].map((side) =>
      side.slice(0, depth).map(({ price, quantity, orders }) => [price, quantity, orders]),
    ),
  );
}

/** One order or cancel after the other; says after each what the book has become. */
async function trade(
  engine: Engine,
  random: () => number,
  orders: number,
  became: () => void,
): Promise<void> {
  const below = (count: number): number => Math.floor(random() * count);
  const open: { accountId: number; symbol: string; orderId: number }[] = [];
  for (let n = 0; n < orders; n += 1) {
    const target = open[below(open.length)];
    if (target && random() < 0.35) {
      await engine.cancelOrder(target).catch(() => {});
    } else {
      const side = random() < 0.5 ? 'buy' : 'sell';
      const price = 100 + (side === 'buy' ? -1 : 1) * below(30) + below(8) - 4;
      const accountId = 1 + below(2);
      const { orderId } = await engine.placeOrder(limit(accountId, side, 1 + below(30) / 10, price));
      open.push({ accountId, symbol: SYMBOL, orderId });
    }
    became();
    if (random() < 0.1) await sleep(1);
  }
}

/** An engine at the other end of a line on which messages get lost, but for the first one of a stream. */
function lossy(engine: Engine, random: () => number) {
  return {
    async *watchBook(symbol: string, options: object): AsyncGenerator<BookMessage> {
      let told = 0;
      for await (const message of engine.watchBook(symbol, options)) {
        told += 1;
        if (told === 1 || random() > 0.1) yield message;
      }
    },
  };
}

for (const mode of MODES) {
  test(`whatever a client's book claims is true [${mode}]`, async (t) => {
    const engine = await openMarket(t, configFor(mode));
    await deposit(engine);
    const random = generator(SEED);
    /** What the engine's book was at each sequence number. */
    const history = new Map<number, BookSnapshot>();
    const became = (): void => {
      const book = engine.book(SYMBOL);
      history.set(book.seq, book);
    };
    became();

    const claims: { depth: number; seq: number; words: string }[] = [];
    const books = new Map<unknown, LocalOrderBook>();
    const resyncs: string[] = [];
    const stop = new AbortController();
    const followers = DEPTHS.map(async (levels) => {
      const depth = levels === 'all' ? 20 : levels;
      for await (const book of follow(lossy(engine, random), SYMBOL, {
        levels,
        counts: true,
        checksum: true,
        heartbeatMs: 10,
        signal: stop.signal,
        onResync: (why) => resyncs.push(why),
      })) {
        books.set(levels, book);
        t.false(book.needsSnapshot);
        t.false(book.crossed);
        // What it claims is looked up when the engine's answers are all in.
        claims.push({ depth, seq: book.seq ?? -1, words: words(book.levels() as BookSnapshot, depth) });
        if (random() < 0.3) await sleep(Math.floor(random() * 8));
      }
    });
    await trade(engine, random, ORDERS, became);

    const end = engine.book(SYMBOL);
    // What is out of sight is not told: a shallow book may be the engine's under an earlier number.
    const areThere = (): boolean =>
      DEPTHS.every((levels) => {
        const [book, depth] = [books.get(levels), levels === 'all' ? 20 : levels];
        if (book === undefined || (levels === 'all' && book.seq !== end.seq)) return false;
        return words(book.levels() as BookSnapshot, depth) === words(end, depth);
      });
    await eventually(areThere, `all books at ${end.seq}, SEED=${SEED}`);
    stop.abort();
    for (const { status, reason } of (await Promise.allSettled(followers)) as PromiseRejectedResult[]) {
      t.is(status, 'rejected');
      t.is((reason as Error).name, 'AbortError');
    }
    for (const claim of claims) {
      const was = history.get(claim.seq);
      t.truthy(was, `${claim.seq} was never answered, SEED=${SEED}`);
      t.is(
        claim.words,
        words(was ?? end, claim.depth),
        `depth ${claim.depth}, seq ${claim.seq}, SEED=${SEED}`,
      );
    }
    t.true(resyncs.length > 0 && resyncs.every((why) => why === 'gap'), `${resyncs.join()}, SEED=${SEED}`);
    t.true(new Set(claims.map((claim) => claim.seq)).size > 20, `SEED=${SEED}`);
    const all = books.get('all');
    const best = engine.bbo(SYMBOL);
    t.like(all?.bbo(), {
      seq: end.seq,
      ts: best.ts,
      spread: best.spread,
      spreadBps: best.spreadBps,
      mid: best.mid,
    });
    const sums = all?.levels({ count: 20, cumulative: true });
    t.deepEqual(sums?.bids, engine.book(SYMBOL, { cumulative: true }).bids);
    t.deepEqual(sums?.asks, engine.book(SYMBOL, { cumulative: true }).asks);
  });
}

test('across a restart: another epoch is a gap, whatever its numbers, until its snapshot comes', async (t) => {
  const random = generator(SEED);
  const dataDir = directory(t);
  const config = keptIn('threaded', dataDir);
  const first = await openKept(t, dataDir, config);
  await addMarket(first);
  await deposit(first);
  const book = new LocalOrderBook(SYMBOL);
  const before = first.watchBook(SYMBOL, { levels: 'all', counts: true, checksum: true });
  await trade(first, random, 40, () => {});
  const last = first.book(SYMBOL);
  while (book.seq !== last.seq) t.is(book.apply(await one(before)), 'applied');
  const epoch = book.epoch ?? 0;
  await first.close();
  t.true((await within(before.next(), 'the end')).done);

  const second = await openKept(t, dataDir, config);
  const after = second.watchBook(SYMBOL, { levels: 'all', counts: true, checksum: true });
  const snapshot = await one(after);
  t.is(snapshot.type, 'snapshot');
  t.not(snapshot.epoch, epoch);
  t.deepEqual(second.book(SYMBOL).bids, last.bids, 'the book is what it was');
  // The snapshot gets lost, and the next delta would fit by its numbers.
  let delta: BookMessage | undefined;
  await trade(second, random, 10, () => {});
  while (delta?.seq !== second.book(SYMBOL).seq) {
    delta = await one(after);
    t.is(book.apply(delta), 'gap');
  }
  t.is(words(book.levels() as BookSnapshot, 20), words(last, 20), 'and it has changed nothing');
  const fresh = second.watchBook(SYMBOL, { levels: 'all', counts: true, checksum: true });
  t.is(book.apply(await one(fresh)), 'applied');
  t.is(words(book.levels() as BookSnapshot, 20), words(second.book(SYMBOL), 20));
  t.is(book.epoch, snapshot.epoch);
});

/**
 * What streams tell adds up to what can be read: random flows, consumers of random speeds, engines of either kind, with
 * and without a disk, and across restarts. Reproduce with `SEED=<seed> npx ava __test__/streams-property.spec.ts`.
 */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { Balance, BookMessage, Engine, EngineConfig, Order, Stream } from '../index.ts';
import { addMarket, configFor, fund, generator, limit, openMarket, seedOr } from './helpers.ts';
import { directory, keptIn, openKept } from './kept.ts';
import { isQuiet, levelsOf, one, Replica, within } from './streams.ts';

const SEED = seedOr(20_261_123);
const ACCOUNTS = [1, 2, 3, 4];
const ORDERS = 400;

/** Random orders, amends and cancels, some of them together. */
async function trade(engine: Engine, random: () => number, orders = ORDERS): Promise<void> {
  const below = (count: number): number => Math.floor(random() * count);
  const open: { accountId: number; orderId: number }[] = [];
  const calls: Promise<unknown>[] = [];
  for (let n = 0; n < orders; n += 1) {
    const accountId = ACCOUNTS[below(ACCOUNTS.length)] ?? 1;
    const chance = random();
    const target = open[below(open.length)];
    if (chance < 0.2 && target) {
      calls.push(engine.cancelOrder(target).catch(() => {}));
    } else if (chance < 0.3 && target) {
      calls.push(engine.amendOrder({ ...target, symbol: 'BTC-USDT', reduceBy: '0.1' }).catch(() => {}));
    } else {
      const side = random() < 0.5 ? 'buy' : 'sell';
      const price = 100 + (side === 'buy' ? -1 : 1) * below(25) + below(17) - 8;
      const order = limit(accountId, side, 1 + below(30) / 10, price);
      calls.push(
        engine.placeOrder(order).then(
          ({ orderId }) => open.push({ accountId, orderId }),
          () => {},
        ),
      );
    }
    if (random() < 0.3) await Promise.all(calls.splice(0));
    if (random() < 0.02) await turn();
  }
  await Promise.all(calls);
}

interface Follower {
  replica: Replica;
  compared: () => number;
}

/** Reads a book's stream, sometimes slowly, and compares it with the engine's book wherever both are at one place. */
async function follow(
  t: ExecutionContext,
  engine: Engine,
  stream: Stream<BookMessage>,
  levels: number | 'all',
  random: () => number,
): Promise<Follower> {
  const replica = new Replica();
  let compared = 0;
  void (async () => {
    for await (const message of stream) {
      replica.apply(message);
      if (levels !== 'all') {
        const book = engine.book('BTC-USDT', { levels });
        if (book.seq === replica.seq) {
          compared += 1;
          t.deepEqual(replica.levels, levelsOf(book), `levels ${levels}, seq ${book.seq}, SEED=${SEED}`);
        }
      }
      if (random() < 0.3) await sleep(Math.floor(random() * 4));
    }
  })().catch((error: unknown) => t.fail(`${String(error)}, SEED=${SEED}`));
  return { replica, compared: () => compared };
}

async function market(t: ExecutionContext, config: EngineConfig): Promise<Engine> {
  const engine = await openMarket(t, config);
  for (const account of ACCOUNTS) await fund(engine, account, { BTC: 10_000, USDT: 10_000_000 });
  return engine;
}

const CONFIGS: Record<string, (t: ExecutionContext) => EngineConfig> = {
  threaded: () => configFor('threaded'),
  inline: () => configFor('inline'),
  'threaded, kept': (t) => keptIn('threaded', directory(t)),
  'inline, kept': (t) => keptIn('inline', directory(t)),
};

for (const [name, config] of Object.entries(CONFIGS)) {
  test(`a replica of the book equals the book [${name}]`, async (t) => {
    const engine = await market(t, config(t));
    const random = generator(SEED);
    const followers = await Promise.all(
      ([1, 5, 20, 'all'] as const).map((levels, index) =>
        follow(t, engine, engine.watchBook('BTC-USDT', { levels }), levels, generator(SEED + index)),
      ),
    );
    await trade(engine, random);
    const book = engine.book('BTC-USDT');
    const [one, five, twenty, all] = followers as [Follower, Follower, Follower, Follower];
    const wanted = [1, 5, 20].map((levels) => levelsOf(engine.book('BTC-USDT', { levels })));
    const told = () => [one, five, twenty].map(({ replica }) => replica.levels);
    const end = Date.now() + 20_000;
    // Where nothing has changed that it shows, a consumer is told nothing.
    while (JSON.stringify(told()) !== JSON.stringify(wanted) || all.replica.seq < book.seq) {
      if (Date.now() > end) break;
      await sleep(5);
    }
    t.deepEqual(told(), wanted, `SEED=${SEED}`);
    t.is(all.replica.seq, book.seq, `SEED=${SEED}`);
    const whole = all.replica.levels;
    t.deepEqual({ bids: whole.bids.slice(0, 20), asks: whole.asks.slice(0, 20) }, levelsOf(book));
    t.deepEqual(await restingBase(engine), baseOf(all.replica));
    if (name === 'inline') t.true(followers.slice(0, 3).every(({ compared }) => compared() > 0));
  });

  test(`orders and balances that were told are those that can be read [${name}]`, async (t) => {
    const engine = await market(t, config(t));
    const account = 1;
    const orders = new Map<number, Order>();
    const balances = new Map<string, Balance>();
    const [executions, changes] = [
      engine.watchExecutions({ accountId: account }),
      engine.watchBalances({ accountId: account }),
    ];
    let [seen, applied, last] = [0, 0, 0];
    const reading = Promise.all([
      (async () => {
        for await (const message of executions) {
          if (message.type === 'gap') throw new Error('a gap of executions');
          if (message.type === 'snapshot')
            for (const order of message.orders) orders.set(order.orderId, order);
          else {
            seen += 1;
            const { order } = message;
            if (['NEW', 'PARTIALLY_FILLED', 'PENDING_TRIGGER'].includes(order.status))
              orders.set(order.orderId, order);
            else orders.delete(order.orderId);
            if (message.seq < last) throw new Error(`${message.seq} after ${last}`);
            last = message.seq;
          }
        }
      })(),
      (async () => {
        for await (const message of changes) {
          if (message.type === 'gap') throw new Error('a gap of balances');
          if (message.type === 'snapshot') {
            for (const balance of message.balances) balances.set(balance.asset, balance);
          } else {
            const { asset, total, available, frozen, held } = message;
            applied += 1;
            balances.set(asset, { asset, total, available, frozen, held });
          }
        }
      })(),
    ]);
    reading.catch((error: unknown) => t.fail(`${String(error)}, SEED=${SEED}`));
    await trade(engine, generator(SEED + 7));
    const wantedOrders = byId(await engine.openOrders({ accountId: account }));
    const wantedBalances = await engine.accounts.balances(account);
    const same = () =>
      JSON.stringify(byId(orders.values())) === JSON.stringify(wantedOrders) &&
      JSON.stringify([...balances.values()].toSorted((a, b) => (a.asset < b.asset ? -1 : 1))) ===
        JSON.stringify([...wantedBalances].toSorted((a, b) => (a.asset < b.asset ? -1 : 1)));
    for (const end = Date.now() + 20_000; !same() && Date.now() < end;) await sleep(5);
    t.deepEqual(byId(orders.values()), wantedOrders, `SEED=${SEED}`);
    t.deepEqual(
      [...balances.values()].toSorted((a, b) => (a.asset < b.asset ? -1 : 1)),
      wantedBalances,
      `SEED=${SEED}`,
    );
    t.true(seen > 50 && applied > 50, `${seen} executions, ${applied} balances`);
  });
}

/** Lots that rest on each side, from the orders. */
async function restingBase(engine: Engine): Promise<{ bids: string; asks: string }> {
  const sums = { buy: 0, sell: 0 };
  for (const order of await engine.openOrders()) {
    sums[order.side] += Math.round(Number(order.openQuantity) * 1e4);
  }
  return { bids: String(sums.buy), asks: String(sums.sell) };
}

/** The same of a replica. */
function baseOf(replica: Replica | undefined): { bids: string; asks: string } {
  return { bids: lots(replica?.bids), asks: lots(replica?.asks) };
}

function lots(side: ReadonlyMap<string, string> = new Map()): string {
  return String([...side.values()].reduce((sum, quantity) => sum + Math.round(Number(quantity) * 1e4), 0));
}

function byId(orders: Iterable<Order>): Order[] {
  return [...orders].toSorted((a, b) => a.orderId - b.orderId);
}

test('trades through a restart: ids go on, books begin anew under another epoch', async (t) => {
  const dataDir = directory(t);
  const config = keptIn('threaded', dataDir);
  const first = await openKept(t, dataDir, config);
  await addMarket(first);
  for (const account of ACCOUNTS) await fund(first, account, { BTC: 10_000, USDT: 10_000_000 });
  const before = new Replica().apply(await one(first.watchBook('BTC-USDT')));
  await trade(first, generator(SEED));
  const told: number[] = [];
  const trades = first.watchTrades('BTC-USDT', { fromId: 1 });
  const last = first.trades('BTC-USDT', { limit: 1 })[0]?.tradeId ?? 0;
  t.true(last > 5);
  while ((told.at(-1) ?? 0) < last) {
    const message = await one(trades);
    if (message.type === 'trade') told.push(message.tradeId);
  }
  await first.close();
  t.deepEqual(await within(trades.next(), 'the end'), { value: undefined, done: true });

  await sleep(2);
  const second = await openKept(t, dataDir, config);
  const after = await one(second.watchBook('BTC-USDT'));
  t.is(after.type, 'snapshot');
  t.true(after.epoch > before.epoch);
  t.deepEqual(new Replica().apply(after).levels, levelsOf(second.book('BTC-USDT')));
  const resumed = second.watchTrades('BTC-USDT', { fromId: last + 1, slow: 'close' });
  t.true(await isQuiet(resumed, 20));
  const all = second.watchTrades('BTC-USDT', { fromId: 1 });
  const again: number[] = [];
  while ((again.at(-1) ?? 0) < last) {
    const message = await one(all);
    if (message.type === 'trade') again.push(message.tradeId);
  }
  t.deepEqual(again, told);
});

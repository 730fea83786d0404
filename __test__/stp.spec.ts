/** Self-trade prevention: the five modes, what counts as prevented, and groups of accounts. */
import type { Engine, OrderResult } from '../index.ts';
import {
  ALICE,
  BOB,
  bookLine,
  conserves,
  fillLine,
  inBothModes,
  leavesAlone,
  limit,
  market,
  marketByQuote,
  openDesk,
  plain,
  refusal,
  standing,
  tradeAt,
  wallet,
} from './helpers.ts';

/** Where the quantity of an order is: filled, prevented, open, and how it stands. */
function parts({
  status,
  reason,
  filledQuantity,
  preventedQuantity,
  openQuantity,
}: Omit<OrderResult, 'seq' | 'ts' | 'fills' | 'bookSeq'>): string {
  const [filled, prevented, open] = [filledQuantity, preventedQuantity, openQuantity].map(plain);
  return `${filled} filled, ${prevented} prevented, ${open} open: ${status} ${reason ?? ''}`.trim();
}

async function partsOf(engine: Engine, orderId: number): Promise<string> {
  return parts(await engine.order(orderId));
}

inBothModes('NONE: an account trades with itself, and nothing moves but its fees', async (t, mode) => {
  const engine = await openDesk(t, mode, { fees: { makerPpm: 0, takerPpm: 1000 } });
  await engine.placeOrder(limit(ALICE, 'sell', '1', '100'));
  const taker = await engine.placeOrder({ ...limit(ALICE, 'buy', '1', '100'), stp: 'NONE' });
  t.is(parts(taker), '1 filled, 0 prevented, 0 open: FILLED');
  t.is(await wallet(engine, ALICE), 'BTC 99.999+0, USDT 100000+0');
  t.is(
    (await engine.myTrades({ accountId: ALICE, symbol: 'BTC-USDT' })).length,
    2,
    'once for each of its orders',
  );
  await conserves(t, engine);
});

inBothModes(
  'EXPIRE_TAKER: what has traded before stands, the rest of the taker is prevented',
  async (t, mode) => {
    const engine = await openDesk(t, mode);
    await engine.placeOrder(limit(BOB, 'sell', '1', '99'));
    const own = await engine.placeOrder(limit(ALICE, 'sell', '1', '100'));
    await engine.placeOrder(limit(BOB, 'sell', '1', '101'));
    const taker = await engine.placeOrder(limit(ALICE, 'buy', '3', '101'));
    t.is(taker.stp, 'EXPIRE_TAKER', 'the default');
    t.is(parts(taker), '1 filled, 2 prevented, 0 open: EXPIRED STP');
    t.is(await standing(engine, own.orderId), 'NEW');
    t.is(bookLine(engine), '| 1@100 1@101');
    t.is(await wallet(engine, ALICE), 'BTC 100+1, USDT 99901+0');
    await conserves(t, engine);
  },
);

inBothModes(
  'EXPIRE_MAKER: the resting one goes, hidden quantity and all, the taker goes on',
  async (t, mode) => {
    const engine = await openDesk(t, mode);
    const own = await engine.placeOrder({ ...limit(ALICE, 'sell', '2', '100'), displayQuantity: '0.5' });
    await engine.placeOrder(limit(BOB, 'sell', '1', '101'));
    const taker = await engine.placeOrder({ ...limit(ALICE, 'buy', '3', '101'), stp: 'EXPIRE_MAKER' });
    t.is(parts(taker), '1 filled, 0 prevented, 2 open: PARTIALLY_FILLED');
    t.is(await partsOf(engine, own.orderId), '0 filled, 2 prevented, 0 open: EXPIRED STP');
    t.is(bookLine(engine), '2@101 |');
    t.is(await wallet(engine, ALICE), 'BTC 101+0, USDT 99697+202');
    await conserves(t, engine);
  },
);

inBothModes('EXPIRE_BOTH: both end', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const own = await engine.placeOrder(limit(ALICE, 'sell', '2', '100'));
  await engine.placeOrder(limit(BOB, 'sell', '1', '101'));
  const taker = await engine.placeOrder({ ...limit(ALICE, 'buy', '3', '101'), stp: 'EXPIRE_BOTH' });
  t.is(parts(taker), '0 filled, 3 prevented, 0 open: EXPIRED STP');
  t.is(await partsOf(engine, own.orderId), '0 filled, 2 prevented, 0 open: EXPIRED STP');
  t.is(bookLine(engine), '| 1@101');
  t.is(await wallet(engine, ALICE), 'BTC 100+0, USDT 100000+0');
});

inBothModes('DECREMENT: both lose what would have traded', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const small = await engine.placeOrder(limit(ALICE, 'sell', '0.4', '100'));
  await engine.placeOrder(limit(BOB, 'sell', '1', '100'));
  const large = await engine.placeOrder(limit(ALICE, 'sell', '5', '101'));
  const taker = await engine.placeOrder({ ...limit(ALICE, 'buy', '2', '101'), stp: 'DECREMENT' });
  // 0.4 are taken off both, 1 is bought of Bob, 0.6 are taken off both.
  t.is(parts(taker), '1 filled, 1 prevented, 0 open: EXPIRED STP');
  t.is(await partsOf(engine, small.orderId), '0 filled, 0.4 prevented, 0 open: EXPIRED STP');
  t.is(await partsOf(engine, large.orderId), '0 filled, 0.6 prevented, 4.4 open: NEW');
  t.is(await wallet(engine, ALICE), 'BTC 96.6+4.4, USDT 99900+0');
  t.is(engine.trades('BTC-USDT').length, 1, 'what is prevented is no trade');
  await conserves(t, engine);
});

inBothModes('DECREMENT goes on with what is left, slice by slice of an iceberg', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const iceberg = await engine.placeOrder({ ...limit(ALICE, 'sell', '1', '100'), displayQuantity: '0.3' });
  await engine.placeOrder(limit(BOB, 'sell', '0.5', '100'));
  const taker = await engine.placeOrder({ ...limit(ALICE, 'buy', '0.9', '100'), stp: 'DECREMENT' });
  // Its slice of 0.3, then Bob's 0.5, then 0.1 of the next slice.
  t.is(parts(taker), '0.5 filled, 0.4 prevented, 0 open: EXPIRED STP');
  t.is(await partsOf(engine, iceberg.orderId), '0 filled, 0.4 prevented, 0.6 open: NEW');
  t.is(bookLine(engine), '| 0.2@100');
});

inBothModes(
  'orders by quote: DECREMENT takes off their quote, other modes prevent no quantity',
  async (t, mode) => {
    const engine = await openDesk(t, mode);
    const own = await engine.placeOrder(limit(ALICE, 'sell', '0.5', '100'));
    await engine.placeOrder(limit(BOB, 'sell', '1', '100'));
    const ended = await engine.placeOrder(marketByQuote(ALICE, 'buy', '80'));
    t.is(parts(ended), '0 filled, 0 prevented, 0 open: EXPIRED STP');
    const taker = await engine.placeOrder({ ...marketByQuote(ALICE, 'buy', '80'), stp: 'DECREMENT' });
    // 50 of it go with the 0.5, 30 buy 0.3 of Bob.
    t.is(parts(taker), '0.3 filled, 0.5 prevented, 0 open: FILLED');
    t.is(await standing(engine, own.orderId), 'EXPIRED STP');
    t.is(await wallet(engine, ALICE), 'BTC 100.3+0, USDT 99970+0');
    // A budget is not used up by what is prevented.
    await engine.placeOrder(limit(ALICE, 'sell', '0.5', '99'));
    const order = { ...market(ALICE, 'buy', '0.9'), side: 'buy', maxQuote: '40', stp: 'DECREMENT' } as const;
    t.is(parts(await engine.placeOrder(order)), '0.4 filled, 0.5 prevented, 0 open: FILLED');
  },
);

inBothModes('FOK: own orders in the way make it unfillable, unless they are to expire', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await engine.placeOrder(limit(BOB, 'sell', '1', '99'));
  const own = await engine.placeOrder(limit(ALICE, 'sell', '1', '100'));
  await engine.placeOrder(limit(BOB, 'sell', '1', '101'));
  const fok = { ...limit(ALICE, 'buy', '2', '101'), timeInForce: 'FOK' } as const;
  for (const stp of ['EXPIRE_TAKER', 'EXPIRE_BOTH', 'DECREMENT'] as const) {
    t.like(await engine.placeOrder({ ...fok, stp }), { status: 'EXPIRED', reason: 'FOK_UNFILLABLE' }, stp);
    t.is(bookLine(engine), '| 1@99 1@100 1@101', stp);
  }
  const over = await engine.placeOrder({ ...fok, stp: 'EXPIRE_MAKER' });
  t.is(fillLine(over.fills), '1@99 1@101');
  t.is(await standing(engine, own.orderId), 'EXPIRED STP');
  await conserves(t, engine);
});

inBothModes('accounts of a group do not trade with each other, from when they are in it', async (t, mode) => {
  const engine = await openDesk(t, mode);
  for (const account of [ALICE, BOB]) await engine.accounts.setStpGroup(account, 7);
  const ask = await engine.placeOrder(limit(BOB, 'sell', '1', '100'));
  t.is(
    parts(await engine.placeOrder(limit(ALICE, 'buy', '1', '100'))),
    '0 filled, 1 prevented, 0 open: EXPIRED STP',
  );
  await engine.accounts.setStpGroup(ALICE, 8);
  t.is(
    parts(await engine.placeOrder(limit(ALICE, 'buy', '0.4', '100'))),
    '0.4 filled, 0 prevented, 0 open: FILLED',
  );
  await engine.accounts.setStpGroup(ALICE, null);
  t.is(
    parts(await engine.placeOrder(limit(ALICE, 'buy', '0.2', '100'))),
    '0.2 filled, 0 prevented, 0 open: FILLED',
  );
  t.is(await partsOf(engine, ask.orderId), '0.6 filled, 0 prevented, 0.4 open: PARTIALLY_FILLED');
});

inBothModes("a symbol's default, and the modes that it takes", async (t, mode) => {
  const engine = await openDesk(t, mode, { defaultStp: 'DECREMENT', allowedStp: ['DECREMENT', 'NONE'] });
  const own = await engine.placeOrder(limit(ALICE, 'sell', '1', '100'));
  t.is(own.stp, 'DECREMENT');
  await leavesAlone(t, engine, async () => {
    const order = { ...limit(ALICE, 'buy', '1', '100'), stp: 'EXPIRE_BOTH' } as const;
    t.like(await refusal(() => engine.placeOrder(order)), { code: 'STP_MODE_DISABLED', field: 'stp' });
  });
  t.is(
    parts(await engine.placeOrder(market(ALICE, 'buy', '0.5'))),
    '0 filled, 0.5 prevented, 0 open: EXPIRED STP',
  );
  t.is(await wallet(engine, ALICE), 'BTC 99.5+0.5, USDT 100000+0');
});

inBothModes('a pair of which a leg ends by prevention', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const pair = await engine.placeOco({
    accountId: ALICE,
    symbol: 'BTC-USDT',
    side: 'sell',
    quantity: '1',
    limit: { price: '110' },
    stop: { triggerPrice: '90' },
  });
  await engine.placeOrder({ ...limit(ALICE, 'buy', '0.5', '110'), stp: 'EXPIRE_MAKER' });
  t.is(await standing(engine, pair.limit.orderId), 'EXPIRED STP');
  t.is(await standing(engine, pair.stop.orderId), 'CANCELED OCO_SIBLING');
  t.is(await wallet(engine, ALICE), 'BTC 100+0, USDT 99945+55');
  await conserves(t, engine);
});

/** Limit and market orders from end to end: what they trade, what is left of them, and whose money moves. */
import {
  ALICE,
  BOB,
  bookLine,
  CAROL,
  conserves,
  fillLine,
  inBothModes,
  leavesAlone,
  limit,
  market,
  marketByQuote,
  openDesk,
  provesMoney,
  refusal,
  standing,
  wallet,
} from './helpers.ts';

inBothModes(
  'GTC: trades what crosses at the price of the maker, and rests with the others',
  async (t, mode) => {
    const engine = await openDesk(t, mode);
    const ask = await engine.placeOrder(limit(ALICE, 'sell', '1', '100'));
    const bid = await engine.placeOrder(limit(BOB, 'buy', '3', '102'));
    t.like(bid, { status: 'PARTIALLY_FILLED', timeInForce: 'GTC', openQuantity: '2.0000' });
    t.is(fillLine(bid.fills), '1@100');
    t.is(bookLine(engine), '2@102 |');
    t.is(await standing(engine, ask.orderId), 'FILLED');
    t.is(await wallet(engine, ALICE), 'BTC 99+0, USDT 100100+0');
    // 100 paid; 2 x 102 reserved, and not the 306 of the beginning.
    t.is(await wallet(engine, BOB), 'BTC 101+0, USDT 99696+204');
    await provesMoney(t, engine, [ALICE, BOB]);
  },
);

inBothModes('IOC: what does not trade at once expires, and is free again', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await engine.placeOrder(limit(ALICE, 'sell', '1', '100'));
  await engine.placeOrder(limit(ALICE, 'sell', '1', '101'));
  const some = await engine.placeOrder({ ...limit(BOB, 'buy', '3', '100'), timeInForce: 'IOC' });
  t.like(some, {
    status: 'EXPIRED',
    reason: 'IOC_REMAINDER',
    filledQuantity: '1.0000',
    openQuantity: '0.0000',
  });
  t.is(await wallet(engine, BOB), 'BTC 101+0, USDT 99900+0');
  const none = await engine.placeOrder({ ...limit(BOB, 'buy', '3', '100'), timeInForce: 'IOC' });
  t.like(none, { status: 'EXPIRED', reason: 'IOC_REMAINDER', fills: [], bookSeq: some.bookSeq });
  const all = await engine.placeOrder({ ...limit(BOB, 'buy', '0.5', '101'), timeInForce: 'IOC' });
  t.like(all, { status: 'FILLED', reason: null });
  t.is(bookLine(engine), '| 0.5@101');
  await conserves(t, engine);
});

inBothModes('FOK: everything or nothing, hidden quantity included', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await engine.placeOrder(limit(ALICE, 'sell', '1', '100'));
  await engine.placeOrder({ ...limit(CAROL, 'sell', '2', '101'), displayQuantity: '0.5' });
  await engine.placeOrder(limit(ALICE, 'sell', '1', '105'));
  t.is(bookLine(engine), '| 1@100 0.5@101 1@105');
  const fok = { timeInForce: 'FOK' } as const;
  const tooMuch = await engine.placeOrder({ ...limit(BOB, 'buy', '3.0001', '101'), ...fok });
  t.like(tooMuch, { status: 'EXPIRED', reason: 'FOK_UNFILLABLE', fills: [], filledQuantity: '0.0000' });
  t.is(bookLine(engine), '| 1@100 0.5@101 1@105', 'no maker is touched');
  t.is(await wallet(engine, BOB), 'BTC 100+0, USDT 100000+0');

  const fits = await engine.placeOrder({ ...limit(BOB, 'buy', '3', '101'), ...fok });
  t.like(fits, { status: 'FILLED', filledQuote: '302.000000' }); // 100 + 2 x 101
  t.is(fillLine(fits.fills), '1@100 0.5@101 0.5@101 0.5@101 0.5@101');
  t.like(await engine.placeOrder({ ...market(BOB, 'buy', '1.5'), ...fok }), { reason: 'FOK_UNFILLABLE' });
  t.like(await engine.placeOrder({ ...marketByQuote(BOB, 'buy', '105.01'), ...fok }), {
    reason: 'FOK_UNFILLABLE',
  });
  t.like(await engine.placeOrder({ ...marketByQuote(BOB, 'buy', '52.5'), ...fok }), {
    status: 'FILLED',
    filledQuantity: '0.5000',
  });
  t.is(await wallet(engine, BOB), 'BTC 103.5+0, USDT 99645.5+0'); // 302 + 52.5 paid
  await conserves(t, engine);
});

inBothModes('post-only: never takes, not even from its own account', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await engine.placeOrder(limit(ALICE, 'sell', '1', '100'));
  const postOnly = { postOnly: true } as const;
  await leavesAlone(t, engine, async () => {
    for (const buyer of [BOB, ALICE]) {
      const crossing = await refusal(() =>
        engine.placeOrder({ ...limit(buyer, 'buy', '1', '100'), ...postOnly }),
      );
      t.is(crossing.code, 'POST_ONLY_WOULD_CROSS', `account ${buyer}`);
    }
  });
  t.like(await engine.placeOrder({ ...limit(BOB, 'buy', '1', '99.99'), ...postOnly }), {
    status: 'NEW',
    postOnly: true,
  });
  t.is(bookLine(engine), '1@99.99 | 1@100');
});

inBothModes('an iceberg shows slices, and each one goes to the back of the queue', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const iceberg = await engine.placeOrder({ ...limit(ALICE, 'sell', '1', '100'), displayQuantity: '0.3' });
  t.like(iceberg, { openQuantity: '1.0000', displayQuantity: '0.3000', reserved: { amount: '1.00000000' } });
  await engine.placeOrder(limit(CAROL, 'sell', '0.5', '100'));
  const level = () => engine.book('BTC-USDT').asks[0];
  t.like(level(), { quantity: '0.8000', orders: 2 });

  const first = await engine.placeOrder(limit(BOB, 'buy', '0.5', '100'));
  t.is(fillLine(first.fills), '0.3@100 0.2@100', 'its slice, then Carol, who is ahead of its next one');
  t.like(level(), { quantity: '0.6000', orders: 2 });
  const second = await engine.placeOrder(limit(BOB, 'buy', '0.4', '100'));
  t.is(fillLine(second.fills), '0.3@100 0.1@100', 'the rest of Carol, then the slice');
  t.like(level(), { quantity: '0.2000', orders: 1 });
  const third = await engine.placeOrder(limit(BOB, 'buy', '0.6', '100'));
  t.is(fillLine(third.fills), '0.2@100 0.3@100 0.1@100', 'one taker meets all of its slices');
  t.is(await standing(engine, iceberg.orderId), 'FILLED');
  t.is(await wallet(engine, ALICE), 'BTC 99+0, USDT 100100+0');
  await conserves(t, engine);
});

inBothModes('an iceberg that comes in trades with its whole quantity', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await engine.placeOrder(limit(ALICE, 'sell', '1', '100'));
  const taker = await engine.placeOrder({ ...limit(BOB, 'buy', '1.5', '100'), displayQuantity: '0.2' });
  t.is(fillLine(taker.fills), '1@100');
  t.is(bookLine(engine), '0.2@100 |');
  t.is(await wallet(engine, BOB), 'BTC 101+0, USDT 99850+50', 'what is hidden is reserved, too');
});

inBothModes('market orders by quantity take what there is', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await engine.placeOrder(limit(ALICE, 'sell', '1', '100'));
  await engine.placeOrder(limit(ALICE, 'sell', '1', '110'));
  const bought = await engine.placeOrder(market(BOB, 'buy', '1.5'));
  t.like(bought, {
    status: 'FILLED',
    timeInForce: 'IOC',
    filledQuote: '155.000000',
    averagePrice: '103.333333',
  });
  const rest = await engine.placeOrder(market(BOB, 'buy', '1'));
  t.like(rest, { status: 'EXPIRED', reason: 'INSUFFICIENT_LIQUIDITY', filledQuantity: '0.5000' });
  t.is(await wallet(engine, BOB), 'BTC 102+0, USDT 99790+0'); // 155 + 55 paid
  t.is(await wallet(engine, ALICE), 'BTC 98+0, USDT 100210+0');
});

inBothModes('a market buy with a budget ends where the budget pays for no more', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await engine.placeOrder(limit(ALICE, 'sell', '1', '100'));
  await engine.placeOrder(limit(ALICE, 'sell', '1', '110'));
  const bought = await engine.placeOrder({
    ...market(BOB, 'buy', '2'),
    side: 'buy',
    maxQuote: '155.005',
  });
  // 100 for the first; 55.005 pays for floor(55.005 / 0.011) = 5000 lots, and 0.005 for none.
  t.like(bought, {
    status: 'EXPIRED',
    reason: 'BUDGET_EXHAUSTED',
    filledQuantity: '1.5000',
    filledQuote: '155.000000',
  });
  t.is(await wallet(engine, BOB), 'BTC 101.5+0, USDT 99845+0');
});

inBothModes('market orders keep to the protection, the narrower of two', async (t, mode) => {
  const engine = await openDesk(t, mode, { marketProtectionBps: 500 });
  for (const price of ['100', '104', '105', '105.01'])
    await engine.placeOrder(limit(ALICE, 'sell', '1', price));
  // The order's own 4 %: floor(100 x 1.04) = 104.
  const own = await engine.placeOrder({ ...market(BOB, 'buy', '9'), protectionBps: 400 });
  t.like(own, {
    status: 'EXPIRED',
    reason: 'PRICE_PROTECTION',
    filledQuantity: '2.0000',
    protectionBps: 400,
  });
  // Now the best is 105; the symbol's 5 % reaches beyond the whole book, although the order says 90 %.
  const wide = await engine.placeOrder({ ...market(BOB, 'buy', '9'), protectionBps: 9000 });
  t.like(wide, { reason: 'INSUFFICIENT_LIQUIDITY', filledQuantity: '2.0000' });
  for (const price of ['100', '95', '94.99']) await engine.placeOrder(limit(ALICE, 'buy', '1', price));
  // A sell: ceil(100 x 0.95) = 95.
  t.like(await engine.placeOrder(market(BOB, 'sell', '3')), {
    reason: 'PRICE_PROTECTION',
    filledQuote: '195.000000',
  });
  t.is(bookLine(engine), '1@94.99 |');
});

inBothModes('market orders by quote trade in whole lots, and never above the amount', async (t, mode) => {
  const engine = await openDesk(t, mode, { maxQuantity: '3' });
  await engine.placeOrder(limit(ALICE, 'sell', '2', '300'));
  // A lot costs 0.03: floor(100 / 0.03) = 3333 lots are 99.99.
  const bought = await engine.placeOrder(marketByQuote(BOB, 'buy', '100'));
  t.like(bought, { status: 'FILLED', quantity: null, filledQuantity: '0.3333', filledQuote: '99.990000' });
  t.is(await wallet(engine, BOB), 'BTC 100.3333+0, USDT 99900.01+0');
  await engine.placeOrder(limit(CAROL, 'buy', '2', '70'));
  await engine.placeOrder(limit(CAROL, 'buy', '2', '69'));
  const sold = await engine.placeOrder(marketByQuote(BOB, 'sell', '10'));
  t.like(sold, { status: 'FILLED', filledQuantity: '0.1428', filledQuote: '9.996000' }); // lots of 0.007
  // Never more than the symbol's largest quantity.
  const most = await engine.placeOrder(marketByQuote(BOB, 'sell', '1000'));
  t.like(most, { status: 'FILLED', filledQuantity: '3.0000' });
  await provesMoney(t, engine, [ALICE, BOB, CAROL]);
});

inBothModes(
  'a market order that the account can not pay is refused with what it would cost',
  async (t, mode) => {
    const engine = await openDesk(t, mode);
    await engine.placeOrder(limit(ALICE, 'sell', '100', '2000'));
    await engine.placeOrder(limit(CAROL, 'buy', '50', '3'));
    await leavesAlone(t, engine, async () => {
      const dear = await refusal(() => engine.placeOrder(market(BOB, 'buy', '60')));
      t.like(dear.details, { asset: 'USDT', required: '120000.000000', available: '100000.000000' });
      const short = await refusal(() => engine.placeOrder(market(BOB, 'sell', '100.0001')));
      t.like(short.details, { asset: 'BTC', required: '100.00010000', available: '100.00000000' });
      const small = await refusal(() => engine.placeOrder(marketByQuote(BOB, 'buy', '0.19')));
      t.is(small.code, 'NOTIONAL_RANGE', 'a lot costs 0.20');
    });
    await engine.accounts.withdraw({ accountId: BOB, asset: 'BTC', amount: '99.5' });
    await engine.accounts.withdraw({ accountId: BOB, asset: 'USDT', amount: '100000' });
    const few = await refusal(() => engine.placeOrder(marketByQuote(BOB, 'sell', '3')));
    t.like(few.details, { asset: 'BTC', required: '1.00000000', available: '0.50000000' });
    const both = await refusal(() => engine.placeOrder(marketByQuote(BOB, 'buy', '0.19')));
    t.is(both.code, 'NOTIONAL_RANGE', 'too small is said before too poor');
  },
);

inBothModes('immediate orders are not refused by the limit of open orders', async (t, mode) => {
  const engine = await openDesk(t, mode, { maxOpenOrders: 1 });
  await engine.placeOrder(limit(BOB, 'buy', '1', '90'));
  await engine.placeOrder(limit(ALICE, 'sell', '2', '100'));
  t.is((await refusal(() => engine.placeOrder(limit(BOB, 'buy', '1', '90')))).code, 'TOO_MANY_OPEN_ORDERS');
  t.is((await engine.placeOrder({ ...limit(BOB, 'buy', '1', '100'), timeInForce: 'IOC' })).status, 'FILLED');
  t.is((await engine.placeOrder(market(BOB, 'buy', '1'))).status, 'FILLED');
});

inBothModes('a tested order says what would happen, and nothing does', async (t, mode) => {
  const engine = await openDesk(t, mode, { fees: { makerPpm: 0, takerPpm: 1000 } });
  await engine.placeOrder(limit(ALICE, 'sell', '1', '100'));
  const orders = [
    limit(BOB, 'buy', '3', '100'),
    { ...limit(BOB, 'buy', '3', '100'), timeInForce: 'FOK' } as const,
    { ...market(BOB, 'buy', '0.5'), clientOrderId: 'x' },
    marketByQuote(BOB, 'buy', '50'),
  ];
  for (const order of orders) {
    const twin = await openDesk(t, mode, { fees: { makerPpm: 0, takerPpm: 1000 } });
    await twin.placeOrder(limit(ALICE, 'sell', '1', '100'));
    await leavesAlone(t, engine, async () => {
      const { seq: _seq, ts, ...tested } = await engine.testOrder(order);
      t.is(ts, engine.now());
      t.like(await twin.placeOrder(order), tested, JSON.stringify(order));
    });
  }
  await leavesAlone(t, engine, async () => {
    const poor = await refusal(() => engine.testOrder(limit(BOB, 'buy', '3000', '100')));
    t.is(poor.code, 'QTY_RANGE');
    t.is(
      (await refusal(() => engine.testOrder(limit(BOB, 'buy', '999', '1000')))).code,
      'INSUFFICIENT_BALANCE',
    );
  });
  t.like(await engine.placeOrder(limit(BOB, 'buy', '1', '100')), { status: 'FILLED' });
});

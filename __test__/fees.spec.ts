/** Fees, to the atom: who pays what in which asset, what accrues, and who collects it. */
import type { Engine } from '../index.ts';
import {
  ALICE,
  BOB,
  CAROL,
  conserves,
  fund,
  inBothModes,
  leavesAlone,
  limit,
  market,
  marketByQuote,
  openDesk,
  refusal,
  wallet,
} from './helpers.ts';

/** What has accrued: `BTC 0.001, USDT -0.5`. */
async function accrued(engine: Engine): Promise<string> {
  const lines = await engine.conservation();
  return lines.map(({ asset, feesAccrued }) => `${asset} ${Number(feesAccrued)}`).join(', ');
}

inBothModes('received: each side pays out of what it receives', async (t, mode) => {
  const engine = await openDesk(t, mode, { fees: { makerPpm: 1000, takerPpm: 2000 } }); // 0.1 %, 0.2 %
  const ask = await engine.placeOrder(limit(ALICE, 'sell', '2', '100'));
  const bid = await engine.placeOrder(limit(BOB, 'buy', '1', '100'));
  t.deepEqual(bid.fee, { asset: 'BTC', amount: '0.00200000' });
  t.like(bid.fills, [{ fee: '0.00200000', feeAsset: 'BTC' }]);
  t.deepEqual((await engine.order(ask.orderId)).fee, { asset: 'USDT', amount: '0.100000' });
  t.is(await wallet(engine, ALICE), 'BTC 98+1, USDT 100099.9+0');
  t.is(await wallet(engine, BOB), 'BTC 100.998+0, USDT 99900+0');
  t.is(await accrued(engine), 'BTC 0.002, USDT 0.1');
  // The other way round: the seller takes.
  await engine.placeOrder(limit(BOB, 'buy', '1', '90'));
  const sold = await engine.placeOrder(market(CAROL, 'sell', '0.5'));
  t.deepEqual(sold.fee, { asset: 'USDT', amount: '0.090000' }); // 0.2 % of 45
  t.is(await wallet(engine, CAROL), 'BTC 99.5+0, USDT 100044.91+0');
  t.is(await wallet(engine, BOB), 'BTC 101.4975+0, USDT 99810+45'); // + 0.5 - 0.1 % of it
  t.is(await accrued(engine), 'BTC 0.0025, USDT 0.19');
  await conserves(t, engine);
});

inBothModes('received: fees are rounded up, and are never more than what is received', async (t, mode) => {
  const engine = await openDesk(t, mode, { fees: { makerPpm: 0, takerPpm: 1 } });
  await engine.placeOrder(limit(ALICE, 'sell', '1', '0.01'));
  // A millionth of 0.0001 BTC (10,000 atoms) is 0.01 atoms: one atom.
  t.is((await engine.placeOrder(limit(BOB, 'buy', '0.0001', '0.01'))).fee.amount, '0.00000001');
  await engine.accounts.setFees(CAROL, { makerPpm: 0, takerPpm: 1_000_000 });
  const all = await engine.placeOrder(limit(CAROL, 'buy', '0.5', '0.01'));
  t.is(all.fee.amount, '0.50000000', 'a hundred per cent');
  t.is(await wallet(engine, CAROL), 'BTC 100+0, USDT 99999.995+0');
  await conserves(t, engine);
});

inBothModes('quote: both pay quote, the buyer on top and out of a cushion', async (t, mode) => {
  const engine = await openDesk(t, mode, { feeMode: 'quote', fees: { makerPpm: 1000, takerPpm: 2000 } });
  const bid = await engine.placeOrder(limit(BOB, 'buy', '1', '100'));
  t.is(bid.reserved.amount, '100.200000', 'the higher of both rates');
  const sold = await engine.placeOrder(limit(ALICE, 'sell', '0.5', '99'));
  t.deepEqual(sold.fee, { asset: 'USDT', amount: '0.100000' }); // 0.2 % of 50
  t.is(await wallet(engine, ALICE), 'BTC 99.5+0, USDT 100049.9+0');
  t.deepEqual((await engine.order(bid.orderId)).fee, { asset: 'USDT', amount: '0.050000' });
  t.is(await wallet(engine, BOB), 'BTC 100.5+0, USDT 99899.85+50.1');
  await engine.placeOrder(limit(ALICE, 'sell', '0.5', '99'));
  t.is(await wallet(engine, BOB), 'BTC 101+0, USDT 99899.9+0', 'what is left of the cushion is free');
  t.is(await accrued(engine), 'BTC 0, USDT 0.3');
  await conserves(t, engine);
});

inBothModes('quote: a market buyer buys as much as pays for itself and its fee', async (t, mode) => {
  const engine = await openDesk(t, mode, { feeMode: 'quote', fees: { makerPpm: 0, takerPpm: 100_000 } }); // 10 %
  await engine.placeOrder(limit(ALICE, 'sell', '10', '100'));
  // A lot costs 0.01 and 0.001 on top: 55 pays for 5000 of them.
  const byQuote = await engine.placeOrder(marketByQuote(BOB, 'buy', '55'));
  t.like(byQuote, {
    status: 'FILLED',
    filledQuantity: '0.5000',
    filledQuote: '50.000000',
    fee: { amount: '5.000000' },
  });
  const budget = await engine.placeOrder({ ...market(BOB, 'buy', '1'), side: 'buy', maxQuote: '22.005' });
  t.like(budget, { reason: 'BUDGET_EXHAUSTED', filledQuantity: '0.2000', fee: { amount: '2.000000' } });
  t.is(await wallet(engine, BOB), 'BTC 100.7+0, USDT 99923+0');
  await leavesAlone(t, engine, async () => {
    const small = await refusal(() => engine.placeOrder(marketByQuote(BOB, 'buy', '0.0109')));
    t.is(small.code, 'NOTIONAL_RANGE', 'a lot and its fee cost 0.011');
  });
  await conserves(t, engine);
});

inBothModes('a rebate is paid in the same asset, and cut to what the taker pays', async (t, mode) => {
  const engine = await openDesk(t, mode, { fees: { makerPpm: -500, takerPpm: 1000 } });
  const ask = await engine.placeOrder(limit(ALICE, 'sell', '2', '100'));
  await engine.placeOrder(limit(BOB, 'buy', '1', '100'));
  t.is((await engine.order(ask.orderId)).fee.amount, '-0.050000');
  t.is(await wallet(engine, ALICE), 'BTC 98+1, USDT 100100.05+0');
  // Carol takes for 0.02 % only: that is all that Alice gets back.
  await engine.accounts.setFees(CAROL, { makerPpm: 0, takerPpm: 200 });
  await engine.placeOrder(limit(CAROL, 'buy', '1', '100'));
  t.is(await wallet(engine, ALICE), 'BTC 98+0, USDT 100200.07+0');
  t.is(await accrued(engine), 'BTC 0.0012, USDT -0.07');
  await conserves(t, engine);
});

inBothModes('with allowNetRebate a rebate may exceed the fee of the taker', async (t, mode) => {
  const engine = await openDesk(t, mode, { fees: { makerPpm: -500, takerPpm: 200 }, allowNetRebate: true });
  await engine.placeOrder(limit(ALICE, 'sell', '1', '100'));
  await engine.placeOrder(limit(BOB, 'buy', '1', '100'));
  t.is(await wallet(engine, ALICE), 'BTC 99+0, USDT 100100.05+0');
  t.is(await accrued(engine), 'BTC 0.0002, USDT -0.05');
  const net = { makerPpm: -500, takerPpm: 200 };
  await engine.symbols.update('BTC-USDT', { fees: net });
  const refused = await refusal(() => engine.symbols.update('BTC-USDT', { allowNetRebate: false }));
  t.is(refused.code, 'INVALID_FEE');
  await conserves(t, engine);
});

inBothModes(
  "an order's own rates come before its account's, and those before the symbol's",
  async (t, mode) => {
    const engine = await openDesk(t, mode, { fees: { makerPpm: 0, takerPpm: 1000 } });
    await engine.placeOrder(limit(ALICE, 'sell', '10', '100'));
    const fee = async (own: object = {}) =>
      (await engine.placeOrder({ ...limit(BOB, 'buy', '1', '100'), ...own })).fee.amount;
    t.is(await fee(), '0.00100000', "the symbol's");
    await engine.accounts.setFees(BOB, { makerPpm: 0, takerPpm: 2000 });
    t.is(await fee(), '0.00200000', "the account's for all symbols");
    await engine.accounts.setFees(BOB, { makerPpm: 0, takerPpm: 3000 }, { symbol: 'BTC-USDT' });
    t.is(await fee(), '0.00300000', "the account's for this symbol");
    t.is(await fee({ fees: { makerPpm: 0, takerPpm: 4000 } }), '0.00400000', 'its own');
    t.deepEqual((await engine.accounts.get(BOB)).fees, [
      { symbol: null, makerPpm: 0, takerPpm: 2000 },
      { symbol: 'BTC-USDT', makerPpm: 0, takerPpm: 3000 },
    ]);
    await engine.accounts.setFees(BOB, null, { symbol: 'BTC-USDT' });
    t.is(await fee(), '0.00200000');
    await engine.accounts.setFees(BOB, null);
    await engine.symbols.update('BTC-USDT', { fees: null });
    t.is(await fee(), '0.00000000', 'none any more');
    await conserves(t, engine);
  },
);

inBothModes('rates are fixed when an order is accepted', async (t, mode) => {
  const engine = await openDesk(t, mode, { fees: { makerPpm: 1000, takerPpm: 1000 } });
  const ask = await engine.placeOrder(limit(ALICE, 'sell', '1', '100'));
  await engine.symbols.update('BTC-USDT', { fees: { makerPpm: 9000, takerPpm: 9000 } });
  await engine.placeOrder(limit(BOB, 'buy', '1', '100'));
  t.is((await engine.order(ask.orderId)).fee.amount, '0.100000');
});

inBothModes('fees are collected: per symbol, or all of them, and what is negative stays', async (t, mode) => {
  const engine = await openDesk(t, mode, { fees: { makerPpm: -500, takerPpm: 1000 } });
  await engine.symbols.create({
    name: 'BTC-USDT-2',
    base: 'BTC',
    quote: 'USDT',
    tickSize: '0.01',
    lotSize: '0.0001',
    feeMode: 'quote',
    fees: { makerPpm: 0, takerPpm: 1000 },
  });
  const TREASURY = 50;
  await fund(engine, TREASURY, { USDT: 1 });
  for (const symbol of ['BTC-USDT', 'BTC-USDT-2']) {
    await engine.placeOrder({ ...limit(ALICE, 'sell', '1', '100'), symbol });
    await engine.placeOrder({ ...limit(BOB, 'buy', '1', '100'), symbol });
  }
  t.is(await accrued(engine), 'BTC 0.001, USDT 0.05'); // -0.05 of the one, 0.1 of the other
  const first = await engine.collectFees({ accountId: TREASURY, symbol: 'BTC-USDT' });
  t.deepEqual(first.fees, [{ asset: 'BTC', amount: '0.00100000' }]);
  t.is(await accrued(engine), 'BTC 0, USDT 0.05');
  await conserves(t, engine);
  t.deepEqual((await engine.collectFees({ accountId: TREASURY })).fees, [
    { asset: 'USDT', amount: '0.100000' },
  ]);
  t.is(await accrued(engine), 'BTC 0, USDT -0.05', 'the rebate is still to be earned');
  t.is(await wallet(engine, TREASURY), 'BTC 0.001+0, USDT 1.1+0');
  t.deepEqual((await engine.collectFees({ accountId: TREASURY })).fees, []);
  t.is((await refusal(() => engine.collectFees({ accountId: 404 }))).code, 'UNKNOWN_ACCOUNT');
  const nothing = await refusal(() => engine.collectFees({ accountId: TREASURY, symbol: 'NOPE' }));
  t.is(nothing.code, 'UNKNOWN_SYMBOL');
  await conserves(t, engine);
});

inBothModes('rates out of range are refused everywhere', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await leavesAlone(t, engine, async () => {
    for (const fees of [
      { makerPpm: 0, takerPpm: -1 },
      { makerPpm: 0, takerPpm: 1_000_001 },
      { makerPpm: -1_000_001, takerPpm: 0 },
      { makerPpm: 1_000_001, takerPpm: 0 },
    ]) {
      const text = JSON.stringify(fees);
      t.is((await refusal(() => engine.accounts.setFees(ALICE, fees))).code, 'INVALID_FEE', text);
      t.is((await refusal(() => engine.symbols.update('BTC-USDT', { fees }))).code, 'INVALID_FEE', text);
      const order = { ...limit(ALICE, 'buy', '1', '90'), fees };
      t.is((await refusal(() => engine.placeOrder(order))).code, 'INVALID_FEE', text);
    }
  });
});

inBothModes('a hundred small fills never cost more than was reserved', async (t, mode) => {
  // At 0.33 x 0.0001 = 33 atoms and a rate of 7,777 ppm a fee is 0.26 atoms and rounded up: far more than the cushion.
  const engine = await openDesk(t, mode, { feeMode: 'quote', fees: { makerPpm: 7777, takerPpm: 0 } });
  const bid = await engine.placeOrder(limit(BOB, 'buy', '0.0100', '0.33'));
  t.is(bid.reserved.amount, '0.003326'); // 3300 atoms + ceil(25.6641)
  for (let n = 0; n < 100; n += 1) await engine.placeOrder(limit(ALICE, 'sell', '0.0001', '0.33'));
  const { status, fee, reserved } = await engine.order(bid.orderId);
  t.deepEqual([status, fee.amount, reserved.amount], ['FILLED', '0.000026', '0.000000']);
  t.is(await wallet(engine, BOB), 'BTC 100.01+0, USDT 99999.996674+0');
  await conserves(t, engine);
});

// The raw interface: the same exchange in integers. What a record does is compared with what words do.

import test from 'ava';
import type { ExecutionContext } from 'ava';
import {
  CommandWriter,
  Engine,
  type ErrorCode,
  LightningError,
  ResultReader,
  type StpMode,
} from '../index.ts';
import { panicAfter } from '../ts/engine.ts';
import {
  addMarket,
  configFor,
  fund,
  generator,
  limit,
  type Mode,
  MODES,
  open,
  openMarket,
  provesBook,
  provesMoney,
  readState,
  refusal,
  seedOr,
  toUnits,
} from './helpers.ts';

const SEED = seedOr(20_261_123);
const ACCOUNTS = [1, 2, 3, 4];

/** A tick is 0.01, a lot 0.0001, one tick x lot one atom of USDT: see `BTC_USDT`. */
const price = (ticks: number): string => (ticks / 100).toFixed(2);
const quantity = (lots: number): string => (lots / 10_000).toFixed(4);

type Command =
  | { op: 'deposit' | 'withdraw'; account: number; asset: number; atoms: number }
  | {
      op: 'place';
      account: number;
      side: 'buy' | 'sell';
      ticks: number;
      lots: number;
      atoms: number;
      tif: 'GTC' | 'IOC' | 'FOK' | undefined;
      postOnly: boolean;
      stp: StpMode | undefined;
    }
  | { op: 'cancel'; account: number; order: number }
  | { op: 'amend'; account: number; order: number; ticks: number; lots: number }
  | { op: 'reduce'; account: number; order: number; lots: number };

function randomCommand(random: () => number, orders: number): Command {
  const below = (n: number): number => Math.floor(random() * n);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;
  // Account 9 has nothing and does not exist.
  const account = below(40) === 0 ? 9 : pick(ACCOUNTS);
  const order = 1 + below(orders + 3);
  const what = below(100);
  if (what < 4) return { op: 'deposit', account, asset: below(2), atoms: 1 + below(1_000_000) };
  if (what < 8) return { op: 'withdraw', account, asset: below(2), atoms: 1 + below(2_000_000_000) };
  if (what < 20) return { op: 'cancel', account, order };
  if (what < 30)
    return { op: 'amend', account, order, ticks: pick([0, 9_900 + below(200)]), lots: below(3) * below(500) };
  if (what < 35) return { op: 'reduce', account, order, lots: 1 + below(50) };
  const kind = below(10);
  return {
    op: 'place',
    account,
    side: pick(['buy', 'sell']),
    ticks: kind < 7 ? 9_900 + below(200) : kind === 7 ? 100_000_001 : 0,
    lots: kind === 9 ? 0 : below(50) === 0 ? 10_000_001 : 1 + below(400),
    atoms: kind === 9 ? 1 + below(5_000_000) : 0,
    tif: pick([undefined, undefined, undefined, 'GTC', 'IOC', 'FOK']),
    postOnly: below(8) === 0,
    stp: pick([undefined, undefined, 'NONE', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT']),
  };
}

function write(writer: CommandWriter, symbol: number, command: Command, tag: number): void {
  const { account } = command;
  switch (command.op) {
    case 'deposit':
    case 'withdraw':
      writer[command.op](account, command.asset, command.atoms, tag);
      break;
    case 'cancel':
      writer.cancel(account, command.order, tag);
      break;
    case 'amend':
      writer.amend(account, symbol, command.order, command.ticks, command.lots, tag);
      break;
    case 'reduce':
      writer.reduce(account, symbol, command.order, command.lots, tag);
      break;
    case 'place': {
      const { side, ticks, lots, atoms, tif, postOnly, stp } = command;
      const options = { ...(tif && { timeInForce: tif }), postOnly, ...(stp && { stp }) };
      if (ticks > 0) writer.limit(account, symbol, side, ticks, lots, tag, options);
      else if (lots > 0) writer.market(account, symbol, side, lots, tag, options);
      else writer.marketForQuote(account, symbol, side, atoms, tag, options);
    }
  }
}

const lots = (text: string): bigint => toUnits(text, 4);
const atoms = (text: string, asset: string): bigint => toUnits(text, asset === 'BTC' ? 8 : 6);

function placed(result: Awaited<ReturnType<Engine['placeOrder']>>): Record<string, unknown> {
  return {
    code: null,
    orderId: result.orderId,
    status: result.status,
    reason: result.reason,
    quantity: lots(result.filledQuantity),
    open: lots(result.openQuantity),
    amount: atoms(result.filledQuote, 'USDT'),
    seq: result.seq,
    fills: result.fills.map((fill) => ({
      tradeId: fill.tradeId,
      ticks: toUnits(fill.price, 2),
      lots: lots(fill.quantity),
      quoteAtoms: atoms(fill.quoteQuantity, 'USDT'),
      feeAtoms: atoms(fill.fee, fill.feeAsset),
    })),
  };
}

/** The same in words: what it answers in the terms of a raw result. */
async function say(engine: Engine, command: Command): Promise<Record<string, unknown>> {
  const { account: accountId } = command;
  const order = 'order' in command ? { accountId, symbol: 'BTC-USDT', orderId: command.order } : undefined;
  try {
    switch (command.op) {
      case 'deposit':
      case 'withdraw': {
        const asset = command.asset === 0 ? 'BTC' : 'USDT';
        const amount = (command.atoms / (command.asset === 0 ? 1e8 : 1e6)).toFixed(
          command.asset === 0 ? 8 : 6,
        );
        const { available } = await engine.accounts[command.op]({ accountId, asset, amount });
        return { code: null, amount: atoms(available, asset) };
      }
      case 'cancel': {
        const { orderId, canceledQuantity, released } = await engine.cancelOrder({
          accountId,
          orderId: command.order,
        });
        const amount = atoms(released.amount, released.asset);
        return { code: null, orderId, status: 'CANCELED', quantity: lots(canceledQuantity), amount };
      }
      case 'amend': {
        const { ticks } = command;
        return placed(
          await engine.amendOrder({
            ...order!,
            ...(ticks > 0 && { price: price(ticks) }),
            ...(command.lots > 0 && { quantity: quantity(command.lots) }),
          } as Parameters<Engine['amendOrder']>[0]),
        );
      }
      case 'reduce':
        return placed(await engine.amendOrder({ ...order!, reduceBy: quantity(command.lots) }));
      case 'place': {
        const { side, ticks, tif, postOnly, stp } = command;
        return placed(
          await engine.placeOrder({
            accountId,
            symbol: 'BTC-USDT',
            side,
            type: ticks > 0 ? 'limit' : 'market',
            ...(ticks > 0 && { price: price(ticks) }),
            ...(command.lots > 0 && { quantity: quantity(command.lots) }),
            ...(command.atoms > 0 && { quoteQuantity: (command.atoms / 1e6).toFixed(6) }),
            ...(tif && { timeInForce: tif }),
            ...(postOnly && { postOnly }),
            ...(stp && { stp }),
          } as Parameters<Engine['placeOrder']>[0]),
        );
      }
    }
  } catch (error) {
    if (error instanceof LightningError) return { code: error.code };
    throw error;
  }
}

async function pair(t: ExecutionContext, mode: Mode): Promise<[Engine, Engine]> {
  const clock = { clock: { manual: 1_000_000 } };
  const engines = await Promise.all([
    open(t, { ...configFor(mode, 1), ...clock }),
    open(t, { ...configFor(mode, 1), ...clock }),
  ]);
  for (const engine of engines) {
    await addMarket(engine, { fees: { makerPpm: 1_000, takerPpm: 2_000 }, minNotional: '0.01' });
    for (const accountId of ACCOUNTS) await fund(engine, accountId, { BTC: '1', USDT: '100' });
  }
  return engines;
}

for (const mode of MODES) {
  test(`records do what words do, and are refused with the same codes [${mode}]`, async (t) => {
    const [raw, words] = await pair(t, mode);
    const random = generator(SEED);
    const writer = new CommandWriter(64);
    const reader = new ResultReader();
    const codes = new Set<ErrorCode | null>();
    let orders = 0;
    // With threads what one command frees may not be free yet for the next of its batch.
    for (let left = mode === 'inline' ? 6_000 : 1_500; left > 0;) {
      const size = mode === 'inline' ? 1 + Math.floor(random() * 64) : 1;
      const commands = Array.from({ length: size }, () => randomCommand(random, orders));
      left -= size;
      writer.clear();
      for (const [tag, command] of commands.entries()) write(writer, 0, command, tag + 1_000);
      const results = await raw.submitRaw(writer, reader);
      t.is(results, reader);
      t.is(results.count, size);
      for (const [index, command] of commands.entries()) {
        const said = await say(words, command);
        const result = results.get(index);
        t.is(result.tag, index + 1_000);
        const seen = Object.fromEntries(
          Object.keys(said).map((key) => [key, result[key as keyof typeof result]]),
        );
        t.deepEqual(seen, said, `seed ${SEED}, ${JSON.stringify(command)}`);
        codes.add(result.code);
        orders = Math.max(orders, result.orderId);
      }
    }
    t.deepEqual(await readState(raw, ACCOUNTS), await readState(words, ACCOUNTS));
    await provesMoney(t, raw, ACCOUNTS);
    for (const code of [
      null,
      'UNKNOWN_ORDER',
      'PRICE_RANGE',
      'QTY_RANGE',
      'UNSUPPORTED_COMBINATION',
    ] as const)
      t.true(codes.has(code), `${code} is not among ${[...codes].join()}`);
  });

  test(`results say what happened, in the order of the commands [${mode}]`, async (t) => {
    const engine = await openMarket(t, configFor(mode, 3));
    const writer = new CommandWriter(8);
    writer.deposit(1, 0, 500_000_000n, 71);
    writer.deposit(2, 1, 1_000_000_000, 72);
    const funded = await engine.submitRaw(writer);
    t.deepEqual([funded.count, funded.tag(0), funded.tag(1)], [2, 71, 72]);
    t.deepEqual([funded.code(0), funded.amount(0), funded.amount(1)], [null, 500_000_000n, 1_000_000_000n]);

    writer.clear();
    writer.limit(1, 0, 'sell', 10_000, 5_000);
    writer.limit(1, 0, 'sell', 10_100, 5_000);
    const asks = await engine.submitRaw(writer, funded);
    t.is(asks, funded, 'the same reader');
    const [first, second] = [asks.orderId(0), asks.orderId(1)];

    writer.clear();
    writer.limit(2, 0, 'buy', 10_050, 7_000);
    const bought = await engine.submitRaw(writer);
    t.deepEqual(
      [bought.status(0), bought.quantity(0), bought.open(0), bought.amount(0), bought.fills(0)],
      ['PARTIALLY_FILLED', 5_000, 2_000, 50_000_000n, 1],
    );
    t.deepEqual(bought.fill(0, 0), {
      tradeId: 1,
      ticks: 10_000n,
      lots: 5_000n,
      quoteAtoms: 50_000_000n,
      feeAtoms: 0n,
    });

    writer.clear();
    writer.cancel(1, first);
    writer.cancel(2, second);
    writer.cancel(1, second);
    writer.limit(5, 0, 'buy', 1, 1);
    writer.limit(1, 7, 'buy', 1, 1);
    writer.deposit(1, 9, 1);
    const canceled = await engine.submitRaw(writer);
    t.deepEqual(
      [0, 1, 2, 3, 4, 5].map((index) => canceled.code(index)),
      ['ORDER_ALREADY_CLOSED', 'UNKNOWN_ORDER', null, 'UNKNOWN_ACCOUNT', 'UNKNOWN_SYMBOL', 'UNKNOWN_ASSET'],
    );
    t.deepEqual([canceled.status(2), canceled.reason(2), canceled.quantity(2)], ['CANCELED', 'USER', 5_000]);
    await provesMoney(t, engine, [1, 2]);
  });

  test(`a writer can be used again at once, a batch may be empty, and a reader waits for one batch [${mode}]`, async (t) => {
    const engine = await openMarket(t, configFor(mode, 2));
    const writer = new CommandWriter(4);
    t.is((await engine.submitRaw(writer)).count, 0);
    const pending: Promise<ResultReader>[] = [];
    for (let account = 1; account <= 50; account += 1) {
      writer.clear();
      writer.deposit(account, 1, account, account);
      pending.push(engine.submitRaw(writer));
      writer.bytes.fill(255);
    }
    for (const [index, results] of (await Promise.all(pending)).entries())
      t.deepEqual([results.code(0), results.tag(0), results.amount(0)], [null, index + 1, BigInt(index + 1)]);
    if (mode === 'inline') return;
    writer.clear();
    writer.deposit(1, 1, 1);
    const reader = new ResultReader();
    const first = engine.submitRaw(writer, reader);
    t.is((await refusal(() => engine.submitRaw(writer, reader))).code, 'INVALID_REQUEST');
    t.is((await first).code(0), null);
    t.is((await engine.submitRaw(writer, reader)).code(0), null);
  });

  test(`raw batches, promises and reads at once [${mode}]`, async (t) => {
    const engine = await openMarket(t, configFor(mode, 3));
    const accounts = Array.from({ length: 30 }, (_, index) => index + 1);
    for (const accountId of accounts) await fund(engine, accountId, { BTC: '10', USDT: '1000' });
    const random = generator(SEED);
    const below = (n: number): number => Math.floor(random() * n);
    let refused = 0;
    const lane = async (): Promise<void> => {
      const writer = new CommandWriter(100);
      const reader = new ResultReader();
      let orders: { accountId: number; orderId: number }[] = [];
      for (let round = 0; round < 30; round += 1) {
        writer.clear();
        const who = Array.from({ length: 60 }, () => 1 + below(30));
        for (const accountId of who)
          writer.limit(accountId, 0, below(2) === 0 ? 'buy' : 'sell', 9_950 + below(100), 1 + below(200));
        for (const { accountId, orderId } of orders.slice(0, 40)) writer.cancel(accountId, orderId);
        const promise = engine.placeOrder(limit(1 + below(30), 'buy', '0.0001', '1'));
        const results = await engine.submitRaw(writer, reader);
        provesBook(t, engine.book('BTC-USDT'));
        await promise;
        orders = who.flatMap((accountId, index) =>
          results.code(index) === null ? [{ accountId, orderId: results.orderId(index) }] : [],
        );
        for (let index = 0; index < results.count; index += 1) {
          const code = results.code(index);
          if (code === null) continue;
          refused += 1;
          if (code !== 'INSUFFICIENT_BALANCE' && code !== 'ORDER_ALREADY_CLOSED') t.fail(code);
        }
      }
    };
    await Promise.all(Array.from({ length: 6 }, lane));
    t.true(refused < 30 * 6 * 60, 'nothing was done');
    await provesMoney(t, engine, accounts);
  });

  test(`after a broken invariant every record has an answer [${mode}]`, async (t) => {
    const engine = await Engine.open({ ...configFor(mode, 1), [panicAfter]: 50 } as Parameters<
      typeof Engine.open
    >[0]);
    await engine.assets.create({ code: 'A', scale: 0 });
    let fatal = 0;
    engine.on('fatal', () => (fatal += 1));
    const writer = new CommandWriter(100);
    for (let account = 1; account <= 100; account += 1) writer.deposit(account, 0, 1);
    const seen = new Set<string | null>();
    for (let round = 0; round < 60; round += 1) {
      const results = await engine.submitRaw(writer);
      for (let index = 0; index < results.count; index += 1) seen.add(results.code(index));
      if (engine.stats().halted) break;
    }
    for (const code of seen) t.true([null, 'OUTCOME_UNKNOWN', 'INTERNAL'].includes(code), String(code));
    t.true(seen.has('OUTCOME_UNKNOWN'));
    t.is((await engine.submitRaw(writer)).code(0), 'INTERNAL');
    await new Promise((resolve) => setTimeout(resolve, 20));
    t.is(fatal, 1, 'and who listens is told');
    await engine.close();
    t.is((await refusal(() => engine.submitRaw(writer))).code, 'ENGINE_CLOSED');
  });
}

test('what does not fit into flight is BUSY, record by record', async (t) => {
  const engine = await openMarket(t, { ...configFor('threaded', 1), limits: { inFlight: 10 } });
  const writer = new CommandWriter(500);
  for (let account = 1; account <= 500; account += 1) writer.deposit(account, 1, 1);
  const results = await engine.submitRaw(writer);
  const codes = Array.from({ length: 500 }, (_, index) => results.code(index));
  t.true(codes.includes(null) && codes.includes('BUSY'));
  t.is(codes.filter((code) => code === null || code === 'BUSY').length, 500);
  const usdt = (await engine.conservation()).find(({ asset }) => asset === 'USDT');
  t.is(toUnits(usdt?.deposited ?? '', 6), BigInt(codes.filter((code) => code === null).length));
});

test('results that nobody takes are bounded', async (t) => {
  const engine = await openMarket(t, configFor('threaded', 1));
  const writer = new CommandWriter(65_536);
  writer.count = 65_536;
  const batches = await Promise.allSettled(Array.from({ length: 20 }, () => engine.submitRaw(writer)));
  const failed = batches.flatMap((batch) =>
    batch.status === 'rejected' ? [batch.reason as LightningError] : [],
  );
  t.deepEqual([...new Set(failed.map(({ code }) => code))], ['BUSY']);
  t.is(batches.length - failed.length, 16);
  t.is((await engine.submitRaw(writer)).code(65_535), 'INVALID_REQUEST', 'and then there is room again');
});

test('answers at once are for an engine in the caller’s thread', async (t) => {
  const engine = await openMarket(t, configFor('threaded', 1));
  const writer = new CommandWriter(1);
  for (const call of [
    () => engine.submit(limit(1, 'buy', 1, 1)),
    () => engine.submitBatch([limit(1, 'buy', 1, 1)]),
    () => engine.submitRawNow(writer),
  ]) {
    const error = await refusal(call);
    t.is(error.code, 'NOT_SUPPORTED');
    t.regex(error.message, /placeOrder|submitRaw/);
  }
});

test('an order that is submitted is an order that is placed', async (t) => {
  const [now, later] = await pair(t, 'inline');
  const orders = [
    limit(1, 'buy', '0.5', '100'),
    { ...limit(2, 'sell', '0.2', '99.5'), timeInForce: 'IOC' as const },
    { ...limit(2, 'sell', '0.2', '120'), clientOrderId: 'mine', requestId: 7 },
    { ...limit(2, 'sell', '0.2', '120'), clientOrderId: 'mine', requestId: 7 },
    limit(3, 'buy', '1000', '1'),
    limit(3, 'buy', '0.00001', '1'),
    limit(3, 'buy', 0.1 + 0.2, '1'),
    { accountId: 3, symbol: 'NONE', side: 'buy', type: 'limit', price: '1', quantity: '1' } as const,
  ];
  for (const order of orders) {
    const placed = await later.placeOrder(order).catch((error: unknown) => error);
    let submitted: unknown;
    try {
      submitted = now.submit(order);
    } catch (error) {
      submitted = error;
    }
    t.deepEqual(submitted, placed);
  }
  t.is((await refusal(() => now.submit(null as never))).code, 'INVALID_REQUEST');
  t.deepEqual(await readState(now, ACCOUNTS), await readState(later, ACCOUNTS));
});

test('a batch that is submitted answers item by item, after everything that was asked before', async (t) => {
  const [now, later] = await pair(t, 'inline');
  const orders = Array.from({ length: 1_000 }, (_, index) =>
    limit(
      1 + (index % 4),
      index % 3 === 0 ? 'sell' : 'buy',
      index % 50 === 7 ? '0.00001' : '0.0010',
      90 + (index % 20),
    ),
  );
  const first = [now, later].map((engine) => engine.placeOrder(limit(4, 'sell', '0.1', '90')));
  const submitted = now.submitBatch(orders);
  t.deepEqual(submitted, await later.placeOrders(orders));
  t.deepEqual(...((await Promise.all(first)) as [unknown, unknown]));
  t.true(submitted.some(({ ok }) => ok) && submitted.some(({ ok }) => !ok));
  t.is((await refusal(() => now.submitBatch(Array(1_001).fill(orders[0]) as never))).code, 'BATCH_TOO_LARGE');
  t.is((await refusal(() => now.submitBatch({} as never))).code, 'INVALID_REQUEST');
  t.deepEqual(now.submitBatch([]), []);
});

test('a getter of an order may place orders of its own, at once', async (t) => {
  const engine = await openMarket(t, configFor('inline', 1));
  await fund(engine, 1, { USDT: '1000' });
  const inner: number[] = [];
  const tricky = (): ReturnType<typeof limit> =>
    Object.defineProperty(limit(1, 'buy', '0.1', '1'), 'price', {
      enumerable: true,
      get: () => {
        inner.push(engine.submit(limit(1, 'buy', '0.1', '2')).orderId);
        void engine.placeOrder(limit(1, 'buy', '0.1', '3'));
        return '1';
      },
    }) as ReturnType<typeof limit>;
  t.is(engine.submit(tricky()).price, '1.00');
  const items = engine.submitBatch([limit(1, 'buy', '0.1', '4'), tricky(), limit(1, 'buy', '0.1', '5')]);
  t.deepEqual(
    items.map((item) => item.ok && item.result.price),
    ['4.00', '1.00', '5.00'],
  );
  t.is(inner.length, 2);
  t.is((await engine.openOrders()).length, 8);
});

test('the writer refuses what is no integer, and keeps no trace of it', (t) => {
  const writer = new CommandWriter(2);
  const cases: (() => void)[] = [
    () => writer.limit(1.5, 0, 'buy', 1, 1),
    () => writer.limit(1, -1, 'buy', 1, 1),
    () => writer.limit(1, 2 ** 32, 'buy', 1, 1),
    () => writer.limit(1, 0, 'up' as never, 1, 1),
    () => writer.limit(1, 0, 'buy', Number.NaN, 1),
    () => writer.limit(1, 0, 'buy', 1, 2 ** 53),
    () => writer.limit(1, 0, 'buy', 1, '1' as never),
    () => writer.limit(1, 0, 'buy', 1, 1, -1),
    () => writer.limit(1, 0, 'buy', 1, 1, 0, { timeInForce: 'GTD' as never }),
    () => writer.limit(1, 0, 'buy', 1, 1, 0, { stp: 'X' as never }),
    () => writer.deposit(1, 0, -1n),
    () => writer.deposit(1, 0, 1n << 128n),
    () => writer.cancel(1, Infinity),
    () => (writer.count = 3),
    () => (writer.count = -1),
    () => new CommandWriter(0),
    () => new CommandWriter(1e9),
    () => new CommandWriter('1' as never),
    () => new ResultReader(-1),
  ];
  for (const call of cases) t.throws(call, { instanceOf: LightningError }, String(call));
  t.is(writer.count, 0);
  writer.cancel(1, 1);
  writer.cancel(1, 1);
  t.true(writer.full);
  t.throws(() => writer.cancel(1, 1), { message: /^BATCH_TOO_LARGE/ });
  t.throws(() => new ResultReader().code(0), { instanceOf: RangeError });
});

test('what is no writer and no reader is refused', async (t) => {
  const engine = await openMarket(t, configFor('inline', 1));
  const writer = new CommandWriter(1);
  for (const wrong of [null, undefined, 1, {}, new Uint8Array(64), { bytes: new Uint8Array(64), count: 1 }])
    t.is((await refusal(() => engine.submitRaw(wrong as never))).code, 'INVALID_REQUEST');
  for (const wrong of [null, 1, {}]) {
    t.is((await refusal(() => engine.submitRaw(writer, wrong as never))).code, 'INVALID_REQUEST');
    t.is((await refusal(() => engine.submitRawNow(writer, wrong as never))).code, 'INVALID_REQUEST');
  }
});

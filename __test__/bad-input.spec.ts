/**
 * Bad input of every kind, wholesale: it is refused with a code that fits, leaves no trace, and the engine works on.
 * Refusals one by one are in errors.spec.ts.
 */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Engine, LightningError, SystemError, ValidationError } from '../index.ts';
import type { BalanceChange, EngineConfig, NewOrder, NewSymbol } from '../index.ts';
import {
  BTC_USDT,
  codeOf,
  configFor,
  fund,
  limit,
  market,
  marketByQuote,
  MODES,
  open,
  openMarket,
  provesMoney,
  readState,
  refusal,
  settleAll,
} from './helpers.ts';
import type { Mode } from './helpers.ts';

const ALICE = 1; // 1,000 USDT, has a resting bid, a filled order and a canceled one
const BOB = 2; // 10 BTC, has a resting ask
const FULL = 3; // as many open orders as it may have
const RICH = 4; // holds the most of BIG that can be held
const NOBODY = 99;
const ACCOUNTS = [ALICE, BOB, FULL, RICH, NOBODY];

/** 2^96 - 1: the most one account may hold, in atoms. */
const MOST = '79228162514264337593543950335';

/** What was set up, for the rows to refer to. */
interface World {
  engine: Engine;
  bid: number;
  ask: number;
  filled: number;
  canceled: number;
}

async function setUp(t: ExecutionContext, mode: Mode): Promise<World> {
  const config: EngineConfig = { ...configFor(mode, 3), limits: { openOrdersPerAccount: 3 } };
  const engine = await openMarket(t, config, { minNotional: '0.5' });
  await engine.assets.create({ code: 'BIG', scale: 0 });
  await fund(engine, ALICE, { USDT: '1000' });
  await fund(engine, BOB, { BTC: '10' });
  await fund(engine, FULL, { USDT: '1000' });
  await fund(engine, RICH, { BIG: MOST });
  const { orderId: bid } = await engine.placeOrder(limit(ALICE, 'buy', '1', '99'));
  const { orderId: ask } = await engine.placeOrder(limit(BOB, 'sell', '1', '101'));
  const { orderId: filled } = await engine.placeOrder(limit(ALICE, 'buy', '0.5', '101'));
  const { orderId: canceled } = await engine.placeOrder(limit(ALICE, 'buy', '0.5', '98'));
  await engine.cancelOrder({ accountId: ALICE, orderId: canceled });
  for (let n = 0; n < 3; n += 1) await engine.placeOrder(limit(FULL, 'buy', '1', '90'));
  return { engine, bid, ask, filled, canceled };
}

/** Runs what must be refused, and proves that nothing has changed and that the engine still works. */
async function changesNothing(
  t: ExecutionContext,
  { engine }: World,
  act: () => Promise<void>,
): Promise<void> {
  const before = await readState(engine, ACCOUNTS);
  await act();
  t.deepEqual(await readState(engine, ACCOUNTS), before, 'something has changed');
  await provesMoney(t, engine, [ALICE, BOB, FULL, RICH]);
  const { orderId } = await engine.placeOrder(limit(ALICE, 'buy', '0.0100', '100'));
  t.is((await engine.cancelOrder({ accountId: ALICE, orderId })).status, 'CANCELED', 'works afterwards');
}

/** A bad request and the codes it may be answered with, in one line. */
type Bad = readonly [what: string, request: unknown, ...codes: readonly string[]];

const good = limit(ALICE, 'buy', '1', '99');
const byQuote = marketByQuote(ALICE, 'buy', '10');

const BAD_DECIMALS: readonly (readonly [value: unknown, ...codes: string[]])[] = [
  ['', 'INVALID_DECIMAL'],
  [' ', 'INVALID_DECIMAL'],
  [' 1', 'INVALID_DECIMAL'],
  ['1 ', 'INVALID_DECIMAL'],
  ['1\n', 'INVALID_DECIMAL'],
  ['1\0', 'INVALID_DECIMAL'],
  ['0', 'INVALID_DECIMAL'],
  ['0.0000', 'INVALID_DECIMAL'],
  ['-1', 'INVALID_DECIMAL'],
  ['-0', 'INVALID_DECIMAL'],
  ['+1', 'INVALID_DECIMAL'],
  ['1e-7', 'INVALID_DECIMAL'],
  ['1E2', 'INVALID_DECIMAL'],
  ['.5', 'INVALID_DECIMAL'],
  ['5.', 'INVALID_DECIMAL'],
  ['1.2.3', 'INVALID_DECIMAL'],
  ['1,5', 'INVALID_DECIMAL'],
  ['1_000', 'INVALID_DECIMAL'],
  ['0x10', 'INVALID_DECIMAL'],
  ['NaN', 'INVALID_DECIMAL'],
  ['Infinity', 'INVALID_DECIMAL'],
  ['١٢٣', 'INVALID_DECIMAL'], // Arabic digits
  ['１２', 'INVALID_DECIMAL'], // full-width digits
  ['1\u{feff}', 'INVALID_DECIMAL'],
  ['\u{d800}', 'INVALID_DECIMAL'], // half a surrogate pair
  ['💰', 'INVALID_DECIMAL'],
  ['1'.repeat(40), 'NUMBER_OVERFLOW'],
  [MOST + '0', 'NUMBER_OVERFLOW'],
  [`0.${'0'.repeat(40)}1`, 'BAD_PRECISION', 'NUMBER_OVERFLOW'],
  ['1'.repeat(2 ** 20), 'NUMBER_OVERFLOW'], // 1 MB
  ['x'.repeat(2 ** 20), 'INVALID_DECIMAL', 'NUMBER_OVERFLOW'],
  ['é'.repeat(2 ** 19), 'INVALID_DECIMAL', 'NUMBER_OVERFLOW'],
  [Number.NaN, 'INVALID_DECIMAL'],
  [Number.POSITIVE_INFINITY, 'INVALID_DECIMAL'],
  [Number.NEGATIVE_INFINITY, 'INVALID_DECIMAL'],
  [0, 'INVALID_DECIMAL'],
  [-0, 'INVALID_DECIMAL'],
  [-1, 'INVALID_DECIMAL'],
  [-1e-7, 'INVALID_DECIMAL'],
  [0.1 + 0.2, 'BAD_PRECISION'],
  [Number.MIN_VALUE, 'BAD_PRECISION', 'NUMBER_OVERFLOW'],
  [1e300, 'NUMBER_OVERFLOW'],
  [Number.MAX_VALUE, 'NUMBER_OVERFLOW'],
  [{}, 'INVALID_REQUEST'],
  [{ toString: () => '1' }, 'INVALID_REQUEST'],
  [[], 'INVALID_REQUEST'],
  [['1'], 'INVALID_REQUEST'],
  [true, 'INVALID_REQUEST'],
  [false, 'INVALID_REQUEST'],
  [1n, 'INVALID_REQUEST'],
  [Symbol('1'), 'INVALID_REQUEST'],
  [() => 1, 'INVALID_REQUEST'],
  [new Date(0), 'INVALID_REQUEST'],
  [new Number(1), 'INVALID_REQUEST'],
  [new String('1'), 'INVALID_REQUEST'],
  [null, 'INVALID_REQUEST', 'MISSING_FIELD'],
];

const BAD_IDS: readonly unknown[] = [
  0,
  -0,
  -1,
  0.5,
  1.000_000_1,
  2 ** 53,
  2 ** 53 + 2,
  2 ** 64,
  1e300,
  -(2 ** 32) + 1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.MIN_VALUE,
  '1',
  '',
  1n,
  true,
  null,
  {},
  [],
  [1],
  Symbol('1'),
  () => 1,
];

/** Names that nothing has. */
const BAD_NAMES: readonly (readonly [value: unknown, isText: boolean])[] = [
  ['', true],
  [' BTC-USDT', true],
  ['btc-usdt', true],
  ['BTC-USDT\0', true],
  ['\u{d800}', true],
  ['__proto__', true],
  ['toString', true],
  ['ΒTC-USDT', true], // a Greek B
  ['B'.repeat(2 ** 20), true],
  ['é'.repeat(2 ** 19), true],
  [0, false],
  [1, false],
  [null, false],
  [true, false],
  [{}, false],
  [['BTC-USDT'], false],
  [1n, false],
  [Symbol('BTC-USDT'), false],
];

/** The code that a changed BTC-USDT is refused with. */
function createSymbol(engine: Engine, change: Record<string, unknown>): Promise<string> {
  return codeOf(engine.symbols.create({ ...BTC_USDT, name: 'NEW', ...change } as NewSymbol)).catch(String);
}

function show(value: unknown): string {
  const text =
    typeof value === 'string' ? JSON.stringify(value) : String(typeof value) + ' ' + describe(value);
  return text.length > 60 ? `${text.slice(0, 50)}... (${text.length})` : text;
}

function describe(value: unknown): string {
  if (Object.is(value, -0)) return '-0';
  if (typeof value === 'object' && value !== null) return Object.prototype.toString.call(value);
  return String(value);
}

const BAD_ORDERS: Bad[] = [
  ...BAD_DECIMALS.flatMap(([value, ...codes]): Bad[] => [
    [`price ${show(value)}`, { ...good, price: value }, ...codes],
    [`quantity ${show(value)}`, { ...good, quantity: value }, ...codes],
    [`market quantity ${show(value)}`, { ...market(ALICE, 'buy', '1'), quantity: value }, ...codes],
    [`quoteQuantity ${show(value)}`, { ...byQuote, quoteQuantity: value }, ...codes],
  ]),
  ...BAD_IDS.map((id): Bad => [`accountId ${show(id)}`, { ...good, accountId: id }, 'INVALID_REQUEST']),
  ...BAD_NAMES.map(([name, isText]): Bad => [
    `symbol ${show(name)}`,
    { ...good, symbol: name },
    ...(isText ? ['UNKNOWN_SYMBOL'] : ['INVALID_REQUEST', 'MISSING_FIELD']),
  ]),
  ...['BUY', 'Buy', '', 'bid', 'x'.repeat(2 ** 20), 'toString', '\u{d800}'].map((side): Bad => [
    `side ${show(side)}`,
    { ...good, side },
    'INVALID_SIDE',
  ]),
  ...[0, 1, null, undefined, {}, ['buy'], true, Symbol('buy')].map((side): Bad => [
    `side ${show(side)}`,
    { ...good, side },
    'INVALID_SIDE',
    'INVALID_REQUEST',
    'MISSING_FIELD',
  ]),
  ...['LIMIT', '', 'oco?', 'constructor', '__proto__', 'x'.repeat(2 ** 20)].map((type): Bad => [
    `type ${show(type)}`,
    { ...good, type },
    'INVALID_ORDER_TYPE',
  ]),
  ...[0, null, undefined, {}, ['limit'], Symbol('limit')].map((type): Bad => [
    `type ${show(type)}`,
    { ...good, type },
    'INVALID_ORDER_TYPE',
    'INVALID_REQUEST',
    'MISSING_FIELD',
  ]),
  ...['stop', 'take_profit'].map((type): Bad => [
    `type ${type} with a price`,
    { ...good, side: 'sell', type, triggerPrice: '98' },
    'UNSUPPORTED_COMBINATION',
  ]),
  ...['stop_limit', 'take_profit_limit', 'trailing_stop'].map((type): Bad => [
    `type ${type} without a trigger`,
    { ...good, type },
    'MISSING_FIELD',
  ]),
  ...['gtc', '', 'toString', 'x'.repeat(2 ** 20)].map((timeInForce): Bad => [
    `timeInForce ${show(timeInForce)}`,
    { ...good, timeInForce },
    'INVALID_TIF',
  ]),
  ...[0, {}, ['GTC'], true, Symbol('GTC')].map((timeInForce): Bad => [
    `timeInForce ${show(timeInForce)}`,
    { ...good, timeInForce },
    'INVALID_TIF',
    'INVALID_REQUEST',
  ]),
  ['GTD without an end', { ...good, timeInForce: 'GTD' }, 'INVALID_EXPIRY'],
  ['IOC that is post-only', { ...good, timeInForce: 'IOC', postOnly: true }, 'UNSUPPORTED_COMBINATION'],
  [
    'FOK that is an iceberg',
    { ...good, timeInForce: 'FOK', displayQuantity: '0.1' },
    'UNSUPPORTED_COMBINATION',
  ],
  ...BAD_DECIMALS.flatMap(([value, ...codes]): Bad[] => [
    [`displayQuantity ${show(value)}`, { ...good, displayQuantity: value }, ...codes],
    [`maxQuote ${show(value)}`, { ...market(ALICE, 'buy', '1'), maxQuote: value }, ...codes],
  ]),
  ...['', 'a b', 'x'.repeat(37), 'é', '\0', '💰', '\u{d800}', 'x'.repeat(2 ** 20)].map(
    (clientOrderId): Bad => [
      `clientOrderId ${show(clientOrderId)}`,
      { ...good, clientOrderId },
      'INVALID_CLIENT_ORDER_ID',
    ],
  ),
  ...[0, 1n, true, {}, ['x'], Symbol('x')].map((clientOrderId): Bad => [
    `clientOrderId ${show(clientOrderId)}`,
    { ...good, clientOrderId },
    'INVALID_REQUEST',
  ]),
  ...BAD_IDS.filter((id) => id !== undefined).flatMap((id): Bad[] => [
    [`requestId ${show(id)}`, { ...good, requestId: id }, 'INVALID_REQUEST'],
  ]),
  ...['none', '', 'EXPIRE', 'x'.repeat(2 ** 20), 5, {}, Symbol('NONE')].map((stp): Bad => [
    `stp ${show(stp)}`,
    { ...good, stp },
    'INVALID_REQUEST',
  ]),
  ['a market order that is GTC', { ...byQuote, timeInForce: 'GTC' }, 'UNSUPPORTED_COMBINATION'],
  ['a market order with a price', { ...byQuote, price: '99' }, 'UNSUPPORTED_COMBINATION'],
  ['a limit order with quoteQuantity', { ...good, quoteQuantity: '5' }, 'UNSUPPORTED_COMBINATION'],
  ['a market order with both quantities', { ...byQuote, quantity: '1' }, 'CONFLICTING_FIELDS'],
  [
    'a market order with none',
    { accountId: ALICE, symbol: 'BTC-USDT', side: 'buy', type: 'market' },
    'MISSING_FIELD',
  ],
  ...(['price', 'quantity', 'symbol'] as const).flatMap((field): Bad[] => {
    const { [field]: _gone, ...rest } = good;
    return [
      [`no ${field}`, rest, 'MISSING_FIELD'],
      [`${field} undefined`, { ...good, [field]: undefined }, 'MISSING_FIELD'],
    ];
  }),
  ...(['accountId', 'side', 'type'] as const).map((field): Bad => {
    const { [field]: _gone, ...rest } = good;
    return [`no ${field}`, rest, 'MISSING_FIELD', 'INVALID_REQUEST', 'INVALID_SIDE', 'INVALID_ORDER_TYPE'];
  }),
  ...[undefined, null, 0, 1, '', 'order', true, [], {}, Symbol('x'), () => good, 1n].map((order): Bad => [
    `the order is ${show(order)}`,
    order,
    'INVALID_REQUEST',
    'MISSING_FIELD',
    'INVALID_SIDE',
    'INVALID_ORDER_TYPE',
  ]),
  // Off the grid, out of range, beyond the funds.
  ['price off the tick', { ...good, price: '99.001' }, 'PRICE_TICK'],
  ['price off the tick, as a number', { ...good, price: 99.001 }, 'PRICE_TICK'],
  ['price too fine for the asset', { ...good, price: '99.0000001' }, 'BAD_PRECISION'],
  ['price below the range', { ...good, price: '0.001' }, 'PRICE_TICK'],
  ['price above the range', { ...good, price: 1e7 }, 'PRICE_RANGE'],
  ['price far above the range', { ...good, price: 1e15 }, 'PRICE_RANGE'],
  ['quantity off the lot', { ...good, quantity: '1.00001' }, 'QTY_LOT'],
  ['quantity above the range', { ...good, quantity: '1000.0001' }, 'QTY_RANGE'],
  ['quantity far above the range', { ...good, quantity: 1e14 }, 'QTY_RANGE'],
  [
    'quantity beyond 64 bits of lots',
    { ...good, quantity: '2000000000000000' },
    'NUMBER_OVERFLOW',
    'QTY_RANGE',
  ],
  ['below the minimal notional', { ...good, quantity: '0.0001' }, 'NOTIONAL_RANGE'],
  ['quoteQuantity below it', { ...byQuote, quoteQuantity: '0.499999' }, 'NOTIONAL_RANGE'],
  ['funds', { ...good, quantity: '1000', price: '1000000' }, 'INSUFFICIENT_BALANCE'],
  ['funds of a sell', { ...good, side: 'sell', price: '999', quantity: '1.1' }, 'INSUFFICIENT_BALANCE'],
  ['quote funds', { ...byQuote, quoteQuantity: '850.500001' }, 'INSUFFICIENT_BALANCE'],
  ['an account without deposits', { ...good, accountId: NOBODY }, 'UNKNOWN_ACCOUNT'],
  ['the highest id, without deposits', { ...good, accountId: 2 ** 53 - 1 }, 'UNKNOWN_ACCOUNT'],
];

for (const mode of MODES) {
  test(`bad orders: ${BAD_ORDERS.length} of them [${mode}]`, async (t) => {
    const world = await setUp(t, mode);
    await changesNothing(t, world, async () => {
      for (const [what, order, ...codes] of BAD_ORDERS) {
        let promise: Promise<unknown>;
        try {
          promise = world.engine.placeOrder(order as NewOrder);
        } catch (error) {
          t.fail(`${what}: threw instead of rejecting: ${String(error)}`);
          continue;
        }
        const code = await codeOf(promise).catch((error: unknown) => `no LightningError: ${String(error)}`);
        t.true(codes.includes(code), `${what}: ${code}, expected ${codes.join(' or ')}`);
      }
    });
  });

  test(`bad deposits and withdrawals [${mode}]`, async (t) => {
    const world = await setUp(t, mode);
    const { accounts } = world.engine;
    const bad: Bad[] = [
      ...BAD_DECIMALS.flatMap(([amount, ...codes]): Bad[] => [
        [`amount ${show(amount)}`, { accountId: ALICE, asset: 'USDT', amount }, ...codes],
      ]),
      ...BAD_IDS.map((accountId): Bad => [
        `accountId ${show(accountId)}`,
        { accountId, asset: 'USDT', amount: 1 },
        'INVALID_REQUEST',
      ]),
      ...BAD_NAMES.map(([asset, isText]): Bad => [
        `asset ${show(asset)}`,
        { accountId: ALICE, asset, amount: 1 },
        ...(isText ? ['UNKNOWN_ASSET'] : ['INVALID_REQUEST', 'MISSING_FIELD']),
      ]),
      ['no asset', { accountId: ALICE, amount: 1 }, 'MISSING_FIELD'],
      ['no amount', { accountId: ALICE, asset: 'USDT' }, 'MISSING_FIELD'],
      ['no accountId', { asset: 'USDT', amount: 1 }, 'MISSING_FIELD', 'INVALID_REQUEST'],
      ['nothing', undefined, 'INVALID_REQUEST', 'MISSING_FIELD'],
      ['null', null, 'INVALID_REQUEST', 'MISSING_FIELD'],
      ['text', 'USDT', 'INVALID_REQUEST', 'MISSING_FIELD'],
      ['too fine', { accountId: ALICE, asset: 'USDT', amount: '0.0000001' }, 'BAD_PRECISION'],
      [
        'too much',
        { accountId: ALICE, asset: 'USDT', amount: MOST },
        'BALANCE_OVERFLOW',
        'INSUFFICIENT_BALANCE',
      ],
    ];
    await changesNothing(t, world, async () => {
      for (const [what, request, ...codes] of bad) {
        for (const call of ['deposit', 'withdraw'] as const) {
          const code = await codeOf(accounts[call](request as never)).catch(String);
          t.true(codes.includes(code), `${call}, ${what}: ${code}, expected ${codes.join(' or ')}`);
        }
      }
      const withdraw = (accountId: number, asset: string, amount: string) =>
        codeOf(accounts.withdraw({ accountId, asset, amount }));
      t.is(await withdraw(NOBODY, 'USDT', '1'), 'UNKNOWN_ACCOUNT');
      t.is(await withdraw(ALICE, 'USDT', '850.500001'), 'INSUFFICIENT_BALANCE', 'frozen funds stay');
      t.is(await withdraw(ALICE, 'BIG', '1'), 'INSUFFICIENT_BALANCE', 'an asset it never had');
      t.is(
        await codeOf(accounts.deposit({ accountId: RICH, asset: 'BIG', amount: MOST })),
        'BALANCE_OVERFLOW',
      );
    });
  });

  test(`bad cancels and reads [${mode}]`, async (t) => {
    const world = await setUp(t, mode);
    const { engine, bid, ask, filled } = world;
    await changesNothing(t, world, async () => {
      const cancel = (request: unknown) => codeOf(engine.cancelOrder(request as never)).catch(String);
      for (const id of BAD_IDS) {
        t.is(await cancel({ accountId: ALICE, orderId: id }), 'INVALID_REQUEST', `cancel ${show(id)}`);
        t.is(await cancel({ accountId: id, orderId: bid }), 'INVALID_REQUEST', `account ${show(id)}`);
        t.is(await codeOf(engine.order(id as never)).catch(String), 'INVALID_REQUEST', `order ${show(id)}`);
        t.is(
          await codeOf(engine.accounts.balances(id as never)).catch(String),
          'INVALID_REQUEST',
          `balances of ${show(id)}`,
        );
        t.is(
          await codeOf(engine.openOrders({ accountId: id as never })).catch(String),
          'INVALID_REQUEST',
          `open orders of ${show(id)}`,
        );
      }
      for (const [name, isText] of BAD_NAMES) {
        const code = await codeOf(engine.openOrders({ symbol: name as never })).catch(String);
        t.is(code, isText ? 'UNKNOWN_SYMBOL' : 'INVALID_REQUEST', `open orders of ${show(name)}`);
        for (const read of [
          () => engine.book(name as never),
          () => engine.bbo(name as never),
          () => engine.trades(name as never),
        ]) {
          t.throws(read, { instanceOf: LightningError }, `${String(read)} ${show(name)}`);
        }
      }
      for (const request of [undefined, null, 0, '', {}, { orderId: bid }, { accountId: ALICE }]) {
        const code = await cancel(request);
        t.true(['INVALID_REQUEST', 'MISSING_FIELD'].includes(code), `cancel of ${show(request)}: ${code}`);
      }
      t.is(await cancel({ accountId: ALICE, orderId: ask }), 'UNKNOWN_ORDER', "someone else's");
      t.is(await cancel({ accountId: ALICE, orderId: 123_456_789 }), 'UNKNOWN_ORDER', 'never was');
      t.is(await cancel({ accountId: ALICE, orderId: 2 ** 53 - 1 }), 'UNKNOWN_ORDER');
      t.is(await cancel({ accountId: NOBODY, orderId: bid }), 'UNKNOWN_ACCOUNT');
      t.is(await cancel({ accountId: BOB, orderId: filled }), 'UNKNOWN_ORDER', "someone else's closed one");
      t.like(await refusal(() => engine.cancelOrder({ accountId: ALICE, orderId: filled })), {
        code: 'ORDER_ALREADY_CLOSED',
        details: { orderId: filled, status: 'FILLED', reason: null },
      });
      t.is(await codeOf(engine.order(123_456_789)), 'UNKNOWN_ORDER');
      t.is(await codeOf(engine.accounts.balances(NOBODY)), 'UNKNOWN_ACCOUNT');
      t.is(await codeOf(engine.accounts.balances(ALICE, { asset: 'EUR' })), 'UNKNOWN_ASSET');
      t.is(await codeOf(engine.openOrders({ accountId: NOBODY })), 'UNKNOWN_ACCOUNT');

      for (const levels of [
        0,
        -1,
        21,
        1.5,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        2 ** 32 + 1,
        '5',
        {},
        true,
      ]) {
        const error = t.throws(() => engine.book('BTC-USDT', { levels: levels as number }), {
          instanceOf: LightningError,
        });
        const expected =
          typeof levels === 'number' ? ['INVALID_DEPTH'] : ['INVALID_DEPTH', 'INVALID_REQUEST'];
        t.true(expected.includes(error.code), `levels ${show(levels)}: ${error.code}`);
      }
      for (const bad of [0, -1, 1001, 1.5, Number.NaN, 2 ** 32 + 1, '5', {}, null]) {
        const error = t.throws(() => engine.trades('BTC-USDT', { limit: bad as number }), {
          instanceOf: LightningError,
        });
        t.like(error, { code: 'INVALID_REQUEST', field: 'limit' }, `limit ${show(bad)}`);
      }
      for (const bad of [-1, 1.5, Number.NaN, 2 ** 53, '5', {}]) {
        const error = t.throws(() => engine.trades('BTC-USDT', { fromId: bad as number }), {
          instanceOf: LightningError,
        });
        t.like(error, { code: 'INVALID_REQUEST', field: 'fromId' }, `fromId ${show(bad)}`);
      }
    });
  });

  test(`bad assets and symbols [${mode}]`, async (t) => {
    const world = await setUp(t, mode);
    const { engine } = world;
    await changesNothing(t, world, async () => {
      for (const code of ['', 'B C', 'Ä', 'X'.repeat(33), '\0', '💰', 'X'.repeat(2 ** 20), null, 1, {}]) {
        const answer = await codeOf(engine.assets.create({ code: code as string, scale: 8 })).catch(String);
        t.true(['INVALID_REQUEST', 'MISSING_FIELD'].includes(answer), `code ${show(code)}: ${answer}`);
      }
      for (const scale of [-1, 19, 1.5, 2 ** 32, Number.NaN, '8', null, undefined, {}]) {
        const answer = await codeOf(engine.assets.create({ code: 'NEW', scale: scale as number })).catch(
          String,
        );
        t.true(['INVALID_REQUEST', 'MISSING_FIELD'].includes(answer), `scale ${show(scale)}: ${answer}`);
      }
      for (const name of ['', 'B C', 'Ä', 'X'.repeat(33), 'X'.repeat(2 ** 20)])
        t.is(await createSymbol(engine, { name }), 'INVALID_REQUEST', `name ${show(name)}`);
      for (const name of [null, undefined, 1, {}])
        t.true(
          ['INVALID_REQUEST', 'MISSING_FIELD'].includes(await createSymbol(engine, { name })),
          `name ${show(name)}`,
        );
      t.is(await createSymbol(engine, { base: 'EUR' }), 'UNKNOWN_ASSET');
      t.is(await createSymbol(engine, { quote: 'EUR' }), 'UNKNOWN_ASSET');
      t.is(await createSymbol(engine, { base: 'USDT' }), 'INVALID_REQUEST', 'base and quote are the same');
      for (const field of ['tickSize', 'lotSize', 'minPrice', 'maxPrice', 'minQuantity', 'maxQuantity']) {
        for (const value of ['', '0', '-1', '1e3', 'NaN', 0, -1, Number.NaN])
          t.is(await createSymbol(engine, { [field]: value }), 'INVALID_DECIMAL', `${field} ${show(value)}`);
        for (const value of [{}, [], true, 1n])
          t.is(await createSymbol(engine, { [field]: value }), 'INVALID_REQUEST', `${field} ${show(value)}`);
        t.is(await createSymbol(engine, { [field]: '9'.repeat(40) }), 'NUMBER_OVERFLOW', field);
      }
      t.is(await createSymbol(engine, { minPrice: '0.015' }), 'PRICE_TICK');
      t.is(await createSymbol(engine, { maxPrice: '0.015' }), 'PRICE_TICK');
      t.is(await createSymbol(engine, { minQuantity: '0.00015' }), 'QTY_LOT');
      t.is(await createSymbol(engine, { minPrice: '2', maxPrice: '1' }), 'INVALID_REQUEST');
      t.is(await createSymbol(engine, { minQuantity: '2', maxQuantity: '1' }), 'INVALID_REQUEST');
      t.is(
        await createSymbol(engine, { lotSize: '0.000000001' }),
        'BAD_PRECISION',
        'finer than an atom of the base',
      );
      t.is(await createSymbol(engine, { tickSize: '0.001' }), 'SYMBOL_PRECISION_INEXACT');
      t.is(
        await createSymbol(engine, { maxPrice: '100000000000', maxQuantity: '100000000000000' }),
        'SYMBOL_PRECISION_INEXACT',
        'the largest order would overflow',
      );
      t.is(await createSymbol(engine, { tickSize: undefined }), 'MISSING_FIELD');
    });
  });

  test(`after close everything is refused with ENGINE_CLOSED [${mode}]`, async (t) => {
    const { engine, bid } = await setUp(t, mode);
    await engine.close();
    const calls: [string, () => Promise<unknown>][] = [
      ['placeOrder', () => engine.placeOrder(good)],
      ['cancelOrder', () => engine.cancelOrder({ accountId: ALICE, orderId: bid })],
      ['order', () => engine.order(bid)],
      ['openOrders', () => engine.openOrders()],
      ['deposit', () => engine.accounts.deposit({ accountId: ALICE, asset: 'USDT', amount: 1 })],
      ['withdraw', () => engine.accounts.withdraw({ accountId: ALICE, asset: 'USDT', amount: 1 })],
      ['balances', () => engine.accounts.balances(ALICE)],
      ['conservation', () => engine.conservation()],
      ['assets.create', () => engine.assets.create({ code: 'NEW', scale: 1 })],
      ['symbols.create', () => engine.symbols.create({ ...BTC_USDT, name: 'NEW' })],
    ];
    for (const [what, call] of calls) {
      const promise = call();
      const error = await refusal(() => promise);
      t.like(error, { code: 'ENGINE_CLOSED', number: 9010, retryable: false }, what);
      t.true(error instanceof SystemError, what);
    }
    for (const read of [
      () => engine.book('BTC-USDT'),
      () => engine.bbo('BTC-USDT'),
      () => engine.trades('BTC-USDT'),
    ]) {
      const error = t.throws(read, { instanceOf: SystemError }, String(read));
      t.is(error.code, 'ENGINE_CLOSED');
    }
    await t.notThrowsAsync(engine.close(), 'closing again does nothing');
  });
}

test('options out of range are named', async (t) => {
  const bad: [string, unknown][] = [
    ['threads.sequencers', { threads: { sequencers: 0 } }],
    ['threads.sequencers', { threads: { sequencers: 11 } }],
    ['threads.sequencers', { threads: { sequencers: 1.5 } }],
    ['threads.sequencers', { threads: { sequencers: '2' } }],
    ['threads.sequencers', { threads: { sequencers: 2 ** 32 + 1 } }],
    ['threads.sequencers', { threads: { sequencers: Number.NaN } }],
    ['threads.matchers', { threads: { matchers: 0 } }],
    ['threads.matchers', { threads: { matchers: -1 } }],
    ['threads.matchers', { threads: { matchers: 11, inline: true } }],
    ['limits.inFlight', { limits: { inFlight: 0 } }],
    ['limits.inFlight', { limits: { inFlight: 2 ** 20 + 1 } }],
    ['limits.inFlight', { limits: { inFlight: Number.POSITIVE_INFINITY } }],
    ['limits.openOrdersPerAccount', { limits: { openOrdersPerAccount: 0 } }],
    ['limits.openOrdersPerAccount', { limits: { openOrdersPerAccount: 2 ** 31 + 1 } }],
    ['history.tradesPerSymbol', { history: { tradesPerSymbol: -1 } }],
    ['history.closedOrders', { history: { closedOrders: 0.5 } }],
    ['threads', { threads: 'many' }],
    ['threads', { threads: 5 }],
    ['threads.inline', { threads: { inline: 'yes' } }],
  ];
  for (const [field, config] of bad) {
    const error = await refusal(() => Engine.open(config as EngineConfig));
    t.like(error, { code: 'INVALID_REQUEST', number: 1000, field }, JSON.stringify(config));
    t.true(error instanceof ValidationError);
  }
});

test('numbers count as what they print as', async (t) => {
  const engine = await open(t, configFor('inline', 1));
  await engine.assets.create({ code: 'B', scale: 8 });
  await engine.assets.create({ code: 'Q', scale: 18 });
  await engine.symbols.create({ name: 'B-Q', base: 'B', quote: 'Q', tickSize: 1e-7, lotSize: 1e-8 });
  await fund(engine, ALICE, { Q: 1e9, B: 1e9 });
  const order = { accountId: ALICE, symbol: 'B-Q', side: 'buy', type: 'limit' } as const;
  for (const [price, quantity, priceText, quantityText] of [
    [1e-7, 1e-8, '0.0000001', '0.00000001'],
    [0.1, 1.5e-7, '0.1000000', '0.00000015'],
    [123.456, 3, '123.4560000', '3.00000000'],
    [1e3, 1.0, '1000.0000000', '1.00000000'],
    ['0001.5', '01.50', '1.5000000', '1.50000000'],
    ['1.5000000000', '1.5000000000', '1.5000000', '1.50000000'],
  ] as const) {
    const placed = await engine.placeOrder({ ...order, price, quantity });
    t.deepEqual([placed.price, placed.quantity], [priceText, quantityText], `${price} ${quantity}`);
  }
  t.is(await codeOf(engine.placeOrder({ ...order, price: '1e-7', quantity: '1' })), 'INVALID_DECIMAL');
  // 1e21 prints with an exponent: it is 10^21 all the same, and more than the symbol allows.
  const large = await codeOf(engine.placeOrder({ ...order, price: 1e21, quantity: 1 }));
  t.true(['NUMBER_OVERFLOW', 'PRICE_RANGE'].includes(large), large);
});

test('fields that are not there are not asked for, and others are passed over', async (t) => {
  const engine = await openMarket(t, configFor('inline'));
  await fund(engine, ALICE, { USDT: '1000' });
  const undefinedFields = {
    ...good,
    timeInForce: undefined,
    quoteQuantity: undefined,
  } as unknown as NewOrder;
  t.is((await engine.placeOrder(undefinedFields)).status, 'NEW');
  const inherited = Object.create(good) as NewOrder;
  t.is((await engine.placeOrder(inherited)).status, 'NEW');
  const frozen = Object.freeze({ ...good });
  t.is((await engine.placeOrder(frozen)).status, 'NEW');
  const bare = Object.assign(Object.create(null) as object, good) as NewOrder;
  t.is((await engine.placeOrder(bare)).status, 'NEW');
  t.is((await engine.openOrders({})).length, 4);
});

test('a getter that throws rejects the call, and nothing else', async (t) => {
  const engine = await openMarket(t, configFor('threaded'));
  await fund(engine, ALICE, { USDT: '1000' });
  const before = await readState(engine, [ALICE]);
  for (const field of Object.keys(good)) {
    const trap = Object.defineProperty({ ...good }, field, {
      get: () => {
        throw new RangeError('trap');
      },
    });
    await t.throwsAsync(async () => engine.placeOrder(trap), undefined, field);
  }
  t.deepEqual(await readState(engine, [ALICE]), before);
  t.is((await engine.placeOrder(good)).status, 'NEW');
});

test('a getter that makes calls of its own leaves every call whole', async (t) => {
  const engine = await openMarket(t, configFor('threaded'));
  await fund(engine, ALICE, { USDT: '1000' });
  for (let n = 0; n < 3; n += 1) await fund(engine, BOB, { USDT: '1' });
  const within: Promise<string>[] = [];
  const nested = {
    ...good,
    get price() {
      within.push(codeOf(engine.accounts.deposit({ accountId: BOB, asset: 'USDT', amount: '10' })));
      return '99';
    },
  };
  const placed = await engine.placeOrder(nested as NewOrder);
  t.like(placed, { accountId: ALICE, price: '99.00', quantity: '1.0000', status: 'NEW' });
  t.deepEqual([...new Set(await Promise.all(within))], ['OK']);
  t.is((await engine.accounts.balances(BOB))[0]?.total, `${3 + 10 * within.length}.000000`);
  t.is((await engine.openOrders()).length, 1);
  await provesMoney(t, engine, [ALICE, BOB]);
});

test('a request object may be reused while its call is in flight', async (t) => {
  const engine = await openMarket(t, configFor('threaded', 3));
  const request = { accountId: 0, asset: 'USDT', amount: '' };
  const calls: Promise<BalanceChange>[] = [];
  for (let accountId = 1; accountId <= 20; accountId += 1) {
    Object.assign(request, { accountId, amount: `${accountId}` });
    calls.push(engine.accounts.deposit(request));
  }
  const changes = await Promise.all(calls);
  t.deepEqual(
    changes.map(({ accountId, total }) => `${accountId}: ${total}`),
    changes.map((_, i) => `${i + 1}: ${i + 1}.000000`),
  );
});

for (const inFlight of [1, 2, 7]) {
  test(`BUSY: with room for ${inFlight}, some calls succeed, the rest may be sent again`, async (t) => {
    const engine = await openMarket(t, { ...configFor('threaded', 1), limits: { inFlight } });
    const accounts = Array.from({ length: 10 }, (_, i) => i + 1);
    let left = Array.from({ length: 400 }, (_, i) => accounts[i % accounts.length]!);
    let [rounds, refused] = [0, 0];
    while (left.length > 0) {
      rounds += 1;
      t.true(rounds < 100_000, 'no round gets anything done');
      const calls = left.map((accountId) => ({
        what: `deposit of ${accountId}`,
        promise: engine.accounts.deposit({ accountId, asset: 'USDT', amount: '1' }),
      }));
      const settled = await settleAll(engine, calls);
      const failed: number[] = [];
      for (const [i, result] of settled.entries()) {
        if (result.status === 'fulfilled') continue;
        failed.push(left[i]!);
        const error: unknown = result.reason;
        t.true(error instanceof SystemError, String(error));
        if (error instanceof LightningError && rounds === 1)
          t.like(error, { code: 'BUSY', number: 9001, retryable: true });
      }
      if (rounds === 1)
        t.true(failed.length > 0 && failed.length < 400, `${failed.length} of 400 were refused`);
      refused += failed.length;
      left = failed;
    }
    t.is(engine.stats().busy, refused);
    t.is(engine.stats().inFlight, 0);
    for (const accountId of accounts)
      t.is((await engine.accounts.balances(accountId))[0]?.total, '40.000000', 'each deposit once');
    await provesMoney(t, engine, accounts);
  });
}

test('questions to all shards are answered however few calls may be in flight', async (t) => {
  const engine = await openMarket(t, { ...configFor('threaded', 10), limits: { inFlight: 1 } });
  await fund(engine, ALICE, { USDT: '100' });
  const { orderId } = await engine.placeOrder(good);
  t.is((await engine.order(orderId)).status, 'NEW');
  t.is((await engine.openOrders()).length, 1);
  t.true((await engine.conservation()).every(({ holds }) => holds));
});

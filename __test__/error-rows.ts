/** One row per error code: what provokes it, and what the error says. */
import {
  AccountError,
  AdminError,
  ConflictError,
  InsufficientBalanceError,
  LimitError,
  MarketClosedError,
  OrderError,
  OrderNotFoundError,
  PostOnlyError,
  RateLimitError,
  ReplaceError,
  RuleError,
  SystemError,
  ValidationError,
} from '../index.ts';
import type { Engine, ErrorCode, LightningError, NewOrder, SymbolPatch } from '../index.ts';
import { ALICE, BOB, BTC_USDT, CAROL, fund, limit, market, marketByQuote, START } from './helpers.ts';

/** Somebody who has nothing and never had. */
export const NOBODY = 99;
/** 2^96 - 1: the most one account may hold, in atoms. */
const MOST = '79228162514264337593543950335';
const NAME = 'BTC-USDT';

/**
 * What there is before each row: BTC-USDT with at least 0.5 USDT per order, last traded at 100; three traders with 100
 * BTC and 100,000 USDT each; a bid of Alice and an ask of Bob, a canceled order of Alice.
 */
export interface World {
  engine: Engine;
  /** Alice's, 1 at 99; named `bid`. */
  bid: number;
  /** Bob's, 1 at 101. */
  ask: number;
  /** Alice's. */
  canceled: number;
}

/** One code and a call that provokes it. */
export interface Row {
  code: ErrorCode;
  number: number;
  class: abstract new (...args: never[]) => LightningError;
  field?: string;
  details?: Record<string, unknown>;
  /** May the same request succeed when it is sent again? */
  retryable?: true;
  /** Reads of market data throw at once; everything else rejects, and never throws. */
  throws?: true;
  /** The only code that comes with an effect. */
  changes?: true;
  /** What has happened before. */
  given?: (world: World) => Promise<unknown>;
  call: (world: World) => unknown;
}

const bid = limit(ALICE, 'buy', '1', '99');
const iceberg = { ...bid, displayQuantity: '0.1' };
const stop = {
  accountId: ALICE,
  symbol: NAME,
  side: 'sell',
  type: 'stop',
  quantity: '1',
  triggerPrice: '95',
} as const;
const dear = { symbol: NAME, side: 'buy', type: 'limit', price: '1000', quantity: '999' } as const;

const place = (order: unknown) => (world: World) => world.engine.placeOrder(order as NewOrder);
const rules = (patch: SymbolPatch) => (world: World) => world.engine.symbols.update(NAME, patch);
const usdt = (amount: string, more: object = {}) => ({ accountId: ALICE, asset: 'USDT', amount, ...more });

/** The rows, by number. */
export const ROWS: Row[] = [
  {
    code: 'INVALID_REQUEST',
    number: 1000,
    class: ValidationError,
    field: 'accountId',
    call: place({ ...bid, accountId: 0 }),
  },
  {
    code: 'MISSING_FIELD',
    number: 1001,
    class: ValidationError,
    field: 'price',
    call: place({ ...bid, price: undefined }),
  },
  {
    code: 'CONFLICTING_FIELDS',
    number: 1002,
    class: ValidationError,
    field: 'quoteQuantity',
    call: place({ ...market(ALICE, 'buy', '1'), quoteQuantity: '5' }),
  },
  {
    code: 'INVALID_DECIMAL',
    number: 1003,
    class: ValidationError,
    field: 'price',
    call: place({ ...bid, price: '1e2' }),
  },
  {
    code: 'BAD_PRECISION',
    number: 1004,
    class: ValidationError,
    field: 'quantity',
    details: { decimals: 8 },
    call: place({ ...bid, quantity: '0.000000001' }),
  },
  {
    code: 'NUMBER_OVERFLOW',
    number: 1005,
    class: ValidationError,
    field: 'quantity',
    call: place({ ...bid, quantity: '9'.repeat(40) }),
  },
  {
    code: 'INVALID_SIDE',
    number: 1006,
    class: ValidationError,
    field: 'side',
    call: place({ ...bid, side: 'BID' }),
  },
  {
    code: 'INVALID_ORDER_TYPE',
    number: 1007,
    class: ValidationError,
    field: 'type',
    call: place({ ...bid, type: 'LIMIT' }),
  },
  {
    code: 'INVALID_TIF',
    number: 1008,
    class: ValidationError,
    field: 'timeInForce',
    call: place({ ...bid, timeInForce: 'FOREVER' }),
  },
  {
    code: 'UNSUPPORTED_COMBINATION',
    number: 1009,
    class: ValidationError,
    field: 'price',
    call: place({ ...market(ALICE, 'buy', '1'), price: '99' }),
  },
  {
    code: 'INVALID_EXPIRY',
    number: 1010,
    class: ValidationError,
    field: 'expireAt',
    call: place({ ...bid, timeInForce: 'GTD', expireAt: START }),
  },
  {
    code: 'INVALID_CLIENT_ORDER_ID',
    number: 1011,
    class: ValidationError,
    field: 'clientOrderId',
    call: place({ ...bid, clientOrderId: 'not good' }),
  },
  {
    code: 'INVALID_DEPTH',
    number: 1012,
    class: ValidationError,
    field: 'levels',
    throws: true,
    call: ({ engine }) => engine.book(NAME, { levels: 21 }),
  },
  {
    code: 'INVALID_INTERVAL',
    number: 1013,
    class: ValidationError,
    field: 'interval',
    throws: true,
    call: ({ engine }) => engine.klines(NAME, '2m' as '1m'),
  },
  {
    code: 'BATCH_TOO_LARGE',
    number: 1014,
    class: ValidationError,
    field: 'orders',
    call: ({ engine }) => engine.placeOrders(Array.from({ length: 1001 }, () => bid)),
  },
  {
    code: 'NO_CHANGE',
    number: 1015,
    class: OrderError,
    call: ({ engine, bid: orderId }) =>
      engine.amendOrder({ accountId: ALICE, symbol: NAME, orderId, price: '99', quantity: '1' }),
  },
  {
    code: 'UNKNOWN_SYMBOL',
    number: 2000,
    class: RuleError,
    field: 'symbol',
    call: place({ ...bid, symbol: 'BTC-EUR' }),
  },
  {
    code: 'SYMBOL_NOT_TRADING',
    number: 2001,
    class: MarketClosedError,
    field: 'symbol',
    details: { status: 'HALT' },
    given: ({ engine }) => engine.symbols.setStatus(NAME, 'HALT'),
    call: place(bid),
  },
  {
    code: 'SYMBOL_CANCEL_ONLY',
    number: 2002,
    class: MarketClosedError,
    field: 'symbol',
    details: { status: 'CANCEL_ONLY' },
    given: ({ engine }) => engine.symbols.setStatus(NAME, 'CANCEL_ONLY'),
    call: place(bid),
  },
  {
    code: 'SYMBOL_MODE_RESTRICTED',
    number: 2003,
    class: MarketClosedError,
    field: 'symbol',
    details: { status: 'POST_ONLY' },
    given: ({ engine }) => engine.symbols.setStatus(NAME, 'POST_ONLY'),
    call: place(bid),
  },
  {
    code: 'PRICE_TICK',
    number: 2010,
    class: RuleError,
    field: 'price',
    details: { step: '0.01', nearest: ['99.00', '99.01'] },
    call: place({ ...bid, price: '99.005' }),
  },
  {
    code: 'PRICE_RANGE',
    number: 2011,
    class: RuleError,
    field: 'price',
    details: { min: '0.01', max: '1000000.00' },
    call: place({ ...bid, price: '1000000.01' }),
  },
  {
    code: 'PRICE_BAND',
    number: 2012,
    class: RuleError,
    field: 'price',
    details: { min: '90.00', max: '101.00' },
    given: rules({ bandBps: { bidUp: 100, bidDown: 1000, askUp: 100, askDown: 100 } }),
    call: place({ ...bid, price: '89.99' }),
  },
  {
    code: 'QTY_LOT',
    number: 2020,
    class: RuleError,
    field: 'quantity',
    details: { step: '0.0001', nearest: ['0.0001'] },
    call: place({ ...bid, quantity: '0.00005' }),
  },
  {
    code: 'QTY_RANGE',
    number: 2021,
    class: RuleError,
    field: 'quantity',
    details: { min: '0.0001', max: '1000.0000' },
    call: place({ ...bid, quantity: '1000.0001' }),
  },
  {
    code: 'NOTIONAL_RANGE',
    number: 2030,
    class: RuleError,
    details: { min: '0.500000' },
    call: place({ ...bid, quantity: '0.0001' }),
  },
  {
    code: 'ORDER_TYPE_DISABLED',
    number: 2040,
    class: RuleError,
    field: 'type',
    given: rules({ orderTypes: ['limit'] }),
    call: place(market(ALICE, 'buy', '1')),
  },
  {
    code: 'STP_MODE_DISABLED',
    number: 2041,
    class: RuleError,
    field: 'stp',
    given: rules({ allowedStp: ['EXPIRE_TAKER'] }),
    call: place({ ...bid, stp: 'NONE' }),
  },
  {
    code: 'ICEBERG_PARTS',
    number: 2042,
    class: RuleError,
    field: 'displayQuantity',
    details: { max: 9, parts: 10 },
    given: rules({ maxIcebergParts: 9 }),
    call: place(iceberg),
  },
  {
    code: 'TRAILING_RANGE',
    number: 2043,
    class: RuleError,
    field: 'trailBps',
    details: { min: 50, max: 500 },
    given: rules({ trailBps: { min: 50, max: 500 } }),
    call: place({ ...stop, type: 'trailing_stop', triggerPrice: undefined, trailBps: 49 }),
  },
  {
    code: 'TOO_MANY_OPEN_ORDERS',
    number: 2050,
    class: LimitError,
    details: { max: 1 },
    given: rules({ maxOpenOrders: 1 }),
    call: place(bid),
  },
  {
    code: 'MAX_POSITION',
    number: 2051,
    class: LimitError,
    given: rules({ maxPosition: '101.9999' }), // 100 are owned, 1 is being bought.
    call: place(bid),
  },
  {
    code: 'TOO_MANY_AMENDS',
    number: 2052,
    class: LimitError,
    details: { max: 1 },
    given: async ({ engine, bid: orderId }) => {
      await rules({ maxAmends: 1 })({ engine } as World);
      await engine.amendOrder({ accountId: ALICE, symbol: NAME, orderId, price: '98' });
    },
    call: ({ engine, bid: orderId }) =>
      engine.amendOrder({ accountId: ALICE, symbol: NAME, orderId, price: '97' }),
  },
  {
    code: 'UNKNOWN_ACCOUNT',
    number: 3000,
    class: AccountError,
    field: 'accountId',
    call: place({ ...bid, accountId: NOBODY }),
  },
  {
    code: 'ACCOUNT_SUSPENDED',
    number: 3001,
    class: AccountError,
    given: ({ engine }) => engine.accounts.setStatus(ALICE, 'SUSPENDED'),
    call: place(bid),
  },
  {
    code: 'ACCOUNT_CLOSED',
    number: 3002,
    class: AccountError,
    given: async ({ engine }) => {
      await fund(engine, 5, { USDT: 1 });
      await engine.accounts.withdraw({ accountId: 5, asset: 'USDT', amount: 1 });
      await engine.accounts.setStatus(5, 'CLOSED');
    },
    call: ({ engine }) => engine.accounts.deposit({ accountId: 5, asset: 'USDT', amount: 1 }),
  },
  {
    code: 'PERMISSION_DENIED',
    number: 3003,
    class: AccountError,
    given: ({ engine }) => engine.accounts.setPermissions(ALICE, { trade: true, withdraw: false }),
    call: ({ engine }) => engine.accounts.withdraw(usdt('1')),
  },
  {
    code: 'INSUFFICIENT_BALANCE',
    number: 3010,
    class: InsufficientBalanceError,
    // 100,000 - 99 for the bid
    details: { asset: 'USDT', required: '99902.000000', available: '99901.000000' },
    call: place({ ...bid, price: '99902' }),
  },
  {
    code: 'HAS_OPEN_ORDERS',
    number: 3011,
    class: AccountError,
    call: ({ engine }) => engine.accounts.setStatus(ALICE, 'CLOSED'),
  },
  {
    code: 'BALANCE_OVERFLOW',
    number: 3012,
    class: AccountError,
    given: async ({ engine }) => {
      await engine.assets.create({ code: 'BIG', scale: 0 });
      await fund(engine, CAROL, { BIG: MOST });
    },
    call: ({ engine }) => engine.accounts.deposit({ accountId: CAROL, asset: 'BIG', amount: 1 }),
  },
  {
    code: 'NON_ZERO_BALANCE',
    number: 3013,
    class: AccountError,
    call: ({ engine }) => engine.accounts.setStatus(CAROL, 'CLOSED'),
  },
  {
    code: 'UNKNOWN_ASSET',
    number: 3020,
    class: AccountError,
    field: 'asset',
    call: ({ engine }) => engine.accounts.deposit({ ...usdt('1'), asset: 'EUR' }),
  },
  {
    code: 'ASSET_DISABLED',
    number: 3021,
    class: AccountError,
    field: 'asset',
    details: { asset: 'USDT' },
    given: ({ engine }) => engine.assets.update('USDT', { enabled: false }),
    call: ({ engine }) => engine.accounts.withdraw(usdt('1')),
  },
  {
    code: 'UNKNOWN_ORDER',
    number: 4000,
    class: OrderNotFoundError,
    field: 'orderId',
    call: ({ engine, ask }) => engine.cancelOrder({ accountId: ALICE, orderId: ask }),
  },
  {
    code: 'ORDER_ALREADY_CLOSED',
    number: 4002,
    class: OrderError,
    details: { status: 'CANCELED', reason: 'USER' },
    call: ({ engine, canceled }) => engine.cancelOrder({ accountId: ALICE, orderId: canceled }),
  },
  {
    code: 'DUPLICATE_CLIENT_ORDER_ID',
    number: 4003,
    class: ConflictError,
    field: 'clientOrderId',
    call: place({ ...bid, clientOrderId: 'bid' }),
  },
  {
    code: 'POST_ONLY_WOULD_CROSS',
    number: 4010,
    class: PostOnlyError,
    field: 'postOnly',
    call: place({ ...bid, price: '101', postOnly: true }),
  },
  {
    code: 'WOULD_TRIGGER_IMMEDIATELY',
    number: 4011,
    class: OrderError,
    field: 'triggerPrice',
    details: { lastPrice: '100.00' },
    call: place({ ...stop, triggerPrice: '100' }),
  },
  {
    code: 'NO_REFERENCE_PRICE',
    number: 4012,
    class: OrderError,
    given: ({ engine }) => engine.symbols.create({ ...BTC_USDT, name: 'FRESH' }),
    call: place({ ...stop, symbol: 'FRESH' }),
  },
  {
    code: 'OCO_BAD_PRICES',
    number: 4013,
    class: OrderError,
    details: { lastPrice: '100.00' },
    call: ({ engine }) =>
      engine.placeOco({
        accountId: ALICE,
        symbol: NAME,
        side: 'sell',
        quantity: '1',
        limit: { price: '110' },
        stop: { triggerPrice: '100' },
      }),
  },
  {
    code: 'QTY_BELOW_FILLED',
    number: 4014,
    class: OrderError,
    given: ({ engine }) => engine.placeOrder(limit(BOB, 'sell', '0.5', '99')),
    call: ({ engine, bid: orderId }) =>
      engine.amendOrder({ accountId: ALICE, symbol: NAME, orderId, quantity: '0.5' }),
  },
  {
    code: 'AMEND_NOT_ALLOWED',
    number: 4015,
    class: OrderError,
    given: ({ engine }) => engine.placeOrder({ ...stop, clientOrderId: 'stop' }),
    call: ({ engine }) =>
      engine.amendOrder({ accountId: ALICE, symbol: NAME, clientOrderId: 'stop', price: '90' }),
  },
  {
    code: 'CANCEL_RESTRICTED',
    number: 4016,
    class: OrderError,
    field: 'onlyIf',
    call: ({ engine, bid: orderId }) =>
      engine.cancelOrder({ accountId: ALICE, orderId, onlyIf: 'PARTIALLY_FILLED' }),
  },
  {
    code: 'REPLACE_PARTIALLY_FAILED',
    number: 4020,
    class: ReplaceError,
    changes: true,
    call: ({ engine, bid: orderId }) =>
      engine.cancelReplace({ accountId: ALICE, cancel: { orderId }, place: dear }),
  },
  {
    code: 'REPLACE_FAILED',
    number: 4021,
    class: ReplaceError,
    call: ({ engine, bid: orderId }) =>
      engine.cancelReplace({ accountId: ALICE, cancel: { orderId }, place: dear, mode: 'ATOMIC' }),
  },
  {
    code: 'REQUEST_ID_CONFLICT',
    number: 5000,
    class: ConflictError,
    field: 'requestId',
    given: ({ engine }) => engine.accounts.deposit(usdt('1', { requestId: 1 })),
    call: ({ engine }) => engine.accounts.deposit(usdt('2', { requestId: 1 })),
  },
  {
    code: 'REQUEST_ID_TOO_OLD',
    number: 5001,
    class: ConflictError,
    field: 'requestId',
    given: ({ engine }) => engine.accounts.deposit(usdt('1', { requestId: 1025 })),
    call: ({ engine }) => engine.accounts.deposit(usdt('1', { requestId: 1 })),
  },
  {
    code: 'STALE_REQUEST',
    number: 5002,
    class: ConflictError,
    field: 'validUntil',
    call: place({ ...bid, validUntil: START - 1 }),
  },
  {
    code: 'RATE_LIMITED',
    number: 5003,
    class: RateLimitError,
    details: { retryAfterMs: 100 },
    retryable: true,
    given: async ({ engine }) => {
      await engine.accounts.setRateLimit(ALICE, { perSecond: 10, burst: 1 });
      await engine.placeOrder(bid);
    },
    call: place(bid),
  },
  {
    code: 'ASSET_EXISTS',
    number: 6000,
    class: AdminError,
    field: 'code',
    call: ({ engine }) => engine.assets.create({ code: 'BTC', scale: 8 }),
  },
  {
    code: 'ASSET_IN_USE',
    number: 6001,
    class: AdminError,
    field: 'code',
    call: ({ engine }) => engine.assets.remove('USDT'),
  },
  {
    code: 'SYMBOL_EXISTS',
    number: 6002,
    class: AdminError,
    field: 'name',
    call: ({ engine }) => engine.symbols.create(BTC_USDT),
  },
  {
    code: 'SYMBOL_IN_USE',
    number: 6003,
    class: AdminError,
    call: ({ engine }) => engine.symbols.remove(NAME),
  },
  {
    code: 'SYMBOL_PRECISION_INEXACT',
    number: 6004,
    class: AdminError,
    details: { quoteScaleNeeded: 8 },
    call: ({ engine }) => engine.symbols.create({ ...BTC_USDT, name: 'FINE', tickSize: '0.0001' }),
  },
  {
    code: 'IMMUTABLE_FIELD',
    number: 6005,
    class: AdminError,
    field: 'lotSize',
    call: ({ engine }) => engine.symbols.update(NAME, { lotSize: '1' } as never),
  },
  {
    code: 'BAD_STATUS_TRANSITION',
    number: 6006,
    class: AdminError,
    field: 'status',
    given: ({ engine }) => engine.symbols.setStatus(NAME, 'CLOSED', { cancelOpen: true }),
    call: ({ engine }) => engine.symbols.setStatus(NAME, 'TRADING'),
  },
  {
    code: 'INVALID_FEE',
    number: 6007,
    class: AdminError,
    field: 'fees',
    call: ({ engine }) => engine.symbols.update(NAME, { fees: { makerPpm: -2, takerPpm: 1 } }),
  },
  {
    code: 'NOT_SUPPORTED',
    number: 9009,
    class: SystemError,
    field: 'status',
    call: ({ engine }) => engine.symbols.setStatus(NAME, 'PRE_OPEN' as never),
  },
];

/** A second way to some of them. */
export const MORE_ROWS: Row[] = [
  {
    code: 'NOTIONAL_RANGE',
    number: 2030,
    class: RuleError,
    given: rules({ minNotional: null }),
    call: place(marketByQuote(ALICE, 'buy', '0.01')), // a lot costs 0.0101
  },
  {
    code: 'PERMISSION_DENIED',
    number: 3003,
    class: AccountError,
    given: ({ engine }) => engine.accounts.setStatus(ALICE, 'CANCEL_ONLY'),
    call: place(bid),
  },
  {
    code: 'SYMBOL_IN_USE',
    number: 6003,
    class: AdminError,
    call: ({ engine }) => engine.symbols.setStatus(NAME, 'CLOSED'),
  },
  {
    code: 'BAD_STATUS_TRANSITION',
    number: 6006,
    class: AdminError,
    given: async ({ engine }) => {
      await fund(engine, 5, { USDT: 1 });
      await engine.accounts.withdraw({ accountId: 5, asset: 'USDT', amount: 1 });
      await engine.accounts.setStatus(5, 'CLOSED');
    },
    call: ({ engine }) => engine.accounts.setStatus(5, 'ACTIVE'),
  },
];

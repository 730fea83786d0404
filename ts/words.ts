/**
 * Calls as JSON: everything that has no record of its own, and orders with something that records have no room for.
 *
 * Which field has which JavaScript type is written down here, operation by operation; nothing is decided. The
 * other end is `native/engine/src/words`.
 */

import { LAYOUT } from './records.ts';
import { boolean, decimal, type Fields, fields, number, string, wrongType } from './values.ts';

/** Reads a field: what is to be handed over, or nothing. Refuses what has a wrong type. */
type Read = (field: string, value: unknown) => unknown;
/** The fields of an object, in the order in which they are read and written. */
export type Table = readonly (readonly [name: string, read: Read])[];

/** An object in the native side's words. */
export function encode(given: Fields, table: Table, prefix = ''): Record<string, unknown> {
  const words: Record<string, unknown> = {};
  for (const [name, read] of table) {
    const value = read(prefix + name, given[name]);
    if (value !== undefined) words[name] = value;
  }
  return words;
}

/** A call as one line of JSON. */
export function callText(op: string, given: Fields, table: Table): string {
  return JSON.stringify({ op, ...encode(given, table) });
}

function optional(read: Read): Read {
  return (field, value) => (value === undefined ? undefined : read(field, value));
}

function orNull(read: Read): Read {
  return (field, value) => (value === null || value === undefined ? value : read(field, value));
}

function object(table: Table): Read {
  return optional((field, value) => encode(fields(field, value), table, `${field}.`));
}

function listOf(read: Read): Read {
  return optional((field, value) => {
    if (!Array.isArray(value)) throw wrongType(field, 'an array', value);
    return value.map((item, index) => read(`${field}[${index}]`, item));
  });
}

const TOO_LONG = '9'.repeat(40);

/** A number that must be there, an id for instance; which numbers are ids is not decided here. */
const GIVEN: Read = number;
const NUMBER = optional(number);
const FLAG = optional(boolean);
const NAME = optional(string);
/** One of a set of words; what is no text is none of them. */
const WORD = optional((field, value) => (typeof value === 'string' ? string(field, value) : ''));
/** A decimal of a symbol, of any length. */
const LONG_DECIMAL = optional((field, value) => string(field, decimal(field, value)));
/** A decimal. What is too long for a record is here, too, a number beyond all that is counted. */
const DECIMAL = optional((field, value) => {
  const digits = decimal(field, value);
  return digits.length > LAYOUT.text ? TOO_LONG : string(field, digits);
});

const FEES: Table = [
  ['makerPpm', NUMBER],
  ['takerPpm', NUMBER],
];
const REQUEST: Table = [
  ['requestId', NUMBER],
  ['requestLane', NUMBER],
];
const ACCOUNT: Table = [['accountId', GIVEN]];
const ORDER_REF: Table = [
  ['orderId', NUMBER],
  ['clientOrderId', NAME],
];
const FUNDS: Table = [
  ['asset', NAME],
  ['amount', DECIMAL],
];

const NEW_ORDER: Table = [
  ['symbol', NAME],
  ['side', WORD],
  ['type', WORD],
  ['timeInForce', WORD],
  ['price', DECIMAL],
  ['quantity', DECIMAL],
  ['quoteQuantity', DECIMAL],
  ['maxQuote', DECIMAL],
  ['postOnly', FLAG],
  ['displayQuantity', DECIMAL],
  ['triggerPrice', DECIMAL],
  ['trailBps', NUMBER],
  ['trailAmount', DECIMAL],
  ['activationPrice', DECIMAL],
  ['protectionBps', NUMBER],
  ['stp', WORD],
  ['clientOrderId', NAME],
  ['expireAt', NUMBER],
  ['validUntil', NUMBER],
  ['fees', object(FEES)],
];

const OCO_LIMIT: Table = [
  ['price', DECIMAL],
  ['postOnly', FLAG],
  ['clientOrderId', NAME],
];
const OCO_STOP: Table = [
  ['triggerPrice', DECIMAL],
  ['price', DECIMAL],
  ['maxQuote', DECIMAL],
  ['clientOrderId', NAME],
];

/** The calls that are made in words, with their fields. */
export const WORDS = {
  placeOrder: [...ACCOUNT, ...NEW_ORDER, ...REQUEST],
  testOrder: [...ACCOUNT, ...NEW_ORDER],
  placeOco: [
    ...ACCOUNT,
    ['symbol', NAME],
    ['side', WORD],
    ['quantity', DECIMAL],
    ['limit', object(OCO_LIMIT)],
    ['stop', object(OCO_STOP)],
    ['timeInForce', WORD],
    ['expireAt', NUMBER],
    ['stp', WORD],
    ['fees', object(FEES)],
    ['validUntil', NUMBER],
    ...REQUEST,
  ],
  cancelOrder: [...ACCOUNT, ...ORDER_REF, ['symbol', NAME], ['onlyIf', WORD], ...REQUEST],
  amendOrder: [
    ...ACCOUNT,
    ['symbol', NAME],
    ...ORDER_REF,
    ['quantity', DECIMAL],
    ['reduceBy', DECIMAL],
    ['price', DECIMAL],
    ...REQUEST,
  ],
  cancelReplace: [
    ...ACCOUNT,
    ['cancel', object([...ORDER_REF, ['onlyIf', WORD]])],
    ['place', object(NEW_ORDER)],
    ['mode', WORD],
    ...REQUEST,
  ],
  cancelAll: [...ACCOUNT, ['symbol', NAME], ['side', WORD], ['clientOrderIdPrefix', NAME], ...REQUEST],
  cancelAllAfter: [...ACCOUNT, ['timeoutMs', NUMBER], ...REQUEST],
  deposit: [...ACCOUNT, ...FUNDS, ...REQUEST],
  withdraw: [...ACCOUNT, ...FUNDS, ...REQUEST],
  hold: [...ACCOUNT, ...FUNDS, ...REQUEST],
  release: [...ACCOUNT, ...FUNDS, ...REQUEST],
  transfer: [['from', GIVEN], ['to', GIVEN], ...FUNDS, ...REQUEST],
  collectFees: [...ACCOUNT, ['symbol', NAME], ...REQUEST],
  setAccountStatus: [...ACCOUNT, ['status', WORD], ...REQUEST],
  setAccountFees: [...ACCOUNT, ['symbol', NAME], ['fees', orNull(object(FEES))], ...REQUEST],
  setAccountPermissions: [...ACCOUNT, ['trade', FLAG], ['withdraw', FLAG], ...REQUEST],
  setStpGroup: [...ACCOUNT, ['group', orNull(NUMBER)], ...REQUEST],
  setRateLimit: [
    ...ACCOUNT,
    [
      'rateLimit',
      orNull(
        object([
          ['perSecond', NUMBER],
          ['burst', NUMBER],
        ]),
      ),
    ],
    ...REQUEST,
  ],
  account: ACCOUNT,
  orderByClientId: [...ACCOUNT, ['clientOrderId', NAME]],
  openOrders: [
    ['accountId', NUMBER],
    ['symbol', NAME],
    ['afterId', NUMBER],
    ['limit', NUMBER],
  ],
  orders: [...ACCOUNT, ['symbol', NAME], ['cursor', NUMBER], ['limit', NUMBER]],
  orderHistory: [
    ...ACCOUNT,
    ['symbol', NAME],
    ['fromSeq', NUMBER],
    ['toSeq', NUMBER],
    ['cursor', NUMBER],
    ['limit', NUMBER],
  ],
  ledger: [...ACCOUNT, ['asset', NAME], ['cursor', NUMBER], ['limit', NUMBER]],
} as const satisfies Record<string, Table>;

/** An operation that is asked for in words. */
export type WordsOp = keyof typeof WORDS;

/** A symbol's rules. */
const RULES: Table = [
  ['minPrice', LONG_DECIMAL],
  ['maxPrice', LONG_DECIMAL],
  ['minQuantity', LONG_DECIMAL],
  ['maxQuantity', LONG_DECIMAL],
  ['minNotional', LONG_DECIMAL],
  ['maxNotional', LONG_DECIMAL],
  ['applyToMarket', FLAG],
  ['marketMaxQuantity', LONG_DECIMAL],
  [
    'bandBps',
    object([
      ['bidUp', GIVEN],
      ['bidDown', GIVEN],
      ['askUp', GIVEN],
      ['askDown', GIVEN],
    ]),
  ],
  ['priceFloor', LONG_DECIMAL],
  ['priceCap', LONG_DECIMAL],
  ['referencePrice', LONG_DECIMAL],
  ['referenceMinutes', NUMBER],
  ['marketProtectionBps', NUMBER],
  ['maxOpenOrders', NUMBER],
  ['maxOpenConditional', NUMBER],
  ['maxIceberg', NUMBER],
  ['maxOpenLists', NUMBER],
  ['maxPosition', LONG_DECIMAL],
  [
    'trailBps',
    object([
      ['min', GIVEN],
      ['max', GIVEN],
    ]),
  ],
  ['maxIcebergParts', NUMBER],
  ['maxAmends', NUMBER],
  ['orderTypes', listOf(string)],
  ['allowedStp', listOf(string)],
  ['defaultStp', WORD],
  ['sessionEnd', WORD],
  [
    'fees',
    object([
      ['makerPpm', GIVEN],
      ['takerPpm', GIVEN],
    ]),
  ],
  ['allowNetRebate', FLAG],
];

/** A symbol to create. */
export const NEW_SYMBOL: Table = [
  ['name', NAME],
  ['base', NAME],
  ['quote', NAME],
  ['tickSize', LONG_DECIMAL],
  ['lotSize', LONG_DECIMAL],
  ['feeMode', WORD],
  ...RULES,
];

/**
 * What of a symbol to change: null is the default, or no such rule. Fields that can't be changed are handed over,
 * too, to be refused.
 */
export const SYMBOL_PATCH: Table = [
  ['name', WORD],
  ['base', WORD],
  ['quote', WORD],
  ['tickSize', LONG_DECIMAL],
  ['lotSize', LONG_DECIMAL],
  ['feeMode', WORD],
  ...RULES.map(([rule, read]) => [rule, orNull(read)] as const),
];

/** An asset to create. */
export const NEW_ASSET: Table = [
  ['code', NAME],
  ['scale', NUMBER],
  ['name', NAME],
];

/** What of an asset to change. */
export const ASSET_PATCH: Table = [
  ['name', orNull(NAME)],
  ['enabled', FLAG],
];

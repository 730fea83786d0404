/**
 * Every refusal by its code.
 *
 * Generated from native/core/src/reject.rs by scripts/generate-codes.mjs: do not edit.
 */

/** Every code with its stable number, and whether the same request may succeed when it is sent again. */
export const ERROR_CODES = {
  /** The request is malformed: a wrong type, an id that is no positive integer below 2^53, a bad option. */
  INVALID_REQUEST: { number: 1000, retryable: false },
  /** A field that this kind of request needs is missing. */
  MISSING_FIELD: { number: 1001, retryable: false },
  /** Two fields exclude each other, for instance quantity and quoteQuantity. */
  CONFLICTING_FIELDS: { number: 1002, retryable: false },
  /** Not a plain positive decimal: digits, at most one point between digits, no sign, no exponent. */
  INVALID_DECIMAL: { number: 1003, retryable: false },
  /** More decimals than the asset has. Nothing is ever rounded. */
  BAD_PRECISION: { number: 1004, retryable: false },
  /** The number does not fit the engine's integers. */
  NUMBER_OVERFLOW: { number: 1005, retryable: false },
  /** The side is neither `buy` nor `sell`. */
  INVALID_SIDE: { number: 1006, retryable: false },
  /** The order type is unknown. */
  INVALID_ORDER_TYPE: { number: 1007, retryable: false },
  /** The time in force is unknown. */
  INVALID_TIF: { number: 1008, retryable: false },
  /** The fields are valid one by one but not together, for instance a market order with a price. */
  UNSUPPORTED_COMBINATION: { number: 1009, retryable: false },
  /** The number of Level2 levels is outside 1 to 20. */
  INVALID_DEPTH: { number: 1012, retryable: false },
  /** There is no such symbol. */
  UNKNOWN_SYMBOL: { number: 2000, retryable: false },
  /** The price is not a multiple of the symbol's tick size. */
  PRICE_TICK: { number: 2010, retryable: false },
  /** The price is outside the symbol's minPrice to maxPrice. */
  PRICE_RANGE: { number: 2011, retryable: false },
  /** The quantity is not a multiple of the symbol's lot size. */
  QTY_LOT: { number: 2020, retryable: false },
  /** The quantity is outside the symbol's minQuantity to maxQuantity. */
  QTY_RANGE: { number: 2021, retryable: false },
  /** Price x quantity, or the quote quantity, is below the symbol's minNotional or the cost of one lot. */
  NOTIONAL_RANGE: { number: 2030, retryable: false },
  /** The account has as many open orders as it may have. */
  TOO_MANY_OPEN_ORDERS: { number: 2050, retryable: false },
  /** There is no such account: an account begins with its first deposit. */
  UNKNOWN_ACCOUNT: { number: 3000, retryable: false },
  /** The account's available balance is below what the request needs. */
  INSUFFICIENT_BALANCE: { number: 3010, retryable: false },
  /** The balance would grow beyond what the engine counts. */
  BALANCE_OVERFLOW: { number: 3012, retryable: false },
  /** There is no such asset. */
  UNKNOWN_ASSET: { number: 3020, retryable: false },
  /** There is no such order, or it is another account's (which is not told apart, so that ids leak nothing). */
  UNKNOWN_ORDER: { number: 4000, retryable: false },
  /** The order has already been filled, canceled or expired. */
  ORDER_ALREADY_CLOSED: { number: 4002, retryable: false },
  /** An asset of that code exists. */
  ASSET_EXISTS: { number: 6000, retryable: false },
  /** A symbol of that name exists. */
  SYMBOL_EXISTS: { number: 6002, retryable: false },
  /** tickSize x lotSize is not a whole number of quote atoms, or a limit of the symbol could overflow. */
  SYMBOL_PRECISION_INEXACT: { number: 6004, retryable: false },
  /** A broken invariant: the engine has halted and must be opened again. */
  INTERNAL: { number: 9000, retryable: false },
  /** As many commands are in flight as may be. Nothing was done: safe to retry. */
  BUSY: { number: 9001, retryable: true },
  /** The engine halted before this call was answered: it may or may not have happened. */
  OUTCOME_UNKNOWN: { number: 9008, retryable: false },
  /** Part of the plan, not of this version. */
  NOT_SUPPORTED: { number: 9009, retryable: false },
  /** The engine is closed. */
  ENGINE_CLOSED: { number: 9010, retryable: false },
} as const;

/** A refusal's code: the contract. */
export type ErrorCode = keyof typeof ERROR_CODES;

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
  /** expireAt is missing, in the past, or given with a time in force other than GTD. */
  INVALID_EXPIRY: { number: 1010, retryable: false },
  /** Not 1 to 36 characters of A-Z a-z 0-9 . _ : / - */
  INVALID_CLIENT_ORDER_ID: { number: 1011, retryable: false },
  /** The number of Level2 levels is outside 1 to 20. */
  INVALID_DEPTH: { number: 1012, retryable: false },
  /** No candle has this interval. */
  INVALID_INTERVAL: { number: 1013, retryable: false },
  /** A batch of more than 1,000 items. */
  BATCH_TOO_LARGE: { number: 1014, retryable: false },
  /** The amend changes nothing. */
  NO_CHANGE: { number: 1015, retryable: false },
  /** There is no such symbol. */
  UNKNOWN_SYMBOL: { number: 2000, retryable: false },
  /** The symbol is halted or closed. */
  SYMBOL_NOT_TRADING: { number: 2001, retryable: false },
  /** The symbol takes cancels only. */
  SYMBOL_CANCEL_ONLY: { number: 2002, retryable: false },
  /** The symbol takes post-only orders or limit orders only. */
  SYMBOL_MODE_RESTRICTED: { number: 2003, retryable: false },
  /** The price is not a multiple of the symbol's tick size. */
  PRICE_TICK: { number: 2010, retryable: false },
  /** The price is outside the symbol's minPrice to maxPrice. */
  PRICE_RANGE: { number: 2011, retryable: false },
  /** The price is too far from the reference price. */
  PRICE_BAND: { number: 2012, retryable: false },
  /** The quantity is not a multiple of the symbol's lot size. */
  QTY_LOT: { number: 2020, retryable: false },
  /** The quantity is outside the symbol's minQuantity to maxQuantity. */
  QTY_RANGE: { number: 2021, retryable: false },
  /** Price x quantity, or the quote quantity, is outside minNotional to maxNotional, or below the cost of one lot. */
  NOTIONAL_RANGE: { number: 2030, retryable: false },
  /** The symbol does not take this order type. */
  ORDER_TYPE_DISABLED: { number: 2040, retryable: false },
  /** The symbol does not take this mode of self-trade prevention. */
  STP_MODE_DISABLED: { number: 2041, retryable: false },
  /** The iceberg would have too many slices. */
  ICEBERG_PARTS: { number: 2042, retryable: false },
  /** The trailing distance is outside the symbol's bounds. */
  TRAILING_RANGE: { number: 2043, retryable: false },
  /** The account has as many open orders as it may have. */
  TOO_MANY_OPEN_ORDERS: { number: 2050, retryable: false },
  /** The account would own more of the base asset than the symbol's maxPosition. */
  MAX_POSITION: { number: 2051, retryable: false },
  /** The order has been amended as often as it may be. */
  TOO_MANY_AMENDS: { number: 2052, retryable: false },
  /** There is no such account: an account begins with its first deposit. */
  UNKNOWN_ACCOUNT: { number: 3000, retryable: false },
  /** The account is suspended. */
  ACCOUNT_SUSPENDED: { number: 3001, retryable: false },
  /** The account is closed. */
  ACCOUNT_CLOSED: { number: 3002, retryable: false },
  /** The account may not do this: it takes cancels only, or may not trade or withdraw. */
  PERMISSION_DENIED: { number: 3003, retryable: false },
  /** The account's available balance is below what the request needs. */
  INSUFFICIENT_BALANCE: { number: 3010, retryable: false },
  /** The account has open orders. */
  HAS_OPEN_ORDERS: { number: 3011, retryable: false },
  /** The balance would grow beyond what the engine counts. */
  BALANCE_OVERFLOW: { number: 3012, retryable: false },
  /** The account still owns something. */
  NON_ZERO_BALANCE: { number: 3013, retryable: false },
  /** There is no such asset. */
  UNKNOWN_ASSET: { number: 3020, retryable: false },
  /** The asset is disabled: nothing of it can be deposited, withdrawn, transferred or traded. */
  ASSET_DISABLED: { number: 3021, retryable: false },
  /** There is no such order, or it is another account's (which is not told apart, so that ids leak nothing). */
  UNKNOWN_ORDER: { number: 4000, retryable: false },
  /** The order has already been filled, canceled or expired. */
  ORDER_ALREADY_CLOSED: { number: 4002, retryable: false },
  /** A live order of the account has that client order id. */
  DUPLICATE_CLIENT_ORDER_ID: { number: 4003, retryable: false },
  /** The post-only order would trade at once. */
  POST_ONLY_WOULD_CROSS: { number: 4010, retryable: false },
  /** The trigger is reached by the last price already. */
  WOULD_TRIGGER_IMMEDIATELY: { number: 4011, retryable: false },
  /** The symbol has not traded yet, so there is no price to compare the trigger with. */
  NO_REFERENCE_PRICE: { number: 4012, retryable: false },
  /** The prices of the OCO are on the wrong sides of the last price. */
  OCO_BAD_PRICES: { number: 4013, retryable: false },
  /** The new quantity is not above what is filled already. */
  QTY_BELOW_FILLED: { number: 4014, retryable: false },
  /** This order can't be amended, or not like this. */
  AMEND_NOT_ALLOWED: { number: 4015, retryable: false },
  /** The order is not in the state that the cancel was restricted to. */
  CANCEL_RESTRICTED: { number: 4016, retryable: false },
  /** One half of the cancel-replace failed; details hold both. */
  REPLACE_PARTIALLY_FAILED: { number: 4020, retryable: false },
  /** The cancel-replace failed, nothing changed; details hold both halves. */
  REPLACE_FAILED: { number: 4021, retryable: false },
  /** The request id was used for a different request. */
  REQUEST_ID_CONFLICT: { number: 5000, retryable: false },
  /** The request id is below the window that is remembered. */
  REQUEST_ID_TOO_OLD: { number: 5001, retryable: false },
  /** validUntil had passed when the request was sequenced. */
  STALE_REQUEST: { number: 5002, retryable: false },
  /** The account places orders faster than it may. */
  RATE_LIMITED: { number: 5003, retryable: true },
  /** An asset of that code exists. */
  ASSET_EXISTS: { number: 6000, retryable: false },
  /** A symbol trades the asset, or somebody owns some of it. */
  ASSET_IN_USE: { number: 6001, retryable: false },
  /** A symbol of that name exists. */
  SYMBOL_EXISTS: { number: 6002, retryable: false },
  /** The symbol has open orders, or fees that were not collected. */
  SYMBOL_IN_USE: { number: 6003, retryable: false },
  /** tickSize x lotSize is not a whole number of quote atoms, or a limit of the symbol could overflow. */
  SYMBOL_PRECISION_INEXACT: { number: 6004, retryable: false },
  /** The field can't be changed once it is set. */
  IMMUTABLE_FIELD: { number: 6005, retryable: false },
  /** The status can't follow the present one: CLOSED is final. */
  BAD_STATUS_TRANSITION: { number: 6006, retryable: false },
  /** A fee rate is out of range, or maker + taker is negative without allowNetRebate. */
  INVALID_FEE: { number: 6007, retryable: false },
  /** The consumer of a stream was so slow that what it wants next is not remembered any more: details say from where it can be resumed. */
  SLOW_CONSUMER: { number: 7000, retryable: false },
  /** A broken invariant: the engine has halted and must be opened again. */
  INTERNAL: { number: 9000, retryable: false },
  /** As many commands are in flight as may be; or an amend of an order that is being amended: what it may cost, or whether it keeps the rules, depends on what becomes of those before it. Nothing was done: safe to retry. */
  BUSY: { number: 9001, retryable: true },
  /** The journal can't be written any more: the engine has halted and must be opened again. */
  JOURNAL_IO: { number: 9004, retryable: false },
  /** The data directory does not hold what was written to it. Nothing was changed in it. */
  CORRUPT_STATE: { number: 9005, retryable: false },
  /** Another engine has the data directory open. */
  DATA_DIR_LOCKED: { number: 9006, retryable: false },
  /** The data directory was written by a version that this one can't read. */
  UNSUPPORTED_VERSION: { number: 9007, retryable: false },
  /** The engine halted before this call was answered: it may or may not have happened. */
  OUTCOME_UNKNOWN: { number: 9008, retryable: false },
  /** Part of the plan, not of this version. */
  NOT_SUPPORTED: { number: 9009, retryable: false },
  /** The engine is closed. */
  ENGINE_CLOSED: { number: 9010, retryable: false },
  /** The disk is full: only cancels are taken until somebody makes room. */
  STORAGE_FULL: { number: 9011, retryable: false },
  /** Others than its owner may write to the data directory. */
  UNSAFE_DATA_DIR: { number: 9012, retryable: false },
} as const;

/** A refusal's code: the contract. */
export type ErrorCode = keyof typeof ERROR_CODES;

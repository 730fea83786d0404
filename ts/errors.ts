/**
 * Refusals as typed errors. The code's string is the contract, its number is stable, the text may change.
 * A refused call has changed nothing, but for two codes: `REPLACE_PARTIALLY_FAILED`, whose details say which half
 * of it was done, and `OUTCOME_UNKNOWN`, which leaves open whether it was.
 */

import { ERROR_CODES, type ErrorCode } from './codes.ts';
import type { Decimal } from './types/common.ts';
import type {
  BatchItem,
  CanceledOrder,
  CancelReason,
  ExpireReason,
  OrderResult,
  OrderStatus,
} from './types/orders.ts';
import type { SymbolStatus } from './types/symbols.ts';

/** What a refusal says beyond its code: figures by name. {@link DetailsByCode} says which, by code. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** What came of the halves of a cancel-replace. */
export type ReplaceHalves = {
  /** The cancel. */
  cancel: BatchItem<CanceledOrder>;
  /** The new order; null if it was not attempted. */
  place: BatchItem<OrderResult> | null;
};

/** Bounds that were exceeded; only those that there are. */
type Range = { min?: Decimal; max?: Decimal };
/** A grid that was missed, and the nearest values on it. */
type Grid = { step: Decimal; nearest: Decimal[] };

/** What is not as it was written; as much of it as there is to say. */
type CorruptPlace = {
  /** The file's name in the data directory. */
  file?: string;
  /** Where in it, in bytes. */
  offset?: number;
  /** The record that should be there. */
  seq?: number;
  /** What is wrong. */
  reason: string;
};

/** The details of the codes that have some. */
export type DetailsByCode = {
  BAD_PRECISION: { decimals?: number };
  PRICE_TICK: Grid;
  PRICE_RANGE: Range;
  PRICE_BAND: Range;
  QTY_LOT: Grid;
  QTY_RANGE: Range;
  NOTIONAL_RANGE: Range;
  SYMBOL_NOT_TRADING: { status?: SymbolStatus };
  SYMBOL_CANCEL_ONLY: { status?: SymbolStatus };
  SYMBOL_MODE_RESTRICTED: { status?: SymbolStatus };
  ICEBERG_PARTS: { max: number; parts: number };
  TRAILING_RANGE: { min: number | Decimal; max: number | Decimal };
  TOO_MANY_OPEN_ORDERS: { max: number };
  TOO_MANY_AMENDS: { max: number };
  INSUFFICIENT_BALANCE: { asset: string; required: Decimal; available: Decimal };
  ORDER_ALREADY_CLOSED: {
    orderId: number;
    status: Extract<OrderStatus, 'FILLED' | 'CANCELED' | 'EXPIRED'>;
    reason: CancelReason | ExpireReason | null;
  };
  WOULD_TRIGGER_IMMEDIATELY: { lastPrice?: Decimal };
  OCO_BAD_PRICES: { lastPrice?: Decimal };
  REPLACE_PARTIALLY_FAILED: ReplaceHalves;
  REPLACE_FAILED: ReplaceHalves;
  RATE_LIMITED: { retryAfterMs: number };
  ASSET_DISABLED: { asset: string };
  ASSET_IN_USE: { symbol?: string };
  SYMBOL_PRECISION_INEXACT: { quoteScaleNeeded?: number };
  SLOW_CONSUMER: { from: number };
  JOURNAL_IO: { reason: string };
  STORAGE_FULL: { reason?: string };
  CORRUPT_STATE: CorruptPlace;
  UNSUPPORTED_VERSION: { file?: string; found: number };
  UNSAFE_DATA_DIR: { reason: string };
};

/** The details of a code, or of each of some codes. */
export type DetailsOf<Code extends ErrorCode> = [Code] extends [keyof DetailsByCode]
  ? Readonly<DetailsByCode[Code]>
  : ErrorDetails;

/** A refusal as the native side words it. */
export interface Refusal {
  number: number;
  code: ErrorCode;
  field: string | null;
  message: string;
  details: ErrorDetails;
  retryable: boolean;
}

/**
 * Every refusal of an engine. Tell them apart by class, by {@link LightningError.is} (both of which type `details`),
 * or by `code`.
 *
 * @example
 * ```ts
 * try {
 *   await engine.placeOrder(order);
 * } catch (error) {
 *   if (error instanceof LightningError && error.is('INSUFFICIENT_BALANCE')) console.log(error.details.required);
 * }
 * ```
 */
export class LightningError extends Error {
  /** Always `'LightningError'`: tells these errors apart even between the ESM and the CJS build. */
  readonly kind = 'LightningError';
  /** Which refusal; see {@link ErrorCode}. */
  readonly code: ErrorCode;
  /** The code's stable number. */
  readonly number: number;
  /** The field of the request that caused it, where there is one. */
  readonly field: string | undefined;
  /** Figures by name; which ones depends on the code. */
  readonly details: ErrorDetails;
  /**
   * True if the same request may succeed when it is sent again; after `RATE_LIMITED` under a new request id, if it
   * had one, because a refusal is the answer to its id.
   */
  readonly retryable: boolean;

  /** @internal */
  constructor(refusal: Refusal) {
    super(`${refusal.code}: ${refusal.message}`);
    this.name = new.target.name;
    this.code = refusal.code;
    this.number = refusal.number;
    this.field = refusal.field ?? undefined;
    this.details = refusal.details;
    this.retryable = refusal.retryable;
  }

  /** Is it this refusal? Then its `details` have a type. */
  is<Code extends ErrorCode>(code: Code): this is this & Coded<Code> {
    return this.code === code;
  }
}

/** What a code tells about an error. */
interface Coded<Code extends ErrorCode> {
  readonly code: Code;
  readonly details: DetailsOf<Code>;
}

/** The request is malformed (1xxx). */
export class ValidationError extends LightningError {}
/** The request breaks a rule of its symbol, or there is no such symbol (20xx). */
export class RuleError extends LightningError {}
/** The symbol's status forbids it (2001 to 2003). */
export class MarketClosedError extends LightningError {
  declare readonly code: 'SYMBOL_NOT_TRADING' | 'SYMBOL_CANCEL_ONLY' | 'SYMBOL_MODE_RESTRICTED';
  declare readonly details: DetailsOf<MarketClosedError['code']>;
}
/** A limit is reached (205x); where it is a number of orders or amends, `details` have `max`. */
export class LimitError extends LightningError {
  declare readonly code: 'TOO_MANY_OPEN_ORDERS' | 'MAX_POSITION' | 'TOO_MANY_AMENDS';
  declare readonly details: DetailsOf<LimitError['code']>;
}
/** Something about the account or its assets (3xxx). */
export class AccountError extends LightningError {}
/** Too little is available; `details` have `asset`, `required` and `available`. */
export class InsufficientBalanceError extends LightningError {
  declare readonly code: 'INSUFFICIENT_BALANCE';
  declare readonly details: DetailsOf<InsufficientBalanceError['code']>;
}
/** There is no such order, or it is another account's. */
export class OrderNotFoundError extends LightningError {
  declare readonly code: 'UNKNOWN_ORDER';
  declare readonly details: DetailsOf<OrderNotFoundError['code']>;
}
/** The order's state, or the last price, forbids it (40xx). */
export class OrderError extends LightningError {}
/** The post-only order would trade at once. */
export class PostOnlyError extends LightningError {
  declare readonly code: 'POST_ONLY_WOULD_CROSS';
  declare readonly details: DetailsOf<PostOnlyError['code']>;
}
/** A half of a cancel-replace failed, or both did; `details` have both. */
export class ReplaceError extends LightningError {
  declare readonly code: 'REPLACE_PARTIALLY_FAILED' | 'REPLACE_FAILED';
  declare readonly details: DetailsOf<ReplaceError['code']>;
}
/** A client order id or a request id was used already, or it is too late for the request (4003, 500x). */
export class ConflictError extends LightningError {
  declare readonly code:
    'DUPLICATE_CLIENT_ORDER_ID' | 'REQUEST_ID_CONFLICT' | 'REQUEST_ID_TOO_OLD' | 'STALE_REQUEST';
  declare readonly details: DetailsOf<ConflictError['code']>;
}
/** The account places orders faster than it may; `details` have `retryAfterMs`. */
export class RateLimitError extends LightningError {
  declare readonly code: 'RATE_LIMITED';
  declare readonly details: DetailsOf<RateLimitError['code']>;
}
/** An asset or a symbol can't be created, changed or removed like that (6xxx). */
export class AdminError extends LightningError {}
/**
 * A stream has ended because its consumer was too slow (7xxx); `details.from` is the first that was missed: a trade id, or
 * a record of the log. Resumed from there (`fromId`, `fromSeq`), a stream begins with a gap: what is forgotten by then.
 */
export class StreamError extends LightningError {
  declare readonly code: 'SLOW_CONSUMER';
  declare readonly details: DetailsOf<StreamError['code']>;
}
/** The engine can't take it now or at all (9xxx). */
export class SystemError extends LightningError {}
/** The data directory can't be opened, read or written (9004 to 9007, 9011, 9012). */
export class StorageError extends SystemError {
  declare readonly code:
    | 'JOURNAL_IO'
    | 'CORRUPT_STATE'
    | 'DATA_DIR_LOCKED'
    | 'UNSUPPORTED_VERSION'
    | 'STORAGE_FULL'
    | 'UNSAFE_DATA_DIR';
  declare readonly details: DetailsOf<StorageError['code']>;
}
/** The engine halted before it answered: the call may or may not have happened. */
export class UnknownOutcomeError extends LightningError {
  declare readonly code: 'OUTCOME_UNKNOWN';
  declare readonly details: DetailsOf<UnknownOutcomeError['code']>;
}

type ErrorClass = new (refusal: Refusal) => LightningError;

const BY_CODE: Partial<Record<ErrorCode, ErrorClass>> = {
  NO_CHANGE: OrderError,
  SYMBOL_NOT_TRADING: MarketClosedError,
  SYMBOL_CANCEL_ONLY: MarketClosedError,
  SYMBOL_MODE_RESTRICTED: MarketClosedError,
  TOO_MANY_OPEN_ORDERS: LimitError,
  MAX_POSITION: LimitError,
  TOO_MANY_AMENDS: LimitError,
  INSUFFICIENT_BALANCE: InsufficientBalanceError,
  UNKNOWN_ORDER: OrderNotFoundError,
  DUPLICATE_CLIENT_ORDER_ID: ConflictError,
  POST_ONLY_WOULD_CROSS: PostOnlyError,
  REPLACE_PARTIALLY_FAILED: ReplaceError,
  REPLACE_FAILED: ReplaceError,
  RATE_LIMITED: RateLimitError,
  SLOW_CONSUMER: StreamError,
  JOURNAL_IO: StorageError,
  CORRUPT_STATE: StorageError,
  DATA_DIR_LOCKED: StorageError,
  UNSUPPORTED_VERSION: StorageError,
  STORAGE_FULL: StorageError,
  UNSAFE_DATA_DIR: StorageError,
  OUTCOME_UNKNOWN: UnknownOutcomeError,
};

const BY_THOUSAND: Record<number, ErrorClass> = {
  1: ValidationError,
  2: RuleError,
  3: AccountError,
  4: OrderError,
  5: ConflictError,
  6: AdminError,
  9: SystemError,
};

/** A refusal as the error of its class. */
export function toError(refusal: Refusal): LightningError {
  const family = BY_CODE[refusal.code] ?? BY_THOUSAND[Math.trunc(refusal.number / 1000)] ?? LightningError;
  if (family === ReplaceError) {
    const { cancel = null, place = null } = refusal.details;
    return new family({
      ...refusal,
      details: { ...refusal.details, cancel: half(cancel), place: half(place) },
    });
  }
  return new family(refusal);
}

/** A half of a cancel-replace: its refusal becomes an error, too. */
function half(item: unknown): unknown {
  const { ok, error } = (item ?? { ok: true }) as { ok: boolean; error?: Refusal };
  return ok || !error ? item : { ok, error: toError(error) };
}

/** A refusal that needs no native call. */
export function refuse(
  code: ErrorCode,
  message: string,
  field?: string,
  details: ErrorDetails = {},
): LightningError {
  const { number, retryable } = ERROR_CODES[code];
  return toError({ number, code, field: field ?? null, message, details, retryable });
}

/**
 * Refusals as typed errors. The code's string is the contract, its number is stable, the text may change.
 * A refused call has changed nothing; only `OUTCOME_UNKNOWN` leaves open whether it did.
 */

import { ERROR_CODES, type ErrorCode } from './codes.ts';

/** What a refusal says beyond its code: figures by name, for instance `required` and `available`. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** A refusal as the native side words it. */
export interface Refusal {
  number: number;
  code: ErrorCode;
  field: string | null;
  message: string;
  details: ErrorDetails;
  retryable: boolean;
}

/** Every refusal of an engine. Tell them apart by `code`, or by class. */
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
  /** True if the very same request may succeed when it is sent again. */
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
}

/** The request is malformed (1xxx). */
export class ValidationError extends LightningError {}
/** The request breaks a rule of its symbol, or there is no such symbol (20xx). */
export class RuleError extends LightningError {}
/** A limit is reached (205x). */
export class LimitError extends LightningError {}
/** Something about the account or its assets (3xxx). */
export class AccountError extends LightningError {}
/** Too little is available; `details` has `asset`, `required` and `available`. */
export class InsufficientBalanceError extends LightningError {}
/** There is no such order, or it is another account's. */
export class OrderNotFoundError extends LightningError {}
/** The order's state forbids it (40xx). */
export class OrderError extends LightningError {}
/** An asset or a symbol can't be created like that (6xxx). */
export class AdminError extends LightningError {}
/** The engine can't take it now or at all (9xxx). */
export class SystemError extends LightningError {}
/** The engine halted before it answered: the call may or may not have happened. */
export class UnknownOutcomeError extends LightningError {}

const BY_CODE: Partial<Record<ErrorCode, typeof LightningError>> = {
  TOO_MANY_OPEN_ORDERS: LimitError,
  INSUFFICIENT_BALANCE: InsufficientBalanceError,
  UNKNOWN_ORDER: OrderNotFoundError,
  OUTCOME_UNKNOWN: UnknownOutcomeError,
};

const BY_THOUSAND: Record<number, typeof LightningError> = {
  1: ValidationError,
  2: RuleError,
  3: AccountError,
  4: OrderError,
  6: AdminError,
  9: SystemError,
};

/** A refusal as the error of its class. */
export function toError(refusal: Refusal): LightningError {
  const family = BY_CODE[refusal.code] ?? BY_THOUSAND[Math.trunc(refusal.number / 1000)] ?? LightningError;
  return new family(refusal);
}

/** A refusal that needs no native call. */
export function refuse(code: ErrorCode, message: string, field?: string): LightningError {
  const { number, retryable } = ERROR_CODES[code];
  return toError({ number, code, field: field ?? null, message, details: {}, retryable });
}

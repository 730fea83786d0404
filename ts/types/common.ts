/** What every part of the vocabulary is made of. */

/** A decimal number as text, for instance `'0.10'`. Never a float: money is exact here. */
export type Decimal = string;

/**
 * A decimal number with a sign, for instance `'-0.50'`: what can be paid or received. A fee is positive, a
 * rebate negative.
 */
export type SignedDecimal = string;

/**
 * A decimal going in: a string of plain digits, or a number that is exact. A number counts as what it prints
 * as, so `0.1` is exactly 0.1; one of more than 15 digits is refused (but for integers up to 2^53), so
 * `0.1 + 0.2` (0.30000000000000004) is.
 */
export type DecimalInput = string | number;

/** An amount of an asset. */
export interface Money {
  /** The asset's code. */
  asset: string;
  /** How much. */
  amount: Decimal;
}

/** A fee, or with a minus sign a rebate. */
export interface Fee {
  /** The code of the asset it is paid in. */
  asset: string;
  /** How much; `'-0.50'` is a rebate. */
  amount: SignedDecimal;
}

/** Fee rates in parts per million: 750 is 0.075 %. */
export interface FeeRates {
  /** Of an order that rests: -1,000,000 to 1,000,000; negative is a rebate. */
  makerPpm: number;
  /** Of an order that takes: 0 to 1,000,000. */
  takerPpm: number;
}

/**
 * Makes a call idempotent: sent again with the same number and the same words, it is answered like the first
 * time, with `duplicate: true`, and nothing is done.
 *
 * Each lane of an account remembers the 1,024 numbers up to the highest it has seen. A refusal by the account
 * or the book is remembered, too; what is refused for its words alone uses no number up.
 */
export interface Idempotent {
  /**
   * Your number for this call, 1 to 2^53 - 1, best counting up. Below the window: `REQUEST_ID_TOO_OLD`; used for
   * a different call: `REQUEST_ID_CONFLICT`.
   */
  requestId?: number;
  /** Which of the account's series of numbers, 0 to 2^32 - 1; default 0. One per process that sends, for instance. */
  requestLane?: number;
}

/** Makes an operator's call idempotent. */
export interface AdminOptions {
  /**
   * Your number for this call, 1 to 2^53 - 1, unique among the operator's calls: sent again with the same words,
   * it is answered like the first time, with `duplicate: true`; with others it is a `REQUEST_ID_CONFLICT`.
   */
  requestId?: number;
}

/** What an answer to a call with a request id may say besides. */
export interface MaybeDuplicate {
  /** Present, and true, if this is the answer to an earlier call of the same request id: nothing was done. */
  duplicate?: true;
}

/** What every answer to a change says. */
export interface Stamp extends MaybeDuplicate {
  /** The change's place in the engine's log. */
  seq: number;
  /** When, in milliseconds since 1970. */
  ts: number;
}

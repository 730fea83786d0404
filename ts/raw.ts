/**
 * The raw interface: commands and results as records of 64 bytes, integers only. The same table as
 * `native/engine/src/raw`, compared with it by a test.
 *
 * Nothing is decided here, and nothing is checked but that a number is one: the native side judges each record as it
 * judges any other call.
 */

import { REASONS, STATUSES } from './answers.ts';
import { ERROR_CODES, type ErrorCode } from './codes.ts';
import { refuse } from './errors.ts';
import { STP_MODES } from './records.ts';
import { boolean } from './values.ts';
import type { OrderStatus, RawFill, RawOrderOptions, RawResult, Side, StatusReason } from './types.ts';

/** Where everything is. */
export const RAW_LAYOUT = {
  record: 64,
  batchMax: 65_536,
  ops: { deposit: 1, withdraw: 2, place: 3, cancel: 4, amend: 5 },
  command: {
    op: 0,
    side: 1,
    type: 2,
    timeInForce: 3,
    flags: 4,
    tag: 8,
    symbol: 12,
    account: 16,
    order: 24,
    price: 32,
    quantity: 40,
    amount: 48,
  },
  result: {
    code: 0,
    status: 2,
    reason: 3,
    tag: 4,
    fills: 8,
    firstFill: 12,
    order: 16,
    quantity: 24,
    open: 32,
    amount: 40,
    seq: 56,
  },
  fill: { trade: 0, price: 8, quantity: 16, notional: 24, fee: 40 },
} as const;

const { record: RECORD, batchMax: BATCH_MAX, ops: OP, command: AT, result: RESULT, fill: FILL } = RAW_LAYOUT;
const FLAG = { postOnly: 1, reduction: 2 } as const;
const STP_SHIFT = 8;
const LIMIT = 1;
const MARKET = 2;
const TIFS = { GTC: 1, IOC: 2, FOK: 3 } as const;
const WORD = 0x1_0000_0000;
const CODES = new Map<number, ErrorCode>(
  (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) => [ERROR_CODES[code].number, code]),
);

/**
 * Writes commands for {@link Engine.submitRaw}: in ticks, lots and atoms (`SymbolInfo.tickSize`, `lotSize`, an asset's
 * `scale`), with the numbers that symbols and assets have (their `id`). Zero stands for what is not given.
 *
 * A writer can be used again as soon as `submitRaw` has returned: the commands have been copied. Its memory may be a
 * `SharedArrayBuffer`, and workers may write to it at any time; each record is read once, and judged as it was then.
 *
 * @example
 * ```ts
 * const { id } = await engine.symbols.create({ name: 'BTC-USDT', base, quote, tickSize: '0.01', lotSize: '0.0001' });
 * const writer = new CommandWriter(1_000);
 * writer.limit(1, id, 'buy', 10_000, 20_000); // account 1 buys 2.0000 at 100.00
 * const results = await engine.submitRaw(writer);
 * console.log(results.code(0), results.status(0), results.open(0)); // null NEW 20000
 * ```
 */
export class CommandWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #count = 0;

  /**
   * @param memory - how many commands it has room for (1 to 65,536), or the memory to write to, 64 bytes a command.
   * @throws {@link LightningError} `INVALID_REQUEST` for anything else.
   */
  constructor(memory: number | Uint8Array = 4_096) {
    if (typeof memory === 'number') {
      if (!Number.isInteger(memory) || memory < 1 || memory > BATCH_MAX) {
        throw refuse('INVALID_REQUEST', `memory is no number of commands from 1 to ${BATCH_MAX}`, 'memory');
      }
      this.#bytes = new Uint8Array(memory * RECORD);
    } else if (memory instanceof Uint8Array) {
      this.#bytes = memory;
    } else {
      throw refuse('INVALID_REQUEST', 'memory is neither a number nor a Uint8Array', 'memory');
    }
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset);
  }

  /** The memory: 64 bytes a command, for who writes records by other means. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** How many commands it has room for: less than before, if its memory has been resized or taken away. */
  get capacity(): number {
    return Math.min(BATCH_MAX, Math.trunc(this.#bytes.length / RECORD));
  }

  /**
   * How many commands are written. Set it to hand over records that were written by other means.
   *
   * @throws {@link LightningError} `INVALID_REQUEST` unless it is a whole number up to `capacity`.
   */
  get count(): number {
    return this.#count;
  }

  set count(count: number) {
    if (!Number.isInteger(count) || count < 0 || count > this.capacity) {
      throw refuse('INVALID_REQUEST', `count is no whole number from 0 to ${this.capacity}`, 'count');
    }
    this.#count = count;
  }

  /** True when there is no room for another command. */
  get full(): boolean {
    return this.#count >= this.capacity;
  }

  /** Forgets all commands. */
  clear(): void {
    this.#count = 0;
  }

  /** A deposit of so many atoms. */
  deposit(accountId: number, assetId: number, atoms: number | bigint, tag = 0): void {
    this.#funds(OP.deposit, accountId, assetId, atoms, tag);
  }

  /** A withdrawal of so many atoms. */
  withdraw(accountId: number, assetId: number, atoms: number | bigint, tag = 0): void {
    this.#funds(OP.withdraw, accountId, assetId, atoms, tag);
  }

  /** An order of so many lots, at so many ticks or better. */
  limit(
    accountId: number,
    symbolId: number,
    side: Side,
    ticks: number,
    lots: number,
    tag = 0,
    options?: RawOrderOptions,
  ): void {
    const [shape, flags] = [shapeOf(side, LIMIT, options), flagsOf(options)];
    const at = this.#begin(OP.place | shape, flags, accountId, symbolId, tag);
    this.#u64(at + AT.price, 'ticks', ticks);
    this.#u64(at + AT.quantity, 'lots', lots);
    this.#count += 1;
  }

  /** An order of so many lots at market. */
  market(
    accountId: number,
    symbolId: number,
    side: Side,
    lots: number,
    tag = 0,
    options?: RawOrderOptions,
  ): void {
    const [shape, flags] = [shapeOf(side, MARKET, options), flagsOf(options)];
    const at = this.#begin(OP.place | shape, flags, accountId, symbolId, tag);
    this.#u64(at + AT.quantity, 'lots', lots);
    this.#count += 1;
  }

  /** An order at market for so many atoms of the quote asset. */
  marketForQuote(
    accountId: number,
    symbolId: number,
    side: Side,
    atoms: number | bigint,
    tag = 0,
    options?: RawOrderOptions,
  ): void {
    const [shape, flags] = [shapeOf(side, MARKET, options), flagsOf(options)];
    const at = this.#begin(OP.place | shape, flags, accountId, symbolId, tag);
    this.#u128(at + AT.amount, 'atoms', atoms);
    this.#count += 1;
  }

  /** A cancel. */
  cancel(accountId: number, orderId: number, tag = 0): void {
    const at = this.#begin(OP.cancel, 0, accountId, 0, tag);
    this.#u64(at + AT.order, 'orderId', orderId);
    this.#count += 1;
  }

  /** A change of an order's price and whole quantity; zero leaves it as it is. */
  amend(accountId: number, symbolId: number, orderId: number, ticks: number, lots: number, tag = 0): void {
    this.#amend(accountId, symbolId, orderId, ticks, lots, 0, tag);
  }

  /** Makes an order's quantity less by so many lots. */
  reduce(accountId: number, symbolId: number, orderId: number, lots: number, tag = 0): void {
    this.#amend(accountId, symbolId, orderId, 0, lots, FLAG.reduction, tag);
  }

  #amend(
    accountId: number,
    symbolId: number,
    orderId: number,
    ticks: number,
    lots: number,
    flags: number,
    tag: number,
  ): void {
    const at = this.#begin(OP.amend, flags, accountId, symbolId, tag);
    this.#u64(at + AT.order, 'orderId', orderId);
    this.#u64(at + AT.price, 'ticks', ticks);
    this.#u64(at + AT.quantity, 'lots', lots);
    this.#count += 1;
  }

  #funds(op: number, accountId: number, assetId: number, atoms: number | bigint, tag: number): void {
    const at = this.#begin(op, 0, accountId, assetId, tag);
    this.#u128(at + AT.amount, 'atoms', atoms);
    this.#count += 1;
  }

  /**
   * Begins a record; it counts when its last field is written, so that a refused one leaves no trace. From here on no
   * code of the caller's runs, which could write records of its own. `first`: the op, and an order's shape.
   */
  #begin(first: number, flags: number, accountId: number, symbolId: number, tag: number): number {
    const at = this.#count * RECORD;
    if (at + RECORD > this.#bytes.length || this.#count >= BATCH_MAX) {
      throw refuse('BATCH_TOO_LARGE', `the writer has room for ${this.capacity} commands`);
    }
    const view = this.#view;
    view.setUint32(at, first, true);
    view.setUint32(at + AT.flags, flags, true);
    view.setUint32(at + AT.tag, u32('tag', tag), true);
    view.setUint32(at + AT.symbol, u32('id', symbolId), true);
    this.#u64(at + AT.account, 'accountId', accountId);
    for (let word = at + AT.order; word < at + RECORD; word += 8) view.setFloat64(word, 0);
    return at;
  }

  #u64(at: number, field: string, value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw noInteger(field);
    const low = value >>> 0;
    this.#view.setUint32(at, low, true);
    this.#view.setUint32(at + 4, (value - low) / WORD, true);
  }

  #u128(at: number, field: string, value: number | bigint): void {
    if (typeof value === 'number') return this.#u64(at, field, value);
    if (typeof value !== 'bigint' || value < 0n || value >= 1n << 128n) throw noInteger(field);
    this.#view.setBigUint64(at, BigInt.asUintN(64, value), true);
    this.#view.setBigUint64(at + 8, value >> 64n, true);
  }
}

/** An order's side, type and time in force, where they stand in the first word. */
function shapeOf(side: Side, type: number, options: RawOrderOptions | undefined): number {
  const code = side === 'buy' ? 1 : side === 'sell' ? 2 : 0;
  if (code === 0) throw refuse('INVALID_SIDE', "side is neither 'buy' nor 'sell'", 'side');
  return (
    (code << (8 * AT.side)) | (type << (8 * AT.type)) | (tifOf(options?.timeInForce) << (8 * AT.timeInForce))
  );
}

function tifOf(timeInForce: RawOrderOptions['timeInForce']): number {
  if (timeInForce === undefined) return 0;
  if (typeof timeInForce === 'string' && Object.hasOwn(TIFS, timeInForce)) return TIFS[timeInForce];
  throw refuse('INVALID_TIF', 'timeInForce is none of GTC, IOC, FOK', 'timeInForce');
}

function flagsOf(options: RawOrderOptions | undefined): number {
  if (options === undefined) return 0;
  const { postOnly, stp } = options;
  const mode = stp === undefined ? 0 : STP_MODES.indexOf(stp) + 1;
  if (stp !== undefined && mode === 0) {
    throw refuse('INVALID_REQUEST', 'stp is no mode of self-trade prevention', 'stp');
  }
  const isMaker = postOnly !== undefined && boolean('postOnly', postOnly);
  return (isMaker ? FLAG.postOnly : 0) | (mode << STP_SHIFT);
}

function u32(field: string, value: number): number {
  if (typeof value !== 'number' || value >>> 0 !== value)
    throw refuse('INVALID_REQUEST', `${field} is no whole number below 2^32`, field);
  return value;
}

function noInteger(field: string): Error {
  return refuse('INVALID_REQUEST', `${field} is no whole number from 0 that is exact`, field);
}

/**
 * Reads the results of {@link Engine.submitRaw}: one of each command, in their order, each with its fills. A reader that
 * is handed over again is filled anew, which saves its memory.
 *
 * What is a number here is exact: what needs more than 53 bits is a bigint ({@link ResultReader.get}), or refused.
 */
export class ResultReader {
  /** @internal */
  bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #count = 0;
  #end = 0;

  /** @param capacity - results to make room for; more room is made as it is needed. */
  constructor(capacity = 0) {
    if (!Number.isInteger(capacity) || capacity < 0 || capacity > BATCH_MAX) {
      throw refuse('INVALID_REQUEST', `capacity is no whole number from 0 to ${BATCH_MAX}`, 'capacity');
    }
    this.bytes = new Uint8Array(capacity * RECORD);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** How many results. */
  get count(): number {
    return this.#count;
  }

  /** How many fills, of all results. */
  get fillCount(): number {
    return this.#end / RECORD - this.#count;
  }

  /** @internal */
  resize(length: number): void {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** @internal */
  filled(count: number, end: number): this {
    this.#count = count;
    this.#end = end;
    return this;
  }

  /** The code of a refusal; null for what was done. */
  code(index: number): ErrorCode | null {
    const number = this.#view.getUint16(this.#at(index), true);
    return number === 0 ? null : (CODES.get(number) ?? 'INTERNAL');
  }

  /** The command's tag. */
  tag(index: number): number {
    return this.#view.getUint32(this.#at(index) + RESULT.tag, true);
  }

  /** The order's id: of the new order, or of the one that was canceled or amended. 0 where there is none. */
  orderId(index: number): number {
    return this.#number(this.#at(index) + RESULT.order);
  }

  /** Where the order stands. Of a refusal and of a deposit it says nothing. */
  status(index: number): OrderStatus {
    return STATUSES[this.bytes[this.#at(index) + RESULT.status] ?? 0] ?? 'NEW';
  }

  /** Why the order was canceled or has expired. */
  reason(index: number): StatusReason | null {
    return REASONS[this.bytes[this.#at(index) + RESULT.reason] ?? 0] ?? null;
  }

  /** Lots that were filled by this very command; of a cancel, lots that were canceled. */
  quantity(index: number): number {
    return this.#number(this.#at(index) + RESULT.quantity);
  }

  /** Lots that are still open. */
  open(index: number): number {
    return this.#number(this.#at(index) + RESULT.open);
  }

  /**
   * Atoms: of an order the quote that was traded; of a cancel what was released, in the asset that the order gives; of a
   * deposit or withdrawal what is available now.
   */
  amount(index: number): bigint {
    return this.#wide(this.#at(index) + RESULT.amount);
  }

  /** The record of the log that says it. */
  seq(index: number): number {
    return this.#number(this.#at(index) + RESULT.seq);
  }

  /** How many fills the order had at once. */
  fills(index: number): number {
    return this.#view.getUint32(this.#at(index) + RESULT.fills, true);
  }

  /** One of them. */
  fill(index: number, which: number): RawFill {
    const at = this.#at(index);
    if (!Number.isInteger(which) || which < 0 || which >= this.fills(index))
      throw new RangeError(`there is no fill ${which}`);
    const from = (this.#count + this.#view.getUint32(at + RESULT.firstFill, true) + which) * RECORD;
    return {
      tradeId: this.#number(from + FILL.trade),
      ticks: this.#big(from + FILL.price),
      lots: this.#big(from + FILL.quantity),
      quoteAtoms: this.#wide(from + FILL.notional),
      feeAtoms: (this.#view.getBigInt64(from + FILL.fee + 8, true) << 64n) | this.#big(from + FILL.fee),
    };
  }

  /** All of a result as an object. */
  get(index: number): RawResult {
    const at = this.#at(index);
    const code = this.code(index);
    const isOrder = code === null && this.orderId(index) !== 0;
    return {
      tag: this.tag(index),
      code,
      orderId: this.orderId(index),
      status: isOrder ? this.status(index) : null,
      reason: isOrder ? this.reason(index) : null,
      quantity: this.#big(at + RESULT.quantity),
      open: this.#big(at + RESULT.open),
      amount: this.amount(index),
      seq: this.seq(index),
      fills: Array.from({ length: this.fills(index) }, (_, which) => this.fill(index, which)),
    };
  }

  #at(index: number): number {
    if (!Number.isInteger(index) || index < 0 || index >= this.#count)
      throw new RangeError(`there is no result ${index}`);
    return index * RECORD;
  }

  #number(at: number): number {
    const value = this.#view.getUint32(at + 4, true) * WORD + this.#view.getUint32(at, true);
    if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('more than 53 bits: read it with get()');
    return value;
  }

  #big(at: number): bigint {
    return this.#view.getBigUint64(at, true);
  }

  #wide(at: number): bigint {
    return (this.#big(at + 8) << 64n) | this.#big(at);
  }
}

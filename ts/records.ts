/**
 * Calls as fixed-size records: the same table as `native/node/src/records.rs`, compared with it by a test.
 *
 * An object never crosses the boundary: writing a record takes tens of nanoseconds, handing an object to
 * native code takes more than a thousand. Nothing is decided here. What has a wrong JavaScript type is refused,
 * everything else is written down as it is, and the native side judges it.
 */

import { boolean, decimal, type Fields, number, wrongType } from './values.ts';

/** Where the fields of a record are. */
export const LAYOUT = {
  record: 160,
  lengthsAt: 4,
  ticketAt: 8,
  flagsAt: 12,
  accountAt: 16,
  orderAt: 24,
  textsAt: 32,
  text: 32,
  texts: 4,
  absent: 255,
  tooLong: 254,
} as const;

/** What is asked. */
export const OP = {
  deposit: 1,
  withdraw: 2,
  place: 3,
  cancel: 4,
  balances: 5,
  order: 6,
  conservation: 8,
  words: 9,
} as const;

const MISSING = 0;
const UNKNOWN = 255;
/** Known, but nothing that a record has room for. */
const IN_WORDS = 254;
const TYPES_IN_WORDS: ReadonlySet<unknown> = new Set([
  'stop',
  'stop_limit',
  'take_profit',
  'take_profit_limit',
  'trailing_stop',
]);
/** The modes of self-trade prevention; in a record each is its index + 1. */
export const STP_MODES = ['NONE', 'EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT'] as const;
const STPS: ReadonlyMap<unknown, number> = new Map(STP_MODES.map((mode, index) => [mode, index + 1]));

/** The lengths of four texts that are not there. */
const ABSENT_TEXTS = LAYOUT.absent * 0x0101_0101;
/** Calls that one buffer holds; a full one is handed over at once. */
const CAPACITY = 1_024;

/** A buffer of records, reused from batch to batch, and the words of those that are made in words. */
export class RecordWriter {
  /** What is handed over. */
  readonly bytes = new Uint8Array(CAPACITY * LAYOUT.record);
  /** Records written. */
  count = 0;
  /** The words of each record that is made in words, in their order. */
  lines: string[] = [];
  readonly #view = new DataView(this.bytes.buffer);
  #at = 0;

  /** True when the next record would not fit. */
  get full(): boolean {
    return this.count === CAPACITY;
  }

  /** Begins a record. It counts once it is committed, so that a refused one leaves no trace. */
  begin(op: number): this {
    const at = this.count * LAYOUT.record;
    this.#at = at;
    // The shape is nothing yet, and each of the four texts is absent. (A call to fill() costs more than all of these.)
    this.#view.setUint32(at, op, true);
    this.#view.setUint32(at + LAYOUT.lengthsAt, ABSENT_TEXTS, true);
    this.#view.setUint32(at + LAYOUT.flagsAt, 0, true);
    this.#view.setFloat64(at + LAYOUT.accountAt, 0, true);
    this.#view.setFloat64(at + LAYOUT.orderAt, 0, true);
    return this;
  }

  /** Ends a record. */
  commit(ticket: number): void {
    this.#view.setUint32(this.#at + LAYOUT.ticketAt, ticket, true);
    this.count += 1;
  }

  /** Begins a record that says what it says in words; nothing may refuse it any more. */
  words(line: string): void {
    this.begin(OP.words);
    this.lines.push(line);
  }

  /** An account id; anything but a number is refused. */
  account(id: unknown): this {
    this.#view.setFloat64(this.#at + LAYOUT.accountAt, number('accountId', id), true);
    return this;
  }

  /** An order id; anything but a number is refused. */
  order(id: unknown): this {
    this.#view.setFloat64(this.#at + LAYOUT.orderAt, number('orderId', id), true);
    return this;
  }

  /** Side, order type and time in force as their codes. */
  shape(side: number, type: number, timeInForce: number): this {
    this.bytes[this.#at + 1] = side;
    this.bytes[this.#at + 2] = type;
    this.bytes[this.#at + 3] = timeInForce;
    return this;
  }

  /** Post-only (bit 1) and the code of the mode of self-trade prevention (bits 8 to 15). */
  flags(postOnly: boolean, stp: number): this {
    this.#view.setUint32(this.#at + LAYOUT.flagsAt, (postOnly ? 2 : 0) | (stp << 8), true);
    return this;
  }

  /** A name, or nothing. */
  name(index: number, field: string, value: unknown): this {
    if (value === undefined) return this;
    if (typeof value !== 'string') throw wrongType(field, 'a string', value);
    return this.#text(index, value);
  }

  /** A decimal, or nothing. */
  decimal(index: number, field: string, value: unknown): this {
    if (value === undefined) return this;
    return this.#text(index, decimal(field, value));
  }

  #text(index: number, text: string): this {
    const length = text.length;
    const fits = length <= LAYOUT.text;
    this.bytes[this.#at + LAYOUT.lengthsAt + index] = fits ? length : LAYOUT.tooLong;
    if (!fits) return this;
    const start = this.#at + LAYOUT.textsAt + index * LAYOUT.text;
    for (let i = 0; i < length; i += 1) {
      const unit = text.charCodeAt(i);
      this.bytes[start + i] = unit < 128 ? unit : 0;
    }
    return this;
  }
}

// Compared one by one: that is several times as fast as looking up a map, and there are three of these in each order.

function sideCode(side: unknown): number {
  return side === 'buy' ? 1 : side === 'sell' ? 2 : side === undefined ? MISSING : UNKNOWN;
}

function typeCode(type: unknown): number {
  if (type === 'limit') return 1;
  if (type === 'market') return 2;
  if (type === undefined) return MISSING;
  return TYPES_IN_WORDS.has(type) ? IN_WORDS : UNKNOWN;
}

function tifCode(tif: unknown): number {
  if (tif === undefined) return MISSING;
  if (tif === 'GTC') return 1;
  if (tif === 'IOC') return 2;
  if (tif === 'FOK') return 3;
  return tif === 'GTD' || tif === 'DAY' ? IN_WORDS : UNKNOWN;
}

/** Writes an order as a record, if it has nothing that a record has no room for; otherwise says false. */
export function writePlainOrder(record: RecordWriter, given: Fields): boolean {
  // Everything is read before the record is begun: a getter is the caller's code, and may make calls of its own.
  const { accountId, symbol, side, type, timeInForce, price, quantity, quoteQuantity, postOnly, stp } = given;
  const kind = typeCode(type);
  const tif = tifCode(timeInForce);
  if (
    kind === IN_WORDS ||
    tif === IN_WORDS ||
    given['requestId'] !== undefined ||
    given['clientOrderId'] !== undefined ||
    given['maxQuote'] !== undefined ||
    given['protectionBps'] !== undefined ||
    given['displayQuantity'] !== undefined ||
    given['triggerPrice'] !== undefined ||
    given['trailBps'] !== undefined ||
    given['trailAmount'] !== undefined ||
    given['activationPrice'] !== undefined ||
    given['expireAt'] !== undefined ||
    given['validUntil'] !== undefined ||
    given['fees'] !== undefined ||
    given['requestLane'] !== undefined
  ) {
    return false;
  }
  record
    .begin(OP.place)
    .account(accountId)
    .shape(sideCode(side), kind, tif)
    .name(0, 'symbol', symbol)
    .decimal(1, 'price', price)
    .decimal(2, 'quantity', quantity)
    .decimal(3, 'quoteQuantity', quoteQuantity);
  if (postOnly !== undefined || stp !== undefined) {
    record.flags(
      postOnly !== undefined && boolean('postOnly', postOnly),
      stp === undefined ? MISSING : (STPS.get(stp) ?? UNKNOWN),
    );
  }
  return true;
}

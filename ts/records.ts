/**
 * Calls as fixed-size records: the same table as `native/node/src/records.rs`, compared with it by a test.
 *
 * An object never crosses the boundary: writing a record takes tens of nanoseconds, handing an object to
 * native code takes more than a thousand. Nothing is decided here. What has a wrong JavaScript type is refused,
 * everything else is written down as it is, and the native side judges it.
 */

import { refuse } from './errors.ts';

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
  openOrders: 7,
  conservation: 8,
} as const;

const MISSING = 0;
const UNKNOWN = 255;
const SIDES: ReadonlyMap<unknown, number> = new Map([
  ['buy', 1],
  ['sell', 2],
]);
const LATER_TYPE = 3;
const TYPES: ReadonlyMap<unknown, number> = new Map([
  ['limit', 1],
  ['market', 2],
  ...['stop', 'stop_limit', 'take_profit', 'take_profit_limit', 'trailing_stop'].map(
    (type) => [type, LATER_TYPE] as const,
  ),
]);
const LATER_TIF = 2;
const TIFS: ReadonlyMap<unknown, number> = new Map([
  ['GTC', 1],
  ...['IOC', 'FOK', 'GTD', 'DAY'].map((tif) => [tif, LATER_TIF] as const),
]);

/** Calls that one buffer holds; a full one is handed over at once. */
const CAPACITY = 512;

/** A buffer of records, reused from batch to batch. */
export class RecordWriter {
  /** What is handed over. */
  readonly bytes = new Uint8Array(CAPACITY * LAYOUT.record);
  /** Records written. */
  count = 0;
  readonly #view = new DataView(this.bytes.buffer);
  #at = 0;

  /** True when the next record would not fit. */
  get full(): boolean {
    return this.count === CAPACITY;
  }

  /** Begins a record. It counts once it is committed, so that a refused one leaves no trace. */
  begin(op: number): this {
    this.#at = this.count * LAYOUT.record;
    this.bytes.fill(0, this.#at, this.#at + LAYOUT.textsAt);
    this.bytes.fill(LAYOUT.absent, this.#at + LAYOUT.lengthsAt, this.#at + LAYOUT.lengthsAt + LAYOUT.texts);
    this.bytes[this.#at] = op;
    return this;
  }

  /** Ends a record. */
  commit(ticket: number): void {
    this.#view.setUint32(this.#at + LAYOUT.ticketAt, ticket, true);
    this.count += 1;
  }

  /** An account id; anything but a number is refused. */
  account(id: unknown): this {
    this.#view.setFloat64(this.#at + LAYOUT.accountAt, idNumber('accountId', id), true);
    this.#view.setUint32(this.#at + LAYOUT.flagsAt, 1, true);
    return this;
  }

  /** An order id; anything but a number is refused. */
  order(id: unknown): this {
    this.#view.setFloat64(this.#at + LAYOUT.orderAt, idNumber('orderId', id), true);
    return this;
  }

  /** Side, order type and time in force by name; names that are not known are judged by the native side. */
  shape(side: unknown, type: unknown, timeInForce: unknown): this {
    this.bytes[this.#at + 1] = side === undefined ? MISSING : (SIDES.get(side) ?? UNKNOWN);
    this.bytes[this.#at + 2] = type === undefined ? MISSING : (TYPES.get(type) ?? UNKNOWN);
    this.bytes[this.#at + 3] = timeInForce === undefined ? MISSING : (TIFS.get(timeInForce) ?? UNKNOWN);
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
    return this.#text(index, decimalText(field, value));
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

/**
 * A decimal as text; a number as the shortest text that reads back as it, without an exponent.
 *
 * A number of more than 15 digits is refused, unless it is a safe integer: up to 15, what was written is what
 * is read, beyond, a sum like 0.1 + 0.2 or a rounded integer shows what nobody meant.
 */
export function decimalText(field: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'number') throw wrongType(field, 'a decimal string or a number', value);
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  if (Math.abs(value) < BEYOND && !Number.isSafeInteger(value) && significantDigits(text) > EXACT_DIGITS) {
    throw refuse('BAD_PRECISION', `${field} is ${text}, a number that is not exact: use a string`, field);
  }
  return text.includes('e') ? withoutExponent(text) : text;
}

/** Digits up to which every decimal survives being a JavaScript number. */
const EXACT_DIGITS = 15;
/** More than the engine counts in any case, which the native side says. */
const BEYOND = 1e29;

function significantDigits(text: string): number {
  return text.replace(/e.*/, '').replace(/[-.]/g, '').replace(/^0+/, '').length;
}

/** `1.5e-7` as `0.00000015`. */
function withoutExponent(text: string): string {
  const [mantissa = '', exponent = ''] = text.split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return digits + '0'.repeat(point - digits.length);
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}

function idNumber(field: string, value: unknown): number {
  if (typeof value !== 'number') throw wrongType(field, 'a number', value);
  return value;
}

/** `INVALID_REQUEST` for a value of the wrong JavaScript type. */
export function wrongType(field: string, expected: string, value: unknown): Error {
  const given = value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
  return refuse('INVALID_REQUEST', `${field} is not ${expected} but ${given}`, field);
}

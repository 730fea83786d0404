/** JavaScript values on their way in: their types are checked here, everything else by the native side. */

import { refuse } from './errors.ts';

/** An argument's fields, of any type. */
export type Fields = Readonly<Record<string, unknown>>;

/** An argument that must be an object, with fields of any type. */
export function fields(what: string, value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrongType(what, 'an object', value);
  }
  return value as Fields;
}

/** A text that must be there. */
export function text(field: string, value: unknown): string {
  if (value === undefined) throw refuse('MISSING_FIELD', `${field} is missing`, field);
  return string(field, value);
}

/** A text. What is no Unicode (half of a pair) is replaced by what no name contains. */
export function string(field: string, value: unknown): string {
  if (typeof value !== 'string') throw wrongType(field, 'a string', value);
  return value.replace(LONE_SURROGATE, '\u{fffd}');
}

const LONE_SURROGATE = /\p{Surrogate}/gu;

/** A number. JSON has no word for some of them; they become one that is in no range. */
export function number(field: string, value: unknown): number {
  if (typeof value !== 'number') throw wrongType(field, 'a number', value);
  return Number.isFinite(value) ? value : OUT_OF_RANGE;
}

const OUT_OF_RANGE = -0.5;

/** A boolean. */
export function boolean(field: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw wrongType(field, 'a boolean', value);
  return value;
}

/**
 * A decimal as text; a number as the shortest text that reads back as it, without an exponent.
 *
 * A number of more than 15 digits is refused, unless it is a safe integer: up to 15, what was written is what
 * is read, beyond, a sum like 0.1 + 0.2 or a rounded integer shows what nobody meant.
 */
export function decimal(field: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'number') throw wrongType(field, 'a decimal string or a number', value);
  if (Object.is(value, -0)) return '-0';
  const digits = String(value);
  if (Math.abs(value) < BEYOND && !Number.isSafeInteger(value) && significantDigits(digits) > EXACT_DIGITS) {
    throw refuse('BAD_PRECISION', `${field} is ${digits}, a number that is not exact: use a string`, field);
  }
  return digits.includes('e') ? withoutExponent(digits) : digits;
}

/** Digits up to which every decimal survives being a JavaScript number. */
const EXACT_DIGITS = 15;
/** More than the engine counts in any case, which the native side says. */
const BEYOND = 1e29;

function significantDigits(digits: string): number {
  return digits.replace(/e.*/, '').replace(/[-.]/g, '').replace(/^0+/, '').length;
}

/** `1.5e-7` as `0.00000015`. */
function withoutExponent(digits: string): string {
  const [mantissa = '', exponent = ''] = digits.split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const all = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `0.${'0'.repeat(-point)}${all}`;
  if (point >= all.length) return all + '0'.repeat(point - all.length);
  return `${all.slice(0, point)}.${all.slice(point)}`;
}

/** `INVALID_REQUEST` for a value of the wrong JavaScript type. */
export function wrongType(field: string, expected: string, value: unknown): Error {
  const given = value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
  return refuse('INVALID_REQUEST', `${field} is not ${expected} but ${given}`, field);
}

/** The digits of decimals as the native side writes them, 128 bits wide, turned into text. */

import type { Decimal } from './types.ts';

/** Numbers whose text is remembered. */
const SLOTS = 8_192;
const SLOT_BITS = 13;
const WORD = 0x1_0000_0000;

/** By slot: which number at which scale has its text there. Prices and quantities come again and again. */
const numbers = new Float64Array(SLOTS).fill(-1);
const scales = new Uint8Array(SLOTS);
const texts: Decimal[] = Array.from({ length: SLOTS }, () => '');
const ZEROS: Decimal[] = [];

/** A 128-bit integer, negative ones included, with a point put into it. */
export function readDecimal(view: DataView, at: number, scale: number): Decimal {
  const low = view.getUint32(at, true);
  const high = view.getUint32(at + 4, true);
  if (low === 0 && high === 0 && isShort(view, at)) return zero(scale);
  // Up to 53 bits a number is exact, and much faster than a bigint.
  if (high >= 0x20_0000 || !isShort(view, at)) return withPoint(wide(view, at), scale);
  return withPoint(String(high * WORD + low), scale);
}

/** The same, of what is likely to come again: its text is remembered. */
export function readFamiliar(view: DataView, at: number, scale: number): Decimal {
  const low = view.getUint32(at, true);
  const high = view.getUint32(at + 4, true);
  if (high >= 0x20_0000 || !isShort(view, at)) return withPoint(wide(view, at), scale);
  return familiar(high * WORD + low, low, scale);
}

/** A step that prices or quantities are counted in, for instance a tick. */
export interface Step {
  /** Its digits at the scale; inexact if they are more than a number holds. */
  digits: number;
  /** The same, exact. */
  exact: bigint;
  /** Decimals. */
  scale: number;
}

/** What a decimal is as a step at a scale. */
export function stepOf(size: Decimal, scale: number): Step {
  const [whole = '', fraction = ''] = size.split('.');
  const digits = whole + fraction.padEnd(scale, '0');
  return { digits: Number(digits), exact: BigInt(digits), scale };
}

/** A 64-bit number of steps, likely to come again. */
export function readSteps(view: DataView, at: number, { digits, exact, scale }: Step): Decimal {
  const low = view.getUint32(at, true);
  const number = (view.getUint32(at + 4, true) * WORD + low) * digits;
  if (number <= Number.MAX_SAFE_INTEGER) return familiar(number, low, scale);
  return withPoint(String(view.getBigUint64(at, true) * exact), scale);
}

/** `key`: what the slot is chosen by. */
function familiar(number: number, key: number, scale: number): Decimal {
  const slot = Math.imul(key ^ scale, 0x9e37_79b1) >>> (32 - SLOT_BITS);
  if (numbers[slot] === number && scales[slot] === scale) return texts[slot] as Decimal;
  const text = withPoint(String(number), scale);
  numbers[slot] = number;
  scales[slot] = scale;
  texts[slot] = text;
  return text;
}

function isShort(view: DataView, at: number): boolean {
  return view.getUint32(at + 8, true) === 0 && view.getUint32(at + 12, true) === 0;
}

function wide(view: DataView, at: number): string {
  return String((view.getBigInt64(at + 8, true) << 64n) | view.getBigUint64(at, true));
}

/** Much of what an answer says is zero. */
function zero(scale: number): Decimal {
  return (ZEROS[scale] ??= withPoint('0', scale));
}

function withPoint(digits: string, scale: number): Decimal {
  if (scale === 0) return digits;
  if (digits.startsWith('-')) return `-${withPoint(digits.slice(1), scale)}`;
  const padded = digits.length > scale ? digits : digits.padStart(scale + 1, '0');
  const point = padded.length - scale;
  return `${padded.slice(0, point)}.${padded.slice(point)}`;
}

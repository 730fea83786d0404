/**
 * Decimals as whole numbers of 10^-scale, so that they compare, add and multiply exactly. A number where it is exact
 * (up to 2^53), a bigint beyond: JavaScript compares the two kinds with each other exactly.
 */

import type { Decimal, SignedDecimal } from '../types/common.ts';

/** A whole number of 10^-scale. Compare with `<` and `>` only: `===` tells 5 and 5n apart. */
export type Scaled = number | bigint;

/** As many decimals as an amount of 128 bits has digits; a longer text is no price of anybody's. */
const SCALE_MAX = 38;
const TEXT_MAX = 80;
/** So many digits are a number without loss, whatever they are. */
const EXACT_DIGITS = 15;
const POINT = 0x2e;
const ZERO = 0x30;
const TEN = Array.from({ length: EXACT_DIGITS + 1 }, (_, power) => 10 ** power);

/** What {@link toScaled} says of a decimal with more decimals than the scale. No price is negative. */
export const TOO_FINE = -1;

/** A decimal at a scale, or {@link TOO_FINE}; throws if the text is no plain decimal. */
export function toScaled(text: Decimal, scale: number): Scaled {
  const { length } = text;
  let value = 0;
  let point = -1;
  for (let at = 0; at < length; at += 1) {
    const code = text.charCodeAt(at);
    const digit = code - ZERO;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
    else if (code === POINT && point < 0 && at > 0 && at < length - 1) point = at;
    else throw notDecimal(text);
  }
  if (length === 0 || length > TEXT_MAX) throw notDecimal(text);
  const missing = point < 0 ? scale : scale - (length - 1 - point);
  if (missing < 0) return TOO_FINE;
  if (length + missing <= EXACT_DIGITS) return missing === 0 ? value : value * (TEN[missing] ?? Number.NaN);
  const wide = toWide(text, scale);
  return wide <= Number.MAX_SAFE_INTEGER ? Number(wide) : wide;
}

/** The same as a bigint, for sums and products; the text is a decimal with at most `scale` decimals. */
export function toWide(text: Decimal, scale: number): bigint {
  return BigInt(text.replace('.', '')) * 10n ** BigInt(scale - decimalsOf(text));
}

/** How many decimals a decimal has; throws if they are more than anybody's. */
export function decimalsOf(text: Decimal): number {
  const point = text.indexOf('.');
  const decimals = point < 0 ? 0 : text.length - 1 - point;
  if (decimals > SCALE_MAX) throw notDecimal(text);
  return decimals;
}

/** Is it zero, with or without decimals? Throws if the text is no plain decimal. */
export function isZero(text: Decimal): boolean {
  const { length } = text;
  let points = 0;
  let zero = true;
  for (let at = 0; at < length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === POINT && at > 0 && at < length - 1) points += 1;
    else if (code > ZERO && code <= ZERO + 9) zero = false;
    else if (code !== ZERO) throw notDecimal(text);
  }
  if (length === 0 || length > TEXT_MAX || points > 1) throw notDecimal(text);
  return zero;
}

/** A whole number of 10^-scale as text with exactly that many decimals. */
export function toText(value: bigint, scale: number): SignedDecimal {
  if (value < 0n) return `-${toText(-value, scale)}`;
  const digits = String(value).padStart(scale + 1, '0');
  const point = digits.length - scale;
  return scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** The quotient of two numbers that are not negative (the divisor not zero either), halves going to the even one. */
export function divideHalfEven(dividend: bigint, divisor: bigint): bigint {
  if (dividend < 0n) return -divideHalfEven(-dividend, divisor);
  const quotient = dividend / divisor;
  const twice = (dividend % divisor) * 2n;
  return twice > divisor || (twice === divisor && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

function notDecimal(text: unknown): RangeError {
  return new RangeError(`not a plain decimal: ${JSON.stringify(String(text).slice(0, 90))}`);
}

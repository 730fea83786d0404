/** What is read out of a book's sides: levels, groups, sums, the touch. Exact, in bigints; made anew by every read. */

import type { Decimal } from '../types/common.ts';
import { decimalsOf, divideHalfEven, toText, toWide } from './scaled.ts';
import type { BookSide, KeptLevel } from './side.ts';
import type { LevelsOptions, LocalBbo, LocalBookLevel, LocalFill } from './types.ts';

/** A level for the caller to keep. */
export function copyOf({ price, quantity, orders }: KeptLevel): LocalBookLevel {
  return orders === undefined ? { price, quantity } : { price, quantity, orders };
}

/** One side, best first. */
export function sideLevels(side: BookSide, scale: number, options: LevelsOptions): LocalBookLevel[] {
  const { count = Infinity, group, cumulative = false } = options;
  if (!(count >= 1)) throw new RangeError(`levels: count is ${count}`);
  if (group === undefined && !cumulative) return side.best(count).map(copyOf);
  return summed(side, scale, count, group, cumulative);
}

/** One side with its prices merged, with running sums, or both. */
function summed(
  side: BookSide,
  scale: number,
  count: number,
  group: Decimal | undefined,
  cumulative: boolean,
): LocalBookLevel[] {
  const priceScale = group === undefined ? scale : Math.max(scale, decimalsOf(group));
  const step = group === undefined ? 1n : stepOf(group, priceScale);
  const all = side.best(Infinity);
  const quantityScale = quantityScaleOf(all);
  const levels: LocalBookLevel[] = [];
  let merged: { price: bigint; quantity: bigint; orders: number | undefined } | undefined;
  let base = 0n;
  let quote = 0n;
  const push = (): void => {
    if (merged === undefined) return;
    const { price, quantity, orders } = merged;
    levels.push({
      price: toText(price, priceScale),
      quantity: toText(quantity, quantityScale),
      ...(orders === undefined ? {} : { orders }),
      ...(cumulative && {
        cumulativeQuantity: toText(base, quantityScale),
        cumulativeQuote: toText(quote, priceScale + quantityScale),
      }),
    });
  };
  for (const level of all) {
    const exact = toWide(level.price, priceScale);
    const price = ((side.sign === 1 ? exact : exact + step - 1n) / step) * step;
    const quantity = toWide(level.quantity, quantityScale);
    if (merged?.price === price) {
      merged.quantity += quantity;
      merged.orders =
        merged.orders === undefined || level.orders === undefined ? undefined : merged.orders + level.orders;
    } else {
      push();
      if (levels.length >= count) return levels;
      merged = { price, quantity, orders: level.orders };
    }
    base += quantity;
    quote += exact * quantity;
  }
  push();
  return levels;
}

function stepOf(group: Decimal, scale: number): bigint {
  const step = /^\d+(\.\d+)?$/.test(group) ? toWide(group, scale) : 0n;
  if (step === 0n) throw new RangeError(`levels: group is ${JSON.stringify(group)}`);
  return step;
}

/** The most decimals that one of their quantities has. */
function quantityScaleOf(levels: readonly KeptLevel[]): number {
  return levels.reduce((scale, { quantity }) => Math.max(scale, decimalsOf(quantity)), 0);
}

/** What best bid and ask say together. */
export function touch(
  bids: BookSide,
  asks: BookSide,
  scale: number,
): Pick<LocalBbo, 'bid' | 'ask' | 'spread' | 'spreadBps' | 'mid'> {
  const bid = bids.bestLevel;
  const ask = asks.bestLevel;
  const best = { bid: bid ? copyOf(bid) : null, ask: ask ? copyOf(ask) : null };
  if (!bid || !ask) return { ...best, spread: null, spreadBps: null, mid: null };
  const [low, high] = [toWide(bid.price, scale), toWide(ask.price, scale)];
  const sum = low + high;
  return {
    ...best,
    spread: toText(high - low, scale),
    // (high - low) / (sum / 2) * 10^4, with two decimals more.
    spreadBps: sum === 0n ? null : toText(divideHalfEven((high - low) * 2_000_000n, sum), 2),
    mid: toText(sum * 5n, scale + 1),
  };
}

/** Takes a quantity from the best price on. */
export function fillFrom(side: BookSide, scale: number, wanted: Decimal): LocalFill {
  const all = side.best(Infinity);
  const quantityScale = Math.max(quantityScaleOf(all), decimalsOf(wanted));
  let left = toWide(wanted, quantityScale);
  const asked = left;
  let quote = 0n;
  let worstPrice: Decimal | null = null;
  for (const level of all) {
    if (left === 0n) break;
    const there = toWide(level.quantity, quantityScale);
    const taken = there < left ? there : left;
    quote += toWide(level.price, scale) * taken;
    left -= taken;
    worstPrice = level.price;
  }
  return {
    quantity: toText(asked - left, quantityScale),
    quoteQuantity: toText(quote, scale + quantityScale),
    worstPrice,
    complete: left === 0n,
  };
}

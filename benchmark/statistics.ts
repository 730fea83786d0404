/** What becomes of repetitions. */

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? high : (high + (sorted[middle - 1] ?? 0)) / 2;
}

/** Repetitions of one thing, in whole units a second. */
export interface Rates {
  /** One a repetition, in their order. */
  rates: number[];
  median: number;
  best: number;
}

export function rates(values: readonly number[]): Rates {
  const whole = values.map(Math.round);
  return { rates: whole, median: Math.round(median(values)), best: Math.max(0, ...whole) };
}

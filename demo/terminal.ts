/**
 * What the terminal can show, and how numbers are written for people.
 *
 * Two questions are kept apart: may we redraw (a terminal that somebody watches, no CI log), and may we colour
 * (the same, unless NO_COLOR asks us not to).
 */

import type { RecordableHistogram } from 'node:perf_hooks';
import Table from 'cli-table3';
import pc from 'picocolors';

const { CI, NO_COLOR, TERM } = process.env;
const watched = process.stdout.isTTY === true && TERM !== 'dumb';

/** Colours where they are wanted; the identity elsewhere. */
export const colors = pc.createColors(watched && !NO_COLOR);

/** Whether lines may be drawn over; otherwise plain lines, one after the other. */
export const canRedraw = watched && !CI && !NO_COLOR;

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 12345.6 -> 12,346 */
export function count(value: number): string {
  return whole.format(value);
}

/** '64250.10' -> '64,250.10': a decimal of the engine, digits untouched. */
export function grouped(decimal: string): string {
  const [integer = '', fraction] = decimal.split('.');
  const digits = integer.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? digits : `${digits}.${fraction}`;
}

/** Nanoseconds in the unit that reads best: 950 ns, 41 us, 1.25 ms. */
export function duration(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${nanoseconds.toFixed(0)} ns`;
  if (nanoseconds < 1e5) return `${(nanoseconds / 1e3).toFixed(1)} µs`;
  if (nanoseconds < 1e6) return `${(nanoseconds / 1e3).toFixed(0)} µs`;
  if (nanoseconds < 1e9) return `${(nanoseconds / 1e6).toFixed(2)} ms`;
  return `${(nanoseconds / 1e9).toFixed(2)} s`;
}

/** The usual percentiles of a histogram of nanoseconds; nothing measured reads as 0. */
export function percentiles(histogram: RecordableHistogram): {
  p50: number;
  p99: number;
  p999: number;
  max: number;
} {
  if (histogram.count === 0) return { p50: 0, p99: 0, p999: 0, max: 0 };
  return {
    p50: histogram.percentile(50),
    p99: histogram.percentile(99),
    p999: histogram.percentile(99.9),
    max: histogram.max,
  };
}

/** A table with the first column to the left and figures to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const drawn = new Table({
    head: head.map((title) => colors.dim(title)),
    colAligns: head.map((_, column) => (column === 0 ? 'left' : 'right')),
    // The library's own colours know nothing of NO_COLOR.
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) drawn.push([...row]);
  return drawn.toString();
}

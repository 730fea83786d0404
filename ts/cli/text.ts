/** Figures and tables as people read them. */

import Table from 'cli-table3';

/** 12345678 -> 12,345,678 */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** Bytes in the unit that reads best: 512 B, 4.0 KiB, 256.0 MiB. */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** Milliseconds since 1970 as people write them; a dash for none. */
export function time(ms: number | null): string {
  return ms === null || ms === 0 ? '-' : new Date(ms).toISOString();
}

/** Lines of a name and what it is, in two columns. */
export function pairs(lines: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...lines.map(([name]) => name.length)) + 2;
  return lines.map(([name, value]) => `${name.padEnd(width)}${value}\n`).join('');
}

/** A table without lines: plain enough to be cut and sorted. Figures to the right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[],
): string {
  const made = new Table({
    head: [...head],
    colAligns: head.map((_, column) => (right.includes(column) ? 'right' : 'left')),
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '  ',
    },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  made.push(...rows.map((row) => [...row]));
  return `${made.toString()}\n`;
}

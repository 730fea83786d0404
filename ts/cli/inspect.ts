/** `inspect`: what is in a data directory. */

import type { Refusal } from '../errors.ts';
import { native } from '../native.ts';
import { read } from './answer.ts';
import type { Command } from './args.ts';
import { print } from './output.ts';
import { count, pairs, table } from './text.ts';

/** Prints what there is; gives the refusal if it can't be read. */
export function inspect({ dir, json }: Command & { name: 'inspect' }): Refusal | undefined {
  const { ok: found, error } = read<Record<string, unknown>>(native.inspectDirectory(dir));
  if (error) return error;
  print(json ? `${JSON.stringify(found)}\n` : people(found));
  return undefined;
}

/** Single values first, then a table for each list, with a line for each thing in it. */
function people(found: Record<string, unknown>): string {
  const all = Object.entries(found);
  const lists = all.filter(([, value]) => Array.isArray(value)) as [string, Record<string, unknown>[]][];
  const single = all.filter(([, value]) => !Array.isArray(value));
  const tables = lists.map(([name, rows]) => {
    const [first] = rows;
    if (first === undefined) return `${words(name)}: none\n`;
    const columns = Object.keys(first);
    const right = columns.flatMap((name, at) => (typeof first[name] === 'number' ? [at] : []));
    const cells = rows.map((row) => columns.map((name) => cell(name, row[name])));
    return `${words(name)}\n${table(columns.map(words), cells, right)}`;
  });
  return [pairs(single.map(([name, value]) => [words(name), cell(name, value)])), ...tables].join('\n');
}

/** camelCase as words. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function cell(name: string, value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (typeof value === 'number') return /bytes|records/i.test(name) ? count(value) : String(value);
  if (typeof value === 'object') return JSON.stringify(value);
  // A hash is told from another by its beginning; all of it is in the JSON.
  return /^[\da-f]{64}$/.test(String(value)) ? `${String(value).slice(0, 16)}...` : String(value);
}

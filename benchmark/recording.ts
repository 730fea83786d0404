/** A run as it is kept in `benchmark/runs`, one file for a day and a machine. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contest } from './contest.ts';
import type { Latency } from './contestants/lightning/latency.ts';
import type { Level2 } from './contestants/lightning/level2.ts';
import type { Shards } from './contestants/lightning/shards.ts';
import { type Host, ROOT } from './host.ts';
import type { NativeLine } from './native.ts';
import type { Duel } from './stages/exchange-core.ts';

/** Goes up when a reader of older files would misread newer ones. */
export const FORMAT = 2;

export interface Recording {
  format: typeof FORMAT;
  /** ISO 8601, when it began. */
  date: string;
  /** What repeats it. */
  command: string;
  plan: string;
  seed: number;
  host: Host;
  /** Load averages of the host before and after. */
  load: { before: string; after: string };
  seconds: number;
  contests: Contest[];
  latencies: Latency[];
  level2: Level2[];
  shards: Shards[];
  /** What `lightning-bench --json` printed, line by line; `native/bench/README.md` says what it means. */
  native: NativeLine[];
  duels: Duel[];
  /** What was not run, and why. */
  skipped: { what: string; why: string }[];
  /** What was wrong. A run with faults is not to be believed. */
  faults: string[];
}

export const RUNS = join(ROOT, 'benchmark', 'runs');

/** Writes a run and returns its file's name. A second run of a day takes the place of the first. */
export function save(recording: Recording, folder: string = RUNS): string {
  const machine = `${recording.host.cpu}-${recording.host.cores}`;
  const name = `${recording.date.slice(0, 10)}-${machine.replace(/[^A-Za-z0-9]+/g, '-').toLowerCase()}.json`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `${JSON.stringify(recording, null, 1)}\n`);
  return name;
}

/** The newest recorded run and its file's name. */
export function newest(folder: string = RUNS): { name: string; recording: Recording } {
  const recordings = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({ name, recording: read(join(folder, name)) }))
    .filter(({ recording }) => recording.format === FORMAT)
    .toSorted((a, b) => a.recording.date.localeCompare(b.recording.date));
  const last = recordings.at(-1);
  if (last === undefined) throw new Error(`no run of format ${FORMAT} is recorded in ${folder}`);
  return last;
}

export function read(path: string): Recording {
  return JSON.parse(readFileSync(path, 'utf8')) as Recording;
}

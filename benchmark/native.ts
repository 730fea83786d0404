/**
 * Benchmarks in Rust as child processes: what is below Node is measured by `native/bench`, order books of the Rust
 * registry by `benchmark/peers/rust`. Both print lines of JSON; `native/bench/README.md` says what they mean.
 */

import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { count } from '../demo/terminal.ts';
import { ROOT } from './host.ts';

/** One line of `lightning-bench --json`; what is read here, and whatever else it says. */
export interface NativeLine {
  type: string;
  stage?: string;
  workload?: string;
  subject?: string;
  median?: number;
  best?: number;
  rates?: number[];
  /** What it was compared with, and the ratio of the medians. */
  against?: string;
  times?: number;
  shards?: { sequencers: number; matchers: number };
  inFlight?: number;
  /** `'cpu'`: timed by when its thread was running, not by the clock on the wall. */
  clock?: string;
  offeredPerSecond?: number;
  latencyNanoseconds?: Record<string, number>;
  /** The same of the durable stages, with when what is written counts. */
  microseconds?: Record<string, number>;
  durability?: string;
  mode?: string;
  achievedPerSecond?: number;
  residentBytes?: number;
  bytesPerOrder?: number;
  orders?: number;
  accounts?: number;
  fault?: string;
  difference?: string;
  [more: string]: unknown;
}

/** A Rust program that speaks these lines, as cargo names it. */
export type Program = readonly string[];

/** The benchmark of what is below Node. */
export const NATIVE: Program = ['--package', 'lightning-bench'];

/** Order books of the Rust registry beside ours: a workspace of its own, that nothing else builds. */
export const RUST_PEERS: Program = ['--manifest-path', 'benchmark/peers/rust/Cargo.toml'];

/** Building takes minutes on a machine that has never built it; it is no part of a run. */
const BUILD_LIMIT_MS = 20 * 60_000;

/** Builds a program; why there is none, if there is none. */
export function build(program: Program): string | null {
  if (spawnSync('cargo', ['--version'], { stdio: 'ignore' }).status !== 0) return 'cargo is not installed';
  const { status, stderr } = spawnSync('cargo', ['build', '--release', '--quiet', ...program], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: BUILD_LIMIT_MS,
  });
  return status === 0 ? null : `it can't be built: ${stderr.trim().slice(-500)}`;
}

/** Runs it, to its end or to the limit; what it has said by then counts. */
export async function run(
  program: Program,
  words: readonly string[],
  limitSeconds: number,
): Promise<{ lines: NativeLine[]; problem: string | null }> {
  const child = spawn(
    'cargo',
    ['run', '--release', '--quiet', ...program, '--', ...words],
    // A group of its own, so that cargo's child is ended with it.
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(0, 1_000);
  });
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself meanwhile.
    }
  };
  process.once('exit', end);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end();
  }, limitSeconds * 1000);
  const ended = new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null)).on('close', resolve);
  });
  const lines: NativeLine[] = [];
  for await (const text of createInterface({ input: child.stdout })) {
    if (!text.startsWith('{')) continue;
    const line = parse(text);
    if (line !== null) lines.push(line);
  }
  const code = await ended;
  clearTimeout(timer);
  process.off('exit', end);
  const faults = lines.filter(({ type }) => type === 'fault').length;
  if (late) return { lines, problem: `it was not over after ${limitSeconds} s` };
  if (code !== 0 && faults === 0) return { lines, problem: `it ended with ${code}: ${brief(complaints)}` };
  return { lines, problem: null };
}

/** The beginning of what was complained, in one line. */
function brief(complaints: string): string {
  return complaints.replaceAll(/\s+/g, ' ').trim().slice(0, 200);
}

/** The last line of a process that was ended may be half a line. */
function parse(text: string): NativeLine | null {
  try {
    return JSON.parse(text) as NativeLine;
  } catch {
    return null;
  }
}

/** What ran, with its shards and what was in flight where its name does not tell. */
export function subjectOf({ stage, subject: name = '', shards: counts, inFlight }: NativeLine): string {
  const split = counts === undefined ? '' : `, ${counts.sequencers}+${counts.matchers}`;
  const width = inFlight === undefined ? '' : `, ${count(inFlight)} in flight`;
  return `${stage}, ${name}${name.includes('in flight') ? '' : split + width}`;
}

/**
 * The engine against exchange-core, the open exchange with balances nearest to ours: the same file of commands, below
 * Node on our side and through its own API on theirs. Neither writes a journal.
 *
 * Equality comes first: every trade (who, whom, price, quantity, in order) and every level of every book that is left
 * have to be the author's. Then repetitions take turns.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NATIVE, run, subjectOf } from '../native.ts';
import { ExchangeCore, type Replayed } from '../peers/exchange-core/peer.ts';
import type { Plan } from '../plan.ts';
import { median, type Rates, rates } from '../statistics.ts';

/** One workload, both sides, in commands a second. */
export interface Duel {
  peer: 'exchange-core';
  workload: string;
  commands: number;
  trades: number;
  theirs: Rates;
  /** Ours in one thread, and with threads; by the native benchmark's names. */
  ours: (Rates & { id: string; timesPeer: number })[];
}

/** What the file of commands says a correct exchange comes to. */
export interface Expected {
  trades: number;
  tradedLots: number;
  orders: number;
  tradesHash: string;
  booksHash: string;
}

/** How long one call of the native benchmark may take. */
const NATIVE_LIMIT_SECONDS = 180;

export async function duel(
  workload: string,
  { seed, exchangeCore: { scalePercent, repetitions } }: Plan,
  step: (what: string) => void,
): Promise<{ duel: Duel | null; faults: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'lightning-bench-'));
  try {
    const file = join(folder, 'commands');
    const same = ['--workload', workload, '--seed', String(seed), '--scale', String(scalePercent)];
    step(`${workload}: commands`);
    const written = await run(NATIVE, ['generate', ...same, '--out', file], NATIVE_LIMIT_SECONDS);
    if (written.problem !== null) return { duel: null, faults: [`${workload}: ${written.problem}`] };
    const { expected } = JSON.parse(readFileSync(`${file}.json`, 'utf8')) as { expected: Expected };

    using peer = new ExchangeCore(file);
    const faults: string[] = [];
    const theirs: number[] = [];
    const ours = new Map<string, number[]>();
    let commands = 0;
    // One repetition more than counted: the first warms up.
    for (let repetition = 0; repetition <= repetitions; repetition += 1) {
      step(`${workload}: exchange-core`);
      const replayed = await peer.repetition();
      faults.push(...compare(replayed, expected).map((fault) => `exchange-core, ${workload}: ${fault}`));
      commands = replayed.commands;
      if (repetition > 0) theirs.push((replayed.commands * 1e9) / replayed.nanoseconds);
      step(`${workload}: lightning`);
      // It warms up by itself, before its one repetition that counts, and compares with the same author's outcome.
      const words = ['--json', 'inline', 'threaded', '--repetitions', '1', '--seconds', '0', ...same];
      const { lines, problem } = await run(NATIVE, words, NATIVE_LIMIT_SECONDS);
      if (problem !== null) faults.push(`lightning, ${workload}: ${problem}`);
      for (const line of lines) {
        if (line.type === 'fault') faults.push(`lightning, ${workload}: ${line.fault}`);
        if (line.type !== 'result' || line.median === undefined || repetition === 0) continue;
        // Theirs has threads, and only the clock on the wall; on an idle machine both are the same.
        const id = subjectOf(line) + (line.clock === 'cpu' ? " (its thread's time)" : '');
        ours.set(id, [...(ours.get(id) ?? []), line.median]);
      }
    }
    if (faults.length > 0) return { duel: null, faults };
    const result: Duel = {
      peer: 'exchange-core',
      workload,
      commands,
      trades: expected.trades,
      theirs: rates(theirs),
      ours: [...ours].map(([id, values]) =>
        Object.assign(rates(values), { id, timesPeer: median(values) / median(theirs) }),
      ),
    };
    return { duel: result, faults };
  } catch (error) {
    return { duel: null, faults: [`${workload}: ${String(error)}`] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How many times `duel` says what it does. */
export function duelSteps({ exchangeCore: { repetitions } }: Plan): number {
  return 1 + 2 * (repetitions + 1);
}

/** What a repetition has different from what is right. */
export function compare(run: Replayed, expected: Expected): string[] {
  const faults: string[] = [];
  if (run.refused > 0)
    faults.push(`${run.refused} commands were refused, the first with ${run.firstRefusal}`);
  for (const name of ['trades', 'tradedLots', 'orders', 'tradesHash', 'booksHash'] as const) {
    if (run[name] !== expected[name]) faults.push(`${name} is ${run[name]} where ${expected[name]} is right`);
  }
  if (!run.conserved) faults.push('its balances do not add up');
  return faults;
}

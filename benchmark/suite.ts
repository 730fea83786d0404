/** Everything that is measured, in its order: one plan in, one recording out. */

import { type Contest, contest, contestSteps, type Entrant } from './contest.ts';
import type { Contestant } from './contestants/contestant.ts';
import { PEER } from './contestants/index.ts';
import type { Latency } from './contestants/lightning/latency.ts';
import type { Mode } from './contestants/lightning/market.ts';
import type { Shards } from './contestants/lightning/shards.ts';
import { describeHost, load } from './host.ts';
import { build, NATIVE, type NativeLine, run, RUST_PEERS } from './native.ts';
import { installExchangeCore } from './peers/exchange-core/peer.ts';
import type { Plan } from './plan.ts';
import { FORMAT, type Recording } from './recording.ts';
import { remote, Worker } from './remote.ts';
import type { FlowShape } from './workloads/flow.ts';
import { type Duel, duel, duelSteps } from './stages/exchange-core.ts';

/** Who takes part in what. */
interface Entry {
  id: string;
  /** Of the steps: a threaded call awaited one by one costs two thread hops, and says so soon. */
  share?: number;
  /**
   * `'thin'`: what a single caller pays does not depend on the book. `'deep'`: more calls in flight than orders of a
   * thin flow are old.
   */
  only?: 'thin' | 'deep';
}

const ENTRIES: readonly Entry[] = [
  { id: PEER },
  { id: 'inline-awaited', only: 'thin' },
  { id: 'inline-submit', only: 'thin' },
  { id: 'inline-256' },
  { id: 'inline-raw-256' },
  { id: 'threaded-awaited', only: 'thin', share: 0.1 },
  { id: 'threaded-256', only: 'thin' },
  { id: 'threaded-2048', only: 'deep' },
  { id: 'threaded-raw-2048', only: 'deep' },
];

const MODES: readonly Mode[] = ['threaded', 'inline'];

/** Groups of stages that can be asked for by name. */
export const STAGES = ['throughput', 'latency', 'level2', 'shards', 'native'] as const;
export type Stage = (typeof STAGES)[number];

/** Peers that are not there unless they are asked for. */
export const PEERS = ['rust', 'exchange-core'] as const;
export type Peer = (typeof PEERS)[number];

export interface Wanted {
  stages: ReadonlySet<Stage>;
  peers: ReadonlySet<Peer>;
  /** What repeats the run. */
  command: string;
}

/** Somebody who watches. */
export interface Audience {
  /** Before the first step. */
  begin(steps: number): void;
  /** What is done now. */
  step(what: string): void;
}

export async function runSuite(plan: Plan, wanted: Wanted, audience: Audience): Promise<Recording> {
  const started = performance.now();
  const recording: Recording = {
    format: FORMAT,
    date: new Date().toISOString(),
    command: wanted.command,
    plan: plan.name,
    seed: plan.seed,
    host: describeHost(),
    load: { before: load(), after: '' },
    seconds: 0,
    contests: [],
    latencies: [],
    level2: [],
    shards: [],
    native: [],
    duels: [],
    skipped: [],
    faults: [],
  };
  const suite = new Suite(plan, wanted, recording, audience);
  audience.begin(suite.steps());
  await suite.run();
  recording.load.after = load();
  recording.seconds = Math.round((performance.now() - started) / 100) / 10;
  return recording;
}

class Suite {
  readonly #plan: Plan;
  readonly #wanted: Wanted;
  readonly #recording: Recording;
  readonly #audience: Audience;

  constructor(plan: Plan, wanted: Wanted, recording: Recording, audience: Audience) {
    this.#plan = plan;
    this.#wanted = wanted;
    this.#recording = recording;
    this.#audience = audience;
  }

  /** How many times it will say what it does. */
  steps(): number {
    const { flows, latency, shards, native, exchangeCore } = this.#plan;
    const { stages, peers } = this.#wanted;
    let steps = 0;
    if (stages.has('throughput')) {
      for (const shape of flows) steps += contestSteps(shape, entriesOf(shape).length);
    }
    if (stages.has('latency')) steps += latency.rates.length * MODES.length;
    if (stages.has('level2')) steps += MODES.length;
    if (stages.has('shards')) steps += shards.counts.length;
    if (stages.has('native')) steps += 1 + native.runs.length;
    if (peers.has('rust')) steps += 2;
    if (peers.has('exchange-core')) steps += 1 + exchangeCore.workloads.length * duelSteps(this.#plan);
    return steps;
  }

  async run(): Promise<void> {
    const { stages, peers } = this.#wanted;
    if (stages.has('throughput')) await this.#throughput();
    if (stages.has('latency')) await this.#latency();
    if (stages.has('level2')) await this.#level2();
    if (stages.has('shards')) await this.#shards();
    let native: string | null = 'it is not asked for';
    if (stages.has('native') || peers.has('exchange-core')) {
      this.#audience.step('native: building');
      native = build(NATIVE);
      if (native !== null) this.#skip('native', native);
    }
    if (stages.has('native') && native === null) await this.#native();
    if (peers.has('rust')) await this.#rustPeers();
    if (peers.has('exchange-core')) {
      if (native === null) await this.#exchangeCore();
      else this.#skip('exchange-core', `the native benchmark writes its commands, and ${native}`);
    }
  }

  async #throughput(): Promise<void> {
    const step = (what: string): void => this.#audience.step(what);
    using crew = new Crew();
    const missing = await Promise.all(ENTRIES.map(({ id }) => crew.hire(id)));
    for (const [index, { id }] of ENTRIES.entries()) {
      const why = missing[index];
      if (typeof why === 'string') this.#skip(id, why);
    }
    for (const shape of this.#plan.flows) {
      const entrants = crew.entrants(entriesOf(shape));
      const result: Contest = await contest(shape, entrants, PEER, (what) => step(`${shape.name}: ${what}`));
      this.#recording.contests.push(result);
      this.#recording.faults.push(...result.faults);
    }
  }

  async #latency(): Promise<void> {
    const { seed, latency } = this.#plan;
    for (const rate of latency.rates) {
      for (const mode of MODES) {
        this.#audience.step(`latency: ${mode}, ${rate} a second`);
        await this.#measure(`latency, ${mode}, ${rate} a second`, async (worker) => {
          const result: Latency = await worker.ask('latency', { mode, rate, seconds: latency.seconds, seed });
          this.#recording.latencies.push(result);
          return result.faults;
        });
      }
    }
  }

  async #level2(): Promise<void> {
    const { seed, level2 } = this.#plan;
    for (const mode of MODES) {
      this.#audience.step(`Level2: ${mode}`);
      await this.#measure(`Level2, ${mode}`, async (worker) => {
        this.#recording.level2.push(...(await worker.ask('level2', { mode, ...level2, seed })));
        return [];
      });
    }
  }

  async #shards(): Promise<void> {
    const {
      seed,
      shards: { counts, ...rest },
    } = this.#plan;
    for (const shards of counts) {
      this.#audience.step(`shards: ${shards} + ${shards}`);
      await this.#measure(`${shards} + ${shards} shards`, async (worker) => {
        const result: Shards = await worker.ask('shards', { shards, ...rest, seed });
        this.#recording.shards.push(result);
        return result.faults;
      });
    }
  }

  async #native(): Promise<void> {
    const { seed, native } = this.#plan;
    const quickly = this.#plan.name === 'full' ? [] : ['--quick'];
    for (const line of native.runs) {
      const words = wordsOf(line);
      const what = `native: ${words[0] ?? 'all stages'}`;
      this.#audience.step(what);
      const { lines, problem } = await run(
        NATIVE,
        ['--json', '--seed', String(seed), ...quickly, ...words],
        native.limitSeconds,
      );
      this.#listen(lines);
      if (problem !== null) this.#skip(what, problem);
    }
  }

  async #rustPeers(): Promise<void> {
    const { name, seed, rustPeers } = this.#plan;
    this.#audience.step('rust: building');
    const why = build(RUST_PEERS);
    if (why !== null) return this.#skip('rust', why);
    this.#audience.step('rust: order books');
    const quickly = name === 'full' ? [] : ['--quick'];
    const words = ['--json', '--seed', String(seed), ...quickly, ...wordsOf(rustPeers.run)];
    const { lines, problem } = await run(RUST_PEERS, words, rustPeers.limitSeconds);
    this.#listen(lines);
    if (problem !== null) this.#skip('rust', problem);
  }

  /** Keeps what a Rust program said. */
  #listen(lines: readonly NativeLine[]): void {
    this.#recording.native.push(...lines);
    this.#recording.faults.push(...lines.filter(({ type }) => type === 'fault').map(faultOf));
  }

  async #exchangeCore(): Promise<void> {
    this.#audience.step('exchange-core: installing');
    const why = installExchangeCore();
    if (why !== null) return this.#skip('exchange-core', why);
    for (const workload of this.#plan.exchangeCore.workloads) {
      const result: { duel: Duel | null; faults: string[] } = await duel(workload, this.#plan, (what) =>
        this.#audience.step(what),
      );
      if (result.duel !== null) this.#recording.duels.push(result.duel);
      this.#recording.faults.push(...result.faults);
    }
  }

  /** One measurement in a process of its own; what it throws is a fault of the run. */
  async #measure(what: string, how: (worker: Worker) => Promise<string[]>): Promise<void> {
    using worker = new Worker();
    const faults = await how(worker).catch((error: unknown) => [String(error)]);
    this.#recording.faults.push(...faults.map((fault) => `${what}: ${fault}`));
  }

  #skip(what: string, why: string): void {
    this.#recording.skipped.push({ what, why });
  }
}

/** Contestants in processes of their own, for as long as they are needed. */
class Crew implements Disposable {
  readonly #members = new Map<string, Contestant & Disposable>();

  /** Why not, if not. */
  async hire(id: string): Promise<string | null> {
    const found = await remote(id).catch((error: unknown) => ({ missing: String(error) }));
    if ('missing' in found) return found.missing;
    this.#members.set(id, found);
    return null;
  }

  entrants(entries: readonly Entry[]): Entrant[] {
    return entries.flatMap(({ id, share = 1 }) => {
      const found = this.#members.get(id);
      return found === undefined ? [] : [{ contestant: found, share }];
    });
  }

  [Symbol.dispose](): void {
    for (const member of this.#members.values()) member[Symbol.dispose]();
  }
}

function wordsOf(line: string): string[] {
  return line.split(' ').filter((word) => word !== '');
}

function entriesOf({ name }: FlowShape): readonly Entry[] {
  const other = name === 'thin' ? 'deep' : 'thin';
  return ENTRIES.filter(({ only }) => only !== other);
}

function faultOf({ stage, workload, subject, fault }: NativeLine): string {
  return `native ${stage}, ${subject}, ${workload}: ${fault}`;
}

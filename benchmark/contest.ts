/**
 * Contestants on one flow, repetition by repetition: everybody runs a part before anybody runs the next, so that a
 * neighbour's load falls on all alike, and ratios inside one run mean something.
 *
 * Right comes first. After every part the quantity traded, and in the end every level of the book, are compared with
 * the flow's oracle. Who is wrong is reported and has no rates.
 */

import { type Contestant, differences, type Session } from './contestants/contestant.ts';
import { type Rates, median, rates } from './statistics.ts';
import { type Flow, type FlowShape, writeFlow } from './workloads/flow.ts';

export interface Entrant {
  contestant: Contestant;
  /** Of the flow's steps; the same flow, ended sooner, for who takes ages otherwise. */
  share?: number;
}

export interface Standing extends Rates {
  id: string;
  label: string;
  /** Steps of a part, of this contestant. */
  steps: number;
  /** Median by the peer's median, if the peer took part and was right. */
  timesPeer: number | null;
}

/** A flow, and how everybody did on it. */
export interface Contest {
  flow: FlowShape & { mix: Flow['mix']; restingAtEnd: number; trades: number };
  standings: Standing[];
  faults: string[];
}

/** The shortest part that is worth running. */
const STEPS_MIN = 100;

export async function contest(
  shape: FlowShape,
  entrants: readonly Entrant[],
  peerId: string,
  step: (what: string) => void,
): Promise<Contest> {
  const flows = new Map<number, Flow>();
  const flowOf = (share: number): Flow => {
    const own =
      flows.get(share) ??
      writeFlow({ ...shape, steps: Math.max(STEPS_MIN, Math.round(shape.steps * share)) });
    flows.set(share, own);
    return own;
  };
  const runs = entrants.map(({ contestant, share = 1 }) => new Run(contestant, flowOf(share)));
  // What no clock sees is done side by side.
  step('loading');
  await Promise.all(runs.map((run) => run.begin()));
  for (let part = 0; part < shape.parts; part += 1) {
    for (const run of runs) {
      step(run.contestant.label);
      await run.play(part);
    }
  }
  step('verifying');
  await Promise.all(runs.map((run) => run.end()));

  const right = runs.filter(({ faults }) => faults.length === 0);
  const peer = right.find(({ contestant }) => contestant.id === peerId);
  const { mix, resting, trades } = flowOf(1);
  return {
    flow: { ...shape, mix, restingAtEnd: resting.end, trades },
    standings: right.map((run) => run.standing(peer)),
    faults: runs.flatMap(({ contestant, faults }) =>
      faults.map((fault) => `${contestant.label}, ${shape.name}: ${fault}`),
    ),
  };
}

/** How many times `contest` says what it does. */
export function contestSteps(shape: FlowShape, entrants: number): number {
  return shape.parts * entrants + 2;
}

/** One contestant on a flow. After its first fault it is not asked again. */
class Run {
  readonly contestant: Contestant;
  readonly faults: string[] = [];
  readonly #flow: Flow;
  #session: Session | undefined;
  readonly #perSecond: number[] = [];

  constructor(contestant: Contestant, flow: Flow) {
    this.contestant = contestant;
    this.#flow = flow;
  }

  async begin(): Promise<void> {
    await this.#attempt(async () => {
      this.#session = await this.contestant.begin(this.#flow);
    });
  }

  async play(part: number): Promise<void> {
    await this.#attempt(async (session) => {
      const { seconds, tradedLots } = await session.play(part);
      const expected = this.#flow.tradedLots[part + 1];
      if (tradedLots !== expected) {
        this.faults.push(`after part ${part}, traded ${tradedLots} lots where ${expected} are right`);
      }
      // The first part warms up.
      if (part > 0) this.#perSecond.push((this.#flow.parts[part]?.length ?? 0) / seconds);
    });
  }

  async end(): Promise<void> {
    await this.#attempt(async (session) => {
      this.faults.push(...differences(await session.end(), this.#flow.expected));
    });
  }

  standing(peer: Run | undefined): Standing {
    const own = median(this.#perSecond);
    return {
      id: this.contestant.id,
      label: this.contestant.label,
      steps: this.#flow.shape.steps,
      ...rates(this.#perSecond),
      timesPeer: peer === undefined ? null : own / median(peer.#perSecond),
    };
  }

  /** Only `begin` is done without a session. */
  async #attempt(what: (session: Session) => Promise<void>): Promise<void> {
    if (this.faults.length > 0) return;
    try {
      await what(this.#session as Session);
    } catch (error) {
      this.faults.push(error instanceof Error ? error.message : String(error));
    }
  }
}

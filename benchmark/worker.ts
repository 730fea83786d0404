/**
 * A process that measures. Every contestant has one of its own, so that no one's garbage, compiled code or threads
 * are in another one's way, and so that what hangs can be ended. `remote.ts` is its other end.
 */

import { contestant } from './contestants/index.ts';
import type { Contestant, Ended, Played, Session } from './contestants/contestant.ts';
import { type Latency, type LatencyOptions, latency } from './contestants/lightning/latency.ts';
import { type Level2, type Level2Options, level2 } from './contestants/lightning/level2.ts';
import { type Shards, type ShardsOptions, shards } from './contestants/lightning/shards.ts';
import { type FlowShape, writeFlow } from './workloads/flow.ts';

/** What a worker can be asked, one question at a time. */
export interface Questions {
  /** Becomes a contestant; its label, or why there is none of this id. */
  become(id: string): Promise<{ label: string } | { missing: string }>;
  begin(shape: FlowShape): Promise<void>;
  play(part: number): Promise<Played>;
  end(): Promise<Ended>;
  latency(options: LatencyOptions): Promise<Latency>;
  level2(options: Level2Options): Promise<Level2[]>;
  shards(options: ShardsOptions): Promise<Shards>;
}

let self: Contestant | undefined;
let session: Session | undefined;

const questions: Questions = {
  async become(id) {
    const found = await contestant(id);
    if (typeof found === 'string') return { missing: found };
    self = found;
    return { label: found.label };
  },
  async begin(shape) {
    session = await present(self).begin(writeFlow(shape));
  },
  play: (part) => present(session).play(part),
  async end() {
    const ended = await present(session).end();
    session = undefined;
    return ended;
  },
  latency,
  level2,
  shards,
};

function present<Thing>(thing: Thing | undefined): Thing {
  if (thing === undefined) throw new Error('asked out of turn');
  return thing;
}

/** A question as it crosses. */
export interface Asked {
  name: keyof Questions;
  argument: unknown;
}

/** An answer as it crosses. */
export type Answered = { value: unknown } | { error: string };

// Who asked is gone.
process.on('disconnect', () => process.exit());

process.on('message', ({ name, argument }: Asked) => {
  // What it is asked with was checked where it was asked: both ends are of one checkout.
  const ask = questions[name] as (argument: unknown) => Promise<unknown>;
  ask(argument).then(
    (value) => process.send?.({ value } satisfies Answered),
    (error: unknown) => process.send?.({ error: String(error) } satisfies Answered),
  );
});

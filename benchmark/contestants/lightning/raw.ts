/**
 * This engine through its raw interface: commands and results as records of integers, batch by batch. What loaders,
 * replays and gateways with a protocol of their own use. Records are written while the clock runs, as they have to be.
 */

import { CommandWriter, type Engine, ResultReader } from 'lightning-exchange';
import type { Flow, Step } from '../../workloads/flow.ts';
import type { Contestant, Session } from '../contestant.ts';
import { accountOf, type Mode, openMarket, SYMBOL, verify } from './market.ts';

/** A batch that is on its way, with what it is made of. */
interface Batch {
  steps: readonly Step[];
  writer: CommandWriter;
  reader: ResultReader;
  answered: Promise<ResultReader> | null;
}

/** Batches of so many commands, so many batches in flight; without a promise where the engine has no threads. */
export function raw(id: string, mode: Mode, size: number, inFlight: number): Contestant {
  const width = inFlight === 1 ? '' : `, ${(size * inFlight).toLocaleString('en-US')} in flight`;
  return {
    id,
    label: `${mode}, raw batches of ${size.toLocaleString('en-US')}${width}`,
    async begin(flow) {
      const engine = await openMarket(mode);
      const batches = Array.from({ length: inFlight }, (): Batch => ({
        steps: [],
        writer: new CommandWriter(size),
        reader: new ResultReader(size * 2),
        answered: null,
      }));
      return start(engine, flow, batches, size, mode === 'inline');
    },
  };
}

async function start(
  engine: Engine,
  flow: Flow,
  batches: readonly Batch[],
  size: number,
  now: boolean,
): Promise<Session> {
  const symbolId = engine.symbols.get(SYMBOL).id;
  const orderIds: number[] = [];
  const faults: string[] = [];
  let tradedLots = 0;

  const write = (batch: Batch): void => {
    batch.writer.clear();
    for (const step of batch.steps) {
      const account = accountOf(step.id);
      if (step.kind === 'place') batch.writer.limit(account, symbolId, step.side, step.ticks, step.lots);
      else batch.writer.cancel(account, orderIds[step.id] ?? 0);
    }
  };
  const take = ({ steps, reader }: Batch): void => {
    for (const [index, step] of steps.entries()) {
      const code = reader.code(index);
      if (code !== null) faults.push(`${step.kind} of ${step.id}: ${code}`);
      else if (step.kind === 'place') {
        orderIds[step.id] = reader.orderId(index);
        tradedLots += reader.quantity(index);
      }
    }
  };
  const settle = async (batch: Batch): Promise<void> => {
    if (batch.answered === null) return;
    await batch.answered;
    batch.answered = null;
    take(batch);
  };
  const play = async (steps: readonly Step[]): Promise<void> => {
    for (let from = 0, turn = 0; from < steps.length; from += size, turn += 1) {
      const batch = batches[turn % batches.length] as Batch;
      await settle(batch);
      batch.steps = steps.slice(from, from + size);
      write(batch);
      if (now) {
        engine.submitRawNow(batch.writer, batch.reader);
        take(batch);
      } else {
        batch.answered = engine.submitRaw(batch.writer, batch.reader);
      }
    }
    for (const batch of batches) await settle(batch);
  };

  await play(flow.load);
  return {
    async play(part) {
      const steps = flow.parts[part] ?? [];
      const began = performance.now();
      await play(steps);
      return { seconds: (performance.now() - began) / 1000, tradedLots };
    },
    async end() {
      await using open = engine;
      const ended = await verify(open, tradedLots);
      ended.faults.push(...faults);
      return ended;
    },
  };
}

/**
 * This engine as most programs use it: objects in, promises out, decimals as strings; so many calls in flight.
 */

import type { Engine, OrderResult } from 'lightning-exchange';
import type { Contestant } from '../contestant.ts';
import { type Call, type Mode, openMarket, toCalls, verify, whole } from './market.ts';

/** How many calls are in flight while a book is loaded. */
const LOADING = 1024;

/** Runs a flow with so many calls in flight: so many callers, each of which awaits its call and makes the next. */
export function promises(id: string, mode: Mode, inFlight: number): Contestant {
  const width =
    inFlight === 1 ? 'one awaited call after another' : `${inFlight.toLocaleString('en-US')} in flight`;
  return {
    id,
    label: `${mode}, ${width}`,
    async begin(flow) {
      const { load, parts } = toCalls(flow);
      const caller = new Caller(await openMarket(mode));
      await caller.play(load, LOADING);
      return {
        async play(part) {
          const calls = parts[part] ?? [];
          const start = performance.now();
          await caller.play(calls, inFlight);
          const seconds = (performance.now() - start) / 1000;
          return { seconds, tradedLots: caller.tradedLots() };
        },
        async end() {
          await using engine = caller.engine;
          // Awaited here: the engine closes when this function is left.
          return await verify(engine, caller.tradedLots());
        },
      };
    },
  };
}

/** One engine and what has been placed on it. */
export class Caller {
  readonly engine: Engine;
  /** Quantities traded by takers, to be added up when no clock runs. */
  #filled: string[] = [];
  #tradedLots = 0;
  /** The engine's order ids by the flow's; a promise while the order is not answered. */
  readonly #orderIds: (number | Promise<number>)[] = [];

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** Makes the calls in their order, so many at a time. Between two of them a caller does what any caller must. */
  async play(calls: readonly Call[], inFlight: number): Promise<void> {
    let next = 0;
    const caller = async (): Promise<void> => {
      for (let call = calls[next]; call !== undefined; call = calls[next]) {
        next += 1;
        if (call.order === null) {
          const orderId = this.#orderIds[call.id];
          if (typeof orderId !== 'number') {
            throw new Error(`order ${call.id} is canceled before it is answered`);
          }
          await this.engine.cancelOrder({ accountId: call.accountId, orderId });
        } else {
          this.#placed(call.id, await this.engine.placeOrder(call.order));
        }
      }
    };
    await Promise.all(Array.from({ length: inFlight }, caller));
  }

  /** Makes one call, now; but a cancel waits until its order is answered. */
  async make(call: Call): Promise<void> {
    if (call.order === null) {
      const orderId = await this.#orderIds[call.id];
      if (orderId === undefined) throw new Error(`order ${call.id} is canceled before it is placed`);
      await this.engine.cancelOrder({ accountId: call.accountId, orderId });
    } else {
      const answer = this.engine.placeOrder(call.order).then((result) => this.#placed(call.id, result));
      this.#orderIds[call.id] = answer;
      await answer;
    }
  }

  /** Lots traded since the beginning. */
  tradedLots(): number {
    for (const quantity of this.#filled) this.#tradedLots += whole(quantity);
    this.#filled = [];
    return this.#tradedLots;
  }

  #placed(id: number, { orderId, fills, filledQuantity }: OrderResult): number {
    this.#orderIds[id] = orderId;
    if (fills.length > 0) this.#filled.push(filledQuantity);
    return orderId;
  }
}

/**
 * The peer: nodejs-order-book, the limit order book that npm users have in JavaScript. A book and no more: no
 * accounts, no balances, one symbol, synchronous calls.
 *
 * It counts in floats. The flow goes to it in whole ticks and lots, where floats are exact; with decimals such
 * as 0.1 and 0.2 its sums drift and its book keeps ghost orders, and no comparison of fills would be possible.
 * It does not list trades either: what a call traded is told by what it has left.
 */

import { createRequire } from 'node:module';
import type { LimitOrderOptions, OrderBook } from 'nodejs-order-book';
import type { Contestant } from '../../contestants/contestant.ts';
import type { Step } from '../../workloads/flow.ts';

type Call = { order: LimitOrderOptions } | { order: null; id: string };

/** The contestant, or why there is none. */
export async function nodejsOrderBook(): Promise<Contestant | string> {
  const peer = await import('nodejs-order-book').catch((error: unknown) => String(error));
  if (typeof peer === 'string') return `it can't be loaded: ${peer}`;
  const { OrderBook, Side } = peer;
  const { version } = createRequire(import.meta.url)('nodejs-order-book/package.json') as { version: string };

  const toCall = (step: Step): Call => {
    const id = String(step.id);
    if (step.kind === 'cancel') return { order: null, id };
    const side = step.side === 'buy' ? Side.BUY : Side.SELL;
    return { order: { id, side, price: step.ticks, size: step.lots } };
  };

  return {
    id: 'nodejs-order-book',
    label: `nodejs-order-book ${version}`,
    async begin(flow) {
      const load = flow.load.map(toCall);
      const parts = flow.parts.map((steps) => steps.map(toCall));
      const book = new OrderBook();
      const faults: string[] = [];
      let tradedLots = play(book, load, faults);
      return {
        async play(part) {
          const calls = parts[part] ?? [];
          const start = performance.now();
          tradedLots += play(book, calls, faults);
          const seconds = (performance.now() - start) / 1000;
          return { seconds, tradedLots };
        },
        async end() {
          const [asks, bids] = book.depth();
          return { outcome: { tradedLots, bids, asks }, faults };
        },
      };
    },
  };
}

/** Makes the calls and returns what they traded. */
function play(book: OrderBook, calls: readonly Call[], faults: string[]): number {
  let traded = 0;
  for (const call of calls) {
    if (call.order === null) {
      if (book.cancel(call.id) === undefined) faults.push(`order ${call.id} can't be canceled`);
    } else {
      const { quantityLeft, err } = book.limit(call.order);
      if (err !== null) faults.push(err.message);
      traded += call.order.size - quantityLeft;
    }
  }
  return traded;
}

/** This engine without promises: `submit` gives an order's result at once. A cancel is still awaited: it has no such call. */

import type { Contestant } from '../contestant.ts';
import { openMarket, toCalls, verify, whole } from './market.ts';

export function direct(id: string): Contestant {
  return {
    id,
    label: 'inline, submit() and awaited cancels',
    async begin(flow) {
      const { load, parts } = toCalls(flow);
      const engine = await openMarket('inline');
      const orderIds: number[] = [];
      let filled: string[] = [];
      let tradedLots = 0;
      const play = async (calls: typeof load): Promise<void> => {
        for (const call of calls) {
          if (call.order === null) {
            await engine.cancelOrder({ accountId: call.accountId, orderId: orderIds[call.id] ?? 0 });
          } else {
            const { orderId, fills, filledQuantity } = engine.submit(call.order);
            orderIds[call.id] = orderId;
            if (fills.length > 0) filled.push(filledQuantity);
          }
        }
      };
      await play(load);
      return {
        async play(part) {
          const calls = parts[part] ?? [];
          const start = performance.now();
          await play(calls);
          const seconds = (performance.now() - start) / 1000;
          for (const quantity of filled) tradedLots += whole(quantity);
          filled = [];
          return { seconds, tradedLots };
        },
        async end() {
          await using open = engine;
          return await verify(open, tradedLots);
        },
      };
    },
  };
}

/**
 * Histories: trades, closed orders and candles as far back as anything leads to them, read page by page while they are
 * iterated.
 */

import type { Core } from './core.ts';
import { native } from './native.ts';
import type { ClosedOrder } from './types.ts';
import { type Fields, fields, number } from './values.ts';

/** Until what was only written is asked for again. */
const PAUSE_MS = 20;
/** What the native side keeps for the next page is dropped when nobody has asked for that so long. */
const IDLE_MS = 60_000;
/** Closed orders that are asked for at a time, where only memory is asked. */
const PAGE = 1_000;

/** What a history is of, in the native side's words; `from` and `to` are trades, records or milliseconds. */
export interface HistoryQuery {
  of: Fields;
  from?: number | undefined;
  to?: number | undefined;
}

interface Page<Item> {
  items: Item[];
  /** Where the next one begins; null if there is none. */
  next: number | null;
  /** How far they go. */
  to: number;
}

/**
 * Reads a history, in the background. What is asked for is judged when it is iterated. What the native side keeps
 * between two pages is dropped when the iteration ends, however it does.
 */
export async function* history<Item>(
  core: Core,
  begin: () => HistoryQuery,
): AsyncGenerator<Item, void, undefined> {
  const query: HistoryQuery & { next?: number | undefined } = begin();
  const leave = (): void => core.leaveHistory(JSON.stringify(query));
  try {
    do {
      const asked = JSON.stringify(query);
      const { items, next, to }: Page<Item> = await core.work((handle, done) =>
        native.history(handle, asked, done),
      );
      query.to = to;
      query.next = next ?? undefined;
      if (items.length > 0) {
        const idle = setTimeout(leave, IDLE_MS).unref();
        try {
          yield* items;
        } finally {
          clearTimeout(idle);
        }
      } else if (next !== null) {
        // What is only written is on the disk a moment later, and read from there.
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    } while (query.next !== undefined);
  } finally {
    if (query.next !== undefined) leave();
  }
}

/** Closed orders of an account: from the journal, or what is remembered where there is none. */
export async function* orderHistory(
  core: Core,
  accountId: unknown,
  options: object,
): AsyncGenerator<ClosedOrder, void, undefined> {
  const { symbol, fromSeq, toSeq } = fields('options', options);
  const asked = { accountId, symbol, fromSeq, toSeq };
  const remembered = (range: object): Promise<{ orders: ClosedOrder[]; next: number | null }> =>
    core.say('orderHistory', 'options', { ...asked, ...range });
  // Says what is wrong with any of it.
  await remembered({ limit: 1 });
  if (core.isKept) {
    const [from, to] = [place('fromSeq', fromSeq), place('toSeq', toSeq)];
    yield* history<ClosedOrder>(core, () => ({ of: { orders: { accountId, symbol } }, from, to }));
    return;
  }
  // What happens meanwhile is not in it.
  const to = Math.min(place('toSeq', toSeq) ?? Infinity, core.lastSeq());
  let cursor: number | null = 0;
  while (cursor !== null) {
    const page = await remembered({ toSeq: to, cursor, limit: PAGE });
    yield* page.orders;
    cursor = page.next;
  }
}

/** A number, if there is one. */
export function place(name: string, value: unknown): number | undefined {
  return value === undefined ? undefined : number(name, value);
}

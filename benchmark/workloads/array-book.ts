/**
 * The oracle: an order book of plain arrays, price-time priority in the plainest way. It shares no code with any
 * engine, so what trades in it and what it has left is what everybody has to come to.
 *
 * The flows are written with it, because who writes a cancel has to know which orders are live.
 */

export type Side = 'buy' | 'sell';

/** What a flow has led to. */
export interface Outcome {
  /** Lots traded since the beginning. */
  tradedLots: number;
  /** Best first: `[ticks, lots]` of every level. */
  bids: [number, number][];
  asks: [number, number][];
}

/** An order in the book. */
export interface Live {
  id: number;
  side: Side;
  /** The step that placed it. */
  bornAt: number;
  level: Level;
  /** What is left of it. */
  lots: number;
  /** Its place among the live orders. */
  slot: number;
}

interface Level {
  ticks: number;
  lots: number;
  queue: Live[];
  /** Orders before this one in the queue are gone. */
  head: number;
}

export class ArrayBook {
  readonly live: Live[] = [];
  trades = 0;
  tradedLots = 0;
  /** Best last, so that the touch is where arrays are cheap. */
  readonly #sides: Record<Side, Level[]> = { buy: [], sell: [] };
  /** The same levels by price, so that only a new one has to be put in its place. */
  readonly #byTicks: Record<Side, Map<number, Level>> = { buy: new Map(), sell: new Map() };

  /** The best price of a side, in ticks. */
  best(side: Side): number | null {
    return this.#sides[side].at(-1)?.ticks ?? null;
  }

  /** Trades what crosses; the rest goes into the book. */
  place(id: number, side: Side, ticks: number, lots: number, at: number): void {
    const left = this.#match(side, ticks, lots);
    if (left === 0) return;
    const level = this.#level(side, ticks);
    const live: Live = { id, side, bornAt: at, level, lots: left, slot: this.live.length };
    level.queue.push(live);
    level.lots += left;
    this.live.push(live);
  }

  cancel(live: Live): void {
    const { level } = live;
    level.lots -= live.lots;
    level.queue.splice(level.queue.indexOf(live, level.head), 1);
    this.#forget(live);
    if (level.lots > 0) return;
    const levels = this.#sides[live.side];
    levels.splice(levels.indexOf(level), 1);
    this.#byTicks[live.side].delete(level.ticks);
  }

  outcome(): Outcome {
    return {
      tradedLots: this.tradedLots,
      bids: bestFirst(this.#sides.buy),
      asks: bestFirst(this.#sides.sell),
    };
  }

  /** Trades what crosses and returns what is left. */
  #match(side: Side, limit: number, lots: number): number {
    const other = side === 'buy' ? 'sell' : 'buy';
    const others = this.#sides[other];
    let left = lots;
    for (let level = others.at(-1); level !== undefined && left > 0; level = others.at(-1)) {
      if (side === 'buy' ? level.ticks > limit : level.ticks < limit) break;
      const maker = level.queue[level.head];
      if (maker === undefined) throw new Error('a level without orders');
      const traded = Math.min(left, maker.lots);
      left -= traded;
      maker.lots -= traded;
      level.lots -= traded;
      this.trades += 1;
      this.tradedLots += traded;
      if (maker.lots === 0) {
        level.head += 1;
        this.#forget(maker);
      }
      if (level.lots === 0) {
        others.pop();
        this.#byTicks[other].delete(level.ticks);
      }
    }
    return left;
  }

  #level(side: Side, ticks: number): Level {
    const found = this.#byTicks[side].get(ticks);
    if (found !== undefined) return found;
    const levels = this.#sides[side];
    // Where the list, read from its end, is no longer better than the new price.
    let index = levels.length;
    for (; index > 0; index -= 1) {
      const other = levels[index - 1];
      if (other === undefined || (side === 'buy' ? other.ticks < ticks : other.ticks > ticks)) break;
    }
    const level: Level = { ticks, lots: 0, queue: [], head: 0 };
    levels.splice(index, 0, level);
    this.#byTicks[side].set(ticks, level);
    return level;
  }

  #forget(live: Live): void {
    const last = this.live.pop();
    if (last === undefined || last === live) return;
    last.slot = live.slot;
    this.live[live.slot] = last;
  }
}

function bestFirst(side: Level[]): [number, number][] {
  return side.toReversed().map(({ ticks, lots }) => [ticks, lots]);
}

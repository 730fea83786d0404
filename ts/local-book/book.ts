import type { Decimal } from '../types/common.ts';
import type { Side } from '../types/orders.ts';
import { bookChecksum } from './checksum.ts';
import { decimalsOf, isZero, type Scaled } from './scaled.ts';
import { BookSide } from './side.ts';
import type {
  ApplyResult,
  CcxtOrderBook,
  LevelsOptions,
  LocalBbo,
  LocalBookDelta,
  LocalBookLevel,
  LocalBookLevels,
  LocalBookMessage,
  LocalBookSnapshot,
  LocalBookTuple,
  LocalFill,
} from './types.ts';
import { copyOf, fillFrom, sideLevels, touch } from './views.ts';

/**
 * An order book kept up to date from a stream of snapshots and deltas. It notices what is missing, and needs nothing
 * but JavaScript: `lightning-exchange/local-book` has it without the native engine, for a browser for instance.
 *
 * Prices compare as decimals, never as floats. Reads make objects of their own.
 *
 * @example
 * const book = new LocalOrderBook();
 * for await (const message of engine.watchBook('BTC-USDT', { levels: 20 })) {
 *   const result = book.apply(message);
 *   if (book.needsSnapshot) break; // 'gap' or 'mismatch': watch again; `follow()` does that by itself
 *   console.log(result, book.bbo());
 * }
 */
export class LocalOrderBook {
  readonly #bids = new BookSide(1);
  readonly #asks = new BookSide(-1);
  #symbol: string | undefined;
  #epoch: number | undefined;
  #seq: number | undefined;
  #ts: number | undefined;
  #needsSnapshot = true;
  /** Decimals that all prices are compared with. */
  #scale = 0;

  /** An empty book, of that symbol or else of the first message's. It needs a snapshot. */
  constructor(symbol?: string) {
    this.#symbol = symbol;
  }

  /** Of which symbol; empty before the first message of a book that was not given one. */
  get symbol(): string {
    return this.#symbol ?? '';
  }

  /** Which life of the engine `seq` belongs to; undefined before the first snapshot. */
  get epoch(): number | undefined {
    return this.#epoch;
  }

  /** The book's sequence number; undefined before the first snapshot. */
  get seq(): number | undefined {
    return this.#seq;
  }

  /** When the book last changed, in milliseconds since 1970; undefined before the first snapshot. */
  get ts(): number | undefined {
    return this.#ts;
  }

  /**
   * True at first, and after a gap or a mismatch: until a snapshot comes, deltas change nothing, and what the book
   * shows is what it was when it was last known to be right (after a mismatch: what it became).
   */
  get needsSnapshot(): boolean {
    return this.#needsSnapshot;
  }

  /** Do the best bid and the best ask meet? An engine's book never does; a replica that does is wrong. */
  get crossed(): boolean {
    const bid = this.#bids.bestKey;
    const ask = this.#asks.bestKey;
    // The key of an ask is its price times -1.
    return bid !== undefined && ask !== undefined && bid >= -ask;
  }

  /** How many levels each side has. */
  get size(): { bids: number; asks: number } {
    return { bids: this.#bids.size, asks: this.#asks.size };
  }

  /**
   * Takes a message in. A message without the right shape is a mistake of whoever sends it: it throws (`TypeError`,
   * `RangeError`), and the book has not changed.
   */
  apply(message: LocalBookMessage): ApplyResult {
    const { type, symbol, seq } = message;
    if (this.#symbol !== undefined && symbol !== this.#symbol) {
      throw new TypeError(`a message of ${symbol} for the book of ${this.#symbol}`);
    }
    if (!Number.isSafeInteger(seq) || seq < 0) throw new TypeError(`seq is ${seq}`);
    if (type === 'snapshot') return this.#replace(message);
    if (type !== 'delta' && type !== 'heartbeat') throw new TypeError(`a message of type ${String(type)}`);
    if (this.#needsSnapshot) return 'gap';
    const here = this.#seq as number;
    // Clocks may be set back, so another epoch is not a later one: whatever it is, its numbers are not ours.
    if (message.epoch !== this.#epoch) return this.#gap();
    if (type === 'heartbeat' && seq === here) return this.#stamp(message);
    if (type === 'heartbeat') return seq < here ? 'ignored' : this.#gap();
    if (message.prevSeq !== here) return seq <= here ? 'ignored' : this.#gap();
    return this.#change(message);
  }

  /** The best level of a side; null without one. */
  best(side: 'bids' | 'asks'): LocalBookLevel | null {
    const level = (side === 'bids' ? this.#bids : this.#asks).bestLevel;
    return level === undefined ? null : copyOf(level);
  }

  /** The best bid and ask, and what they say together. */
  bbo(): LocalBbo {
    return {
      symbol: this.symbol,
      seq: this.#seq ?? 0,
      ts: this.#ts ?? 0,
      ...touch(this.#bids, this.#asks, this.#scale),
    };
  }

  /** Both sides, best first: all levels, or the best `count`, merged to a coarser grid, with running sums. */
  levels(options: LevelsOptions = {}): LocalBookLevels {
    return {
      bids: sideLevels(this.#bids, this.#scale, options),
      asks: sideLevels(this.#asks, this.#scale, options),
    };
  }

  /** What rests at a price, however many decimals that is written with; null if nothing does. */
  level(side: 'bids' | 'asks', price: Decimal): LocalBookLevel | null {
    const from = side === 'bids' ? this.#bids : this.#asks;
    const key =
      from.key(price, this.#scale) ??
      // Zeros behind the finest price say nothing; another digit says that there is no such level.
      (price.includes('.') ? from.key(price.replace(/\.?0+$/, ''), this.#scale) : undefined);
    const level = key === undefined ? undefined : from.get(key);
    return level === undefined ? null : copyOf(level);
  }

  /** What an order of this side and quantity would find if it took all it can get now; fees are not in it. */
  fill(side: Side, quantity: Decimal): LocalFill {
    isZero(quantity);
    return fillFrom(side === 'buy' ? this.#asks : this.#bids, this.#scale, quantity);
  }

  /** CRC32 of the best ten levels of each side, as {@link LocalBookSnapshot.checksum} has it. */
  checksum(): number {
    return bookChecksum(this.#bids, this.#asks);
  }

  /**
   * The book in ccxt's form, for code that expects it. Its numbers are floats: this is where exactness ends.
   *
   * @example
   * const { bids: [[price, amount] = []], nonce } = book.toCcxt(5);
   */
  toCcxt(limit?: number): CcxtOrderBook {
    const { bids, asks } = this.levels(limit === undefined ? {} : { count: limit });
    return {
      symbol: this.symbol,
      bids: bids.map(asFloats),
      asks: asks.map(asFloats),
      timestamp: this.#ts,
      datetime: this.#ts === undefined ? undefined : new Date(this.#ts).toISOString(),
      nonce: this.#seq,
    };
  }

  #replace(message: LocalBookSnapshot): ApplyResult {
    if (!Number.isSafeInteger(message.epoch)) throw new TypeError(`epoch is ${message.epoch}`);
    let scale = 0;
    for (const [price] of message.bids) scale = Math.max(scale, decimalsOf(price));
    for (const [price] of message.asks) scale = Math.max(scale, decimalsOf(price));
    // All that can throw comes before all that changes.
    const bids = keysOf(this.#bids, message.bids, scale);
    const asks = keysOf(this.#asks, message.asks, scale);
    this.#scale = scale;
    this.#bids.clear();
    this.#asks.clear();
    // Best first is worst last: from behind, each level goes to the end of its array.
    setAll(this.#bids, message.bids.toReversed(), bids.toReversed());
    setAll(this.#asks, message.asks.toReversed(), asks.toReversed());
    this.#symbol ??= message.symbol;
    this.#epoch = message.epoch;
    this.#needsSnapshot = false;
    return this.#stamp(message);
  }

  #change(message: LocalBookDelta): ApplyResult {
    if (message.seq < message.prevSeq)
      throw new TypeError(`seq ${message.seq} is below prevSeq ${message.prevSeq}`);
    let scale = this.#scale;
    for (const [price] of message.bids) scale = Math.max(scale, decimalsOf(price));
    for (const [price] of message.asks) scale = Math.max(scale, decimalsOf(price));
    // All that can throw comes before all that changes.
    const bids = keysOf(this.#bids, message.bids, scale);
    const asks = keysOf(this.#asks, message.asks, scale);
    if (scale > this.#scale) this.#rescale(scale);
    setAll(this.#bids, message.bids, bids);
    setAll(this.#asks, message.asks, asks);
    return this.#stamp(message);
  }

  #stamp({ seq, ts, checksum }: LocalBookMessage): ApplyResult {
    this.#seq = seq;
    this.#ts = ts;
    if (checksum === undefined || checksum === this.checksum()) return 'applied';
    this.#needsSnapshot = true;
    return 'mismatch';
  }

  #gap(): ApplyResult {
    this.#needsSnapshot = true;
    return 'gap';
  }

  /** Prices have more decimals than any before. */
  #rescale(scale: number): void {
    this.#bids.rescale(scale);
    this.#asks.rescale(scale);
    this.#scale = scale;
  }
}

function asFloats({ price, quantity }: LocalBookLevel): [price: number, amount: number] {
  return [Number(price), Number(quantity)];
}

/** The keys of levels whose words have been checked. */
function keysOf(side: BookSide, tuples: readonly LocalBookTuple[], scale: number): Scaled[] {
  return tuples.map(([price, quantity]) => {
    isZero(quantity);
    return side.key(price, scale) as Scaled;
  });
}

function setAll(side: BookSide, tuples: readonly LocalBookTuple[], keys: readonly Scaled[]): void {
  for (let at = 0; at < keys.length; at += 1) {
    const [price, quantity, orders] = tuples[at] as LocalBookTuple;
    if (isZero(quantity)) side.delete(keys[at] as Scaled);
    else side.set(keys[at] as Scaled, price, quantity, orders);
  }
}

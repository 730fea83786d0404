/** Trades as numbers: what a consumer of millions of them reads. */

import { readDecimal, readSteps, type Step, stepOf } from '../decimals.ts';
import type { Side, SymbolInfo, TradeMessage } from '../types.ts';
import { STREAM_LAYOUT, TRADE } from './layout.ts';

const SIZE = STREAM_LAYOUT.trade;
const WORD = 0x1_0000_0000;

/** What a symbol's trades are written in. */
export interface TradeScales {
  readonly symbol: string;
  readonly price: Step;
  readonly quantity: Step;
  readonly quote: number;
}

/** What the trades of a symbol are written in: it never changes. */
export function tradeScales(symbol: SymbolInfo): TradeScales {
  return {
    symbol: symbol.name,
    price: stepOf(symbol.tickSize, symbol.priceScale),
    quantity: stepOf(symbol.lotSize, symbol.quantityScale),
    quote: symbol.quoteScale,
  };
}

/** The trade whose record begins at `at`, as an object. */
export function readTrade(view: DataView, at: number, scales: TradeScales): TradeMessage {
  return {
    type: 'trade',
    tradeId: view.getFloat64(at, true),
    symbol: scales.symbol,
    price: readSteps(view, at + TRADE.ticks, scales.price),
    quantity: readSteps(view, at + TRADE.lots, scales.quantity),
    quoteQuantity: readDecimal(view, at + TRADE.quote, scales.quote),
    takerSide: view.getUint8(at + TRADE.sells) === 0 ? 'buy' : 'sell',
    ts: view.getFloat64(at + TRADE.ts, true),
    bookSeq: view.getFloat64(at + TRADE.bookSeq, true),
  };
}

/**
 * Some trades, ascending, as {@link Engine.watchTrades} tells them with `raw`: numbers read by their index, with no object
 * for each. Iterate it to have objects after all. It stays as it is, however long it is kept.
 *
 * @example
 * ```ts
 * for await (const batch of engine.watchTrades('BTC-USDT', { raw: true })) {
 *   if (batch.type === 'gap') continue;
 *   for (let index = 0; index < batch.length; index += 1) sum += batch.ticks(index) * batch.lots(index);
 * }
 * ```
 */
export class TradeBatch implements Iterable<TradeMessage> {
  /** Tells it from a {@link Gap}. */
  readonly type = 'trades';
  /** Of which symbol. */
  readonly symbol: string;
  /** How many trades; one at least. */
  readonly length: number;
  readonly #view: DataView;
  readonly #scales: TradeScales;

  /** @internal */
  constructor(bytes: Uint8Array, scales: TradeScales) {
    this.symbol = scales.symbol;
    this.length = bytes.length / SIZE;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#scales = scales;
  }

  /**
   * A trade's id.
   *
   * @throws {@link RangeError} if there is no such index; here and in all that follow.
   */
  tradeId(index: number): number {
    return this.#view.getFloat64(this.#at(index), true);
  }

  /** Its price in ticks (`SymbolInfo.tickSize`). A RangeError if that needs more than 53 bits. */
  ticks(index: number): number {
    return this.#integer(this.#at(index) + TRADE.ticks);
  }

  /** Its quantity in lots (`SymbolInfo.lotSize`). A RangeError if that needs more than 53 bits. */
  lots(index: number): number {
    return this.#integer(this.#at(index) + TRADE.lots);
  }

  /** Its quote amount in atoms of the quote asset. */
  quoteAtoms(index: number): bigint {
    const at = this.#at(index) + TRADE.quote;
    return (this.#view.getBigUint64(at + 8, true) << 64n) | this.#view.getBigUint64(at, true);
  }

  /** When, in milliseconds since 1970. */
  ts(index: number): number {
    return this.#view.getFloat64(this.#at(index) + TRADE.ts, true);
  }

  /** The side of the order that came in. */
  takerSide(index: number): Side {
    return this.#view.getUint8(this.#at(index) + TRADE.sells) === 0 ? 'buy' : 'sell';
  }

  /** The symbol's book sequence of the command that made it. */
  bookSeq(index: number): number {
    return this.#view.getFloat64(this.#at(index) + TRADE.bookSeq, true);
  }

  /** A trade as an object. */
  get(index: number): TradeMessage {
    return readTrade(this.#view, this.#at(index), this.#scales);
  }

  /** Each trade as an object. */
  *[Symbol.iterator](): Generator<TradeMessage, void, undefined> {
    for (let index = 0; index < this.length; index += 1) yield this.get(index);
  }

  #at(index: number): number {
    if (index >>> 0 !== index || index >= this.length) throw new RangeError(`there is no trade ${index}`);
    return index * SIZE;
  }

  #integer(at: number): number {
    const value = this.#view.getUint32(at + 4, true) * WORD + this.#view.getUint32(at, true);
    if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('more than 53 bits: read it with get()');
    return value;
  }
}

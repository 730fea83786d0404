/**
 * Books as the native side writes them, turned into plain objects: the same table as `native/node/src/books.rs`. Every
 * read makes objects of its own, so that nobody can change what somebody else has read.
 */

import { readDecimal, readFamiliar } from './decimals.ts';
import type { Bbo, BookLevel, BookSnapshot, SymbolInfo, Touch } from './types.ts';

/** Where the parts of a book are; compared with the native side's by a test. */
export const BOOK_LAYOUT = { header: 80, level: 40, levelWithSums: 72, most: 2_960 } as const;

const BPS_SCALE = 2;

/** Reads books out of a buffer that the native side has filled. */
export class BookReader {
  /** What is filled. */
  readonly bytes = new Uint8Array(BOOK_LAYOUT.most);
  readonly #view = new DataView(this.bytes.buffer);

  /** The book that was written last. */
  book(symbol: SymbolInfo, cumulative: boolean): BookSnapshot {
    const view = this.#view;
    const bids = view.getUint32(16, true);
    const asks = view.getUint32(20, true);
    const size = cumulative ? BOOK_LAYOUT.levelWithSums : BOOK_LAYOUT.level;
    const { spread, spreadBps, mid } = this.#touch(symbol, bids > 0 && asks > 0);
    return {
      symbol: symbol.name,
      seq: view.getFloat64(0, true),
      ts: view.getFloat64(8, true),
      spread,
      spreadBps,
      mid,
      bids: this.#side(symbol, BOOK_LAYOUT.header, bids, size),
      asks: this.#side(symbol, BOOK_LAYOUT.header + bids * size, asks, size),
    };
  }

  /** The best levels of the book that was written last. */
  bbo(symbol: SymbolInfo): Bbo {
    const view = this.#view;
    const bids = view.getUint32(16, true);
    const asks = view.getUint32(20, true);
    const { header, level } = BOOK_LAYOUT;
    const { spread, spreadBps, mid } = this.#touch(symbol, bids > 0 && asks > 0);
    return {
      symbol: symbol.name,
      seq: view.getFloat64(0, true),
      ts: view.getFloat64(8, true),
      spread,
      spreadBps,
      mid,
      bid: bids > 0 ? this.#level(symbol, header) : null,
      ask: asks > 0 ? this.#level(symbol, header + bids * level) : null,
    };
  }

  #touch(symbol: SymbolInfo, hasBoth: boolean): Touch {
    if (!hasBoth) return { spread: null, spreadBps: null, mid: null };
    return {
      spread: readFamiliar(this.#view, 32, symbol.priceScale),
      spreadBps: readFamiliar(this.#view, 48, BPS_SCALE),
      mid: readFamiliar(this.#view, 64, symbol.priceScale + 1),
    };
  }

  #side(symbol: SymbolInfo, from: number, count: number, size: number): BookLevel[] {
    const levels: BookLevel[] = [];
    for (let index = 0, at = from; index < count; index += 1, at += size) {
      const level = this.#level(symbol, at);
      if (size === BOOK_LAYOUT.levelWithSums) {
        level.cumulativeQuantity = readDecimal(this.#view, at + 40, symbol.quantityScale);
        level.cumulativeQuote = readDecimal(this.#view, at + 56, symbol.quoteScale);
      }
      levels.push(level);
    }
    return levels;
  }

  #level(symbol: SymbolInfo, at: number): BookLevel {
    return {
      price: readFamiliar(this.#view, at, symbol.priceScale),
      quantity: readFamiliar(this.#view, at + 16, symbol.quantityScale),
      orders: this.#view.getUint32(at + 32, true),
    };
  }
}

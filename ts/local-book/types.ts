/** What a local book takes in and gives out. */

import type { Decimal, SignedDecimal } from '../types/common.ts';

/** A level in a message: price, quantity (zero: there is none any more), and how many orders, if that was asked for. */
export type LocalBookTuple = readonly [price: Decimal, quantity: Decimal, orders?: number];

/** A message of a book's stream: what `engine.watchBook()` gives, or the same out of JSON from anywhere. */
export type LocalBookMessage = LocalBookSnapshot | LocalBookDelta | LocalBookHeartbeat;

/** What every message of a book's stream says. */
export interface LocalBookStamp {
  /** Of which symbol. */
  readonly symbol: string;
  /** Which life of the engine the sequence numbers belong to. */
  readonly epoch: number;
  /** The book's sequence number. */
  readonly seq: number;
  /** When the book last changed, in milliseconds since 1970. */
  readonly ts: number;
}

/** All levels: replaces what was there. */
export interface LocalBookSnapshot extends LocalBookStamp {
  /** This. */
  readonly type: 'snapshot';
  /** Best first. */
  readonly bids: readonly LocalBookTuple[];
  /** Best first. */
  readonly asks: readonly LocalBookTuple[];
  /** Of the best ten levels of each side, if it was asked for. */
  readonly checksum?: number;
}

/** Levels that have changed, as they are now. */
export interface LocalBookDelta extends LocalBookStamp {
  /** This. */
  readonly type: 'delta';
  /** It is applied to the book of this sequence number and to no other. */
  readonly prevSeq: number;
  /** Those that have changed. */
  readonly bids: readonly LocalBookTuple[];
  /** Those that have changed. */
  readonly asks: readonly LocalBookTuple[];
  /** Of the best ten levels of each side once it is applied. */
  readonly checksum?: number;
}

/** Nothing has changed. */
export interface LocalBookHeartbeat extends LocalBookStamp {
  /** This. */
  readonly type: 'heartbeat';
  /** The same as `seq`. */
  readonly prevSeq?: number;
  /** Of the best ten levels of each side, if it was asked for. */
  readonly checksum?: number;
}

/**
 * What became of a message.
 *
 * - `'applied'`: the book is now as of it.
 * - `'ignored'`: it is older than the book.
 * - `'gap'`: something before it is missing, or another epoch has begun: the book needs a snapshot.
 * - `'mismatch'`: it was applied, and the book is not what its checksum says: the book needs a snapshot.
 */
export type ApplyResult = 'applied' | 'ignored' | 'gap' | 'mismatch';

/** A level of a local book. */
export interface LocalBookLevel {
  /** The price; with `group`, of the group. */
  price: Decimal;
  /** Base resting there. */
  quantity: Decimal;
  /** Orders resting there, if the stream says. */
  orders?: number;
  /** With `cumulative`: base from the best price to here. */
  cumulativeQuantity?: Decimal;
  /** With `cumulative`: quote from the best price to here, with as many decimals as price and quantity together. */
  cumulativeQuote?: Decimal;
}

/** What `levels()` is asked for. */
export interface LevelsOptions {
  /** So many of each side, 1 or more; all without. With `group`, so many groups. */
  count?: number;
  /** Merges prices to multiples of this, for instance `'0.10'`: bids down, asks up. */
  group?: Decimal;
  /** Adds running sums. */
  cumulative?: boolean;
}

/** Both sides of a local book, best first. */
export interface LocalBookLevels {
  /** Highest price first. */
  bids: LocalBookLevel[];
  /** Lowest price first. */
  asks: LocalBookLevel[];
}

/** Best bid and offer of a local book. */
export interface LocalBbo {
  /** Of which symbol. */
  symbol: string;
  /** The book's sequence number. */
  seq: number;
  /** When the book last changed, in milliseconds since 1970. */
  ts: number;
  /** The best bid; null without one. */
  bid: LocalBookLevel | null;
  /** The best ask; null without one. */
  ask: LocalBookLevel | null;
  /** Best ask - best bid; null while a side is empty. */
  spread: SignedDecimal | null;
  /** The spread in basis points of the mid, two decimals, rounded half to even; null while a side is empty. */
  spreadBps: SignedDecimal | null;
  /** (best bid + best ask) / 2, exact, with one decimal more than a price; null while a side is empty. */
  mid: Decimal | null;
}

/** What taking a quantity out of a local book would come to. */
export interface LocalFill {
  /** How much of it the book has. */
  quantity: Decimal;
  /** What that costs, or brings, before fees; as many decimals as price and quantity together. */
  quoteQuantity: Decimal;
  /** The last price that it reaches; null if the side is empty. */
  worstPrice: Decimal | null;
  /** Does the book have all of it? */
  complete: boolean;
}

/** An order book in ccxt's form. Its prices and amounts are floats: for showing, not for sums. */
export interface CcxtOrderBook {
  /** As the book calls it. */
  symbol: string;
  /** Price and amount, best first. */
  bids: [price: number, amount: number][];
  /** Price and amount, best first. */
  asks: [price: number, amount: number][];
  /** In milliseconds since 1970; undefined before the first message. */
  timestamp: number | undefined;
  /** The same as ISO 8601. */
  datetime: string | undefined;
  /** The sequence number. */
  nonce: number | undefined;
}

/** What streams tell. Every message has a `type`. */

import type { Balance } from './accounts.ts';
import type { Decimal, SignedDecimal } from './common.ts';
import type { BookLevel, Kline, KlineInterval, Ticker, Touch, Trade } from './market-data.ts';
import type { Order, Side } from './orders.ts';
import type { SymbolStatus } from './symbols.ts';

/** What every stream can be told. */
export interface WatchOptions {
  /**
   * Ends the stream: a `next` that waits, or the next one, rejects with an `AbortError` whose `cause` is the signal's
   * reason, as `events.on` of Node does. What was fetched already is dropped, as by a stream of Node's that is
   * destroyed.
   */
  signal?: AbortSignal;
}

/**
 * What becomes of a lossless stream whose consumer is so slow that what it wants next is not remembered any more.
 * - `'gap'` (default): it is told what it has missed (see {@link Gap}), and goes on.
 * - `'close'`: it ends with `SLOW_CONSUMER`, whose `details.from` says where to resume. What is forgotten already when a
 *   stream begins does not end it: that is a gap.
 */
export type SlowPolicy = 'gap' | 'close';

/** How a book is watched. */
export interface WatchBookOptions extends WatchOptions {
  /** The best 1 to 20 levels of each side, or `'all'` of them; default 20. */
  levels?: number | 'all';
  /** With how many orders stand at each level; default no. */
  counts?: boolean;
  /** With a checksum of the best ten levels of each side; default no. */
  checksum?: boolean;
  /**
   * Milliseconds, 10 to 3,600,000, after which a consumer that was told nothing is told that nothing has changed; default:
   * never.
   */
  heartbeatMs?: number;
}

/** How trades are watched. */
export interface WatchTradesOptions extends WatchOptions {
  /** The first trade wanted, as far back as `history.tradesPerSymbol` reaches; default: the next one. */
  fromId?: number;
  /** If the consumer is too slow; default `'gap'`. */
  slow?: SlowPolicy;
}

/** What becomes of orders: whose, and from when on. */
export interface WatchExecutionsOptions extends WatchOptions {
  /** Whose; default: everybody's. */
  accountId?: number;
  /** Those of this record of the log and later ones, as far as they are remembered; default: from now on. */
  fromSeq?: number;
  /** If the consumer is too slow; default `'gap'`. */
  slow?: SlowPolicy;
}

/** Whose balances. */
export interface WatchBalancesOptions extends WatchOptions {
  /** Whose; default: everybody's. */
  accountId?: number;
  /** If the consumer is too slow; default `'gap'`. */
  slow?: SlowPolicy;
}

/** A price level: price, quantity, and with `counts` how many orders stand there. */
export type StreamLevel = [price: Decimal, quantity: Decimal, orders?: number];

/** What all messages about a book say. */
interface AboutBook {
  /** Of which symbol. */
  symbol: string;
  /** Which opening of the engine numbered it, in milliseconds since 1970: another one counts anew. */
  epoch: number;
  /** The book's sequence number: grows by one with every command that changes the book. */
  seq: number;
  /** When the book last changed, in milliseconds since 1970. */
  ts: number;
}

/** The levels that were asked for. Replaces everything. */
export interface BookStreamSnapshot extends AboutBook {
  type: 'snapshot';
  /** Best first: highest price first. */
  bids: StreamLevel[];
  /** Best first: lowest price first. */
  asks: StreamLevel[];
  /** With `checksum`: CRC32 of the best ten levels of each side. */
  checksum?: number;
}

/**
 * What has changed since the message before. It applies to what has the sequence number `prevSeq`; it brings all that
 * has happened up to `seq`, however much that is.
 */
export interface BookDelta extends AboutBook {
  type: 'delta';
  /** The `seq` of the message before. */
  prevSeq: number;
  /** Levels with the quantity they have now; zero: there is none any more. Best first. */
  bids: StreamLevel[];
  /** The same. */
  asks: StreamLevel[];
  /** With `checksum`: CRC32 of the best ten levels of each side, once this is applied. */
  checksum?: number;
}

/** Nothing has changed. */
export interface BookHeartbeat extends AboutBook {
  type: 'heartbeat';
  /** The `seq` of the message before: the same as `seq`. */
  prevSeq: number;
  /** None. */
  bids: StreamLevel[];
  /** None. */
  asks: StreamLevel[];
  /** With `checksum`: CRC32 of the best ten levels of each side. */
  checksum?: number;
}

/** What {@link Engine.watchBook} tells. */
export type BookMessage = BookStreamSnapshot | BookDelta | BookHeartbeat;

/** Best bid and offer, after the price or the quantity of one of them has changed. */
export interface BboMessage extends AboutBook, Touch {
  type: 'bbo';
  /** The best bid; null without one. */
  bid: BookLevel | null;
  /** The best ask; null without one. */
  ask: BookLevel | null;
}

/** A trade. */
export interface TradeMessage extends Trade {
  type: 'trade';
}

/** What one order that came in has traded at one price. */
export interface AggregateTradeMessage {
  type: 'aggregateTrade';
  /** Of which symbol. */
  symbol: string;
  /** The first trade. */
  firstTradeId: number;
  /** The last one. */
  lastTradeId: number;
  /** The price of all of them. */
  price: Decimal;
  /** How much base. */
  quantity: Decimal;
  /** How much quote. */
  quoteQuantity: Decimal;
  /** The side of the order that came in. */
  takerSide: Side;
  /** When. */
  ts: number;
  /** The symbol's book sequence of the command that made them. */
  bookSeq: number;
}

/**
 * What a consumer has missed because it was too slow: trades by their ids ({@link Engine.trades} still has the newest of
 * them), executions and balances by the records of the log.
 */
export interface Gap {
  type: 'gap';
  /** Of which symbol; absent where it is none's. */
  symbol?: string;
  /** Of which account; absent where it is none's. */
  accountId?: number;
  /** The first that was missed. */
  from: number;
  /** The last one. */
  to: number;
}

/** An order that rests in a book. */
export interface Level3Order {
  /** Its id. */
  orderId: number;
  /** Its price. */
  price: Decimal;
  /** What it shows. */
  quantity: Decimal;
}

/** Every order of a book. Replaces everything. */
export interface Level3Snapshot extends AboutBook {
  type: 'snapshot';
  /** Best price first, at each price in the order of time. */
  bids: Level3Order[];
  /** The same. */
  asks: Level3Order[];
}

/**
 * What happened to an order of a book.
 * - `'added'`: it stands at the back of its level, and shows `quantity` (an iceberg's next slice, too).
 * - `'executed'`: so much of what it shows was traded; if that is all of it, it stands there no longer.
 * - `'reduced'`: it shows so much less, without a trade, and keeps its place.
 * - `'removed'`: it was taken out; `quantity` is what it showed.
 */
export interface Level3Change extends AboutBook {
  type: 'added' | 'executed' | 'reduced' | 'removed';
  /** Which order. */
  orderId: number;
  /** Its side. */
  side: Side;
  /** Its price. */
  price: Decimal;
  /** How much. */
  quantity: Decimal;
}

/** What {@link Engine.watchLevel3} tells. */
export type Level3Message = Level3Snapshot | Level3Change;

/** What became of an order. */
export type ExecutionKind = 'NEW' | 'TRIGGERED' | 'TRADE' | 'PREVENTED' | 'AMENDED' | 'CANCELED' | 'EXPIRED';

/** A fill of an execution. */
export interface ExecutionFill {
  /** The trade. */
  tradeId: number;
  /** The maker's price. */
  price: Decimal;
  /** How much base. */
  quantity: Decimal;
  /** How much quote. */
  quoteQuantity: Decimal;
  /** What this order paid for it; negative is a rebate. */
  fee: SignedDecimal;
  /** The code of the asset that the fee is in. */
  feeAsset: string;
  /** Did this order rest (`'maker'`) or come in (`'taker'`)? */
  liquidity: 'maker' | 'taker';
}

/**
 * What became of an order.
 * - `'NEW'`: it was accepted and is open, or waits for its trigger; what it traded at once is in it.
 * - `'TRIGGERED'`: its trigger has come.
 * - `'TRADE'`: it traded, and is filled or still open.
 * - `'PREVENTED'`: a part of it was lost to self-trade prevention.
 * - `'AMENDED'`: it was changed.
 * - `'CANCELED'`, `'EXPIRED'`: it is closed; `order.reason` says why.
 */
export interface ExecutionMessage {
  type: 'execution';
  /** Whose. */
  accountId: number;
  /** Of which symbol. */
  symbol: string;
  /** What happened. */
  kind: ExecutionKind;
  /** The record of the log that caused it. */
  seq: number;
  /** When, in milliseconds since 1970. */
  ts: number;
  /** The order after it. */
  order: Order;
  /** Base traded in this step. */
  lastQuantity: Decimal;
  /** Quote traded in this step. */
  lastQuote: Decimal;
  /** The trades of this step. */
  fills: ExecutionFill[];
}

/** All open orders of the account; what comes behind it happened later. */
export interface ExecutionSnapshot {
  type: 'snapshot';
  /** Whose. */
  accountId: number;
  /** The newest record of the log that it shows. */
  seq: number;
  /** When, in milliseconds since 1970. */
  ts: number;
  /** By ascending id; those that wait for a trigger, too. */
  orders: Order[];
}

/** A balance that has changed. */
export interface BalanceMessage extends Balance {
  type: 'balance';
  /** Whose. */
  accountId: number;
  /** The newest record of the log that it shows. */
  seq: number;
  /** When, in milliseconds since 1970. */
  ts: number;
}

/** All balances of the account; what comes behind it happened later. */
export interface BalanceSnapshot {
  type: 'snapshot';
  /** Whose. */
  accountId: number;
  /** The newest record of the log that it shows. */
  seq: number;
  /** When, in milliseconds since 1970. */
  ts: number;
  /** By asset. */
  balances: Balance[];
}

/** The engine's own state, and how much room its disk has. */
export interface EngineStatusMessage {
  type: 'engine';
  /** What it is doing. */
  state: 'open' | 'closing' | 'closed' | 'halted';
  /** Is there room on the disk? See {@link JournalStats}. */
  room: 'plenty' | 'low' | 'full';
}

/** A symbol was added, changed or removed. */
export interface SymbolStatusMessage {
  type: 'symbol';
  /** Which. */
  symbol: string;
  /** Its status; null: it was removed. */
  status: SymbolStatus | null;
}

/** What {@link Engine.watchStatus} tells. */
export type StatusMessage = EngineStatusMessage | SymbolStatusMessage;

/** The last 24 hours. */
export interface TickerMessage extends Ticker {
  type: 'ticker';
}

/** A candle: the open one as it is now, or one that has closed. */
export interface KlineMessage extends Kline {
  type: 'kline';
  /** Of which symbol. */
  symbol: string;
  /** How long it is. */
  interval: KlineInterval;
}

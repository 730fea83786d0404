/** Books and trades. */

import type { Decimal, SignedDecimal } from './common.ts';
import type { Side } from './orders.ts';

/** One price level. */
export interface BookLevel {
  /** The price. */
  price: Decimal;
  /** Base resting there; of icebergs only what they show. */
  quantity: Decimal;
  /** Orders resting there. */
  orders: number;
  /** With `cumulative`: base from the best price to here. */
  cumulativeQuantity?: Decimal;
  /** With `cumulative`: quote from the best price to here. */
  cumulativeQuote?: Decimal;
}

/** What best bid and ask say together; all null while a side is empty. */
export interface Touch {
  /** Best ask - best bid. */
  spread: Decimal | null;
  /** The spread in basis points of the mid, two decimals, rounded half to even. */
  spreadBps: Decimal | null;
  /** (best bid + best ask) / 2, exact, with one decimal more than a price. */
  mid: Decimal | null;
}

/** A Level2 snapshot: the best levels of both sides. */
export interface BookSnapshot extends Touch {
  /** Of which symbol. */
  symbol: string;
  /** Grows by one with every command that changes the book. */
  seq: number;
  /** When the book last changed. */
  ts: number;
  /** Best first: highest price first. */
  bids: BookLevel[];
  /** Best first: lowest price first. */
  asks: BookLevel[];
}

/** Best bid and offer. */
export interface Bbo extends Touch {
  /** Of which symbol. */
  symbol: string;
  /** The book's sequence. */
  seq: number;
  /** When the book last changed. */
  ts: number;
  /** The best bid; null without one. */
  bid: BookLevel | null;
  /** The best ask; null without one. */
  ask: BookLevel | null;
}

/**
 * How long a candle is: seconds, minutes, hours, days, a week, a month (`1M`). All begin at whole units of UTC; weeks on
 * Monday, months on their first day, three days counted from 1970-01-01.
 */
export type KlineInterval =
  | '1s'
  | '1m'
  | '3m'
  | '5m'
  | '15m'
  | '30m'
  | '1h'
  | '2h'
  | '4h'
  | '6h'
  | '8h'
  | '12h'
  | '1d'
  | '3d'
  | '1w'
  | '1M';

/** A candle: what was traded within an interval. */
export interface Kline {
  /** Its first millisecond since 1970. */
  openTime: number;
  /** Its last millisecond: the next one's `openTime` - 1. */
  closeTime: number;
  /** The first trade's price; of a candle without trades this and the next three are the price before it. */
  open: Decimal;
  /** The highest price. */
  high: Decimal;
  /** The lowest price. */
  low: Decimal;
  /** The last trade's price. */
  close: Decimal;
  /** How much base was traded. */
  baseVolume: Decimal;
  /** How much quote was traded. */
  quoteVolume: Decimal;
  /** How many trades. */
  trades: number;
  /** How much base takers bought. */
  takerBuyBase: Decimal;
  /** How much quote takers bought it for. */
  takerBuyQuote: Decimal;
  /** The first trade; null without one. */
  firstTradeId: number | null;
  /** The last trade; null without one. */
  lastTradeId: number | null;
  /**
   * Is it over, and is no trade of it still on its way? It will not change any more then (unless the system's clock is
   * set back).
   */
  closed: boolean;
}

/** Which candles. */
export interface KlinesOptions {
  /** The first ones with an `openTime` from here on, in milliseconds since 1970; the newest ones without. */
  from?: number;
  /** None with a later `openTime`, in milliseconds since 1970. */
  to?: number;
  /** How many at most, 1 to 1,000; default 500. */
  limit?: number;
  /** With candles in which nothing was traded: they repeat the price before them. Default true. */
  fill?: boolean;
}

/** Which part of a history of candles. */
export interface KlineHistoryOptions {
  /** The first `openTime` wanted, or a time before it, in milliseconds; the symbol's first trade without. */
  from?: number;
  /** The last `openTime` wanted; now without. */
  to?: number;
  /** With candles in which nothing was traded: they repeat the price before them. Default true. */
  fill?: boolean;
}

/** The last 24 hours of a symbol, by whole minutes: 1,440 of them, the running one included. */
export interface Ticker {
  /** Of which symbol. */
  symbol: string;
  /** The first millisecond that counts. */
  openTime: number;
  /** When this was asked for. */
  closeTime: number;
  /** The first price of the 24 hours; null without a trade in them. */
  open: Decimal | null;
  /** The highest price; null without a trade. */
  high: Decimal | null;
  /** The lowest price; null without a trade. */
  low: Decimal | null;
  /** The last price, whenever that was; null before the first trade. */
  last: Decimal | null;
  /** Base of the last trade. */
  lastQuantity: Decimal | null;
  /** `last` - `open`; null without a trade. */
  change: SignedDecimal | null;
  /** `change` in percent of `open`, three decimals, rounded half to even. */
  changePercent: SignedDecimal | null;
  /** The volume-weighted average price, with four decimals more than a price, rounded half to even; null without a trade. */
  vwap: Decimal | null;
  /** How much base was traded. */
  baseVolume: Decimal;
  /** How much quote was traded. */
  quoteVolume: Decimal;
  /** The best bid; null without one. */
  bid: BookLevel | null;
  /** The best ask; null without one. */
  ask: BookLevel | null;
  /** The first trade; null without one. */
  firstTradeId: number | null;
  /** The last trade; null without one. */
  lastTradeId: number | null;
  /** How many trades. */
  count: number;
}

/** A trade of the public feed. */
export interface Trade {
  /** 1, 2, 3 ... per symbol, without holes. */
  tradeId: number;
  /** Of which symbol. */
  symbol: string;
  /** The maker's price. */
  price: Decimal;
  /** How much base. */
  quantity: Decimal;
  /** How much quote. */
  quoteQuantity: Decimal;
  /** The side of the order that came in. */
  takerSide: Side;
  /** When. */
  ts: number;
  /** The symbol's book sequence of the command that made it. */
  bookSeq: number;
}

/** A trade seen from one of its parties. */
export interface MyTrade {
  /** 1, 2, 3 ... per symbol: ids that are missing are trades of others. */
  tradeId: number;
  /** Of which symbol. */
  symbol: string;
  /** The account's order. */
  orderId: number;
  /** The order's side. */
  side: Side;
  /** The maker's price. */
  price: Decimal;
  /** How much base. */
  quantity: Decimal;
  /** How much quote. */
  quoteQuantity: Decimal;
  /** What the account paid; negative is a rebate. */
  fee: SignedDecimal;
  /** The code of the asset that the fee is in. */
  feeAsset: string;
  /** Did the order rest (`'maker'`) or come in (`'taker'`)? */
  liquidity: 'maker' | 'taker';
  /** When. */
  ts: number;
  /** The symbol's book sequence of the command that made it. */
  bookSeq: number;
}

/** Whose trades. */
export interface MyTradesFilter {
  /** Whose. */
  accountId: number;
  /** Of which symbol. */
  symbol: string;
  /** The first id wanted; the newest trades without. */
  fromId?: number;
  /** Trades at most, 1 to 1,000; default 100. */
  limit?: number;
}

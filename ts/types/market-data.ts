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

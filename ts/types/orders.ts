/**
 * Orders: what can be placed, what can be done with them, and what is answered.
 *
 * What never fits together is a type error here; everything else, and everything from callers without types, is
 * judged by the engine.
 */

import type {
  Decimal,
  DecimalInput,
  Fee,
  FeeRates,
  Idempotent,
  MaybeDuplicate,
  Money,
  SignedDecimal,
  Stamp,
} from './common.ts';
import type { LightningError } from '../errors.ts';

/** An order's side. */
export type Side = 'buy' | 'sell';

/** An order's type. */
export type OrderType =
  'limit' | 'market' | 'stop' | 'stop_limit' | 'take_profit' | 'take_profit_limit' | 'trailing_stop';

/**
 * How long an order may stay.
 * - `'GTC'`: until it is canceled.
 * - `'IOC'`: not at all; what does not trade at once expires.
 * - `'FOK'`: all of it trades at once, or nothing.
 * - `'GTD'`: until `expireAt`.
 * - `'DAY'`: until the end of the symbol's session.
 */
export type TimeInForce = 'GTC' | 'IOC' | 'FOK' | 'GTD' | 'DAY';

/**
 * Self-trade prevention: what happens where an order would trade with one of the same account, or of an account
 * of the same group. The incoming order's mode decides.
 * - `'NONE'`: they trade.
 * - `'EXPIRE_TAKER'`: the incoming order ends.
 * - `'EXPIRE_MAKER'`: the resting one ends, the incoming one goes on.
 * - `'EXPIRE_BOTH'`: both end.
 * - `'DECREMENT'`: both lose the quantity that would have traded.
 */
export type StpMode = 'NONE' | 'EXPIRE_TAKER' | 'EXPIRE_MAKER' | 'EXPIRE_BOTH' | 'DECREMENT';

/** What every order may say. */
interface OrderBase extends Idempotent {
  /** Whose. */
  accountId: number;
  /** On which symbol, by name. */
  symbol: string;
  /** Buy or sell. */
  side: Side;
  /** Self-trade prevention; default the symbol's. */
  stp?: StpMode;
  /**
   * Your name for it, 1 to 36 characters of `A-Z a-z 0-9 . _ : / -`, unique among the account's live orders
   * (`DUPLICATE_CLIENT_ORDER_ID`); free again when the order is closed.
   */
  clientOrderId?: string;
  /** Refused with `STALE_REQUEST` if it gets its turn later than this, in milliseconds since 1970. */
  validUntil?: number;
  /** Its own fee rates, instead of its account's or its symbol's. */
  fees?: FeeRates;
}

/** How long what may rest does so. */
type Lasting =
  | {
      /** `'GTC'` (default): until it is canceled. `'DAY'`: until the end of the symbol's session. */
      timeInForce?: 'GTC' | 'DAY';
      expireAt?: never;
    }
  | {
      /** `'GTD'`: until `expireAt`. */
      timeInForce: 'GTD';
      /** When it expires, in milliseconds since 1970; in the future (`INVALID_EXPIRY`). */
      expireAt: number;
    };

/** For what does not rest: all that trades at once, or (`'FOK'`) everything or nothing. */
interface Immediate {
  /** `'IOC'`: what does not trade at once expires. `'FOK'`: all of it trades at once, or nothing does. */
  timeInForce: 'IOC' | 'FOK';
  expireAt?: never;
  displayQuantity?: never;
}

/** What an order that rests can show of itself. */
interface Iceberg {
  /**
   * Shows only so much at a time (an iceberg): a slice that has traded is replaced by the next one at the back of
   * its price level. At most the quantity (`QTY_RANGE`), in not too many slices (`ICEBERG_PARTS`).
   */
  displayQuantity?: DecimalInput;
}

/** A limit price and a quantity. */
interface Limited {
  /** The worst price to trade at. A better one is taken where it is offered. */
  price: DecimalInput;
  /** How much base. */
  quantity: DecimalInput;
  quoteQuantity?: never;
  maxQuote?: never;
  protectionBps?: never;
}

/**
 * Trades at `price` or better; what is left rests in the book, unless `timeInForce` says otherwise.
 *
 * @throws {@link LightningError} `POST_ONLY_WOULD_CROSS`, `PRICE_BAND`, `NOTIONAL_RANGE`, `INSUFFICIENT_BALANCE`,
 * and what {@link Engine.placeOrder} says of all orders.
 *
 * @example
 * ```ts
 * const order = await engine.placeOrder({
 *   accountId: 1, symbol: 'BTC-USDT', side: 'buy', type: 'limit', price: '100', quantity: '2', postOnly: true,
 * });
 * console.log(order.status, order.reserved); // NEW { asset: 'USDT', amount: '200.000000' }
 * ```
 */
export type LimitOrder = OrderBase &
  Limited & {
    /** Trades at `price` or better. */
    type: 'limit';
  } & NoTrigger &
  (
    | (Lasting &
        Iceberg & {
          /** Only as a maker: refused with `POST_ONLY_WOULD_CROSS` if it would trade at once. */
          postOnly?: boolean;
        })
    | (Immediate & { postOnly?: false })
  );

/** What only conditional orders have. */
interface NoTrigger {
  triggerPrice?: never;
  trailBps?: never;
  trailAmount?: never;
  activationPrice?: never;
}

/** What only orders with a limit price have. */
interface AtMarket {
  /**
   * Trades at most so far from the best opposite price at entry, 1 to 9,999 basis points; what is left expires with
   * `PRICE_PROTECTION`. The symbol's `marketProtectionBps` counts besides.
   */
  protectionBps?: number;
  price?: never;
  postOnly?: false;
  displayQuantity?: never;
  expireAt?: never;
}

/** By base quantity. */
interface ByQuantity {
  /** How much base to trade. */
  quantity: DecimalInput;
  quoteQuantity?: never;
}

/** By quote amount. */
interface ByQuote {
  quantity?: never;
  maxQuote?: never;
  /** How much quote to spend (buy) or to raise (sell): in whole lots, and never more than this. */
  quoteQuantity: DecimalInput;
}

/**
 * Trades at whatever the book offers; never rests.
 *
 * A buy by `quantity`, and a sell by `quoteQuantity`, need the book to tell what they cost: the whole available
 * balance of the asset they give (or `maxQuote`) is reserved while the order runs, and what it did not need is
 * released with it. Reads don't show that reservation, but other orders of the account that arrive in between may
 * find too little available: await one before the next. By `quoteQuantity`, no more than the symbol's
 * `maxQuantity` is traded, and `minQuantity` is not looked at.
 *
 * @throws {@link LightningError} `INSUFFICIENT_BALANCE` if the book's offers cost more than is available,
 * `NOTIONAL_RANGE` if `quoteQuantity` pays for no lot, and what {@link Engine.placeOrder} says of all orders.
 *
 * @example
 * ```ts
 * const order = await engine.placeOrder({
 *   accountId: 1, symbol: 'BTC-USDT', side: 'buy', type: 'market', quantity: '2', maxQuote: '250',
 * });
 * console.log(order.status, order.reason); // EXPIRED BUDGET_EXHAUSTED
 * ```
 */
export type MarketOrder = OrderBase & {
  /** Trades at whatever the book offers. */
  type: 'market';
  /** `'IOC'` (default): what does not trade at once expires. `'FOK'`: all of it trades at once, or nothing. */
  timeInForce?: 'IOC' | 'FOK';
} & AtMarket &
  NoTrigger &
  (
    | (ByQuantity & {
        side: 'buy';
        /** Spends at most so much quote, fees included; what is left then expires with `BUDGET_EXHAUSTED`. */
        maxQuote?: DecimalInput;
      })
    | (ByQuantity & { maxQuote?: never })
    | ByQuote
  );

/** The end of a conditional order that becomes a market order. */
type TriggeredMarket = AtMarket & {
  /** A triggered market order is IOC, which can't be said. */
  timeInForce?: never;
} & (
    | (ByQuantity & {
        side: 'buy';
        /** The budget, which is reserved while the order waits. */
        maxQuote: DecimalInput;
      })
    | (ByQuantity & { side: 'sell'; maxQuote?: never })
    | (ByQuote & { side: 'buy' })
  );

/** The end of a conditional order that becomes a limit order. */
type TriggeredLimit = Limited & { postOnly?: false } & ((Lasting & Iceberg) | Immediate);

/** What a stop or take-profit order waits for. */
interface AtTrigger {
  /** The last trade price that it waits for. */
  triggerPrice: DecimalInput;
  trailBps?: never;
  trailAmount?: never;
  activationPrice?: never;
}

/**
 * Waits until the last price moves against the position, to the trigger or beyond (a buy: up; a sell: down), and
 * then trades at market. Its funds are reserved while it waits; until then its status is `PENDING_TRIGGER`.
 *
 * @throws {@link LightningError} `WOULD_TRIGGER_IMMEDIATELY`, `NO_REFERENCE_PRICE` before the symbol's first trade,
 * `MISSING_FIELD` for a buy by quantity without `maxQuote`.
 *
 * @example
 * ```ts
 * const order = await engine.placeOrder({
 *   accountId: 1, symbol: 'BTC-USDT', side: 'sell', type: 'stop', triggerPrice: '95', quantity: '2',
 * });
 * console.log(order.status, order.triggerPrice); // PENDING_TRIGGER 95.00
 * ```
 */
export type StopOrder = OrderBase & {
  /** Waits for the price to move against the position, then trades at market. */
  type: 'stop';
} & AtTrigger &
  TriggeredMarket;

/**
 * Waits like a {@link StopOrder}, and then becomes a limit order with `price`. Its time in force counts from then on.
 *
 * @throws {@link LightningError} as for a {@link StopOrder} and a {@link LimitOrder}.
 *
 * @example
 * ```ts
 * const order = await engine.placeOrder({
 *   accountId: 1, symbol: 'BTC-USDT', side: 'sell', type: 'stop_limit',
 *   triggerPrice: '95', price: '94.50', quantity: '2', timeInForce: 'DAY',
 * });
 * console.log(order.status, order.reserved); // PENDING_TRIGGER { asset: 'BTC', amount: '2.00000000' }
 * ```
 */
export type StopLimitOrder = OrderBase & {
  /** Waits for the price to move against the position, then is a limit order. */
  type: 'stop_limit';
} & AtTrigger &
  TriggeredLimit;

/**
 * Waits until the last price moves in favor, to the trigger or beyond (a buy: down; a sell: up), and then trades at
 * market.
 *
 * @throws {@link LightningError} as for a {@link StopOrder}.
 *
 * @example
 * ```ts
 * const order = await engine.placeOrder({
 *   accountId: 1, symbol: 'BTC-USDT', side: 'buy', type: 'take_profit', triggerPrice: '80', quoteQuantity: '500',
 * });
 * console.log(order.status, order.reserved); // PENDING_TRIGGER { asset: 'USDT', amount: '500.000000' }
 * ```
 */
export type TakeProfitOrder = OrderBase & {
  /** Waits for the price to move in favor, then trades at market. */
  type: 'take_profit';
} & AtTrigger &
  TriggeredMarket;

/**
 * Waits like a {@link TakeProfitOrder}, and then becomes a limit order with `price`.
 *
 * @throws {@link LightningError} as for a {@link StopOrder} and a {@link LimitOrder}.
 *
 * @example
 * ```ts
 * const order = await engine.placeOrder({
 *   accountId: 1, symbol: 'BTC-USDT', side: 'sell', type: 'take_profit_limit',
 *   triggerPrice: '110', price: '109', quantity: '2',
 * });
 * console.log(order.status); // PENDING_TRIGGER
 * ```
 */
export type TakeProfitLimitOrder = OrderBase & {
  /** Waits for the price to move in favor, then is a limit order. */
  type: 'take_profit_limit';
} & AtTrigger &
  TriggeredLimit;

/**
 * A stop whose trigger follows the best last price since it was placed (or since `activationPrice` was reached) at a
 * distance, and never goes back. Then it trades at market; with `price`, it becomes a limit order.
 *
 * @throws {@link LightningError} `TRAILING_RANGE` for a distance outside the symbol's bounds, `NO_REFERENCE_PRICE`
 * before the symbol's first trade.
 *
 * @example
 * ```ts
 * const order = await engine.placeOrder({
 *   accountId: 1, symbol: 'BTC-USDT', side: 'sell', type: 'trailing_stop', trailBps: 250, quantity: '2',
 * });
 * console.log(order.status, order.trailBps); // PENDING_TRIGGER 250
 * ```
 */
export type TrailingStopOrder = OrderBase & {
  /** A stop that follows the price. */
  type: 'trailing_stop';
  triggerPrice?: never;
  /** Begins to follow when the last price has reached this (a sell: from below; a buy: from above); at once without. */
  activationPrice?: DecimalInput;
} & (
    | {
        /** How far behind the best price, 1 to 9,999 basis points of it, within the symbol's `trailBps`. */
        trailBps: number;
        trailAmount?: never;
      }
    | {
        trailBps?: never;
        /** How far behind the best price, on the price grid. */
        trailAmount: DecimalInput;
      }
  ) &
  (TriggeredMarket | TriggeredLimit);

/** An order to place. */
export type NewOrder =
  | LimitOrder
  | MarketOrder
  | StopOrder
  | StopLimitOrder
  | TakeProfitOrder
  | TakeProfitLimitOrder
  | TrailingStopOrder;

/**
 * A pair of orders of which one cancels the other: a limit order that takes a profit, and a stop that ends a loss.
 * A sell needs `limit.price > last price > stop.triggerPrice`, a buy the reverse (`OCO_BAD_PRICES`). They share one
 * reservation and count as two open orders.
 *
 * @example
 * ```ts
 * const pair = await engine.placeOco({
 *   accountId: 1, symbol: 'BTC-USDT', side: 'sell', quantity: '2',
 *   limit: { price: '110' }, stop: { triggerPrice: '95', price: '94.50' },
 * });
 * console.log(pair.limit.status, pair.stop.status); // NEW PENDING_TRIGGER
 * ```
 */
export type NewOco = Omit<OrderBase, 'clientOrderId'> &
  Lasting & {
    /** How much base, for both. */
    quantity: DecimalInput;
    /** The limit leg. */
    limit: {
      /** Its limit price. */
      price: DecimalInput;
      /** Only as a maker. */
      postOnly?: boolean;
      /** Your name for it. */
      clientOrderId?: string;
    };
    /** The stop leg; without `price` it trades at market when it is triggered, and a buy needs `maxQuote`. */
    stop: {
      /** The last trade price that it waits for. */
      triggerPrice: DecimalInput;
      /** Its limit price when it is triggered. */
      price?: DecimalInput;
      /** The budget of a buy without `price`. */
      maxQuote?: DecimalInput;
      /** Your name for it. */
      clientOrderId?: string;
    };
  };

/**
 * Where an order stands: `PENDING_TRIGGER`, `NEW` and `PARTIALLY_FILLED` are open, the others closed for good.
 */
export type OrderStatus = 'PENDING_TRIGGER' | 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'EXPIRED';

/**
 * Why an order was canceled.
 * - `USER`: its owner asked. `MASS`: for many at once. `DEADMAN`: its owner's dead-man timer ran out.
 * - `OCO_SIBLING`: the other order of its pair traded, was triggered or was closed.
 * - `REPLACED`: by a cancel-replace.
 * - `ADMIN`: the operator asked. `SYMBOL_CLOSED`: its symbol was closed or removed.
 */
export type CancelReason =
  'USER' | 'MASS' | 'DEADMAN' | 'OCO_SIBLING' | 'REPLACED' | 'ADMIN' | 'SYMBOL_CLOSED';

/**
 * Why an order expired.
 * - `IOC_REMAINDER`: an IOC order, and this much did not trade at once.
 * - `FOK_UNFILLABLE`: a FOK order that could not trade wholly.
 * - `INSUFFICIENT_LIQUIDITY`: a market order, and the book ran out.
 * - `BUDGET_EXHAUSTED`: a market order, and its `maxQuote` paid for no more.
 * - `PRICE_PROTECTION`: a market order, and the next price was too far from the first.
 * - `GTD_EXPIRED`, `SESSION_END`: its time had come.
 * - `TRIGGER_REJECTED`: its trigger came when it could not be executed.
 * - `STP`: it met an order of its own account or group.
 */
export type ExpireReason =
  | 'IOC_REMAINDER'
  | 'FOK_UNFILLABLE'
  | 'INSUFFICIENT_LIQUIDITY'
  | 'BUDGET_EXHAUSTED'
  | 'PRICE_PROTECTION'
  | 'GTD_EXPIRED'
  | 'SESSION_END'
  | 'TRIGGER_REJECTED'
  | 'STP';

/** Why an order was canceled or expired. */
export type StatusReason = CancelReason | ExpireReason;

/** One trade of an order, seen from the order. */
export interface Fill {
  /** The trade. */
  tradeId: number;
  /** The maker's price. */
  price: Decimal;
  /** How much base. */
  quantity: Decimal;
  /** How much quote. */
  quoteQuantity: Decimal;
  /** What the order paid for it; negative is a rebate. */
  fee: SignedDecimal;
  /** The code of the asset that the fee is in. */
  feeAsset: string;
  /** `'taker'`: the order came in and took it. */
  liquidity: 'taker';
}

/** What only some orders have; absent from all others. */
export interface OrderExtras {
  /** The client's name for it. */
  clientOrderId?: string;
  /** The last trade price that it waits for, or waited for. */
  triggerPrice?: Decimal;
  /** How far its trigger follows, in basis points. */
  trailBps?: number;
  /** How far its trigger follows. */
  trailAmount?: Decimal;
  /** Where its trigger begins to follow. */
  activationPrice?: Decimal;
  /** What it may spend, fees included. */
  maxQuote?: Decimal;
  /** How far it may trade from the best opposite price at entry, in basis points. */
  protectionBps?: number;
  /** What it shows at a time. */
  displayQuantity?: Decimal;
  /** When it expires; of a DAY order the end of its session. */
  expireAt?: number;
  /** The pair that it belongs to. */
  listId?: number;
  /** The other order of its pair. */
  siblingOrderId?: number;
}

/** An order as it stands. `quantity` = `filledQuantity` + `preventedQuantity` + `openQuantity` + what was canceled or expired. */
export interface Order extends OrderExtras {
  /** Its id, unique in the engine. */
  orderId: number;
  /** Whose. */
  accountId: number;
  /** On which symbol. */
  symbol: string;
  /** Buy or sell. */
  side: Side;
  /** Its type; it keeps it when it is triggered. */
  type: OrderType;
  /** How long it stays; of a market order `'IOC'` or `'FOK'`. */
  timeInForce: TimeInForce;
  /** Only as a maker? */
  postOnly: boolean;
  /** Its mode of self-trade prevention. */
  stp: StpMode;
  /** Where it stands. */
  status: OrderStatus;
  /** Why it was canceled or expired. */
  reason: StatusReason | null;
  /** Its limit price; null for one that trades at market. */
  price: Decimal | null;
  /** The base quantity asked for; null for orders by quote. */
  quantity: Decimal | null;
  /** The quote amount asked for; null for orders by quantity. */
  quoteQuantity: Decimal | null;
  /** Base traded. */
  filledQuantity: Decimal;
  /** Quote traded. */
  filledQuote: Decimal;
  /**
   * Average price of its fills, with four decimals more than a price, rounded half to even; for people to look
   * at, not to calculate with (`filledQuote` is exact). Null without a fill.
   */
  averagePrice: Decimal | null;
  /** Base that may still trade; hidden quantity of an iceberg included. */
  openQuantity: Decimal;
  /** Base lost to self-trade prevention. */
  preventedQuantity: Decimal;
  /** Fees paid, net of rebates. */
  fee: Fee;
  /** What is still reserved for it; the limit order of a pair holds the reservation of both. */
  reserved: Money;
  /** When it was accepted. */
  createdAt: number;
  /** When it last changed. */
  updatedAt: number;
}

/** An order that is over, as it was in the end. */
export interface ClosedOrder extends Order {
  /** The record of the log that closed it. */
  seq: number;
}

/** An accepted order after everything that it did at once. */
export interface OrderResult extends Omit<Order, 'createdAt' | 'updatedAt'>, Stamp {
  /** Its trades, in the order they happened. */
  fills: Fill[];
  /** The symbol's book sequence after it. */
  bookSeq: number;
}

/** What an order would do, were it placed now. */
export interface TestResult {
  /** On which symbol. */
  symbol: string;
  /** Buy or sell. */
  side: Side;
  /** Its type. */
  type: OrderType;
  /** Where it would stand. */
  status: OrderStatus;
  /** Why it would expire. */
  reason: StatusReason | null;
  /** Base it would trade at once. */
  filledQuantity: Decimal;
  /** Quote it would trade at once. */
  filledQuote: Decimal;
  /** Average price of that; null without a fill. */
  averagePrice: Decimal | null;
  /** Fees it would pay for that. */
  fee: Fee;
  /** What would stay reserved for it. */
  reserved: Money;
  /** The newest record of the engine's log that this is based on. */
  seq: number;
  /** When. */
  ts: number;
}

/** Both orders of a pair. If the limit order traded at once, the stop is closed (`OCO_SIBLING`). */
export interface OcoResult extends Stamp {
  /** The pair's id. */
  listId: number;
  /** On which symbol. */
  symbol: string;
  /** The limit order, which holds the reservation of both. */
  limit: OrderResult;
  /** The stop. */
  stop: OrderResult;
}

/** An order, by one of its two names. */
export type OrderRef =
  | {
      /** Its id. */
      orderId: number;
      clientOrderId?: never;
    }
  | {
      orderId?: never;
      /** The client's name for it; only live orders can be found by it. */
      clientOrderId: string;
    };

/** Which order to cancel. */
export type CancelRequest = OrderRef &
  Idempotent & {
    /** Its owner. Nobody else can cancel it: for others it does not exist. */
    accountId: number;
    /** Only if it is on this symbol (`UNKNOWN_ORDER`). */
    symbol?: string;
    /** Only in this state (`CANCEL_RESTRICTED`): `'NEW'`, nothing filled; `'PARTIALLY_FILLED'`, something. */
    onlyIf?: 'NEW' | 'PARTIALLY_FILLED';
  };

/** A canceled order. */
export interface CanceledOrder {
  /** Its id. */
  orderId: number;
  /** On which symbol it was. */
  symbol: string;
  /** Its side. */
  side: Side;
  /** Always `'CANCELED'`. */
  status: 'CANCELED';
  /** Base that will not trade; zero for an order by quote. */
  canceledQuantity: Decimal;
  /** What went back to available: all that was still reserved. */
  released: Money;
  /** The other order of its pair, which was canceled with it. */
  siblingOrderId?: number;
  /** The symbol's book sequence after it. */
  bookSeq: number;
}

/** A canceled order, and where in the log that is. */
export interface CancelResult extends CanceledOrder, Stamp {}

/** How to amend an order: a new quantity, a new price, or both. */
export type AmendRequest = OrderRef &
  Idempotent & {
    /** Its owner. */
    accountId: number;
    /** On which symbol it is. */
    symbol: string;
    /** The new limit price. */
    price?: DecimalInput;
  } & (
    | {
        /** The new **total** quantity, what is filled already included; above that (`QTY_BELOW_FILLED`). */
        quantity?: DecimalInput;
        reduceBy?: never;
      }
    | {
        quantity?: never;
        /** So much less; less than what is open (`QTY_BELOW_FILLED`). */
        reduceBy: DecimalInput;
      }
  );

/**
 * An amended order. `filledQuantity`, `filledQuote`, `averagePrice`, `preventedQuantity`, `fee` and `fills` are those
 * of the amend alone: of an order that came in again and traded. `quantity` = `doneBefore` + `filledQuantity` +
 * `preventedQuantity` + `openQuantity` + what expired.
 */
export interface AmendResult extends OrderResult {
  /** Base that was filled or prevented before the amend. */
  doneBefore: Decimal;
  /** Did it keep its place in the queue? Only if nothing but its quantity changed, and that downwards. */
  priorityKept: boolean;
}

/** `Omit` for each member of a union by itself. */
type OmitEach<Union, Keys extends PropertyKey> = Union extends unknown ? Omit<Union, Keys> : never;

/** The order that a cancel-replace places. */
export type ReplacementOrder = OmitEach<NewOrder, 'accountId' | 'requestId' | 'requestLane'>;

/** A cancel, and an order in its place. */
export interface ReplaceRequest extends Idempotent {
  /** Whose. */
  accountId: number;
  /** The order that goes. */
  cancel: OrderRef & {
    /** Only in this state (`CANCEL_RESTRICTED`). */
    onlyIf?: 'NEW' | 'PARTIALLY_FILLED';
  };
  /** The order that comes; on the same symbol. */
  place: ReplacementOrder;
  /**
   * What if a half fails.
   * - `'STOP_ON_FAILURE'` (default): if the cancel fails, nothing is placed.
   * - `'ALLOW_FAILURE'`: places the order whatever came of the cancel.
   * - `'ATOMIC'`: both or nothing.
   */
  mode?: 'STOP_ON_FAILURE' | 'ALLOW_FAILURE' | 'ATOMIC';
}

/** A cancel-replace of which both halves succeeded. */
export interface ReplaceResult extends Stamp {
  /** The order that went. */
  canceled: CanceledOrder;
  /** The order that came. */
  placed: OrderResult;
}

/** What came of one item of several. */
export type BatchItem<Result> =
  | {
      /** It was done. */
      ok: true;
      /** Its result. */
      result: Result;
    }
  | {
      /** It was refused. */
      ok: false;
      /** Why. */
      error: LightningError;
    };

/** Which orders to cancel. */
export interface CancelAllRequest extends Idempotent {
  /** Whose. */
  accountId: number;
  /** Only those on this symbol. */
  symbol?: string;
  /** Only those of this side. */
  side?: Side;
  /** Only those whose client order id begins like this. */
  clientOrderIdPrefix?: string;
}

/** Orders that were canceled together. */
export interface MassCancel {
  /** The orders, in the order of acceptance; none if none matched. */
  orders: CanceledOrder[];
  /** What went back to available, per asset. */
  released: Money[];
}

/** A mass cancel. */
export interface CancelAllResult extends MassCancel, Stamp {}

/** What the operator canceled. */
export interface SymbolCancelResult extends MassCancel, MaybeDuplicate {}

/** Which open orders. */
export interface OpenOrdersFilter {
  /** Whose; everybody's without. */
  accountId?: number;
  /** Of which symbol; of all without. */
  symbol?: string;
  /** Only those with higher ids: the last one of the page before. */
  afterId?: number;
  /** At most so many, 1 to 10,000; default 10,000. */
  limit?: number;
}

/** Which closed orders. */
export interface OrdersFilter {
  /** Whose. */
  accountId: number;
  /** Of which symbol; of all without. */
  symbol?: string;
  /** Where the page before ended: its `next`. */
  cursor?: number;
  /** At most so many, 1 to 1,000; default 100. */
  limit?: number;
}

/** Which part of an account's history. */
export interface OrderHistoryOptions {
  /** Of which symbol; of all without. */
  symbol?: string;
  /** Closed by this record of the log, or a later one. */
  fromSeq?: number;
  /** Closed by this record of the log, or an earlier one; default the newest. */
  toSeq?: number;
}

/** A page of closed orders. */
export interface OrdersPage {
  /** The orders, the last closed first. */
  orders: Order[];
  /** The cursor of the next page; null if this was the last. */
  next: number | null;
}

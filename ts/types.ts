/**
 * The vocabulary of the public API: what goes in and what comes out.
 *
 * Decimals are strings at a fixed number of decimals (a price has its tick's, a quantity its lot's, an amount
 * its asset's), ids and sequence numbers are numbers below 2^53, times are milliseconds since 1970.
 */

/** A decimal number as text, for instance `'0.10'`. Never a float: money is exact here. */
export type Decimal = string;

/**
 * A decimal going in: a string of plain digits, or a number that is exact. A number counts as what it prints
 * as, so `0.1` is exactly 0.1; one of more than 15 digits is refused (but for integers up to 2^53), so
 * `0.1 + 0.2` (0.30000000000000004) is.
 */
export type DecimalInput = string | number;

/** How an engine is opened. Everything has a default. */
export interface EngineConfig {
  /**
   * Where the shards run.
   * - `'auto'` (default): threads of their own, as many as the cores suggest.
   * - `'inline'`: in the calling thread. No hand-off between threads: the lowest latency for one caller, and
   *   the same results for the same calls, always. For backtests, tests and simulators.
   * - an object: so many shards of each kind, 1 to 10; with `inline: true` in the calling thread all the same.
   */
  threads?: 'auto' | 'inline' | { sequencers?: number; matchers?: number; inline?: boolean };
  /** What is kept for reading back. */
  history?: {
    /** Public trades per symbol; default 10,000. */
    tradesPerSymbol?: number;
    /** Closed orders per sequencer; default 100,000. Older ones answer `UNKNOWN_ORDER`. */
    closedOrders?: number;
  };
  /** What bounds memory. */
  limits?: {
    /** Calls in flight, 1 to 1,048,576; the next one is refused with `BUSY`. Default 65,536. */
    inFlight?: number;
    /**
     * Open orders per account; the next order is refused with `TOO_MANY_OPEN_ORDERS`, market orders included.
     * Default 10,000.
     */
    openOrdersPerAccount?: number;
  };
}

/** An asset to create. */
export interface NewAsset {
  /** 1 to 32 characters of `A-Z a-z 0-9 . _ : / -`, for instance `'BTC'`. */
  code: string;
  /** Decimals of an amount, 0 to 18. Its smallest unit, 10^-scale, is called an atom. */
  scale: number;
}

/** An asset. */
export interface Asset {
  /** Its number, from 0 in the order of creation. */
  id: number;
  /** Its name. */
  code: string;
  /** Decimals of an amount. */
  scale: number;
}

/** A symbol to create. `tickSize * lotSize` must be a whole number of quote atoms, so that no trade rounds. */
export interface NewSymbol {
  /** 1 to 32 characters of `A-Z a-z 0-9 . _ : / -`, for instance `'BTC-USDT'`. */
  name: string;
  /** Code of the asset that is bought and sold. */
  base: string;
  /** Code of the asset that it is paid with. */
  quote: string;
  /** Prices are multiples of this, in quote per base. */
  tickSize: DecimalInput;
  /** Quantities are multiples of this, in base. */
  lotSize: DecimalInput;
  /** Lowest limit price; default one tick. */
  minPrice?: DecimalInput;
  /** Highest limit price; default 10^12 ticks. `maxPrice * maxQuantity` must stay below 2^96 quote atoms. */
  maxPrice?: DecimalInput;
  /** Smallest order; default one lot. What is left of an order may be smaller and rest. */
  minQuantity?: DecimalInput;
  /** Largest order; default as large as the amounts allow, at most 10^15 lots. */
  maxQuantity?: DecimalInput;
  /** Smallest price x quantity of a limit order, and smallest `quoteQuantity`; default none. */
  minNotional?: DecimalInput;
}

/** A symbol with its rules. */
export interface SymbolInfo {
  /** Its number, from 0 in the order of creation. */
  id: number;
  /** Its name. */
  name: string;
  /** What is bought and sold. */
  base: string;
  /** What it is paid with. */
  quote: string;
  /** Price grid. */
  tickSize: Decimal;
  /** Quantity grid. */
  lotSize: Decimal;
  /** Lowest limit price. */
  minPrice: Decimal;
  /** Highest limit price. */
  maxPrice: Decimal;
  /** Smallest order. */
  minQuantity: Decimal;
  /** Largest order. */
  maxQuantity: Decimal;
  /** Smallest price x quantity; zero for no such rule. */
  minNotional: Decimal;
  /** Decimals of a price. */
  priceScale: number;
  /** Decimals of a quantity. */
  quantityScale: number;
  /** Decimals of a base amount. */
  baseScale: number;
  /** Decimals of a quote amount. */
  quoteScale: number;
}

/** A deposit or a withdrawal. */
export interface FundsRequest {
  /** Whose: 1 to 2^53 - 1, your own numbering. The first deposit makes the account. */
  accountId: number;
  /** The asset's code. */
  asset: string;
  /** How much; more than zero. */
  amount: DecimalInput;
}

/** An account's money of one asset. `total` = `available` + `frozen`. */
export interface Balance {
  /** The asset's code. */
  asset: string;
  /** All of it. */
  total: Decimal;
  /** Free to withdraw or to order with. */
  available: Decimal;
  /** Reserved for open orders. */
  frozen: Decimal;
}

/** The balance after a deposit or a withdrawal. */
export interface BalanceChange extends Balance {
  /** Whose. */
  accountId: number;
  /** The change's place in the engine's log. */
  seq: number;
  /** When. */
  ts: number;
}

/** An order's side. */
export type Side = 'buy' | 'sell';

/** The order types that are built. */
export type OrderType = 'limit' | 'market';

/** How long an order may rest. */
export type TimeInForce = 'GTC';

/** What every order says. */
interface OrderBase {
  /** Whose. */
  accountId: number;
  /** On which symbol, by name. */
  symbol: string;
  /** Buy or sell. */
  side: Side;
}

/** Trades at `price` or better; what is left rests in the book until it is canceled. */
export interface LimitOrder extends OrderBase {
  type: 'limit';
  /** The worst price to trade at. A better one is taken where it is offered. */
  price: DecimalInput;
  /** How much base. */
  quantity: DecimalInput;
  /** `'GTC'`, good till canceled; the only one built yet. */
  timeInForce?: TimeInForce;
}

/**
 * Trades at whatever the book offers; never rests.
 *
 * A buy by `quantity`, and a sell by `quoteQuantity`, need the book to tell what they cost: the whole available
 * balance of the asset they give is reserved while the order runs, and what it did not need is released with
 * it. Reads don't show that reservation, but other orders of the account that arrive in between may find too
 * little available: await one before the next. By `quoteQuantity`, no more than `maxQuantity` is traded, and
 * `minQuantity` is not looked at.
 */
export type MarketOrder = OrderBase & { type: 'market' } & (
    | {
        /** How much base to trade. */
        quantity: DecimalInput;
        quoteQuantity?: never;
      }
    | {
        quantity?: never;
        /** How much quote to spend (buy) or to raise (sell): in whole lots, and never more than this. */
        quoteQuantity: DecimalInput;
      }
  );

/** An order to place. */
export type NewOrder = LimitOrder | MarketOrder;

/** Where an order stands. */
export type OrderStatus = 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'EXPIRED';

/** Why an order was canceled or expired. */
export type StatusReason = 'USER' | 'INSUFFICIENT_LIQUIDITY';

/** An amount of an asset. */
export interface Money {
  /** The asset's code. */
  asset: string;
  /** How much. */
  amount: Decimal;
}

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
  /** `'taker'`: the order came in and took it. */
  liquidity: 'taker';
}

/** An order as it stands. */
export interface Order {
  /** Its id, unique in the engine. */
  orderId: number;
  /** Whose. */
  accountId: number;
  /** On which symbol. */
  symbol: string;
  /** Buy or sell. */
  side: Side;
  /** Limit or market. */
  type: OrderType;
  /** `'GTC'` for limit orders; market orders have none. */
  timeInForce: TimeInForce | null;
  /** Where it stands. */
  status: OrderStatus;
  /** Why it was canceled or expired. */
  reason: StatusReason | null;
  /** Its limit price; none for market orders. */
  price: Decimal | null;
  /** The base quantity asked for; none for orders by quote. */
  quantity: Decimal | null;
  /** The quote amount asked for; none for orders by quantity. */
  quoteQuantity: Decimal | null;
  /** Base traded. `quantity` = `filledQuantity` + `openQuantity` + what was canceled or expired. */
  filledQuantity: Decimal;
  /** Quote traded. */
  filledQuote: Decimal;
  /**
   * Average price of its fills, with four decimals more than a price, rounded half to even; for people to look
   * at, not to calculate with (`filledQuote` is exact). None without a fill.
   */
  averagePrice: Decimal | null;
  /** Base that still rests in the book. */
  openQuantity: Decimal;
  /** What is still reserved for it. */
  reserved: Money;
  /** When it was accepted. */
  createdAt: number;
  /** When it last changed. */
  updatedAt: number;
}

/** An accepted order after everything that it did at once. */
export interface OrderResult extends Omit<Order, 'createdAt' | 'updatedAt'> {
  /** Resting (`NEW`, `PARTIALLY_FILLED`), done (`FILLED`), or given up by its own terms (`EXPIRED`). */
  status: 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'EXPIRED';
  /** Its trades, in the order they happened. */
  fills: Fill[];
  /** The order's place in the engine's log. */
  seq: number;
  /** The symbol's book sequence after it. */
  bookSeq: number;
  /** When. */
  ts: number;
}

/** Which order to cancel. */
export interface CancelRequest {
  /** Its owner. Nobody else can cancel it: for others it does not exist. */
  accountId: number;
  /** Its id. */
  orderId: number;
}

/** A canceled order. */
export interface CancelResult {
  /** Its id. */
  orderId: number;
  /** On which symbol it was. */
  symbol: string;
  /** Its side. */
  side: Side;
  /** Always `'CANCELED'`. */
  status: 'CANCELED';
  /** Base that will not trade. */
  canceledQuantity: Decimal;
  /** What went back to available: all that was still reserved. */
  released: Money;
  /** The cancel's place in the engine's log. */
  seq: number;
  /** The symbol's book sequence after it. */
  bookSeq: number;
  /** When. */
  ts: number;
}

/** One price level. */
export interface BookLevel {
  /** The price. */
  price: Decimal;
  /** Base resting there. */
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

/** What all balances of one asset add up to. */
export interface Conservation {
  /** The asset's code. */
  asset: string;
  /** All deposits ever. */
  deposited: Decimal;
  /** All withdrawals ever. */
  withdrawn: Decimal;
  /** Sum of all available balances. */
  available: Decimal;
  /** Sum of all frozen balances. */
  frozen: Decimal;
  /** Sum of what open orders have reserved. */
  reserved: Decimal;
  /** `available + frozen = deposited - withdrawn` and `frozen = reserved`, to the atom. */
  holds: boolean;
}

/** What an engine has been doing. */
export interface EngineStats {
  /** Where the shards run. */
  mode: 'threaded' | 'inline';
  /** Shards that own balances. */
  sequencers: number;
  /** Shards that own books. */
  matchers: number;
  /** Calls admitted since the engine was opened, reads included. */
  commands: number;
  /** Calls refused before they were admitted. */
  refusedAtEdge: number;
  /** Calls refused with `BUSY`. */
  busy: number;
  /** Calls admitted and not settled yet. */
  inFlight: number;
  /** The newest record of the engine's log. */
  seq: number;
  /** True after a broken invariant: nothing is taken any more. */
  halted: boolean;
}

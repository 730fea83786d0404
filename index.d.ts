// Generated from index.ts by `npm run build:ts`; do not edit.
/**
 * The vocabulary of the public API: what goes in and what comes out.
 *
 * Decimals are strings at a fixed number of decimals (a price has its tick's, a quantity its lot's, an amount
 * its asset's), ids and sequence numbers are numbers below 2^53, times are milliseconds since 1970.
 */
/** A decimal number as text, for instance `'0.10'`. Never a float: money is exact here. */
type Decimal = string;
/**
 * A decimal going in: a string of plain digits, or a number that is exact. A number counts as what it prints
 * as, so `0.1` is exactly 0.1; one of more than 15 digits is refused (but for integers up to 2^53), so
 * `0.1 + 0.2` (0.30000000000000004) is.
 */
type DecimalInput = string | number;
/** How an engine is opened. Everything has a default. */
interface EngineConfig {
    /**
     * Where the shards run.
     * - `'auto'` (default): threads of their own, as many as the cores suggest.
     * - `'inline'`: in the calling thread. No hand-off between threads: the lowest latency for one caller, and
     *   the same results for the same calls, always. For backtests, tests and simulators.
     * - an object: so many shards of each kind, 1 to 10; with `inline: true` in the calling thread all the same.
     */
    threads?: 'auto' | 'inline' | {
        sequencers?: number;
        matchers?: number;
        inline?: boolean;
    };
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
interface NewAsset {
    /** 1 to 32 characters of `A-Z a-z 0-9 . _ : / -`, for instance `'BTC'`. */
    code: string;
    /** Decimals of an amount, 0 to 18. Its smallest unit, 10^-scale, is called an atom. */
    scale: number;
}
/** An asset. */
interface Asset {
    /** Its number, from 0 in the order of creation. */
    id: number;
    /** Its name. */
    code: string;
    /** Decimals of an amount. */
    scale: number;
}
/** A symbol to create. `tickSize * lotSize` must be a whole number of quote atoms, so that no trade rounds. */
interface NewSymbol {
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
interface SymbolInfo {
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
interface FundsRequest {
    /** Whose: 1 to 2^53 - 1, your own numbering. The first deposit makes the account. */
    accountId: number;
    /** The asset's code. */
    asset: string;
    /** How much; more than zero. */
    amount: DecimalInput;
}
/** An account's money of one asset. `total` = `available` + `frozen`. */
interface Balance {
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
interface BalanceChange extends Balance {
    /** Whose. */
    accountId: number;
    /** The change's place in the engine's log. */
    seq: number;
    /** When. */
    ts: number;
}
/** An order's side. */
type Side = 'buy' | 'sell';
/** The order types that are built. */
type OrderType = 'limit' | 'market';
/** How long an order may rest. */
type TimeInForce = 'GTC';
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
interface LimitOrder extends OrderBase {
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
type MarketOrder = OrderBase & {
    type: 'market';
} & ({
    /** How much base to trade. */
    quantity: DecimalInput;
    quoteQuantity?: never;
} | {
    quantity?: never;
    /** How much quote to spend (buy) or to raise (sell): in whole lots, and never more than this. */
    quoteQuantity: DecimalInput;
});
/** An order to place. */
type NewOrder = LimitOrder | MarketOrder;
/** Where an order stands. */
type OrderStatus = 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'EXPIRED';
/** Why an order was canceled or expired. */
type StatusReason = 'USER' | 'INSUFFICIENT_LIQUIDITY';
/** An amount of an asset. */
interface Money {
    /** The asset's code. */
    asset: string;
    /** How much. */
    amount: Decimal;
}
/** One trade of an order, seen from the order. */
interface Fill {
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
interface Order {
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
interface OrderResult extends Omit<Order, 'createdAt' | 'updatedAt'> {
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
interface CancelRequest {
    /** Its owner. Nobody else can cancel it: for others it does not exist. */
    accountId: number;
    /** Its id. */
    orderId: number;
}
/** A canceled order. */
interface CancelResult {
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
interface BookLevel {
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
interface Touch {
    /** Best ask - best bid. */
    spread: Decimal | null;
    /** The spread in basis points of the mid, two decimals, rounded half to even. */
    spreadBps: Decimal | null;
    /** (best bid + best ask) / 2, exact, with one decimal more than a price. */
    mid: Decimal | null;
}
/** A Level2 snapshot: the best levels of both sides. */
interface BookSnapshot extends Touch {
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
interface Bbo extends Touch {
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
interface Trade {
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
interface Conservation {
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
interface EngineStats {
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

/**
 * The engine as TypeScript sees it: typed calls, promises that always settle, errors with stable codes.
 *
 * Nothing about trading is decided here. Calls made in one go are written into one buffer and handed over
 * together at the end of the current microtask; answers come back in batches and settle their promises.
 */

/**
 * An exchange: assets, symbols, accounts, order books.
 *
 * Promises resolve when everything the call did is settled, so that whatever is read afterwards (balances of
 * all parties, orders, the book) shows it. Calls of one account are handled in the order they are made; but in
 * threaded mode one that spends what an earlier one frees (a cancel, a sale) must await it, because its funds
 * are looked at when it arrives, and the earlier one may still be on its way through its book.
 *
 * @example
 * ```ts
 * const engine = await Engine.open();
 * await engine.assets.create({ code: 'BTC', scale: 8 });
 * await engine.assets.create({ code: 'USDT', scale: 6 });
 * await engine.symbols.create({ name: 'BTC-USDT', base: 'BTC', quote: 'USDT', tickSize: '0.01', lotSize: '0.0001' });
 * await engine.accounts.deposit({ accountId: 1, asset: 'USDT', amount: '1000' });
 * const order = await engine.placeOrder({
 *   accountId: 1, symbol: 'BTC-USDT', side: 'buy', type: 'limit', price: '100', quantity: '2',
 * });
 * console.log(order.status, order.reserved); // NEW { asset: 'USDT', amount: '200.000000' }
 * await engine.close();
 * ```
 */
declare class Engine {
    #private;
    /** Assets: what balances are in. */
    readonly assets: Assets;
    /** Symbols: what is traded for what, and by which rules. */
    readonly symbols: Symbols;
    /** Accounts: deposits, withdrawals, balances. */
    readonly accounts: Accounts;
    private constructor();
    /**
     * Opens an engine, in memory.
     *
     * @param config - where its shards run, and what bounds its memory; everything has a default.
     * @throws {@link LightningError} `INVALID_REQUEST` for an option of a wrong type or out of range.
     */
    static open(config?: EngineConfig): Promise<Engine>;
    /**
     * Places an order. Resolves when it has traded what it could and everybody's balances are settled: with its
     * status, its fills, and what is still reserved for it. What became of an accepted order is a status, never
     * an error.
     *
     * @throws {@link LightningError} when the order is refused; nothing has changed then. Rules are checked
     * before funds: malformed (1xxx), symbol rules (20xx), `UNKNOWN_ACCOUNT`, `TOO_MANY_OPEN_ORDERS`,
     * `INSUFFICIENT_BALANCE`.
     */
    placeOrder(order: NewOrder): Promise<OrderResult>;
    /**
     * Cancels an open order of the account, and releases exactly what was still reserved for it.
     *
     * @throws {@link LightningError} `UNKNOWN_ORDER` for an order that does not exist or is another account's,
     * `ORDER_ALREADY_CLOSED` with its final status in `details`.
     */
    cancelOrder(request: CancelRequest): Promise<CancelResult>;
    /**
     * One order, open or recently closed.
     *
     * @throws {@link LightningError} `UNKNOWN_ORDER`.
     */
    order(orderId: number): Promise<Order>;
    /**
     * Open orders in the order of acceptance: of one account or of all, of one symbol or of all. One answer holds
     * them all: meant for accounts and symbols of some ten thousand orders, not for a dump of a whole exchange.
     *
     * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_SYMBOL`.
     */
    openOrders(filter?: {
        accountId?: number;
        symbol?: string;
    }): Promise<Order[]>;
    /**
     * The best levels of a symbol's book, right now. Shows the effects of every call that has been answered.
     *
     * @param options - `levels`: 1 to 20, default 20; `cumulative`: with running sums of quantity and quote.
     * @throws {@link LightningError} `UNKNOWN_SYMBOL`, `INVALID_DEPTH`.
     */
    book(symbol: string, options?: {
        levels?: number;
        cumulative?: boolean;
    }): BookSnapshot;
    /**
     * Best bid and offer, right now.
     *
     * @throws {@link LightningError} `UNKNOWN_SYMBOL`.
     */
    bbo(symbol: string): Bbo;
    /**
     * Public trades in ascending order of their ids: the newest ones, or those from an id on.
     *
     * @param options - `fromId`: the first id wanted; `limit`: how many at most, 1 to 1,000, default 100.
     * @throws {@link LightningError} `UNKNOWN_SYMBOL`, `INVALID_REQUEST`.
     */
    trades(symbol: string, options?: {
        fromId?: number;
        limit?: number;
    }): Trade[];
    /** What the engine has been doing. */
    stats(): EngineStats;
    /**
     * What all balances add up to, per asset: proof that no atom was made or lost. Exact when no other call is
     * in flight; await yours first.
     */
    conservation(): Promise<Conservation[]>;
    /**
     * Takes nothing new, lets every call in flight end, and stops the engine's threads. Calls made from now on
     * are refused with `ENGINE_CLOSED`. Closing again does nothing.
     */
    close(): Promise<void>;
    /** `await using engine = await Engine.open()` closes it at the end of the block. */
    [Symbol.asyncDispose](): Promise<void>;
}
/** Assets of an engine. */
declare class Assets {
    #private;
    /**
     * Creates an asset.
     *
     * @throws {@link LightningError} `ASSET_EXISTS`, `INVALID_REQUEST` for a bad code or scale.
     */
    create(asset: NewAsset): Promise<Asset>;
    /** Every asset, in the order of creation. */
    list(): Asset[];
}
/** Symbols of an engine. */
declare class Symbols {
    #private;
    /**
     * Creates a symbol with an empty book; orders are taken as soon as this resolves.
     *
     * @throws {@link LightningError} `SYMBOL_EXISTS`, `UNKNOWN_ASSET`, `SYMBOL_PRECISION_INEXACT` when a trade
     * could round (its `details` name the scale that the quote asset would need) or an order could overflow,
     * `INVALID_REQUEST` and the codes of bad decimals otherwise.
     */
    create(symbol: NewSymbol): Promise<SymbolInfo>;
    /** Every symbol, in the order of creation. */
    list(): SymbolInfo[];
}
/** Accounts of an engine. */
declare class Accounts {
    #private;
    /**
     * Adds to an account's available balance. The first deposit makes the account.
     *
     * @throws {@link LightningError} `UNKNOWN_ASSET`, `BALANCE_OVERFLOW`, and the codes of bad decimals.
     */
    deposit(request: FundsRequest): Promise<BalanceChange>;
    /**
     * Takes from an account's available balance. What is frozen for open orders can't be withdrawn.
     *
     * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_ASSET`, `INSUFFICIENT_BALANCE`, and the codes of
     * bad decimals.
     */
    withdraw(request: FundsRequest): Promise<BalanceChange>;
    /**
     * An account's balances, by asset in the order of their creation; zero balances of assets it once had
     * included. With `asset` just that one, zero if it never had any.
     *
     * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_ASSET`.
     */
    balances(accountId: number, options?: {
        asset?: string;
    }): Promise<Balance[]>;
}

/**
 * Every refusal by its code.
 *
 * Generated from native/core/src/reject.rs by scripts/generate-codes.mjs: do not edit.
 */
/** Every code with its stable number, and whether the same request may succeed when it is sent again. */
declare const ERROR_CODES: {
    /** The request is malformed: a wrong type, an id that is no positive integer below 2^53, a bad option. */
    readonly INVALID_REQUEST: {
        readonly number: 1000;
        readonly retryable: false;
    };
    /** A field that this kind of request needs is missing. */
    readonly MISSING_FIELD: {
        readonly number: 1001;
        readonly retryable: false;
    };
    /** Two fields exclude each other, for instance quantity and quoteQuantity. */
    readonly CONFLICTING_FIELDS: {
        readonly number: 1002;
        readonly retryable: false;
    };
    /** Not a plain positive decimal: digits, at most one point between digits, no sign, no exponent. */
    readonly INVALID_DECIMAL: {
        readonly number: 1003;
        readonly retryable: false;
    };
    /** More decimals than the asset has. Nothing is ever rounded. */
    readonly BAD_PRECISION: {
        readonly number: 1004;
        readonly retryable: false;
    };
    /** The number does not fit the engine's integers. */
    readonly NUMBER_OVERFLOW: {
        readonly number: 1005;
        readonly retryable: false;
    };
    /** The side is neither `buy` nor `sell`. */
    readonly INVALID_SIDE: {
        readonly number: 1006;
        readonly retryable: false;
    };
    /** The order type is unknown. */
    readonly INVALID_ORDER_TYPE: {
        readonly number: 1007;
        readonly retryable: false;
    };
    /** The time in force is unknown. */
    readonly INVALID_TIF: {
        readonly number: 1008;
        readonly retryable: false;
    };
    /** The fields are valid one by one but not together, for instance a market order with a price. */
    readonly UNSUPPORTED_COMBINATION: {
        readonly number: 1009;
        readonly retryable: false;
    };
    /** The number of Level2 levels is outside 1 to 20. */
    readonly INVALID_DEPTH: {
        readonly number: 1012;
        readonly retryable: false;
    };
    /** There is no such symbol. */
    readonly UNKNOWN_SYMBOL: {
        readonly number: 2000;
        readonly retryable: false;
    };
    /** The price is not a multiple of the symbol's tick size. */
    readonly PRICE_TICK: {
        readonly number: 2010;
        readonly retryable: false;
    };
    /** The price is outside the symbol's minPrice to maxPrice. */
    readonly PRICE_RANGE: {
        readonly number: 2011;
        readonly retryable: false;
    };
    /** The quantity is not a multiple of the symbol's lot size. */
    readonly QTY_LOT: {
        readonly number: 2020;
        readonly retryable: false;
    };
    /** The quantity is outside the symbol's minQuantity to maxQuantity. */
    readonly QTY_RANGE: {
        readonly number: 2021;
        readonly retryable: false;
    };
    /** Price x quantity, or the quote quantity, is below the symbol's minNotional or the cost of one lot. */
    readonly NOTIONAL_RANGE: {
        readonly number: 2030;
        readonly retryable: false;
    };
    /** The account has as many open orders as it may have. */
    readonly TOO_MANY_OPEN_ORDERS: {
        readonly number: 2050;
        readonly retryable: false;
    };
    /** There is no such account: an account begins with its first deposit. */
    readonly UNKNOWN_ACCOUNT: {
        readonly number: 3000;
        readonly retryable: false;
    };
    /** The account's available balance is below what the request needs. */
    readonly INSUFFICIENT_BALANCE: {
        readonly number: 3010;
        readonly retryable: false;
    };
    /** The balance would grow beyond what the engine counts. */
    readonly BALANCE_OVERFLOW: {
        readonly number: 3012;
        readonly retryable: false;
    };
    /** There is no such asset. */
    readonly UNKNOWN_ASSET: {
        readonly number: 3020;
        readonly retryable: false;
    };
    /** There is no such order, or it is another account's (which is not told apart, so that ids leak nothing). */
    readonly UNKNOWN_ORDER: {
        readonly number: 4000;
        readonly retryable: false;
    };
    /** The order has already been filled, canceled or expired. */
    readonly ORDER_ALREADY_CLOSED: {
        readonly number: 4002;
        readonly retryable: false;
    };
    /** An asset of that code exists. */
    readonly ASSET_EXISTS: {
        readonly number: 6000;
        readonly retryable: false;
    };
    /** A symbol of that name exists. */
    readonly SYMBOL_EXISTS: {
        readonly number: 6002;
        readonly retryable: false;
    };
    /** tickSize x lotSize is not a whole number of quote atoms, or a limit of the symbol could overflow. */
    readonly SYMBOL_PRECISION_INEXACT: {
        readonly number: 6004;
        readonly retryable: false;
    };
    /** A broken invariant: the engine has halted and must be opened again. */
    readonly INTERNAL: {
        readonly number: 9000;
        readonly retryable: false;
    };
    /** As many commands are in flight as may be. Nothing was done: safe to retry. */
    readonly BUSY: {
        readonly number: 9001;
        readonly retryable: true;
    };
    /** The engine halted before this call was answered: it may or may not have happened. */
    readonly OUTCOME_UNKNOWN: {
        readonly number: 9008;
        readonly retryable: false;
    };
    /** Part of the plan, not of this version. */
    readonly NOT_SUPPORTED: {
        readonly number: 9009;
        readonly retryable: false;
    };
    /** The engine is closed. */
    readonly ENGINE_CLOSED: {
        readonly number: 9010;
        readonly retryable: false;
    };
};
/** A refusal's code: the contract. */
type ErrorCode = keyof typeof ERROR_CODES;

/**
 * Refusals as typed errors. The code's string is the contract, its number is stable, the text may change.
 * A refused call has changed nothing; only `OUTCOME_UNKNOWN` leaves open whether it did.
 */

/** What a refusal says beyond its code: figures by name, for instance `required` and `available`. */
type ErrorDetails = Readonly<Record<string, unknown>>;
/** Every refusal of an engine. Tell them apart by `code`, or by class. */
declare class LightningError extends Error {
    /** Always `'LightningError'`: tells these errors apart even between the ESM and the CJS build. */
    readonly kind = "LightningError";
    /** Which refusal; see {@link ErrorCode}. */
    readonly code: ErrorCode;
    /** The code's stable number. */
    readonly number: number;
    /** The field of the request that caused it, where there is one. */
    readonly field: string | undefined;
    /** Figures by name; which ones depends on the code. */
    readonly details: ErrorDetails;
    /** True if the very same request may succeed when it is sent again. */
    readonly retryable: boolean;
}
/** The request is malformed (1xxx). */
declare class ValidationError extends LightningError {
}
/** The request breaks a rule of its symbol, or there is no such symbol (20xx). */
declare class RuleError extends LightningError {
}
/** A limit is reached (205x). */
declare class LimitError extends LightningError {
}
/** Something about the account or its assets (3xxx). */
declare class AccountError extends LightningError {
}
/** Too little is available; `details` has `asset`, `required` and `available`. */
declare class InsufficientBalanceError extends LightningError {
}
/** There is no such order, or it is another account's. */
declare class OrderNotFoundError extends LightningError {
}
/** The order's state forbids it (40xx). */
declare class OrderError extends LightningError {
}
/** An asset or a symbol can't be created like that (6xxx). */
declare class AdminError extends LightningError {
}
/** The engine can't take it now or at all (9xxx). */
declare class SystemError extends LightningError {
}
/** The engine halted before it answered: the call may or may not have happened. */
declare class UnknownOutcomeError extends LightningError {
}

export { AccountError, Accounts, AdminError, Assets, ERROR_CODES, Engine, InsufficientBalanceError, LightningError, LimitError, OrderError, OrderNotFoundError, RuleError, Symbols, SystemError, UnknownOutcomeError, ValidationError };
export type { Asset, Balance, BalanceChange, Bbo, BookLevel, BookSnapshot, CancelRequest, CancelResult, Conservation, Decimal, DecimalInput, EngineConfig, EngineStats, ErrorCode, ErrorDetails, Fill, FundsRequest, LimitOrder, MarketOrder, Money, NewAsset, NewOrder, NewSymbol, Order, OrderResult, OrderStatus, OrderType, Side, StatusReason, SymbolInfo, TimeInForce, Touch, Trade };

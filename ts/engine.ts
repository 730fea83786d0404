/**
 * The engine as TypeScript sees it: typed calls, promises that always settle, errors with stable codes.
 *
 * Nothing about trading is decided here; what is shared by all of it stands in `core.ts`.
 */

import { Accounts } from './accounts.ts';
import { Core } from './core.ts';
import { LightningError, refuse } from './errors.ts';
import { history, orderHistory, place } from './histories.ts';
import { native } from './native.ts';
import { CommandWriter, ResultReader } from './raw.ts';
import { OP, type RecordWriter, writePlainOrder } from './records.ts';
import { Watching } from './streams/watching.ts';
import { Assets, Symbols } from './symbols.ts';
import type {
  AdminOptions,
  AmendRequest,
  AmendResult,
  AuditFilter,
  AuditRecord,
  BatchItem,
  Bbo,
  BookSnapshot,
  CancelAllAfterRequest,
  CancelAllRequest,
  CancelAllResult,
  CancelRequest,
  CancelResult,
  CancelTimer,
  CollectedFees,
  CollectFeesRequest,
  ClosedOrder,
  Conservation,
  EngineConfig,
  EngineEvents,
  EngineHealth,
  EngineStats,
  Kline,
  KlineHistoryOptions,
  KlineInterval,
  KlinesOptions,
  Metrics,
  MyTrade,
  MyTradesFilter,
  NewOco,
  NewOrder,
  OcoResult,
  OpenOrdersFilter,
  Order,
  OrderHistoryOptions,
  OrderResult,
  OrdersFilter,
  OrdersPage,
  RecoveryReport,
  ReplaceRequest,
  ReplaceResult,
  SnapshotInfo,
  StateHash,
  SymbolCancelResult,
  TestResult,
  Ticker,
  Trade,
  VerifyReport,
} from './types.ts';
import { boolean, type Fields, fields, number, string, text, wrongType } from './values.ts';
import { callText, WORDS } from './words.ts';

export { Accounts } from './accounts.ts';
export { panicAfter } from './options.ts';
export { Assets, Symbols } from './symbols.ts';

/** Most items of one batch. */
const BATCH_MAX = 1_000;
/** Records of the log that are read at a time. */
const AUDIT_PAGE = 1_000;

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
export class Engine extends Watching {
  /** Assets: what balances are in. */
  readonly assets: Assets;
  /** Symbols: what is traded for what, and by which rules. */
  readonly symbols: Symbols;
  /** Accounts: deposits, withdrawals, balances. */
  readonly accounts: Accounts;
  /** What was found in the data directory when the engine was opened; undefined in memory. */
  readonly recovery: RecoveryReport | undefined;
  readonly #core: Core;

  private constructor(core: Core) {
    super(core);
    this.#core = core;
    this.assets = new Assets(core);
    this.symbols = new Symbols(core);
    this.accounts = new Accounts(core);
    this.recovery = core.recovery;
  }

  /**
   * Opens an engine: in memory, or with a `dataDir` in which everything is kept. What was kept before is recovered
   * from the newest snapshot and the log behind it, in a thread of its own, and the engine goes on where it was.
   *
   * Nothing in the directory is changed unless all of it is found to be whole; an opening that is refused can be
   * repeated when its cause is gone. `docs/DURABILITY.md` says what each refusal asks for.
   *
   * @param config - where its shards run, where everything is kept, and what bounds its memory; everything has a
   * default.
   * @throws {@link LightningError} `INVALID_REQUEST` for an option of a wrong type or out of range;
   * {@link StorageError} `DATA_DIR_LOCKED` while another engine has the directory open, `CORRUPT_STATE` for what is not
   * as it was written (`details`: which file, where in it, which record, for what reason), `UNSUPPORTED_VERSION`,
   * `UNSAFE_DATA_DIR` if others may write to it, `JOURNAL_IO` if the system refuses.
   *
   * @example
   * ```ts
   * const engine = await Engine.open({ dataDir: './data' });
   * console.log(engine.recovery?.seq, engine.recovery?.ms);
   * ```
   */
  static async open(config: EngineConfig = {}): Promise<Engine> {
    return new Engine(await Core.open(config));
  }

  /**
   * Places an order. Resolves when it has traded what it could and everybody's balances are settled: with its
   * status, its fills, and what is still reserved for it. What became of an accepted order is a status, never
   * an error.
   *
   * Hover over the order types for what each of them means: {@link LimitOrder}, {@link MarketOrder},
   * {@link StopOrder}, {@link StopLimitOrder}, {@link TakeProfitOrder}, {@link TakeProfitLimitOrder},
   * {@link TrailingStopOrder}.
   *
   * @throws {@link LightningError} when the order is refused; nothing has changed then. Always in this order: the
   * shape (1xxx), the request id (500x), the symbol and its status (`UNKNOWN_SYMBOL`, 200x), the combination of
   * fields, the symbol's rules (201x to 204x), `STALE_REQUEST`, the account (300x), `RATE_LIMITED`,
   * `DUPLICATE_CLIENT_ORDER_ID`, `PRICE_BAND`, limits (205x), post-only and trigger (401x), funds
   * (`INSUFFICIENT_BALANCE`).
   *
   * @example
   * ```ts
   * const order = await engine.placeOrder({
   *   accountId: 1, symbol: 'BTC-USDT', side: 'buy', type: 'limit', price: '100', quantity: '2',
   *   timeInForce: 'IOC', clientOrderId: 'mine-1', requestId: 17,
   * });
   * console.log(order.status, order.reason, order.fills); // EXPIRED IOC_REMAINDER []
   * ```
   */
  placeOrder(order: NewOrder): Promise<OrderResult> {
    return this.#core.call('order', order, writeOrder);
  }

  /**
   * Places an order and has its result at once: {@link Engine.placeOrder} without a promise, for an engine that runs in
   * the caller's thread (`threads: 'inline'`). Calls that were made before are done before.
   *
   * @throws {@link LightningError} as {@link Engine.placeOrder}; `NOT_SUPPORTED` if the engine has threads, whose
   * answers come later.
   *
   * @example
   * ```ts
   * const engine = await Engine.open({ threads: 'inline' });
   * const order = engine.submit({
   *   accountId: 1, symbol: 'BTC-USDT', side: 'buy', type: 'limit', price: '100', quantity: '2',
   * });
   * ```
   */
  submit(order: NewOrder): OrderResult {
    const [answer] = this.#core.callNow<OrderResult>('order', 'placeOrder', [order], writeOrder);
    if (!answer) throw refuse('INTERNAL', 'an order has no answer');
    if (!answer.ok) throw answer.error;
    return answer.result;
  }

  /**
   * Places several orders, one after the other, and has their results at once: {@link Engine.placeOrders} without a
   * promise, for an engine that runs in the caller's thread (`threads: 'inline'`).
   *
   * @param orders - 1,000 at most.
   * @throws {@link LightningError} `BATCH_TOO_LARGE`, `NOT_SUPPORTED`; what is wrong with an order is in its item.
   */
  submitBatch(orders: readonly NewOrder[]): BatchItem<OrderResult>[] {
    checkBatch('orders', orders);
    return this.#core.callNow<OrderResult>('order', 'placeOrders', orders, writeOrder);
  }

  /**
   * Makes a batch of raw commands: integers only, in records of 64 bytes. They are judged as any other call is, and get
   * the same codes, without sentences. Resolves when all of them are answered, with a result of each, in their order;
   * what is wrong with a command is in its result.
   *
   * Commands are copied before this returns: the writer can be used again. Commands of one account are done in their
   * order; where too many are in flight (`limits.inFlight`) the rest of a batch is `BUSY`, and can be sent again.
   *
   * @param reader - where the results go; a new one by default. It is filled when the promise resolves.
   * @throws {@link LightningError} `BUSY` if too many results wait to be taken (1,048,576), `ENGINE_CLOSED`,
   * `INVALID_REQUEST` for what is no writer or reader, a writer whose memory was taken away, or a reader that waits
   * for other results. Nothing was done then.
   *
   * @example
   * ```ts
   * const writer = new CommandWriter();
   * writer.limit(1, symbol.id, 'sell', 10_000, 5);
   * const results = await engine.submitRaw(writer);
   * if (results.code(0) === null) console.log(results.orderId(0), results.quantity(0));
   * ```
   */
  async submitRaw(writer: CommandWriter, reader: ResultReader = new ResultReader()): Promise<ResultReader> {
    checkRaw(writer, reader);
    return this.#core.submitRaw(writer, reader);
  }

  /**
   * The same with its results at once, for an engine that runs in the caller's thread (`threads: 'inline'`).
   *
   * @throws {@link LightningError} as {@link Engine.submitRaw}; `NOT_SUPPORTED` if the engine has threads.
   */
  submitRawNow(writer: CommandWriter, reader: ResultReader = new ResultReader()): ResultReader {
    checkRaw(writer, reader);
    return this.#core.submitRawNow(writer, reader);
  }

  /**
   * What an order would do, were it placed now; it is judged like one, and nothing is done.
   *
   * @throws {@link LightningError} as {@link Engine.placeOrder}.
   */
  testOrder(order: NewOrder): Promise<TestResult> {
    return this.#core.say('testOrder', 'order', order);
  }

  /**
   * Places a pair of orders of which one cancels the other: see {@link NewOco}.
   *
   * @throws {@link LightningError} as {@link Engine.placeOrder}; `OCO_BAD_PRICES`, `NO_REFERENCE_PRICE`.
   */
  placeOco(oco: NewOco): Promise<OcoResult> {
    return this.#core.say('placeOco', 'oco', oco);
  }

  /**
   * Places several orders, each independently of the others, in their order; the answers are in the same order.
   *
   * @param orders - 1,000 at most.
   * @throws {@link LightningError} `BATCH_TOO_LARGE`; what is wrong with an order is in its item.
   *
   * @example
   * ```ts
   * const items = await engine.placeOrders([first, second]);
   * for (const item of items) console.log(item.ok ? item.result.orderId : item.error.code);
   * ```
   */
  async placeOrders(orders: readonly NewOrder[]): Promise<BatchItem<OrderResult>[]> {
    return batch('orders', orders, (order) => this.placeOrder(order));
  }

  /**
   * Cancels an open order of the account, and releases exactly what was still reserved for it. Of a pair, both go.
   *
   * @throws {@link LightningError} `UNKNOWN_ORDER` for an order that does not exist or is another account's (by client
   * order id also for one that is closed), `ORDER_ALREADY_CLOSED` with its final status in `details`,
   * `CANCEL_RESTRICTED` if `onlyIf` does not hold.
   *
   * @example
   * ```ts
   * const canceled = await engine.cancelOrder({ accountId: 1, clientOrderId: 'mine-1', onlyIf: 'NEW' });
   * console.log(canceled.released); // { asset: 'USDT', amount: '200.000000' }
   * ```
   */
  cancelOrder(request: CancelRequest): Promise<CancelResult> {
    return this.#core.call('request', request, (record, given) => {
      const { accountId, orderId, clientOrderId, symbol, onlyIf, requestId, requestLane } = given;
      if (
        clientOrderId === undefined &&
        symbol === undefined &&
        onlyIf === undefined &&
        requestId === undefined &&
        requestLane === undefined
      ) {
        record.begin(OP.cancel).account(accountId).order(orderId);
      } else {
        record.words(callText('cancelOrder', given, WORDS.cancelOrder));
      }
    });
  }

  /**
   * Cancels several orders, each independently of the others; the answers are in the same order.
   *
   * @param requests - 1,000 at most.
   * @throws {@link LightningError} `BATCH_TOO_LARGE`; what is wrong with a cancel is in its item.
   */
  async cancelOrders(requests: readonly CancelRequest[]): Promise<BatchItem<CancelResult>[]> {
    return batch('requests', requests, (request) => this.cancelOrder(request));
  }

  /**
   * Changes an open order's quantity or limit price; it keeps its id. Less quantity alone keeps its place in the
   * queue; otherwise it comes in again, and trades if it crosses. An order that waits for its trigger changes in
   * place. A refusal leaves it as it was. The order may be amended again before the answer is there.
   *
   * @throws {@link LightningError} `UNKNOWN_ORDER`, `ORDER_ALREADY_CLOSED`, `TOO_MANY_AMENDS`, the symbol's rules,
   * `AMEND_NOT_ALLOWED`, `NO_CHANGE`, `QTY_BELOW_FILLED`, `PRICE_BAND`, `POST_ONLY_WOULD_CROSS`,
   * `INSUFFICIENT_BALANCE` for what it needs more; `BUSY` if it depends on amends in flight whether it can have that,
   * or whether it keeps the rules.
   *
   * @example
   * ```ts
   * const amended = await engine.amendOrder({ accountId: 1, symbol: 'BTC-USDT', orderId, reduceBy: '0.5' });
   * console.log(amended.openQuantity, amended.priorityKept); // 1.5000 true
   * ```
   */
  amendOrder(request: AmendRequest): Promise<AmendResult> {
    return this.#core.say('amendOrder', 'request', request);
  }

  /**
   * Cancels an order and places another one of the same account and symbol. What the old order frees counts for the
   * new one.
   *
   * @throws {@link ReplaceError} `REPLACE_PARTIALLY_FAILED` if one half was done and the other was not,
   * `REPLACE_FAILED` if nothing was; both halves are in its `details`. {@link LightningError} for malformed requests.
   *
   * @example
   * ```ts
   * const { placed } = await engine.cancelReplace({
   *   accountId: 1, cancel: { orderId }, mode: 'ATOMIC',
   *   place: { symbol: 'BTC-USDT', side: 'buy', type: 'limit', price: '101', quantity: '2' },
   * });
   * ```
   */
  cancelReplace(request: ReplaceRequest): Promise<ReplaceResult> {
    return this.#core.say('cancelReplace', 'request', request);
  }

  /**
   * Cancels all of an account's open orders that match, those that wait for a trigger included; none is no error.
   *
   * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_SYMBOL`, `INVALID_SIDE`, `INVALID_CLIENT_ORDER_ID`.
   *
   * @example
   * ```ts
   * const { orders, released } = await engine.cancelAll({ accountId: 1, symbol: 'BTC-USDT', side: 'buy' });
   * console.log(orders.length, released); // 3 [{ asset: 'USDT', amount: '600.000000' }]
   * ```
   */
  cancelAll(request: CancelAllRequest): Promise<CancelAllResult> {
    return this.#core.say('cancelAll', 'request', request);
  }

  /**
   * Sets an account's dead-man timer: unless it is set again before, everything that the account has open then is
   * canceled (`DEADMAN`), once. Zero disarms it.
   *
   * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `INVALID_REQUEST`.
   */
  async cancelAllAfter(request: CancelAllAfterRequest): Promise<CancelTimer> {
    const { accountId } = fields('request', request);
    const timer = await this.#core.say<Omit<CancelTimer, 'accountId'>>('cancelAllAfter', 'request', request);
    return { accountId: accountId as number, ...timer };
  }

  /**
   * Cancels every open order of a symbol (`ADMIN`). An operator's call.
   *
   * @throws {@link LightningError} `UNKNOWN_SYMBOL`.
   */
  async cancelSymbolOrders(symbol: string, options: AdminOptions = {}): Promise<SymbolCancelResult> {
    const name = text('symbol', symbol);
    return this.#core.administer(options, (handle, id) => native.cancelSymbolOrders(handle, name, id));
  }

  /**
   * Moves the fees that have accrued at a symbol, or at all of them one after the other, to an account. An operator's
   * call.
   *
   * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_SYMBOL`, `CONFLICTING_FIELDS` for a request id without
   * a symbol.
   */
  async collectFees(request: CollectFeesRequest): Promise<CollectedFees> {
    const { accountId, symbol, requestId, requestLane } = fields('request', request);
    const collect = (name: unknown) =>
      this.#core.say<CollectedFees>('collectFees', 'request', {
        accountId,
        symbol: name,
        requestId,
        requestLane,
      });
    if (symbol !== undefined) return { ...(await collect(symbol)), accountId: accountId as number };
    if (requestId !== undefined) {
      throw refuse('CONFLICTING_FIELDS', 'one request id can not stand for all symbols', 'requestId');
    }
    // Also without any symbol there is somebody to say whether the account exists.
    const { seq, ts } = await this.accounts.get(accountId as number);
    const all = await Promise.all([...this.#core.symbols.keys()].map(collect));
    const sums = new Map<string, bigint>();
    for (const { fees } of all)
      for (const { asset, amount } of fees)
        sums.set(asset, (sums.get(asset) ?? 0n) + BigInt(amount.replace('.', '')));
    const last = all.reduce((newest, each) => (each.seq > newest.seq ? each : newest), { seq, ts });
    return {
      accountId: accountId as number,
      fees: [...this.#core.assets.values()].flatMap(({ code, scale }) => {
        const sum = sums.get(code);
        return sum === undefined ? [] : [{ asset: code, amount: withPoint(sum, scale) }];
      }),
      seq: last.seq,
      ts: last.ts,
    };
  }

  /**
   * One order, open or recently closed.
   *
   * @throws {@link LightningError} `UNKNOWN_ORDER`.
   */
  async order(orderId: number): Promise<Order> {
    const { orders } = await this.#core.call<OrdersPage>('request', {}, (record) =>
      record.begin(OP.order).order(orderId),
    );
    const [order] = orders;
    if (!order) throw refuse('UNKNOWN_ORDER', `there is no order ${orderId}`, 'orderId');
    return order;
  }

  /**
   * One live order by the account's own name for it.
   *
   * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_ORDER`, `INVALID_CLIENT_ORDER_ID`.
   */
  async orderByClientId(accountId: number, clientOrderId: string): Promise<Order> {
    const request = { accountId, clientOrderId };
    const { orders } = await this.#core.say<OrdersPage>('orderByClientId', 'request', request);
    const [order] = orders;
    if (!order) {
      throw refuse(
        'UNKNOWN_ORDER',
        `no live order has the client order id ${clientOrderId}`,
        'clientOrderId',
      );
    }
    return order;
  }

  /**
   * Open orders, those that wait for a trigger included, by ascending id (of one account that is the order of
   * acceptance): of one account or of all, of one symbol or of all.
   *
   * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_SYMBOL`, `INVALID_REQUEST`.
   */
  async openOrders(filter: OpenOrdersFilter = {}): Promise<Order[]> {
    const { orders } = await this.#core.say<OrdersPage>('openOrders', 'filter', filter);
    return orders;
  }

  /**
   * Closed orders of an account that are still remembered, the last closed first, page by page.
   *
   * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_SYMBOL`, `INVALID_REQUEST`.
   *
   * @example
   * ```ts
   * let page = await engine.orders({ accountId: 1 });
   * while (page.next !== null) page = await engine.orders({ accountId: 1, cursor: page.next });
   * ```
   */
  orders(filter: OrdersFilter): Promise<OrdersPage> {
    return this.#core.say('orders', 'filter', filter);
  }

  /**
   * Closed orders of an account, the first closed first, each as {@link Engine.order} told it while it was remembered,
   * and `seq`, the record of the log that closed it. With a `dataDir`: all that the journal leads to, found as
   * {@link Engine.tradeHistory} finds trades; where `retention` has put records away, it begins with the oldest record.
   * In memory: those that are remembered (`history.closedOrders`).
   *
   * `seq` is the cursor. Several orders may have the same, where one record closed all of them. What happens meanwhile is
   * not in it; go on later with `fromSeq: seq + 1`, or, if you have left in the middle, with `fromSeq: seq`, and what you
   * have of that record comes again. Executions and gaps of {@link Engine.watchExecutions} use the same numbers.
   *
   * @param options - `symbol`: only of this one; `fromSeq`, `toSeq`: closed by these records, or any between them.
   * @throws {@link LightningError} when it is iterated: `UNKNOWN_ACCOUNT`, and as {@link Engine.tradeHistory}.
   *
   * @example
   * ```ts
   * for await (const { seq, orderId, status, filledQuantity } of engine.orderHistory(1, { symbol: 'BTC-USDT' })) {
   *   console.log(seq, orderId, status, filledQuantity);
   * }
   * ```
   */
  orderHistory(
    accountId: number,
    options: OrderHistoryOptions = {},
  ): AsyncGenerator<ClosedOrder, void, undefined> {
    return orderHistory(this.#core, accountId, options);
  }

  /**
   * An account's own trades of a symbol in ascending order of their ids: the newest ones, or those from an id on, as
   * far back as `history.tradesPerSymbol` reaches. A trade of an account with itself is there twice, once for each of
   * its orders.
   *
   * @throws {@link LightningError} `UNKNOWN_SYMBOL`, `INVALID_REQUEST`.
   */
  async myTrades(filter: MyTradesFilter): Promise<MyTrade[]> {
    const { accountId, symbol, fromId, limit = 100 } = fields('filter', filter);
    const account = number('accountId', accountId);
    const from = fromId === undefined ? undefined : number('fromId', fromId);
    const [name, most] = [text('symbol', symbol), number('limit', limit)];
    return this.#core.ask((handle) => native.myTrades(handle, account, name, from, most));
  }

  /**
   * The best levels of a symbol's book, right now. Shows the effects of every call that has been answered.
   *
   * @param options - `levels`: 1 to 20, default 20; `cumulative`: with running sums of quantity and quote.
   * @throws {@link LightningError} `UNKNOWN_SYMBOL`, `INVALID_DEPTH`.
   */
  book(symbol: string, options: { levels?: number; cumulative?: boolean } = {}): BookSnapshot {
    const { levels = 20, cumulative = false } = fields('options', options);
    if (typeof levels !== 'number') throw refuse('INVALID_DEPTH', 'levels is not a number', 'levels');
    const sums = boolean('cumulative', cumulative);
    return this.#core.book(text('symbol', symbol), levels, sums);
  }

  /**
   * Best bid and offer, right now.
   *
   * @throws {@link LightningError} `UNKNOWN_SYMBOL`.
   */
  bbo(symbol: string): Bbo {
    return this.#core.bbo(text('symbol', symbol));
  }

  /**
   * Public trades in ascending order of their ids: the newest ones, or those from an id on.
   *
   * @param options - `fromId`: the first id wanted; `limit`: how many at most, 1 to 1,000, default 100.
   * @throws {@link LightningError} `UNKNOWN_SYMBOL`, `INVALID_REQUEST`.
   */
  trades(symbol: string, options: { fromId?: number; limit?: number } = {}): Trade[] {
    const { fromId, limit = 100 } = fields('options', options);
    if (fromId !== undefined && typeof fromId !== 'number') throw wrongType('fromId', 'a number', fromId);
    if (typeof limit !== 'number') throw wrongType('limit', 'a number', limit);
    return this.#core.ask((handle) => native.trades(handle, text('symbol', symbol), fromId, limit));
  }

  /**
   * Public trades from an id on, in ascending order, as far back as the journal reaches: those that are not remembered
   * any more (`history.tradesPerSymbol`) are found by doing its records again, in the background, page by page while it is
   * iterated. In memory, or where `retention` has put records away, it begins with the oldest trade that there is. What
   * happens meanwhile is not in it.
   *
   * While it has to read the journal, it takes the memory of another engine without history; leave the loop, and it is
   * given back. `docs/MARKET-DATA.md` says more.
   *
   * @param options - `fromId`: the first trade wanted, default 1; `toId`: the last one, default the newest.
   * @throws {@link LightningError} when it is iterated: `UNKNOWN_SYMBOL`, `INVALID_REQUEST` (also if `retention` puts
   * away what comes next), `ENGINE_CLOSED`; {@link StorageError} `CORRUPT_STATE`, `JOURNAL_IO`.
   *
   * @example
   * ```ts
   * for await (const { tradeId, price, quantity } of engine.tradeHistory('BTC-USDT', { fromId: 1 })) {
   *   console.log(tradeId, price, quantity);
   * }
   * ```
   */
  tradeHistory(
    symbol: string,
    options: { fromId?: number; toId?: number } = {},
  ): AsyncGenerator<Trade, void, undefined> {
    return history(this.#core, () => {
      const { fromId, toId } = fields('options', options);
      const of = { trades: { symbol: text('symbol', symbol) } };
      return { of, from: place('fromId', fromId), to: place('toId', toId) };
    });
  }

  /**
   * Candles of a symbol in ascending order: the newest ones, or those from a time on. They begin with the first trade, or
   * as far back as `history.klines` reaches, and end with the running one. Page through them with
   * `from: last.openTime + 1`.
   *
   * A trade is in the candle of its time; one whose clock is behind that of an earlier trade, in the candle of that.
   *
   * @param interval - how long each is: `1s`, `1m`, `3m`, `5m`, `15m`, `30m`, `1h`, `2h`, `4h`, `6h`, `8h`, `12h`, `1d`,
   * `3d`, `1w` or `1M`.
   * @param options - `from`, `to`: the first and the last `openTime` wanted, in milliseconds; `limit`: how many at most,
   * 1 to 1,000, default 500; `fill: false`: without candles in which nothing was traded.
   * @throws {@link LightningError} `INVALID_INTERVAL`, `INVALID_REQUEST`, `UNKNOWN_SYMBOL`, `ENGINE_CLOSED`.
   *
   * @example
   * ```ts
   * for (const { openTime, open, close, baseVolume } of engine.klines('BTC-USDT', '1m', { limit: 60 })) {
   *   console.log(new Date(openTime).toISOString(), open, close, baseVolume);
   * }
   * ```
   */
  klines(symbol: string, interval: KlineInterval, options: KlinesOptions = {}): Kline[] {
    const { from, to, limit = 500, fill = true } = fields('options', options);
    const [name, length, filled] = [
      text('symbol', symbol),
      text('interval', interval),
      boolean('fill', fill),
    ];
    const [first, last, most] = [place('from', from), place('to', to), number('limit', limit)];
    return this.#core.ask((handle) => native.klines(handle, name, length, first, last, most, filled));
  }

  /**
   * Candles of a symbol in ascending order, from its first trade to now: those that {@link Engine.klines} tells, and those
   * before them, made again of the trades that the journal leads to, as {@link Engine.tradeHistory} finds them. In
   * memory, or where `retention` has put records away, it begins with the oldest candle of which nothing is missing.
   * Candles are equal to those that `klines` told while they were remembered.
   *
   * What happens meanwhile is not in it: it ends with the candle that is running when it begins. Go on later with `from:`
   * the last `openTime`, which tells that one anew, and what came behind it.
   *
   * @param interval - as of {@link Engine.klines}.
   * @param options - `from`, `to`: the first and the last `openTime` wanted, in milliseconds; `fill: false`: without
   * candles in which nothing was traded. (Seconds of a year are 31 million.)
   * @throws {@link LightningError} when it is iterated: `INVALID_INTERVAL`, and as {@link Engine.tradeHistory}.
   *
   * @example
   * ```ts
   * for await (const { openTime, close, baseVolume } of engine.klineHistory('BTC-USDT', '1m', { fill: false })) {
   *   console.log(new Date(openTime).toISOString(), close, baseVolume);
   * }
   * ```
   */
  klineHistory(
    symbol: string,
    interval: KlineInterval,
    options: KlineHistoryOptions = {},
  ): AsyncGenerator<Kline, void, undefined> {
    return history(this.#core, () => {
      const { from, to, fill = true } = fields('options', options);
      const [name, length] = [text('symbol', symbol), text('interval', interval)];
      const of = { klines: { symbol: name, interval: length, fill: boolean('fill', fill) } };
      return { of, from: place('from', from), to: place('to', to) };
    });
  }

  /**
   * The last 24 hours of a symbol, right now: prices, volumes, and the top of its book.
   *
   * @throws {@link LightningError} `UNKNOWN_SYMBOL`, `ENGINE_CLOSED`.
   *
   * @example
   * ```ts
   * const { last, changePercent, baseVolume, bid, ask } = engine.ticker('BTC-USDT');
   * ```
   */
  ticker(symbol: string): Ticker {
    return this.#core.ask((handle) => native.ticker(handle, text('symbol', symbol)));
  }

  /** What time it is for the engine, in milliseconds since 1970. */
  now(): number {
    return this.#core.ask((handle) => native.now(handle));
  }

  /**
   * Moves a manual clock on, and does on the way what is due: orders expire, dead-man timers run out, each at its
   * time. Await the calls that were made before.
   *
   * @param milliseconds - how far; a whole number from 0.
   * @returns what time it is then.
   * @throws {@link LightningError} `INVALID_REQUEST` unless the engine was opened with a manual clock.
   *
   * @example
   * ```ts
   * const engine = await Engine.open({ clock: { manual: Date.UTC(2026, 0, 1) }, threads: 'inline' });
   * await engine.advance(60_000);
   * console.log(new Date(engine.now()).toISOString()); // 2026-01-01T00:01:00.000Z
   * ```
   */
  async advance(milliseconds: number): Promise<number> {
    const by = number('milliseconds', milliseconds);
    return this.#core.administer({}, (handle) => native.advance(handle, by));
  }

  /** What the engine has been doing. */
  stats(): EngineStats {
    return this.#core.ask((handle) => `{"ok":${native.stats(handle)}}`);
  }

  /**
   * How the engine is doing: counters, queues, how long each stage takes, how far the disk is behind. Waits for
   * nobody, and takes about a tenth of a millisecond: ask every few seconds, not every few calls. docs/METRICS.md says
   * what to alert on.
   *
   * @throws {@link LightningError} `ENGINE_CLOSED`. A halted engine still says what it has done.
   *
   * @example
   * ```ts
   * const { commands, latencyMicros, journal } = engine.metrics();
   * console.log(commands.inFlight, latencyMicros.command.p99, journal?.lagMs);
   * ```
   */
  metrics(): Metrics {
    return this.#core.ask((handle) => `{"ok":${native.metrics(handle)}}`);
  }

  /**
   * {@link Engine.metrics} in Prometheus' text format, to be served as `text/plain; version=0.0.4; charset=utf-8`.
   *
   * @throws {@link LightningError} `ENGINE_CLOSED`.
   *
   * @example
   * ```ts
   * import { createServer } from 'node:http';
   *
   * createServer((_request, response) => {
   *   response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
   *   response.end(engine.metricsText());
   * }).listen(9464, '127.0.0.1');
   * ```
   */
  metricsText(): string {
    return this.#core.text((handle) => native.metricsText(handle));
  }

  /**
   * How the engine is, in a word, and why: for a load balancer or a watchdog. Never throws: an engine that was closed
   * says so.
   *
   * @example
   * ```ts
   * const { status, reasons } = engine.health();
   * if (status !== 'ok') console.warn(status, reasons);
   * ```
   */
  health(): EngineHealth {
    return this.#core.health();
  }

  /**
   * What all balances and accrued fees add up to, per asset: proof that no atom was made or lost. Exact when no
   * other call is in flight; await yours first.
   */
  conservation(): Promise<Conservation[]> {
    return this.#core.call('request', {}, (record) => record.begin(OP.conservation));
  }

  /**
   * The hash of everything that the engine knows: balances, open orders, books, rules, assets and symbols. Engines that
   * were told the same have the same, whatever their threads, and so has one that was closed and opened again.
   *
   * Calls that are made meanwhile wait: it takes longer the more accounts and orders there are.
   *
   * @throws {@link LightningError} `ENGINE_CLOSED`, `JOURNAL_IO`, `INTERNAL`; `BUSY` if timers and expiries never pause.
   *
   * @example
   * ```ts
   * const { seq, hash } = await engine.stateHash();
   * ```
   */
  stateHash(): Promise<StateHash> {
    return this.#core.work((handle, done) => native.stateHash(handle, done));
  }

  /**
   * Takes a snapshot now, in the background: of everything up to the newest record that is durable when it is asked
   * for. It is read back and compared before it counts. Calls go on meanwhile.
   *
   * @throws {@link LightningError} `NOT_SUPPORTED` in memory, `ENGINE_CLOSED`; {@link StorageError} `JOURNAL_IO` if it
   * can't be written, which leaves the engine as it is.
   *
   * @example
   * ```ts
   * const { seq, file } = await engine.snapshot();
   * ```
   */
  snapshot(): Promise<SnapshotInfo> {
    return this.#core.work((handle, done) => native.snapshot(handle, done));
  }

  /**
   * Reads everything in the data directory and does it all again, in the background: checksums, the chain of hashes,
   * each decision and what came of it, the state at each snapshot, and that no atom was made or lost. Calls go on
   * meanwhile.
   *
   * @param options - `from`: which records are done again. `'genesis'` (default): all of them; `'snapshot'`: those behind
   * the newest snapshot. The files are checked in any case.
   * @throws {@link StorageError} `CORRUPT_STATE` with the first thing that is wrong (`details`: file, offset, seq, reason),
   * `JOURNAL_IO`; {@link LightningError} `NOT_SUPPORTED` in memory, `ENGINE_CLOSED`, `INVALID_REQUEST` if it is to begin
   * with records that `retention` has put away (`details.firstSeq` is the oldest that is left).
   *
   * @example
   * ```ts
   * const { seq, headHash, stateHash } = await engine.verify();
   * ```
   */
  async verify(options: { from?: 'genesis' | 'snapshot' } = {}): Promise<VerifyReport> {
    const { from = 'genesis' } = fields('options', options);
    const start = string('from', from);
    return this.#core.work((handle, done) => native.verify(handle, start, done));
  }

  /**
   * The log, record by record: what was decided, when, and everything that it led to. Read page by page while it is
   * iterated, in the background; what happens meanwhile is not in it.
   *
   * @param filter - which records; default: all that there are.
   * @throws {@link LightningError} when it is iterated: `NOT_SUPPORTED` in memory, `INVALID_REQUEST` for a number that
   * is none of a record or an account, or of a record that `retention` has put away, `ENGINE_CLOSED`; {@link StorageError} `CORRUPT_STATE`, `JOURNAL_IO`.
   *
   * @example
   * ```ts
   * for await (const { seq, kind, command, events } of engine.audit({ accountId: 1 })) {
   *   console.log(seq, kind, command, events);
   * }
   * ```
   */
  async *audit(filter: AuditFilter = {}): AsyncGenerator<AuditRecord, void, undefined> {
    const { fromSeq, toSeq, accountId } = fields('filter', filter);
    const account = place('accountId', accountId);
    const last = place('toSeq', toSeq) ?? this.stats().durableSeq ?? undefined;
    let next: number | null | undefined = place('fromSeq', fromSeq);
    do {
      const query = JSON.stringify({ fromSeq: next, toSeq: last, accountId: account, limit: AUDIT_PAGE });
      const page: { records: AuditRecord[]; next: number | null } = await this.#core.work((handle, done) =>
        native.audit(handle, query, done),
      );
      yield* page.records;
      next = page.next;
    } while (next !== null);
  }

  /**
   * Calls a function whenever something happens: see {@link EngineEvents}. Without a listener nothing is lost: calls
   * say what became of them. What a listener throws is an uncaught exception, as it is with Node's own events, and
   * keeps nothing from the other listeners. A listener does not keep the process alive.
   *
   * @returns a function that removes the listener.
   * @throws {@link LightningError} `INVALID_REQUEST` for an event that there is not; `ENGINE_CLOSED` for what a closed
   * engine never tells any more.
   *
   * @example
   * ```ts
   * engine.on('fatal', (error) => console.error(error.code, error.message));
   * const off = engine.on('trade', (trade) => console.log(trade.symbol, trade.type === 'trade' ? trade.price : 'a gap'));
   * off();
   * ```
   */
  on<Name extends keyof EngineEvents>(
    event: Name,
    listener: (...what: EngineEvents[Name]) => void,
  ): () => void {
    return this.#core.listeners.add(event, listener);
  }

  /**
   * Removes a listener. Nothing happens if there is no such listener.
   *
   * @throws {@link LightningError} `INVALID_REQUEST` for an event that there is not.
   */
  off<Name extends keyof EngineEvents>(event: Name, listener: (...what: EngineEvents[Name]) => void): void {
    this.#core.listeners.remove(event, listener);
  }

  /**
   * Takes nothing new, lets every call in flight end, and stops the engine's threads. With a `dataDir` it resolves when
   * everything is durable and the files are closed. Calls made from now on are refused with `ENGINE_CLOSED`. Closing
   * again gives the same promise.
   *
   * @throws {@link StorageError} `JOURNAL_IO`, `STORAGE_FULL` if the end could not be written; what was answered before
   * is kept all the same.
   */
  close(): Promise<void> {
    return this.#core.close();
  }

  /** `await using engine = await Engine.open()` closes it at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function writeOrder(record: RecordWriter, given: Fields): void {
  if (!writePlainOrder(record, given)) record.words(callText('placeOrder', given, WORDS.placeOrder));
}

function checkRaw(writer: unknown, reader: unknown): void {
  if (!(writer instanceof CommandWriter)) throw wrongType('writer', 'a CommandWriter', writer);
  if (!(reader instanceof ResultReader)) throw wrongType('reader', 'a ResultReader', reader);
}

function checkBatch(what: string, items: unknown): void {
  if (!Array.isArray(items)) throw wrongType(what, 'an array', items);
  if (items.length > BATCH_MAX) {
    throw refuse('BATCH_TOO_LARGE', `${items.length} items, more than ${BATCH_MAX}`, what);
  }
}

/** Makes each call of a batch by itself. */
async function batch<Item, Result>(
  what: string,
  items: readonly Item[],
  call: (item: Item) => Promise<Result>,
): Promise<BatchItem<Result>[]> {
  checkBatch(what, items);
  return Promise.all(
    (items as readonly Item[]).map(async (item): Promise<BatchItem<Result>> => {
      try {
        return { ok: true, result: await call(item) };
      } catch (error) {
        if (error instanceof LightningError) return { ok: false, error };
        throw error;
      }
    }),
  );
}

/** Atoms as a decimal. */
function withPoint(atoms: bigint, scale: number): string {
  const digits = String(atoms).padStart(scale + 1, '0');
  return scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

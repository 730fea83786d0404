/**
 * The engine as TypeScript sees it: typed calls, promises that always settle, errors with stable codes.
 *
 * Nothing about trading is decided here. Calls made in one go are written into one buffer and handed over
 * together at the end of the current microtask; answers come back in batches and settle their promises.
 */

import { AnswerReader, type AnswerSink } from './answers.ts';
import { type Refusal, refuse, toError } from './errors.ts';
import { native } from './native.ts';
import { decimalText, OP, RecordWriter, wrongType } from './records.ts';
import type {
  Asset,
  Balance,
  BalanceChange,
  Bbo,
  BookSnapshot,
  CancelRequest,
  CancelResult,
  Conservation,
  EngineConfig,
  EngineStats,
  FundsRequest,
  NewAsset,
  NewOrder,
  NewSymbol,
  Order,
  OrderResult,
  SymbolInfo,
  Trade,
} from './types.ts';

type Handle = NonNullable<ReturnType<typeof native.open>['handle']>;

interface Pending {
  resolve: (result: never) => void;
  reject: (error: Error) => void;
}

/** `setInterval`'s longest period: this timer is only there to be ref'd. */
const LONG_MS = 2 ** 31 - 1;

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
export class Engine {
  /** Assets: what balances are in. */
  readonly assets: Assets;
  /** Symbols: what is traded for what, and by which rules. */
  readonly symbols: Symbols;
  /** Accounts: deposits, withdrawals, balances. */
  readonly accounts: Accounts;
  readonly #core: Core;

  private constructor(core: Core) {
    this.#core = core;
    this.assets = new Assets(core);
    this.symbols = new Symbols(core);
    this.accounts = new Accounts(core);
  }

  /**
   * Opens an engine, in memory.
   *
   * @param config - where its shards run, and what bounds its memory; everything has a default.
   * @throws {@link LightningError} `INVALID_REQUEST` for an option of a wrong type or out of range.
   */
  static async open(config: EngineConfig = {}): Promise<Engine> {
    return new Engine(new Core(config));
  }

  /**
   * Places an order. Resolves when it has traded what it could and everybody's balances are settled: with its
   * status, its fills, and what is still reserved for it. What became of an accepted order is a status, never
   * an error.
   *
   * @throws {@link LightningError} when the order is refused; nothing has changed then. Rules are checked
   * before funds: malformed (1xxx), symbol rules (20xx), `UNKNOWN_ACCOUNT`, `TOO_MANY_OPEN_ORDERS`,
   * `INSUFFICIENT_BALANCE`.
   */
  placeOrder(order: NewOrder): Promise<OrderResult> {
    return this.#core.call(
      'order',
      order,
      (record, { accountId, symbol, side, type, timeInForce, price, quantity, quoteQuantity }) =>
        record
          .begin(OP.place)
          .account(accountId)
          .shape(side, type, timeInForce)
          .name(0, 'symbol', symbol)
          .decimal(1, 'price', price)
          .decimal(2, 'quantity', quantity)
          .decimal(3, 'quoteQuantity', quoteQuantity),
    );
  }

  /**
   * Cancels an open order of the account, and releases exactly what was still reserved for it.
   *
   * @throws {@link LightningError} `UNKNOWN_ORDER` for an order that does not exist or is another account's,
   * `ORDER_ALREADY_CLOSED` with its final status in `details`.
   */
  cancelOrder(request: CancelRequest): Promise<CancelResult> {
    return this.#core.call('request', request, (record, { accountId, orderId }) =>
      record.begin(OP.cancel).account(accountId).order(orderId),
    );
  }

  /**
   * One order, open or recently closed.
   *
   * @throws {@link LightningError} `UNKNOWN_ORDER`.
   */
  async order(orderId: number): Promise<Order> {
    const [order] = await this.#core.call<Order[]>('request', {}, (record) =>
      record.begin(OP.order).order(orderId),
    );
    if (!order) throw refuse('UNKNOWN_ORDER', `there is no order ${orderId}`, 'orderId');
    return order;
  }

  /**
   * Open orders in the order of acceptance: of one account or of all, of one symbol or of all. One answer holds
   * them all: meant for accounts and symbols of some ten thousand orders, not for a dump of a whole exchange.
   *
   * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_SYMBOL`.
   */
  openOrders(filter: { accountId?: number; symbol?: string } = {}): Promise<Order[]> {
    return this.#core.call('filter', filter, (record, { accountId, symbol }) => {
      record.begin(OP.openOrders).name(0, 'symbol', symbol);
      if (accountId !== undefined) record.account(accountId);
    });
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
    if (typeof cumulative !== 'boolean') throw wrongType('cumulative', 'a boolean', cumulative);
    return this.#core.ask((handle) => native.book(handle, text('symbol', symbol), levels, cumulative));
  }

  /**
   * Best bid and offer, right now.
   *
   * @throws {@link LightningError} `UNKNOWN_SYMBOL`.
   */
  bbo(symbol: string): Bbo {
    return this.#core.ask((handle) => native.bbo(handle, text('symbol', symbol)));
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

  /** What the engine has been doing. */
  stats(): EngineStats {
    return this.#core.ask((handle) => `{"ok":${native.stats(handle)}}`);
  }

  /**
   * What all balances add up to, per asset: proof that no atom was made or lost. Exact when no other call is
   * in flight; await yours first.
   */
  conservation(): Promise<Conservation[]> {
    return this.#core.call('request', {}, (record) => record.begin(OP.conservation));
  }

  /**
   * Takes nothing new, lets every call in flight end, and stops the engine's threads. Calls made from now on
   * are refused with `ENGINE_CLOSED`. Closing again does nothing.
   */
  async close(): Promise<void> {
    this.#core.close();
  }

  /** `await using engine = await Engine.open()` closes it at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Assets of an engine. */
export class Assets {
  readonly #core: Core;

  /** @internal */
  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Creates an asset.
   *
   * @throws {@link LightningError} `ASSET_EXISTS`, `INVALID_REQUEST` for a bad code or scale.
   */
  async create(asset: NewAsset): Promise<Asset> {
    const { code, scale } = fields('asset', asset);
    if (typeof scale !== 'number') throw wrongType('scale', 'a number', scale);
    const created = this.#core.ask<Asset>((handle) => native.createAsset(handle, text('code', code), scale));
    this.#core.assets[created.id] = created;
    return { ...created };
  }

  /** Every asset, in the order of creation. */
  list(): Asset[] {
    return this.#core.assets.map((asset) => ({ ...asset }));
  }
}

/** Symbols of an engine. */
export class Symbols {
  readonly #core: Core;

  /** @internal */
  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Creates a symbol with an empty book; orders are taken as soon as this resolves.
   *
   * @throws {@link LightningError} `SYMBOL_EXISTS`, `UNKNOWN_ASSET`, `SYMBOL_PRECISION_INEXACT` when a trade
   * could round (its `details` name the scale that the quote asset would need) or an order could overflow,
   * `INVALID_REQUEST` and the codes of bad decimals otherwise.
   */
  async create(symbol: NewSymbol): Promise<SymbolInfo> {
    const given = fields('symbol', symbol);
    const request: Record<string, string> = {};
    for (const field of ['name', 'base', 'quote']) request[field] = text(field, given[field]);
    for (const field of ['tickSize', 'lotSize']) {
      const value = given[field];
      if (value === undefined) throw refuse('MISSING_FIELD', `${field} is missing`, field);
      request[field] = decimalText(field, value);
    }
    for (const field of ['minPrice', 'maxPrice', 'minQuantity', 'maxQuantity', 'minNotional']) {
      const value = given[field];
      if (value !== undefined) request[field] = decimalText(field, value);
    }
    const created = this.#core.ask<SymbolInfo>((handle) =>
      native.createSymbol(handle, JSON.stringify(request)),
    );
    this.#core.symbols[created.id] = created;
    return { ...created };
  }

  /** Every symbol, in the order of creation. */
  list(): SymbolInfo[] {
    return this.#core.symbols.map((symbol) => ({ ...symbol }));
  }
}

/** Accounts of an engine. */
export class Accounts {
  readonly #core: Core;

  /** @internal */
  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Adds to an account's available balance. The first deposit makes the account.
   *
   * @throws {@link LightningError} `UNKNOWN_ASSET`, `BALANCE_OVERFLOW`, and the codes of bad decimals.
   */
  deposit(request: FundsRequest): Promise<BalanceChange> {
    return this.#move(OP.deposit, request);
  }

  /**
   * Takes from an account's available balance. What is frozen for open orders can't be withdrawn.
   *
   * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_ASSET`, `INSUFFICIENT_BALANCE`, and the codes of
   * bad decimals.
   */
  withdraw(request: FundsRequest): Promise<BalanceChange> {
    return this.#move(OP.withdraw, request);
  }

  /**
   * An account's balances, by asset in the order of their creation; zero balances of assets it once had
   * included. With `asset` just that one, zero if it never had any.
   *
   * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_ASSET`.
   */
  async balances(accountId: number, options: { asset?: string } = {}): Promise<Balance[]> {
    const { asset: code } = fields('options', options);
    const balances = await this.#core.call<Balance[]>('request', {}, (record) =>
      record.begin(OP.balances).account(accountId).name(0, 'asset', code),
    );
    if (code === undefined) return balances;
    const balance = balances.find(({ asset }) => asset === code);
    if (balance) return [balance];
    const scale = this.#core.assets.find((asset) => asset.code === code)?.scale ?? 0;
    const zero = scale === 0 ? '0' : `0.${'0'.repeat(scale)}`;
    return [{ asset: String(code), total: zero, available: zero, frozen: zero }];
  }

  async #move(op: number, request: FundsRequest): Promise<BalanceChange> {
    let account: unknown;
    const change = await this.#core.call<Omit<BalanceChange, 'accountId'>>(
      'request',
      request,
      (record, { accountId, asset, amount }) => {
        account = accountId; // As it was when the call was made: the caller may reuse the object.
        record.begin(op).account(accountId).name(0, 'asset', asset).decimal(1, 'amount', amount);
      },
    );
    return { accountId: account as number, ...change };
  }
}

/** What the public classes share: the native engine, the calls that wait for it, and the names it knows. */
class Core implements AnswerSink {
  readonly assets: Asset[] = [];
  readonly symbols: SymbolInfo[] = [];
  readonly #handle: Handle;
  readonly #inline: boolean;
  readonly #writer = new RecordWriter();
  readonly #reader = new AnswerReader((id) => known(this.symbols[id], id));
  /** By ticket. */
  readonly #pending: (Pending | undefined)[] = [];
  readonly #freeTickets: number[] = [];
  #waiting = 0;
  #flushIsDue = false;
  #drainIsDue = false;
  #draining = false;
  #closed = false;
  constructor(config: EngineConfig) {
    const options = nativeOptions(config);
    this.#inline = options.inline === true;
    // Weak: the native side must not keep an engine from being collected that nobody can reach any more.
    const self = new WeakRef(this);
    const { handle, error } = native.open(JSON.stringify(options), () => self.deref()?.drain());
    if (!handle) throw toError(JSON.parse(error ?? '{}') as Refusal);
    this.#handle = handle;
    closeAtExit(this);
  }

  /**
   * Makes a call: writes its record now, hands it over with all others of this microtask, and resolves with
   * its answer. Whatever is wrong with the arguments rejects the promise; nothing throws.
   *
   * `write` must read every argument before it begins its record (parameter destructuring does): a getter is
   * the caller's code, and may make calls of its own.
   */
  call<Result>(
    what: string,
    given: object,
    write: (record: RecordWriter, given: Record<string, unknown>) => unknown,
  ): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      if (this.#closed) {
        reject(refuse('ENGINE_CLOSED', 'the engine is closed'));
        return;
      }
      try {
        write(this.#writer, fields(what, given));
      } catch (error) {
        reject(error as Error);
        return;
      }
      const ticket = this.#freeTickets.pop() ?? this.#pending.length;
      this.#pending[ticket] = { resolve, reject };
      if (this.#waiting === 0) keepAlive(this);
      this.#waiting += 1;
      this.#writer.commit(ticket);
      if (this.#writer.full) {
        this.#flush();
      } else if (!this.#flushIsDue) {
        this.#flushIsDue = true;
        queueMicrotask(() => {
          this.#flushIsDue = false;
          this.#flush();
        });
      }
    });
  }

  /** Asks what can be answered at once, from what is published. */
  ask<Result>(question: (handle: Handle) => string): Result {
    if (this.#closed) throw refuse('ENGINE_CLOSED', 'the engine is closed');
    const { ok, error } = JSON.parse(question(this.#handle)) as { ok?: Result; error?: Refusal };
    if (error) throw toError(error);
    return ok as Result;
  }

  /**
   * Settles every call that has been answered. Settling can run the user's code at once (a hook on promises, a
   * `then` on every object), and that code may call the engine: what it causes to be answered is settled by the
   * loop that runs already, because the buffer is being read.
   */
  drain(): void {
    this.#drainIsDue = true;
    if (this.#draining) return;
    this.#draining = true;
    try {
      while (this.#drainIsDue) {
        const end = native.drain(this.#handle, this.#reader.bytes);
        if (end < 0) this.#reader.resize(-end);
        else {
          this.#drainIsDue = false;
          if (this.#reader.read(end, this)) this.#drainIsDue = true;
        }
      }
    } finally {
      this.#draining = false;
      this.#reader.shrink();
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    native.close(this.#handle);
    this.drain();
    forgetAtExit(this);
  }

  resolve(ticket: number, result: unknown): void {
    this.#settle(ticket)?.resolve(result as never);
  }

  reject(ticket: number, refusal: Refusal): void {
    this.#settle(ticket)?.reject(toError(refusal));
  }

  unreadable(ticket: number, cause: unknown): void {
    this.#settle(ticket)?.reject(refuse('OUTCOME_UNKNOWN', `the answer can't be read: ${String(cause)}`));
  }

  halt(why: string): void {
    for (const [ticket, call] of this.#pending.entries()) {
      if (!call) continue;
      this.#settle(ticket)?.reject(refuse('OUTCOME_UNKNOWN', `the engine halted: ${why}`));
    }
  }

  #settle(ticket: number): Pending | undefined {
    const call = this.#pending[ticket];
    if (!call) return undefined;
    this.#pending[ticket] = undefined;
    this.#freeTickets.push(ticket);
    this.#waiting -= 1;
    if (this.#waiting === 0) letGo(this);
    return call;
  }

  #flush(): void {
    const { count } = this.#writer;
    if (count === 0) return;
    this.#writer.count = 0;
    native.submit(this.#handle, this.#writer.bytes, count);
    // Inline engines have answered already; the others' refusals at the edge are ready too, and wake us.
    if (this.#inline) this.drain();
  }
}

function known(symbol: SymbolInfo | undefined, id: number): SymbolInfo {
  if (!symbol) throw new Error(`an answer names symbol ${id}, which was never created`);
  return symbol;
}

/** An argument that must be an object, with fields of any type. */
function fields(what: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrongType(what, 'an object', value);
  }
  return value as Record<string, unknown>;
}

function text(field: string, value: unknown): string {
  if (value === undefined) throw refuse('MISSING_FIELD', `${field} is missing`, field);
  if (typeof value !== 'string') throw wrongType(field, 'a string', value);
  return value;
}

/**
 * For tests: opened with `{ [panicAfter]: n }`, an engine breaks at its n-th step, as if an invariant did not
 * hold. Not exported by the package.
 */
export const panicAfter = Symbol('panicAfter');

/** The configuration in the native side's words. Types are checked here, ranges there. */
function nativeOptions(config: EngineConfig): Record<string, number | boolean> {
  const { threads = 'auto', history = {}, limits = {} } = fields('config', config) as EngineConfig;
  const options: Record<string, number | boolean> = {};
  const count = (name: string, field: string, value: unknown): void => {
    if (value === undefined) return;
    if (typeof value !== 'number') throw wrongType(field, 'a number', value);
    // JSON has no word for these; no range contains -1 either.
    options[name] = Number.isFinite(value) ? value : -1;
  };
  if (threads === 'inline') {
    options['inline'] = true;
  } else if (typeof threads === 'string' && threads !== 'auto') {
    throw refuse('INVALID_REQUEST', "threads is neither 'auto', 'inline' nor an object", 'threads');
  } else if (threads !== 'auto') {
    const { sequencers, matchers, inline } = fields('threads', threads);
    count('sequencers', 'threads.sequencers', sequencers);
    count('matchers', 'threads.matchers', matchers);
    if (inline !== undefined && typeof inline !== 'boolean')
      throw wrongType('threads.inline', 'a boolean', inline);
    options['inline'] = inline === true;
  }
  fields('history', history);
  fields('limits', limits);
  count('trades_per_symbol', 'history.tradesPerSymbol', history.tradesPerSymbol);
  count('closed_orders', 'history.closedOrders', history.closedOrders);
  count('max_in_flight', 'limits.inFlight', limits.inFlight);
  count('panic_after', 'panicAfter', (config as { [panicAfter]?: number })[panicAfter]);
  count('open_orders_per_account', 'limits.openOrdersPerAccount', limits.openOrdersPerAccount);
  return options;
}

/** Engines with unanswered calls: somebody may hold a promise of theirs and nothing else. */
const busyEngines = new Set<Core>();
/** Does nothing but keep the process alive, while it is ref'd. One for all engines, so that none is held by it. */
let lifeline: NodeJS.Timeout | undefined;

/** A first call is unanswered: neither the process nor the collector may take the engine away. */
function keepAlive(core: Core): void {
  lifeline ??= setInterval(() => {}, LONG_MS);
  lifeline.ref();
  busyEngines.add(core);
}

/** The last call is answered. */
function letGo(core: Core): void {
  busyEngines.delete(core);
  if (busyEngines.size === 0) lifeline?.unref();
}

/** Engines to close at `process.exit()`, where Node runs no other hook. One listener serves all of them. */
const openEngines = new Set<WeakRef<Core>>();
const references = new WeakMap<Core, WeakRef<Core>>();
let listening = false;

function closeAtExit(core: Core): void {
  const reference = new WeakRef(core);
  references.set(core, reference);
  openEngines.add(reference);
  if (listening) return;
  listening = true;
  process.once('exit', () => {
    for (const engine of openEngines) engine.deref()?.close();
  });
}

function forgetAtExit(core: Core): void {
  const reference = references.get(core);
  if (reference) openEngines.delete(reference);
}

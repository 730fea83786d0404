/** What of an engine can be followed. */

import type { Core } from '../core.ts';
import { refuse } from '../errors.ts';
import type {
  AggregateTradeMessage,
  BalanceMessage,
  BalanceSnapshot,
  BboMessage,
  BookMessage,
  ExecutionMessage,
  ExecutionSnapshot,
  Gap,
  KlineInterval,
  KlineMessage,
  Level3Message,
  StatusMessage,
  SymbolInfo,
  TickerMessage,
  TradeMessage,
  WatchBalancesOptions,
  WatchBookOptions,
  WatchExecutionsOptions,
  WatchOptions,
  WatchTradesOptions,
} from '../types.ts';
import { boolean, type Fields, fields, number, string, text, wrongType } from '../values.ts';
import { aborted } from './abort.ts';
import type { Watched } from './source.ts';
import { Stream } from './stream.ts';
import type { TradeBatch } from './trades.ts';

/**
 * The streams of an {@link Engine}. What is wrong with the arguments is thrown at once, by the call: a stream begins
 * when it is made, not when it is first read, so that what the next line does is in it.
 */
export abstract class Watching {
  readonly #core: Core;

  /** @internal */
  protected constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Follows a book's levels: first a snapshot, and then what has changed since what this consumer was told last. A slow
   * consumer gets fewer messages with more in each, never a stale one: each shows the book as it is when it is fetched.
   *
   * A message is applied if its `prevSeq` is the `seq` of the one before; a snapshot may come at any time, and replaces
   * everything. Sequence numbers are those of {@link Engine.book}.
   *
   * @throws {@link LightningError} `UNKNOWN_SYMBOL`, `INVALID_DEPTH`, `INVALID_REQUEST`, `ENGINE_CLOSED`; an
   * `AbortError` if the signal is aborted already. So do all that follow.
   *
   * @example
   * ```ts
   * const bids = new Map<string, string>();
   * for await (const message of engine.watchBook('BTC-USDT', { levels: 20, signal: AbortSignal.timeout(1_000) })) {
   *   if (message.type === 'snapshot') bids.clear();
   *   for (const [price, quantity] of message.bids) {
   *     if (Number(quantity) === 0) bids.delete(price);
   *     else bids.set(price, quantity);
   *   }
   * }
   * ```
   */
  watchBook(symbol: string, options: WatchBookOptions = {}): Stream<BookMessage> {
    const { levels = 20, counts = false, checksum = false, heartbeatMs, signal } = fields('options', options);
    if (typeof levels !== 'number' && levels !== 'all') {
      throw refuse('INVALID_DEPTH', "levels is neither a number nor 'all'", 'levels');
    }
    const what = {
      kind: 'book',
      levels: levels === 'all' ? undefined : number('levels', levels),
      checksum: boolean('checksum', checksum),
      heartbeatMs: optional('heartbeatMs', heartbeatMs),
    };
    return this.#ofSymbol(symbol, what, signal, { counts: boolean('counts', counts) });
  }

  /**
   * Follows best bid and offer: first what they are, and then each change of a price or a quantity there, or of several
   * at once for a slow consumer.
   *
   * @example
   * ```ts
   * for await (const { bid, ask, mid } of engine.watchBbo('BTC-USDT')) console.log(bid?.price, ask?.price, mid);
   * ```
   */
  watchBbo(symbol: string, options: WatchOptions = {}): Stream<BboMessage> {
    return this.#ofSymbol(symbol, { kind: 'bbo' }, fields('options', options).signal);
  }

  /**
   * Follows every order of a book: first all of them, and then what happens to each. Lossless; a consumer who is too
   * slow gets a snapshot again.
   *
   * Orders of icebergs show what they show. Costs a matcher more than levels do: only while it is watched.
   */
  watchLevel3(symbol: string, options: WatchOptions = {}): Stream<Level3Message> {
    return this.#ofSymbol(symbol, { kind: 'level3' }, fields('options', options).signal);
  }

  /**
   * Follows trades: from the next one, or from an id on. Lossless: ids follow each other, or a {@link Gap} says which are
   * missing ({@link Engine.trades} may still have them), or with `slow: 'close'` the stream ends with `SLOW_CONSUMER`.
   *
   * @param options - `aggregate`: what one order has traded at one price as one; `raw`: as numbers, many at a time, see
   * {@link TradeBatch}.
   *
   * @example
   * ```ts
   * let fromId = 1;
   * for await (const trade of engine.watchTrades('BTC-USDT', { fromId })) {
   *   fromId = (trade.type === 'gap' ? trade.to : trade.tradeId) + 1; // where to resume
   * }
   * ```
   */
  watchTrades(symbol: string, options: WatchTradesOptions & { raw: true }): Stream<TradeBatch | Gap>;
  watchTrades(
    symbol: string,
    options: WatchTradesOptions & { aggregate: true },
  ): Stream<AggregateTradeMessage | Gap>;
  watchTrades(
    symbol: string,
    options?: WatchTradesOptions & { raw?: false; aggregate?: false },
  ): Stream<TradeMessage | Gap>;
  watchTrades(
    symbol: string,
    options: WatchTradesOptions & { raw?: boolean; aggregate?: boolean } = {},
  ): Stream<never> {
    const { fromId, aggregate = false, raw = false, slow, signal } = fields('options', options);
    const [isAggregate, isRaw] = [boolean('aggregate', aggregate), boolean('raw', raw)];
    if (isAggregate && isRaw) {
      throw refuse('CONFLICTING_FIELDS', 'aggregated trades have no raw form', 'raw');
    }
    const what = {
      kind: 'trades',
      fromId: optional('fromId', fromId),
      aggregate: isAggregate,
      slow: policy(slow),
    };
    return this.#ofSymbol(symbol, what, signal, { raw: isRaw });
  }

  /**
   * Follows what was traded within the last 24 hours: first what it is, then what it has become, whenever somebody has
   * traded or a minute has passed.
   */
  watchTicker(symbol: string, options: WatchOptions = {}): Stream<TickerMessage> {
    return this.#ofSymbol(symbol, { kind: 'ticker' }, fields('options', options).signal);
  }

  /**
   * Follows the candles of a symbol: those that close, and the open one as it is now. A slow consumer gets the open one
   * less often, and each closed one all the same, as far back as they are remembered.
   *
   * @throws {@link LightningError} `INVALID_INTERVAL`.
   *
   * @example
   * ```ts
   * for await (const kline of engine.watchKlines('BTC-USDT', '1m')) if (kline.closed) console.log(kline.close);
   * ```
   */
  watchKlines(symbol: string, interval: KlineInterval, options: WatchOptions = {}): Stream<KlineMessage> {
    const what = { kind: 'klines', interval: text('interval', interval) };
    return this.#ofSymbol(symbol, what, fields('options', options).signal);
  }

  /**
   * Follows what becomes of orders: of one account, whose open orders come first, or of everybody. Lossless, as trades
   * are; a consumer who was told a {@link Gap} reads open orders anew ({@link Engine.openOrders}).
   *
   * Where shards have threads, a stream of everybody begins a moment later than it is made: when all of them have been
   * told. With `fromSeq` (`engine.stats().seq + 1` for what comes next) a {@link Gap} says what was missed until then.
   *
   * @example
   * ```ts
   * for await (const message of engine.watchExecutions({ accountId: 1 })) {
   *   if (message.type === 'execution') console.log(message.kind, message.order.orderId, message.order.status);
   * }
   * ```
   */
  watchExecutions(
    options: WatchExecutionsOptions & { accountId: number },
  ): Stream<ExecutionSnapshot | ExecutionMessage | Gap>;
  watchExecutions(options?: WatchExecutionsOptions): Stream<ExecutionMessage | ExecutionSnapshot | Gap>;
  watchExecutions(options: WatchExecutionsOptions = {}): Stream<ExecutionSnapshot | ExecutionMessage | Gap> {
    const { accountId, fromSeq, slow, signal } = fields('options', options);
    const account = optional('accountId', accountId);
    const what = {
      kind: 'executions',
      accountId: account,
      fromSeq: optional('fromSeq', fromSeq),
      slow: policy(slow),
    };
    return this.#watch(what, { accountId: account }, signal);
  }

  /**
   * Follows balances: of one account, all of them first, or of everybody; each after whatever has changed it. Lossless,
   * as trades are; a consumer who was told a {@link Gap} reads balances anew ({@link Accounts.balances}). One of
   * everybody begins when {@link Engine.watchExecutions} of everybody does.
   *
   * @example
   * ```ts
   * for await (const message of engine.watchBalances({ accountId: 1 })) {
   *   if (message.type === 'balance') console.log(message.asset, message.available);
   * }
   * ```
   */
  watchBalances(options: WatchBalancesOptions = {}): Stream<BalanceSnapshot | BalanceMessage | Gap> {
    const { accountId, slow, signal } = fields('options', options);
    const account = optional('accountId', accountId);
    return this.#watch(
      { kind: 'balances', accountId: account, slow: policy(slow) },
      { accountId: account },
      signal,
    );
  }

  /** Follows the engine's own state, first as it is, and what operators do with symbols. */
  watchStatus(options: WatchOptions = {}): Stream<StatusMessage | Gap> {
    return this.#watch({ kind: 'status' }, {}, fields('options', options).signal);
  }

  #ofSymbol<Message>(
    name: unknown,
    what: Fields,
    signal: unknown,
    watched: Omit<Watched, 'symbol'> = {},
  ): Stream<Message> {
    const symbol: SymbolInfo | undefined = this.#core.symbols.get(text('symbol', name));
    if (!symbol) throw refuse('UNKNOWN_SYMBOL', `there is no symbol ${String(name).slice(0, 32)}`, 'symbol');
    return this.#watch({ ...what, symbol: symbol.name }, { ...watched, symbol }, signal);
  }

  #watch<Message>(what: Fields, watched: Watched, signal: unknown): Stream<Message> {
    const abort = signal === undefined ? undefined : signalOf(signal);
    if (abort?.aborted) throw aborted(abort);
    const source = this.#core.watch(what, watched);
    if (abort) source.obey(abort);
    return new Stream<Message>(source);
  }
}

function optional(field: string, value: unknown): number | undefined {
  return value === undefined ? undefined : number(field, value);
}

function policy(slow: unknown): string | undefined {
  return slow === undefined ? undefined : string('slow', slow);
}

function signalOf(signal: unknown): AbortSignal {
  if (signal instanceof AbortSignal) return signal;
  throw wrongType('signal', 'an AbortSignal', signal);
}

/**
 * What the public classes share: the native engine, the calls that wait for it, and the names it knows.
 *
 * Calls made in one go are written into one buffer and handed over together at the end of the current microtask;
 * answers come back in batches and settle their promises.
 */

import { AnswerReader, type AnswerSink } from './answers.ts';
import { type Refusal, refuse, toError } from './errors.ts';
import { native } from './native.ts';
import { RecordWriter } from './records.ts';
import type { AdminOptions, Asset, EngineConfig, SymbolInfo } from './types.ts';
import { boolean, type Fields, fields, number, wrongType } from './values.ts';
import { callText, WORDS, type WordsOp } from './words.ts';

type Handle = NonNullable<ReturnType<typeof native.open>['handle']>;

interface Pending {
  resolve: (result: never) => void;
  reject: (error: Error) => void;
}

/** `setInterval`'s longest period: this timer is only there to be ref'd. */
const LONG_MS = 2 ** 31 - 1;

/** An open engine. */
export class Core implements AnswerSink {
  /** Those that exist, by code, in the order of creation. */
  readonly assets = new Map<string, Asset>();
  /** Those that exist, by name, in the order of creation. */
  readonly symbols = new Map<string, SymbolInfo>();
  /** By id; those that were removed, too: answers may still name them. */
  readonly #symbolById: SymbolInfo[] = [];
  readonly #handle: Handle;
  readonly #inline: boolean;
  readonly #writer = new RecordWriter();
  readonly #reader = new AnswerReader((id) => known(this.#symbolById[id], id));
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
    write: (record: RecordWriter, given: Fields) => unknown,
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

  /** Makes a call in words. */
  say<Result>(op: WordsOp, what: string, given: object): Promise<Result> {
    return this.call(what, given, (record, all) => record.words(callText(op, all, WORDS[op])));
  }

  /** Does an operator's call, after every call that was made before it. It is done when this returns. */
  async administer<Result>(
    options: AdminOptions,
    change: (handle: Handle, requestId: number | undefined) => string,
  ): Promise<Result> {
    const { requestId } = fields('options', options);
    const id = requestId === undefined ? undefined : number('requestId', requestId);
    this.#flush();
    return this.ask<Result>((handle) => change(handle, id));
  }

  /** Knows a symbol from now on, or knows it anew; unless the answer is an old one. */
  learn(symbol: SymbolInfo): SymbolInfo {
    if (!symbol.duplicate) {
      this.#symbolById[symbol.id] = symbol;
      this.symbols.set(symbol.name, symbol);
    }
    return structuredClone(symbol);
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
    const { lines } = this.#writer;
    this.#writer.count = 0;
    if (lines.length > 0) this.#writer.lines = [];
    native.submit(
      this.#handle,
      this.#writer.bytes,
      count,
      lines.length > 0 ? `[${lines.join(',')}]` : undefined,
    );
    // Inline engines have answered already; the others' refusals at the edge are ready too, and wake us.
    if (this.#inline) this.drain();
  }
}

function known(symbol: SymbolInfo | undefined, id: number): SymbolInfo {
  if (!symbol) throw new Error(`an answer names symbol ${id}, which was never created`);
  return symbol;
}

/**
 * For tests: opened with `{ [panicAfter]: n }`, an engine breaks at its n-th step, as if an invariant did not
 * hold. Not exported by the package.
 */
export const panicAfter = Symbol('panicAfter');

/** The configuration in the native side's words. Types are checked here, ranges there. */
function nativeOptions(config: EngineConfig): Record<string, number | boolean> {
  const {
    threads = 'auto',
    clock = 'system',
    history = {},
    limits = {},
  } = fields('config', config) as EngineConfig;
  const options: Record<string, number | boolean> = {};
  const count = (name: string, field: string, value: unknown): void => {
    if (value !== undefined) options[name] = number(field, value);
  };
  if (threads === 'inline') {
    options['inline'] = true;
  } else if (typeof threads === 'string' && threads !== 'auto') {
    throw refuse('INVALID_REQUEST', "threads is neither 'auto', 'inline' nor an object", 'threads');
  } else if (threads !== 'auto') {
    const { sequencers, matchers, inline } = fields('threads', threads);
    count('sequencers', 'threads.sequencers', sequencers);
    count('matchers', 'threads.matchers', matchers);
    options['inline'] = inline !== undefined && boolean('threads.inline', inline);
  }
  if (clock === 'manual') {
    options['manual_clock_start_ms'] = 0;
  } else if (typeof clock === 'string' && clock !== 'system') {
    throw refuse('INVALID_REQUEST', "clock is neither 'system', 'manual' nor an object", 'clock');
  } else if (clock !== 'system') {
    const { manual } = fields('clock', clock);
    if (manual === undefined) throw wrongType('clock.manual', 'a number', manual);
    count('manual_clock_start_ms', 'clock.manual', manual);
  }
  fields('history', history);
  fields('limits', limits);
  count('trades_per_symbol', 'history.tradesPerSymbol', history.tradesPerSymbol);
  count('closed_orders', 'history.closedOrders', history.closedOrders);
  count('ledger_entries', 'history.ledgerEntries', history.ledgerEntries);
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

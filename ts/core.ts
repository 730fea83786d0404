/**
 * What the public classes share: the native engine, the calls that wait for it, and the names it knows.
 *
 * Calls made in one go are written into one buffer and handed over together at the end of the current microtask;
 * answers come back in batches and settle their promises.
 */

import { AnswerReader, type AnswerSink } from './answers.ts';
import { type Refusal, refuse, toError } from './errors.ts';
import { Listeners, tellOne } from './events.ts';
import { native } from './native.ts';
import { type NativeOptions, nativeOptions } from './options.ts';
import { RecordWriter } from './records.ts';
import type {
  AdminOptions,
  Asset,
  EngineConfig,
  RecoveryProgress,
  RecoveryReport,
  SymbolInfo,
} from './types.ts';
import { type Fields, fields, number } from './values.ts';
import { callText, WORDS, type WordsOp } from './words.ts';

/** The native engine. */
export type Handle = NonNullable<ReturnType<typeof native.open>['handle']>;

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
  /** What was found on disk; nothing in memory. */
  readonly recovery: RecoveryReport | undefined;
  /** Who wants to be told what. */
  readonly listeners = new Listeners();
  /** By id; those that were removed, too: answers may still name them. */
  readonly #symbolById: SymbolInfo[] = [];
  readonly #handle: Handle;
  readonly #inline: boolean;
  /** Does closing it mean to write something? */
  readonly #isKept: boolean;
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
  #closing: Promise<void> | undefined;

  /** Opens an engine; one that keeps something on disk in a thread of its own, because that takes its time. */
  static async open(config: EngineConfig): Promise<Core> {
    const options = nativeOptions(config);
    // Weak: the native side must not keep an engine from being collected that nobody can reach any more.
    const opened: { core?: WeakRef<Core> } = {};
    const wake = (): void => opened.core?.deref()?.drain();
    const handle = options.isKept ? await recover(options, wake) : handleOf(native.open(options.text, wake));
    const core = new Core(handle, options);
    opened.core = new WeakRef(core);
    // It may have failed already, when there was nobody yet to be woken.
    core.drain();
    return core;
  }

  private constructor(handle: Handle, { inline, isKept }: NativeOptions) {
    this.#handle = handle;
    this.#inline = inline;
    this.#isKept = isKept;
    if (isKept) this.recovery = this.#learnAll();
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
    return answered(question(this.#handle));
  }

  /** Has something done in a thread of its own that takes its time, after every call that was made before it. */
  async work<Result>(task: (handle: Handle, done: (answer: string) => void) => void): Promise<Result> {
    if (this.#closed) throw refuse('ENGINE_CLOSED', 'the engine is closed');
    this.#flush();
    return answered(await new Promise<string>((resolve) => task(this.#handle, resolve)));
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

  /** Takes nothing new, lets what is in flight end, and resolves when nothing is left to do. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#flush();
    this.#closed = true;
    try {
      const answer = this.#isKept
        ? await new Promise<string>((resolve) => native.closeInBackground(this.#handle, resolve))
        : native.close(this.#handle);
      this.drain();
      answered(answer);
    } finally {
      forgetAtExit(this);
    }
  }

  /** Closes it while the process waits: its last act. */
  closeAtOnce(): void {
    this.#flush();
    this.#closed = true;
    native.close(this.#handle);
    this.drain();
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

  halt(why: Refusal): void {
    for (const [ticket, call] of this.#pending.entries()) {
      if (!call) continue;
      this.#settle(ticket)?.reject(refuse('OUTCOME_UNKNOWN', `the engine halted: ${why.message}`));
    }
    this.listeners.tell('fatal', toError(why));
  }

  /** Learns what there was before the engine was opened. */
  #learnAll(): RecoveryReport {
    const { assets, symbols, removed, recovery } = this.ask<Found>((handle) => native.found(handle));
    for (const asset of assets) this.assets.set(asset.code, asset);
    for (const symbol of removed) this.#symbolById[symbol.id] = symbol;
    for (const symbol of symbols) this.learn(symbol);
    return recovery;
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

/** What an engine knows when it is opened. */
interface Found {
  assets: Asset[];
  symbols: SymbolInfo[];
  removed: SymbolInfo[];
  recovery: RecoveryReport;
}

/** The result in an answer, or the refusal as an error. */
function answered<Result>(answer: string): Result {
  const { ok, error } = JSON.parse(answer) as { ok?: Result; error?: Refusal };
  if (error) throw toError(error);
  return ok as Result;
}

/** The engine that was opened, or why there is none. */
function handleOf({ handle, error }: ReturnType<typeof native.open>): Handle {
  if (!handle) throw toError(JSON.parse(error ?? '{}') as Refusal);
  return handle;
}

/** Opens what is kept in a directory, and tells how far that is. */
function recover({ text, onRecovery }: NativeOptions, wake: () => void): Promise<Handle> {
  return new Promise((resolve, reject) => {
    const opening = native.openDirectory(text, wake, () => {
      const { progress, ended } = native.opened(opening);
      if (progress !== undefined && onRecovery) {
        const told = JSON.parse(progress) as RecoveryProgress;
        tellOne(() => onRecovery(told));
      }
      if (!ended) return;
      try {
        resolve(handleOf(ended));
      } catch (error) {
        reject(error as Error);
      }
    });
  });
}

function known(symbol: SymbolInfo | undefined, id: number): SymbolInfo {
  if (!symbol) throw new Error(`an answer names symbol ${id}, which was never created`);
  return symbol;
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
    for (const engine of openEngines) engine.deref()?.closeAtOnce();
  });
}

function forgetAtExit(core: Core): void {
  const reference = references.get(core);
  if (reference) openEngines.delete(reference);
}

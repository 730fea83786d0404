/**
 * What the public classes share: the native engine, the calls that wait for it, and the names it knows.
 *
 * Calls made in one go are written into one buffer and handed over together at the end of the current microtask;
 * answers come back in batches and settle their promises.
 */

import { AnswerReader, type AnswerSink } from './answers.ts';
import { BookReader } from './books.ts';
import { ERROR_CODES } from './codes.ts';
import { LightningError, type Refusal, refuse, toError } from './errors.ts';
import { Listeners, tellOne } from './events.ts';
import { native } from './native.ts';
import { type NativeOptions, nativeOptions } from './options.ts';
import { type CommandWriter, RAW_LAYOUT, type ResultReader } from './raw.ts';
import { RecordWriter } from './records.ts';
import { StreamListeners } from './streams/listeners.ts';
import { Pump } from './streams/pump.ts';
import type { Source, Watched } from './streams/source.ts';
import type {
  AdminOptions,
  Asset,
  Bbo,
  BookSnapshot,
  EngineConfig,
  EngineHealth,
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

/** The answer to a call that is made at once. */
type Now<Result> = { ok: true; result: Result } | { ok: false; error: LightningError };

/** Below it, what a raw batch returns is no size but the code of its refusal. */
const REFUSED = -1e15;
/** Its results can be taken when the news have been. */
const NEWS = -2e15;

const RESOLVED = Promise.resolve();
/** `setInterval`'s longest period: this timer is only there to be ref'd. */
const LONG_MS = 2 ** 31 - 1;

/** An open engine. */
export class Core implements AnswerSink {
  /** Those that exist, by code, in the order of creation. */
  readonly assets = new Map<string, Asset>();
  /** Those that exist, by name, in the order of creation. */
  readonly symbols = new Map<string, SymbolInfo>();
  /** Is there a journal? Then closing it means to write something. */
  readonly isKept: boolean;
  /** What was found on disk; nothing in memory. */
  readonly recovery: RecoveryReport | undefined;
  /** Who wants to be told what. */
  readonly listeners = new Listeners((event, isHeeded) => this.#streamListeners().heed(event, isHeeded));
  /** By id; those that were removed, too: answers may still name them. */
  readonly #symbolById: SymbolInfo[] = [];
  readonly #handle: Handle;
  readonly #inline: boolean;
  readonly #writer = new RecordWriter();
  readonly #reader = this.#newReader();
  readonly #books = new BookReader();
  /** By ticket. */
  readonly #pending: (Pending | undefined)[] = [];
  /** By ticket: where the results of raw batches go that are under way. */
  readonly #readers = new Map<number, { reader: ResultReader; count: number }>();
  /** Writers and readers of calls that are made at once, while nobody uses them. */
  readonly #spareWriters: RecordWriter[] = [];
  readonly #spareReaders: AnswerReader[] = [];
  readonly #freeTickets: number[] = [];
  #waiting = 0;
  #flushIsDue = false;
  readonly #flushNow = (): void => {
    this.#flushIsDue = false;
    this.#flush();
  };
  #drainIsDue = false;
  #draining = false;
  #closed = false;
  #closing: Promise<void> | undefined;
  /** Why it has halted. */
  #failure: LightningError | undefined;
  /** Made when something is watched for the first time. */
  #pump: Pump | undefined;
  #toStreams: StreamListeners | undefined;

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
    this.isKept = isKept;
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
      this.#writer.commit(this.#expect({ resolve, reject }));
      if (this.#writer.full) {
        this.#flush();
      } else if (!this.#flushIsDue) {
        this.#flushIsDue = true;
        // A microtask, at a fifth of what queueMicrotask() costs, which makes an async resource of each.
        void RESOLVED.then(this.#flushNow);
      }
    });
  }

  /**
   * Makes calls and has their answers when this returns, in their order: of an engine that runs in the caller's thread.
   * What is wrong with one of them is in its answer.
   */
  callNow<Result>(
    what: string,
    instead: string,
    all: readonly object[],
    write: (record: RecordWriter, given: Fields) => unknown,
  ): Now<Result>[] {
    if (!this.#inline) {
      throw refuse(
        'NOT_SUPPORTED',
        `an engine with threads answers later: use ${instead}, or threads: 'inline'`,
      );
    }
    if (this.#closed) throw refuse('ENGINE_CLOSED', 'the engine is closed');
    this.#flush();
    // A getter of an argument is the caller's code, and may make such calls, too: it gets others.
    const writer = this.#spareWriters.pop() ?? new RecordWriter();
    const reader = this.#spareReaders.pop() ?? this.#newReader();
    const answers: Now<Result>[] = [];
    const run = (): void => {
      const { count, lines } = writer;
      writer.count = 0;
      if (lines.length > 0) writer.lines = [];
      this.#runNow(reader, writer.bytes, count, lines, answers as Now<unknown>[]);
    };
    try {
      for (const [ticket, given] of all.entries()) {
        try {
          write(writer, fields(what, given));
          writer.commit(ticket);
        } catch (error) {
          if (!(error instanceof LightningError)) throw error;
          answers[ticket] = { ok: false, error };
        }
        if (writer.full) run();
      }
      if (writer.count > 0) run();
    } finally {
      writer.count = 0;
      writer.lines = [];
      reader.shrink();
      this.#spareWriters.push(writer);
      this.#spareReaders.push(reader);
    }
    for (let ticket = 0; ticket < all.length; ticket += 1) {
      answers[ticket] ??= { ok: false, error: refuse('OUTCOME_UNKNOWN', 'the engine halted') };
    }
    return answers;
  }

  #runNow(
    reader: AnswerReader,
    bytes: Uint8Array,
    count: number,
    lines: readonly string[],
    answers: Now<unknown>[],
  ): void {
    const sink: AnswerSink = {
      resolve: (ticket, result) => (answers[ticket] = { ok: true, result }),
      reject: (ticket, refusal) => (answers[ticket] = { ok: false, error: toError(refusal) }),
      unreadable: (ticket, cause) => (answers[ticket] = { ok: false, error: unreadable(cause) }),
      complete: () => {},
      halt: () => {},
    };
    const words = lines.length > 0 ? `[${lines.join(',')}]` : undefined;
    let end = native.runNow(this.#handle, bytes, count, words, reader.bytes);
    for (;;) {
      if (end < 0) reader.resize(-end);
      else if (!reader.read(end, sink)) break;
      end = native.restOfNow(this.#handle, reader.bytes);
    }
    if (reader.hasNews) this.drain();
    this.#pump?.stir();
  }

  /** Makes the calls of a raw batch; resolves when all of them are answered. */
  submitRaw(writer: CommandWriter, reader: ResultReader): Promise<ResultReader> {
    return new Promise((resolve, reject) => {
      if (this.#inline) {
        resolve(this.submitRawNow(writer, reader));
        return;
      }
      const { bytes, count } = this.#takeCommands(writer, reader);
      if (count === 0) {
        resolve(reader.filled(0, 0));
        return;
      }
      const ticket = this.#expect({ resolve, reject });
      this.#readers.set(ticket, { reader, count });
      let error: unknown;
      try {
        const code = native.submitRaw(this.#handle, bytes, count, ticket);
        if (code === 0) return;
        error = refusedRaw(code);
      } catch (cause) {
        error = cause;
      }
      this.#readers.delete(ticket);
      this.#settle(ticket);
      reject(error as Error);
    });
  }

  /** The same, of an engine that runs in the caller's thread. */
  submitRawNow(writer: CommandWriter, reader: ResultReader): ResultReader {
    if (!this.#inline) {
      throw refuse(
        'NOT_SUPPORTED',
        "an engine with threads answers later: use submitRaw, or threads: 'inline'",
      );
    }
    const { bytes, count } = this.#takeCommands(writer, reader);
    // No call is under way with this number: it has been answered when this returns.
    const ticket = this.#freeTickets.pop() ?? this.#pending.push(undefined) - 1;
    this.#freeTickets.push(ticket);
    const end = native.runRaw(this.#handle, bytes, count, ticket, reader.bytes);
    this.#pump?.stir();
    if (end === NEWS) {
      const results = this.#take(ticket, reader, count);
      this.drain();
      return results;
    }
    if (end < REFUSED) throw refusedRaw(REFUSED - end);
    return end >= 0 ? reader.filled(count, end) : this.#take(ticket, reader, count);
  }

  /** What a writer holds, once everything is asked that was asked before. */
  #takeCommands(writer: CommandWriter, reader: ResultReader): { bytes: Uint8Array; count: number } {
    if (this.#closed) throw refuse('ENGINE_CLOSED', 'the engine is closed');
    for (const busy of this.#readers.values()) {
      if (busy.reader === reader)
        throw refuse('INVALID_REQUEST', 'the reader waits for other results', 'reader');
    }
    const { bytes, count, capacity } = writer;
    if (count > capacity) {
      throw refuse(
        'INVALID_REQUEST',
        `the writer has lost its memory: room for ${capacity} of ${count}`,
        'writer',
      );
    }
    this.#flush();
    // Node does not always tell native code how long a view of memory is that can change its size. (A Buffer's own
    // `slice` does not copy.)
    const { resizable, growable } = bytes.buffer as { resizable?: boolean; growable?: boolean };
    return {
      bytes:
        resizable || growable ? Uint8Array.prototype.slice.call(bytes, 0, count * RAW_LAYOUT.record) : bytes,
      count,
    };
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
    this.#pump?.stir();
    return this.ask<Result>((handle) => change(handle, id));
  }

  /** Knows a symbol from now on, or knows it anew; unless the answer is an old one. */
  learn(symbol: SymbolInfo): SymbolInfo {
    if (!symbol.duplicate) {
      const isNew = this.#symbolById[symbol.id] === undefined;
      this.#symbolById[symbol.id] = symbol;
      this.symbols.set(symbol.name, symbol);
      if (isNew) this.#toStreams?.added(symbol);
    }
    return structuredClone(symbol);
  }

  /** Asks what can be answered at once, from what is published. */
  ask<Result>(question: (handle: Handle) => string): Result {
    if (this.#closed) throw refuse('ENGINE_CLOSED', 'the engine is closed');
    return answered(question(this.#handle));
  }

  /** Asks how it is, which may be asked of a closed engine as well. */
  health(): EngineHealth {
    if (this.#closed) return { status: 'closed', reasons: [] };
    return this.ask((handle) => `{"ok":${native.health(handle)}}`);
  }

  /** Asks for a text. */
  text(question: (handle: Handle) => string): string {
    if (this.#closed) throw refuse('ENGINE_CLOSED', 'the engine is closed');
    return question(this.#handle);
  }

  /** The best levels of a symbol's book. */
  book(name: string, levels: number, cumulative: boolean): BookSnapshot {
    const symbol = this.#read(name, levels, cumulative);
    if (symbol) return this.#books.book(symbol, cumulative);
    return this.ask((handle) => native.book(handle, name, levels, cumulative));
  }

  /** Best bid and offer of a symbol. */
  bbo(name: string): Bbo {
    const symbol = this.#read(name, 1, false);
    if (symbol) return this.#books.bbo(symbol);
    return this.ask((handle) => native.bbo(handle, name));
  }

  /** Has a book written to where it is read from. Nothing if there is none to be read: why not, words can say. */
  #read(name: string, levels: number, cumulative: boolean): SymbolInfo | undefined {
    const symbol = this.symbols.get(name);
    if (this.#closed || !symbol || levels >>> 0 !== levels) return undefined;
    const end = native.readBook(this.#handle, symbol.id, levels, cumulative, this.#books.bytes);
    return end < 0 ? undefined : symbol;
  }

  /** Has something done in a thread of its own that takes its time, after every call that was made before it. */
  async work<Result>(task: (handle: Handle, done: (answer: string) => void) => void): Promise<Result> {
    if (this.#closed) throw refuse('ENGINE_CLOSED', 'the engine is closed');
    this.#flush();
    return answered(await new Promise<string>((resolve) => task(this.#handle, resolve)));
  }

  /** Nobody asks for that page of a history. */
  leaveHistory(query: string): void {
    if (this.#closed) return;
    try {
      native.leaveHistory(this.#handle, query, () => {});
    } catch {
      // No thread to spare. What is kept goes when others need its place, or at the end.
    }
  }

  /** The newest record. */
  lastSeq(): number {
    return this.ask<{ seq: number }>((handle) => `{"ok":${native.stats(handle)}}`).seq;
  }

  /**
   * Settles every call that has been answered. Settling can run the user's code at once (a hook on promises, a
   * `then` on every object), and that code may call the engine: what it causes to be answered is settled by the
   * loop that runs already, because the buffer is being read.
   */
  drain(): void {
    this.#drainIsDue = true;
    if (!this.#draining) this.#drain(() => native.drain(this.#handle, this.#reader.bytes));
  }

  #drain(first: () => number): void {
    this.#draining = true;
    try {
      for (let fill = first; ; fill = () => native.drain(this.#handle, this.#reader.bytes)) {
        this.#drainIsDue = false;
        const end = fill();
        if (end < 0) {
          this.#reader.resize(-end);
          this.#drainIsDue = true;
        } else if (this.#reader.read(end, this)) {
          this.#drainIsDue = true;
        }
        if (!this.#drainIsDue) break;
      }
    } finally {
      this.#draining = false;
      this.#reader.shrink();
      // Whoever has an answer finds what it led to in the streams.
      this.#pump?.stir();
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
      const answer = this.isKept
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

  complete(ticket: number): void {
    const batch = this.#readers.get(ticket);
    if (!batch) return;
    this.#readers.delete(ticket);
    const { reader, count } = batch;
    try {
      this.resolve(ticket, this.#take(ticket, reader, count));
    } catch (cause) {
      this.unreadable(ticket, cause);
    }
  }

  /** Takes the results of a raw batch that is complete. */
  #take(ticket: number, reader: ResultReader, count: number): ResultReader {
    let end = native.takeRaw(this.#handle, ticket, reader.bytes);
    if (end < 0) {
      try {
        reader.resize(-end);
      } catch (cause) {
        native.dropRaw(this.#handle, ticket);
        throw unreadable(cause);
      }
      end = native.takeRaw(this.#handle, ticket, reader.bytes);
    }
    return reader.filled(count, end);
  }

  resolve(ticket: number, result: unknown): void {
    this.#settle(ticket)?.resolve(result as never);
  }

  reject(ticket: number, refusal: Refusal): void {
    this.#settle(ticket)?.reject(toError(refusal));
  }

  unreadable(ticket: number, cause: unknown): void {
    this.#settle(ticket)?.reject(unreadable(cause));
  }

  halt(why: Refusal): void {
    for (const [ticket, call] of this.#pending.entries()) {
      if (!call) continue;
      this.#settle(ticket)?.reject(refuse('OUTCOME_UNKNOWN', `the engine halted: ${why.message}`));
    }
    this.#failure = toError(why);
    this.listeners.tell('fatal', this.#failure);
  }

  /** Watches something from now on; `what` is in the native side's words. */
  watch(what: Fields, watched: Watched): Source {
    if (this.#closed) throw refuse('ENGINE_CLOSED', 'the engine is closed');
    this.#pump ??= new Pump({
      handle: this.#handle,
      isInline: this.#inline,
      failure: () => this.#failureNow(),
    });
    return this.#pump.watch(what, watched);
  }

  /** The news of a halt may be on its way still. */
  #failureNow(): LightningError | undefined {
    this.drain();
    return this.#failure;
  }

  #streamListeners(): StreamListeners {
    this.#toStreams ??= new StreamListeners(this);
    return this.#toStreams;
  }

  /** Learns what there was before the engine was opened. */
  #learnAll(): RecoveryReport {
    const { assets, symbols, removed, recovery } = this.ask<Found>((handle) => native.found(handle));
    for (const asset of assets) this.assets.set(asset.code, asset);
    for (const symbol of removed) this.#symbolById[symbol.id] = symbol;
    for (const symbol of symbols) this.learn(symbol);
    return recovery;
  }

  #newReader(): AnswerReader {
    return new AnswerReader((id) => known(this.#symbolById[id], id));
  }

  /** A ticket for a call that is about to be made. */
  #expect(call: Pending): number {
    const ticket = this.#freeTickets.pop() ?? this.#pending.length;
    this.#pending[ticket] = call;
    if (this.#waiting === 0) keepAlive(this);
    this.#waiting += 1;
    return ticket;
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
    const words = lines.length > 0 ? `[${lines.join(',')}]` : undefined;
    const { bytes } = this.#writer;
    if (this.#inline && !this.#draining) {
      // It answers at once. Where answers are being read, whoever does it goes on with these.
      this.#drain(() => native.run(this.#handle, bytes, count, words, this.#reader.bytes));
      return;
    }
    native.submit(this.#handle, bytes, count, words);
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

/** The whole of a raw batch is refused; nothing of it was done. */
function refusedRaw(number: number): LightningError {
  if (number === ERROR_CODES.BUSY.number) {
    return refuse('BUSY', 'the results of too many commands wait to be taken');
  }
  if (number === ERROR_CODES.BATCH_TOO_LARGE.number) {
    return refuse('BATCH_TOO_LARGE', 'the batch has too many commands');
  }
  return refuse('INVALID_REQUEST', 'the writer has lost its memory', 'writer');
}

function unreadable(cause: unknown): LightningError {
  return refuse('OUTCOME_UNKNOWN', `the answer can't be read: ${String(cause)}`);
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

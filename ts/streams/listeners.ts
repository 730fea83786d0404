/** Listeners to everything that happens: a subscription for each symbol, or one for all accounts, while somebody listens. */

import { type Listeners, tellOne } from '../events.ts';
import type { EngineEvents, SymbolInfo } from '../types.ts';
import type { Fields } from '../values.ts';
import type { Source, Watched } from './source.ts';

/** What of the engine must be known. */
export interface Listened {
  readonly listeners: Listeners;
  readonly symbols: ReadonlyMap<string, SymbolInfo>;
  watch(what: Fields, watched: Watched): Source;
}

type StreamEvent = Exclude<keyof EngineEvents, 'fatal'>;

/** What is watched for an event, in the native side's words: of each symbol, or once. */
const WATCHES: Record<StreamEvent, { ofSymbols: boolean; what: Fields }> = {
  trade: { ofSymbols: true, what: { kind: 'trades' } },
  bbo: { ofSymbols: true, what: { kind: 'bbo' } },
  book: { ofSymbols: true, what: { kind: 'book', levels: 20 } },
  ticker: { ofSymbols: true, what: { kind: 'ticker' } },
  execution: { ofSymbols: false, what: { kind: 'executions' } },
  balance: { ofSymbols: false, what: { kind: 'balances' } },
  status: { ofSymbols: false, what: { kind: 'status' } },
};

/** Watches for listeners. */
export class StreamListeners {
  readonly #engine: Listened;
  readonly #sources = new Map<StreamEvent, Set<Source>>();

  constructor(engine: Listened) {
    this.#engine = engine;
  }

  /** Somebody begins to listen, or nobody does any more. */
  heed(event: keyof EngineEvents, isHeeded: boolean): void {
    if (event === 'fatal') return;
    if (!isHeeded) {
      const sources = this.#sources.get(event);
      this.#sources.delete(event);
      for (const source of sources ?? []) source.end();
      return;
    }
    const { ofSymbols, what } = WATCHES[event];
    this.#sources.set(event, new Set());
    try {
      if (!ofSymbols) return this.#watch(event, what);
      for (const symbol of this.#engine.symbols.values()) this.#watch(event, what, symbol);
    } catch (error) {
      this.heed(event, false);
      throw error;
    }
  }

  /** There is a symbol more. */
  added(symbol: SymbolInfo): void {
    for (const event of this.#sources.keys()) {
      const { ofSymbols, what } = WATCHES[event];
      // The symbol is there all the same, if nothing more can be watched: whoever listens is told.
      if (ofSymbols) tellOne(() => this.#watch(event, what, symbol));
    }
  }

  #watch(event: StreamEvent, what: Fields, symbol?: SymbolInfo): void {
    const words = symbol ? { ...what, symbol: symbol.name } : what;
    const source = this.#engine.watch(words, { symbol });
    this.#sources.get(event)?.add(source);
    void this.#tell(event, source);
  }

  async #tell(event: StreamEvent, source: Source): Promise<void> {
    try {
      for (;;) {
        const { value, done } = await source.nextBatch(this);
        if (done) break;
        for (const message of value as never[]) {
          if (source.isOver && !this.#sources.get(event)?.has(source)) return;
          this.#engine.listeners.tell(event, message);
        }
      }
    } catch {
      // The engine has halted: the event `fatal` says why.
    }
    this.#sources.get(event)?.delete(source);
  }
}

/** Listeners of an engine. */

import { refuse } from './errors.ts';
import type { EngineEvents } from './types.ts';
import { wrongType } from './values.ts';

/** A function to be called with what an event tells. */
export type Listener<Name extends keyof EngineEvents> = (...what: EngineEvents[Name]) => void;

/** Who listens to what. */
export class Listeners {
  readonly #byEvent: { [Name in keyof EngineEvents]: Set<Listener<Name>> } = {
    fatal: new Set(),
    trade: new Set(),
    bbo: new Set(),
    book: new Set(),
    ticker: new Set(),
    execution: new Set(),
    balance: new Set(),
    status: new Set(),
  };
  readonly #heeded: (event: keyof EngineEvents, isHeeded: boolean) => void;

  /** @param heeded - called when somebody begins to listen to something, and when nobody does any more. */
  constructor(heeded: (event: keyof EngineEvents, isHeeded: boolean) => void) {
    this.#heeded = heeded;
  }

  /** Adds a listener, once however often it is added; gives what removes it. */
  add<Name extends keyof EngineEvents>(event: Name, listener: Listener<Name>): () => void {
    const listeners = this.#to(event);
    if (typeof listener !== 'function') throw wrongType('listener', 'a function', listener);
    if (listeners.size === 0) this.#heeded(event, true);
    listeners.add(listener);
    return () => this.remove(event, listener);
  }

  /** Removes a listener; nothing happens if there is no such listener. */
  remove<Name extends keyof EngineEvents>(event: Name, listener: Listener<Name>): void {
    const listeners = this.#to(event);
    if (listeners.delete(listener) && listeners.size === 0) this.#heeded(event, false);
  }

  /** Tells everybody who listens now. */
  tell<Name extends keyof EngineEvents>(event: Name, ...what: EngineEvents[Name]): void {
    // Whoever begins to listen meanwhile does not hear of it.
    const listeners = Array.from(this.#to(event));
    for (const listener of listeners) tellOne(() => listener(...what));
  }

  #to<Name extends keyof EngineEvents>(event: Name): Set<Listener<Name>> {
    if (!Object.hasOwn(this.#byEvent, event)) {
      throw refuse('INVALID_REQUEST', `there is no event ${String(event)}`, 'event');
    }
    return this.#byEvent[event];
  }
}

/**
 * Calls one listener. If it throws, that does not keep the news from the others, nor the engine from its work: it is
 * an uncaught exception, as it is with Node's own events.
 */
export function tellOne(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

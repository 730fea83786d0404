/** Listeners of an engine. */

import { refuse } from './errors.ts';
import type { EngineEvents } from './types.ts';
import { wrongType } from './values.ts';

/** A function to be called with what an event tells. */
export type Listener<Name extends keyof EngineEvents> = (...what: EngineEvents[Name]) => void;

/** Who listens to what. */
export class Listeners {
  readonly #byEvent: { [Name in keyof EngineEvents]: Set<Listener<Name>> } = { fatal: new Set() };

  /** Adds a listener, once however often it is added; gives what removes it. */
  add<Name extends keyof EngineEvents>(event: Name, listener: Listener<Name>): () => void {
    const listeners = this.#to(event);
    if (typeof listener !== 'function') throw wrongType('listener', 'a function', listener);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** Removes a listener; nothing happens if there is no such listener. */
  remove<Name extends keyof EngineEvents>(event: Name, listener: Listener<Name>): void {
    this.#to(event).delete(listener);
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

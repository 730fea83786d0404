/** Signals that end streams. */

/** What a signal ends. */
interface Ended {
  fail(error: Error): void;
}

/**
 * What each signal ends. One listener of a signal serves all streams that obey it, because Node warns of a leak from the
 * eleventh listener on. Weak: neither a signal nor this holds a stream that nobody reads any more.
 */
const obedient = new WeakMap<AbortSignal, { all: Set<WeakRef<Ended>>; listener: () => void }>();

/** Ends something when a signal says so; gives what makes it deaf. */
export function obey(signal: AbortSignal, ended: Ended): () => void {
  const reference = new WeakRef(ended);
  let known = obedient.get(signal);
  if (!known) {
    const all = new Set<WeakRef<Ended>>();
    const listener = (): void => {
      for (const each of Array.from(all)) each.deref()?.fail(aborted(signal));
    };
    known = { all, listener };
    obedient.set(signal, known);
    signal.addEventListener('abort', listener, { once: true });
  }
  const { all, listener } = known;
  all.add(reference);
  return () => {
    all.delete(reference);
    if (all.size > 0 || obedient.get(signal)?.all !== all) return;
    obedient.delete(signal);
    signal.removeEventListener('abort', listener);
  };
}

/** What Node's own `events.on` rejects with. */
export function aborted(signal: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  error.name = 'AbortError';
  return Object.assign(error, { code: 'ABORT_ERR' });
}

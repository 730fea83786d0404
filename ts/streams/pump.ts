/**
 * Between the native side and consumers: says who wants something, fetches it, and hands it on. One for each engine,
 * made when something is watched for the first time.
 *
 * What there is gets fetched and decoded before any of it is handed on, so that whatever a consumer does then (watch,
 * leave, close the engine) finds nothing half done.
 */

import { type LightningError, type Refusal, refuse, toError } from '../errors.ts';
import { native } from '../native.ts';
import { StreamReader } from './decoder.ts';
import type { End } from './layout.ts';
import { Source, type Supply, type Watched } from './source.ts';

/** The native side. */
type Streams = ReturnType<typeof native.openStreams>;
type Handle = Parameters<typeof native.openStreams>[0];

/** What of the engine must be known. */
export interface Engine {
  readonly handle: Handle;
  readonly isInline: boolean;
  /** Why the engine has halted, if it has. */
  failure(): LightningError | undefined;
}

const RESOLVED = Promise.resolve();
/** `setTimeout`'s longest wait: a month's candle may have longer to go. */
const LONGEST_MS = 2 ** 31 - 1;
/** So much too late nobody minds. */
const TIMER_SLACK_MS = 1;

/** The pump of an engine. */
export class Pump implements Supply {
  readonly #engine: Engine;
  readonly #streams: Streams;
  readonly #reader: StreamReader;
  readonly #sources = new Map<number, Source>();
  readonly #find = (id: number): Source | undefined => {
    const source = this.#sources.get(id);
    if (source?.wanting) {
      source.wanting = false;
      this.#fed.push(source);
    }
    return source;
  };
  /** Those that were told something by the poll that is under way. */
  #fed: Source[] = [];
  /** Those that want something, and the native side was not told yet. */
  #wanting = new Uint32Array(64);
  #count = 0;
  #isScheduled = false;
  /** Has it been polled in this turn of the event loop? */
  #hasPolled = false;
  #timer: NodeJS.Timeout | undefined;
  #timerDue = 0;
  readonly #pollNow = (): void => {
    this.#isScheduled = false;
    this.poll();
  };
  readonly #turned = (): void => {
    this.#hasPolled = false;
  };

  constructor(engine: Engine) {
    this.#engine = engine;
    // Weak: the native side must not keep an engine from being collected that nobody can reach any more.
    const self = new WeakRef(this);
    this.#streams = native.openStreams(engine.handle, () => self.deref()?.poll());
    this.#reader = new StreamReader(native.streamsEpoch(this.#streams));
  }

  /** Watches something from now on. `what` is in the native side's words. */
  watch(what: Record<string, unknown>, watched: Watched): Source {
    const id = answered(native.watch(this.#streams, JSON.stringify(what)));
    const source = new Source(id, this, watched);
    source.wanting = true;
    this.#sources.set(id, source);
    return source;
  }

  /** Something has happened that consumers may wait for. */
  stir(): void {
    if (this.#sources.size > 0) this.#schedule();
  }

  want(source: Source): void {
    if (!source.wanting) {
      source.wanting = true;
      if (this.#count === this.#wanting.length) {
        const larger = new Uint32Array(2 * this.#count);
        larger.set(this.#wanting);
        this.#wanting = larger;
      }
      this.#wanting[this.#count] = source.id;
      this.#count += 1;
    }
    this.#schedule();
  }

  drop(source: Source): void {
    if (!this.#sources.delete(source.id)) return;
    native.unwatch(this.#streams, source.id);
    if (this.#sources.size === 0) this.#stopTimer();
  }

  forget(source: Source): void {
    this.#sources.delete(source.id);
  }

  reason(end: End, source: Source): Error | undefined {
    if (end === 'slow') return slow(source);
    return end === 'closed' ? this.#engine.failure() : undefined;
  }

  /**
   * Soon: in this turn of the event loop if it is the first time, so that a consumer that never has to wait does not
   * keep everything else from happening. An engine that runs in this thread does nothing meanwhile; what it has done is
   * told before the turn is over.
   */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    if (this.#engine.isInline || !this.#hasPolled) void RESOLVED.then(this.#pollNow);
    else setImmediate(this.#pollNow);
  }

  /**
   * Fetches what there is, and hands it on. Handing on may run a consumer's code, a `then` on every object for instance;
   * whatever that does, it is polled for later: nothing calls this but the event loop.
   */
  poll(): void {
    const more = this.#fetch();
    const fed = this.#fed;
    this.#fed = [];
    for (const source of fed) source.serve();
    if (!this.#engine.isInline && !this.#hasPolled) {
      this.#hasPolled = true;
      setImmediate(this.#turned).unref();
    }
    // What was fetched is taken before what is left: consumers get on when this turn is over.
    if (more) this.#schedule();
    else this.#setTimer();
  }

  /** Fetches as much as the buffer has room for; true if there is more. */
  #fetch(): boolean {
    try {
      const reader = this.#reader;
      const count = this.#count;
      this.#count = 0;
      let end = native.pollStreams(this.#streams, this.#wanting, count, reader.bytes);
      while (end < 0) {
        reader.resize(-end);
        end = native.pollStreams(this.#streams, this.#wanting, 0, reader.bytes);
      }
      const more = reader.read(end, this.#find);
      if (!more) reader.shrink();
      return more;
    } catch (cause) {
      // Our bug. Consumers are told, rather than left waiting or the process ended; the engine is not concerned.
      const error = refuse('INTERNAL', `what streams tell can't be read: ${String(cause)}`);
      for (const source of Array.from(this.#sources.values())) source.fail(error);
      return false;
    }
  }

  /** What is due by itself, heartbeats for instance, is due while somebody watches. It keeps nothing alive. */
  #setTimer(): void {
    const wait = this.#sources.size > 0 ? Math.min(native.nextPoll(this.#streams), LONGEST_MS) : -1;
    if (wait < 0) return this.#stopTimer();
    const due = performance.now() + wait;
    // One that comes too soon finds nothing and sets the next one, which costs less than setting it anew each time.
    if (this.#timer && this.#timerDue <= due + TIMER_SLACK_MS) return;
    this.#stopTimer();
    this.#timerDue = due;
    const self = new WeakRef(this);
    this.#timer = setTimeout(() => {
      const pump = self.deref();
      if (!pump) return;
      pump.#timer = undefined;
      pump.poll();
    }, Math.ceil(wait)).unref();
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** The consumer has fallen behind what is remembered. */
function slow({ missedFrom }: Source): LightningError {
  const message = `what comes next, from ${missedFrom} on, is not remembered any more`;
  return refuse('SLOW_CONSUMER', message, undefined, { from: missedFrom });
}

/** The number of a subscription, or why there is none. */
function answered(answer: string): number {
  const { ok, error } = JSON.parse(answer) as { ok?: number; error?: Refusal };
  if (error) throw toError(error);
  return ok as number;
}

/** The other end of `worker.ts`: questions with time limits, to a process that is ended when one passes. */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Contestant } from './contestants/contestant.ts';
import type { Answered, Asked, Questions } from './worker.ts';

/** Nothing takes this long that is not broken, on any machine that is worth measuring on. */
export const LIMIT_MS = 300_000;

export class Worker implements Disposable {
  readonly #child: ChildProcess;
  /** The last words of its standard error, for a report. */
  #complaints = '';
  #limitMs: number;

  constructor(limitMs: number = LIMIT_MS) {
    this.#limitMs = limitMs;
    this.#child = fork(fileURLToPath(new URL('worker.ts', import.meta.url)), [], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-2_000);
    });
  }

  /** Asks, one question at a time. Rejects if the worker fails, ends, or takes longer than its limit. */
  ask<Name extends keyof Questions>(
    name: Name,
    ...[argument]: Parameters<Questions[Name]>
  ): Promise<Awaited<ReturnType<Questions[Name]>>> {
    return new Promise((resolve, reject) => {
      const child = this.#child;
      const done = (): void => {
        clearTimeout(timer);
        child.off('message', answered).off('exit', ended).off('error', failed);
      };
      const failed = (error: Error): void => {
        done();
        reject(error);
      };
      const answered = (answer: Answered): void => {
        if ('error' in answer) return failed(new Error(answer.error));
        done();
        resolve(answer.value as Awaited<ReturnType<Questions[Name]>>);
      };
      const ended = (): void => failed(new Error(`its process ended. ${this.#complaints}`.trim()));
      const timer = setTimeout(() => {
        failed(new Error(`${name} was not over after ${this.#limitMs / 1000} s`));
        this[Symbol.dispose]();
      }, this.#limitMs);
      if (!child.connected) return ended();
      child.on('message', answered).on('exit', ended).on('error', failed);
      // A pipe whose other end is gone may be found broken before the end of its process is told.
      child.send({ name, argument } satisfies Asked, (error) => error && ended());
    });
  }

  /** Ends the process, whatever it does. */
  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

/** A contestant in a process of its own, or why there is none. */
export async function remote(
  id: string,
  limitMs?: number,
): Promise<(Contestant & Disposable) | { missing: string }> {
  const worker = new Worker(limitMs);
  try {
    const answer = await worker.ask('become', id);
    if ('missing' in answer) {
      worker[Symbol.dispose]();
      return answer;
    }
    return {
      id,
      label: answer.label,
      async begin(flow) {
        await worker.ask('begin', flow.shape);
        return { play: (part) => worker.ask('play', part), end: () => worker.ask('end') };
      },
      [Symbol.dispose]: () => worker[Symbol.dispose](),
    };
  } catch (error) {
    worker[Symbol.dispose]();
    throw error;
  }
}

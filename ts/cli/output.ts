/** Where the command line's words go. */

import { writeSync } from 'node:fs';

/** Whoever read the output has gone, `head` for instance: nothing is left to do. */
export class ReaderGone extends Error {}

/**
 * Writes all of a text to stdout before it returns. `process.stdout` would keep in memory what a slow reader has not
 * taken yet, because nothing else gets to run while the log is read.
 *
 * @throws {@link ReaderGone} when nobody reads any more.
 */
export function print(text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') throw new ReaderGone();
      // Somebody has made the pipe one that does not wait; a moment later it will take more.
      if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      else throw error;
    }
  }
}

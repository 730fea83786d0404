/** Tells the parent, before anything else is done: when this returns, the words have left the process. */
import { writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { LightningError } from '../../../index.ts';
import type { Line, Refused } from './protocol.ts';

const TO_PARENT = 3;

/** Says a line. In a worker thread, it goes straight to the parent process, too. */
export function say(line: Line): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  let said = 0;
  while (said < bytes.length) said += writeSync(TO_PARENT, bytes, said);
  parentPort?.postMessage(line.say);
}

/** A refusal for passing on; anything else is thrown on, and ends the process. */
export function refused(error: unknown): Refused {
  if (!(error instanceof LightningError)) throw error;
  // Errors in details (the halves of a cancel-replace) become what they say.
  const details = JSON.parse(
    JSON.stringify(error.details, (_key, value: unknown) =>
      value instanceof LightningError ? { code: value.code, details: value.details } : value,
    ),
  ) as unknown;
  return { code: error.code, details };
}

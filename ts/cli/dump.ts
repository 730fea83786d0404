/** `dump`: the log as lines of JSON. */

import type { Refusal } from '../errors.ts';
import { native } from '../native.ts';
import { read } from './answer.ts';
import type { Command } from './args.ts';
import { print } from './output.ts';

/** Prints the records; gives the refusal if one can't be read. What could be read before is printed then. */
export function dump({ dir, from, to, account }: Command & { name: 'dump' }): Refusal | undefined {
  return read(native.dumpDirectory(dir, from, to, account, print)).error;
}

/** Everybody who can be measured through TypeScript, by id. */

import { nodejsOrderBook } from '../peers/nodejs-order-book/contestant.ts';
import type { Contestant } from './contestant.ts';
import { direct } from './lightning/direct.ts';
import { promises } from './lightning/promises.ts';
import { raw } from './lightning/raw.ts';

/** What the others are compared with. */
export const PEER = 'nodejs-order-book';

const OURS: Readonly<Record<string, (id: string) => Contestant>> = {
  'inline-awaited': (id) => promises(id, 'inline', 1),
  'inline-submit': (id) => direct(id),
  'inline-256': (id) => promises(id, 'inline', 256),
  'inline-raw-256': (id) => raw(id, 'inline', 256, 1),
  'threaded-awaited': (id) => promises(id, 'threaded', 1),
  'threaded-256': (id) => promises(id, 'threaded', 256),
  'threaded-2048': (id) => promises(id, 'threaded', 2048),
  'threaded-raw-2048': (id) => raw(id, 'threaded', 256, 8),
};

/** The contestant, or why it is not there. */
export async function contestant(id: string): Promise<Contestant | string> {
  if (id === PEER) return nodejsOrderBook();
  return OURS[id]?.(id) ?? `nobody is called ${id}`;
}

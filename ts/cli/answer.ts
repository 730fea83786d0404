/** What the native side says, for the command line. */

import type { Refusal } from '../errors.ts';

/** A result, or why there is none. */
export type Answer<Result> = { ok: Result; error?: undefined } | { ok?: undefined; error: Refusal };

/** Reads an answer. */
export function read<Result>(text: string): Answer<Result> {
  return JSON.parse(text) as Answer<Result>;
}

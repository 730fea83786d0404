// Writes ts/codes.ts from the list of refusals in native/core/src/reject.rs, through the built addon.
// With --check, only says whether it is up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { format, resolveConfig } from 'prettier';

const file = new URL('../ts/codes.ts', import.meta.url);
const { errorCodes } = createRequire(import.meta.url)('../native/node/binding.cjs');

const lines = JSON.parse(errorCodes()).map(
  ({ code, number, retryable, meaning }) =>
    `/** ${meaning} */\n${code}: { number: ${number}, retryable: ${retryable} },`,
);
const source = `/**
 * Every refusal by its code.
 *
 * Generated from native/core/src/reject.rs by scripts/generate-codes.mjs: do not edit.
 */

/** Every code with its stable number, and whether the same request may succeed when it is sent again. */
export const ERROR_CODES = {
${lines.join('\n')}
} as const;

/** A refusal's code: the contract. */
export type ErrorCode = keyof typeof ERROR_CODES;
`;
const path = file.pathname;
const text = await format(source, { ...(await resolveConfig(path)), filepath: path });

if (!process.argv.includes('--check')) {
  writeFileSync(file, text);
} else if (readFileSync(file, 'utf8') !== text) {
  console.error('ts/codes.ts is out of date: run `npm run generate`');
  process.exitCode = 1;
}

// Writes ts/codes.ts and docs/ERRORS.md from the list of refusals in native/core/src/reject.rs, through the
// built addon. With --check, only says whether they are up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { format, resolveConfig } from 'prettier';

const { errorCodes } = createRequire(import.meta.url)('../native/node/binding.cjs');

const codes = JSON.parse(errorCodes());
const lines = codes.map(
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
const rows = codes.map(
  ({ code, number, retryable, meaning }) =>
    `| ${number} | \`${code}\` | ${retryable ? 'yes' : ''} | ${meaning} |`,
);
const table = `# Errors

Every refusal is a \`LightningError\` with \`code\`, \`number\`, \`field\`, \`details\` and \`retryable\`. The code is the
contract and the number is stable; the text may change. What was refused has changed nothing, but for two codes:
\`REPLACE_PARTIALLY_FAILED\` says in its details which half was done, and \`OUTCOME_UNKNOWN\` leaves open whether the
call happened. What becomes of an accepted order is a status, never an error.

Generated from native/core/src/reject.rs by scripts/generate-codes.mjs: do not edit.

| number | code | retry | when |
| --- | --- | --- | --- |
${rows.join('\n')}
`;

async function write(name, text) {
  const file = new URL(`../${name}`, import.meta.url);
  if (!process.argv.includes('--check')) {
    writeFileSync(file, text);
  } else if (readFileSync(file, 'utf8') !== text) {
    console.error(`${name} is out of date: run \`npm run generate\``);
    process.exitCode = 1;
  }
}

const filepath = new URL('../ts/codes.ts', import.meta.url).pathname;
await write('ts/codes.ts', await format(source, { ...(await resolveConfig(filepath)), filepath }));
await write('docs/ERRORS.md', table);

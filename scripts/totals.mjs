// Sums what the test runners said in a saved log: `node scripts/totals.mjs LOG` prints `N passed, N failed`.
// Repeats of the suite under other Node versions carry a [node X] prefix: their failures count, their passes do not.
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

const log = stripVTControlCharacters(readFileSync(process.argv[2], 'utf8'));

const sum = (pattern) => [...log.matchAll(pattern)].reduce((total, [, count]) => total + Number(count), 0);

const cargoPassed = sum(/^test result: \w+\. (\d+) passed;/gm);
// With a failure ava leaves its `N tests passed` line out: then its ticks are counted.
const avaPassed = sum(/^ *(\d+) tests? passed\s*$/gm) || [...log.matchAll(/^ {2}[✔√] /gm)].length;
const cargoFailed = sum(/^test result: \w+\. \d+ passed; (\d+) failed;/gm);
const avaFailed = sum(
  /^(?:\[node [^\]]+\])? *(\d+) (?:(?:tests?|hooks?) failed|uncaught exceptions?|unhandled rejections?|tests? remained pending after a timeout)\s*$/gm,
);

const passed = cargoPassed + avaPassed;
const failed = cargoFailed + avaFailed;
console.log(`${passed} passed, ${failed} failed`);
// A log without a single passing test means that the runners never ran.
if (failed > 0 || passed === 0) process.exitCode = 1;

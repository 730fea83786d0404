// Plants one bug after the other into a copy of the native workspace, and requires a test to fail each time.
//
// A test suite that never fails proves nothing. `native/sim/planted/bugs.mjs` lists the bugs; a bug that no
// test notices is a hole in the tests, and this script then ends with exit code 1.
//
//   node scripts/planted-bugs.mjs             all of them
//   node scripts/planted-bugs.mjs cancel      those whose name says "cancel"
//   node scripts/planted-bugs.mjs --rates     besides, how many of 2,000 simulator seeds notice each

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { BUGS, DEFAULT_TEST } from '../native/sim/planted/bugs.mjs';

const ROOT = resolve(fileURLToPath(import.meta.url), '../..');
const COPIED = ['Cargo.toml', 'Cargo.lock', 'clippy.toml', 'native'];
// One target directory for all bugs, so that only what a bug touches is compiled again. It is nobody else's:
// cargo tells a copy of a workspace from the original by file times alone, and would take a crate with a bug
// in it for the real one.
const TARGET = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'planted-bugs');

const wantsRates = process.argv.includes('--rates');
const wanted = process.argv.slice(2).find((arg) => !arg.startsWith('--')) ?? '';
const bugs = BUGS.filter((bug) => bug.name.includes(wanted));
if (bugs.length === 0) {
  fail(`no planted bug is called anything like "${wanted}"`);
}

const copy = mkdtempSync(join(tmpdir(), 'planted-bugs-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));
for (const name of COPIED) {
  cpSync(join(ROOT, name), join(copy, name), { recursive: true, filter: isSource });
}

// Out-of-date entries are worth knowing before minutes of compiling.
for (const bug of bugs) {
  plant(bug)();
}

// Without a bug everything must pass, or a failure would prove nothing.
for (const test of new Set(bugs.map((bug) => JSON.stringify(testOf(bug))))) {
  const started = Date.now();
  const run = cargoTest(JSON.parse(test));
  if (run.status !== 0) {
    fail(`the tests fail without a bug:\n${run.output}`);
  }
  console.log(`passes without a bug: cargo test ${JSON.parse(test).join(' ')} (${seconds(started)} s)`);
}

let survived = 0;
for (const bug of bugs) {
  const started = Date.now();
  const restore = plant(bug);
  const run = cargoTest(testOf(bug));
  const rate = wantsRates ? `, ${hitRate()}` : '';
  restore();
  if (run.status === 0) {
    survived += 1;
    console.log(`SURVIVED  ${bug.name} (${seconds(started)} s)`);
  } else if (!run.output.includes('test result: FAILED')) {
    fail(`"${bug.name}" did not fail a test, it did not get that far:\n${run.output}`);
  } else {
    console.log(`caught    ${bug.name}: ${witnesses(run.output)}${rate} (${seconds(started)} s)`);
  }
}
console.log(`${bugs.length - survived} caught, ${survived} survived`);
process.exitCode = survived === 0 ? 0 : 1;

function isSource(path) {
  return !/[\\/](target|node_modules)$|\.node$/.test(path);
}

/** Applies a bug's edits; returns what takes them back. */
function plant(bug) {
  const originals = new Map();
  for (const { file, find, replace } of bug.edits) {
    const path = join(copy, file);
    const text = readFileSync(path, 'utf8');
    const words = find
      .trim()
      .split(/\s+/)
      .map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
    const pattern = new RegExp(words.join(String.raw`\s+`), 'g');
    const found = [...text.matchAll(pattern)].length;
    if (found !== 1) {
      fail(`"${bug.name}": found ${found} times in ${file}, must be once:\n${find}`);
    }
    if (!originals.has(path)) {
      originals.set(path, text);
    }
    // A function, so that no `$` in the replacement means anything.
    writeFileSync(
      path,
      text.replace(pattern, () => replace),
    );
  }
  return () => {
    for (const [path, text] of originals) {
      writeFileSync(path, text);
    }
  };
}

function testOf(bug) {
  return bug.test ?? DEFAULT_TEST;
}

function cargoTest(args) {
  return cargo(['test', '--no-fail-fast', ...args]);
}

/** What share of the simulator's seeds notices the bug that is planted now. */
function hitRate() {
  const { output } = cargo(['run', '-p', 'lightning-sim', '--', '--seeds', '2000', '--keep-going']);
  const failed = output.match(/^(\d+) of 2000 seeds fail$/m)?.[1] ?? '0';
  return `${(Number(failed) / 20).toFixed(2)} % of seeds`;
}

function cargo(args) {
  const { status, stdout, stderr, error } = spawnSync('cargo', args, {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, CARGO_TARGET_DIR: TARGET },
    maxBuffer: 1 << 28,
  });
  if (error) {
    fail(`cargo does not run: ${error.message}`);
  }
  return { status, output: `${stdout}${stderr}` };
}

/** Which tests failed, the shortest way to see it, and whether the core noticed by itself. */
function witnesses(output) {
  const tests = [...output.matchAll(/^test (\S+) \.\.\. FAILED$/gm)].map((match) => match[1]);
  const seed = output.match(/seed (\d+) fails/)?.[1];
  const commands = [...output.matchAll(/^ +(\d+)\. a\d+ /gm)].at(-1)?.[1];
  const seen = tests.map((test) => {
    if (test === 'no_seed_breaks_a_law' && seed !== undefined) return `${test} (seed ${seed})`;
    if (test.startsWith('core_and_oracle') && commands !== undefined) return `${test} (${commands} commands)`;
    return test;
  });
  const place = output.match(/\(native\/(core|sim)\/src\/[^)]*\)/)?.[1];
  const who = { core: ', the core noticed', sim: ', the simulator noticed' }[place] ?? '';
  return seen.join(' and ') + who;
}

function seconds(since) {
  return ((Date.now() - since) / 1000).toFixed(1);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

// Plants bugs into a copy of the native workspace, wakes one after the other, and requires a test to fail each
// time.
//
// A test suite that never fails proves nothing. `native/sim/planted/bugs.mjs` lists the bugs; a bug that no
// test notices is a hole in the tests, and this script then ends with exit code 1.
//
//   node scripts/planted-bugs.mjs             all of them
//   node scripts/planted-bugs.mjs cancel      those whose name says "cancel"
//   node scripts/planted-bugs.mjs --texts     only whether each can still be planted: no test is run
//   node scripts/planted-bugs.mjs --rates     besides, which other tests, and how many of 2,000 seeds, notice each

import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

// What the copy of the core gets besides the bugs.
const SWITCH = `
/// Which planted bug is awake.
pub mod planted {
    use std::sync::OnceLock;

    static AWAKE: OnceLock<Option<u32>> = OnceLock::new();

    /// Is it this one?
    #[inline]
    pub fn is_awake(bug: u32) -> bool {
        *AWAKE.get_or_init(|| std::env::var("PLANTED_BUG").ok()?.parse().ok()) == Some(bug)
    }
}
`;

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

// All at once, each behind a switch that the environment sets: compiled once, not once per bug.
for (const bug of bugs) {
  plant(bug);
}
appendFileSync(join(copy, 'native/core/src/lib.rs'), SWITCH);
if (process.argv.includes('--texts')) {
  console.log(`${bugs.length} bugs can be planted`);
  process.exit(0);
}

// Without a bug everything must pass, or a failure would prove nothing.
const tests = [...new Set(bugs.map((bug) => JSON.stringify(testOf(bug))))].map((test) => JSON.parse(test));
const isPartOf = (part, whole) => part !== whole && part.every((arg) => whole.includes(arg));
for (const test of tests.filter((part) => !tests.some((whole) => isPartOf(part, whole)))) {
  const started = Date.now();
  const run = cargoTest(test);
  if (run.status !== 0) {
    fail(`the tests fail without a bug:\n${run.output}`);
  }
  console.log(`passes without a bug: cargo test ${test.join(' ')} (${seconds(started)} s)`);
}

let survived = 0;
for (const bug of bugs) {
  const started = Date.now();
  const run = cargoTest(testOf(bug), bug);
  const rate = wantsRates ? `, ${hitRate(bug)}` : '';
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

/** Applies a bug's edits. */
function plant(bug) {
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
    const root = file.startsWith('native/core/') ? 'crate' : 'lightning_core';
    const switched = replace.replaceAll(/\bBUG\b/g, `${root}::planted::is_awake(${numberOf(bug)})`);
    // A function, so that no `$` in the replacement means anything.
    writeFileSync(
      path,
      text.replace(pattern, () => switched),
    );
  }
}

function numberOf(bug) {
  return BUGS.indexOf(bug) + 1;
}

function testOf(bug) {
  return bug.test ?? DEFAULT_TEST;
}

function cargoTest(args, bug) {
  // One test that fails is enough; who wants to know more wants to know of all.
  return cargo(['test', ...(wantsRates ? ['--no-fail-fast'] : []), ...args], bug);
}

/** What share of the simulator's seeds notices the bug that is planted now. */
function hitRate(bug) {
  const { output } = cargo(['run', '-p', 'lightning-sim', '--', '--seeds', '2000', '--keep-going'], bug);
  const failed = output.match(/^(\d+) of 2000 seeds fail$/m)?.[1] ?? '0';
  return `${(Number(failed) / 20).toFixed(2)} % of seeds`;
}

function cargo(args, bug) {
  const { status, stdout, stderr, error } = spawnSync('cargo', args, {
    cwd: copy,
    encoding: 'utf8',
    env: {
      ...process.env,
      CARGO_TARGET_DIR: TARGET,
      PLANTED_BUG: bug ? String(numberOf(bug)) : '',
      // The usual number of seeds finds each bug; more of them belong to the test run.
      SIM_CRASH_SEEDS: undefined,
    },
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

/**
 * Where the instructions go: `node scripts/bench-instructions.mjs STAGE SUBJECT WORKLOAD [--cache] [--quick] [--top N]`
 *
 * Runs a stage of the native benchmark under callgrind at two lengths and prints, for each function, by how much the
 * longer run executed more, a command. What does not grow with the commands (accounts, names, the first allocations)
 * cancels out. Counts of instructions are the same on a busy machine, which times are not.
 *
 * A function's figure includes all that it calls. With --cache, also simulated misses of the first-level data cache
 * and of the last level, and mispredicted branches. docs/PERFORMANCE.md is written with it.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cache: { type: 'boolean', default: false },
    // A tenth of a large workload's symbols, orders and accounts.
    quick: { type: 'boolean', default: false },
    top: { type: 'string', default: '40' },
    binary: { type: 'string' },
    scales: { type: 'string', default: '1,3' },
  },
});
const [stage, subject, workload] = positionals;
if (workload === undefined) {
  console.error(
    'usage: node scripts/bench-instructions.mjs STAGE SUBJECT WORKLOAD [--cache] [--quick] [--top N]',
  );
  process.exit(2);
}
const binary =
  values.binary ?? join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'release/lightning-bench');
if (values.binary === undefined)
  run('cargo', ['build', '--release', '--quiet', '--package', 'lightning-bench']);

const EVENTS = values.cache ? ['Ir', 'D1mr', 'D1mw', 'DLmr', 'DLmw', 'Bcm'] : ['Ir'];
const folder = mkdtempSync(join(tmpdir(), 'lightning-callgrind-'));
try {
  const [shorter, longer] = values.scales.split(',').map(measure);
  const commands = longer.commands - shorter.commands;
  const rows = [...longer.functions]
    .filter(([name]) => /lightning_(core|engine)/.test(name))
    .map(([name, costs]) => {
      const before = shorter.functions.get(name) ?? costs.map(() => 0);
      return { name: short(name), each: costs.map((cost, index) => (cost - before[index]) / commands) };
    })
    .filter(({ each }) => each[0] >= 1)
    .toSorted((a, b) => b.each[0] - a.each[0])
    .slice(0, Number(values.top));
  const heads = values.cache ? ['instructions', 'D1 misses', 'LL misses', 'mispredicted'] : ['instructions'];
  console.log(
    `${stage}, ${subject}, ${workload}, from ${shorter.commands} to ${longer.commands} commands, a command:\n`,
  );
  console.log(`| function | ${heads.join(' | ')} |`);
  console.log(`| --- | ${heads.map(() => '---:').join(' | ')} |`);
  for (const { name, each } of rows) console.log(`| \`${name}\` | ${columns(each).join(' | ')} |`);
} finally {
  rmSync(folder, { recursive: true });
}

/** Inclusive costs by function, and how many commands were run. */
function measure(scale) {
  const out = join(folder, `callgrind.${scale}`);
  const simulate = values.cache ? ['--cache-sim=yes', '--branch-sim=yes'] : [];
  const valgrind = ['--tool=callgrind', `--callgrind-out-file=${out}`, ...simulate];
  const words = `--json --seed 8123 --repetitions 0 --scale ${scale} --workload ${workload} ${stage}`;
  const bench = [...words.split(' '), '--subject', subject, ...(values.quick ? ['--quick'] : [])];
  const said = run('valgrind', [...valgrind, binary, ...bench]);
  const lines = said.split('\n').filter((line) => line.startsWith('{'));
  const about = lines.map((line) => JSON.parse(line)).find(({ type }) => type === 'workload');
  const shown = run('callgrind_annotate', [
    '--inclusive=yes',
    '--threshold=100',
    `--show=${EVENTS.join(',')}`,
    out,
  ]);
  const functions = new Map();
  const cost = /([\d,]+|\.)(?: \( *[\d.]+%\))?\s+/y;
  for (const line of shown.split('\n')) {
    const costs = [];
    cost.lastIndex = 0;
    for (const _ of EVENTS) {
      const found = cost.exec(line.trimStart());
      if (found === null) break;
      costs.push(Number(found[1].replaceAll(/[,.]/g, '')));
    }
    const [, name] = /^[^:\s]*:(.*?)(?: \[[^\]]*\])?$/.exec(line.trimStart().slice(cost.lastIndex)) ?? [];
    if (costs.length < EVENTS.length || name === undefined) continue;
    const sums = functions.get(name) ?? EVENTS.map(() => 0);
    functions.set(
      name,
      sums.map((sum, index) => sum + (costs[index] ?? 0)),
    );
  }
  return { commands: about.commands, functions };
}

function columns([instructions, d1r = 0, d1w = 0, llr = 0, llw = 0, mispredicted = 0]) {
  const all = [instructions.toFixed(0)];
  return values.cache
    ? [...all, ...[d1r + d1w, llr + llw, mispredicted].map((each) => each.toFixed(2))]
    : all;
}

/** Without crates, generics and the traits that methods come from. */
function short(name) {
  return name
    .replaceAll('<B>', '')
    .replaceAll(/[\w:]*<impl ([\w:]*)>/g, '$1')
    .replaceAll(/<([\w:]+) as [\w:]+>/g, '$1')
    .replaceAll(/lightning_(core|engine)::/g, '');
}

function run(command, words) {
  const { status, stdout, stderr, error } = spawnSync(command, words, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr.slice(-1_000)}`);
  return stdout;
}

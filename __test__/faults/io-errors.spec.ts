/**
 * A disk that fails: each system call of a run, from the first one of opening to the last one of closing, fails, is
 * cut short, is slow, finds no room, or is the last that the process makes. Whatever it is: the process ends by itself
 * and cleanly, every call is answered, and the directory then opens with everything that was acknowledged.
 *
 * `npm test` tries some calls of each run, `LIGHTNING_FAULTS=all npx ava __test__/faults/io-errors.spec.ts` all of them,
 * and `LIGHTNING_FAULTS=17` the 17th.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { EngineConfig } from '../../index.ts';
import { type Command, commandsOf, type Script, stage } from './commands.ts';
import type { Line, LoadJob } from './child/protocol.ts';
import { beside, copyDirectory, freshDirectory, removeDirectory } from './directories.ts';
import { start } from './processes.ts';
import { Promises } from './promises.ts';
import { inspect } from './recovery.ts';
import { type FaultHow, faultEnv, type Faults, readTrace, shim, type Traced } from './shim.ts';
import { taking } from './turns.ts';

const WHICH = process.env['LIGHTNING_FAULTS'] ?? 'some';
/** So many of each run in `npm test`. */
const SOME = 8;
const SEED = 3;

/** A run: what it is called, and how the engine is opened. */
interface Run {
  name: string;
  config: Omit<EngineConfig, 'dataDir'>;
  width: number;
  /** Not on an empty directory, but on one that a killed process has left. */
  isSecond: boolean;
}

const shared = {
  segmentBytes: 1 << 20,
  snapshot: { everyRecords: 150, keep: 2 },
  history: { tradesPerSymbol: 1_000_000 },
} as const;
const RUNS: Run[] = [
  {
    name: 'inline, sync, an empty directory',
    config: { ...shared, threads: 'inline', durability: 'sync' },
    width: 1,
    isSecond: false,
  },
  {
    name: 'threads, sync, a directory with a past',
    config: { ...shared, threads: { sequencers: 2, matchers: 2 }, durability: 'sync' },
    width: 8,
    isSecond: true,
  },
  {
    name: 'threads, written, a directory with a past',
    config: { ...shared, threads: { sequencers: 2, matchers: 1 }, durability: 'written' },
    width: 8,
    isSecond: true,
  },
];

const turn = taking(2);

/** A directory that a process has left in the middle of its work, and what it was told before. */
interface Past {
  dataDir: string;
  lines: readonly Line[];
}

let past: Promise<Past> | undefined;

async function makePast(): Promise<Past> {
  const dataDir = freshDirectory('past');
  const job = jobOf({ ...RUNS[0]!, width: 4 }, dataDir, 0, 300);
  const child = await start({ ...job, atEnd: 'wait' });
  await child.said(({ say }) => say === 'end');
  child.kill();
  await child.ended;
  return { dataDir, lines: child.lines };
}

function jobOf({ config, width }: Run, dataDir: string, run: number, length = 200): LoadJob {
  const script: Script = { seed: SEED, run, length, clock: null };
  return { role: 'load', config: { ...config, dataDir }, script, width, quietEvery: 100, atEnd: 'close' };
}

/** Both runs' calls, by key. */
function known(): Map<string, Command> {
  const scripts = [
    { run: 0, length: 300 },
    { run: 1, length: 200 },
  ].map((which) => commandsOf({ ...which, seed: SEED, clock: null }));
  return new Map([...stage(), ...scripts.flat()].map((command) => [command.key, command]));
}

/** Runs one child on a directory of its own, with a fault or only with a trace; then `check`, then it is removed. */
async function runWith(
  run: Run,
  faults: Omit<Faults, 'directory'>,
  check: (
    promises: Promises,
    lines: readonly Line[],
    dataDir: string,
    trace: readonly Traced[],
  ) => Promise<void>,
): Promise<void> {
  const dataDir = freshDirectory('io');
  const promises = new Promises();
  removeDirectory(dataDir);
  if (run.isSecond) {
    past ??= makePast();
    const { dataDir: from, lines } = await past;
    copyDirectory(from, dataDir);
    promises.hear(lines, known(), true);
  }
  const trace = beside(dataDir, 'trace');
  const job = jobOf(run, dataDir, run.isSecond ? 1 : 0);
  const child = await start(job, { env: faultEnv({ ...faults, directory: dataDir, trace }), ms: 30_000 });
  const { code, signal, late, report } = await child.ended;
  const isKilled = faults.at !== undefined && (faults.how === 'kill' || faults.how === 'torn');
  const ended = isKilled && signal === 'SIGKILL' ? 'killed' : `${code}`;
  const wanted = isKilled ? ['killed', '0'] : ['0'];
  if (late || !wanted.includes(ended)) throw new Error(`the process should have ended by itself\n${report}`);
  promises.hear(child.lines, known(), run.width > 1);
  await check(promises, child.lines, dataDir, readTrace(trace));
  removeDirectory(dataDir);
  removeDirectory(trace);
}

/** Every call has an answer; what is asked after the first storage error is refused; it is told once. */
function failedWell(
  t: ExecutionContext,
  lines: readonly Line[],
  how: FaultHow,
): 'refused to open' | 'failed' | 'went on' {
  const expected = how === 'enospc' ? ['STORAGE_FULL'] : ['JOURNAL_IO'];
  const openFailed = lines.find(({ say }) => say === 'open failed');
  if (openFailed?.say === 'open failed') {
    t.true(expected.includes(openFailed.error.code), JSON.stringify(openFailed));
    t.is(lines.length, 1, 'nothing was done');
    return 'refused to open';
  }
  /** Calls under way; was the failure known when they were made? */
  const calls = new Map<string, boolean>();
  let [broken, fatal] = [false, 0];
  for (const line of lines) {
    if (line.say === 'sent') calls.set(line.key, broken);
    if (line.say === 'fatal') {
      fatal += 1;
      t.true(expected.includes(line.error.code), JSON.stringify(line));
    }
    if (line.say !== 'ok' && line.say !== 'no') continue;
    const wasBroken = calls.get(line.key);
    t.true(calls.delete(line.key), `${line.key} was answered twice`);
    const code = line.say === 'ok' ? 'OK' : line.error.code;
    if (wasBroken) t.true(expected.includes(code), `made after the failure: ${JSON.stringify(line)}`);
    if (['OUTCOME_UNKNOWN', 'JOURNAL_IO', 'INTERNAL'].includes(code)) {
      broken = true;
      t.true(['OUTCOME_UNKNOWN', ...expected].includes(code), JSON.stringify(line));
    }
  }
  t.deepEqual([...calls], [], 'calls without an answer');
  t.true(['closed', 'close failed'].includes(lines.at(-1)!.say), JSON.stringify(lines.at(-1)));
  if (broken) t.is(fatal, 1, "'fatal' was told");
  return fatal > 0 ? 'failed' : 'went on';
}

/** The indexes to try of so many. */
function chosen(count: number, salt: number): number[] {
  if (WHICH === 'all') return Array.from({ length: count }, (_, i) => i + 1);
  if (WHICH !== 'some') return [Number(WHICH)];
  // Spread over the run, and other ones for each kind of fault.
  return Array.from({ length: SOME }, (_, i) => 1 + Math.floor(((i + (salt % 7) / 7) * count) / SOME));
}

const FAULTS: { how: FaultHow; lasts: number | 'ever' }[] = [
  { how: 'eio', lasts: 1 },
  { how: 'eio', lasts: 'ever' },
  { how: 'short', lasts: 1 },
  { how: 'short', lasts: 'ever' },
  { how: 'slow', lasts: 1 },
  { how: 'enospc', lasts: 'ever' },
  { how: 'kill', lasts: 1 },
  { how: 'torn', lasts: 1 },
];

for (const run of RUNS) {
  test(`${run.name}: the calls of a run fail one by one`, async (t) => {
    const library = shim();
    if ('why' in library) {
      t.log(`skipped: ${library.why}`);
      t.pass();
      return;
    }
    t.timeout(WHICH === 'all' ? 10_000_000 : 300_000);
    let calls: readonly Traced[] = [];
    await turn(() =>
      runWith(run, {}, async (_promises, lines, _dataDir, trace) => {
        calls = trace;
        t.is(lines.at(-1)?.say, 'closed', JSON.stringify(lines.at(-1)));
        t.is(lines.filter(({ say }) => say === 'fatal').length, 0);
      }),
    );
    for (const call of ['open', 'write', 'sync', 'rename'] as const)
      t.true(
        calls.some((one) => one.call === call),
        `the run makes no ${call}`,
      );
    const ended: Record<string, number> = {};
    await Promise.all(
      FAULTS.flatMap(({ how, lasts }, salt) =>
        chosen(calls.length, salt).map((at) =>
          turn(async () => {
            const what = `call ${at} of ${calls.length} (${JSON.stringify(calls[at - 1])}), ${how}, ${lasts} times`;
            try {
              await runWith(run, { at, how, lasts }, async (promises, lines, dataDir) => {
                if (how === 'kill' || how === 'torn') {
                  ended[how] = (ended[how] ?? 0) + 1;
                } else {
                  const how_ = `${how} ${lasts}: ${failedWell(t, lines, how)}`;
                  ended[how_] = (ended[how_] ?? 0) + 1;
                  if (how === 'slow') t.regex(how_, /went on/, what);
                }
                await inspect(promises, { config: { ...run.config, dataDir }, still: true });
                t.deepEqual(promises.takeWrong().slice(0, 5), [], what);
              });
            } catch (error) {
              t.log(
                `${what}: LIGHTNING_FAULTS=${at} npx ava __test__/faults/io-errors.spec.ts --match '${run.name}*'`,
              );
              throw error;
            }
          }),
        ),
      ),
    );
    t.log(JSON.stringify(ended));
    const count = (pattern: RegExp) =>
      Object.entries(ended).reduce((sum, [what, n]) => sum + (pattern.test(what) ? n : 0), 0);
    if (WHICH === 'some' || WHICH === 'all')
      t.true(count(/eio .*: failed/) > 0, 'some errors end the engine');
  });
}

test('a group of records that is cut in half: dropped, kept aside, reported, and nobody was told of it', async (t) => {
  const library = shim();
  if ('why' in library) {
    t.log(`skipped: ${library.why}`);
    t.pass();
    return;
  }
  await turn(async () => {
    let found = 0;
    // On a machine that has much else to do, a heartbeat may be what is cut four times: then it goes on.
    for (let at = 1; at <= 4 || (found === 0 && at <= 40); at += 1) {
      const dataDir = freshDirectory('torn');
      const arms = beside(dataDir, 'armed');
      t.teardown(() => [dataDir, arms].forEach(removeDirectory));
      // In this thread a hundred calls made together are one group. Others are small, or a heartbeat: half is all of it.
      const run: Run = { ...RUNS[0]!, width: 100 };
      const faults: Faults = { directory: dataDir, files: 'segment-', calls: ['write'], at, how: 'torn' };
      const child = await start(
        { ...jobOf(run, dataDir, 0), arms },
        { env: faultEnv({ ...faults, armedBy: arms }) },
      );
      const { signal, report } = await child.ended;
      t.is(signal, 'SIGKILL', report);
      const promises = new Promises();
      promises.hear(child.lines, known(), true);
      const { recovery } = await inspect(promises, { config: { ...run.config, dataDir }, still: true });
      t.deepEqual(promises.takeWrong(), []);
      const { torn } = recovery;
      if (!torn) continue;
      found += 1;
      t.is(torn.seq, recovery.seq + 1);
      const kept = readFileSync(join(dataDir, `torn-${torn.seq}.bin`));
      t.is(kept.length, torn.bytes);
      t.true(kept.some((byte) => byte !== 0));
    }
    t.true(found > 0, 'no group was cut');
  });
});

test.after.always(async () => {
  if (past) removeDirectory((await past).dataDir);
});

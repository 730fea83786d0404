/**
 * kill -9 under load: a process makes all kinds of calls and tells each answer as it gets it; it is killed at a
 * random moment, often several times in a row, also while it recovers; and what the directory then recovers to is
 * held against everything that the process was told.
 *
 * `LIGHTNING_KILLS=2000 npx ava __test__/faults/kill.spec.ts` does it 2,000 times; `SEED=7 LIGHTNING_KILLS=5` does
 * the five of one directory again. What is asked, how many calls are in flight, and about when the kill comes, are a
 * matter of the seed; the very moment is the machine's.
 */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { EngineConfig } from '../../index.ts';
import { generator, seedOr } from '../random.ts';
import { type Command, commandsOf, type Script, stage } from './commands.ts';
import type { Line, LoadJob } from './child/protocol.ts';
import { freshDirectory, removeDirectory } from './directories.ts';
import { start } from './processes.ts';
import { Promises } from './promises.ts';
import { inspect } from './recovery.ts';
import { type Faults, faultEnv, shim } from './shim.ts';
import { taking } from './turns.ts';

const KILLS = Number(process.env['LIGHTNING_KILLS'] ?? 50);
const SEED = seedOr(1);
/** Kills of one directory. */
const IN_A_ROW = 5;

/** What happened to all directories, to show that all of it is tried. */
const seen = {
  kills: 0,
  opening: 0,
  staging: 0,
  loaded: 0,
  atRest: 0,
  torn: 0,
  present: 0,
  absent: 0,
  answers: 0,
};

type Random = () => number;

const below = (random: Random, n: number) => Math.floor(random() * n);
const pick = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)]!;

function threads(random: Random): NonNullable<EngineConfig['threads']> {
  return pick(random, [
    'inline',
    'auto',
    { sequencers: 1, matchers: 1 },
    { sequencers: 1 + below(random, 3), matchers: 1 + below(random, 3) },
    { sequencers: 10, matchers: 10 },
  ] as const);
}

/** How a process is going to end. */
type End =
  | { by: 'time'; ms: number }
  | { by: 'answers'; count: number; ms: number }
  | { by: 'rest'; count: number }
  | { by: 'call'; faults: Omit<Faults, 'directory'> };

function end(random: Random, length: number, hasShim: boolean): End {
  const kind = random();
  if (kind < 0.15) return { by: 'time', ms: 30 + below(random, 150) };
  if (kind < 0.6) return { by: 'answers', count: 1 + below(random, length), ms: below(random, 4) };
  if (kind < 0.8 || !hasShim) return { by: 'rest', count: 1 + below(random, 3) };
  // At the very call: before it, or when half of its bytes are written; any call, or in the middle of a group of records.
  const any: Omit<Faults, 'directory'> = { at: 1 + below(random, 300), how: pick(random, ['kill', 'torn']) };
  const group: Omit<Faults, 'directory'> = {
    at: 2 + below(random, 30),
    how: 'torn',
    calls: ['write'],
    files: 'segment-',
  };
  return { by: 'call', faults: pick(random, [any, group]) };
}

async function killed(t: ExecutionContext, job: LoadJob, how: End): Promise<readonly Line[]> {
  const dataDir = job.config.dataDir!;
  const env = how.by === 'call' ? faultEnv({ ...how.faults, directory: dataDir }) : {};
  const child = await start(job, { env });
  let isOver = false;
  void child.ended.then(() => (isOver = true));
  switch (how.by) {
    case 'time':
      await after(how.ms);
      break;
    case 'answers': {
      let answers = 0;
      await child.said(({ say }) => {
        if (say === 'ok') answers += 1;
        return answers >= how.count || say === 'end';
      });
      await after(how.ms);
      break;
    }
    case 'rest': {
      let quiet = 0;
      await child.said(({ say }) => {
        if (say === 'quiet') quiet += 1;
        return quiet >= how.count || say === 'end';
      });
      break;
    }
    case 'call':
      // It ends by itself, or it has made fewer calls.
      await child.said(({ say }) => say === 'end');
  }
  if (!isOver) child.kill();
  const { signal, late, report } = await child.ended;
  t.is(signal, 'SIGKILL', report);
  t.false(late, report);
  return child.lines;
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A directory's whole life. */
async function life(t: ExecutionContext, seed: number, kills: number): Promise<void> {
  const random = generator(seed);
  const dataDir = freshDirectory('kill');
  const promises = new Promises();
  const still = random() < 0.7;
  const shared: EngineConfig = {
    dataDir,
    durability: pick(random, ['sync', 'sync', 'written']),
    segmentBytes: 1 << 20,
    snapshot: { everyRecords: pick(random, [0, 100, 1000]), keep: 2 },
    retention: pick(random, ['keep', 'archive', 'remove']),
    history: { tradesPerSymbol: 1_000_000 },
  };
  const known = new Map<string, Command>(stage().map((command) => [command.key, command]));
  let run = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const length = pick(random, [100, 400, 1500]);
    const script: Script = { seed, run, length, clock: still ? null : Date.now() };
    for (const command of commandsOf(script)) known.set(command.key, command);
    const width = pick(random, [1, 4, 32, 200]);
    const job: LoadJob = {
      role: 'load',
      config: { ...shared, threads: threads(random) },
      script,
      width,
      quietEvery: pick(random, [50, 300, 5000]),
      atEnd: 'wait',
    };
    const how = end(random, length, 'path' in shim());
    const lines = await killed(t, job, how);
    promises.hear(lines, known, width > 1);
    run += 1;
    count(lines);
    // Killed again before anybody has looked, often while it recovers.
    if (random() < 0.35) continue;
    const config = { ...shared, threads: threads(random) };
    const twin = random() < 0.5 ? threads(random) : undefined;
    const last = `run ${run - 1},`;
    const found = await inspect(promises, {
      config,
      still,
      ...(twin === undefined ? {} : { twin }),
      repeats: ({ command: { key } }) => key.startsWith(last) || random() < 0.1,
    });
    seen.present += found.present;
    seen.absent += found.absent;
    if (found.recovery.torn) seen.torn += 1;
    const wrong = promises.takeWrong();
    const story = `kill ${kill}, ${JSON.stringify({ how, job, opened: config, recovery: found.recovery })}`;
    t.deepEqual(wrong.slice(0, 10), [], `${wrong.length} promises broken\n${story}\nfiles: ${dataDir}`);
  }
  removeDirectory(dataDir);
}

function count(lines: readonly Line[]): void {
  seen.kills += 1;
  seen.answers += lines.filter(({ say }) => say === 'ok').length;
  const last = lines.at(-1)?.say;
  if (!lines.some(({ say }) => say === 'opened')) seen.opening += 1;
  else if (!lines.some(({ say }) => say === 'ready')) seen.staging += 1;
  else if (last === 'quiet' || last === 'end') seen.atRest += 1;
  else seen.loaded += 1;
}

const turn = taking(2);
const directories = Math.ceil(KILLS / IN_A_ROW);
for (let n = 0; n < directories; n += 1) {
  const [seed, kills] = [SEED + n, Math.min(IN_A_ROW, KILLS - n * IN_A_ROW)];
  test(`seed ${seed}: ${kills} kills, and nothing that was promised is lost`, async (t) => {
    t.timeout(1_000_000);
    await turn(async () => {
      try {
        await life(t, seed, kills);
      } catch (error) {
        t.fail(String((error as Error).stack));
      }
      if (!t.passed) t.log(`SEED=${seed} LIGHTNING_KILLS=${kills} npx ava __test__/faults/kill.spec.ts`);
    });
  });
}

test.after('every kind of moment was met', (t) => {
  t.log(JSON.stringify(seen));
  if (KILLS < 50) return;
  for (const what of ['opening', 'loaded', 'atRest', 'present', 'absent'] as const)
    t.true(seen[what] > 0, what);
});

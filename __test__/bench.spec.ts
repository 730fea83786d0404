/**
 * The benchmark itself: everything of it runs, tiny, and finds nothing wrong; what is wrong on purpose is noticed;
 * and the README says what the newest recorded run says. Nothing here looks at how long anything took.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { contest } from '../benchmark/contest.ts';
import type { Contestant, Ended, Played } from '../benchmark/contestants/contestant.ts';
import { tiny } from '../benchmark/plan.ts';
import { build, type NativeLine } from '../benchmark/native.ts';
import { newest, read, type Recording, save } from '../benchmark/recording.ts';
import { remote, Worker } from '../benchmark/remote.ts';
import { charts } from '../benchmark/report/charts.ts';
import { replaceSection, section } from '../benchmark/report/markdown.ts';
import { terminalReport } from '../benchmark/report/terminal.ts';
import { compare, type Duel, type Expected } from '../benchmark/stages/exchange-core.ts';
import { runSuite, STAGES } from '../benchmark/suite.ts';
import { deep, thin, writeFlow } from '../benchmark/workloads/flow.ts';
import { ROOT } from './children.ts';

const SEED = 42;

/** A contestant that knows the oracle's answers, but for what a lie makes of them. */
function oracle(lie?: {
  played?(part: number, played: Played): void;
  ended?(ended: Ended): void;
}): Contestant {
  return {
    id: 'oracle',
    label: 'oracle',
    begin: async (flow) => ({
      async play(part) {
        const played = { seconds: 1, tradedLots: flow.tradedLots[part + 1] ?? 0 };
        lie?.played?.(part, played);
        return played;
      },
      async end() {
        const ended: Ended = { outcome: structuredClone(flow.expected), faults: [] };
        lie?.ended?.(ended);
        return ended;
      },
    }),
  };
}

/** The faults of a contest between a contestant and itself. */
async function faultsOf(contestant: Contestant): Promise<string[]> {
  const { faults, standings } = await contest(thin(SEED, 500, 3), [{ contestant }], 'nobody', () => {});
  // Who is wrong has no figures.
  if (faults.length > 0 && standings.length > 0) throw new Error('a wrong run has a rate');
  return faults;
}

test('who is right is not accused', async (t) => {
  t.deepEqual(await faultsOf(oracle()), []);
});

test('a fill too many is noticed, in the part where it happens', async (t) => {
  const liar = oracle({
    played(part, played) {
      if (part === 1) played.tradedLots += 1;
    },
  });
  const [fault = '', ...more] = await faultsOf(liar);
  t.regex(fault, /after part 1, traded \d+ lots where \d+ are right/);
  t.deepEqual(more, []);
});

test('a lot too few in the book is noticed', async (t) => {
  const liar = oracle({
    ended({ outcome }) {
      outcome.asks.at(-1)![1] -= 1;
    },
  });
  t.deepEqual(await faultsOf(liar), ['oracle, thin: other asks are left in the book']);
});

test('a level that should be gone is noticed', async (t) => {
  const liar = oracle({ ended: ({ outcome }) => void outcome.bids.push([1, 1]) });
  t.deepEqual(await faultsOf(liar), ['oracle, thin: other bids are left in the book']);
});

test('what a contestant finds wrong with itself is told', async (t) => {
  const honest = oracle({ ended: ({ faults }) => void faults.push('money is missing') });
  t.deepEqual(await faultsOf(honest), ['oracle, thin: money is missing']);
});

test('a contestant that throws is at fault, and the contest goes on', async (t) => {
  const thrower = oracle();
  thrower.begin = () => Promise.reject(new Error('no memory'));
  const entrants = [{ contestant: thrower }, { contestant: oracle() }];
  const { faults, standings } = await contest(thin(SEED, 500, 2), entrants, 'nobody', () => {});
  t.deepEqual(faults, ['oracle, thin: no memory']);
  t.is(standings.length, 1);
});

test('the oracle keeps flows together: a flow is a function of its shape', (t) => {
  const [one, two] = [writeFlow(deep(SEED, 1_000, 300, 2)), writeFlow(deep(SEED, 1_000, 300, 2))];
  t.deepEqual(one, two);
  t.notDeepEqual(one.parts, writeFlow(deep(SEED + 1, 1_000, 300, 2)).parts);
  t.is(one.resting.start, 1_000);
});

test('a contestant that is not there is left out', async (t) => {
  t.deepEqual(await remote('somebody'), { missing: 'nobody is called somebody' });
});

test('a process that does not answer in time is ended', async (t) => {
  using worker = new Worker(1);
  const options = { mode: 'inline', rate: 10, seconds: 60, seed: SEED } as const;
  await t.throwsAsync(worker.ask('latency', options), { message: 'latency was not over after 0.001 s' });
  await t.throwsAsync(worker.ask('latency', options), { message: /its process ended|was not over/ });
});

test('a process whose end is not told yet has ended', async (t) => {
  using worker = new Worker();
  t.deepEqual(await worker.ask('become', 'somebody'), { missing: 'nobody is called somebody' });
  worker[Symbol.dispose]();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500); // it ends while nothing is heard of that
  await t.throwsAsync(worker.ask('become', 'somebody'), { message: /^its process ended/ });
});

test.serial('all stages run, tiny, are right, and are reported', async (t) => {
  const steps: string[] = [];
  let announced = 0;
  const recording = await runSuite(
    tiny(SEED),
    { stages: new Set(STAGES.filter((stage) => stage !== 'native')), peers: new Set(), command: 'npm test' },
    { begin: (count) => (announced = count), step: (what) => void steps.push(what) },
  );
  t.deepEqual(recording.faults, []);
  // Nobody but who needs what this version does not have.
  t.deepEqual(
    recording.skipped.filter(({ why }) => !why.startsWith('this version has no')),
    [],
  );
  t.true(steps.length <= announced);
  t.is(recording.contests.length, 3);
  for (const { standings } of recording.contests) {
    t.true(standings.some(({ id }) => id === 'nodejs-order-book'));
    t.true(standings.every(({ median, timesPeer }) => median > 0 && timesPeer !== null));
  }
  t.is(recording.latencies.length, 2);
  t.is(recording.level2.length, 4);
  t.is(recording.shards.length, 2);
  t.regex(terminalReport(recording), /every run made its oracle's fills/);

  const folder = await mkdtemp(join(tmpdir(), 'lightning-runs-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const name = save(recording, folder);
  t.regex(name, /^\d{4}-\d\d-\d\d-[a-z0-9-]+-\d+\.json$/);
  t.deepEqual(newest(folder), { name, recording: read(join(folder, name)) });
  t.is(charts(recording).length, 3);
});

/** What the tests of the report are about. */
const { name, recording } = newest();

test('the newest recorded run is right', (t) => {
  t.deepEqual(recording.faults, []);
});

test('its pictures have a line for everybody', (t) => {
  const drawn = charts(recording);
  t.true(drawn.length > 0);
  for (const { svg, title } of drawn) {
    t.regex(svg, /^<svg xmlns=/);
    t.true(svg.includes(`<title>${title}</title>`));
    t.true(svg.includes('<path'), title);
    t.notRegex(svg, /NaN|undefined|Infinity/);
  }
});

test('a run without some stages is reported without them', (t) => {
  const poor: Recording = { ...recording, contests: [], latencies: [], level2: [], shards: [], native: [] };
  t.deepEqual(charts(poor), []);
  t.notRegex(section(name, poor, [], 'docs/img'), /undefined|NaN/);
});

test('the README says what the newest recorded run says', async (t) => {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  t.is(
    readme,
    replaceSection(readme, section(name, recording, charts(recording), 'docs/img')),
    'run npm run bench:report',
  );
});

test('what Rust and Java programs say is reported', (t) => {
  const rates = { rates: [2_000_000], median: 2_000_000, best: 2_100_000 };
  const native: NativeLine[] = [
    {
      type: 'result',
      stage: 'book',
      workload: 'deep',
      subject: 'price-time',
      ...rates,
      against: 'reference',
      times: 4.3,
    },
    {
      type: 'result',
      stage: 'threaded',
      workload: 'wide',
      subject: 'engine',
      shards: { sequencers: 2, matchers: 2 },
      inFlight: 2_048,
      ...rates,
    },
    {
      type: 'result',
      stage: 'threaded',
      workload: 'wide',
      subject: 'engine',
      offeredPerSecond: 20_000,
      achievedPerSecond: 19_999,
      latencyNanoseconds: { p50: 21_000, p99: 88_000, 'p99.9': 240_000, max: 1_200_000 },
    },
    {
      type: 'result',
      stage: 'memory',
      subject: 'book',
      orders: 1_000_000,
      residentBytes: 64e6,
      bytesPerOrder: 64,
    },
    {
      type: 'result',
      stage: 'engine',
      durability: 'sync',
      offeredPerSecond: 20_000,
      achievedPerSecond: 20_000,
      microseconds: { p50: 400, p99: 900, 'p99.9': 2_000, max: 4_000 },
    },
    { type: 'result', stage: 'peers', workload: 'deep', subject: 'lightning', ...rates },
    { type: 'result', stage: 'peers', workload: 'deep', subject: 'slow', ...rates },
    { type: 'ratio', stage: 'peers', workload: 'deep', subject: 'lightning', against: 'slow', times: 39.12 },
    { type: 'difference', stage: 'peers', workload: 'deep', subject: 'wrong', difference: '1 trade, not 2' },
  ];
  const duels: Duel[] = [
    {
      peer: 'exchange-core',
      workload: 'single-pair',
      commands: 600_000,
      trades: 7,
      theirs: rates,
      ours: [{ id: 'inline, core', timesPeer: 2.51, ...rates }],
    },
  ];
  const text = section(name, { ...recording, native, duels }, [], 'docs/img');
  for (const row of [
    '| book, price-time | deep | 2,000,000 | 2,100,000 | 4.3x reference |',
    '| threaded, engine, 2+2, 2,048 in flight | wide | 2,000,000 | 2,100,000 |  |',
    '| threaded, engine, wide | 20,000 | 19,999 | 21.0 µs | 88.0 µs | 240 µs | 1.20 ms |',
    '| engine, sync | 20,000 | 20,000 | 400 µs | 900 µs | 2.00 ms | 4.00 ms |',
    '| book | 1,000,000 |  | 64 MB | 64 |',
    '| deep | 2,000,000 | 2,000,000 (ours: 39x) | other fills |',
    '| inline, core | 2,000,000 | 2,100,000 | 2.5x |',
  ]) {
    t.true(text.includes(row), `${row}\nis not in\n${text}`);
  }
});

test('an exchange that trades otherwise than the others is noticed', (t) => {
  const expected: Expected = { trades: 3, tradedLots: 9, orders: 2, tradesHash: 'aa', booksHash: 'bb' };
  const right = {
    ...expected,
    nanoseconds: 1,
    commands: 1,
    refused: 0,
    firstRefusal: 'SUCCESS',
    conserved: true,
  };
  t.deepEqual(compare(right, expected), []);
  t.deepEqual(compare({ ...right, tradesHash: 'ab' }, expected), ['tradesHash is ab where aa is right']);
  t.deepEqual(compare({ ...right, booksHash: 'ba' }, expected), ['booksHash is ba where bb is right']);
  t.is(compare({ ...right, trades: 4, refused: 1, conserved: false }, expected).length, 3);
});

test('a program that is not there is left out', (t) => {
  t.regex(build(['--package', 'no-such-package']) ?? '', /it can't be built|cargo is not installed/);
});

test('a page without a place for the benchmark is refused', (t) => {
  t.throws(() => replaceSection('# A page', 'a table'), { message: /no place/ });
});

/** The tests of this folder can fail: things are lost and changed on purpose, and each time that is noticed. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Engine, LightningError } from '../../index.ts';
import type { EngineConfig } from '../../index.ts';
import type { Line, LoadJob, Reading } from './child/protocol.ts';
import { refused } from './child/say.ts';
import { type Command, commandsOf, make, type Script, stage } from './commands.ts';
import { beside, filesOf, freshDirectory, removeDirectory } from './directories.ts';
import { start } from './processes.ts';
import { Promises } from './promises.ts';
import { readAll } from './reading.ts';
import { inspect, tradesOf } from './recovery.ts';
import { faultEnv, shim } from './shim.ts';

const SCRIPT: Script = { seed: 21, run: 0, length: 300, clock: null };
const shared: EngineConfig = {
  threads: { sequencers: 2, matchers: 2 },
  segmentBytes: 1 << 20,
  history: { tradesPerSymbol: 1_000_000 },
};

function known(): Map<string, Command> {
  return new Map([...stage(), ...commandsOf(SCRIPT)].map((command) => [command.key, command]));
}

/** Runs a load to its end and kills it at rest; gives what it said. */
async function killedAtRest(
  dataDir: string,
  env: Record<string, string> = {},
  arms?: string,
): Promise<readonly Line[]> {
  const job: LoadJob = {
    role: 'load',
    config: { ...shared, dataDir },
    script: SCRIPT,
    width: 4,
    quietEvery: 5000,
    atEnd: 'wait',
    ...(arms === undefined ? {} : { arms }),
  };
  const child = await start(job, { env });
  await child.said(({ say }) => say === 'end');
  child.kill();
  const { signal, report } = await child.ended;
  if (signal !== 'SIGKILL') throw new Error(report);
  return child.lines;
}

/** What is wrong with a directory, in few words; opening it may fail, too. */
async function wrongWith(dataDir: string, lines: readonly Line[]): Promise<string[]> {
  const promises = new Promises();
  promises.hear(lines, known(), true);
  try {
    await inspect(promises, { config: { ...shared, dataDir }, still: true });
  } catch (error) {
    if (!(error instanceof LightningError)) throw error;
    promises.wrong.push(`refused: ${error.code}`);
  }
  return promises.takeWrong();
}

function directory(t: ExecutionContext): string {
  const path = freshDirectory('canary');
  t.teardown(() => removeDirectory(path));
  return path;
}

/** Zeroes the end of the newest log file: the last frame with records, and what follows. */
function loseTheLastFrame(dataDir: string): void {
  const BLOCK = 4096;
  const newest = filesOf(dataDir).findLast((name) => name.startsWith('segment-'))!;
  const bytes = readFileSync(join(dataDir, newest));
  const isFrame = (at: number) => bytes.toString('latin1', at, at + 4) === 'LJF1';
  const records = (at: number) => bytes.readUInt32LE(at + RECORD_COUNT);
  let last = 0;
  for (let at = BLOCK; at < bytes.length; at += BLOCK) if (isFrame(at) && records(at) > 0) last = at;
  const fd = openSync(join(dataDir, newest), 'r+');
  writeSync(fd, Buffer.alloc(bytes.length - last), 0, bytes.length - last, last);
  closeSync(fd);
}

/** Where a frame's header says how many records are in it: see docs/JOURNAL.md. */
const RECORD_COUNT = 48;

test('nothing is wrong with a directory that nothing was done to', async (t) => {
  const dataDir = directory(t);
  t.deepEqual(await wrongWith(dataDir, await killedAtRest(dataDir)), []);
});

test('the last frame is lost after the kill: noticed', async (t) => {
  const dataDir = directory(t);
  const lines = await killedAtRest(dataDir);
  loseTheLastFrame(dataDir);
  const wrong = await wrongWith(dataDir, lines);
  t.log(wrong[0]);
  t.true(wrong.length > 0);
});

test('a disk that says that it has written, and has not: noticed', async (t) => {
  const library = shim();
  if ('why' in library) {
    t.log(`skipped: ${library.why}`);
    t.pass();
    return;
  }
  const dataDir = directory(t);
  const armedBy = beside(dataDir, 'armed');
  t.teardown(() => removeDirectory(armedBy));
  const env = faultEnv({ directory: dataDir, armedBy, at: 40, lasts: 'ever', how: 'lie', files: 'segment-' });
  const lines = await killedAtRest(dataDir, env, armedBy);
  const wrong = await wrongWith(dataDir, lines);
  t.log(wrong[0]);
  t.true(wrong.length > 0);
});

/** What a client of an engine in memory is told, and what there is at the end. */
async function session(): Promise<{ promises: Promises; now: Reading; engine: Engine }> {
  const engine = await Engine.open({ threads: 'inline', history: { tradesPerSymbol: 1_000_000 } });
  const promises = new Promises();
  for (const command of known().values()) {
    const { key } = command;
    promises.hear([{ say: 'sent', key }], known(), false);
    try {
      promises.answered(key, await make(engine, command));
    } catch (error) {
      promises.refused(key, refused(error));
    }
  }
  const now = await readAll(engine);
  promises.hear([{ say: 'quiet', reading: now }], known(), false);
  return { promises, now, engine };
}

test('the books notice each thing that can be wrong', async (t) => {
  const { promises, now, engine } = await session();
  t.teardown(() => engine.close());
  const done = [...promises.sent.values()].filter(({ answer }) => answer);
  t.true(done.length > 150, `${done.length} calls were done`);
  const trades = await tradesOf(engine);
  t.true(trades.length > 50);
  t.true(now.openOrders.length > 10);
  promises.holdAgainst(structuredClone(now), true);
  promises.holdMoneyAgainst(now, trades, done);
  t.deepEqual(promises.takeWrong(), [], 'nothing is wrong as it is');

  const notices = (what: string, change: (reading: Reading) => void, pattern: RegExp) => {
    const changed = structuredClone(now);
    change(changed);
    promises.holdAgainst(changed, true);
    t.regex(promises.takeWrong().join('\n'), pattern, what);
    promises.quiet = now;
  };
  notices('a balance', ({ balances }) => (balances[1]![0]!.available += '1'), /balances, read at rest/);
  notices('a trade', (reading) => (reading.trades[0]![3]!.price = '77.77'), /trade AAA-QQQ 4 was/);
  notices('a lost trade', (reading) => reading.trades[0]!.pop(), /trades were seen, there are/);
  notices('a hole', (reading) => reading.trades[0]!.splice(5, 1), /holes/);
  notices('a lost order', (reading) => reading.openOrders.pop(), /openOrders, read at rest/);
  notices(
    'an id used twice',
    (reading) => (reading.openOrders[0]!.clientOrderId = 'x'),
    /was r0n\d+, and now is x/,
  );
  notices('an older book', (reading) => (reading.books[0]!.seq -= 1), /was read, there is only/);
  notices('another book', ({ books }) => books.map((book) => (book.asks = [])), /book \d+ was/);
  notices('savings', ({ balances }) => (balances[500]![2]!.total = '0.000000'), /the saver's QQQ were/);
  notices(
    'totals',
    ({ conservation }) => (conservation[0]!.deposited = '1.000000'),
    /all deposits of AAA were/,
  );

  const isWrong = (what: string, act: () => void, pattern: RegExp) => {
    act();
    t.regex(promises.takeWrong().join('\n'), pattern, what);
  };
  for (const call of ['deposit', 'withdraw', 'transfer'] as const) {
    const lost = done.filter(
      ({ command }) => command.key !== done.find((one) => one.command.call === call)!.command.key,
    );
    isWrong(
      `${call} that was not done`,
      () => promises.holdMoneyAgainst(now, trades, lost),
      /it should have/,
    );
  }
  isWrong('a trade lost', () => promises.holdMoneyAgainst(now, trades.slice(1), done), /it should have/);
  const placed = done.find(({ answer }) => 'fills' in answer! && (answer.fills as object[]).length > 0)!;
  const { key } = placed.command;
  isWrong('done twice', () => promises.answered(key, placed.answer!), /was done twice/);
  isWrong(
    'another answer',
    () => promises.answered(key, { ...placed.answer, fills: [], duplicate: true }),
    /is now answered/,
  );
  isWrong(
    'refused after all',
    () => promises.refused(key, { code: 'UNKNOWN_SYMBOL', details: {} }),
    /is now refused/,
  );
  const closed = (await engine.orders({ accountId: 1, limit: 1 })).orders[0]!;
  promises.order(closed);
  isWrong('a closed order changes', () => promises.order({ ...closed, status: 'NEW' }), /was closed as/);
  const recovery = { incarnation: 2, seq: 1e9, stateHash: 'a' } as never;
  promises.opened(recovery);
  isWrong(
    'an opening that is not counted',
    () => promises.opened(recovery),
    /opening number 2 after number 2/,
  );
  isWrong(
    'records lost',
    () => promises.opened({ incarnation: 3, seq: 1, stateHash: 'a' } as never),
    /was promised/,
  );
  promises.closedAs = 'b';
  isWrong(
    'another state',
    () => promises.opened({ incarnation: 4, seq: 1e9, stateHash: 'a' } as never),
    /closed with state b/,
  );
});

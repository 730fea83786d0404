/** The ways in which processes come and go, and what a directory may not be. */
import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Engine } from '../../index.ts';
import type { EngineConfig } from '../../index.ts';
import { codeOf } from '../helpers.ts';
import type { LoadJob } from './child/protocol.ts';
import { commandsOf, type Script, stage } from './commands.ts';
import { filesOf, fingerprint, freshDirectory, removeDirectory } from './directories.ts';
import { type Child, start } from './processes.ts';
import { Promises } from './promises.ts';
import { inspect } from './recovery.ts';
import { taking } from './turns.ts';

const shared: EngineConfig = {
  segmentBytes: 1 << 20,
  threads: { sequencers: 2, matchers: 2 },
  history: { tradesPerSymbol: 1_000_000 },
};
const isWindows = process.platform === 'win32';
const turn = taking(2);

function directory(t: ExecutionContext): string {
  const path = freshDirectory('processes');
  t.teardown(() => removeDirectory(path));
  return path;
}

function jobOf(dataDir: string, more: Partial<LoadJob> = {}): LoadJob {
  const script: Script = { seed: 11, run: 0, length: 2000, clock: null };
  return {
    role: 'load',
    config: { ...shared, dataDir },
    script,
    width: 32,
    quietEvery: 5000,
    atEnd: 'close',
    ...more,
  };
}

/** A file's mode, as `chmod` says it. */
function mode(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

/** So many answers have come. */
async function answers(child: Child, count: number): Promise<void> {
  let n = 0;
  await child.said(({ say }) => {
    if (say === 'ok') n += 1;
    return n >= count;
  });
}

/** Whatever a process was told is in the directory. */
async function keeps(t: ExecutionContext, { lines }: Child, job: LoadJob): Promise<void> {
  const promises = new Promises();
  const all = [...stage(), ...commandsOf(job.script)];
  promises.hear(lines, new Map(all.map((command) => [command.key, command])), true);
  t.true(promises.sent.size > 100, 'the process has hardly done anything');
  await inspect(promises, { config: job.config, still: true });
  t.deepEqual(promises.takeWrong().slice(0, 5), []);
}

test('two processes on one directory: the second one is refused, and changes nothing', async (t) => {
  const dataDir = directory(t);
  const first = await start({ role: 'hold', config: { ...shared, dataDir } });
  await first.said(({ say }) => say === 'opened');
  const second = await start({ role: 'hold', config: { ...shared, dataDir } });
  t.like(await second.said(() => true), { say: 'open failed', error: { code: 'DATA_DIR_LOCKED' } });
  t.is((await second.ended).code, 0);
  // Nor from here, nor by another path.
  const before = filesOf(dataDir);
  t.is(await codeOf(Engine.open({ ...shared, dataDir })), 'DATA_DIR_LOCKED');
  if (!isWindows) {
    const alias = `${dataDir}.alias`;
    symlinkSync(dataDir, alias);
    t.teardown(() => removeDirectory(alias));
    t.regex(await codeOf(Engine.open({ ...shared, dataDir: alias })), /DATA_DIR_LOCKED|UNSAFE_DATA_DIR/);
  }
  t.deepEqual(filesOf(dataDir), before);
  // The lock ends with its process, however that ends.
  first.kill();
  await first.ended;
  const engine = await Engine.open({ ...shared, dataDir });
  t.is(await codeOf(Engine.open({ ...shared, dataDir })), 'DATA_DIR_LOCKED', 'and within a process, too');
  await engine.close();
  await (await Engine.open({ ...shared, dataDir })).close();
});

test('of many processes that open a directory at once, one has it', async (t) => {
  const dataDir = directory(t);
  const children = await Promise.all(
    Array.from({ length: 6 }, () => start({ role: 'hold', config: { ...shared, dataDir } })),
  );
  const said = await Promise.all(children.map((child) => child.said(() => true)));
  t.is(said.filter((line) => line?.say === 'opened').length, 1, JSON.stringify(said));
  for (const child of children) child.kill();
  await Promise.all(children.map(({ ended }) => ended));
});

test('files are for their owner only; a directory that others may write to is refused', async (t) => {
  if (isWindows) {
    t.log('skipped: no modes on Windows');
    t.pass();
    return;
  }
  const parent = directory(t);
  const dataDir = join(parent, 'made');
  await (await Engine.open({ ...shared, dataDir })).close();
  t.is(mode(dataDir), '700');
  for (const name of filesOf(dataDir)) t.is(mode(join(dataDir, name)), '600', name);
  const before = fingerprint(dataDir);
  for (const open of [0o720, 0o702, 0o777, 0o770]) {
    chmodSync(dataDir, open);
    t.is(await codeOf(Engine.open({ ...shared, dataDir })), 'UNSAFE_DATA_DIR', open.toString(8));
    t.is(fingerprint(dataDir), before);
  }
  chmodSync(dataDir, 0o700);
  // An empty one, too; and what is no directory at all.
  const open = join(parent, 'open');
  mkdirSync(open);
  chmodSync(open, 0o777);
  t.is(await codeOf(Engine.open({ ...shared, dataDir: open })), 'UNSAFE_DATA_DIR');
  t.deepEqual(filesOf(open), []);
  const file = join(parent, 'file');
  writeFileSync(file, 'mine');
  t.regex(await codeOf(Engine.open({ ...shared, dataDir: file })), /UNSAFE_DATA_DIR|JOURNAL_IO/);
  t.regex(
    await codeOf(Engine.open({ ...shared, dataDir: join(file, 'below') })),
    /UNSAFE_DATA_DIR|JOURNAL_IO/,
  );
  await (await Engine.open({ ...shared, dataDir })).close();
});

test('a link in place of a file is not followed', async (t) => {
  if (isWindows) {
    t.log('skipped: links need a privilege on Windows');
    t.pass();
    return;
  }
  const dataDir = directory(t);
  await (await Engine.open({ ...shared, dataDir })).close();
  for (const name of filesOf(dataDir).filter((file) => /^(segment|MANIFEST|LOCK)/.test(file))) {
    const [path, away] = [join(dataDir, name), `${dataDir}.${name}`];
    renameSync(path, away);
    symlinkSync(away, path);
    const code = await codeOf(Engine.open({ ...shared, dataDir }).then((engine) => engine.close()));
    // One manifest may be missing: the other one does.
    if (!name.startsWith('MANIFEST')) t.not(code, 'OK', name);
    removeDirectory(path);
    renameSync(away, path);
  }
  await (await Engine.open({ ...shared, dataDir })).close();
});

test('SIGTERM with a handler that closes the engine: everything is answered and kept', async (t) => {
  await turn(async () => {
    const job = jobOf(directory(t), { closesAtTerm: true });
    const child = await start(job);
    await answers(child, 300);
    child.kill('SIGTERM');
    const { code, report } = await child.ended;
    t.is(code, 0, report);
    const { lines } = child;
    t.true(
      lines.some(({ say }) => say === 'closed'),
      report,
    );
    const sent = lines.filter(({ say }) => say === 'sent').length;
    t.is(lines.filter(({ say }) => say === 'ok' || say === 'no').length, sent, 'every call was answered');
    await keeps(t, child, job);
  });
});

test('SIGTERM without a handler, in the middle of calls', async (t) => {
  await turn(async () => {
    const job = jobOf(directory(t));
    const child = await start(job);
    await answers(child, 300);
    child.kill('SIGTERM');
    const { signal, report } = await child.ended;
    t.is(signal, 'SIGTERM', report);
    await keeps(t, child, job);
  });
});

test('process.exit() in the middle of calls', async (t) => {
  await turn(async () => {
    const job = jobOf(directory(t), { exitAt: 700 });
    const child = await start(job);
    const { code, report } = await child.ended;
    t.is(code, 0, report);
    const isIn = (what: string) => child.lines.filter(({ say }) => say === what).length;
    t.true(isIn('sent') > isIn('ok') + isIn('no'), 'calls were in flight');
    await keeps(t, child, job);
  });
});

test('worker.terminate() in the middle of calls', async (t) => {
  await turn(async () => {
    const job = jobOf(directory(t));
    const child = await start({ role: 'worker', load: job, terminateAfter: 400 });
    const { code, report } = await child.ended;
    t.is(code, 0, report);
    await keeps(t, child, job);
  });
});

test('no file descriptors: none to open with, and none in the middle of calls', async (t) => {
  if (process.platform !== 'linux') {
    t.log('skipped: only tried on Linux');
    t.pass();
    return;
  }
  await turn(async () => {
    // Too few to open a directory with, whatever the number that Node itself needs.
    let [refusals, opened] = [0, 0];
    for (let limit = 20; limit <= 44; limit += 2) {
      const dataDir = directory(t);
      const job = jobOf(dataDir, { script: { seed: 13, run: 0, length: 20, clock: null } });
      const child = await start(job, { wrap: ['sh', '-c', `ulimit -n ${limit}; exec "$@"`, 'sh'] });
      const { code, report } = await child.ended;
      const [first] = child.lines;
      if (first?.say === 'open failed') {
        refusals += 1;
        t.is(first.error.code, 'JOURNAL_IO', report);
        t.is(code, 0, report);
      } else if (first?.say === 'opened') {
        opened += 1;
        t.is(code, 0, report);
      }
      // What Node itself can't do with so few is not our business.
      await (await Engine.open({ ...shared, dataDir })).close();
    }
    t.log(`${refusals} refused, ${opened} opened`);
    t.true(opened > 0);
    const job = jobOf(directory(t), {
      starveAt: 100,
      width: 1,
      script: { seed: 14, run: 0, length: 900, clock: null },
    });
    const child = await start(job, { wrap: ['sh', '-c', 'ulimit -n 200; exec "$@"', 'sh'] });
    const { code, report } = await child.ended;
    t.is(code, 0, report);
    await keeps(t, child, job);
  });
});

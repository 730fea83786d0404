/** Data directories: who may open them, what is refused, and how engines that have one end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Engine, LightningError, StorageError } from '../index.ts';
import type { EngineConfig } from '../index.ts';
import { panicAfter } from '../ts/options.ts';
import { ROOT, runNode } from './children.ts';
import { codeOf, configFor, fund, inBothModes, limit, MODES, openMarket, refusal } from './helpers.ts';
import { directory, files, keptIn, openKept, SEGMENT_BYTES } from './kept.ts';

const FIXTURE = '__test__/fixtures/kept.ts';
const onUnix = process.platform === 'win32' ? test.skip : test;

/** What account 1 of the fixture owns, according to what is kept. */
async function totalIn(t: ExecutionContext, dataDir: string): Promise<string | undefined> {
  const engine = await openKept(t, dataDir);
  try {
    return (await engine.accounts.balances(1))[0]?.total;
  } finally {
    await engine.close();
  }
}

/** A directory with an asset and ten deposits of account 1, closed. */
async function prepared(t: ExecutionContext): Promise<string> {
  const dataDir = directory(t);
  const engine = await openKept(t, dataDir, { threads: 'inline' });
  await engine.assets.create({ code: 'USD', scale: 2 });
  for (let n = 0; n < 10; n += 1) await engine.accounts.deposit({ accountId: 1, asset: 'USD', amount: 1 });
  await engine.snapshot();
  await engine.accounts.deposit({ accountId: 1, asset: 'USD', amount: 1 });
  await engine.close();
  return dataDir;
}

const BAD_OPTIONS: readonly (readonly [field: string, config: unknown])[] = [
  ['dataDir', { dataDir: 5 }],
  ['dataDir', { dataDir: '' }],
  ['dataDir', { dataDir: 'a\0b' }],
  ['dataDir', { dataDir: null }],
  ['durability', { durability: 'sync' }],
  ['durability', { durability: 'written' }],
  ['durability', { dataDir: 'x', durability: 'volatile' }],
  ['durability', { dataDir: 'x', durability: 'perhaps' }],
  ['durability', { dataDir: 'x', durability: 1 }],
  ['snapshot', { dataDir: 'x', snapshot: 5 }],
  ['snapshot', { dataDir: 'x', snapshot: null }],
  ['snapshot.everyRecords', { dataDir: 'x', snapshot: { everyRecords: -1 } }],
  ['snapshot.everyRecords', { dataDir: 'x', snapshot: { everyRecords: 1.5 } }],
  ['snapshot.everyRecords', { dataDir: 'x', snapshot: { everyRecords: NaN } }],
  ['snapshot.everyRecords', { dataDir: 'x', snapshot: { everyRecords: '5' } }],
  ['snapshot.keep', { dataDir: 'x', snapshot: { keep: 1 } }],
  ['snapshot.keep', { dataDir: 'x', snapshot: { keep: 1001 } }],
  ['retention', { dataDir: 'x', retention: 'burn' }],
  ['retention', { dataDir: 'x', retention: 3 }],
  ['segmentBytes', { dataDir: 'x', segmentBytes: 4096 }],
  ['segmentBytes', { dataDir: 'x', segmentBytes: 2 ** 20 + 1 }],
  ['segmentBytes', { dataDir: 'x', segmentBytes: 2 ** 40 }],
  ['onRecovery', { dataDir: 'x', onRecovery: 'me' }],
  // Whoever forgets the directory must not believe that anything is kept.
  ['snapshot', { snapshot: { keep: 3 } }],
  ['retention', { retention: 'keep' }],
  ['segmentBytes', { segmentBytes: 2 ** 20 }],
  ['onRecovery', { onRecovery: () => {} }],
];

for (const [field, config] of BAD_OPTIONS) {
  test(`${JSON.stringify(config)} is refused because of ${field}`, async (t) => {
    const error = await refusal(() => Engine.open(config as EngineConfig));
    t.like(error, { code: 'INVALID_REQUEST', field });
    t.false(existsSync(join(ROOT, 'x')), 'nothing was made');
  });
}

test('a directory that is not there is made, with those above it', async (t) => {
  const dataDir = join(directory(t), 'deep', 'down');
  const engine = await openKept(t, dataDir);
  t.true(engine.recovery!.isNew);
});

test('the directory is the one meant when it was opened', async (t) => {
  const dataDir = directory(t);
  mkdirSync(dataDir);
  const before = process.cwd();
  process.chdir(dataDir);
  const opening = Engine.open({ dataDir: './here', segmentBytes: SEGMENT_BYTES });
  process.chdir(before);
  await (await opening).close();
  t.true(existsSync(join(dataDir, 'here')));
});

inBothModes('one engine at a time, in one process', async (t, mode) => {
  const dataDir = directory(t);
  const engine = await Engine.open(keptIn(mode, dataDir));
  const error = await refusal(() => Engine.open(keptIn(mode, dataDir)));
  t.true(error instanceof StorageError);
  t.like(error, { code: 'DATA_DIR_LOCKED', number: 9006, retryable: false });
  await engine.assets.create({ code: 'USD', scale: 2 });
  t.is(await codeOf(engine.accounts.deposit({ accountId: 1, asset: 'USD', amount: 1 })), 'OK');
  await engine.close();
  await (await Engine.open(keptIn(mode, dataDir))).close();
});

test('of many that open a directory at once one gets it', async (t) => {
  const dataDir = directory(t);
  const opened = await Promise.all(
    Array.from({ length: 8 }, () =>
      Engine.open(keptIn('threaded', dataDir)).catch((error: LightningError) => error.code),
    ),
  );
  const engines = opened.filter((each) => each instanceof Engine);
  t.is(engines.length, 1);
  t.deepEqual(
    opened.filter((each) => !(each instanceof Engine)),
    Array(7).fill('DATA_DIR_LOCKED'),
  );
  await engines[0]?.close();
});

test('one engine at a time, in two processes', async (t) => {
  const dataDir = directory(t);
  const engine = await openKept(t, dataDir);
  const refused = await runNode(FIXTURE, ['try', dataDir], { ms: 30_000 });
  t.is(refused.stdout, 'DATA_DIR_LOCKED\n', refused.report);
  await engine.close();
  const opened = await runNode(FIXTURE, ['try', dataDir], { ms: 30_000 });
  t.is(opened.stdout, 'opened\n', opened.report);
});

onUnix('a process that is killed keeps no lock, and nothing that was answered is lost', async (t) => {
  const dataDir = directory(t);
  const child = spawn(process.execPath, ['--import=tsx', FIXTURE, 'hold', dataDir], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  t.is((await refusal(() => openKept(t, dataDir))).code, 'DATA_DIR_LOCKED');
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.is(await totalIn(t, dataDir), '10.00');
});

/** Ways a process may end, with its exit code and what it prints. */
const ENDS: readonly (readonly [scene: string, code: number, stdout: string, total: string | null])[] = [
  ['natural exit', 0, 'done\n', '10.00'],
  ['only opened', 0, 'done\n', null],
  ['not awaited', 0, 'opened\n', null],
  ['process.exit', 7, '', '10.00'],
  ['process.exit while opening', 7, '', null],
  ['process.exit while closing', 7, '', '10.00'],
  ['uncaught', 1, '', '10.00'],
  ['collected', 0, 'opened\n', '10.00'],
  ['worker', 0, '10.00\n', '10.00'],
  ['worker, opening', 0, 'opened\n', null],
];

for (const [scene, code, stdout, total] of ENDS) {
  test.serial(`a process with a kept engine: ${scene}`, async (t) => {
    const dataDir = directory(t);
    const ended = await runNode(FIXTURE, [scene, dataDir], { ms: 30_000 });
    t.false(ended.late, ended.report);
    t.is(ended.code, code, ended.report);
    t.is(ended.stdout, stdout, ended.report);
    t.notRegex(ended.stderr, /panicked|FATAL|Segmentation|core dumped/, ended.report);
    const engine = await openKept(t, dataDir);
    const warnings = engine.recovery?.warnings ?? ['it was not recovered'];
    // An opening may end between the manifest's first copy and the second one.
    const usual = scene.endsWith('opening') ? ['MANIFEST-a is missing', 'MANIFEST-b is missing'] : [];
    t.deepEqual(
      warnings.filter((warning) => !usual.includes(warning)),
      [],
    );
    if (total !== null) t.is((await engine.accounts.balances(1))[0]?.total, total);
    await engine.close();
  });
}

for (const mode of MODES) {
  test(`close lets the calls in flight settle, and keeps them [${mode}]`, async (t) => {
    const dataDir = directory(t);
    const engine = await openMarket(t, keptIn(mode, dataDir));
    await fund(engine, 1, { USDT: '1000000' });
    const calls = Array.from({ length: 500 }, () => engine.placeOrder(limit(1, 'buy', '0.0100', '1')));
    const closing = engine.close();
    t.is(engine.close(), closing, 'closing again is the same');
    t.is(await codeOf(engine.placeOrder(limit(1, 'buy', '1', '1'))), 'ENGINE_CLOSED');
    t.is(await codeOf(engine.stateHash()), 'ENGINE_CLOSED');
    t.is(await codeOf(engine.snapshot()), 'ENGINE_CLOSED');
    t.is(await codeOf(engine.verify()), 'ENGINE_CLOSED');
    t.is(await codeOf(engine.audit().next()), 'ENGINE_CLOSED');
    const placed = await Promise.all(calls);
    await closing;
    const again = await openKept(t, dataDir, configFor(mode, 1));
    const open = await again.openOrders({ accountId: 1 });
    t.deepEqual(
      open.map(({ orderId }) => orderId),
      placed.map(({ orderId }) => orderId).toSorted((a, b) => a - b),
    );
  });

  test(`closing while work goes on in the background [${mode}]`, async (t) => {
    const dataDir = directory(t);
    const engine = await openMarket(t, keptIn(mode, dataDir));
    await fund(engine, 1, { USDT: '1000' });
    const work = [engine.stateHash(), engine.snapshot(), engine.verify(), engine.audit().next()].map(codeOf);
    await engine.close();
    for (const code of await Promise.all(work)) t.true(['OK', 'ENGINE_CLOSED'].includes(code), code);
    t.is(await codeOf(openKept(t, dataDir).then((again) => again.close())), 'OK');
  });

  test(`forty cycles of open, use and close [${mode}]`, async (t) => {
    const dataDir = directory(t);
    for (let n = 0; n < 40; n += 1) {
      const engine = await openKept(t, dataDir, configFor(mode, 1));
      t.is(engine.recovery!.incarnation, n + 1);
      if (n === 0) await engine.assets.create({ code: 'USD', scale: 0 });
      const { total } = await engine.accounts.deposit({ accountId: 1, asset: 'USD', amount: 1 });
      t.is(total, `${n + 1}`);
      await engine.close();
    }
  });

  test(`a broken invariant is told once, and loses nothing that was answered [${mode}]`, async (t) => {
    const dataDir = directory(t);
    const engine = await openKept(t, dataDir, { ...configFor(mode, 1), [panicAfter]: 40 } as EngineConfig);
    const told: LightningError[] = [];
    const not: LightningError[] = [];
    engine.on('fatal', (error) => void told.push(error));
    const off = engine.on('fatal', (error) => void not.push(error));
    off();
    const listener = (error: LightningError) => void not.push(error);
    engine.on('fatal', listener);
    engine.off('fatal', listener);
    await engine.assets.create({ code: 'USD', scale: 2 });
    let answered = 0;
    const codes = new Set<string>();
    for (let n = 0; n < 100; n += 1) {
      const code = await codeOf(engine.accounts.deposit({ accountId: 1, asset: 'USD', amount: 1 }));
      if (code === 'OK') answered += 1;
      codes.add(code);
    }
    t.deepEqual([...codes], ['OK', 'OUTCOME_UNKNOWN', 'INTERNAL']);
    t.is(told.length, 1);
    t.is(not.length, 0);
    t.true(told[0] instanceof LightningError);
    t.like(told[0], { code: 'INTERNAL', number: 9000 });
    t.is(typeof told[0]?.details['reason'], 'string');
    t.true(engine.stats().halted);
    await engine.close().catch(() => {});
    const total = Number(await totalIn(t, dataDir));
    t.true(total === answered || total === answered + 1, `${answered} were answered, ${total} are there`);
  });
}

test.serial('a listener that throws', async (t) => {
  const ended = await runNode(FIXTURE, ['fatal', directory(t)], { ms: 30_000 });
  t.is(ended.code, 0, ended.report);
  t.deepEqual(
    ended.stdout.trim().split('\n').toSorted(),
    ['OUTCOME_UNKNOWN', 'fatal INTERNAL', 'uncaught from a listener'],
    ended.report,
  );
});

test('listeners: what is refused', async (t) => {
  const engine = await Engine.open({ threads: 'inline' });
  t.teardown(() => engine.close());
  const event = 'nonsense' as 'fatal';
  for (const act of [
    () => engine.on(event, () => {}),
    () => engine.off(event, () => {}),
    () => engine.on('toString' as 'fatal', () => {}),
    () => engine.on('fatal', 5 as never),
  ])
    t.is((await refusal(act)).code, 'INVALID_REQUEST');
  t.notThrows(() => engine.off('fatal', () => {}));
});

test('a changed byte anywhere in the log is found, named, and not touched', async (t) => {
  const dataDir = await prepared(t);
  const [name = ''] = files(dataDir, 'segment-');
  const whole = readFileSync(join(dataDir, name));
  // Between the groups there are zeros, which say nothing.
  const said = [...whole.keys()].filter((at) => whole[at] !== 0);
  for (let n = 0; n < 15; n += 1) {
    const at = said[Math.floor((said.length * n) / 15)]!;
    const copy = `${dataDir}-${at}`;
    t.teardown(() => rmSync(copy, { recursive: true, force: true }));
    cpSync(dataDir, copy, { recursive: true });
    const bytes = Buffer.from(whole);
    bytes[at] = bytes[at]! ^ 0x40;
    writeFileSync(join(copy, name), bytes);
    const error = await refusal(() => openKept(t, copy));
    t.true(error instanceof StorageError, `byte ${at}: ${String(error)}`);
    t.is(error.code, 'CORRUPT_STATE', `byte ${at}`);
    if (!error.is('CORRUPT_STATE')) continue;
    const { file, offset = -1, seq = -1, reason } = error.details;
    t.is(file, name, `byte ${at}`);
    t.true(offset <= at && seq >= 0 && reason.length > 0, `byte ${at}: ${JSON.stringify(error.details)}`);
    t.true(error.message.includes(name));
    t.deepEqual(readFileSync(join(copy, name)), bytes, 'it was left as it is');
    writeFileSync(join(copy, name), whole);
    t.is(await totalIn(t, copy), '11.00', 'put back, it opens');
  }
});

test('a log file that is missing', async (t) => {
  const dataDir = await prepared(t);
  rmSync(join(dataDir, files(dataDir, 'segment-')[0]!));
  t.is((await refusal(() => openKept(t, dataDir))).code, 'CORRUPT_STATE');
});

test('a damaged snapshot is passed over, loudly', async (t) => {
  const dataDir = await prepared(t);
  const [name = ''] = files(dataDir, 'snapshot-');
  const bytes = readFileSync(join(dataDir, name));
  const at = Math.floor(bytes.length / 2);
  bytes[at] = bytes[at]! ^ 1;
  writeFileSync(join(dataDir, name), bytes);
  const engine = await openKept(t, dataDir);
  t.is(engine.recovery?.snapshotSeq, null);
  t.true(engine.recovery!.warnings.some((warning) => warning.includes(name)));
  t.is((await engine.accounts.balances(1))[0]?.total, '11.00');
});

test('one copy of the manifest is enough, and none is not', async (t) => {
  const dataDir = await prepared(t);
  const [one = '', other = ''] = files(dataDir, 'MANIFEST-');
  rmSync(join(dataDir, one));
  t.is(await totalIn(t, dataDir), '11.00');
  for (const name of [one, other]) rmSync(join(dataDir, name), { force: true });
  t.is((await refusal(() => openKept(t, dataDir))).code, 'CORRUPT_STATE');
});

onUnix('a directory that others may write to', async (t) => {
  const dataDir = await prepared(t);
  chmodSync(dataDir, 0o777);
  const error = await refusal(() => openKept(t, dataDir));
  t.like(error, { code: 'UNSAFE_DATA_DIR', number: 9012 });
  chmodSync(dataDir, 0o700);
  t.is(await totalIn(t, dataDir), '11.00');
});

test('a file in place of the directory', async (t) => {
  const dataDir = directory(t);
  writeFileSync(dataDir, 'not a directory');
  const error = await refusal(() => openKept(t, dataDir));
  t.is(error.code, 'JOURNAL_IO');
});

/** The command line, as processes: what it prints, what it says to programs, and how it exits. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { AuditRecord, Engine, VerifyReport } from '../index.ts';
import { type Ended, ROOT, runNode } from './children.ts';
import { addMarket, ALICE, BOB, fund, limit, refusal } from './helpers.ts';
import { directory, files, openKept } from './kept.ts';

const cli = (...args: string[]): Promise<Ended> => runNode('ts/cli/main.ts', args, { ms: 60_000 });

interface World {
  dataDir: string;
  /** Of the state when it was closed. */
  hash: string;
  /** Records about Alice, about Bob. */
  audit: AuditRecord[];
}

/** A closed directory with trades between Alice and Bob, and a snapshot in the middle. */
async function world(t: ExecutionContext): Promise<World> {
  const dataDir = directory(t);
  const engine = await openKept(t, dataDir, { threads: 'inline' });
  await addMarket(engine);
  await fund(engine, ALICE, { USDT: 1000 });
  await fund(engine, BOB, { BTC: 10 });
  await trade(engine, 5);
  await engine.snapshot();
  await trade(engine, 5);
  const { hash } = await engine.stateHash();
  const audit: AuditRecord[] = [];
  for await (const record of engine.audit()) audit.push(record);
  await engine.close();
  return { dataDir, hash, audit };
}

async function trade(engine: Engine, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    await engine.placeOrder(limit(BOB, 'sell', '0.1', '100'));
    await engine.placeOrder(limit(ALICE, 'buy', '0.05', '100'));
  }
}

test('verify: whole', async (t) => {
  const { dataDir, hash } = await world(t);
  const people = await cli('verify', dataDir);
  t.is(people.code, 0, people.report);
  const { 1: head = '' } = /^head\s+(\d+:[\da-f]{64})$/m.exec(people.stdout) ?? [];
  t.regex(people.stdout, new RegExp(`^state\\s+\\d+:${hash}$`, 'm'), people.report);
  t.is(people.stderr, '', 'no bar where nobody watches');

  const program = await cli('verify', dataDir, '--json', '--expect-head', head);
  t.is(program.code, 0, program.report);
  const report = JSON.parse(program.stdout) as VerifyReport;
  t.is(`${report.seq}:${report.headHash}`, head);
  t.is(report.stateHash, hash);
  t.is(report.snapshots.length, 1);
  t.deepEqual(report.warnings, []);
});

test('verify: the head that was noted down before is in its place, or that is said', async (t) => {
  const { dataDir } = await world(t);
  const before = JSON.parse((await cli('verify', dataDir, '--json')).stdout) as VerifyReport;
  const engine = await openKept(t, dataDir, { threads: 'inline' });
  await trade(engine, 1);
  await engine.close();
  const noted = `${before.seq}:${before.headHash}`;
  const good = await cli('verify', dataDir, '--expect-head', noted);
  t.is(good.code, 0, good.report);
  for (const wrong of [
    `${before.seq}:${'0'.repeat(64)}`,
    `${before.seq - 1}:${before.headHash}`,
    `${before.seq + 1_000_000}:${before.headHash}`,
  ]) {
    const bad = await cli('verify', dataDir, '--expect-head', wrong);
    t.is(bad.code, 1, bad.report);
    t.regex(bad.stderr, /CORRUPT_STATE/, bad.report);
  }
});

test('verify: damaged', async (t) => {
  const { dataDir } = await world(t);
  const [name = ''] = files(dataDir, 'segment-');
  const bytes = readFileSync(join(dataDir, name));
  bytes[4096 + 150] = bytes[4096 + 150]! ^ 1;
  writeFileSync(join(dataDir, name), bytes);
  const people = await cli('verify', dataDir);
  t.is(people.code, 1, people.report);
  t.is(people.stdout, '');
  t.regex(people.stderr, new RegExp(`CORRUPT_STATE.*${name}`), people.report);
  const program = await cli('verify', dataDir, '--json');
  t.is(program.code, 1, program.report);
  const { error } = JSON.parse(program.stdout) as { error: { code: string; details: object } };
  t.is(error.code, 'CORRUPT_STATE');
  t.like(error.details, { file: name });
  t.deepEqual(readFileSync(join(dataDir, name)), bytes);
});

test('verify: what retention has left', async (t) => {
  const dataDir = directory(t);
  const config = { threads: 'inline', retention: 'remove', snapshot: { everyRecords: 0, keep: 2 } } as const;
  const engine = await openKept(t, dataDir, config);
  await engine.assets.create({ code: 'USDT', scale: 2 });
  for (let n = 0; n < 4; n += 1) {
    for (let i = 0; i < 300; i += 1) await fund(engine, ALICE, { USDT: 1 });
    await engine.snapshot();
  }
  const { seq, hash } = await engine.stateHash();
  const error = await refusal(() => engine.verify());
  t.like(error, { code: 'INVALID_REQUEST', field: 'from' });
  const oldest = error.details['firstSeq'] as number;
  t.true(oldest > 1);
  t.is((await engine.verify({ from: 'snapshot' })).stateHash, hash);
  // The trail begins behind the oldest snapshot that is left.
  const first = (await engine.audit().next()).value as AuditRecord;
  t.true(first.seq >= oldest && first.seq <= seq);
  t.is((await refusal(() => engine.audit({ fromSeq: 1 }).next())).field, 'fromSeq');
  await engine.close();
  const verified = await cli('verify', dataDir, '--json');
  t.is(verified.code, 0, verified.report);
  const report = JSON.parse(verified.stdout) as VerifyReport;
  t.not(report.snapshotSeq, null);
  t.is(report.stateHash, hash);
});

test('a directory that is in use can be looked at', async (t) => {
  const dataDir = directory(t);
  const engine = await openKept(t, dataDir, { threads: 'inline' });
  await addMarket(engine);
  await fund(engine, ALICE, { USDT: 1000 });
  for (const command of ['verify', 'inspect', 'dump']) {
    const looked = await cli(command, dataDir);
    t.is(looked.code, 0, looked.report);
  }
  await fund(engine, ALICE, { USDT: 1000 });
});

test('a directory that is not there', async (t) => {
  const dataDir = directory(t);
  for (const command of ['verify', 'inspect', 'dump']) {
    const looked = await cli(command, dataDir);
    t.is(looked.code, 1, looked.report);
    t.not(looked.stderr, '');
    t.false(existsSync(dataDir), 'looking makes nothing');
  }
});

test('inspect: files, snapshots, incarnation', async (t) => {
  const { dataDir } = await world(t);
  const people = await cli('inspect', dataDir);
  t.is(people.code, 0, people.report);
  for (const name of [...files(dataDir, 'segment-'), ...files(dataDir, 'snapshot-')])
    t.true(people.stdout.includes(name), people.report);
  t.regex(people.stdout, /^incarnation\s+1$/m, people.report);
  const program = await cli('inspect', dataDir, '--json');
  t.is(program.code, 0, program.report);
  t.like(JSON.parse(program.stdout), { incarnation: 1 });
});

test('dump: the log, line by line', async (t) => {
  const { dataDir, audit } = await world(t);
  const all = await cli('dump', dataDir);
  t.is(all.code, 0, all.report);
  const records = all.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as AuditRecord);
  t.deepEqual(records.slice(0, audit.length), audit, 'what the engine says of itself');
  t.deepEqual(
    records.map(({ seq }) => seq),
    records.map((_, n) => n + 1),
  );
  const [from, to] = [audit[3]!.seq, audit[8]!.seq];
  const some = await cli('dump', dataDir, '--from', `${from}`, '--to', `${to}`);
  t.deepEqual(some.stdout.trim().split('\n'), all.stdout.trim().split('\n').slice(3, 9), some.report);
  const bob = await cli('dump', dataDir, '--account', `${BOB}`);
  const bobs = bob.stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as AuditRecord).seq);
  t.true(bobs.length >= 11 && bobs.length < records.length, bob.report);
});

test('dump: a reader that has seen enough', async (t) => {
  const { dataDir } = await world(t);
  const command = `"${process.execPath}" --import=tsx ts/cli/main.ts dump "${dataDir}" | head -n 1`;
  const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
    execFile('/bin/sh', ['-c', command], { cwd: ROOT }, (_, stdout, stderr) => resolve({ stdout, stderr }));
  });
  t.is((JSON.parse(stdout) as AuditRecord).seq, 1);
  t.is(stderr, '');
});

/** Command lines that make no sense. */
const NONSENSE: readonly string[][] = [
  [],
  ['destroy', 'x'],
  ['verify'],
  ['verify', ''],
  ['verify', 'x', 'y'],
  ['verify', 'x', '--nonsense'],
  ['verify', 'x', '--from', '1'],
  ['verify', 'x', '--expect-head', '12'],
  ['verify', 'x', '--expect-head', `0x1:${'a'.repeat(64)}`],
  ['verify', 'x', '--expect-head'],
  ['inspect', 'x', '--account', '1'],
  ['dump', 'x', '--from', '0'],
  ['dump', 'x', '--from', '1.5'],
  ['dump', 'x', '--from', '1e3'],
  ['dump', 'x', '--to', '-4'],
  ['dump', 'x', '--from', '5', '--to', '4'],
  ['dump', 'x', '--account', '9007199254740992'],
  ['dump', 'x', '--json=yes'],
];

for (const args of NONSENSE) {
  test(`makes no sense: ${JSON.stringify(args)}`, async (t) => {
    const ended = await cli(...args);
    t.is(ended.code, 2, ended.report);
    t.is(ended.stdout, '');
    t.regex(ended.stderr, /^lightning-exchange: [^]+\n\nUsage: /, ended.report);
  });
}

test('help and version', async (t) => {
  for (const args of [['--help'], ['-h'], ['verify', '--help']]) {
    const ended = await cli(...args);
    t.is(ended.code, 0, ended.report);
    t.regex(ended.stdout, /^Usage: lightning-exchange/);
  }
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  t.is((await cli('--version')).stdout, `${version}\n`);
});

test('what the package ships is the same', async (t) => {
  const built = join(ROOT, 'dist/cli.js');
  if (!existsSync(built)) {
    t.log('skipped: dist/ is not built');
    return t.pass();
  }
  const { dataDir, hash } = await world(t);
  const verified = await runNode(built, ['verify', dataDir], { ms: 60_000 });
  t.is(verified.code, 0, verified.report);
  t.true(verified.stdout.includes(hash), verified.report);
  const inspected = await runNode(built, ['inspect', dataDir], { ms: 60_000 });
  t.is(inspected.code, 0, inspected.report);
  t.is((await runNode(built, ['nonsense'], { ms: 60_000 })).code, 2);
});

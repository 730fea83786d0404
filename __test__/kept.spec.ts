/** What was answered is there after a restart: through the public API, whatever it was and wherever the shards run. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Engine } from '../index.ts';
import type { Durability, EngineConfig, RecoveryProgress } from '../index.ts';
import { answerOf, endOf, everything, PLAYERS, setTheStage } from './everything.ts';
import {
  addMarket,
  ALICE,
  BOB,
  bookLine,
  CAROL,
  codeOf,
  configFor,
  conserves,
  fund,
  generator,
  inBothModes,
  limit,
  type Mode,
  MODES,
  openDesk,
  seedOr,
  START,
  tradeAt,
  wallet,
} from './helpers.ts';
import { directory, files, openKept } from './kept.ts';
import { said, writes } from './writes.ts';

const SEED = seedOr(20_261_123);

/** Other shards than before, of the other kind: what is kept knows nothing of either. */
const AFTERWARDS: readonly EngineConfig[] = [
  configFor('inline', 1),
  configFor('inline', 3, 2),
  configFor('threaded', 1),
  configFor('threaded', 2, 3),
];

/** Runs calls one after the other. */
async function play(engine: Engine, steps: readonly { make: (engine: Engine) => Promise<unknown> }[]) {
  const answers: string[] = [];
  for (const step of steps) answers.push(await answerOf(engine, step as never));
  return answers;
}

/** An order of things that have none. */
function byText(a: object, b: object): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

interface History {
  closed: { orders: object[] };
  ledger: object[];
}

/**
 * Everything that can be read, the terms of all accounts included. Of an engine with threads histories are compared in
 * any order: what several matchers do at once (a clock that moves on expires orders on all symbols) is remembered as it
 * arrives, and after a restart as it was written down.
 */
async function allOf(engine: Engine, mode: Mode): Promise<unknown> {
  const terms = await Promise.all(
    PLAYERS.map(async (accountId) => {
      const { seq: _seq, ts: _ts, ...rest } = await engine.accounts.get(accountId);
      return rest;
    }),
  );
  const end = (await endOf(engine)) as { accounts: History[] };
  if (mode === 'threaded') {
    for (const { closed, ledger } of end.accounts) {
      closed.orders.sort(byText);
      ledger.sort(byText);
    }
  }
  return { ...end, terms, assets: engine.assets.list(), now: 0 };
}

for (const mode of MODES) {
  for (const durability of ['sync', 'written'] as const satisfies Durability[]) {
    test(`everything there is survives restarts [${mode}, ${durability}]`, async (t) => {
      const dataDir = directory(t);
      const config = { durability, clock: { manual: START } } as const;
      let engine = await openKept(t, dataDir, { ...configFor(mode), ...config });
      t.like(engine.recovery, { isNew: true, incarnation: 1, records: 0, torn: null, warnings: [] });
      await setTheStage(engine);
      await play(engine, everything(SEED, 600));
      const before = await allOf(engine, mode);
      const hash = await engine.stateHash();
      let now = engine.now();
      await engine.close();
      for (const [n, shards] of AFTERWARDS.entries()) {
        engine = await openKept(t, dataDir, { ...shards, ...config, clock: { manual: now } });
        const what = `${JSON.stringify(shards)}, seed ${SEED}`;
        t.deepEqual(await allOf(engine, mode), before, what);
        t.is((await engine.stateHash()).hash, hash.hash, what);
        t.like(
          engine.recovery,
          { isNew: false, incarnation: n + 2, torn: null, warnings: [], stateHash: hash.hash },
          what,
        );
        t.true(engine.recovery!.seq >= hash.seq, what);
        await conserves(t, engine);
        now = engine.now();
        await engine.close();
      }
    });
  }
}

/** Without order ids: they are leased in blocks, and a restart begins with a new one. */
function plain(answer: string): string {
  return answer.replaceAll(/"(?:orderId|siblingOrderId|listId)":\d+/g, '').replaceAll(/order \d+/g, 'order');
}

for (const mode of MODES) {
  test(`after a restart it goes on as if there had been none [${mode}]`, async (t) => {
    const dataDir = directory(t);
    // A restart fills the buckets of rate limits up, and forgets refusals, to be judged anew: both would show.
    const steps = everything(SEED + 1, 900, { hasRequestIds: false }).filter(
      ({ what }) => !what.startsWith('setRateLimit'),
    );
    const reference = await Engine.open({ ...configFor('inline', 1), clock: { manual: START } });
    t.teardown(() => reference.close());
    await setTheStage(reference);
    const expected = await play(reference, steps);

    let now = START;
    const answers: string[] = [];
    for (let at = 0; at < steps.length; at += 300) {
      const engine = await openKept(t, dataDir, { ...configFor(mode), clock: { manual: now } });
      if (at === 0) await setTheStage(engine);
      answers.push(...(await play(engine, steps.slice(at, at + 300))));
      now = engine.now();
      await engine.close();
    }
    const at = answers.findIndex((answer, i) => plain(answer) !== plain(expected[i]!));
    t.is(at, -1, `call ${at}: ${steps[at]?.what}\nis     ${answers[at]}\nshould ${expected[at]}`);
  });
}

inBothModes('recovery begins with the newest snapshot', async (t, mode) => {
  const dataDir = directory(t);
  const config = { ...configFor(mode), clock: { manual: START } } as const;
  let engine = await openKept(t, dataDir, config);
  await setTheStage(engine);
  await play(engine, everything(SEED + 2, 200));
  const first = await engine.snapshot();
  const hash = await engine.stateHash();
  t.is(first.stateHash, hash.hash, 'nothing has happened since');
  t.true(existsSync(join(dataDir, first.file)) && first.bytes > 0);
  await play(engine, everything(SEED + 3, 100));
  const second = await engine.snapshot();
  t.true(second.seq > first.seq);
  await play(engine, everything(SEED + 4, 100));
  const before = await allOf(engine, mode);
  const { seq } = engine.stats();
  const now = engine.now();
  await engine.close();
  engine = await openKept(t, dataDir, { ...configFor(mode, 3), clock: { manual: now } });
  t.is(engine.recovery?.snapshotSeq, second.seq);
  t.true(engine.recovery!.records >= seq - second.seq && engine.recovery!.records < seq);
  t.deepEqual(await allOf(engine, mode), before);
});

inBothModes('every write is done once, across restarts, and answered the same', async (t, mode) => {
  const dataDir = directory(t);
  const other = mode === 'inline' ? 'threaded' : 'inline';
  const config = (now: number) => ({ dataDir, segmentBytes: 2 ** 20, clock: { manual: now } });
  let engine = await openDesk(t, mode, { fees: { makerPpm: 0, takerPpm: 1000 } }, config(START));
  await tradeAt(engine, '100');
  // With a fee, so that there is something to collect.
  await engine.placeOrder(limit(BOB, 'sell', '1', '100'));
  await engine.placeOrder(limit(CAROL, 'buy', '1', '100'));
  const orders: number[] = [];
  for (let n = 0; n < 3; n += 1)
    orders.push((await engine.placeOrder(limit(ALICE, 'buy', '1', '70'))).orderId);
  const firsts: Record<string, object> = {};
  for (const [what, write] of Object.entries(writes(engine, orders))) firsts[what] = await write();
  const before = [await wallet(engine, ALICE), await wallet(engine, BOB), bookLine(engine)];

  // The first time the answers come from the log, the second time from a snapshot.
  for (const from of ['log', 'snapshot']) {
    const now = engine.now();
    await engine.close();
    engine = await openKept(t, dataDir, { ...configFor(other), ...config(now) });
    t.is(engine.recovery!.snapshotSeq === null, from === 'log');
    for (const [what, write] of Object.entries(writes(engine, orders)).toReversed()) {
      const again = await write();
      t.like(again, { duplicate: true }, `${what}, from the ${from}`);
      t.deepEqual(said(again), said(firsts[what]!), `${what}, from the ${from}`);
    }
    t.deepEqual([await wallet(engine, ALICE), await wallet(engine, BOB), bookLine(engine)], before);
    const other5 = { accountId: ALICE, asset: 'USDT', amount: '11', requestId: 9 };
    t.is(await codeOf(engine.accounts.deposit(other5)), 'REQUEST_ID_CONFLICT', from);
    t.is(
      await codeOf(engine.assets.create({ code: 'X', scale: 1 }, { requestId: 1 })),
      'REQUEST_ID_CONFLICT',
    );
    await engine.snapshot();
  }
  await conserves(t, engine);
});

inBothModes('names and numbers: what was removed stays known, what was not is listed', async (t, mode) => {
  const dataDir = directory(t);
  let engine = await openKept(t, dataDir, configFor(mode));
  await addMarket(engine);
  await engine.assets.create({ code: 'OLD', scale: 0, name: 'Gone' });
  await engine.assets.remove('OLD');
  await engine.assets.create({ code: 'OLD', scale: 2, name: 'Here again' });
  await engine.assets.update('BTC', { name: 'Bitcoin' });
  const grid = { base: 'BTC', quote: 'USDT', tickSize: '0.01', lotSize: '0.0001' };
  await engine.symbols.create({ ...grid, name: 'A-B', minPrice: '2', maxAmends: 3 });
  await fund(engine, ALICE, { USDT: '100' });
  const { orderId } = await engine.placeOrder({ ...limit(ALICE, 'buy', '1', '3'), symbol: 'A-B' });
  await engine.symbols.remove('A-B', { force: true });
  await engine.symbols.create({ ...grid, name: 'A-B', minPrice: '5' });
  await engine.symbols.setStatus('A-B', 'POST_ONLY');
  await engine.symbols.update('BTC-USDT', { bandBps: { bidUp: 1, bidDown: 2, askUp: 3, askDown: 4 } });
  const before = { assets: engine.assets.list(), symbols: engine.symbols.list() };
  const old = await engine.order(orderId);
  t.like(old, { symbol: 'A-B', status: 'CANCELED', reason: 'SYMBOL_CLOSED' });
  await engine.close();

  engine = await openKept(t, dataDir, configFor(mode, 1));
  t.deepEqual({ assets: engine.assets.list(), symbols: engine.symbols.list() }, before);
  t.deepEqual(await engine.order(orderId), old);
  t.is(engine.symbols.get('A-B').status, 'POST_ONLY');
  t.is(await codeOf(engine.assets.create({ code: 'OLD', scale: 0 })), 'ASSET_EXISTS');
  const { id } = await engine.symbols.create({ ...grid, name: 'C-D' });
  t.is(id, 3, 'numbers are not given twice');
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '1', '3'))), 'OK');
});

inBothModes('an order id is never given twice', async (t, mode) => {
  const dataDir = directory(t);
  const ids = new Set<number>();
  for (let n = 0; n < 6; n += 1) {
    const engine = await openKept(t, dataDir, configFor(mode, 1 + (n % 3)));
    if (n === 0) {
      await addMarket(engine);
      await fund(engine, ALICE, { USDT: '100' });
    }
    for (let i = 0; i < 5; i += 1) {
      const { orderId } = await engine.placeOrder(limit(ALICE, 'buy', '0.01', '1'));
      t.false(ids.has(orderId), `${orderId} was given before restart ${n}`);
      ids.add(orderId);
    }
    await engine.close();
  }
});

inBothModes('timers that ran out while nobody was there', async (t, mode) => {
  const dataDir = directory(t);
  let engine = await openKept(t, dataDir, { ...configFor(mode), clock: { manual: START } });
  await addMarket(engine);
  await fund(engine, ALICE, { USDT: '100' });
  await fund(engine, BOB, { USDT: '100' });
  const gtd = await engine.placeOrder({
    ...limit(ALICE, 'buy', '1', '3'),
    timeInForce: 'GTD',
    expireAt: START + 60_000,
  });
  const dead = await engine.placeOrder(limit(BOB, 'buy', '1', '4'));
  const stays = await engine.placeOrder(limit(ALICE, 'buy', '1', '5'));
  await engine.cancelAllAfter({ accountId: BOB, timeoutMs: 30_000 });
  await engine.close();

  engine = await openKept(t, dataDir, { ...configFor(mode), clock: { manual: START + 3_600_000 } });
  await engine.advance(1);
  t.like(await engine.order(gtd.orderId), { status: 'EXPIRED', reason: 'GTD_EXPIRED' });
  t.like(await engine.order(dead.orderId), { status: 'CANCELED', reason: 'DEADMAN' });
  t.like(await engine.order(stays.orderId), { status: 'NEW' });
  t.is(await wallet(engine, BOB), 'USDT 100+0');
});

inBothModes('time does not go backwards', async (t, mode) => {
  const dataDir = directory(t);
  let engine = await openKept(t, dataDir, { ...configFor(mode), clock: { manual: START } });
  await engine.assets.create({ code: 'USDT', scale: 2 });
  const { ts } = await engine.accounts.deposit({ accountId: 1, asset: 'USDT', amount: 1 });
  await engine.close();
  engine = await openKept(t, dataDir, { ...configFor(mode), clock: { manual: START - 86_400_000 } });
  t.true(engine.now() >= ts);
  t.true((await engine.accounts.deposit({ accountId: 1, asset: 'USDT', amount: 1 })).ts >= ts);
});

inBothModes('seq goes on, and is durable when it is said', async (t, mode) => {
  const dataDir = directory(t);
  let engine = await openKept(t, dataDir, configFor(mode));
  await engine.assets.create({ code: 'USDT', scale: 2 });
  let last = 0;
  for (let n = 0; n < 3; n += 1) {
    for (let i = 0; i < 10; i += 1) {
      const { seq } = await engine.accounts.deposit({ accountId: 1, asset: 'USDT', amount: 1 });
      t.true(seq > last);
      last = seq;
      t.true(engine.stats().durableSeq! >= seq);
    }
    const { seq, durability, journal } = engine.stats();
    t.true(seq >= last);
    t.is(durability, 'sync');
    t.like(journal, { room: 'plenty' });
    t.true(journal!.bytes > 0);
    await engine.close();
    engine = await openKept(t, dataDir, configFor(mode));
    t.true(engine.recovery!.seq >= last);
  }
});

inBothModes('log files are put away when nobody needs them any more', async (t, mode) => {
  for (const retention of ['keep', 'archive', 'remove'] as const) {
    const dataDir = directory(t);
    const config = { ...configFor(mode), retention, snapshot: { everyRecords: 0, keep: 2 } };
    const engine = await openKept(t, dataDir, config);
    await engine.assets.create({ code: 'USDT', scale: 2 });
    // Each awaited call is a group of its own, and no group is smaller than 4 KiB.
    const fill = async () => {
      for (let n = 0; n < 300; n += 1)
        await engine.accounts.deposit({ accountId: 1 + (n % 7), asset: 'USDT', amount: 1 });
    };
    for (let n = 0; n < 4; n += 1) {
      await fill();
      await engine.snapshot();
    }
    const { hash } = await engine.stateHash();
    await engine.close();
    const [first] = files(dataDir, 'segment-');
    t.is(/^segment-0*1\.log$/.test(first!), retention === 'keep', `${retention}: ${first}`);
    t.is(existsSync(join(dataDir, 'archive')), retention === 'archive', retention);
    const again = await openKept(t, dataDir, config);
    t.is((await again.stateHash()).hash, hash, retention);
    t.is(again.recovery?.warnings.length, 0);
    await again.close();
  }
});

inBothModes('snapshots are taken by themselves', async (t, mode) => {
  const dataDir = directory(t);
  const engine = await openKept(t, dataDir, { ...configFor(mode), snapshot: { everyRecords: 100 } });
  await engine.assets.create({ code: 'USDT', scale: 2 });
  const taken = () => files(dataDir, 'snapshot-').filter((name) => name.endsWith('.snap')).length;
  const random = generator(SEED);
  for (let n = 0; n < 20_000 && taken() < 2; n += 1) {
    const accountId = 1 + Math.floor(random() * 50);
    await engine.accounts.deposit({ accountId, asset: 'USDT', amount: 1 });
  }
  t.true(taken() >= 2);
  await engine.close();
  const again = await openKept(t, dataDir, configFor(mode));
  t.not(again.recovery?.snapshotSeq, null);
});

inBothModes('opening says how far it is', async (t, mode) => {
  const dataDir = directory(t);
  let engine = await openKept(t, dataDir, configFor(mode));
  await engine.assets.create({ code: 'USDT', scale: 2 });
  const deposits = Array.from({ length: 5000 }, (_, n) =>
    engine.accounts.deposit({ accountId: 1 + (n % 100), asset: 'USDT', amount: 1 }),
  );
  await Promise.all(deposits);
  await engine.close();
  const told: RecoveryProgress[] = [];
  engine = await openKept(t, dataDir, {
    ...configFor(mode),
    onRecovery: (progress) => void told.push(progress),
  });
  t.true(told.length > 0);
  for (const { phase, records, bytes, bytesTotal } of told) {
    t.true(['check', 'snapshot', 'replay', 'prove'].includes(phase), phase);
    t.true(records >= 0 && bytes >= 0 && (bytesTotal === 0 || bytes <= bytesTotal));
  }
  t.true(engine.recovery!.records >= 5000);
});

test('in memory there is nothing of it', async (t: ExecutionContext) => {
  const engine = await Engine.open();
  t.teardown(() => engine.close());
  t.is(engine.recovery, undefined);
  t.like(engine.stats(), { durability: 'volatile', durableSeq: null, journal: null });
  t.is(await codeOf(engine.snapshot()), 'NOT_SUPPORTED');
  t.is(await codeOf(engine.verify()), 'NOT_SUPPORTED');
  t.is(await codeOf(engine.audit().next()), 'NOT_SUPPORTED');
  t.regex((await engine.stateHash()).hash, /^[\da-f]{64}$/);
});

for (const mode of MODES) {
  test(`the hash of the state does not depend on threads, and does on the state [${mode}]`, async (t) => {
    const hashes = new Set<string>();
    const steps = everything(SEED + 5, 150);
    for (const shards of [1, 2, 3]) {
      const engine = await Engine.open({ ...configFor(mode, shards, 4 - shards), clock: { manual: START } });
      await setTheStage(engine);
      // Ids of orders are part of the state, and threads lease them in blocks.
      await play(
        engine,
        steps.filter(({ what }) => mode === 'inline' || !/^(?:place|cancelReplace)/.test(what)),
      );
      hashes.add((await engine.stateHash()).hash);
      t.is(hashes.size, 1, `${shards} sequencers`);
      await engine.accounts.deposit({ accountId: 1, asset: 'QQQ', amount: '0.01' });
      t.false(hashes.has((await engine.stateHash()).hash));
      await engine.close();
    }
  });
}

/** The audit trail: complete, in order, and it adds up to the balances. */
import type { AuditEvent, AuditRecord, Engine } from '../index.ts';
import { answerOf, everything, PLAYERS, setTheStage } from './everything.ts';
import {
  ALICE,
  BOB,
  codeOf,
  configFor,
  fromUnits,
  fund,
  inBothModes,
  limit,
  openMarket,
  refusal,
  seedOr,
  START,
  toUnits,
} from './helpers.ts';
import { directory, keptIn, openKept } from './kept.ts';

const SEED = seedOr(20_261_124);

async function all(engine: Engine, filter?: Parameters<Engine['audit']>[0]): Promise<AuditRecord[]> {
  const records: AuditRecord[] = [];
  for await (const record of engine.audit(filter)) records.push(record);
  return records;
}

/** What everybody owns, added up from nothing but the audit trail: `account asset` -> atoms of six decimals. */
function owned(engine: Engine, records: readonly AuditRecord[]): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  const add = (account: unknown, asset: unknown, amount: unknown, sign: bigint): void => {
    const text = String(amount);
    const atoms = text.startsWith('-') ? -toUnits(text.slice(1), 6) : toUnits(text, 6);
    const key = `${account} ${asset}`;
    sums.set(key, (sums.get(key) ?? 0n) + sign * atoms);
  };
  const traded = (event: AuditEvent): void => {
    const { base, quote } = engine.symbols.get(event['symbol'] as string);
    const isBuyer = event['takerSide'] === 'buy';
    const [buyer, seller] = isBuyer ? ['taker', 'maker'] : ['maker', 'taker'];
    add(event[`${buyer}AccountId`], base, event['quantity'], 1n);
    add(event[`${buyer}AccountId`], quote, event['quoteQuantity'], -1n);
    add(event[`${seller}AccountId`], base, event['quantity'], -1n);
    add(event[`${seller}AccountId`], quote, event['quoteQuantity'], 1n);
    for (const who of [buyer, seller]) {
      const { asset, amount } = event[`${who}Fee`] as { asset: string; amount: string };
      add(event[`${who}AccountId`], asset, amount, -1n);
    }
  };
  for (const { kind, command, events } of records) {
    if (kind === 'Deposit') add(command['accountId'], command['asset'], command['amount'], 1n);
    if (kind === 'Withdraw') add(command['accountId'], command['asset'], command['amount'], -1n);
    if (kind === 'TransferAccepted') {
      add(command['from'], command['asset'], command['amount'], -1n);
      add(command['to'], command['asset'], command['amount'], 1n);
    }
    for (const event of events) {
      if (event.event === 'Trade') traded(event);
      if (event.event === 'Credited') add(event['accountId'], event['asset'], event['amount'], 1n);
    }
  }
  return sums;
}

inBothModes('it adds up to the balances, record by record, and for ever', async (t, mode) => {
  const dataDir = directory(t);
  const config = keptIn(mode, dataDir, { clock: { manual: START } });
  let engine = await openKept(t, dataDir, config);
  await setTheStage(engine);
  for (const step of everything(SEED, 500)) await answerOf(engine, step);
  const { durableSeq } = engine.stats();
  const records = await all(engine);
  t.deepEqual(
    records.map(({ seq }) => seq),
    Array.from({ length: durableSeq! }, (_, n) => n + 1),
    'every record, once, in order',
  );
  for (const [n, { ts, kind, frameHash }] of records.entries()) {
    t.true(kind.length > 0 && ts >= (records[n - 1]?.ts ?? 0), `record ${n + 1}`);
    t.regex(frameHash, /^[\da-f]{64}$/);
  }
  const sums = owned(engine, records);
  for (const accountId of PLAYERS)
    for (const { asset, total } of await engine.accounts.balances(accountId))
      t.is(fromUnits(sums.get(`${accountId} ${asset}`) ?? 0n, 6), total, `account ${accountId}, ${asset}`);

  // Of one account: what it was named in, and what happened to it without its doing.
  const [account] = PLAYERS;
  const isAbout = (record: AuditRecord) =>
    new RegExp(`"\\w*(?:ccountId|from|to)":${account}\\b`).test(JSON.stringify(record));
  const its = await all(engine, { accountId: account! });
  t.deepEqual(
    its.map(({ seq }) => seq),
    records.filter(isAbout).map(({ seq }) => seq),
  );

  // From a snapshot, after a restart, with other threads, it says the same.
  await engine.snapshot();
  await engine.close();
  engine = await openKept(t, dataDir, { ...configFor('inline', 3), clock: { manual: START } });
  const half = Math.floor(records.length / 2);
  t.deepEqual(await all(engine, { toSeq: records.length }), records);
  t.deepEqual(await all(engine, { fromSeq: half, toSeq: half + 9 }), records.slice(half - 1, half + 9));
});

inBothModes('an answer is where it says it is', async (t, mode) => {
  const engine = await openMarket(t, keptIn(mode, directory(t)));
  await fund(engine, ALICE, { USDT: 1000 });
  await fund(engine, BOB, { BTC: 1 });
  const sale = await engine.placeOrder(limit(BOB, 'sell', '1', '100'));
  const buy = await engine.placeOrder(limit(ALICE, 'buy', '0.4', '100'));
  const [record] = await all(engine, { fromSeq: buy.seq, toSeq: buy.seq });
  t.like(record, { seq: buy.seq, ts: buy.ts, kind: 'Place' });
  t.like(record!.command, { accountId: ALICE, orderId: buy.orderId, price: '100.00', quantity: '0.4000' });
  t.like(
    record!.events.find(({ event }) => event === 'Trade'),
    {
      tradeId: buy.fills[0]!.tradeId,
      makerOrderId: sale.orderId,
      takerOrderId: buy.orderId,
      quoteQuantity: '40.000000',
    },
  );
  const bobs = await all(engine, { accountId: BOB });
  t.deepEqual(
    bobs.map(({ kind }) => kind),
    ['Deposit', 'Place', 'Place'],
    'the order that met his concerns him, too',
  );
});

inBothModes('pages: more than fit one, and no more than there was in the beginning', async (t, mode) => {
  const engine = await openMarket(t, keptIn(mode, directory(t)));
  await Promise.all(
    Array.from({ length: 2500 }, (_, n) =>
      engine.accounts.deposit({ accountId: 1 + (n % 3), asset: 'USDT', amount: 1 }),
    ),
  );
  const { durableSeq } = engine.stats();
  let count = 0;
  for await (const { seq } of engine.audit()) {
    count += 1;
    t.true(seq === count && seq <= durableSeq!);
    // Whoever reads must not have to catch up with what is going on.
    if (count % 500 === 0) await fund(engine, 4, { USDT: 1 });
  }
  t.is(count, durableSeq!);
  for await (const { seq } of engine.audit({ fromSeq: 2000 })) {
    t.is(seq, 2000);
    break;
  }
  t.deepEqual(await all(engine, { fromSeq: 2 ** 50 }), []);
  t.deepEqual(await all(engine, { accountId: 999 }), []);
});

inBothModes('what is asked for in vain', async (t, mode) => {
  const engine = await openMarket(t, keptIn(mode, directory(t)));
  for (const [field, value] of [
    ['fromSeq', 0],
    ['fromSeq', -1],
    ['fromSeq', 1.5],
    ['fromSeq', NaN],
    ['fromSeq', '1'],
    ['toSeq', 0.5],
    ['toSeq', {}],
    ['accountId', 0],
    ['accountId', 2 ** 53],
    ['accountId', null],
  ] as const) {
    const error = await refusal(() => engine.audit({ [field]: value } as never).next());
    t.like(error, { code: 'INVALID_REQUEST', field }, `${field}: ${String(value)}`);
  }
  t.is(await codeOf(engine.audit(5 as never).next()), 'INVALID_REQUEST');
  t.is(await codeOf(engine.verify({ from: 'yesterday' as never })), 'INVALID_REQUEST');
  t.is(await codeOf(engine.verify({ from: 1 as never })), 'INVALID_REQUEST');
});

inBothModes('verify: from the first record, from a snapshot, beside the engine', async (t, mode) => {
  const engine = await openMarket(t, keptIn(mode, directory(t)));
  await fund(engine, ALICE, { USDT: 1000 });
  await engine.placeOrder(limit(ALICE, 'buy', '1', '100'));
  const { seq } = await engine.snapshot();
  await engine.placeOrder(limit(ALICE, 'buy', '1', '101'));
  const genesis = await engine.verify();
  const snapshot = await engine.verify({ from: 'snapshot' });
  const { hash, seq: now } = await engine.stateHash();
  t.like(genesis, { seq: now, stateHash: hash, snapshotSeq: null, records: now, warnings: [] });
  t.deepEqual(genesis.snapshots, [seq]);
  t.like(snapshot, { seq: now, stateHash: hash, snapshotSeq: seq, records: now - seq, warnings: [] });
  t.is(snapshot.headHash, genesis.headHash);
  const [last] = await all(engine, { fromSeq: now });
  t.is(last?.frameHash, genesis.headHash);

  const during = engine.verify();
  for (let n = 0; n < 100; n += 1) await fund(engine, ALICE, { USDT: 1 });
  t.true((await during).seq >= now);
});

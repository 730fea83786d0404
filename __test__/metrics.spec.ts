/** What an engine says of itself: metrics as an object and as Prometheus' text, and its health. */
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { Engine, type EngineConfig, type Metrics } from '../index.ts';
import { panicAfter } from '../ts/engine.ts';
import { ALICE, BOB, MODES, codeOf, configFor, fund, inBothModes, limit, openMarket } from './helpers.ts';
import { directory, keptIn } from './kept.ts';

/** The samples of a text by name and labels. Reads strictly: what is not as Prometheus' format says, throws. */
function samples(text: string): Map<string, number> {
  const found = new Map<string, number>();
  const families = new Set<string>();
  let family = '';
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const head = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
    const sample =
      /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)+(?<!,)\})? (\d[\d.]*)$/.exec(line);
    if (head?.[1] === 'HELP') {
      family = head[2]!;
      if (families.has(family)) throw new Error(`${family} is in two pieces`);
      families.add(family);
    } else if (head) {
      if (head[2] !== family || !/^(counter|gauge|histogram)$/.test(head[3]!))
        throw new Error(`a bad TYPE: ${line}`);
      if ((head[3] === 'counter') !== family.endsWith('_total')) throw new Error(`a bad name: ${line}`);
    } else if (sample) {
      const [, name, labels = '', value] = sample;
      if (name!.replace(/_(bucket|sum|count)$/, '') !== family && name !== family)
        throw new Error(`not of ${family}: ${line}`);
      if (found.has(name! + labels)) throw new Error(`twice: ${line}`);
      found.set(name! + labels, Number(value));
    } else {
      throw new Error(`neither a comment nor a sample: ${JSON.stringify(line)}`);
    }
  }
  return found;
}

/** Everything that only ever grows, by path. */
function counters({ commands, trades, latencyMicros, journal }: Metrics): Map<string, number> {
  return new Map(
    Object.entries({
      total: commands.total,
      ...commands.byKind,
      refusedAtEdge: commands.refusedAtEdge,
      busy: commands.busy,
      ...commands.refusals,
      trades,
      ...Object.fromEntries(
        Object.entries(latencyMicros).map(([stage, { count }]) => [`${stage}.count`, count]),
      ),
      ...Object.fromEntries(Object.entries(latencyMicros).map(([stage, { max }]) => [`${stage}.max`, max])),
      bytes: journal?.bytes ?? 0,
    }),
  );
}

async function settled(engine: Engine): Promise<Metrics> {
  for (;;) {
    const metrics = engine.metrics();
    if (metrics.commands.inFlight === 0) return metrics;
    await new Promise(setImmediate);
  }
}

inBothModes('metrics count what was asked and what came of it', async (t, mode) => {
  const engine = await openMarket(t, configFor(mode));
  await fund(engine, ALICE, { BTC: '10' });
  await fund(engine, BOB, { USDT: '1000' });
  for (let price = 1; price <= 20; price += 1)
    await engine.placeOrder(limit(ALICE, 'sell', '0.1', String(price)));
  await engine.placeOrder(limit(BOB, 'buy', '0.3', '3'));
  t.is(await codeOf(engine.placeOrder(limit(BOB, 'buy', '1000', '900'))), 'INSUFFICIENT_BALANCE');
  t.is(await codeOf(engine.placeOrder({ ...limit(BOB, 'buy', '1', '1'), symbol: 'X' })), 'UNKNOWN_SYMBOL');
  await engine.accounts.balances(BOB);

  const metrics = await settled(engine);
  t.like(metrics.commands.byKind, { deposit: 2, placeOrder: 22, balances: 1, cancelOrder: 0 });
  t.is(metrics.commands.total, engine.stats().commands);
  t.like(metrics.commands, { refusedAtEdge: 1, busy: 0, inFlight: 0, inFlightMax: 65_536 });
  t.deepEqual(metrics.commands.refusals, { INSUFFICIENT_BALANCE: 1, UNKNOWN_SYMBOL: 1 });
  t.like(metrics, { trades: 3, ordersResting: 17, journal: null, health: { status: 'ok' } });
  t.is(metrics.seq, engine.stats().seq);
  t.true(metrics.uptimeMs >= 0 && (metrics.residentBytes ?? 2 ** 20) >= 2 ** 20);
  const shards = mode === 'inline' ? [] : [0, 0];
  t.deepEqual(metrics.queues, { commands: shards, settlements: shards, orders: shards });

  const { command, sequencerWait, matcherBatch, journalCommit } = metrics.latencyMicros;
  t.is(command.count, 4, 'the first of each kind, and the seventeenth order');
  const rising = [command.p50, command.p90, command.p99, command.p999, command.p9999, command.max];
  t.deepEqual(
    rising,
    rising.toSorted((a, b) => a - b),
  );
  t.true(command.p50 > 0 && command.mean > 0 && command.max < 10e6);
  t.is(sequencerWait.count, mode === 'inline' ? 0 : 25);
  t.is(matcherBatch.count > 0, mode === 'threaded');
  t.deepEqual(journalCommit, { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, p9999: 0, max: 0 });

  const text = samples(engine.metricsText());
  t.is(text.get('lightning_commands_total{kind="place_order"}'), 22);
  t.is(text.get('lightning_refusals_total{code="UNKNOWN_SYMBOL"}'), 1);
  t.is(text.get('lightning_trades_total'), 3);
  t.is(text.get('lightning_orders_resting'), 17);
  t.is(text.get('lightning_health{status="ok"}'), 1);
  t.is(text.get('lightning_latency_seconds_bucket{stage="command",le="+Inf"}'), 4);
  t.is(text.get('lightning_latency_seconds_count{stage="command"}'), 4);
  t.is(text.has('lightning_queue_messages{queue="orders",shard="1"}'), mode === 'threaded');
  t.false(text.has('lightning_journal_lag_seconds'));
  t.true([...text.keys()].every((name) => name.startsWith('lightning_')));
});

inBothModes('counters never go back while calls are under way', async (t, mode) => {
  const engine = await openMarket(t, keptIn(mode, directory(t)));
  await fund(engine, ALICE, { BTC: '100' });
  await fund(engine, BOB, { USDT: '10000' });
  let before = counters(engine.metrics());
  let textBefore = samples(engine.metricsText());
  for (let round = 0; round < 20; round += 1) {
    const calls = Array.from({ length: 40 }, (_, call) =>
      engine.placeOrder(limit(call % 2 ? ALICE : BOB, call % 2 ? 'sell' : 'buy', '0.01', '100')),
    );
    if (round % 2) await Promise.race(calls);
    const now = counters(engine.metrics());
    for (const [name, value] of before) t.true(now.get(name)! >= value, name);
    const text = samples(engine.metricsText());
    for (const [name, value] of textBefore)
      if (/_total|_bucket|_count|_sum/.test(name)) t.true(text.get(name)! >= value, name);
    [before, textBefore] = [now, text];
    await Promise.all(calls);
  }
  t.is(engine.metrics().trades, 400);
});

inBothModes('the log on disk is measured: how long it takes, and how far it is behind', async (t, mode) => {
  const engine = await openMarket(t, keptIn(mode, directory(t)));
  for (let round = 0; round < 20; round += 1) await fund(engine, ALICE, { BTC: '1' });
  const { journal, latencyMicros, seq } = await settled(engine);
  t.like(journal, { durableSeq: seq, lagRecords: 0, lagMs: 0, backlogBytes: 0, room: 'plenty' });
  t.true(journal!.bytes > 0);
  t.like(journal!.snapshots, {
    made: 0,
    failed: 0,
    lastSeq: null,
    ageRecords: seq,
    ageMs: null,
    tookMs: null,
  });
  t.true(latencyMicros.journalCommit.count >= 20);
  // A shard that was not let run may find the gate open already.
  t.true(latencyMicros.answerGate.count > 0);
  t.true(latencyMicros.journalCommit.p50 > 0);
  t.is(latencyMicros.journalSync.count, 0, 'what is written is on the disk');

  const snapshot = await engine.snapshot();
  await fund(engine, ALICE, { BTC: '1' });
  const { snapshots } = engine.metrics().journal!;
  t.like(snapshots, { made: 1, failed: 0, lastSeq: snapshot.seq, ageRecords: 1 });
  t.true(snapshots.ageMs! >= 0 && snapshots.tookMs! >= 0);
  const text = samples(engine.metricsText());
  t.is(text.get('lightning_snapshots_total'), 1);
  t.is(text.get('lightning_journal_lag_records'), 0);
  t.is(text.get('lightning_journal_room{room="plenty"}'), 1);
});

for (const mode of MODES) {
  test(`a halted engine says why, and a closed one says so [${mode}]`, async (t) => {
    const config = { ...configFor(mode, 1), [panicAfter]: 20 } as EngineConfig;
    const engine = await Engine.open(config);
    await engine.assets.create({ code: 'A', scale: 0 });
    t.deepEqual(engine.health(), { status: 'ok', reasons: [] });
    while (!engine.stats().halted)
      await engine.accounts.deposit({ accountId: 1, asset: 'A', amount: 1 }).catch(() => {});
    const health = engine.health();
    t.is(health.status, 'halted');
    t.is(health.reasons[0]?.code, 'INTERNAL');
    t.regex(health.reasons[0]!.message, /a planted broken invariant/);
    t.deepEqual(engine.metrics().health, health);
    t.is(samples(engine.metricsText()).get('lightning_health{status="halted"}'), 1);
    t.is(samples(engine.metricsText()).get('lightning_health_reason{code="INTERNAL"}'), 1);

    const closing = engine.close();
    t.deepEqual(engine.health(), { status: 'closed', reasons: [] });
    await closing;
    t.deepEqual(engine.health(), { status: 'closed', reasons: [] });
    t.throws(() => engine.metrics(), { message: /^ENGINE_CLOSED/ });
    t.throws(() => engine.metricsText(), { message: /^ENGINE_CLOSED/ });
  });
}

test('calls beyond what may be in flight are counted', async (t) => {
  const engine = await openMarket(t, { ...configFor('threaded', 1), limits: { inFlight: 2 } });
  const calls = Array.from({ length: 50 }, () =>
    engine.accounts.deposit({ accountId: ALICE, asset: 'BTC', amount: '1' }).then(
      () => 'done',
      (error: { code: string }) => error.code,
    ),
  );
  const outcomes = await Promise.all(calls);
  const { commands } = await settled(engine);
  const busy = outcomes.filter((outcome) => outcome === 'BUSY').length;
  t.true(busy > 0);
  t.like(commands, { busy, refusedAtEdge: busy, inFlightMax: 2, refusals: { BUSY: busy } });
  t.is(commands.byKind.deposit, 50 - busy);
});

test('every metric has its line in docs/METRICS.md, and every line its metric', async (t) => {
  const engine = await openMarket(t, keptIn('threaded', directory(t)));
  await engine.snapshot();
  const named = [...engine.metricsText().matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(
    ([, name, type]) => `${name} ${type}`,
  );
  const page = await readFile(new URL('../docs/METRICS.md', import.meta.url), 'utf8');
  const lines = [...page.matchAll(/^\| `(lightning_\w+)(?:\{[^}]*\})?` \| (\w+) \|/gm)];
  const told = lines.map(([, name, type]) => `${name} ${type}`);
  if (process.platform !== 'linux') named.push('lightning_process_resident_memory_bytes gauge');
  t.deepEqual(told.toSorted(), named.toSorted());
});

test('the strict reader of this test refuses what is not in the format', (t) => {
  const head = '# HELP a_total b\n# TYPE a_total counter\n';
  t.is(samples(`${head}a_total{x="1",y="\\\\\\""} 2\n`).size, 1);
  for (const bad of ['a_total 1\n\n', 'a_total -1\n', 'b 1\n', 'a_total{x="1",} 1\n', 'a_total{x="\\t"} 1\n'])
    t.throws(() => samples(head + bad), undefined, bad);
  t.throws(() => samples(`${head}a_total 1\na_total 1\n`));
  t.throws(() => samples('# HELP a b\n# TYPE a counter\na 1\n'));
});

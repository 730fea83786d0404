/**
 * Any bytes whatever as raw commands, in any memory whatever: a result of each, nothing undefined, no money lost.
 * `FUZZ_CASES=2000000 npx ava __test__/raw-fuzz.spec.ts` makes so many records of it; `SEED=<seed>` others.
 */
import { Worker } from 'node:worker_threads';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { CommandWriter, type Engine, ERROR_CODES, ResultReader } from '../index.ts';
import { native } from '../ts/native.ts';
import { RAW_LAYOUT } from '../ts/raw.ts';
import {
  configFor,
  fund,
  limit,
  type Mode,
  MODES,
  openMarket,
  provesBook,
  provesMoney,
  refusal,
  seedOr,
} from './helpers.ts';

const SEED = seedOr(20_261_124);
const CASES = Number(process.env['FUZZ_CASES'] ?? 200_000);
const ACCOUNTS = [1, 2, 3, 4, 5, 6];
const { record: RECORD, command: AT } = RAW_LAYOUT;
const WORDS = RECORD / 4;
/** What a record may be told that nobody vouches for. */
const KNOWN = new Set<string>(Object.keys(ERROR_CODES));
const NEVER = new Set(['INTERNAL', 'OUTCOME_UNKNOWN', 'ENGINE_CLOSED']);

/** Numbers of 32 bits: xorshift, fast enough for millions of records. */
function words(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Fills records with noise, most of which gets further than the first check. */
function fill(view: DataView, count: number, next: () => number): void {
  for (let index = 0; index < count; index += 1) {
    const at = index * RECORD;
    const kind = next() % 16;
    for (let word = 0; word < WORDS; word += 1) view.setUint32(at + word * 4, kind === 0 ? next() : 0, true);
    if (kind === 0) continue;
    // Every other record is an order that a trader might send.
    const isOrder = kind > 7;
    view.setUint8(at + AT.op, isOrder ? RAW_LAYOUT.ops.place : next() % 7);
    view.setUint8(at + AT.side, isOrder ? 1 + (next() % 2) : next() % 4);
    view.setUint8(at + AT.type, isOrder ? 1 : next() % 4);
    view.setUint8(at + AT.timeInForce, isOrder ? 0 : next() % 5);
    const flags = kind === 1 ? next() : (next() % 8 === 0 ? next() % 4 : 0) | ((next() % 7) << 8);
    view.setUint32(at + AT.flags, isOrder ? 0 : flags, true);
    view.setUint32(at + AT.tag, next(), true);
    view.setUint32(at + AT.symbol, isOrder ? 0 : next() % 3, true);
    view.setUint32(at + AT.account, isOrder ? 1 + (next() % 6) : next() % 8, true);
    view.setUint32(at + AT.order, next() % 2_000, true);
    view.setUint32(at + AT.price, kind === 2 ? next() % 12_000 : 9_900 + (next() % 200), true);
    view.setUint32(at + AT.quantity, kind === 2 ? 0 : 1 + (next() % 500), true);
    view.setUint32(at + AT.amount, kind < 5 ? next() : 0, true);
    // Now and then one field is as large as it gets, or nothing.
    if (next() % 8 === 0) view.setUint32(at + 4 * (next() % WORDS), next() % 2 === 0 ? 0xffff_ffff : 0, true);
  }
}

/** A result of each, known codes, whole fills. */
function check(t: ExecutionContext, results: ResultReader, count: number, seen: Map<string, number>): void {
  if (results.count !== count) t.fail(`${results.count} results of ${count} commands`);
  let fills = 0;
  for (let index = 0; index < count; index += 1) {
    const code = results.code(index) ?? 'done';
    seen.set(code, (seen.get(code) ?? 0) + 1);
    if (code !== 'done' && (!KNOWN.has(code) || NEVER.has(code))) t.fail(`seed ${SEED}: ${code}`);
    fills += results.fills(index);
  }
  if (fills !== results.fillCount)
    t.fail(`seed ${SEED}: ${fills} fills, ${results.fillCount} records of them`);
}

/** The engine works, its money is all there, and nothing is crossed. */
async function provesHealth(t: ExecutionContext, engine: Engine): Promise<void> {
  await provesMoney(t, engine, ACCOUNTS, `seed ${SEED}`);
  provesBook(t, engine.book('BTC-USDT'), `seed ${SEED}`);
  t.false(engine.stats().halted);
  await fund(engine, 1, { USDT: '1' });
  t.is((await engine.testOrder(limit(1, 'buy', '0.0001', '1'))).symbol, 'BTC-USDT');
}

async function market(t: ExecutionContext, mode: Mode): Promise<Engine> {
  const engine = await openMarket(t, configFor(mode, 2), { fees: { makerPpm: 500, takerPpm: 1_000 } });
  for (const accountId of ACCOUNTS) await fund(engine, accountId, { BTC: '1000', USDT: '100000' });
  return engine;
}

for (const mode of MODES) {
  test(`random records get a result each, and the engine stays what it is [${mode}]`, async (t) => {
    t.timeout(600_000);
    const engine = await market(t, mode);
    const next = words(SEED);
    const seen = new Map<string, number>();
    const reader = new ResultReader();
    const memory = new Uint8Array(512 * RECORD + 8);
    for (let left = Math.ceil(CASES / 2); left > 0;) {
      // Also where words are not aligned, and with a record that is cut off behind the last.
      const bytes = memory.subarray(next() % 8, memory.length - (next() % 8));
      const writer = new CommandWriter(bytes);
      const count = Math.min(left, 1 + (next() % writer.capacity));
      fill(new DataView(bytes.buffer, bytes.byteOffset), count, next);
      writer.count = count;
      check(t, await engine.submitRaw(writer, reader), count, seen);
      left -= count;
      // As many as can be read back are open at most.
      if (next() % 16 === 0) for (const accountId of ACCOUNTS) await engine.cancelAll({ accountId });
    }
    t.true((seen.get('done') ?? 0) > CASES / 100, JSON.stringify([...seen]));
    t.true(seen.size > 15, JSON.stringify([...seen]));
    await provesHealth(t, engine);
  });

  test(`memory that is cut, taken away, resized or shared is read as it is, or refused [${mode}]`, async (t) => {
    const engine = await market(t, mode);
    const next = words(SEED);
    const noise = (bytes: Uint8Array): void =>
      fill(new DataView(bytes.buffer, bytes.byteOffset), Math.trunc(bytes.length / RECORD), next);
    const lost = async (writer: CommandWriter): Promise<void> => {
      t.is((await refusal(() => engine.submitRaw(writer))).code, 'INVALID_REQUEST');
      t.throws(() => writer.cancel(1, 1), { message: /^BATCH_TOO_LARGE/ });
    };

    // Taken away.
    const taken = new CommandWriter(new Uint8Array(8 * RECORD));
    noise(taken.bytes);
    taken.count = 8;
    structuredClone(taken.bytes.buffer, { transfer: [taken.bytes.buffer as ArrayBuffer] });
    t.is(taken.bytes.length, 0);
    await lost(taken);

    // Resized.
    const Resizable = ArrayBuffer as unknown as new (
      length: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(length: number): void };
    for (const fixed of [true, false]) {
      const buffer = new Resizable(8 * RECORD, { maxByteLength: 64 * RECORD });
      const bytes = fixed ? new Uint8Array(buffer, RECORD, 4 * RECORD) : new Uint8Array(buffer, RECORD);
      const writer = new CommandWriter(bytes);
      noise(bytes);
      writer.count = 4;
      t.is((await engine.submitRaw(writer)).count, 4);
      buffer.resize(2 * RECORD);
      await lost(writer);
      buffer.resize(64 * RECORD);
      t.is(writer.capacity, fixed ? 4 : 63);
      t.is((await engine.submitRaw(writer)).count, 4, 'zeros by now');
      buffer.resize(0);
      await lost(writer);
    }

    // Too small for a record, or nothing at all.
    for (const length of [0, 1, RECORD - 1]) {
      const writer = new CommandWriter(new Uint8Array(length));
      t.is(writer.capacity, 0);
      t.is((await engine.submitRaw(writer)).count, 0);
      t.throws(() => (writer.count = 1), { message: /^INVALID_REQUEST/ });
    }
    await provesHealth(t, engine);
  });

  test(`workers may write to the memory while it is read [${mode}]`, async (t) => {
    t.timeout(600_000);
    const engine = await market(t, mode);
    const shared = new SharedArrayBuffer(256 * RECORD);
    const stop = new Int32Array(new SharedArrayBuffer(8));
    const source = `
      const { workerData: { shared, stop, seed } } = require('node:worker_threads');
      const words = new Uint32Array(shared);
      let state = seed | 1;
      const next = () => { state ^= state << 13; state ^= state >>> 17; state ^= state << 5; return state >>> 0; };
      Atomics.add(stop, 1, 1);
      while (Atomics.load(stop, 0) === 0) {
        for (let i = 0; i < 4096; i += 1) {
          const at = next() % words.length;
          // Where the op, the shape and the flags are; where ids, prices and quantities are.
          const field = at % 16;
          words[at] = field === 0 ? (next() & 0x03020207) : field === 1 ? 0 : field % 2 === 1 ? 0 : next() % 9973;
        }
      }`;
    const workers = [1, 2].map(
      (seed) => new Worker(source, { eval: true, workerData: { shared, stop, seed: SEED + seed } }),
    );
    while (Atomics.load(stop, 1) < workers.length) await new Promise((resolve) => setTimeout(resolve, 5));
    const seen = new Map<string, number>();
    const reader = new ResultReader();
    for (const bytes of [new Uint8Array(shared), new Uint8Array(shared, 3, 255 * RECORD)]) {
      const writer = new CommandWriter(bytes);
      for (let left = Math.ceil(CASES / 8); left > 0; left -= writer.capacity) {
        writer.count = writer.capacity;
        check(t, await engine.submitRaw(writer, reader), writer.count, seen);
      }
    }
    Atomics.store(stop, 0, 1);
    await Promise.all(workers.map((worker) => worker.terminate()));
    t.true(seen.size > 3, JSON.stringify([...seen]));
    await provesHealth(t, engine);
  });
}

/** What a raw batch returns that is refused as a whole. */
const refused = (code: keyof typeof ERROR_CODES): number => -1e15 - ERROR_CODES[code].number;

test('counts and buffers that nobody vouches for do no harm to the native side', (t) => {
  const { handle } = native.open('{"inline":true}', () => {});
  if (!handle) return void t.fail('not opened');
  const commands = new Uint8Array(3 * RECORD + 5);
  const results = new Uint8Array(8 * RECORD);
  t.is(native.runRaw(handle, commands, 4_294_967_295, 0, results), refused('INVALID_REQUEST'));
  t.is(
    native.runRaw(handle, commands, 4, 0, results),
    refused('INVALID_REQUEST'),
    'no further than the buffer',
  );
  t.is(native.runRaw(handle, commands, 3, 0, results), 3 * RECORD);
  t.is(native.runRaw(handle, commands, 0, 0, results), 0);
  t.is(native.submitRaw(handle, commands, 0, 5), 0);
  t.true(native.drain(handle, new Uint8Array(4096)) > 0, 'says that it is complete');
  t.is(native.runRaw(handle, new Uint8Array(0), 5, 0, results), refused('INVALID_REQUEST'));
  t.is(
    native.runRaw(handle, commands, 3, 0, results.subarray(0, 2 * RECORD)),
    -3 * RECORD,
    'says what it needs',
  );
  t.is(native.takeRaw(handle, 0, new Uint8Array(0)), -3 * RECORD);
  t.is(native.takeRaw(handle, 0, results), 3 * RECORD, 'and has kept it');
  t.is(native.takeRaw(handle, 0, results), 0, 'once');
  t.is(native.takeRaw(handle, 77, results), 0);
  t.throws(() => native.runRaw(handle, new Float64Array(8) as never, 1, 0, results), {
    message: /Uint8Array/,
  });
  t.throws(() => native.runRaw(handle, 'x' as never, 1, 0, results), { message: /Uint8Array/ });
  const detached = new Uint8Array(8 * RECORD);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  t.is(native.runRaw(handle, detached, 8, 0, results), refused('INVALID_REQUEST'));
  t.is(native.runRaw(handle, commands, 1, 0, detached), -RECORD, 'no memory to write to');
  t.is(native.takeRaw(handle, 0, results), RECORD);
  const much = new Uint8Array(65_537 * RECORD);
  t.is(native.runRaw(handle, much, 65_537, 0, results), refused('BATCH_TOO_LARGE'));
  t.is(native.submitRaw(handle, much, 65_537, 0), ERROR_CODES.BATCH_TOO_LARGE.number);
  t.is(native.readBook(handle, 0, 20, false, results), -1);
  native.close(handle);
});

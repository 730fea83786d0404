// The boundary itself: both sides agree on every offset, and no bytes whatever do harm.

import test from 'ava';

import { Engine } from '../index.ts';
import { ANSWER_LAYOUT } from '../ts/answers.ts';
import { panicAfter } from '../ts/engine.ts';
import { BOOK_LAYOUT } from '../ts/books.ts';
import { native } from '../ts/native.ts';
import { RAW_LAYOUT } from '../ts/raw.ts';
import { LAYOUT } from '../ts/records.ts';
import { ERROR_CODES } from '../ts/codes.ts';
import { KIND, STREAM_LAYOUT } from '../ts/streams/layout.ts';

test('TypeScript and Rust agree on where everything is', (t) => {
  t.deepEqual(
    { ...LAYOUT, ...ANSWER_LAYOUT, raw: RAW_LAYOUT, book: BOOK_LAYOUT, streams: STREAM_LAYOUT },
    JSON.parse(native.layout()),
  );
  t.deepEqual(Object.keys(KIND), [...STREAM_LAYOUT.kinds]);
  t.deepEqual(
    Object.values(KIND),
    STREAM_LAYOUT.kinds.map((_kind, index) => index),
  );
});

test('the list of codes is the native one', (t) => {
  const codes = JSON.parse(native.errorCodes()) as { code: string; number: number; retryable: boolean }[];
  const list = codes.map(({ code, number, retryable }) => [code, { number, retryable }]);
  t.deepEqual(Object.fromEntries(list), ERROR_CODES);
});

/** A small generator with a seed, so that a failure can be run again. */
function random(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x6d2b_79f5;
    return (state ^ (state >>> 13)) >>> 0;
  };
}

/** Tickets of the answers in a drained buffer, and how many of them are no refusals. */
function answered(buffer: Uint8Array, end: number): { tickets: number[]; accepted: number } {
  const view = new DataView(buffer.buffer);
  const tickets: number[] = [];
  let accepted = 0;
  for (let at = ANSWER_LAYOUT.answersAt; at < end; at += view.getUint32(at, true)) {
    tickets.push(view.getUint32(at + 4, true));
    if (buffer[at + 8] !== 1) accepted += 1;
  }
  return { tickets, accepted };
}

test('random bytes get an answer per record and do no harm', (t) => {
  const seed = Number(process.env['SEED'] ?? 20_261_122);
  const next = random(seed);
  const { handle } = native.open('{"inline":true}', () => {});
  if (!handle) return void t.fail('not opened');
  native.createAsset(handle, '{"code":"A","scale":2}');
  native.createAsset(handle, '{"code":"B","scale":2}');
  native.createSymbol(handle, '{"name":"A","base":"A","quote":"B","tickSize":"1","lotSize":"1"}');
  const records = 64;
  const buffer = new Uint8Array(records * LAYOUT.record);
  const answers = new Uint8Array(1 << 20);
  let accepted = 0;
  for (let round = 0; round < 1_500; round += 1) {
    for (let at = 0; at < buffer.length; at += 1) buffer[at] = next() >>> 11;
    for (let record = 0; record < records; record += 1) {
      const at = record * LAYOUT.record;
      // Mostly known operations, short texts and sane ids, so that the bytes get further than the first check.
      buffer[at] = next() % 10;
      new DataView(buffer.buffer).setUint32(at + LAYOUT.ticketAt, record, true);
      for (let text = 0; text < LAYOUT.texts; text += 1) {
        if (next() % 2 === 0) buffer[at + LAYOUT.lengthsAt + text] = next() % 5;
        for (let byte = 0; byte < LAYOUT.text; byte += 1) {
          const alphabet = '0123456789.AB';
          if (next() % 8 !== 0) {
            buffer[at + LAYOUT.textsAt + text * LAYOUT.text + byte] = alphabet.charCodeAt(
              next() % alphabet.length,
            );
          }
        }
      }
      if (next() % 2 === 0) {
        new DataView(buffer.buffer).setFloat64(at + LAYOUT.accountAt, 1 + (next() % 3), true);
        new DataView(buffer.buffer).setFloat64(at + LAYOUT.orderAt, 1 + (next() % 50), true);
      }
    }
    native.submit(handle, buffer, records);
    const result = answered(answers, native.drain(handle, answers));
    accepted += result.accepted;
    const tickets = result.tickets.toSorted((a, b) => a - b);
    t.deepEqual(tickets, [...Array(records).keys()], `seed ${seed}, round ${round}`);
  }
  t.true(accepted > 1_000, 'hardly any record got past its checks');
  t.false((JSON.parse(native.stats(handle)) as { halted: boolean }).halted, `seed ${seed}`);
  native.close(handle);
});

test('a count beyond the buffer, and a buffer that ends in mid-record, read no further than the buffer', (t) => {
  const { handle } = native.open('{"inline":true}', () => {});
  if (!handle) return void t.fail('not opened');
  const answers = new Uint8Array(4096);
  native.submit(handle, new Uint8Array(2 * LAYOUT.record + 17), 4_000_000_000);
  t.is(answered(answers, native.drain(handle, answers)).tickets.length, 2);
  native.submit(handle, new Uint8Array(0), 1);
  t.is(native.drain(handle, answers), ANSWER_LAYOUT.answersAt);
  native.close(handle);
});

test('an answer that does not fit says what it needs, and is not lost', (t) => {
  const { handle } = native.open('{"inline":true}', () => {});
  if (!handle) return void t.fail('not opened');
  native.submit(handle, new Uint8Array(3 * LAYOUT.record), 3);
  const needed = -native.drain(handle, new Uint8Array(16));
  t.true(needed > 16);
  let count = 0;
  for (let more = true; more;) {
    const buffer = new Uint8Array(needed);
    count += answered(buffer, native.drain(handle, buffer)).tickets.length;
    more = new DataView(buffer.buffer).getUint32(0, true) !== 0;
  }
  t.is(count, 3);
  native.close(handle);
});

for (const threads of ['inline', 'auto'] as const) {
  test(`a broken invariant ends every pending call and takes nothing new [${threads}]`, async (t) => {
    const engine = await Engine.open({ threads, [panicAfter]: 40 } as Parameters<typeof Engine.open>[0]);
    await engine.assets.create({ code: 'A', scale: 0 });
    const outcomes: Record<string, number> = {};
    for (let round = 0; round < 30; round += 1) {
      const calls = Array.from({ length: 20 }, () =>
        engine.accounts.deposit({ accountId: 1, asset: 'A', amount: 1 }).then(
          () => 'done',
          (error: { code: string; name: string }) => `${error.name} ${error.code}`,
        ),
      );
      for (const outcome of await Promise.all(calls)) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    t.deepEqual(Object.keys(outcomes).toSorted(), [
      'SystemError INTERNAL',
      'UnknownOutcomeError OUTCOME_UNKNOWN',
      'done',
    ]);
    t.true(engine.stats().halted);
    t.throws(() => engine.book('X'), { message: /^INTERNAL/ });
    await engine.close();
    t.throws(() => engine.stats(), { message: /^ENGINE_CLOSED/ });
  });
}

/**
 * The same commands give the same results, to the last order id, whatever the number of shards: in inline mode
 * always, because nothing is left to the clock or to threads. Reproduce a failure with `SEED=<seed> npx ava
 * __test__/determinism.spec.ts`.
 */
import test from 'ava';
import { Engine } from '../index.ts';
import { ACCOUNTS, addMarkets, commands, readAll, run } from './commands.ts';
import { answerOf, endOf, everything, setTheStage } from './everything.ts';
import { configFor, provesBook, provesMoney, seedOr, settleAll, START } from './helpers.ts';
import type { Mode } from './helpers.ts';

const SEED = seedOr(20_261_122);
const COMMANDS = 4000;

/** Sequencers and matchers. */
const SHARDS = [
  [1, 1],
  [1, 10],
  [2, 3],
  [3, 2],
  [5, 7],
  [10, 1],
  [10, 10],
] as const;

/** Runs a stream and gives every answer and the final state. `pause`: commands made before awaiting them. */
async function play(mode: Mode, sequencers: number, matchers: number, seed: number, pause: number) {
  const engine = await Engine.open(configFor(mode, sequencers, matchers));
  try {
    await addMarkets(engine);
    const stream = commands(seed, COMMANDS);
    const answers: unknown[] = [];
    for (let at = 0; at < stream.length; at += pause) {
      const batch = stream.slice(at, at + pause);
      answers.push(...(await Promise.all(batch.map((command) => run(engine, command)))));
    }
    return { stream, answers, state: await readAll(engine) };
  } finally {
    await engine.close();
  }
}

let reference: ReturnType<typeof play> | undefined;

for (const [sequencers, matchers] of SHARDS) {
  for (const pause of [1, 100]) {
    test(`inline, ${sequencers} sequencers, ${matchers} matchers, ${pause} at a time: the same results`, async (t) => {
      reference ??= play('inline', 1, 1, SEED, 1);
      const expected = await reference;
      const actual = await play('inline', sequencers, matchers, SEED, pause);
      for (const [i, answer] of actual.answers.entries()) {
        // One by one, so that a failure names the first command that went another way.
        if (JSON.stringify(answer) === JSON.stringify(expected.answers[i])) continue;
        t.deepEqual(
          answer,
          expected.answers[i],
          `seed ${SEED}, command ${i}: ${JSON.stringify(actual.stream[i])}`,
        );
        return;
      }
      t.deepEqual(actual.state, expected.state, `seed ${SEED}`);
    });
  }
}

test('the stream is a market: trades, cancels, and refusals of many kinds', async (t) => {
  reference ??= play('inline', 1, 1, SEED, 1);
  const { stream, answers } = await reference;
  const counts = new Map<string, number>();
  for (const [i, answer] of answers.entries()) {
    const { code, status } = answer as { code?: string; status?: string };
    const what = code ?? `${stream[i]?.call} ${status ?? ''}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  const text = JSON.stringify([...counts].toSorted());
  for (const what of [
    'deposit ',
    'withdraw ',
    'cancelOrder CANCELED',
    'placeOrder NEW',
    'placeOrder PARTIALLY_FILLED',
    'placeOrder FILLED',
    'placeOrder EXPIRED',
    'UNKNOWN_ORDER',
    'ORDER_ALREADY_CLOSED',
    'INSUFFICIENT_BALANCE',
    'UNKNOWN_ACCOUNT',
  ])
    t.true((counts.get(what) ?? 0) > 0, `no ${what} among ${text}`);
  t.true([...counts.values()].reduce((a, b) => a + b) === COMMANDS);
});

test('another seed gives another market', async (t) => {
  reference ??= play('inline', 1, 1, SEED, 1);
  const other = await play('inline', 1, 1, SEED + 1, 1);
  t.notDeepEqual(other.state, (await reference).state);
});

for (const [sequencers, matchers] of SHARDS) {
  test(`threaded, ${sequencers} sequencers, ${matchers} matchers: awaited one by one, the same results`, async (t) => {
    // Order ids are leased in blocks there, so only what does not contain them is compared.
    reference ??= play('inline', 1, 1, SEED, 1);
    const expected = await reference;
    const engine = await Engine.open(configFor('threaded', sequencers, matchers));
    t.teardown(() => engine.close());
    await addMarkets(engine);
    const ids = new Map<number, number>(); // by the id in the reference
    const wrong: string[] = [];
    for (const [i, command] of expected.stream.slice(0, 1500).entries()) {
      const reference = expected.answers[i] as { orderId?: number };
      const translated =
        command.call === 'cancelOrder'
          ? {
              ...command,
              request: {
                ...command.request,
                // An id that was never given out stays one.
                orderId: ids.get(command.request.orderId) ?? (command.request.orderId && 2 ** 50),
              },
            }
          : command;
      const answer = (await run(engine, translated)) as { orderId?: number };
      if (command.call === 'placeOrder' && reference.orderId !== undefined && answer.orderId !== undefined)
        ids.set(reference.orderId, answer.orderId);
      const [is, should] = [answer, reference].map((one) => withoutIds(one));
      if (is !== should)
        wrong.push(`command ${i}: ${JSON.stringify(command)}\n  is     ${is}\n  should ${should}`);
    }
    t.deepEqual(wrong.slice(0, 3), [], `seed ${SEED}`);
    await provesMoney(t, engine, ACCOUNTS.slice(0, -1), `seed ${SEED}`);
  });

  test(`threaded, ${sequencers} sequencers, ${matchers} matchers: all at once, nothing is lost`, async (t) => {
    const engine = await Engine.open(configFor('threaded', sequencers, matchers));
    t.teardown(() => engine.close());
    await addMarkets(engine);
    const calls = commands(SEED, COMMANDS).map((command) => ({
      what: JSON.stringify(command),
      promise: run(engine, command),
    }));
    const settled = await settleAll(engine, calls);
    t.deepEqual(
      settled.filter(({ status }) => status === 'rejected'),
      [],
      `seed ${SEED}: something else than a refusal`,
    );
    await provesMoney(t, engine, ACCOUNTS.slice(0, -1), `seed ${SEED}`);
    for (const { name } of engine.symbols.list()) provesBook(t, engine.book(name), `seed ${SEED}`);
  });
}

/** An answer as text, without order ids: those depend on the number of sequencers in threaded mode. */
function withoutIds(answer: object): string {
  return JSON.stringify(answer, (key, value: unknown) => {
    if (key === 'orderId' || key === 'details' || key === 'message') return undefined;
    return value;
  });
}

const EVERYTHING = 3000;

/** Runs a stream over all features, one call after the other. */
async function playEverything(sequencers: number, matchers: number) {
  const engine = await Engine.open({
    ...configFor('inline', sequencers, matchers),
    clock: { manual: START },
  });
  try {
    await setTheStage(engine);
    const answers: string[] = [];
    for (const step of everything(SEED, EVERYTHING)) answers.push(await answerOf(engine, step));
    return { answers, end: await endOf(engine), holds: await engine.conservation() };
  } finally {
    await engine.close();
  }
}

let everythingOnce: ReturnType<typeof playEverything> | undefined;

for (const [sequencers, matchers] of [
  [10, 1],
  [1, 10],
  [3, 7],
] as const) {
  test(`everything there is: ${sequencers} sequencers and ${matchers} matchers answer like one of each`, async (t) => {
    everythingOnce ??= playEverything(1, 1);
    const expected = await everythingOnce;
    const actual = await playEverything(sequencers, matchers);
    const at = actual.answers.findIndex((answer, i) => answer !== expected.answers[i]);
    const what = at < 0 ? '' : everything(SEED, EVERYTHING)[at]?.what;
    t.is(actual.answers[at], expected.answers[at], `seed ${SEED}, call ${at}: ${what}`);
    t.deepEqual(actual.end, expected.end, `seed ${SEED}`);
    t.true(actual.holds.every(({ holds }) => holds));
  });
}

/** What a stream over everything must have had, to be worth something. */
const HAPPENS = `
  PENDING_TRIGGER NEW PARTIALLY_FILLED FILLED CANCELED EXPIRED
  IOC_REMAINDER FOK_UNFILLABLE INSUFFICIENT_LIQUIDITY PRICE_PROTECTION STP
  POST_ONLY_WOULD_CROSS WOULD_TRIGGER_IMMEDIATELY OCO_BAD_PRICES
  UNKNOWN_ORDER REQUEST_ID_CONFLICT REPLACE_FAILED REPLACE_PARTIALLY_FAILED SYMBOL_NOT_TRADING
  SYMBOL_MODE_RESTRICTED ACCOUNT_SUSPENDED PERMISSION_DENIED AMEND_NOT_ALLOWED INVALID_EXPIRY
  INSUFFICIENT_BALANCE "priorityKept":true "priorityKept":false "listId" "placed" "cancelAllAt"
`;

test('everything there is: most things happen', async (t) => {
  everythingOnce ??= playEverything(1, 1);
  const { answers } = await everythingOnce;
  const missing = HAPPENS.trim()
    .split(/\s+/)
    .filter((word) => !answers.some((answer) => answer.includes(word)));
  t.deepEqual(missing, [], `seed ${SEED}`);
});

/** Every refusal by its code: provoked, told apart, and without a trace. The rows are in `error-rows.ts`. */
import { readFile } from 'node:fs/promises';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { ERROR_CODES, LightningError, StorageError, UnknownOutcomeError } from '../index.ts';
import { MORE_ROWS, NOBODY, ROWS } from './error-rows.ts';
import type { Row, World } from './error-rows.ts';
import {
  ALICE,
  BOB,
  CAROL,
  conserves,
  HOUSE,
  HOUSE_TOO,
  limit,
  MODES,
  openDesk,
  readState,
  tradeAt,
} from './helpers.ts';
import type { Mode } from './helpers.ts';

/** Codes without a row, and where they are provoked instead. */
const ELSEWHERE: Record<string, string> = {
  BUSY: 'needs more calls in flight than there is room for: bad-input.spec.ts',
  ENGINE_CLOSED: 'needs a closed engine: bad-input.spec.ts and lifecycle.spec.ts',
  INTERNAL: 'needs a broken invariant: lifecycle.spec.ts plants one',
  OUTCOME_UNKNOWN: 'needs a broken invariant: lifecycle.spec.ts plants one',
  SLOW_CONSUMER: 'no call of these has a consumer: streams-lifecycle.spec.ts',
  JOURNAL_IO: 'needs a disk that fails: the tests of faults',
  STORAGE_FULL: 'needs a disk that is full: the tests of faults',
  CORRUPT_STATE: 'needs a data directory: kept-lifecycle.spec.ts',
  DATA_DIR_LOCKED: 'needs a data directory: kept-lifecycle.spec.ts',
  UNSAFE_DATA_DIR: 'needs a data directory: kept-lifecycle.spec.ts',
  UNSUPPORTED_VERSION: 'needs a data directory: kept-lifecycle.spec.ts',
};

async function setUp(t: ExecutionContext, mode: Mode): Promise<World> {
  const engine = await openDesk(t, mode, { minNotional: '0.5' });
  await tradeAt(engine, '100');
  const { orderId: bid } = await engine.placeOrder({
    ...limit(ALICE, 'buy', '1', '99'),
    clientOrderId: 'bid',
  });
  const { orderId: ask } = await engine.placeOrder(limit(BOB, 'sell', '1', '101'));
  const { orderId: canceled } = await engine.placeOrder(limit(ALICE, 'buy', '0.5', '98'));
  await engine.cancelOrder({ accountId: ALICE, orderId: canceled });
  return { engine, bid, ask, canceled };
}

/** Everything that a refusal must leave alone. */
async function everything({ engine }: World): Promise<unknown> {
  const accounts = [ALICE, BOB, CAROL, HOUSE, HOUSE_TOO, NOBODY, 5];
  const terms = await Promise.all(
    accounts.map((accountId) =>
      engine.accounts.get(accountId).then(
        ({ seq: _seq, ts: _ts, ...rest }) => rest,
        () => 'unknown',
      ),
    ),
  );
  const state = await readState(engine, accounts);
  return { state, terms, symbols: engine.symbols.list(), assets: engine.assets.list() };
}

/** What a call is refused with, and whether it was thrown at once. */
async function caught(call: () => unknown): Promise<{ error?: unknown; thrown: boolean }> {
  let thrown = true;
  try {
    const result = call();
    thrown = false;
    await result;
    return { thrown };
  } catch (error) {
    return { error, thrown };
  }
}

async function provokes(t: ExecutionContext, mode: Mode, row: Row): Promise<void> {
  const world = await setUp(t, mode);
  await row.given?.(world);
  const before = await everything(world);
  const { error, thrown } = await caught(() => row.call(world));
  t.is(thrown, row.throws === true, row.throws ? 'throws at once' : 'gives a promise that rejects');
  t.true(error instanceof LightningError, `was not refused: ${String(error)}`);
  if (!(error instanceof LightningError)) return;
  t.is(error.constructor, row.class);
  t.like(error, { kind: 'LightningError', name: row.class.name, code: row.code, number: row.number });
  t.true(error.is(row.code));
  t.is(error.field, row.field);
  t.is(error.retryable, row.retryable === true);
  if (row.details !== undefined) t.like(error.details, row.details);
  t.regex(error.message, /^[A-Z_]+: .{10}/, 'a sentence for a person');
  if (row.changes) t.notDeepEqual(await everything(world), before);
  else t.deepEqual(await everything(world), before, 'something has changed');
  await conserves(t, world.engine);
  t.false(world.engine.stats().halted);
}

for (const mode of MODES) {
  for (const row of ROWS) test(`${row.number} ${row.code} [${mode}]`, (t) => provokes(t, mode, row));
  for (const row of MORE_ROWS)
    test(`${row.number} ${row.code}, another way [${mode}]`, (t) => provokes(t, mode, row));
}

test('there is a row for every code, with its number', (t) => {
  const covered = ROWS.map(({ code, number }) => `${number} ${code}`);
  const expected = Object.entries(ERROR_CODES)
    .filter(([code]) => !(code in ELSEWHERE))
    .map(([code, { number }]) => `${number} ${code}`);
  t.deepEqual(covered, expected, 'in the order of their numbers');
  t.deepEqual(
    Object.keys(ELSEWHERE).filter((code) => !(code in ERROR_CODES)),
    [],
  );
});

test('the list of codes for people is the list of codes', async (t) => {
  const text = await readFile(new URL('../docs/ERRORS.md', import.meta.url), 'utf8');
  const listed = [...text.matchAll(/^\| (\d+) \| `(\w+)` \| (yes)?\s*\| .{10,} \|$/gm)].map(
    ([, number, code, retry]) => `${number} ${code} ${retry ?? ''}`.trim(),
  );
  const codes = Object.entries(ERROR_CODES).map(([code, { number, retryable }]) =>
    `${number} ${code} ${retryable ? 'yes' : ''}`.trim(),
  );
  t.deepEqual(listed, codes);
});

test('every class of error is a LightningError', (t) => {
  for (const kind of [...ROWS.map((row) => row.class), StorageError, UnknownOutcomeError])
    t.true(kind.prototype instanceof LightningError, kind.name);
});

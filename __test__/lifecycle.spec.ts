/**
 * How processes with engines end: by themselves when nothing is pending, and never by hanging. Each scene is a
 * process of its own with a limit of ten seconds, one after the other; a failure prints the command that runs it again.
 */
import { existsSync } from 'node:fs';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Engine } from '../index.ts';
import { runNode } from './children.ts';
import type { Ended } from './children.ts';
import { codeOf, configFor, fund, limit, MODES, openMarket, provesMoney, settleAll } from './helpers.ts';

/** Runs a scene; it must end in time and with this code. */
async function scene(t: ExecutionContext, file: string, args: string[], code: number): Promise<Ended> {
  const ended = await runNode(`__test__/fixtures/${file}`, args);
  t.false(ended.late, ended.report);
  t.is(ended.code, code, ended.report);
  t.notRegex(ended.stderr, /panicked|FATAL|Segmentation|core dumped/, ended.report);
  return ended;
}

for (const mode of MODES) {
  test.serial(`natural exit without close [${mode}]`, async (t) => {
    const { stdout } = await scene(t, 'natural-exit.ts', [mode], 0);
    t.is(stdout, 'done\n');
  });
}

test.serial('natural exit of an engine that was only opened', async (t) => {
  t.is((await scene(t, 'only-opened.ts', [], 0)).stdout, 'done\n');
});

test.serial('a pending promise keeps the process alive until it settles', async (t) => {
  const { stdout } = await scene(t, 'await-keeps-alive.ts', [], 0);
  t.deepEqual(stdout.trimEnd().split('\n'), ['awaited 1000', 'then NEW', 'settled 2']);
});

test.serial('promises settle although nobody holds the engine any more', async (t) => {
  t.is((await scene(t, 'forgotten-engine.ts', [], 0)).stdout, 'done\n');
});

test.serial('process.exit() in the middle of traffic', async (t) => {
  t.is((await scene(t, 'process-exit.ts', [], 7)).stdout, 'in flight true\n');
});

test.serial('process.exit() right after calls', async (t) => {
  await scene(t, 'exit-in-the-same-tick.ts', [], 8);
});

test.serial('calls made while the process is exiting', async (t) => {
  t.is((await scene(t, 'unsettled.ts', [], 9)).stdout, 'leaving with 9\n');
});

test.serial('an uncaught error in the middle of traffic', async (t) => {
  const ended = await scene(t, 'uncaught-error.ts', [], 1);
  t.regex(ended.stderr, /Error: boom/, ended.report);
});

test.serial('a refusal that nobody handles', async (t) => {
  const ended = await scene(t, 'unhandled-rejection.ts', [], 1);
  t.regex(ended.stderr, /INVALID_DECIMAL/, ended.report);
});

const onUnix = process.platform === 'win32' ? test.skip : test.serial;
onUnix('SIGTERM in the middle of traffic', async (t) => {
  const ended = await runNode('__test__/fixtures/signal.ts');
  t.false(ended.late, ended.report);
  t.is(ended.signal, 'SIGTERM', ended.report);
});

test.serial('await using closes at the end of the block', async (t) => {
  t.is((await scene(t, 'using.ts', [], 0)).stdout, 'inside 1.00000000\noutside ENGINE_CLOSED\n');
});

test.serial('200 cycles of open and close leave no thread behind', async (t) => {
  const ended = await scene(t, 'cycles.ts', [], 0);
  const { before, after } = JSON.parse(ended.stdout) as { before: number; after: number };
  if (!existsSync('/proc/self/task')) {
    t.log('no /proc here: threads are not counted');
    return;
  }
  // Node starts a few threads of its own when it likes to; an engine has five.
  t.true(after <= before + 4, `${before} threads before, ${after} after\n${ended.report}`);
});

test.serial('engines that nobody can reach any more are collected, with their threads', async (t) => {
  const ended = await scene(t, 'dropped.ts', [], 0);
  const { before, after } = JSON.parse(ended.stdout) as { before: number; after: number };
  t.true(after <= before + 8, `${before} threads before 40 engines, ${after} after\n${ended.report}`);
});

test.serial('an engine in a worker thread', async (t) => {
  const { stdout } = await scene(t, 'workers.ts', ['one'], 0);
  t.deepEqual(JSON.parse(stdout), { report: { holds: true, trades: 150 }, code: 0 });
});

test.serial('engines in several worker threads and in the main one', async (t) => {
  const { stdout } = await scene(t, 'workers.ts', ['several'], 0);
  const [reports = '', here] = stdout.split('\n');
  const report = { report: { holds: true, trades: 150 }, code: 0 };
  t.deepEqual(JSON.parse(reports), [report, report, report, report]);
  t.is(here, 'here true');
});

test.serial('worker.terminate() under load', async (t) => {
  const { stdout } = await scene(t, 'workers.ts', ['terminate'], 0);
  t.is(stdout, 'terminated 1\n'.repeat(3));
});

test.serial('an uncaught error in a worker under load', async (t) => {
  t.is((await scene(t, 'workers.ts', ['throws'], 0)).stdout, 'threw boom in the worker\n');
});

test.serial('the main thread exits while workers are at work', async (t) => {
  t.is((await scene(t, 'workers.ts', ['left'], 6)).stdout, 'leaving\n');
});

for (const mode of MODES) {
  test(`close lets the calls in flight settle first [${mode}]`, async (t) => {
    const engine = await openMarket(t, configFor(mode, 3));
    await fund(engine, 1, { USDT: '1000000' });
    const calls = Array.from({ length: 2000 }, (_, i) => ({
      what: `order ${i}`,
      promise: engine.placeOrder(limit(1, 'buy', '0.0100', '1')),
    }));
    const closing = engine.close();
    const late = codeOf(engine.placeOrder(limit(1, 'buy', '1', '1')));
    const again = engine.close();
    // The watchdog cannot ask a closed engine: it only counts.
    let settled = 0;
    for (const { promise } of calls) void promise.then(() => (settled += 1));
    await Promise.all([closing, again]);
    const results = await Promise.all(calls.map(({ promise }) => promise));
    t.is(results.length, 2000);
    t.is(settled, 2000);
    t.true(results.every(({ status }) => status === 'NEW'));
    t.is(await late, 'ENGINE_CLOSED');
    t.is(await codeOf(engine.conservation()), 'ENGINE_CLOSED');
    await t.notThrowsAsync(engine.close());
    await t.notThrowsAsync(engine[Symbol.asyncDispose]());
  });

  test(`close from within a callback of the engine's own promise [${mode}]`, async (t) => {
    const engine = await openMarket(t, configFor(mode));
    await fund(engine, 1, { USDT: '1000' });
    const calls = Array.from({ length: 50 }, (_, i) => ({
      what: `order ${i}`,
      promise: engine.placeOrder(limit(1, 'buy', '0.0100', '1')).then(async (placed) => {
        if (i === 10) await engine.close();
        return placed.status;
      }),
    }));
    const results = await Promise.all(calls.map(({ promise }) => promise));
    t.deepEqual(results, Array(50).fill('NEW'));
  });

  test(`open, use, close, thirty times at once [${mode}]`, async (t) => {
    const engines = await Promise.all(
      Array.from({ length: 30 }, () => Engine.open({ ...configFor(mode, 2), limits: { inFlight: 256 } })),
    );
    await Promise.all(
      engines.map(async (engine, i) => {
        await engine.assets.create({ code: 'USD', scale: 2 });
        const calls = Array.from({ length: 20 }, (_, n) => ({
          what: `engine ${i}, deposit ${n}`,
          promise: engine.accounts.deposit({ accountId: n + 1, asset: 'USD', amount: i + 1 }),
        }));
        await settleAll(engine, calls);
        await provesMoney(t, engine, [1, 2, 3], `engine ${i}`);
        t.is((await engine.conservation())[0]?.deposited, `${20 * (i + 1)}.00`);
        await engine.close();
      }),
    );
  });
}

/**
 * A full disk, a real one: a small file system in memory, which needs the right to mount. What is not a cancel is
 * refused before anything is lost, cancels go on for a while, and with room again everything goes on.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Engine, LightningError } from '../../index.ts';
import type { EngineConfig } from '../../index.ts';
import { configFor, type Mode, MODES } from '../helpers.ts';
import { type Command, make, stage } from './commands.ts';
import { freshDirectory, removeDirectory } from './directories.ts';
import { Promises } from './promises.ts';
import { inspect } from './recovery.ts';

const MEGABYTES = 10;

/** A file system of its own; undefined if there may be none. */
function mounted(t: ExecutionContext): string | undefined {
  const directory = freshDirectory('full');
  const mount = (...args: string[]) =>
    spawnSync('mount', [...args, 'tmpfs', directory], { encoding: 'utf8' });
  const { status, stderr, error } = mount('-t', 'tmpfs', '-o', `size=${MEGABYTES}m`);
  if (error || status !== 0) {
    removeDirectory(directory);
    t.log(`skipped: nothing can be mounted here: ${error?.message ?? stderr.trim()}`);
    t.pass();
    return undefined;
  }
  t.teardown(() => {
    spawnSync('umount', ['--lazy', directory]);
    removeDirectory(directory);
  });
  return directory;
}

function grow(directory: string): void {
  const { status, stderr } = spawnSync('mount', ['-o', 'remount,size=64m', directory], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

const free = (directory: string) => {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
};

/** A client that remembers what it was told. */
class Client {
  readonly promises = new Promises();
  readonly engine: Engine;
  #n = 0;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** Makes a call, and gives the code of its refusal, or `'OK'`. */
  async call(call: Command['call'], given: object): Promise<string> {
    this.#n += 1;
    const request = {
      ...given,
      requestId: 1 + (this.#n % 1000),
      requestLane: 1 + Math.floor(this.#n / 1000),
    };
    return this.make({ key: `call ${this.#n}`, call, given: [request] });
  }

  async make(command: Command): Promise<string> {
    this.promises.sent.set(command.key, { command, crowded: false });
    try {
      this.promises.answered(command.key, await make(this.engine, command));
      return 'OK';
    } catch (error) {
      if (!(error instanceof LightningError)) throw error;
      if (!['STORAGE_FULL', 'OUTCOME_UNKNOWN', 'JOURNAL_IO', 'INTERNAL'].includes(error.code))
        this.promises.refused(command.key, { code: error.code, details: error.details });
      else if (error.code === 'STORAGE_FULL') this.promises.sent.delete(command.key);
      return error.code;
    }
  }
}

const order = (n: number) => ({
  accountId: 1,
  symbol: 'AAA-QQQ',
  side: 'buy',
  type: 'limit',
  price: '1',
  quantity: '1',
  clientOrderId: `o${n}`,
});

/** Makes orders until one is refused for want of room; gives how many there are. */
async function fill(t: ExecutionContext, client: Client, from: number): Promise<number> {
  for (let n = from; n < from + 9000; n += 1) {
    const code = await client.call('placeOrder', order(n));
    if (code === 'STORAGE_FULL') return n - from;
    t.is(code, 'OK');
  }
  throw new Error('the disk does not fill up');
}

async function eventually(t: ExecutionContext, what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  t.fail(what);
}

async function opened(mount: string, mode: Mode): Promise<{ client: Client; config: EngineConfig }> {
  const config: EngineConfig = {
    ...configFor(mode),
    dataDir: join(mount, 'data'),
    segmentBytes: 1 << 20,
    history: { tradesPerSymbol: 1_000_000 },
  };
  const client = new Client(await Engine.open(config));
  for (const command of stage()) await client.make(command);
  return { client, config };
}

for (const mode of MODES) {
  test.serial(`room comes back while the engine is open: it goes on [${mode}]`, async (t) => {
    const mount = mounted(t);
    if (mount === undefined) return;
    const { client, config } = await opened(mount, mode);
    t.teardown(() => client.engine.close());
    const ballast = join(mount, 'ballast');
    writeFileSync(ballast, Buffer.alloc(3 << 20));
    const placed = await fill(t, client, 0);
    t.true(placed > 100, `${placed}`);
    t.is(client.engine.stats().journal?.room, 'low');
    // Everything but a cancel is refused, and changes nothing.
    const money = { accountId: 1, asset: 'QQQ', amount: '1' };
    for (const [call, given] of [
      ['placeOrder', order(-1)],
      ['deposit', money],
      ['withdraw', money],
      ['hold', money],
      ['transfer', { from: 1, to: 2, asset: 'QQQ', amount: '1' }],
    ] as const)
      t.is(await client.call(call, given), 'STORAGE_FULL', call);
    t.is((await client.engine.openOrders({ accountId: 1 })).length, placed);
    for (let n = 0; n < 10; n += 1)
      t.is(await client.call('cancelOrder', { accountId: 1, clientOrderId: `o${n}` }), 'OK');
    rmSync(ballast);
    await eventually(t, 'it does not notice that there is room', async () => {
      return (await client.call('placeOrder', order(100_000))) !== 'STORAGE_FULL';
    });
    t.is((await client.engine.openOrders({ accountId: 1 })).length, placed - 10 + 1);
    await client.engine.close();
    await inspect(client.promises, { config, still: true });
    t.deepEqual(client.promises.takeWrong(), []);
  });

  test.serial(`no room comes: cancels, then the end, and nothing is lost [${mode}]`, async (t) => {
    const mount = mounted(t);
    if (mount === undefined) return;
    const { client, config } = await opened(mount, mode);
    const fatal: string[] = [];
    client.engine.on('fatal', ({ code }) => fatal.push(code));
    const placed = await fill(t, client, 0);
    t.true(free(mount) < 1 << 20, 'it says that the disk is full when it is');
    let [cancels, code] = [0, 'OK'];
    for (let n = 0; n < placed && code === 'OK'; n += 1) {
      code = await client.call('cancelOrder', { accountId: 1, clientOrderId: `o${n}` });
      if (code === 'OK') cancels += 1;
    }
    t.true(cancels >= 20, `${cancels} cancels`);
    t.true(['STORAGE_FULL', 'OUTCOME_UNKNOWN'].includes(code), code);
    await eventually(t, "'fatal' was not told", () => Promise.resolve(fatal.length > 0));
    t.deepEqual(fatal, ['STORAGE_FULL']);
    t.true(client.engine.stats().halted);
    const later = await client.call('cancelOrder', { accountId: 1, clientOrderId: `o${placed - 1}` });
    t.true(['STORAGE_FULL', 'JOURNAL_IO'].includes(later), later);
    await client.engine.close().catch((error: unknown) => t.true(error instanceof LightningError));
    // As full as it is: either it opens and takes nothing, or it says why not. It loses nothing.
    const full = await Engine.open(config).then(
      async (engine) => {
        const { seq } = engine.recovery!;
        await engine.close().catch(() => undefined);
        return seq >= client.promises.seq ? 'opened' : `lost ${client.promises.seq - seq}`;
      },
      (error: LightningError) => error.code,
    );
    t.true(['opened', 'STORAGE_FULL'].includes(full), full);
    grow(mount);
    client.promises.incarnation = 0;
    await inspect(client.promises, { config, still: true });
    t.deepEqual(client.promises.takeWrong(), []);
  });
}

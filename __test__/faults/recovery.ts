/** Opens what a process has left behind, and holds it against what was promised. */
import { Engine, LightningError } from '../../index.ts';
import type { EngineConfig, RecoveryReport, VerifyReport } from '../../index.ts';
import { refused } from './child/say.ts';
import { ASSETS, type Command, EVERYBODY, make, SAVER, stage, SYMBOLS } from './commands.ts';
import { beside, copyDirectory, removeDirectory } from './directories.ts';
import { BROKEN, isHalfDone, type MyTradeOf, type Promises, type Sent } from './promises.ts';
import { readAll } from './reading.ts';

/** How a directory is opened and looked at. */
export interface Inspection {
  config: EngineConfig;
  /** Opens a copy, too, with these threads: it must recover to the same state. */
  twin?: EngineConfig['threads'];
  /** Nothing happens by itself: no timers, no expiry. Then the state must not change unasked. */
  still: boolean;
  /** Which of the calls that were answered are sent again; default: all. */
  repeats?: (sent: Sent) => boolean;
}

/** What was found. */
export interface Found {
  recovery: RecoveryReport;
  /** Of the calls that were never answered: so many had been done, and so many had not. */
  present: number;
  absent: number;
  verified: VerifyReport;
}

/** Opens a directory and holds it against the promises. Whatever is wrong is in {@link Promises.wrong} afterwards. */
export async function inspect(promises: Promises, inspection: Inspection): Promise<Found> {
  const { config, still, twin, repeats = () => true } = inspection;
  const copy = beside(config.dataDir!, 'twin');
  if (twin !== undefined) copyDirectory(config.dataDir!, copy);
  const engine = await Engine.open(config);
  try {
    const recovery = engine.recovery!;
    promises.opened(recovery);
    if (twin !== undefined) await isTwin(promises, { ...config, dataDir: copy, threads: twin }, recovery);
    if (!(await isSet(engine))) await setTheStage(engine, promises);
    const all = [...promises.sent.values()];
    const answered = all.filter((sent) => sent.answer !== undefined || isHalfDone(sent));
    const unanswered = all.filter(({ answer, error }) => !answer && !error);
    const before = await readAll(engine);
    const tradesBefore = await tradesOf(engine);
    promises.holdAgainst(before, still);
    for (const orderId of promises.readOrders().slice(-300)) promises.order(await engine.order(orderId));

    await sendAgain(engine, promises, answered.filter(repeats), 100);
    if (still && (await engine.stateHash()).hash !== before.state?.hash)
      promises.wrong.push('sending again what had been done has changed something');
    // What was never answered is wholly there or wholly absent, and now done once, whichever it was.
    await sendAgain(engine, promises, unanswered, 1);
    const absent = new Set(unanswered.filter(({ answer }) => answer && !('duplicate' in answer)));
    const present = unanswered.filter(({ answer }) => answer && 'duplicate' in answer);
    promises.holdMoneyAgainst(before, tradesBefore, answered.concat(present));
    await sendAgain(
      engine,
      promises,
      unanswered.filter(({ answer }) => answer),
      1,
    );
    const after = await readAll(engine);
    promises.holdMoneyAgainst(after, await tradesOf(engine), promises.sent.values());

    const { seq, hash } = await engine.stateHash();
    const verified = await verify(
      engine,
      seq,
      (config.retention ?? 'keep') === 'keep' ? 'genesis' : 'snapshot',
    );
    if (still && verified.stateHash !== hash)
      promises.wrong.push(`state ${hash} at ${seq}, the files say ${verified.stateHash} at ${verified.seq}`);
    promises.seq = Math.max(promises.seq, seq);
    promises.quiet = undefined;
    await engine.close();
    if (still) promises.closedAs = hash;
    return { recovery, present: present.length, absent: absent.size, verified };
  } finally {
    await engine.close();
    if (twin !== undefined) removeDirectory(copy);
  }
}

/** Verifies the files, as soon as they have all records up to `seq`; in `written` mode that takes a moment. */
async function verify(engine: Engine, seq: number, from: 'genesis' | 'snapshot'): Promise<VerifyReport> {
  for (let tries = 0; ; tries += 1) {
    const report = await engine.verify({ from });
    if (report.seq >= seq || tries >= 50) return report;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A copy of the files, opened with other threads: the same state. */
async function isTwin(promises: Promises, config: EngineConfig, recovery: RecoveryReport): Promise<void> {
  const engine = await Engine.open(config);
  const { seq, stateHash } = engine.recovery!;
  await engine.close();
  if (seq !== recovery.seq || stateHash !== recovery.stateHash)
    promises.wrong.push(
      `recovered to ${recovery.stateHash} at ${recovery.seq}, with other threads to ${stateHash} at ${seq}`,
    );
}

/** Had the first run come so far that everybody has money? The saver is the last one to get it. */
async function isSet(engine: Engine): Promise<boolean> {
  try {
    const balances = await engine.accounts.balances(SAVER);
    return balances.some(({ asset }) => asset === ASSETS.at(-1));
  } catch (error) {
    if (error instanceof LightningError && error.code === 'UNKNOWN_ACCOUNT') return false;
    throw error;
  }
}

/** Goes on with a stage that a crash has left half set. */
async function setTheStage(engine: Engine, promises: Promises): Promise<void> {
  for (const command of stage())
    if (!promises.sent.has(command.key)) promises.sent.set(command.key, { command, crowded: false });
  const calls = stage().map(({ key }) => promises.sent.get(key)!);
  await sendAgain(engine, promises, calls, 1);
}

/** Sends calls again, `width` of them at a time. */
async function sendAgain(
  engine: Engine,
  promises: Promises,
  calls: readonly Sent[],
  width: number,
): Promise<void> {
  for (let from = 0; from < calls.length; from += width) {
    await Promise.all(
      calls.slice(from, from + width).map(async ({ command }) => {
        // What has expired is refused for its words, whether it was done or not.
        if (isExpired(command)) return;
        try {
          promises.answered(command.key, await make(engine, command));
        } catch (error) {
          const { code, details } = refused(error);
          if (BROKEN.has(code)) throw error;
          promises.refused(command.key, { code, details });
        }
      }),
    );
  }
}

/** Is there an expiry in the past in its words? */
function isExpired({ given }: Command): boolean {
  const expiry = /"expireAt":(\d+)/.exec(JSON.stringify(given))?.[1];
  return expiry !== undefined && Number(expiry) < Date.now() + 50;
}

/** All trades of everybody, from both sides. */
export async function tradesOf(engine: Engine): Promise<MyTradeOf[]> {
  const all: MyTradeOf[] = [];
  for (const accountId of EVERYBODY) {
    for (const symbol of SYMBOLS) {
      let fromId = 1;
      for (;;) {
        const page = await engine.myTrades({ accountId, symbol, fromId, limit: 1000 });
        all.push(...page.map((trade) => ({ accountId, trade })));
        if (page.length < 1000) break;
        // A trade with oneself is there twice; both of them are on the same page, or the second one begins the next.
        fromId = page.at(-1)!.tradeId;
        while (all.at(-1)?.trade.tradeId === fromId) all.pop();
      }
    }
  }
  return all;
}

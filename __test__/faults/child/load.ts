/** A client that makes calls without end, and says each answer, and all that it reads, before it goes on. */
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { Engine } from '../../../index.ts';
import { generator } from '../../random.ts';
import { type Command, commandsOf, make, SAVER, stage, SYMBOLS } from '../commands.ts';
import { readAll } from '../reading.ts';
import type { LoadJob } from './protocol.ts';
import { refused, say } from './say.ts';

/** Runs a load to its end. */
export async function load(job: LoadJob): Promise<void> {
  const engine = await open(job);
  if (!engine) return;
  if (job.closesAtTerm) process.once('SIGTERM', () => void close(engine));
  for (const command of stage()) await perform(engine, command);
  if (job.arms !== undefined) writeFileSync(job.arms, '');
  say({ say: 'ready' });
  const commands = commandsOf(job.script);
  for (let from = 0; from < commands.length; from += job.quietEvery) {
    await inFlight(engine, job, commands, from, Math.min(from + job.quietEvery, commands.length));
    await saySafely(async () => say({ say: 'quiet', reading: await readAll(engine) }));
  }
  say({ say: 'end' });
  if (job.atEnd === 'close') await close(engine);
  // Nobody waits for anything any more, and yet this process is not to end.
  else setInterval(() => undefined, 1000);
}

async function open({ config }: LoadJob): Promise<Engine | undefined> {
  try {
    const engine = await Engine.open(config);
    engine.on('fatal', (error) => say({ say: 'fatal', error: refused(error) }));
    say({ say: 'opened', recovery: engine.recovery ?? null });
    return engine;
  } catch (error) {
    say({ say: 'open failed', error: refused(error) });
    return undefined;
  }
}

async function close(engine: Engine): Promise<void> {
  try {
    await engine.close();
    say({ say: 'closed' });
  } catch (error) {
    say({ say: 'close failed', error: refused(error) });
  }
}

/** Makes the calls from one number to another, `width` of them at a time. */
async function inFlight(engine: Engine, job: LoadJob, commands: Command[], from: number, to: number) {
  const random = generator(job.script.seed + from);
  const mine: number[] = [];
  let next = from;
  const client = async () => {
    while (next < to) {
      const n = next;
      next += 1;
      if (n === job.exitAt) process.exit(0);
      if (n === job.starveAt) starve();
      if (n === job.disarmsAfter && job.arms !== undefined) rmSync(job.arms, { force: true });
      const answer = await perform(engine, commands[n]!);
      const orderId = (answer as { orderId?: number } | undefined)?.orderId;
      if (orderId !== undefined) mine.push(orderId);
      if (random() < 0.15) await saySafely(() => look(engine, random(), mine));
    }
  };
  await Promise.all(Array.from({ length: job.width }, client));
}

async function perform(engine: Engine, command: Command): Promise<object | undefined> {
  const { key } = command;
  say({ say: 'sent', key });
  try {
    const answer = await make(engine, command);
    say({ say: 'ok', key, answer });
    return answer;
  } catch (error) {
    say({ say: 'no', key, error: refused(error) });
    return undefined;
  }
}

/** Reads one thing while others are in flight. */
async function look(engine: Engine, random: number, mine: number[]): Promise<void> {
  const symbol = SYMBOLS[Math.floor(random * 100) % SYMBOLS.length]!;
  if (random < 0.25) {
    say({ say: 'read', what: 'book', value: engine.book(symbol) });
  } else if (random < 0.4) {
    say({ say: 'read', what: 'trades', value: engine.trades(symbol, { limit: 20 }) });
  } else if (random < 0.7 && mine.length > 0) {
    const orderId = mine[Math.floor(random * 1e6) % mine.length]!;
    say({ say: 'read', what: 'order', value: await engine.order(orderId) });
  } else if (random < 0.85) {
    say({ say: 'read', what: 'saver', value: await engine.accounts.balances(SAVER) });
  } else if (random < 0.92) {
    say({ say: 'read', what: 'conservation', value: await engine.conservation() });
  } else {
    const { durableSeq } = engine.stats();
    if (durableSeq !== null) say({ say: 'read', what: 'durable', value: durableSeq });
  }
}

/** A read that is refused has promised nothing: of an engine that has failed, all of them are. */
async function saySafely(read: () => Promise<void>): Promise<void> {
  try {
    await read();
  } catch (error) {
    refused(error);
  }
}

/** Takes every file descriptor that there is, and gives them back after a while. */
function starve(): void {
  const taken: number[] = [];
  for (;;) {
    try {
      taken.push(openSync('/dev/null', 'r'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error;
      break;
    }
  }
  setTimeout(() => {
    for (const fd of taken) closeSync(fd);
  }, 200);
}

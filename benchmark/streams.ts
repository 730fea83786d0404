/**
 * `npm run bench:streams`: how many trades a second one consumer can be told, in each of the forms that there are, and
 * how much later than an answer a stream tells of what it led to.
 *
 * Right comes first here, too: every consumer must have been told of every trade, once and in order.
 */

import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CommandWriter, Engine, type Gap, type TradeBatch, type TradeMessage } from 'lightning-exchange';
import { fund, listSymbols, type Mode, SYMBOL } from './contestants/lightning/market.ts';
import { describeHost, hostLine, load } from './host.ts';
import { rates } from './statistics.ts';

const PERCENTILES = [50, 90, 99, 99.9, 100] as const;
const [MAKER, TAKER] = [1, 2];
/** Pairs of orders in one batch: each pair makes a trade. */
const PAIRS = 2_048;

/** An engine with so many trades to be told of. */
async function open(mode: Mode, tradesPerSymbol: number): Promise<{ engine: Engine; symbol: number }> {
  const engine = await Engine.open({
    threads: { sequencers: 1, matchers: 1, inline: mode === 'inline' },
    history: { tradesPerSymbol },
  });
  await listSymbols(engine, [SYMBOL]);
  await fund(engine, [MAKER, TAKER]);
  return { engine, symbol: engine.symbols.get(SYMBOL).id };
}

/** The n-th pair of orders that trade with each other. */
function writePair(writer: CommandWriter, symbol: number, n: number): void {
  const [ticks, lots] = [10_000 + (n % 200), 1 + (n % 50)];
  writer.limit(MAKER, symbol, 'sell', ticks, lots);
  writer.limit(TAKER, symbol, 'buy', ticks, lots);
}

/** Trades that are there before anybody asks. */
async function trade(engine: Engine, symbol: number, trades: number): Promise<void> {
  const writer = new CommandWriter(2 * PAIRS);
  for (let n = 0; n < trades;) {
    writer.clear();
    for (; n < trades && !writer.full; n += 1) writePair(writer, symbol, n);
    const results = await engine.submitRaw(writer);
    if (results.code(0) !== null) throw new Error(`refused: ${results.code(0)}`);
  }
}

/** Checks that ids follow each other, and reads what a consumer reads. */
class Tally {
  next = 1;
  volume = 0;

  see(id: number, ticks: number, lots: number): void {
    if (id !== this.next) throw new Error(`trade ${id} instead of ${this.next}`);
    this.next += 1;
    this.volume += ticks * lots;
  }
}

const CONSUMERS: Record<string, (engine: Engine, until: number, tally: Tally) => Promise<void>> = {
  'numbers, in batches': async (engine, until, tally) => {
    for await (const batch of engine.watchTrades(SYMBOL, { fromId: 1, raw: true })) {
      const trades = noGap(batch);
      for (let index = 0; index < trades.length; index += 1)
        tally.see(trades.tradeId(index), trades.ticks(index), trades.lots(index));
      if (tally.next > until) break;
    }
  },
  'objects, in batches': async (engine, until, tally) => {
    for await (const batch of engine.watchTrades(SYMBOL, { fromId: 1 }).batches()) {
      for (const trade of batch) tally.see(noGap(trade).tradeId, 1, 1);
      if (tally.next > until) break;
    }
  },
  'objects, one by one': async (engine, until, tally) => {
    for await (const trade of engine.watchTrades(SYMBOL, { fromId: 1 })) {
      tally.see(noGap(trade).tradeId, 1, 1);
      if (tally.next > until) break;
    }
  },
};

function noGap<Message extends TradeBatch | TradeMessage>(message: Message | Gap): Message {
  if (message.type === 'gap') throw new Error(`trades ${message.from} to ${message.to} are missing`);
  return message as Message;
}

/** How many trades a second one consumer is told, in each form. */
async function throughput(mode: Mode, trades: number, rounds: number): Promise<void> {
  const { engine, symbol } = await open(mode, trades);
  await using _closed = engine;
  await trade(engine, symbol, trades);
  for (const [form, consume] of Object.entries(CONSUMERS)) {
    const seen: number[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const tally = new Tally();
      const start = performance.now();
      await consume(engine, trades, tally);
      // The first round warms the compiler up.
      if (round > 0) seen.push((trades * 1000) / (performance.now() - start));
    }
    const { median, best } = rates(seen);
    console.log(`${mode}, ${form}: ${millions(median)} million trades a second (best ${millions(best)})`);
  }
}

function millions(rate: number): string {
  return (rate / 1e6).toFixed(2);
}

/**
 * Offers orders at a fixed rate, each pair at its scheduled time whether or not earlier ones are answered, and measures
 * from the schedule: until the answer, and until a consumer is told of the trade.
 */
async function latency(rate: number, seconds: number): Promise<void> {
  const { engine, symbol } = await open('threaded', 100_000);
  await using _closed = engine;
  const pairs = Math.floor((rate * seconds) / 2);
  const [answeredAt, toldAt] = [new Float64Array(pairs), new Float64Array(pairs)];
  const start = performance.now() + 10;
  const consumer = (async () => {
    const tally = new Tally();
    for await (const batch of engine.watchTrades(SYMBOL, { raw: true })) {
      const trades = noGap(batch);
      for (let index = 0; index < trades.length; index += 1) {
        tally.see(trades.tradeId(index), trades.ticks(index), trades.lots(index));
        toldAt[trades.tradeId(index) - 1] = performance.now();
      }
      if (tally.next > pairs) break;
    }
  })();
  const writer = new CommandWriter(2 * PAIRS);
  const answers: Promise<void>[] = [];
  for (let sent = 0; sent < pairs;) {
    const due = Math.min(pairs, Math.floor(((performance.now() - start) * rate) / 2000) + 1);
    if (due > sent) {
      writer.clear();
      const first = sent;
      for (; sent < due && !writer.full; sent += 1) writePair(writer, symbol, sent);
      const last = sent;
      const submit = async (): Promise<void> => {
        await engine.submitRaw(writer);
        answeredAt.fill(performance.now(), first, last);
      };
      answers.push(submit());
    }
    // Round the event loop rather than to sleep: a timer is a millisecond late.
    await nextTurn();
  }
  await Promise.all([...answers, consumer]);
  const achieved = Math.round((pairs * 2000) / (performance.now() - start));
  console.log(`${rate} orders a second offered, ${achieved} achieved`);
  const [answered, told, later] = [createHistogram(), createHistogram(), createHistogram()];
  // The first fifth warms the compiler up.
  for (let n = Math.floor(pairs / 5); n < pairs; n += 1) {
    const [dueAt, answer, stream] = [start + (n * 2000) / rate, answeredAt[n] ?? 0, toldAt[n] ?? 0];
    for (const [histogram, ms] of [
      [answered, answer - dueAt],
      [told, stream - dueAt],
      [later, stream - answer],
    ] as const) {
      // What comes before the answer is no later than it.
      histogram.record(Math.max(1, Math.round(ms * 1e6)));
    }
  }
  console.log(`  from when an order is due to its answer: ${percentiles(answered)}`);
  console.log(`  from when an order is due to the stream: ${percentiles(told)}`);
  console.log(`  how much later than the answer:          ${percentiles(later)}`);
}

function percentiles(histogram: RecordableHistogram): string {
  return PERCENTILES.map((percent) => {
    const nanoseconds = percent === 100 ? histogram.max : histogram.percentile(percent);
    return `p${percent} ${(nanoseconds / 1000).toFixed(0)} µs`;
  }).join(', ');
}

const { values } = parseArgs({
  options: {
    trades: { type: 'string', default: '500000' },
    rounds: { type: 'string', default: '5' },
    rate: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '5' },
  },
});
const [trades, rounds, rate, seconds] = [values.trades, values.rounds, values.rate, values.seconds].map(
  Number,
);
console.log(`lightning-exchange streams\n${hostLine(describeHost())}, host load ${load()}`);
for (const mode of ['threaded', 'inline'] as const) await throughput(mode, trades ?? 0, rounds ?? 0);
await latency(rate ?? 0, seconds ?? 0);

/**
 * Binance's depth stream through the client's book: its rules for what to drop, and a recording of 346 s in which
 * `bookTicker` says what best bid and ask must be. Skipped where the recording is absent.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import test from 'ava';
import { BinanceDepth, type BinanceDiff, type BinanceSnapshot } from '../ts/local-book/index.ts';

const FILE = fileURLToPath(new URL('../../shared/data/binance-btcusdt-2024-08-08.jsonl.gz', import.meta.url));

interface Ticker {
  u: number;
  b: string;
  B: string;
  a: string;
  A: string;
}

function diff(U: number, u: number, b: [string, string][] = [], a: [string, string][] = []): BinanceDiff {
  return { e: 'depthUpdate', E: u, s: 'BTCUSDT', U, u, b, a };
}

const SNAPSHOT: BinanceSnapshot = { lastUpdateId: 10, bids: [['9.0', '1.0']], asks: [['11.0', '1.0']] };

test('diffs wait for the snapshot; those that it has are dropped, the first may begin within it', (t) => {
  const depth = new BinanceDepth('BTCUSDT');
  t.is(depth.apply(diff(5, 8, [['1.0', '1.0']])), 'gap');
  t.is(depth.apply(diff(9, 12, [['9.0', '2.0']])), 'gap');
  t.is(depth.apply(diff(13, 13, [], [['11.0', '0.0']])), 'gap');
  t.is(depth.apply(SNAPSHOT), 'applied');
  t.deepEqual(depth.book.levels(), { bids: [{ price: '9.0', quantity: '2.0' }], asks: [] });
  t.is(depth.book.seq, 13);
  t.is(depth.apply(diff(12, 13)), 'ignored');
  t.is(depth.apply(SNAPSHOT), 'ignored', 'a snapshot never takes a book back');
  t.is(depth.apply(diff(14, 20)), 'applied');
});

test('a gap needs a snapshot that reaches what came behind it', (t) => {
  const depth = new BinanceDepth('BTCUSDT');
  depth.apply(SNAPSHOT);
  t.is(depth.apply(diff(11, 12)), 'applied');
  t.is(depth.apply(diff(14, 15, [['8.0', '3.0']])), 'gap', '13 is missing');
  t.is(depth.apply(diff(16, 16)), 'gap');
  t.is(depth.apply({ ...SNAPSHOT, lastUpdateId: 12 }), 'gap', '13 is still missing');
  t.is(depth.apply({ ...SNAPSHOT, lastUpdateId: 13 }), 'applied');
  t.is(depth.book.seq, 16);
  t.is(depth.book.level('bids', '8')?.quantity, '3.0');
});

test('what is no diff of this symbol is refused', (t) => {
  const depth = new BinanceDepth('BTCUSDT');
  t.throws(() => depth.apply({ ...diff(1, 2), s: 'ETHUSDT' }), { instanceOf: TypeError });
  t.throws(() => depth.apply(diff(3, 2)), { instanceOf: TypeError });
  t.throws(() => depth.apply({} as BinanceDiff), { instanceOf: TypeError });
});

test('without a snapshot, what waits is bounded', (t) => {
  const depth = new BinanceDepth('BTCUSDT');
  for (let u = 11; u < 2_011; u += 1) depth.apply(diff(u, u));
  t.is(depth.apply(SNAPSHOT), 'gap', 'the oldest are gone');
  t.is(depth.apply({ ...SNAPSHOT, lastUpdateId: 1_010 }), 'applied');
  t.is(depth.book.seq, 2_010);
});

interface Recording {
  depth: (BinanceSnapshot | BinanceDiff)[];
  tickers: Map<number, Ticker>;
}

/** In the order of the file, in which the snapshot comes after the first diffs. */
function read(): Recording {
  const depth: Recording['depth'] = [];
  const tickers: Recording['tickers'] = new Map();
  const lines = gunzipSync(readFileSync(FILE)).toString().trimEnd().split('\n');
  for (const line of lines) {
    const message = JSON.parse(line.slice(line.indexOf(' ') + 1)) as BinanceSnapshot & {
      stream?: string;
      data: BinanceDiff & Ticker;
    };
    if (message.stream === undefined) depth.push(message);
    else if (message.stream.includes('@depth')) depth.push(message.data);
    else if (message.stream.endsWith('@bookTicker')) tickers.set(message.data.u, message.data);
  }
  return { depth, tickers };
}

/** Plays a recording; the tickers that a book's update ids meet, and those that it differs from. */
function play({ depth, tickers }: Recording): { met: number; wrong: number; gaps: number; crossed: number } {
  const client = new BinanceDepth('BTCUSDT');
  const { book } = client;
  const seen = { met: 0, wrong: 0, gaps: 0, crossed: 0 };
  let begun = false;
  for (const message of depth) {
    const result = client.apply(message);
    begun ||= result === 'applied';
    if (!begun) continue;
    if (result === 'gap') seen.gaps += 1;
    if (book.crossed) seen.crossed += 1;
    const ticker = book.needsSnapshot ? undefined : tickers.get(book.seq ?? -1);
    if (ticker === undefined) continue;
    const { bid, ask } = book.bbo();
    seen.met += 1;
    const is = [bid?.price, bid?.quantity, ask?.price, ask?.quantity];
    if (String(is) !== String([ticker.b, ticker.B, ticker.a, ticker.A])) seen.wrong += 1;
  }
  return seen;
}

test("8 August 2024: the venue's best bid and ask at every update id, and a lost diff is noticed", (t) => {
  if (!existsSync(FILE)) {
    t.log(`skipped: there is no ${FILE}`);
    t.pass();
    return;
  }
  const recording = read();
  const seen = play(recording);
  t.like(seen, { wrong: 0, gaps: 0, crossed: 0 });
  t.log(`${seen.met} of ${recording.tickers.size} tickers are as of the end of a diff`);
  t.true(seen.met > 100);

  for (const lost of [10, 1_000, recording.depth.length - 2]) {
    const { gaps } = play({ ...recording, depth: recording.depth.filter((_, at) => at !== lost) });
    t.is(gaps, recording.depth.length - 1 - lost, 'from the next one on, until a snapshot would come');
  }
});

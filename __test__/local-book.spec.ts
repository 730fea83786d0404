/** A client's order book, message by message; and the forms that other libraries expect. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import {
  type BookSource,
  follow,
  type LocalBookDelta,
  type LocalBookMessage,
  type LocalBookSnapshot,
  LocalOrderBook,
  toOHLCV,
} from '../ts/local-book/index.ts';
import { ROOT } from './children.ts';

const STAMP = { symbol: 'BTC-USDT', epoch: 1, ts: 1_700_000_000_000 };

const SNAPSHOT: LocalBookSnapshot = {
  ...STAMP,
  type: 'snapshot',
  seq: 10,
  bids: [
    ['100.00', '1.0000', 2],
    ['99.95', '2.5000', 1],
    ['99.00', '0.5000', 1],
  ],
  asks: [
    ['100.05', '0.7500', 1],
    ['100.10', '1.0000', 3],
    ['101.00', '4.0000', 2],
  ],
};

function delta(prevSeq: number, seq: number, sides: Partial<Pick<LocalBookDelta, 'bids' | 'asks'>> = {}) {
  return { ...STAMP, type: 'delta', prevSeq, seq, bids: [], asks: [], ...sides } satisfies LocalBookDelta;
}

function heartbeat(seq: number): LocalBookMessage {
  return { ...STAMP, type: 'heartbeat', prevSeq: seq, seq };
}

function bookOf(...messages: LocalBookMessage[]): LocalOrderBook {
  const book = new LocalOrderBook();
  for (const message of messages) book.apply(message);
  return book;
}

test('a snapshot, then deltas with absolute quantities; zero takes a level out', (t) => {
  const book = new LocalOrderBook();
  t.true(book.needsSnapshot);
  t.is(book.apply(SNAPSHOT), 'applied');
  t.is(
    book.apply(
      delta(10, 12, {
        bids: [
          ['100.00', '0.2500', 1],
          ['99.95', '0.0000', 0],
          ['99.97', '7.0000', 1],
        ],
        asks: [['100.05', '0']],
      }),
    ),
    'applied',
  );
  t.deepEqual(book.levels(), {
    bids: [
      { price: '100.00', quantity: '0.2500', orders: 1 },
      { price: '99.97', quantity: '7.0000', orders: 1 },
      { price: '99.00', quantity: '0.5000', orders: 1 },
    ],
    asks: [
      { price: '100.10', quantity: '1.0000', orders: 3 },
      { price: '101.00', quantity: '4.0000', orders: 2 },
    ],
  });
  t.like(book, { symbol: 'BTC-USDT', epoch: 1, seq: 12, ts: STAMP.ts, needsSnapshot: false, crossed: false });
  t.deepEqual(book.size, { bids: 3, asks: 2 });
  t.is(book.apply(delta(12, 13, { bids: [['55.00', '0']] })), 'applied', 'taking out what is not there');
});

test('prevSeq says whether a message is due, old, or too early', (t) => {
  const book = bookOf(SNAPSHOT);
  const before = book.levels();
  t.is(book.apply(heartbeat(10)), 'applied');
  t.is(book.apply(heartbeat(9)), 'ignored');
  t.is(book.apply(delta(8, 9, { bids: [['1.00', '1']] })), 'ignored');
  t.is(book.apply(delta(8, 10, { bids: [['1.00', '1']] })), 'ignored');
  t.deepEqual(book.levels(), before);
  // The difference of two views: a level that changed to and fro in between is not in it.
  t.is(book.apply(delta(9, 11, { bids: [['1.00', '1']] })), 'gap');
  t.true(book.needsSnapshot);
  t.is(book.apply(delta(10, 11)), 'gap', 'what would have been due is not enough any more');
  t.is(book.apply(heartbeat(10)), 'gap');
  t.deepEqual(book.levels(), before, 'what was known last stays readable');
  t.is(book.apply({ ...SNAPSHOT, seq: 20 }), 'applied');
  t.is(book.apply(delta(20, 21)), 'applied');
  t.is(book.apply(delta(22, 23)), 'gap');
});

test('a heartbeat of something that was missed is a gap', (t) => {
  const book = bookOf(SNAPSHOT);
  t.is(book.apply(heartbeat(11)), 'gap');
  t.true(book.needsSnapshot);
});

test('another epoch is a gap until its snapshot comes, even where its numbers would fit', (t) => {
  for (const epoch of [0, 2]) {
    const book = bookOf(SNAPSHOT);
    t.is(book.apply({ ...delta(10, 11), epoch }), 'gap');
    t.is(book.apply({ ...SNAPSHOT, epoch, seq: 3, bids: [], asks: [] }), 'applied');
    t.like(book, { epoch, seq: 3 });
    t.is(book.apply({ ...delta(3, 4), epoch }), 'applied');
    t.is(book.apply({ ...heartbeat(4), epoch: 1 }), 'gap');
  }
});

test('a snapshot may come at any time, and replaces everything', (t) => {
  const book = bookOf(SNAPSHOT);
  t.is(book.apply({ ...SNAPSHOT, seq: 5, bids: [['7', '1']], asks: [] }), 'applied');
  t.deepEqual(book.levels(), { bids: [{ price: '7', quantity: '1' }], asks: [] });
  t.is(book.apply(delta(5, 6, { bids: [['6.5', '1']] })), 'applied', "decimals are the new snapshot's");
  // Not in order, and with levels that are none: what matters is what is said.
  book.apply({
    ...SNAPSHOT,
    bids: [
      ['9.00', '1'],
      ['11.00', '2'],
      ['10.00', '0.0'],
    ],
    asks: [],
  });
  t.deepEqual(
    book.levels().bids.map(({ price }) => price),
    ['11.00', '9.00'],
  );
});

test('prices compare as decimals, however they are written and however long they are', (t) => {
  const book = bookOf({
    ...SNAPSHOT,
    bids: [
      ['100', '1'],
      ['9.5', '1'],
    ],
    asks: [],
  });
  t.is(book.apply(delta(10, 11, { bids: [['9.51', '2']] })), 'applied');
  t.is(book.apply(delta(11, 12, { bids: [['100.000', '3']] })), 'applied');
  t.is(book.apply(delta(12, 13, { bids: [['9.50', '0']] })), 'applied');
  t.deepEqual(
    book.levels().bids.map(({ price, quantity }) => [price, quantity]),
    [
      ['100.000', '3'],
      ['9.51', '2'],
    ],
  );
  t.is(book.level('bids', '9.5100000')?.quantity, '2');
  t.is(book.level('bids', '100')?.quantity, '3');
  t.is(book.level('bids', '9.5100001'), null);
  t.is(book.level('asks', '100'), null);

  // A finer price on one side: the other one is looked up by it, too.
  const coarse = bookOf({ ...SNAPSHOT, bids: [['8', '1']], asks: [['9', '1']] });
  coarse.apply(delta(10, 11, { bids: [['8.5', '1']] }));
  coarse.apply(delta(11, 12, { asks: [['9.0', '2']] }));
  t.deepEqual(coarse.levels().asks, [{ price: '9.0', quantity: '2' }]);
  coarse.apply(delta(12, 13, { asks: [['8.75', '1']], bids: [['8', '0']] }));
  t.deepEqual(coarse.size, { bids: 1, asks: 2 });

  // Beyond 2^53, where neighbours are the same float; both kinds of numbers in one book.
  const [low, high] = ['90071992547409.92000001', '90071992547409.92000002'];
  t.is(Number(low), Number(high));
  const wide = bookOf({ ...SNAPSHOT, bids: [], asks: [] });
  for (const [at, price] of [high, '0.00000003', low, '0.2'].entries()) {
    t.is(wide.apply(delta(10 + at, 11 + at, { asks: [[price, '1']] })), 'applied');
  }
  t.deepEqual(
    wide.levels().asks.map(({ price }) => price),
    ['0.00000003', '0.2', low, high],
  );
  t.is(wide.apply(delta(14, 15, { asks: [[low, '0']] })), 'applied');
  t.is(wide.levels().asks.at(-1)?.price, high);
  t.is(wide.size.asks, 3);
});

test("Kraken's checksum: the vector, a right and a wrong one in messages", (t) => {
  const quantity = '0.00000500';
  const snapshot: LocalBookSnapshot = {
    ...SNAPSHOT,
    bids: ['5000', '4995', '4990', '4980', '4975', '4970', '4965', '4960', '4955', '4950', '4945'].map(
      (price) => [`0.0${price}`, quantity],
    ),
    asks: Array.from({ length: 12 }, (_, step) => [`0.0${5005 + 5 * step}`, quantity]),
  };
  t.is(bookOf(snapshot).checksum(), 974_947_235);
  t.is(bookOf({ ...snapshot, bids: [], asks: [] }).checksum(), 0);

  const book = new LocalOrderBook();
  t.is(book.apply({ ...snapshot, checksum: 974_947_235 }), 'applied');
  const checksum = bookOf(snapshot, delta(10, 11, { bids: [['0.04995', '0']] })).checksum();
  t.is(book.apply({ ...delta(10, 11, { bids: [['0.04995', '0']] }), checksum }), 'applied');
  t.is(book.apply({ ...heartbeat(11), checksum }), 'applied');
  t.is(book.apply({ ...delta(11, 12, { bids: [['0.04990', '1.00000000']] }), checksum }), 'mismatch');
  t.true(book.needsSnapshot);
  t.is(book.apply(delta(12, 13)), 'gap');
  t.is(new LocalOrderBook().apply({ ...snapshot, checksum: 1 }), 'mismatch');
  t.is(bookOf(snapshot).apply({ ...heartbeat(10), checksum: 1 }), 'mismatch');
});

test('levels: so many, merged to a grid, with sums', (t) => {
  const book = bookOf(SNAPSHOT);
  t.deepEqual(book.levels({ count: 1 }), {
    bids: [{ price: '100.00', quantity: '1.0000', orders: 2 }],
    asks: [{ price: '100.05', quantity: '0.7500', orders: 1 }],
  });
  // Bids go down and asks up: nobody is shown a better price than there is.
  t.deepEqual(book.levels({ group: '0.10' }), {
    bids: [
      { price: '100.00', quantity: '1.0000', orders: 2 },
      { price: '99.90', quantity: '2.5000', orders: 1 },
      { price: '99.00', quantity: '0.5000', orders: 1 },
    ],
    asks: [
      { price: '100.10', quantity: '1.7500', orders: 4 },
      { price: '101.00', quantity: '4.0000', orders: 2 },
    ],
  });
  t.deepEqual(book.levels({ group: '50', count: 1, cumulative: true }), {
    bids: [
      {
        price: '100.00',
        quantity: '1.0000',
        orders: 2,
        cumulativeQuantity: '1.0000',
        cumulativeQuote: '100.000000',
      },
    ],
    asks: [
      {
        price: '150.00',
        quantity: '5.7500',
        orders: 6,
        cumulativeQuantity: '5.7500',
        // At the levels' own prices: 0.75 * 100.05 + 100.10 + 4 * 101.
        cumulativeQuote: '579.137500',
      },
    ],
  });
  t.deepEqual(
    book.levels({ cumulative: true }).bids.map((level) => [level.cumulativeQuantity, level.cumulativeQuote]),
    [
      ['1.0000', '100.000000'],
      ['3.5000', '349.875000'],
      ['4.0000', '399.375000'],
    ],
  );
  t.is(book.levels({ group: '0.001' }).bids[0]?.price, '100.000', 'a finer grid merges nothing');
  t.deepEqual(bookOf({ ...SNAPSHOT, bids: [['0.05', '1']], asks: [] }).levels({ group: '1' }).bids, [
    { price: '0.00', quantity: '1' },
  ]);
  for (const group of ['0', '0.00', '-1', 'x', ''])
    t.throws(() => book.levels({ group }), { instanceOf: RangeError });
  for (const count of [0, -1, Number.NaN]) t.throws(() => book.levels({ count }), { instanceOf: RangeError });
});

test('best bid and offer, spread and mid', (t) => {
  const book = new LocalOrderBook('BTC-USDT');
  t.deepEqual(book.bbo(), {
    symbol: 'BTC-USDT',
    seq: 0,
    ts: 0,
    bid: null,
    ask: null,
    spread: null,
    spreadBps: null,
    mid: null,
  });
  book.apply(SNAPSHOT);
  t.deepEqual(book.bbo(), {
    symbol: 'BTC-USDT',
    seq: 10,
    ts: STAMP.ts,
    bid: { price: '100.00', quantity: '1.0000', orders: 2 },
    ask: { price: '100.05', quantity: '0.7500', orders: 1 },
    spread: '0.05',
    spreadBps: '5.00',
    mid: '100.025',
  });
  t.deepEqual([book.best('bids'), book.best('asks')], [book.bbo().bid, book.bbo().ask]);
  t.is(new LocalOrderBook().best('bids'), null);
  t.false(book.crossed);
  book.apply(delta(10, 11, { bids: [['100.05', '1']] }));
  t.true(book.crossed, 'equal is crossed');
  book.apply(delta(11, 12, { bids: [['100.06', '1']] }));
  t.true(book.crossed);
  t.is(book.bbo().spread, '-0.01');
});

function bps(bid: string, ask: string): string | null {
  return bookOf({ ...SNAPSHOT, bids: [[bid, '1']], asks: [[ask, '1']] }).bbo().spreadBps;
}

test('spread in basis points: halves go to the even one', (t) => {
  // (ask - bid) / mid * 10^4 is 0.125 and 0.375 here.
  t.is(bps('79999.5', '80000.5'), '0.12');
  t.is(bps('79998.5', '80001.5'), '0.38');
  t.is(bps('1', '3'), '10000.00');
});

test('what an order would find', (t) => {
  const book = bookOf(SNAPSHOT);
  t.deepEqual(book.fill('buy', '1.5'), {
    quantity: '1.5000',
    quoteQuantity: '150.112500',
    worstPrice: '100.10',
    complete: true,
  });
  t.deepEqual(book.fill('sell', '10'), {
    quantity: '4.0000',
    quoteQuantity: '399.375000',
    worstPrice: '99.00',
    complete: false,
  });
  t.deepEqual(bookOf({ ...SNAPSHOT, asks: [] }).fill('buy', '1'), {
    quantity: '0',
    quoteQuantity: '0.00',
    worstPrice: null,
    complete: false,
  });
  t.throws(() => book.fill('buy', '-1'), { instanceOf: RangeError });
});

test('nobody can change the book through what was read or what was applied', (t) => {
  const bids: [string, string][] = [['1', '1']];
  const book = bookOf({ ...SNAPSHOT, bids });
  const read = book.levels();
  read.bids[0]!.quantity = '9';
  bids[0]![1] = '9';
  book.bbo().bid!.quantity = '9';
  book.level('bids', '1')!.quantity = '9';
  t.is(book.levels().bids[0]?.quantity, '1');
  book.apply(delta(10, 11, { bids: [['1', '2']] }));
  t.is(read.bids[0]?.quantity, '9', 'and the book changes nothing that was read');
});

test('a message without the right shape throws, and changes nothing', (t) => {
  const book = bookOf(SNAPSHOT);
  const before = [book.levels(), book.seq, book.needsSnapshot];
  const good: [string, string][] = [['98.00', '1']];
  const bad: [string, string][] = [
    ['1e2', '1'],
    ['-1', '1'],
    ['', '1'],
    ['.5', '1'],
    ['5.', '1'],
    ['1.2.3', '1'],
    ['NaN', '1'],
    ['1', ''],
    ['1', '-1'],
    ['1', '1e-8'],
    ['1', '1.2.3'],
    [`1.${'0'.repeat(60)}`, '1'],
    ['9'.repeat(100), '1'],
  ];
  for (const level of bad) {
    for (const side of ['bids', 'asks'] as const) {
      const sides = { bids: good, asks: good, [side]: [...good, level] };
      t.throws(() => book.apply(delta(10, 11, sides)), { instanceOf: RangeError }, level.join());
      t.throws(() => book.apply({ ...SNAPSHOT, ...sides }), { instanceOf: RangeError }, level.join());
    }
  }
  const words: Record<string, unknown>[] = [
    { symbol: 'ETH-USDT' },
    { seq: 1.5 },
    { seq: -1 },
    { seq: undefined },
    { type: 'update' },
    { seq: 9 },
  ];
  for (const word of words) {
    const message = { ...delta(10, 11, { bids: good }), ...word } as LocalBookDelta;
    if (word.seq === 9) t.throws(() => book.apply(message), { instanceOf: TypeError }, 'backwards');
    else t.throws(() => book.apply(message), { instanceOf: TypeError });
  }
  t.throws(() => book.apply({ ...SNAPSHOT, epoch: Number.NaN }), { instanceOf: TypeError });
  t.deepEqual([book.levels(), book.seq, book.needsSnapshot], before);
});

test("ccxt's forms", (t) => {
  t.deepEqual(new LocalOrderBook('X').toCcxt(), {
    symbol: 'X',
    bids: [],
    asks: [],
    timestamp: undefined,
    datetime: undefined,
    nonce: undefined,
  });
  t.deepEqual(bookOf(SNAPSHOT).toCcxt(1), {
    symbol: 'BTC-USDT',
    bids: [[100, 1]],
    asks: [[100.05, 0.75]],
    timestamp: 1_700_000_000_000,
    datetime: '2023-11-14T22:13:20.000Z',
    nonce: 10,
  });
  const kline = {
    openTime: 60_000,
    open: '1.50',
    high: '2.00',
    low: '1.00',
    close: '1.75',
    baseVolume: '3.1000',
  };
  t.deepEqual(toOHLCV([kline, { ...kline, openTime: 120_000 }]), [
    [60_000, 1.5, 2, 1, 1.75, 3.1],
    [120_000, 1.5, 2, 1, 1.75, 3.1],
  ]);
});

/** A source whose streams are given one after the other; counts those that are let go of. */
function sourceOf(
  ...streams: (LocalBookMessage | Error)[][]
): BookSource & { asked: unknown[]; closed: number } {
  const source = {
    asked: [] as unknown[],
    closed: 0,
    async *watchBook(symbol: string, options: object) {
      source.asked.push([symbol, options]);
      try {
        for (const message of streams.shift() ?? []) {
          if (message instanceof Error) throw message;
          yield message;
        }
      } finally {
        source.closed += 1;
      }
    },
  };
  return source;
}

test('follow: after a gap or a mismatch the stream is asked for anew', async (t) => {
  const source = sourceOf(
    [SNAPSHOT, delta(10, 11), delta(9, 10), delta(12, 13), delta(13, 14)],
    [
      { ...SNAPSHOT, seq: 20 },
      { ...delta(20, 21), checksum: 1 },
    ],
    [
      { ...SNAPSHOT, epoch: 2, seq: 1 },
      { ...delta(1, 2), epoch: 2 },
    ],
  );
  const seen: unknown[] = [];
  const why: unknown[] = [];
  for await (const book of follow(source, 'BTC-USDT', {
    levels: 5,
    onResync: (reason, { seq }) => why.push([reason, seq]),
  })) {
    t.false(book.needsSnapshot);
    seen.push([book.epoch, book.seq]);
  }
  t.deepEqual(seen, [
    [1, 10],
    [1, 11],
    [1, 20],
    [2, 1],
    [2, 2],
  ]);
  t.deepEqual(why, [
    ['gap', 11],
    ['mismatch', 21],
  ]);
  t.deepEqual(
    source.asked,
    Array.from({ length: 3 }, () => ['BTC-USDT', { levels: 5 }]),
  );
  t.is(source.closed, 3);
});

/** Reads a book to its stream's end; how often it was given. */
async function read(source: BookSource): Promise<number> {
  let books = 0;
  for await (const book of follow(source, 'BTC-USDT')) books += book.size.bids > 0 ? 1 : 0;
  return books;
}

test('follow: letting go, errors, and a source that never begins rightly', async (t) => {
  const left = sourceOf([SNAPSHOT, delta(10, 11)]);
  for await (const book of follow(left, 'BTC-USDT')) {
    t.is(book.seq, 10);
    break;
  }
  t.is(left.closed, 1);

  const failing = sourceOf([SNAPSHOT, new Error('the line is down')]);
  await t.throwsAsync(read(failing), { message: 'the line is down' });
  t.is(failing.closed, 1);

  // A book that stays known must not take a delta for a beginning.
  await t.throwsAsync(read(sourceOf([SNAPSHOT, delta(11, 12)], [delta(10, 11)])), { message: /begin.*gap/ });
  await t.throwsAsync(read(sourceOf([{ ...SNAPSHOT, checksum: 1 }])), { message: /begin.*mismatch/ });
  t.is(await read(sourceOf([])), 0);
});

test('nothing native is loaded, and nothing of Node', (t) => {
  const folder = join(ROOT, 'ts/local-book');
  for (const file of readdirSync(folder)) {
    const text = readFileSync(join(folder, file), 'utf8');
    for (const [statement, path] of text.matchAll(/^(?:import|export)\b[^;]*?\bfrom '([^']+)';/gms)) {
      t.true(
        /^(?:import|export) type /.test(statement) || /^\.\/[\w-]+\.ts$/.test(path ?? ''),
        `${file}: ${path}`,
      );
    }
    t.notRegex(text, /\bprocess\.|\bBuffer\b|\brequire\(|\bimport\(/, file);
  }
  for (const file of ['dist/local-book.js', 'dist/local-book.cjs']) {
    if (!existsSync(join(ROOT, file))) t.log(`skipped: ${file} is not built`);
    else t.notRegex(readFileSync(join(ROOT, file), 'utf8'), /^import\b|\brequire\(/m, file);
  }
});

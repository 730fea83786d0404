/** Where everything is in what streams tell: the same table as `native/node/src/streams/records.rs`. */

/** The parts of the layout that a test compares with the native side's. */
export const STREAM_LAYOUT = {
  prefix: 8,
  header: 32,
  book: 56,
  level: 40,
  bbo: 160,
  trade: 64,
  aggregate: 88,
  level3: 64,
  level3Start: 40,
  level3Order: 40,
  kinds: ['json', 'book', 'bbo', 'trades', 'aggregates', 'level3', 'level3Start', 'gap', 'ended'],
} as const;

/** What a record is. */
export const KIND = {
  json: 0,
  book: 1,
  bbo: 2,
  trades: 3,
  aggregates: 4,
  level3: 5,
  level3Start: 6,
  gap: 7,
  ended: 8,
} as const;

/** Where the parts of a trade are, from its beginning. */
export const TRADE = { id: 0, ts: 8, ticks: 16, lots: 24, quote: 32, bookSeq: 48, sells: 56 } as const;

/** Why a stream is over, by the flags of the record that says so. */
export const ENDS = ['slow', 'removed', 'closed'] as const;

/** Why a stream is over. */
export type End = (typeof ENDS)[number];

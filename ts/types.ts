/**
 * The vocabulary of the public API: what goes in and what comes out.
 *
 * Decimals are strings at a fixed number of decimals (a price has its tick's, a quantity its lot's, an amount
 * its asset's), ids and sequence numbers are numbers below 2^53, times are milliseconds since 1970.
 */

export type * from './types/accounts.ts';
export type * from './types/common.ts';
export type * from './types/durability.ts';
export type * from './types/engine.ts';
export type * from './types/events.ts';
export type * from './types/market-data.ts';
export type * from './types/metrics.ts';
export type * from './types/orders.ts';
export type * from './types/raw.ts';
export type * from './types/streams.ts';
export type * from './types/symbols.ts';

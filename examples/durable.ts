/**
 * A kept engine: what was answered is there after a restart, a call that is sent twice is done once, and the log says
 * what happened.
 *
 * Run with `npx tsx examples/durable.ts`.
 */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// In your own project: import { ... } from 'lightning-exchange';
import { Engine, type EngineConfig } from '../index.ts';

const dataDir = await mkdtemp(join(tmpdir(), 'lightning-example-'));
// Small log files, for an example; leave segmentBytes out in earnest.
const config: EngineConfig = { dataDir, segmentBytes: 2 ** 20 };

const before = await Engine.open(config);
await before.assets.create({ code: 'BTC', scale: 8 });
await before.assets.create({ code: 'USDT', scale: 6 });
await before.symbols.create({
  name: 'BTC-USDT',
  base: 'BTC',
  quote: 'USDT',
  tickSize: '0.01',
  lotSize: '0.0001',
});
await before.accounts.deposit({ accountId: 1, asset: 'USDT', amount: '1000', requestId: 1 });
await before.accounts.deposit({ accountId: 2, asset: 'BTC', amount: '5', requestId: 1 });
await before.placeOrder({
  accountId: 2,
  symbol: 'BTC-USDT',
  side: 'sell',
  type: 'limit',
  price: '100',
  quantity: '2',
});
const order = {
  accountId: 1,
  symbol: 'BTC-USDT',
  side: 'buy',
  type: 'limit',
  price: '100',
  quantity: '3',
  requestId: 2,
} as const;
const placed = await before.placeOrder(order);
const { hash } = await before.stateHash();
await before.close();

// The same directory with other threads: what is kept knows nothing of them.
const after = await Engine.open({ ...config, threads: 'inline' });
const { recovery } = after;
console.log(
  `recovered ${recovery?.records} records in ${recovery?.ms} ms, opened ${recovery?.incarnation} times`,
);
assert.equal(recovery?.stateHash, hash);
assert.deepEqual(recovery.warnings, []);

// The client did not get the answer and sends its order again: it is done already, and answered like then.
const again = await after.placeOrder(order);
assert.deepEqual(again, { ...placed, duplicate: true });
console.log('sent again:', again.status, again.filledQuantity, 'duplicate:', again.duplicate);

console.log('bids', after.book('BTC-USDT').bids);
for await (const { seq, kind, events } of after.audit({ accountId: 1 }))
  console.log(`record ${seq}: ${kind}, ${events.length} events`);

const { headHash, stateHash } = await after.verify();
assert.equal(stateHash, hash);
console.log('verified; the chain of hashes ends with', `${headHash.slice(0, 16)}...`);
await after.close();
await rm(dataDir, { recursive: true });

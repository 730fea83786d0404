/**
 * Refusals: errors with a stable code, a class to catch by, and the figures to act on. A refused call has
 * changed nothing. What became of an accepted order is a status, never an error.
 *
 * Run with `npx tsx examples/errors.ts`.
 */

import assert from 'node:assert/strict';
// In your own project: import { ... } from 'lightning-exchange';
import { Engine, InsufficientBalanceError, LightningError, type NewOrder, RuleError } from '../index.ts';

const engine = await Engine.open();
await engine.assets.create({ code: 'BTC', scale: 8 });
await engine.assets.create({ code: 'USDT', scale: 6 });
await engine.symbols.create({
  name: 'BTC-USDT',
  base: 'BTC',
  quote: 'USDT',
  tickSize: '0.5',
  lotSize: '0.001',
});
await engine.accounts.deposit({ accountId: 1, asset: 'USDT', amount: '100' });

const good = {
  accountId: 1,
  symbol: 'BTC-USDT',
  side: 'buy',
  type: 'limit',
  price: '100',
  quantity: '1',
} as const;

async function refusal(order: NewOrder): Promise<LightningError> {
  try {
    await engine.placeOrder(order);
  } catch (error) {
    if (error instanceof LightningError) return error;
    throw error;
  }
  throw new Error('this order should have been refused');
}

// By code: for programs, logs and dashboards. Codes never change their meaning.
const expected: [NewOrder, string][] = [
  [{ ...good, price: '100.25' }, 'PRICE_TICK'],
  [{ ...good, quantity: '0.0005' }, 'QTY_LOT'],
  [{ ...good, quantity: '-1' }, 'INVALID_DECIMAL'],
  [{ ...good, symbol: 'BTC-EUR' }, 'UNKNOWN_SYMBOL'],
  [{ ...good, accountId: 99 }, 'UNKNOWN_ACCOUNT'],
  [{ ...good, quantity: '2' }, 'INSUFFICIENT_BALANCE'],
];
for (const [order, code] of expected) {
  const error = await refusal(order);
  console.log(`${String(error.number).padEnd(5)} ${error.name.padEnd(25)} ${error.message}`);
  assert.equal(error.code, code);
}

// By class: for the few that a program handles.
const broke = await refusal({ ...good, quantity: '2' });
assert.ok(broke instanceof InsufficientBalanceError);
console.log('details:', broke.details);
assert.deepEqual(broke.details, { asset: 'USDT', required: '200.000000', available: '100.000000' });
assert.equal(broke.retryable, false);

// `field` says which one to look at.
const offGrid = await refusal({ ...good, price: '100.25' });
assert.ok(offGrid instanceof RuleError);
assert.equal(offGrid.field, 'price');

// No liquidity is no error: the order was fine, the market was not.
const unlucky = await engine.placeOrder({
  accountId: 1,
  symbol: 'BTC-USDT',
  side: 'buy',
  type: 'market',
  quantity: '1',
});
console.log(`a market order on an empty book: ${unlucky.status}, ${unlucky.reason}`);
assert.equal(unlucky.status, 'EXPIRED');
assert.equal(unlucky.reason, 'INSUFFICIENT_LIQUIDITY');

// Nothing of all that has cost the account anything.
const [balance] = await engine.accounts.balances(1);
assert.equal(balance?.available, '100.000000');

// A closed engine refuses like everything else does: the promise rejects, nothing throws.
await engine.close();
assert.equal((await refusal(good)).code, 'ENGINE_CLOSED');

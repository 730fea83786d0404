/** Every write there is, to be made once and sent again. */
import type { Engine } from '../index.ts';
import { ALICE, BOB, BTC_USDT, limit } from './helpers.ts';

/** A deposit, or another movement, of Alice's. */
export const usdt = (amount: string, requestId: number) => ({
  accountId: ALICE,
  asset: 'USDT',
  amount,
  requestId,
});
const place = { symbol: 'BTC-USDT', side: 'buy', type: 'limit', price: '81', quantity: '1' } as const;

/** An answer without the word that says that it was given before. */
export function said(answer: object): unknown {
  return JSON.parse(
    JSON.stringify(answer, (key, value: unknown) => (key === 'duplicate' ? undefined : value)),
  );
}

/** Every write there is, each with a request id; `orders` are three open orders of Alice. */
export function writes(engine: Engine, orders: number[]): Record<string, () => Promise<object>> {
  const [first, second, third] = orders as [number, number, number];
  const onDesk = { accountId: ALICE, symbol: 'BTC-USDT' } as const;
  return {
    placeOrder: () => engine.placeOrder({ ...limit(ALICE, 'buy', '1', '80'), requestId: 1 }),
    'placeOrder, with more words': () =>
      engine.placeOrder({ ...limit(ALICE, 'buy', '1', '80'), clientOrderId: 'x', requestId: 2 }),
    placeOco: () =>
      engine.placeOco({
        ...onDesk,
        side: 'sell',
        quantity: '1',
        limit: { price: '110' },
        stop: { triggerPrice: '90' },
        requestId: 3,
      }),
    cancelOrder: () => engine.cancelOrder({ accountId: ALICE, orderId: first, requestId: 4 }),
    amendOrder: () => engine.amendOrder({ ...onDesk, orderId: second, reduceBy: '0.5', requestId: 5 }),
    cancelReplace: () =>
      engine.cancelReplace({ accountId: ALICE, cancel: { orderId: third }, place, requestId: 6 }),
    cancelAll: () => engine.cancelAll({ accountId: ALICE, side: 'buy', requestId: 7 }),
    cancelAllAfter: () => engine.cancelAllAfter({ accountId: ALICE, timeoutMs: 5000, requestId: 8 }),
    deposit: () => engine.accounts.deposit(usdt('10', 9)),
    withdraw: () => engine.accounts.withdraw(usdt('20', 10)),
    hold: () => engine.accounts.hold(usdt('30', 11)),
    release: () => engine.accounts.release(usdt('5', 12)),
    transfer: () =>
      engine.accounts.transfer({ from: ALICE, to: BOB, asset: 'USDT', amount: '40', requestId: 13 }),
    setStatus: () => engine.accounts.setStatus(ALICE, 'ACTIVE', { requestId: 14 }),
    setFees: () => engine.accounts.setFees(ALICE, { makerPpm: 1, takerPpm: 2 }, { requestId: 15 }),
    setPermissions: () =>
      engine.accounts.setPermissions(ALICE, { trade: true, withdraw: true }, { requestId: 16 }),
    setStpGroup: () => engine.accounts.setStpGroup(ALICE, 5, { requestId: 17 }),
    setRateLimit: () =>
      engine.accounts.setRateLimit(ALICE, { perSecond: 1000, burst: 1000 }, { requestId: 18 }),
    collectFees: () => engine.collectFees({ accountId: ALICE, symbol: 'BTC-USDT', requestId: 19 }),
    'assets.create': () => engine.assets.create({ code: 'EUR', scale: 6 }, { requestId: 1 }),
    'assets.update': () => engine.assets.update('EUR', { name: 'Euro' }, { requestId: 2 }),
    'symbols.create': () =>
      engine.symbols.create(
        { ...BTC_USDT, name: 'BTC-EUR', quote: 'EUR', minPrice: '0.01' },
        { requestId: 3 },
      ),
    'symbols.update': () => engine.symbols.update('BTC-USDT', { maxAmends: 5 }, { requestId: 4 }),
    'symbols.setStatus': () => engine.symbols.setStatus('BTC-USDT', 'POST_ONLY', { requestId: 5 }),
    cancelSymbolOrders: () => engine.cancelSymbolOrders('BTC-USDT', { requestId: 6 }),
  };
}

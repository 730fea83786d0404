/**
 * A seeded stream of calls over everything that there is: every order type, amends, replaces, pairs, mass cancels,
 * money, terms, rules, time. Orders are told apart by names, so that a stream needs no answer of the engine's.
 */
import { LightningError } from '../index.ts';
import type { AmendRequest, Engine, NewOrder, StpMode, SymbolStatus, TimeInForce } from '../index.ts';
import { generator, START } from './helpers.ts';

/** Who takes part. */
export const PLAYERS: readonly number[] = [1, 2, 3, 77, 1_000_003, 2 ** 40 + 1];

/** One call: what it is, for a failing test, and how it is made. */
export interface Step {
  what: string;
  make: (engine: Engine) => Promise<unknown>;
}

const SYMBOLS = ['AAA-QQQ', 'BBB-QQQ', 'AAA-BBB'] as const;

/** Adds three symbols of three assets, with fees of both modes, rules, and players with money. */
export async function setTheStage(engine: Engine): Promise<void> {
  for (const code of ['AAA', 'BBB', 'QQQ']) await engine.assets.create({ code, scale: 6 });
  const grid = { tickSize: '0.01', lotSize: '0.01' };
  await engine.symbols.create({
    ...grid,
    name: 'AAA-QQQ',
    base: 'AAA',
    quote: 'QQQ',
    fees: { makerPpm: -200, takerPpm: 1500 },
  });
  await engine.symbols.create({
    ...grid,
    name: 'BBB-QQQ',
    base: 'BBB',
    quote: 'QQQ',
    feeMode: 'quote',
    fees: { makerPpm: 900, takerPpm: 1700 },
    marketProtectionBps: 500,
    sessionEnd: '12:01',
  });
  await engine.symbols.create({ ...grid, name: 'AAA-BBB', base: 'AAA', quote: 'BBB', maxOpenOrders: 12 });
  for (const accountId of PLAYERS)
    for (const asset of ['AAA', 'BBB', 'QQQ'])
      await engine.accounts.deposit({ accountId, asset, amount: 100_000 });
}

/** A stream of `length` calls, some of them with request ids; many of them are refused. */
export function everything(seed: number, length: number, { hasRequestIds = true } = {}): Step[] {
  const random = generator(seed);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const price = () => `${9 + below(3)}.${10 + below(80)}`;
  const amount = () => `${1 + below(30)}.${10 + below(90)}`;
  const named: { accountId: number; symbol: string; clientOrderId: string }[] = [];
  const newName = (accountId: number, symbol: string) => {
    const clientOrderId = `n${named.length}`;
    named.push({ accountId, symbol, clientOrderId });
    return clientOrderId;
  };
  /** One of the newer orders; most of them are closed by now. */
  const old = () =>
    named[Math.max(0, named.length - 1 - below(40))] ?? { ...named[0]!, clientOrderId: 'none' };

  function order(
    accountId: number,
    isNamed = true,
    symbol: string = pick(SYMBOLS),
  ): Omit<NewOrder, 'accountId'> {
    const base = {
      symbol,
      side: pick(['buy', 'sell'] as const),
      stp: pick<StpMode>(['NONE', 'EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT']),
      ...(isNamed ? { clientOrderId: newName(accountId, symbol) } : {}),
    };
    const quantity = amount();
    const tif = pick<TimeInForce>(['GTC', 'GTC', 'GTC', 'IOC', 'FOK', 'GTD', 'DAY']);
    const lasts = {
      timeInForce: tif,
      ...(tif === 'GTD' ? { expireAt: START + below(400_000) } : {}),
      ...(random() < 0.2 ? { displayQuantity: '1.5' } : {}),
    };
    const trigger = { triggerPrice: price() };
    const trail = random() < 0.5 ? { trailBps: 50 + below(800) } : { trailAmount: `0.${10 + below(90)}` };
    const words = pick([
      { type: 'limit', price: price(), quantity, ...lasts },
      { type: 'limit', price: price(), quantity, ...lasts },
      { type: 'limit', price: price(), quantity, postOnly: true },
      { type: 'market', quantity, timeInForce: pick(['IOC', 'FOK'] as const) },
      { type: 'market', quoteQuantity: amount(), protectionBps: 100 + below(900) },
      { type: 'stop', ...trigger, ...(base.side === 'buy' ? { quantity, maxQuote: '150' } : { quantity }) },
      { type: 'stop_limit', ...trigger, price: price(), quantity, ...lasts },
      { type: 'take_profit_limit', ...trigger, price: price(), quantity, ...lasts },
      { type: 'trailing_stop', ...trail, price: price(), quantity },
      { type: 'trailing_stop', ...trail, activationPrice: price(), price: price(), quantity },
    ]);
    return { ...base, ...words } as unknown as Omit<NewOrder, 'accountId'>;
  }

  function step(): Step {
    const accountId = pick(PLAYERS);
    const money = { accountId, asset: pick(['AAA', 'BBB', 'QQQ']), amount: amount() };
    const request = random() < 0.2 && hasRequestIds ? { requestId: 1 + below(300) } : {};
    const say = (what: string, given: unknown, make: Step['make']): Step => ({
      what: `${what} ${JSON.stringify(given)}`,
      make,
    });
    const kind = random();
    if (kind < 0.55) {
      const given = { accountId, ...order(accountId), ...request } as NewOrder;
      return say('placeOrder', given, (engine) => engine.placeOrder(given));
    }
    if (kind < 0.6) {
      const symbol = pick(SYMBOLS);
      const given = {
        accountId,
        symbol,
        side: pick(['buy', 'sell'] as const),
        quantity: amount(),
        limit: { price: price(), clientOrderId: newName(accountId, symbol) },
        stop: { triggerPrice: price(), price: price(), clientOrderId: newName(accountId, symbol) },
        ...request,
      };
      return say('placeOco', given, (engine) => engine.placeOco(given));
    }
    if (kind < 0.68) {
      const { symbol: _symbol, ...whose } = old();
      const given = { ...whose, ...request };
      return say('cancelOrder', given, (engine) => engine.cancelOrder(given));
    }
    if (kind < 0.78) {
      const change = pick([{ price: price() }, { quantity: amount() }, { reduceBy: '0.5' }] as const);
      const given = {
        ...old(),
        ...(random() < 0.1 ? { price: '10.50' } : change),
        ...request,
      } as AmendRequest;
      return say('amendOrder', given, (engine) => engine.amendOrder(given));
    }
    if (kind < 0.84) {
      const mode = pick(['STOP_ON_FAILURE', 'ALLOW_FAILURE', 'ATOMIC'] as const);
      const { accountId: owner, symbol, clientOrderId } = old();
      const place = order(owner, true, symbol);
      const given = { accountId: owner, cancel: { clientOrderId }, place, mode, ...request };
      return say('cancelReplace', given, (engine) => engine.cancelReplace(given as never));
    }
    const fees = { makerPpm: below(900) - 300, takerPpm: 300 + below(900) };
    return pick<() => Step>([
      () =>
        say('deposit', { ...money, ...request }, (engine) =>
          engine.accounts.deposit({ ...money, ...request }),
        ),
      () => say('withdraw', money, (engine) => engine.accounts.withdraw(money)),
      () => say('hold', money, (engine) => engine.accounts.hold(money)),
      () => say('release', money, (engine) => engine.accounts.release(money)),
      () => {
        const given = { from: accountId, to: pick(PLAYERS), asset: money.asset, amount: money.amount };
        return say('transfer', given, (engine) => engine.accounts.transfer(given));
      },
      () => {
        const given = { accountId, side: pick(['buy', 'sell'] as const), clientOrderIdPrefix: 'n1' };
        return say('cancelAll', given, (engine) => engine.cancelAll(given));
      },
      () => {
        const given = { accountId, timeoutMs: below(3) * 2000 };
        return say('cancelAllAfter', given, (engine) => engine.cancelAllAfter(given));
      },
      () => {
        const given = { accountId, ...order(accountId, false) } as NewOrder;
        return say('testOrder', given, (engine) => engine.testOrder(given));
      },
      () => say('setFees', fees, (engine) => engine.accounts.setFees(accountId, fees)),
      () => {
        const group = pick([null, 1, 2]);
        return say('setStpGroup', group, (engine) => engine.accounts.setStpGroup(accountId, group));
      },
      () => {
        const limit = pick([null, { perSecond: 5, burst: 20 }]);
        return say('setRateLimit', limit, (engine) => engine.accounts.setRateLimit(accountId, limit));
      },
      () => {
        const status = pick(['ACTIVE', 'ACTIVE', 'ACTIVE', 'CANCEL_ONLY', 'SUSPENDED'] as const);
        return say('account status', status, (engine) => engine.accounts.setStatus(accountId, status));
      },
      () => {
        const [name, status] = [
          pick(SYMBOLS),
          pick<SymbolStatus>(['TRADING', 'TRADING', 'TRADING', 'POST_ONLY', 'LIMIT_ONLY', 'HALT']),
        ];
        return say('symbol status', [name, status], (engine) => engine.symbols.setStatus(name, status));
      },
      () => {
        const given = { accountId, symbol: pick(SYMBOLS) };
        return say('collectFees', given, (engine) => engine.collectFees(given));
      },
      () => {
        const by = below(5000);
        return say('advance', by, (engine) => engine.advance(by));
      },
    ])();
  }

  const steps = Array.from({ length }, step);
  // Whatever was suspended or halted on the way does not stay so for long.
  const open: Step[] = [
    ...SYMBOLS.map((name) => ({
      what: `${name} trades`,
      make: (engine: Engine) => engine.symbols.setStatus(name, 'TRADING'),
    })),
    ...PLAYERS.map((accountId) => ({
      what: `${accountId} is active`,
      make: (engine: Engine) => engine.accounts.setStatus(accountId, 'ACTIVE'),
    })),
  ];
  return steps.flatMap((one, i) => (i % 60 === 59 ? open.concat(one) : one));
}

/** Makes one call; a refusal is an answer like any other. Places in the log are left out. */
export async function answerOf(engine: Engine, { make }: Step): Promise<string> {
  let answer: unknown;
  try {
    answer = await make(engine);
  } catch (error) {
    if (!(error instanceof LightningError)) throw error;
    const { code, field, details, message } = error;
    answer = { code, field, details, message };
  }
  return JSON.stringify(answer, (key, value: unknown) => (key === 'seq' ? undefined : value)) ?? 'nothing';
}

/** Everything that can be read afterwards, without places in the log. */
export async function endOf(engine: Engine): Promise<unknown> {
  const accounts = await Promise.all(
    PLAYERS.map(async (accountId) => {
      const ledger: unknown[] = [];
      for await (const { seq: _seq, entryId: _id, ...entry } of engine.accounts.ledger(accountId))
        ledger.push(entry);
      return {
        balances: await engine.accounts.balances(accountId),
        open: await engine.openOrders({ accountId }),
        closed: await engine.orders({ accountId, limit: 1000 }),
        mine: await Promise.all(SYMBOLS.map((symbol) => engine.myTrades({ accountId, symbol, limit: 1000 }))),
        ledger,
      };
    }),
  );
  return JSON.parse(
    JSON.stringify(
      {
        accounts,
        now: engine.now(),
        conservation: await engine.conservation(),
        symbols: engine.symbols.list(),
        books: SYMBOLS.map((name) => engine.book(name, { cumulative: true })),
        trades: SYMBOLS.map((name) => engine.trades(name, { limit: 1000 })),
      },
      (key, value: unknown) => (key === 'next' ? undefined : value),
    ),
  ) as unknown;
}

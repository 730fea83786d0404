/**
 * What a client under test asks: a seeded list of calls over everything that moves money or orders. Each call has
 * a request id, so that it can be sent again; orders have names, so that no call needs an answer to be written down.
 */
import type { Engine, NewOrder, StpMode } from '../../index.ts';
import { generator } from '../random.ts';

/** Who trades. */
export const TRADERS: readonly number[] = [1, 2, 3, 4, 5, 77, 1_000_003, 2 ** 40 + 1];
/** Who only ever gets money: a balance that was read once can't be higher than a later one. */
export const SAVER = 500;
/** Everybody. */
export const EVERYBODY: readonly number[] = [...TRADERS, SAVER];
/** Decimals of each asset. */
export const SCALE = 6;
/** What is traded. */
export const SYMBOLS = ['AAA-QQQ', 'BBB-QQQ'] as const;
/** Calls of a run at most: the numbers of each account have to stay within the window of a lane. */
export const CALLS_MAX = 4000;
/** What is owned. */
export const ASSETS = ['AAA', 'BBB', 'QQQ'] as const;

type Arguments = readonly unknown[];

/** One call. */
export interface Command {
  /** Its name in the parent's books. */
  key: string;
  /** Which call. */
  call: keyof typeof CALLS;
  /** Its arguments; plain JSON. */
  given: Arguments;
}

const CALLS = {
  createAsset: (engine: Engine, [asset, options]: Arguments) =>
    engine.assets.create(asset as never, options as never),
  createSymbol: (engine: Engine, [symbol, options]: Arguments) =>
    engine.symbols.create(symbol as never, options as never),
  setStatus: (engine: Engine, [name, status, options]: Arguments) =>
    engine.symbols.setStatus(name as never, status as never, options as never),
  deposit: (engine: Engine, [request]: Arguments) => engine.accounts.deposit(request as never),
  withdraw: (engine: Engine, [request]: Arguments) => engine.accounts.withdraw(request as never),
  transfer: (engine: Engine, [request]: Arguments) => engine.accounts.transfer(request as never),
  hold: (engine: Engine, [request]: Arguments) => engine.accounts.hold(request as never),
  release: (engine: Engine, [request]: Arguments) => engine.accounts.release(request as never),
  setFees: (engine: Engine, [accountId, fees, options]: Arguments) =>
    engine.accounts.setFees(accountId as never, fees as never, options as never),
  placeOrder: (engine: Engine, [order]: Arguments) => engine.placeOrder(order as never),
  placeOco: (engine: Engine, [oco]: Arguments) => engine.placeOco(oco as never),
  cancelOrder: (engine: Engine, [request]: Arguments) => engine.cancelOrder(request as never),
  amendOrder: (engine: Engine, [request]: Arguments) => engine.amendOrder(request as never),
  cancelReplace: (engine: Engine, [request]: Arguments) => engine.cancelReplace(request as never),
  cancelAll: (engine: Engine, [request]: Arguments) => engine.cancelAll(request as never),
  cancelAllAfter: (engine: Engine, [request]: Arguments) => engine.cancelAllAfter(request as never),
  collectFees: (engine: Engine, [request]: Arguments) => engine.collectFees(request as never),
} satisfies Record<string, (engine: Engine, given: Arguments) => Promise<object>>;

/** Makes a call. */
export function make(engine: Engine, { call, given }: Command): Promise<object> {
  return CALLS[call](engine, given);
}

/** The beginning of every run: assets, symbols, accounts with money. Sent again by later runs, it does nothing. */
export function stage(): Command[] {
  const grid = { tickSize: '0.01', lotSize: '0.01' };
  const symbols = [
    { ...grid, name: 'AAA-QQQ', base: 'AAA', quote: 'QQQ', fees: { makerPpm: -200, takerPpm: 1500 } },
    {
      ...grid,
      name: 'BBB-QQQ',
      base: 'BBB',
      quote: 'QQQ',
      feeMode: 'quote',
      fees: { makerPpm: 900, takerPpm: 1700 },
    },
  ];
  let requestId = 0;
  const admin = () => ({ requestId: (requestId += 1) });
  const all: Omit<Command, 'key'>[] = [
    ...ASSETS.map((code) => ({ call: 'createAsset' as const, given: [{ code, scale: SCALE }, admin()] })),
    ...symbols.map((symbol) => ({ call: 'createSymbol' as const, given: [symbol, admin()] })),
    ...EVERYBODY.flatMap((accountId) =>
      ASSETS.map((asset, i) => ({
        call: 'deposit' as const,
        given: [{ accountId, asset, amount: accountId === SAVER ? 1 : 100_000, requestId: i + 1 }],
      })),
    ),
  ];
  return all.map(({ call, given }, i) => ({ key: `stage ${i}`, call, given }));
}

/** Which calls a run makes. */
export interface Script {
  /** What everything is drawn from. */
  seed: number;
  /** Which run of this directory, from 0. */
  run: number;
  /** So many calls, {@link CALLS_MAX} at most. */
  length: number;
  /** Calls whose effects come by the clock (expiry, the dead-man timer) count from here, in milliseconds; null: none of those. */
  clock: number | null;
}

/** The calls of a run; the same script, the same calls. */
export function commandsOf({ seed, run, length, clock }: Script): Command[] {
  if (length > CALLS_MAX) throw new Error(`${length} calls in a run are too many`);
  const random = generator(seed * 7919 + run * 104_729 + 1);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const price = () => `${9 + below(2)}.${10 + below(90)}`;
  const quantity = () => `${1 + below(20)}.${10 + below(90)}`;
  const numbers = new Map<number, number>();
  /** The next number of an account, in this run's lane. */
  const numbered = (accountId: number) => {
    const requestId = (numbers.get(accountId) ?? 0) + 1;
    numbers.set(accountId, requestId);
    return { requestId, requestLane: run + 1 };
  };
  let asked = 0;
  /** The next number of the operator, who has one series for all runs, the stage first. Its window is 1,024 numbers. */
  const operator = () => {
    asked += 1;
    return asked > 90 || run > 10 ? {} : { requestId: 10 + run * 90 + asked };
  };
  const names: { accountId: number; symbol: string; clientOrderId: string }[] = [];
  const named = (accountId: number, symbol: string) => {
    const clientOrderId = `r${run}n${names.length}`;
    names.push({ accountId, symbol, clientOrderId });
    return clientOrderId;
  };
  /** An order of lately; it may be closed, or never have been accepted. */
  const old = () =>
    names[Math.max(0, names.length - 1 - below(30))] ?? {
      accountId: TRADERS[0]!,
      symbol: SYMBOLS[0],
      clientOrderId: 'r0n0',
    };

  function order(accountId: number, symbol: string = pick(SYMBOLS)): Omit<NewOrder, 'accountId'> {
    const base = {
      symbol,
      side: pick(['buy', 'sell'] as const),
      stp: pick<StpMode>(['NONE', 'NONE', 'EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT']),
      clientOrderId: named(accountId, symbol),
    };
    const size = { quantity: quantity() };
    const lasts =
      clock === null || random() < 0.9
        ? { timeInForce: pick(['GTC', 'GTC', 'GTC', 'IOC', 'FOK'] as const) }
        : { timeInForce: 'GTD' as const, expireAt: clock + 100 + below(1500) };
    const rests = lasts.timeInForce === 'GTC' && random() < 0.1 ? { displayQuantity: '1.00' } : {};
    const trigger = { triggerPrice: price() };
    const words = pick<object>([
      { type: 'limit', price: price(), ...size, ...lasts, ...rests },
      { type: 'limit', price: price(), ...size, ...lasts, ...rests },
      { type: 'limit', price: price(), ...size, ...lasts, ...rests },
      { type: 'limit', price: price(), ...size, postOnly: true },
      { type: 'market', ...size },
      { type: 'market', quoteQuantity: `${10 + below(200)}` },
      { type: 'stop', ...trigger, ...size, ...(base.side === 'buy' ? { maxQuote: '300' } : {}) },
      { type: 'stop_limit', ...trigger, price: price(), ...size },
      { type: 'take_profit_limit', ...trigger, price: price(), ...size },
      { type: 'trailing_stop', trailBps: 50 + below(500), price: price(), ...size },
    ]);
    return { ...base, ...words } as unknown as Omit<NewOrder, 'accountId'>;
  }

  function one(): Omit<Command, 'key'> {
    const accountId = pick(TRADERS);
    const money = { asset: pick(ASSETS), amount: quantity() };
    const id = () => numbered(accountId);
    const kind = random();
    if (kind < 0.5) return { call: 'placeOrder', given: [{ accountId, ...order(accountId), ...id() }] };
    if (kind < 0.55) {
      const symbol = pick(SYMBOLS);
      const side = pick(['buy', 'sell']);
      // On their sides of the last price, mostly.
      const [low, high] = [`9.${10 + below(50)}`, `10.${50 + below(40)}`];
      const [take, protect] = side === 'sell' ? [high, low] : [low, high];
      const limit = { price: take, clientOrderId: named(accountId, symbol) };
      const stop = { triggerPrice: protect, price: protect, clientOrderId: named(accountId, symbol) };
      return {
        call: 'placeOco',
        given: [{ accountId, symbol, side, quantity: quantity(), limit, stop, ...id() }],
      };
    }
    if (kind < 0.66) {
      const { symbol: _symbol, ...whose } = old();
      return { call: 'cancelOrder', given: [{ ...whose, ...numbered(whose.accountId) }] };
    }
    if (kind < 0.74) {
      const which = old();
      const change = pick<object>([{ price: price() }, { quantity: quantity() }, { reduceBy: '0.50' }]);
      return { call: 'amendOrder', given: [{ ...which, ...change, ...numbered(which.accountId) }] };
    }
    if (kind < 0.8) {
      const { accountId: owner, symbol, clientOrderId } = old();
      const place = order(owner, symbol);
      const mode = pick(['STOP_ON_FAILURE', 'ALLOW_FAILURE', 'ATOMIC']);
      return {
        call: 'cancelReplace',
        given: [{ accountId: owner, cancel: { clientOrderId }, place, mode, ...numbered(owner) }],
      };
    }
    if (kind < 0.86) return { call: 'deposit', given: [{ accountId, ...money, ...id() }] };
    if (kind < 0.88) return { call: 'deposit', given: [{ accountId: SAVER, ...money, ...numbered(SAVER) }] };
    if (kind < 0.91) return { call: 'withdraw', given: [{ accountId, ...money, ...id() }] };
    if (kind < 0.95)
      return {
        call: 'transfer',
        given: [{ from: accountId, to: pick(EVERYBODY.filter((to) => to !== accountId)), ...money, ...id() }],
      };
    return pick<() => Omit<Command, 'key'>>([
      () => ({ call: 'hold', given: [{ accountId, ...money, ...id() }] }),
      () => ({ call: 'release', given: [{ accountId, ...money, ...id() }] }),
      () => ({ call: 'cancelAll', given: [{ accountId, side: pick(['buy', 'sell']), ...id() }] }),
      () => ({
        call: 'setFees',
        given: [accountId, { makerPpm: below(900) - 300, takerPpm: 300 + below(900) }, id()],
      }),
      () => ({ call: 'collectFees', given: [{ accountId, symbol: pick(SYMBOLS), ...id() }] }),
      () => ({
        call: 'cancelAllAfter',
        given: [{ accountId, timeoutMs: clock === null ? 0 : pick([0, 200, 1000]), ...id() }],
      }),
      () => ({ call: 'setStatus', given: [pick(SYMBOLS), 'TRADING', operator()] }),
    ])();
  }

  return Array.from({ length }, (_, n) => ({ key: `run ${run}, call ${n}`, ...one() }));
}

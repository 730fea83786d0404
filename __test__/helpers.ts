/**
 * What the tests share: engines of either kind, a small market, and the questions that are asked everywhere.
 *
 * Everything random here comes from a seed, and a failing test prints it.
 */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Engine, LightningError } from '../index.ts';
import type {
  Balance,
  BookSnapshot,
  Conservation,
  EngineConfig,
  NewSymbol,
  Order,
  SymbolInfo,
  Trade,
} from '../index.ts';

export { generator, seedOr } from './random.ts';

/** Where the shards of an engine under test run. */
export type Mode = 'threaded' | 'inline';

/** Both of them, for tests that hold in each. */
export const MODES: readonly Mode[] = ['threaded', 'inline'];

/** `EngineConfig` for a mode and so many shards of each kind. */
export function configFor(mode: Mode, sequencers = 2, matchers = sequencers): EngineConfig {
  return { threads: { sequencers, matchers, inline: mode === 'inline' } };
}

/** The market of most tests: a tick of 0.01, a lot of 0.0001, and one tick x lot is one atom of USDT. */
export const BTC_USDT: NewSymbol = {
  name: 'BTC-USDT',
  base: 'BTC',
  quote: 'USDT',
  tickSize: '0.01',
  lotSize: '0.0001',
  minPrice: '0.01',
  maxPrice: '1000000',
  minQuantity: '0.0001',
  maxQuantity: '1000',
};

/** An engine that is closed when the test ends. */
export async function open(t: ExecutionContext, config: EngineConfig = {}): Promise<Engine> {
  const engine = await Engine.open(config);
  t.teardown(() => engine.close());
  return engine;
}

/** An engine with BTC (8 decimals), USDT (6 decimals) and BTC-USDT. */
export async function openMarket(
  t: ExecutionContext,
  config: EngineConfig = {},
  symbol: Partial<NewSymbol> = {},
): Promise<Engine> {
  const engine = await open(t, config);
  await addMarket(engine, symbol);
  return engine;
}

/** Adds BTC, USDT and BTC-USDT. */
export async function addMarket(engine: Engine, symbol: Partial<NewSymbol> = {}): Promise<SymbolInfo> {
  await engine.assets.create({ code: 'BTC', scale: 8 });
  await engine.assets.create({ code: 'USDT', scale: 6 });
  return engine.symbols.create({ ...BTC_USDT, ...symbol });
}

/** Deposits into one account, for instance `fund(engine, 7, { USDT: '1000', BTC: 2 })`. */
export async function fund(
  engine: Engine,
  accountId: number,
  amounts: Record<string, string | number>,
): Promise<void> {
  for (const [asset, amount] of Object.entries(amounts))
    await engine.accounts.deposit({ accountId, asset, amount });
}

/** A limit order on BTC-USDT. */
export function limit(
  accountId: number,
  side: 'buy' | 'sell',
  quantity: string | number,
  price: string | number,
) {
  return { accountId, symbol: 'BTC-USDT', side, type: 'limit', price, quantity } as const;
}

/** A market order by base quantity on BTC-USDT. */
export function market(accountId: number, side: 'buy' | 'sell', quantity: string) {
  return { accountId, symbol: 'BTC-USDT', side, type: 'market', quantity } as const;
}

/** A market order by quote amount on BTC-USDT. */
export function marketByQuote(accountId: number, side: 'buy' | 'sell', quoteQuantity: string) {
  return { accountId, symbol: 'BTC-USDT', side, type: 'market', quoteQuantity } as const;
}

/** Balances as one line, for instance `BTC 1.00000000+0.50000000, USDT 3.000000+0.000000` (available+frozen). */
export async function balanceLine(engine: Engine, accountId: number): Promise<string> {
  const balances = await engine.accounts.balances(accountId);
  return balances.map(({ asset, available, frozen }) => `${asset} ${available}+${frozen}`).join(', ');
}

/** One side of a book as one line, for instance `0.5000@100.00 (1), 1.0000@99.00 (2)`. */
export function sideLine(levels: BookSnapshot['bids']): string {
  return levels.map(({ price, quantity, orders }) => `${quantity}@${price} (${orders})`).join(', ');
}

/** The refusal of a call that may reject or throw; fails the test if it does neither. */
export async function refusal(call: () => unknown): Promise<LightningError> {
  let result: unknown;
  try {
    result = await call();
  } catch (error) {
    if (error instanceof LightningError) return error;
    throw error;
  }
  throw new Error(`was not refused, but answered ${JSON.stringify(result)}`);
}

/** The code of a refusal, or `'OK'`. Anything that is no `LightningError` is thrown on. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'OK';
  } catch (error) {
    if (error instanceof LightningError) return error.code;
    throw error;
  }
}

/** Everything that can be read from an engine. */
export interface State {
  balances: Record<number, Balance[] | 'unknown'>;
  openOrders: Order[];
  books: BookSnapshot[];
  trades: Trade[][];
  conservation: Conservation[];
  assets: number;
  symbols: number;
}

/** Reads everything of some accounts, for comparing before with after. */
export async function readState(engine: Engine, accountIds: readonly number[]): Promise<State> {
  const balances: State['balances'] = {};
  for (const accountId of accountIds) {
    balances[accountId] = await engine.accounts.balances(accountId).catch((error: unknown) => {
      if (error instanceof LightningError && error.code === 'UNKNOWN_ACCOUNT') return 'unknown' as const;
      throw error;
    });
  }
  const names = engine.symbols.list().map(({ name }) => name);
  return {
    balances,
    openOrders: await engine.openOrders(),
    books: names.map((name) => engine.book(name, { levels: 20, cumulative: true })),
    trades: names.map((name) => engine.trades(name, { limit: 1000 })),
    conservation: await engine.conservation(),
    assets: engine.assets.list().length,
    symbols: names.length,
  };
}

/** Proves that no money appeared, vanished or stayed frozen without an order, account by account. */
export async function provesMoney(
  t: ExecutionContext,
  engine: Engine,
  accountIds: readonly number[],
  message = '',
): Promise<void> {
  for (const line of await engine.conservation())
    t.true(line.holds, `conservation of ${line.asset} ${message}: ${JSON.stringify(line)}`);
  const reserved = new Map<string, bigint>();
  const scales = new Map(engine.assets.list().map(({ code, scale }) => [code, scale]));
  const atoms = (asset: string, amount: string) => toUnits(amount, scales.get(asset) ?? 0);
  for (const order of await engine.openOrders()) {
    const key = `${order.accountId} ${order.reserved.asset}`;
    reserved.set(key, (reserved.get(key) ?? 0n) + atoms(order.reserved.asset, order.reserved.amount));
  }
  const wrong: string[] = [];
  for (const accountId of accountIds) {
    for (const { asset, total, available, frozen } of await engine.accounts.balances(accountId)) {
      const key = `${accountId} ${asset}`;
      if (atoms(asset, frozen) !== (reserved.get(key) ?? 0n))
        wrong.push(`account ${key}: ${frozen} frozen, open orders reserve ${reserved.get(key) ?? 0n} atoms`);
      if (atoms(asset, total) !== atoms(asset, available) + atoms(asset, frozen))
        wrong.push(`account ${key}: total ${total} is not ${available} + ${frozen}`);
    }
  }
  t.deepEqual(wrong, [], message);
}

/** The book is not crossed, its levels are in order, and every one of them holds something. */
export function provesBook(t: ExecutionContext, book: BookSnapshot, message = ''): void {
  const [bids, asks] = [book.bids, book.asks].map((side) => side.map(({ price }) => Number(price)));
  const text = `${message} ${JSON.stringify(book)}`;
  t.deepEqual(
    bids,
    bids?.toSorted((a, b) => b - a),
    `bids best first ${text}`,
  );
  t.deepEqual(
    asks,
    asks?.toSorted((a, b) => a - b),
    `asks best first ${text}`,
  );
  if (bids?.[0] !== undefined && asks?.[0] !== undefined) t.true(bids[0] < asks[0], `crossed ${text}`);
  for (const level of [...book.bids, ...book.asks])
    t.true(Number(level.quantity) > 0 && level.orders > 0, `an empty level ${text}`);
}

/** A decimal as an integer of 10^-scale; exact. */
export function toUnits(decimal: string, scale: number): bigint {
  const [whole = '', fraction = ''] = decimal.split('.');
  if (fraction.length > scale) throw new Error(`${decimal} has more than ${scale} decimals`);
  return BigInt(whole + fraction.padEnd(scale, '0'));
}

/** An integer of 10^-scale as a decimal with exactly that many decimals. */
export function fromUnits(units: bigint, scale: number): string {
  const digits = units.toString().padStart(scale + 1, '0');
  return scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** One call under way, with a name for the watchdog's report. */
export interface Call<T> {
  what: string;
  promise: Promise<T>;
}

/**
 * Waits until every call has settled. If that takes longer than `ms`, fails and says which ones are pending and
 * what the engine thinks it is doing: a deadlock's first question.
 */
export async function settleAll<T>(
  engine: Engine,
  calls: readonly Call<T>[],
  ms = 60_000,
): Promise<PromiseSettledResult<T>[]> {
  const pending = new Set(calls.map(({ what }, i) => `${i}: ${what}`));
  const settled = calls.map(async ({ what, promise }, i): Promise<PromiseSettledResult<T>> => {
    try {
      return { status: 'fulfilled', value: await promise };
    } catch (reason) {
      return { status: 'rejected', reason };
    } finally {
      pending.delete(`${i}: ${what}`);
    }
  });
  let timer: NodeJS.Timeout | undefined;
  const watchdog = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const some = [...pending].slice(0, 20).join('\n  ');
      const stats = JSON.stringify(engine.stats());
      reject(
        new Error(`${pending.size} of ${calls.length} calls pending after ${ms} ms\n  ${some}\n${stats}`),
      );
    }, ms);
  });
  try {
    return await Promise.race([Promise.all(settled), watchdog]);
  } finally {
    clearTimeout(timer);
  }
}

/** The same test in threaded and in inline mode. */
export function inBothModes(title: string, body: (t: ExecutionContext, mode: Mode) => Promise<void>): void {
  for (const mode of MODES) test(`${title} [${mode}]`, (t) => body(t, mode));
}

/** The traders of most tests: 100 BTC and 100,000 USDT each. */
export const [ALICE, BOB, CAROL] = [1, 2, 3];
/** Two accounts with a lot of everything, that make prices. */
export const [HOUSE, HOUSE_TOO] = [90, 91];
/** What time it is at the desk: noon of the first day of 2026. */
export const START = Date.UTC(2026, 0, 1, 12);

/** BTC-USDT with a manual clock, and the traders with their money. */
export async function openDesk(
  t: ExecutionContext,
  mode: Mode,
  symbol: Partial<NewSymbol> = {},
  config: EngineConfig = {},
): Promise<Engine> {
  const engine = await openMarket(t, { ...configFor(mode), clock: { manual: START }, ...config }, symbol);
  for (const trader of [ALICE, BOB, CAROL]) await fund(engine, trader, { BTC: 100, USDT: 100_000 });
  for (const house of [HOUSE, HOUSE_TOO]) await fund(engine, house, { BTC: 1000, USDT: 1_000_000 });
  return engine;
}

/** Makes a trade of the houses at a price, which is the last one then; without fees. */
export async function tradeAt(engine: Engine, price: string, quantity = '0.1'): Promise<void> {
  const fees = { makerPpm: 0, takerPpm: 0 };
  await engine.placeOrder({ ...limit(HOUSE, 'sell', quantity, price), fees });
  const { fills } = await engine.placeOrder({
    ...limit(HOUSE_TOO, 'buy', quantity, price),
    timeInForce: 'IOC',
    fees,
  });
  if (toUnits(fills.at(-1)?.price ?? '0', 2) !== toUnits(price, 2)) throw new Error(`no trade at ${price}`);
}

/** A decimal without the zeros that say nothing. */
export function plain(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}

/** An account's money in few words: `BTC 99+1, USDT 100000+0` (available+frozen). */
export async function wallet(engine: Engine, accountId: number): Promise<string> {
  const balances = await engine.accounts.balances(accountId);
  return balances
    .map(({ asset, available, frozen }) => `${asset} ${plain(available)}+${plain(frozen)}`)
    .join(', ');
}

/** Both sides of the book in few words: `1@99 | 2@101 1@102`. */
export function bookLine(engine: Engine, symbol = 'BTC-USDT'): string {
  const { bids, asks } = engine.book(symbol);
  const [left, right] = [bids, asks].map((side) =>
    side.map(({ price, quantity }) => `${plain(quantity)}@${plain(price)}`).join(' '),
  );
  return `${left} | ${right}`.trim();
}

/** Fills in few words: `1@99 2@101`. */
export function fillLine(fills: readonly { price: string; quantity: string }[]): string {
  return fills.map(({ price, quantity }) => `${plain(quantity)}@${plain(price)}`).join(' ');
}

/** Where an order stands now, in few words: `EXPIRED STP`. */
export async function standing(engine: Engine, orderId: number): Promise<string> {
  const { status, reason } = await engine.order(orderId);
  return reason === null ? status : `${status} ${reason}`;
}

/** Not an atom was made or lost, fees included. */
export async function conserves(t: ExecutionContext, engine: Engine): Promise<void> {
  for (const line of await engine.conservation()) t.true(line.holds, JSON.stringify(line));
}

/** Runs what changes nothing, and proves it: money, orders, books, trades. */
export async function leavesAlone(
  t: ExecutionContext,
  engine: Engine,
  act: () => unknown,
  message = 'something has changed',
): Promise<void> {
  const accounts = [ALICE, BOB, CAROL, HOUSE, HOUSE_TOO];
  const before = await readState(engine, accounts);
  await act();
  t.deepEqual(await readState(engine, accounts), before, message);
}

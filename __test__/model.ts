/**
 * An exchange nobody could get wrong: one list of orders, one map of balances, bigint everywhere, no speed. Limit
 * orders (GTC, IOC, FOK, post-only), market orders by quantity (with or without a budget) and by quote, the five modes
 * of self-trade prevention, and fees out of what is received.
 *
 * Written from docs/SEMANTICS.md, not from the engine: what the two disagree about is a bug in one of them.
 */
import type { StpMode } from '../index.ts';
import { fromUnits } from './helpers.ts';

/** What the model knows of a symbol: everything in smallest units. */
export interface Market {
  base: string;
  quote: string;
  baseScale: number;
  quoteScale: number;
  priceScale: number;
  quantityScale: number;
  /** Digits of one tick at `priceScale`, of one lot at `quantityScale`. */
  tick: bigint;
  lot: bigint;
  /** Base atoms in a lot. */
  lotAtoms: bigint;
  /** Quote atoms that one lot costs at one tick. */
  tickLotAtoms: bigint;
  /** Fee rates in parts per million; a maker's may be negative. */
  makerPpm: bigint;
  takerPpm: bigint;
}

/** An order to place: prices in ticks, quantities in lots, quote amounts in atoms. */
export interface ModelOrder {
  account: number;
  symbol: string;
  side: 'buy' | 'sell';
  /** Of a limit order. */
  price?: bigint | undefined;
  quantity?: bigint | undefined;
  /** Of a market order by quote. */
  quote?: bigint | undefined;
  /** The budget of a market buy by quantity. */
  maxQuote?: bigint | undefined;
  tif: 'GTC' | 'IOC' | 'FOK';
  postOnly: boolean;
  stp: StpMode;
}

interface Live extends ModelOrder {
  id: number;
  /** Lots that may still trade; zero by quote. */
  left: bigint;
  filled: bigint;
  spent: bigint;
  prevented: bigint;
  /** Quote that prevention has taken off an order by quote. */
  lost: bigint;
  fee: bigint;
  fills: string[];
}

/** Why a taker stopped. */
type Stop = 'sated' | 'ran out' | 'limit' | 'budget' | 'STP';

/** An answer as the API words it, as far as the model knows it. */
export type Answer = Record<string, unknown>;

const PPM = 1_000_000n;

/** Everything that changes. */
interface State {
  available: Map<string, bigint>;
  frozen: Map<string, bigint>;
  accrued: Map<string, bigint>;
  /** In the order of arrival. */
  resting: Live[];
  closed: Map<number, { account: number; status: string }>;
  trades: { symbol: string; price: bigint; quantity: bigint; takerSide: string }[];
}

/** The model. It numbers the orders that it accepts 1, 2, 3 ... */
export class Model {
  readonly accounts = new Set<number>();
  #state: State = {
    available: new Map(),
    frozen: new Map(),
    accrued: new Map(),
    resting: [],
    closed: new Map(),
    trades: [],
  };
  #lastId = 0;
  readonly #markets: Record<string, Market>;
  readonly #openOrdersMax: number;

  constructor(markets: Record<string, Market>, openOrdersMax: number) {
    this.#markets = markets;
    this.#openOrdersMax = openOrdersMax;
  }

  deposit(account: number, asset: string, atoms: bigint): Answer {
    this.accounts.add(account);
    add(this.#state.available, `${account} ${asset}`, atoms);
    return { available: fromUnits(this.free(account, asset), this.#scales(asset)) };
  }

  withdraw(account: number, asset: string, atoms: bigint): Answer {
    if (!this.accounts.has(account)) return { code: 'UNKNOWN_ACCOUNT' };
    if (this.free(account, asset) < atoms) return { code: 'INSUFFICIENT_BALANCE' };
    add(this.#state.available, `${account} ${asset}`, -atoms);
    return { available: fromUnits(this.free(account, asset), this.#scales(asset)) };
  }

  place(order: ModelOrder): Answer {
    const { account, side, price, quantity, quote } = order;
    const market = this.#market(order.symbol);
    if (!this.accounts.has(account)) return { code: 'UNKNOWN_ACCOUNT' };
    const rests = price !== undefined && order.tif === 'GTC';
    const open = this.resting.filter((resting) => resting.account === account);
    if (rests && open.length >= this.#openOrdersMax) return { code: 'TOO_MANY_OPEN_ORDERS' };
    const best = this.#makers(order)[0];
    if (order.postOnly && best && crosses(order, best)) return { code: 'POST_ONLY_WOULD_CROSS' };
    if (quote !== undefined && best && quote < best.price! * market.tickLotAtoms)
      return { code: 'NOTIONAL_RANGE' };

    const gives = side === 'buy' ? market.quote : market.base;
    let needs: bigint;
    if (quantity !== undefined && side === 'sell') needs = quantity * market.lotAtoms;
    else if (price !== undefined) needs = price * quantity! * market.tickLotAtoms;
    else if (side === 'buy' && quote !== undefined) needs = quote;
    else {
      // Only the book can tell.
      const { live } = this.#rehearse(order);
      needs = side === 'buy' ? live.spent : live.filled * market.lotAtoms;
    }
    if (needs > this.free(account, gives)) {
      const required = fromUnits(needs, this.#scale(market, gives));
      return { code: 'INSUFFICIENT_BALANCE', required };
    }

    this.#lastId += 1;
    const live = this.#live(order, this.#lastId);
    if (order.tif === 'FOK') {
      const rehearsal = this.#rehearse(order);
      if (rehearsal.stop !== 'sated' || rehearsal.live.prevented > 0n)
        return this.#close(live, 'EXPIRED', 'FOK_UNFILLABLE');
    }
    const stop = this.#walk(live, false);
    if (stop === 'sated') return this.#close(live, 'FILLED', null);
    if (stop === 'STP') return this.#close(live, 'EXPIRED', 'STP');
    if (stop === 'budget') return this.#close(live, 'EXPIRED', 'BUDGET_EXHAUSTED');
    if (!rests)
      return this.#close(live, 'EXPIRED', price === undefined ? 'INSUFFICIENT_LIQUIDITY' : 'IOC_REMAINDER');
    const reserved = this.#reserved(live);
    add(this.#state.available, `${account} ${gives}`, -reserved);
    add(this.#state.frozen, `${account} ${gives}`, reserved);
    this.resting.push(live);
    return this.#answer(live, live.filled > 0n ? 'PARTIALLY_FILLED' : 'NEW', null);
  }

  cancel(account: number, id: number): Answer {
    if (!this.accounts.has(account)) return { code: 'UNKNOWN_ACCOUNT' };
    const order = this.resting.find((resting) => resting.id === id && resting.account === account);
    if (!order) {
      const closed = this.#state.closed.get(id);
      return { code: closed?.account === account ? 'ORDER_ALREADY_CLOSED' : 'UNKNOWN_ORDER' };
    }
    const market = this.#market(order.symbol);
    const gives = order.side === 'buy' ? market.quote : market.base;
    const reserved = this.#reserved(order);
    const canceledQuantity = fromUnits(order.left * market.lot, market.quantityScale);
    this.#leave(order, 'CANCELED');
    return { canceledQuantity, released: fromUnits(reserved, this.#scale(market, gives)) };
  }

  /** Every open order, in the order of arrival. */
  get resting(): Live[] {
    return this.#state.resting;
  }

  /** Every trade, in the order they happened. */
  get trades(): State['trades'] {
    return this.#state.trades;
  }

  /** An account's available atoms. */
  free(account: number, asset: string): bigint {
    return this.#state.available.get(`${account} ${asset}`) ?? 0n;
  }

  /** An account's frozen atoms. */
  frozen(account: number, asset: string): bigint {
    return this.#state.frozen.get(`${account} ${asset}`) ?? 0n;
  }

  /** Fees that have accrued, in atoms; rebates taken off. */
  accrued(asset: string): bigint {
    return this.#state.accrued.get(asset) ?? 0n;
  }

  /** Every level of one side, best first, as `quantity@price (orders)`. */
  levels(symbol: string, side: 'buy' | 'sell'): string[] {
    const market = this.#market(symbol);
    const levels = new Map<bigint, { lots: bigint; orders: number }>();
    for (const order of this.resting) {
      if (order.symbol !== symbol || order.side !== side) continue;
      const level = levels.get(order.price!) ?? { lots: 0n, orders: 0 };
      levels.set(order.price!, { lots: level.lots + order.left, orders: level.orders + 1 });
    }
    return [...levels]
      .toSorted(([a], [b]) => Number(side === 'buy' ? b - a : a - b))
      .map(([price, { lots, orders }]) => {
        const quantity = fromUnits(lots * market.lot, market.quantityScale);
        return `${quantity}@${fromUnits(price * market.tick, market.priceScale)} (${orders})`;
      });
  }

  /** Trades until sated or nobody crosses. In a rehearsal, whoever would be made smaller by its own ends. */
  #walk(taker: Live, isRehearsal: boolean): Stop {
    const market = this.#market(taker.symbol);
    for (;;) {
      if (taker.quote === undefined ? taker.left === 0n : quoteLeft(taker) === 0n) return 'sated';
      const maker = this.#makers(taker)[0];
      if (!maker) return 'ran out';
      if (!crosses(taker, maker)) return 'limit';
      const lotCost = maker.price! * market.tickLotAtoms;
      const lots = min(wanted(taker, lotCost), maker.left);
      let mode: StpMode = maker.account === taker.account ? taker.stp : 'NONE';
      if (isRehearsal && (mode === 'DECREMENT' || mode === 'EXPIRE_BOTH')) mode = 'EXPIRE_TAKER';
      if (mode === 'EXPIRE_MAKER' || mode === 'EXPIRE_BOTH') this.#leave(maker, 'EXPIRED');
      if (mode === 'EXPIRE_MAKER') continue;
      if (mode === 'EXPIRE_TAKER' || mode === 'EXPIRE_BOTH') {
        taker.prevented += taker.left;
        taker.left = 0n;
        return 'STP';
      }
      if (lots === 0n) return taker.quote === undefined ? 'budget' : 'sated';
      if (mode === 'NONE') this.#trade(maker, taker, lots);
      else {
        this.#shrink(maker, lots);
        taker.prevented += lots;
        if (taker.quote === undefined) taker.left -= lots;
        else taker.lost += lots * lotCost;
        if (maker.left === 0n) this.#leave(maker, 'EXPIRED');
        if (taker.quote === undefined ? taker.left === 0n : wanted(taker, lotCost) === 0n) return 'STP';
      }
    }
  }

  /** One trade: lots one way, money the other, and each side pays out of what it receives. */
  #trade(maker: Live, taker: Live, lots: bigint): void {
    const market = this.#market(taker.symbol);
    const [base, cost] = [lots * market.lotAtoms, lots * maker.price! * market.tickLotAtoms];
    const makerPpm = market.makerPpm < -market.takerPpm ? -market.takerPpm : market.makerPpm;
    const takersFee = this.#receive(taker, base, cost, market.takerPpm);
    this.#receive(maker, base, cost, makerPpm);
    const gives = taker.side === 'buy' ? [market.quote, cost] : [market.base, base];
    add(this.#state.available, `${taker.account} ${gives[0]}`, -gives[1]!);
    if (taker.quote === undefined) taker.left -= lots;
    this.#shrink(maker, lots, cost);
    if (maker.left === 0n) this.#leave(maker, 'FILLED');
    const quantity = fromUnits(lots * market.lot, market.quantityScale);
    taker.fills.push(`${quantity}@${fromUnits(maker.price! * market.tick, market.priceScale)} ${takersFee}`);
    this.trades.push({ symbol: taker.symbol, price: maker.price!, quantity: lots, takerSide: taker.side });
  }

  /** What a side gets of a trade, less its fee. */
  #receive(order: Live, base: bigint, cost: bigint, ppm: bigint): string {
    const market = this.#market(order.symbol);
    const [asset, amount] = order.side === 'buy' ? [market.base, base] : [market.quote, cost];
    // A fee is rounded up, a rebate down: both away from the account.
    const fee = ppm >= 0n ? min((amount * ppm + PPM - 1n) / PPM, amount) : -((amount * -ppm) / PPM);
    add(this.#state.available, `${order.account} ${asset}`, amount - fee);
    add(this.#state.accrued, asset, fee, true);
    order.fee += fee;
    order.filled += base / market.lotAtoms;
    order.spent += cost;
    return signed(fee, this.#scale(market, asset));
  }

  /** A resting order has fewer lots, for which it pays `cost` in all; what was reserved beyond that is free. */
  #shrink(order: Live, lots: bigint, cost: bigint = 0n): void {
    const market = this.#market(order.symbol);
    const [gives, pays] = order.side === 'buy' ? [market.quote, cost] : [market.base, lots * market.lotAtoms];
    const before = this.#reserved(order);
    order.left -= lots;
    const freed = before - this.#reserved(order);
    const paid = cost === 0n ? 0n : pays;
    if (cost === 0n) order.prevented += lots;
    add(this.#state.frozen, `${order.account} ${gives}`, -freed);
    add(this.#state.available, `${order.account} ${gives}`, freed - paid);
  }

  /** A resting order leaves the book. */
  #leave(order: Live, status: string): void {
    const market = this.#market(order.symbol);
    const gives = order.side === 'buy' ? market.quote : market.base;
    const reserved = this.#reserved(order);
    add(this.#state.frozen, `${order.account} ${gives}`, -reserved);
    add(this.#state.available, `${order.account} ${gives}`, reserved);
    order.left = 0n;
    this.#state.resting = this.resting.filter((resting) => resting.id !== order.id);
    this.#state.closed.set(order.id, { account: order.account, status });
  }

  #close(live: Live, status: string, reason: string | null): Answer {
    live.left = 0n;
    this.#state.closed.set(live.id, { account: live.account, status });
    return this.#answer(live, status, reason);
  }

  /** What an order would do; nothing is done. The taker need not have the money. */
  #rehearse(order: ModelOrder): { live: Live; stop: Stop } {
    const before = this.#state;
    this.#state = structuredClone(before);
    add(this.#state.available, `${order.account} ${this.#market(order.symbol).quote}`, 10n ** 30n);
    add(this.#state.available, `${order.account} ${this.#market(order.symbol).base}`, 10n ** 30n);
    const live = this.#live(order, 0);
    const stop = this.#walk(live, order.tif === 'FOK');
    this.#state = before;
    return { live, stop };
  }

  #live(order: ModelOrder, id: number): Live {
    const left = order.quantity ?? 0n;
    return { ...order, id, left, filled: 0n, spent: 0n, prevented: 0n, lost: 0n, fee: 0n, fills: [] };
  }

  /** Whom an order may trade with, best price first, then first come. */
  #makers({ symbol, side }: ModelOrder): Live[] {
    return this.resting
      .filter((maker) => maker.symbol === symbol && maker.side !== side)
      .toSorted((a, b) => Number(side === 'buy' ? a.price! - b.price! : b.price! - a.price!));
  }

  #answer(live: Live, status: string, reason: string | null): Answer {
    const market = this.#market(live.symbol);
    const quantity = (lots: bigint) => fromUnits(lots * market.lot, market.quantityScale);
    return {
      orderId: live.id,
      status,
      reason,
      filledQuantity: quantity(live.filled),
      filledQuote: fromUnits(live.spent, market.quoteScale),
      preventedQuantity: quantity(live.prevented),
      openQuantity: quantity(live.left),
      fee: signed(live.fee, live.side === 'buy' ? market.baseScale : market.quoteScale),
      fills: live.fills,
    };
  }

  #reserved({ symbol, side, price, left }: Live): bigint {
    const market = this.#market(symbol);
    return side === 'buy' ? price! * left * market.tickLotAtoms : left * market.lotAtoms;
  }

  #market(symbol: string): Market {
    const market = this.#markets[symbol];
    if (!market) throw new Error(`the model has no ${symbol}`);
    return market;
  }

  #scales(asset: string): number {
    const market = Object.values(this.#markets).find(({ base, quote }) => base === asset || quote === asset);
    return market ? this.#scale(market, asset) : 0;
  }

  #scale(market: Market, asset: string): number {
    return asset === market.base ? market.baseScale : market.quoteScale;
  }
}

/** Atoms with a sign as a decimal. */
export function signed(atoms: bigint, scale: number): string {
  return atoms < 0n ? `-${fromUnits(-atoms, scale)}` : fromUnits(atoms, scale);
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** Quote that an order by quote may still spend or earn. */
function quoteLeft({ quote, spent, lost }: Live): bigint {
  return quote! - spent - lost;
}

/** Lots that an order wants at a price, whoever offers them. */
function wanted(taker: Live, lotCost: bigint): bigint {
  if (taker.quote !== undefined) return quoteLeft(taker) / lotCost;
  return taker.maxQuote === undefined
    ? taker.left
    : min(taker.left, (taker.maxQuote - taker.spent) / lotCost);
}

function crosses({ price, side }: ModelOrder, maker: ModelOrder): boolean {
  return price === undefined || (side === 'buy' ? maker.price! <= price : maker.price! >= price);
}

function add(to: Map<string, bigint>, key: string, atoms: bigint, mayBeNegative = false): void {
  const after = (to.get(key) ?? 0n) + atoms;
  if (after < 0n && !mayBeNegative) throw new Error(`the model's ${key} would be ${after}`);
  to.set(key, after);
}

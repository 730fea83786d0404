/**
 * An exchange nobody could get wrong: one list of orders, one map of balances, bigint everywhere, no speed.
 * Written from the rules, not from the engine: what the two disagree about is a bug in one of them.
 */
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
}

/** An order to place: prices in ticks, quantities in lots, quote amounts in atoms. */
export interface ModelOrder {
  account: number;
  symbol: string;
  side: 'buy' | 'sell';
  price?: bigint;
  quantity?: bigint;
  quote?: bigint;
}

interface Resting extends ModelOrder {
  id: number;
  price: bigint;
  left: bigint;
}

/** An answer as the API words it, as far as the model knows it. */
export type Answer = Record<string, unknown>;

/** The model. */
export class Model {
  readonly available = new Map<string, bigint>();
  readonly frozen = new Map<string, bigint>();
  /** In the order of arrival. */
  readonly resting: Resting[] = [];
  readonly closed = new Map<number, { account: number; status: string }>();
  readonly trades: { symbol: string; price: bigint; quantity: bigint; takerSide: string }[] = [];
  readonly accounts = new Set<number>();
  #lastId = 0;
  readonly #markets: Record<string, Market>;
  readonly #openOrdersMax: number;

  constructor(markets: Record<string, Market>, openOrdersMax: number) {
    this.#markets = markets;
    this.#openOrdersMax = openOrdersMax;
  }

  deposit(account: number, asset: string, atoms: bigint): Answer {
    this.accounts.add(account);
    this.#add(this.available, account, asset, atoms);
    return { available: fromUnits(this.free(account, asset), this.#scales(asset)) };
  }

  withdraw(account: number, asset: string, atoms: bigint): Answer {
    if (!this.accounts.has(account)) return { code: 'UNKNOWN_ACCOUNT' };
    if (this.free(account, asset) < atoms) return { code: 'INSUFFICIENT_BALANCE' };
    this.#add(this.available, account, asset, -atoms);
    return { available: fromUnits(this.free(account, asset), this.#scales(asset)) };
  }

  place(order: ModelOrder): Answer {
    const { account, side, price, quantity, quote } = order;
    const market = this.#market(order.symbol);
    if (!this.accounts.has(account)) return { code: 'UNKNOWN_ACCOUNT' };
    const open = this.resting.filter((resting) => resting.account === account);
    if (open.length >= this.#openOrdersMax) return { code: 'TOO_MANY_OPEN_ORDERS' };
    const gives = side === 'buy' ? market.quote : market.base;
    const receives = side === 'buy' ? market.base : market.quote;

    // Who is there to trade with, best price first, then first come.
    const makers = this.resting
      .filter((maker) => maker.symbol === order.symbol && maker.side !== side)
      .filter(
        (maker) => price === undefined || (side === 'buy' ? maker.price <= price : maker.price >= price),
      )
      .toSorted((a, b) => Number(side === 'buy' ? a.price - b.price : b.price - a.price) || a.id - b.id);

    // What would be traded, before anything is.
    const fills: { maker: Resting; lots: bigint; cost: bigint }[] = [];
    let [lotsLeft, quoteLeft] = [quantity, quote];
    let sated = false;
    for (const maker of makers) {
      const lotCost = maker.price * market.tickLotAtoms;
      const wanted = lotsLeft ?? quoteLeft! / lotCost;
      sated = wanted === 0n;
      if (sated) break;
      const lots = wanted < maker.left ? wanted : maker.left;
      fills.push({ maker, lots, cost: lots * lotCost });
      if (lotsLeft === undefined) quoteLeft = quoteLeft! - lots * lotCost;
      else lotsLeft -= lots;
      sated = lots < maker.left;
      if (sated) break; // The best price is where a budget ends, even if a worse one still had a use for it.
    }
    sated ||= lotsLeft === 0n || quoteLeft === 0n;
    const filled = fills.reduce((sum, { lots }) => sum + lots, 0n);
    const paidQuote = fills.reduce((sum, { cost }) => sum + cost, 0n);
    const traded = side === 'buy' ? paidQuote : filled * market.lotAtoms;

    // What it needs to have available.
    let needs: bigint;
    if (price !== undefined && side === 'buy') needs = price * quantity! * market.tickLotAtoms;
    else if (quantity !== undefined && side === 'sell') needs = quantity * market.lotAtoms;
    else if (quote !== undefined && side === 'buy') needs = quote;
    else needs = traded;
    const free = this.free(account, gives);
    const tooLittle = {
      code: 'INSUFFICIENT_BALANCE',
      required: fromUnits(needs, this.#scale(market, gives)),
    };
    const bookDecides = quote !== undefined && makers.length > 0 && fills.length === 0;
    if (bookDecides) {
      // By quote, and not even one lot fits: a rule, unless the funds are short to begin with.
      if (side === 'buy' && needs > free) return tooLittle;
      this.#lastId += 1;
      return { code: 'NOTIONAL_RANGE' };
    }
    if (needs > free) {
      // An order that only the book can price has got a number by then.
      if (price === undefined && (quantity === undefined) === (side === 'sell')) this.#lastId += 1;
      return tooLittle;
    }

    this.#lastId += 1;
    const id = this.#lastId;
    for (const { maker, lots, cost } of fills) {
      const base = lots * market.lotAtoms;
      const [makerGives, makerGets] = side === 'buy' ? [base, cost] : [cost, base];
      this.#add(this.frozen, maker.account, receives, -makerGives);
      this.#add(this.available, maker.account, gives, makerGets);
      this.#add(this.available, account, gives, side === 'buy' ? -cost : -base);
      this.#add(this.available, account, receives, side === 'buy' ? base : cost);
      maker.left -= lots;
      if (maker.left === 0n) {
        this.resting.splice(this.resting.indexOf(maker), 1);
        this.closed.set(maker.id, { account: maker.account, status: 'FILLED' });
      }
      this.trades.push({ symbol: order.symbol, price: maker.price, quantity: lots, takerSide: side });
    }
    let [status, left] = ['FILLED', 0n];
    if (price !== undefined && !sated) {
      left = lotsLeft!;
      status = filled > 0n ? 'PARTIALLY_FILLED' : 'NEW';
      const reserved = this.#reserved(market, side, price, left);
      this.#add(this.available, account, gives, -reserved);
      this.#add(this.frozen, account, gives, reserved);
      this.resting.push({ ...order, price, id, left });
    } else {
      if (!sated) status = 'EXPIRED';
      this.closed.set(id, { account, status });
    }
    return {
      orderId: id,
      status,
      filledQuantity: fromUnits(filled * market.lot, market.quantityScale),
      filledQuote: fromUnits(paidQuote, market.quoteScale),
      openQuantity: fromUnits(left * market.lot, market.quantityScale),
      fills: fills.map(
        ({ maker, lots }) =>
          `${fromUnits(lots * market.lot, market.quantityScale)}@${fromUnits(maker.price * market.tick, market.priceScale)}`,
      ),
    };
  }

  cancel(account: number, id: number): Answer {
    if (!this.accounts.has(account)) return { code: 'UNKNOWN_ACCOUNT' };
    const order = this.resting.find((resting) => resting.id === id && resting.account === account);
    if (!order) {
      const closed = this.closed.get(id);
      return { code: closed?.account === account ? 'ORDER_ALREADY_CLOSED' : 'UNKNOWN_ORDER' };
    }
    const market = this.#market(order.symbol);
    const gives = order.side === 'buy' ? market.quote : market.base;
    const reserved = this.#reserved(market, order.side, order.price, order.left);
    this.resting.splice(this.resting.indexOf(order), 1);
    this.closed.set(id, { account, status: 'CANCELED' });
    this.#add(this.frozen, account, gives, -reserved);
    this.#add(this.available, account, gives, reserved);
    return {
      canceledQuantity: fromUnits(order.left * market.lot, market.quantityScale),
      released: fromUnits(reserved, this.#scale(market, gives)),
    };
  }

  /** An account's available atoms. */
  free(account: number, asset: string): bigint {
    return this.available.get(`${account} ${asset}`) ?? 0n;
  }

  /** Every level of one side, best first, as `quantity@price (orders)`. */
  levels(symbol: string, side: 'buy' | 'sell'): string[] {
    const market = this.#market(symbol);
    const levels = new Map<bigint, { lots: bigint; orders: number }>();
    for (const order of this.resting) {
      if (order.symbol !== symbol || order.side !== side) continue;
      const level = levels.get(order.price) ?? { lots: 0n, orders: 0 };
      levels.set(order.price, { lots: level.lots + order.left, orders: level.orders + 1 });
    }
    return [...levels]
      .toSorted(([a], [b]) => Number(side === 'buy' ? b - a : a - b))
      .map(([price, { lots, orders }]) => {
        const quantity = fromUnits(lots * market.lot, market.quantityScale);
        return `${quantity}@${fromUnits(price * market.tick, market.priceScale)} (${orders})`;
      });
  }

  #reserved(market: Market, side: 'buy' | 'sell', price: bigint, lots: bigint): bigint {
    return side === 'buy' ? price * lots * market.tickLotAtoms : lots * market.lotAtoms;
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

  #add(to: Map<string, bigint>, account: number, asset: string, atoms: bigint): void {
    const key = `${account} ${asset}`;
    const after = (to.get(key) ?? 0n) + atoms;
    if (after < 0n) throw new Error(`the model's ${key} would be ${after}`);
    to.set(key, after);
  }
}

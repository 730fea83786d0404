/** Assets and symbols. */

import type { Decimal, DecimalInput, FeeRates, MaybeDuplicate } from './common.ts';
import type { MassCancel, OrderType, StpMode } from './orders.ts';

/** An asset to create. */
export interface NewAsset {
  /** 1 to 32 characters of `A-Z a-z 0-9 . _ : / -`, for instance `'BTC'`. */
  code: string;
  /** Decimals of an amount, 0 to 18. Its smallest unit, 10^-scale, is called an atom. */
  scale: number;
  /** What people call it, for instance `'Bitcoin'`. */
  name?: string;
}

/** What of an asset can be changed. */
export interface AssetPatch {
  /** What people call it; null: nothing. */
  name?: string | null;
  /** False: nothing of it can be deposited, withdrawn, transferred or newly ordered (`ASSET_DISABLED`). */
  enabled?: boolean;
}

/** An asset. */
export interface Asset extends MaybeDuplicate {
  /** Its number, from 0 in the order of creation. */
  id: number;
  /** Its code. */
  code: string;
  /** Decimals of an amount. */
  scale: number;
  /** What people call it. */
  name: string | null;
  /** Can it be moved and traded? */
  enabled: boolean;
}

/**
 * What a symbol accepts. Cancels, queries and expiry work in every status.
 * - `TRADING`: everything.
 * - `POST_ONLY`: only post-only orders; others `SYMBOL_MODE_RESTRICTED`.
 * - `LIMIT_ONLY`: no order that ends at market; those `SYMBOL_MODE_RESTRICTED`.
 * - `CANCEL_ONLY`: nothing new, no amend, no replace (`SYMBOL_CANCEL_ONLY`); nothing is triggered.
 * - `HALT`: the same (`SYMBOL_NOT_TRADING`).
 * - `CLOSED`: the same, for ever, and without orders.
 */
export type SymbolStatus = 'TRADING' | 'POST_ONLY' | 'LIMIT_ONLY' | 'CANCEL_ONLY' | 'HALT' | 'CLOSED';

/**
 * What fees are paid in.
 * - `'received'`: each side pays out of what it receives, a buyer base, a seller quote.
 * - `'quote'`: both pay quote, a seller out of the proceeds, a buyer on top of the price.
 */
export type FeeMode = 'received' | 'quote';

/** What can be switched per symbol: the order types, and two features that go across them. */
export type OrderFeature = OrderType | 'iceberg' | 'oco';

/** How far a limit price may be from the reference price, in basis points. */
export interface PriceBand {
  /** A buy above it. */
  bidUp: number;
  /** A buy below it, at most 10,000. */
  bidDown: number;
  /** A sell above it. */
  askUp: number;
  /** A sell below it, at most 10,000. */
  askDown: number;
}

/** Rules that always have a value. */
interface DefaultedRules<Value> {
  /** Lowest limit and trigger price; default one tick. */
  minPrice: Value;
  /** Highest limit and trigger price; default 10^12 ticks. `maxPrice * maxQuantity` must stay below 2^96 quote atoms. */
  maxPrice: Value;
  /** Smallest order; default one lot. What is left of an order may be smaller and rest. */
  minQuantity: Value;
  /** Largest order; default as large as the amounts allow, at most 10^15 lots. */
  maxQuantity: Value;
  /** Smallest price x quantity of a limit order, and smallest `quoteQuantity`; default zero, for none. */
  minNotional: Value;
  /** Do `minNotional` and `maxNotional` bind market orders by quantity, at the reference price? Default false. */
  applyToMarket: boolean;
  /** Rates of accounts without their own; default zero. */
  fees: FeeRates;
  /** May a maker's rebate exceed what the taker pays? Default false: it is cut to that. */
  allowNetRebate: boolean;
  /** Minutes of trades whose average is the reference price, up to 1,440; default 0: the last trade's price. */
  referenceMinutes: number;
  /** Bounds of `trailBps`, inclusive; default 1 to 9,999. */
  trailBps: { min: number; max: number };
  /** Which order types and features are taken, others are `ORDER_TYPE_DISABLED`; default all. */
  orderTypes: OrderFeature[];
  /** Which modes of self-trade prevention an order may name, others are `STP_MODE_DISABLED`; default all. */
  allowedStp: StpMode[];
  /** The mode of orders that name none; default `'EXPIRE_TAKER'`. */
  defaultStp: StpMode;
  /** Most slices of an iceberg, 1 to 1,000; default 1,000. */
  maxIcebergParts: number;
  /** When DAY orders expire, `'HH:MM'` in UTC; default `'00:00'`. */
  sessionEnd: string;
}

/** Rules that a symbol may have or not. */
interface OptionalRules<Value> {
  /** Largest price x quantity of a limit order, and largest `quoteQuantity`. */
  maxNotional: Value;
  /** Largest market order by quantity. */
  marketMaxQuantity: Value;
  /** How far limit prices may be from the reference price. */
  bandBps: PriceBand;
  /** No limit price below. */
  priceFloor: Value;
  /** No limit price above. */
  priceCap: Value;
  /** The reference price; without, the last trades tell it. */
  referencePrice: Value;
  /** How far market orders may trade from the best opposite price at entry, 1 to 9,999 basis points. */
  marketProtectionBps: number;
  /** Open orders per account, those that wait for a trigger included. */
  maxOpenOrders: number;
  /** Orders per account that wait for a trigger. */
  maxOpenConditional: number;
  /** Open icebergs per account. */
  maxIceberg: number;
  /** Open OCO pairs per account. */
  maxOpenLists: number;
  /** Most base that an account may own and be buying. */
  maxPosition: Value;
  /** How often an order may be amended. */
  maxAmends: number;
}

/** A symbol to create. `tickSize * lotSize` must be a whole number of quote atoms, so that no trade rounds. */
export interface NewSymbol
  extends Partial<DefaultedRules<DecimalInput>>, Partial<OptionalRules<DecimalInput>> {
  /** 1 to 32 characters of `A-Z a-z 0-9 . _ : / -`, for instance `'BTC-USDT'`. */
  name: string;
  /** Code of the asset that is bought and sold. */
  base: string;
  /** Code of the asset that it is paid with. */
  quote: string;
  /** Prices are multiples of this, in quote per base. */
  tickSize: DecimalInput;
  /** Quantities are multiples of this, in base. */
  lotSize: DecimalInput;
  /** What fees are paid in; default `'received'`. */
  feeMode?: FeeMode;
}

/**
 * Rules to change while the symbol trades; null takes a rule away, or gives it its default. Orders that rest are left
 * as they are.
 */
export type SymbolPatch = {
  [Rule in keyof DefaultedRules<DecimalInput>]?: DefaultedRules<DecimalInput>[Rule] | null;
} & {
  [Rule in keyof OptionalRules<DecimalInput>]?: OptionalRules<DecimalInput>[Rule] | null;
};

/** The rules of a symbol; null where it has no such rule. */
export type SymbolRules = {
  /** What it accepts now. */
  status: SymbolStatus;
} & DefaultedRules<Decimal> & {
    [Rule in keyof OptionalRules<Decimal>]: OptionalRules<Decimal>[Rule] | null;
  };

/** A symbol with its rules. */
export type SymbolInfo = {
  /** Its number, from 0 in the order of creation. */
  id: number;
  /** Its name. */
  name: string;
  /** What is bought and sold. */
  base: string;
  /** What it is paid with. */
  quote: string;
  /** Price grid. */
  tickSize: Decimal;
  /** Quantity grid. */
  lotSize: Decimal;
  /** What fees are paid in. */
  feeMode: FeeMode;
  /** Decimals of a price. */
  priceScale: number;
  /** Decimals of a quantity. */
  quantityScale: number;
  /** Decimals of a base amount. */
  baseScale: number;
  /** Decimals of a quote amount. */
  quoteScale: number;
} & SymbolRules &
  MaybeDuplicate;

/** A symbol after a change of its status. */
export interface SymbolStatusChange extends MassCancel, MaybeDuplicate {
  /** The symbol. */
  symbol: SymbolInfo;
}

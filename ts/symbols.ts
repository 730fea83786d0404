/** Assets and symbols: what is traded for what, and by which rules. */

import type { Core } from './core.ts';
import { refuse } from './errors.ts';
import { native } from './native.ts';
import type {
  AdminOptions,
  Asset,
  AssetPatch,
  NewAsset,
  NewSymbol,
  SymbolCancelResult,
  SymbolInfo,
  SymbolPatch,
  SymbolRules,
  SymbolStatus,
  SymbolStatusChange,
} from './types.ts';
import { boolean, fields, number, text } from './values.ts';
import { ASSET_PATCH, encode, NEW_ASSET, NEW_SYMBOL, SYMBOL_PATCH } from './words.ts';

/** Assets of an engine. Every call here is an operator's. */
export class Assets {
  readonly #core: Core;

  /** @internal */
  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Creates an asset.
   *
   * @throws {@link LightningError} `ASSET_EXISTS`, `INVALID_REQUEST` for a bad code or scale.
   */
  async create(asset: NewAsset, options: AdminOptions = {}): Promise<Asset> {
    const given = fields('asset', asset);
    text('code', given['code']);
    number('scale', given['scale']);
    const words = JSON.stringify(encode(given, NEW_ASSET));
    return this.#learn(
      await this.#core.administer(options, (handle, id) => native.createAsset(handle, words, id)),
    );
  }

  /**
   * An asset by its code.
   *
   * @throws {@link LightningError} `UNKNOWN_ASSET`.
   */
  get(code: string): Asset {
    const asset = this.#core.assets.get(text('code', code));
    if (!asset) throw refuse('UNKNOWN_ASSET', `there is no asset ${code.slice(0, 32)}`, 'asset');
    return { ...asset };
  }

  /** Every asset, in the order of creation. */
  list(): Asset[] {
    return [...this.#core.assets.values()].map((asset) => structuredClone(asset));
  }

  /**
   * Changes what people call an asset, or whether it can be moved and traded.
   *
   * @throws {@link LightningError} `UNKNOWN_ASSET`, `NO_CHANGE` without a field.
   */
  async update(code: string, patch: AssetPatch, options: AdminOptions = {}): Promise<Asset> {
    const words = JSON.stringify(encode(fields('patch', patch), ASSET_PATCH));
    const name = text('code', code);
    return this.#learn(
      await this.#core.administer(options, (handle, id) => native.updateAsset(handle, name, words, id)),
    );
  }

  /**
   * Removes an asset that no symbol trades and nobody owns anything of. Its code is free again.
   *
   * @throws {@link LightningError} `UNKNOWN_ASSET`, `ASSET_IN_USE`.
   */
  async remove(code: string, options: AdminOptions = {}): Promise<void> {
    const name = text('code', code);
    const { duplicate } = await this.#core.administer<{ duplicate?: true }>(options, (handle, id) =>
      native.removeAsset(handle, name, id),
    );
    if (!duplicate) this.#core.assets.delete(name);
  }

  #learn(asset: Asset): Asset {
    if (!asset.duplicate) this.#core.assets.set(asset.code, asset);
    return { ...asset };
  }
}

/** Symbols of an engine. Every call here is an operator's. */
export class Symbols {
  readonly #core: Core;

  /** @internal */
  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Creates a symbol with an empty book; orders are taken as soon as this resolves.
   *
   * @throws {@link LightningError} `SYMBOL_EXISTS`, `UNKNOWN_ASSET`, `SYMBOL_PRECISION_INEXACT` when a trade
   * could round (its `details` name the scale that the quote asset would need) or an order could overflow,
   * `INVALID_FEE`, `INVALID_REQUEST` and the codes of bad decimals otherwise.
   *
   * @example
   * ```ts
   * await engine.symbols.create({
   *   name: 'BTC-USDT', base: 'BTC', quote: 'USDT', tickSize: '0.01', lotSize: '0.0001',
   *   minNotional: '5', fees: { makerPpm: 200, takerPpm: 750 }, bandBps: { bidUp: 500, bidDown: 9000, askUp: 9000, askDown: 500 },
   * });
   * ```
   */
  async create(symbol: NewSymbol, options: AdminOptions = {}): Promise<SymbolInfo> {
    const given = fields('symbol', symbol);
    for (const field of ['name', 'base', 'quote']) text(field, given[field]);
    for (const field of ['tickSize', 'lotSize']) {
      if (given[field] === undefined) throw refuse('MISSING_FIELD', `${field} is missing`, field);
    }
    const words = JSON.stringify(encode(given, NEW_SYMBOL));
    return this.#core.learn(
      await this.#core.administer(options, (handle, id) => native.createSymbol(handle, words, id)),
    );
  }

  /**
   * A symbol with its rules, by its name.
   *
   * @throws {@link LightningError} `UNKNOWN_SYMBOL`.
   */
  get(name: string): SymbolInfo {
    const symbol = this.#core.symbols.get(text('name', name));
    if (!symbol) throw refuse('UNKNOWN_SYMBOL', `there is no symbol ${name.slice(0, 32)}`, 'symbol');
    return structuredClone(symbol);
  }

  /** Every symbol, in the order of creation. */
  list(): SymbolInfo[] {
    return [...this.#core.symbols.values()].map((symbol) => structuredClone(symbol));
  }

  /**
   * What of a symbol may change while it trades: its status and its rules.
   *
   * @throws {@link LightningError} `UNKNOWN_SYMBOL`.
   */
  rules(name: string): SymbolRules {
    const {
      id: _id,
      name: _name,
      base: _base,
      quote: _quote,
      tickSize: _tickSize,
      lotSize: _lotSize,
      feeMode: _feeMode,
      priceScale: _priceScale,
      quantityScale: _quantityScale,
      baseScale: _baseScale,
      quoteScale: _quoteScale,
      ...rules
    } = this.get(name);
    return rules;
  }

  /**
   * Changes some rules of a symbol, for orders from now on; those that rest stay as they are. Null takes a rule away.
   *
   * @throws {@link LightningError} `UNKNOWN_SYMBOL`, `NO_CHANGE` without a field, `IMMUTABLE_FIELD` for base, quote,
   * `tickSize`, `lotSize` and `feeMode`, `INVALID_FEE`, `SYMBOL_PRECISION_INEXACT`, and the codes of bad decimals.
   *
   * @example
   * ```ts
   * await engine.symbols.update('BTC-USDT', { fees: { makerPpm: 0, takerPpm: 500 }, maxNotional: null });
   * ```
   */
  async update(name: string, patch: SymbolPatch, options: AdminOptions = {}): Promise<SymbolInfo> {
    const words = JSON.stringify(encode(fields('patch', patch), SYMBOL_PATCH));
    const known = text('name', name);
    return this.#core.learn(
      await this.#core.administer(options, (handle, id) => native.updateSymbol(handle, known, words, id)),
    );
  }

  /**
   * Changes what a symbol accepts.
   *
   * @param options - `cancelOpen`: cancels its open orders with it, which `CLOSED` needs if there are any.
   * @throws {@link LightningError} `UNKNOWN_SYMBOL`, `SYMBOL_IN_USE`, `BAD_STATUS_TRANSITION` out of `CLOSED`,
   * `INVALID_REQUEST` for another word.
   *
   * @example
   * ```ts
   * const { orders } = await engine.symbols.setStatus('BTC-USDT', 'HALT', { cancelOpen: true });
   * console.log(`${orders.length} orders canceled`);
   * ```
   */
  async setStatus(
    name: string,
    status: SymbolStatus,
    options: AdminOptions & { cancelOpen?: boolean } = {},
  ): Promise<SymbolStatusChange> {
    const { cancelOpen = false } = fields('options', options);
    const [known, wanted] = [text('name', name), text('status', status)];
    const cancel = boolean('cancelOpen', cancelOpen);
    const change = await this.#core.administer<SymbolStatusChange>(options, (handle, id) =>
      native.setSymbolStatus(handle, known, wanted, cancel, id),
    );
    const { duplicate } = change;
    const symbol = duplicate ? change.symbol : this.#core.learn(change.symbol);
    return { ...change, symbol };
  }

  /**
   * Removes a symbol. Its name is free again. Collect its fees first: nobody could afterwards.
   *
   * @param options - `force`: cancels its open orders first (`SYMBOL_CLOSED`).
   * @throws {@link LightningError} `UNKNOWN_SYMBOL`, `SYMBOL_IN_USE` if it has open orders and is not forced, or fees
   * that were not collected.
   */
  async remove(name: string, options: AdminOptions & { force?: boolean } = {}): Promise<SymbolCancelResult> {
    const { force = false } = fields('options', options);
    const known = text('name', name);
    const forced = boolean('force', force);
    const result = await this.#core.administer<SymbolCancelResult>(options, (handle, id) =>
      native.removeSymbol(handle, known, forced, id),
    );
    if (!result.duplicate) this.#core.symbols.delete(known);
    return result;
  }
}

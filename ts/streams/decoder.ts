/** What streams tell, turned into messages: the table stands in `native/node/src/streams/records.rs`. */

import { readDecimal, readFamiliar } from '../decimals.ts';
import type {
  AggregateTradeMessage,
  BboMessage,
  BookLevel,
  BookMessage,
  Gap,
  Level3Change,
  Level3Message,
  Level3Order,
  Level3Snapshot,
  StreamLevel,
  SymbolInfo,
} from '../types.ts';
import { type End, ENDS, KIND, STREAM_LAYOUT } from './layout.ts';
import { readTrade, TradeBatch, type TradeScales, tradeScales } from './trades.ts';

const { prefix: PREFIX, header: HEADER, trade: TRADE, aggregate: AGGREGATE } = STREAM_LAYOUT;

/** Bytes of the buffer, but for a message that needs more: room for what one poll hands out of trades. */
const SIZE = 128 * 1024;
const BPS_SCALE = 2;
const HAS_CHECKSUM = 0x80;
const HAS_BID = 1;
const HAS_ASK = 2;
const BOOK_TYPES = ['snapshot', 'delta', 'heartbeat'] as const;
const LEVEL3_TYPES = ['added', 'executed', 'reduced', 'removed'] as const;

/** What must be known of a subscription to read what it is told. */
export interface About {
  /** Which symbol it is about; none, if it is about accounts or the engine. */
  readonly symbol?: SymbolInfo | undefined;
  /** Which account, if it is about one. */
  readonly accountId?: number | undefined;
  /** Are the orders at each level wanted? */
  readonly counts?: boolean;
  /** Are trades wanted as numbers? */
  readonly raw?: boolean;
}

/** Who gets messages. */
export interface Receiver extends About {
  /** One more. */
  put(message: unknown): void;
  /** No more come. */
  over(why: End, from: number): void;
}

/** Reads messages out of a buffer that the native side has filled. */
export class StreamReader {
  /** What is filled. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(SIZE);
  #view = new DataView(this.bytes.buffer);
  readonly #epoch: number;
  readonly #text = new TextDecoder();
  readonly #scales = new WeakMap<SymbolInfo, TradeScales>();

  constructor(epoch: number) {
    this.#epoch = epoch;
  }

  /** Makes room for a message that needs a buffer of `length` bytes. */
  resize(length: number): void {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Gives back the room that a single large message needed. */
  shrink(): void {
    if (this.bytes.length > SIZE) this.resize(SIZE);
  }

  /** Hands on everything that ends before `end`; true if there is more. `find`: nobody, if it is not wanted any more. */
  read(end: number, find: (subscription: number) => Receiver | undefined): boolean {
    const view = this.#view;
    const more = view.getUint32(0, true) !== 0;
    for (let at = PREFIX; at < end; at += view.getUint32(at, true)) {
      const receiver = find(view.getUint32(at + 4, true));
      if (receiver) this.#read(at, receiver);
    }
    return more;
  }

  #read(at: number, to: Receiver): void {
    const kind = this.bytes[at + 8];
    switch (kind) {
      case KIND.book:
        to.put(this.#book(at, to));
        break;
      case KIND.bbo:
        to.put(this.#bbo(at, symbolOf(to)));
        break;
      case KIND.trades:
        this.#trades(at, to);
        break;
      case KIND.aggregates:
        this.#aggregates(at, to);
        break;
      case KIND.level3:
        this.#level3(at, to);
        break;
      case KIND.level3Start:
        to.put(this.#level3Start(at, symbolOf(to)));
        break;
      case KIND.gap:
        to.put(this.#gap(at, to));
        break;
      case KIND.ended:
        to.over(ENDS[this.bytes[at + 9] ?? 0] ?? 'closed', this.#view.getFloat64(at + 16, true));
        break;
      case KIND.json:
        for (const message of this.#json(at)) to.put(message);
        break;
      default:
        throw new Error(`unknown kind of message ${kind}`);
    }
  }

  #book(at: number, to: Receiver): BookMessage {
    const view = this.#view;
    const symbol = symbolOf(to);
    const flags = this.bytes[at + 9] ?? 0;
    const bids = view.getUint32(at + 40, true);
    const asks = view.getUint32(at + 44, true);
    const from = at + STREAM_LAYOUT.book;
    const type = BOOK_TYPES[flags & 3] ?? 'snapshot';
    const head = {
      symbol: symbol.name,
      epoch: this.#epoch,
      seq: view.getFloat64(at + 16, true),
      ts: view.getFloat64(at + 24, true),
    };
    const sides = {
      bids: this.#levels(from, bids, symbol, to.counts),
      asks: this.#levels(from + bids * STREAM_LAYOUT.level, asks, symbol, to.counts),
    };
    const message: BookMessage =
      type === 'snapshot'
        ? { type, ...head, ...sides }
        : { type, ...head, prevSeq: view.getFloat64(at + 32, true), ...sides };
    if ((flags & HAS_CHECKSUM) !== 0) message.checksum = view.getUint32(at + 48, true);
    return message;
  }

  #levels(from: number, count: number, symbol: SymbolInfo, counts = false): StreamLevel[] {
    const view = this.#view;
    const levels: StreamLevel[] = [];
    for (let index = 0, at = from; index < count; index += 1, at += STREAM_LAYOUT.level) {
      const price = readFamiliar(view, at, symbol.priceScale);
      const quantity = readFamiliar(view, at + 16, symbol.quantityScale);
      levels.push(counts ? [price, quantity, view.getUint32(at + 32, true)] : [price, quantity]);
    }
    return levels;
  }

  #bbo(at: number, symbol: SymbolInfo): BboMessage {
    const view = this.#view;
    const flags = this.bytes[at + 9] ?? 0;
    const [hasBid, hasAsk] = [(flags & HAS_BID) !== 0, (flags & HAS_ASK) !== 0];
    const hasBoth = hasBid && hasAsk;
    return {
      type: 'bbo',
      symbol: symbol.name,
      epoch: this.#epoch,
      seq: view.getFloat64(at + 16, true),
      ts: view.getFloat64(at + 24, true),
      spread: hasBoth ? readFamiliar(view, at + 32, symbol.priceScale) : null,
      spreadBps: hasBoth ? readFamiliar(view, at + 48, BPS_SCALE) : null,
      mid: hasBoth ? readFamiliar(view, at + 64, symbol.priceScale + 1) : null,
      bid: hasBid ? this.#level(at + 80, symbol) : null,
      ask: hasAsk ? this.#level(at + 120, symbol) : null,
    };
  }

  #level(at: number, symbol: SymbolInfo): BookLevel {
    return {
      price: readFamiliar(this.#view, at, symbol.priceScale),
      quantity: readFamiliar(this.#view, at + 16, symbol.quantityScale),
      orders: this.#view.getUint32(at + 32, true),
    };
  }

  #trades(at: number, to: Receiver): void {
    const scales = this.#scalesOf(symbolOf(to));
    const count = this.#view.getUint32(at + 12, true);
    const from = at + HEADER;
    if (to.raw) {
      // A copy: the buffer is filled again, and the batch is the consumer's to keep.
      to.put(new TradeBatch(this.bytes.slice(from, from + count * TRADE), scales));
      return;
    }
    for (let index = 0; index < count; index += 1)
      to.put(readTrade(this.#view, from + index * TRADE, scales));
  }

  #scalesOf(symbol: SymbolInfo): TradeScales {
    let scales = this.#scales.get(symbol);
    if (!scales) {
      scales = tradeScales(symbol);
      this.#scales.set(symbol, scales);
    }
    return scales;
  }

  #aggregates(start: number, to: Receiver): void {
    const view = this.#view;
    const symbol = symbolOf(to);
    const count = view.getUint32(start + 12, true);
    for (let index = 0, at = start + HEADER; index < count; index += 1, at += AGGREGATE) {
      const message: AggregateTradeMessage = {
        type: 'aggregateTrade',
        symbol: symbol.name,
        firstTradeId: view.getFloat64(at, true),
        lastTradeId: view.getFloat64(at + 8, true),
        price: readFamiliar(view, at + 32, symbol.priceScale),
        quantity: readFamiliar(view, at + 48, symbol.quantityScale),
        quoteQuantity: readDecimal(view, at + 64, symbol.quoteScale),
        takerSide: view.getUint8(at + 80) === 0 ? 'buy' : 'sell',
        ts: view.getFloat64(at + 16, true),
        bookSeq: view.getFloat64(at + 24, true),
      };
      to.put(message);
    }
  }

  #level3(start: number, to: Receiver): void {
    const view = this.#view;
    const symbol = symbolOf(to);
    const count = view.getUint32(start + 12, true);
    for (let index = 0, at = start + HEADER; index < count; index += 1, at += STREAM_LAYOUT.level3) {
      const message: Level3Change = {
        type: LEVEL3_TYPES[view.getUint8(at + 56)] ?? 'removed',
        symbol: symbol.name,
        epoch: this.#epoch,
        seq: view.getFloat64(at + 8, true),
        ts: view.getFloat64(at + 16, true),
        orderId: view.getFloat64(at, true),
        side: view.getUint8(at + 57) === 0 ? 'buy' : 'sell',
        price: readFamiliar(view, at + 24, symbol.priceScale),
        quantity: readFamiliar(view, at + 40, symbol.quantityScale),
      };
      to.put(message satisfies Level3Message);
    }
  }

  #level3Start(at: number, symbol: SymbolInfo): Level3Snapshot {
    const view = this.#view;
    const bids = view.getUint32(at + 32, true);
    const asks = view.getUint32(at + 36, true);
    const from = at + STREAM_LAYOUT.level3Start;
    return {
      type: 'snapshot',
      symbol: symbol.name,
      epoch: this.#epoch,
      seq: view.getFloat64(at + 16, true),
      ts: view.getFloat64(at + 24, true),
      bids: this.#orders(from, bids, symbol),
      asks: this.#orders(from + bids * STREAM_LAYOUT.level3Order, asks, symbol),
    };
  }

  #orders(from: number, count: number, symbol: SymbolInfo): Level3Order[] {
    const orders: Level3Order[] = [];
    for (let index = 0, at = from; index < count; index += 1, at += STREAM_LAYOUT.level3Order) {
      orders.push({
        orderId: this.#view.getFloat64(at, true),
        price: readFamiliar(this.#view, at + 8, symbol.priceScale),
        quantity: readFamiliar(this.#view, at + 24, symbol.quantityScale),
      });
    }
    return orders;
  }

  #gap(at: number, { symbol, accountId }: About): Gap {
    const gap: Gap = {
      type: 'gap',
      from: this.#view.getFloat64(at + 16, true),
      to: this.#view.getFloat64(at + 24, true),
    };
    if (symbol) gap.symbol = symbol.name;
    if (accountId !== undefined) gap.accountId = accountId;
    return gap;
  }

  #json(at: number): { seq?: number }[] {
    const length = this.#view.getUint32(at + 12, true);
    return JSON.parse(this.#text.decode(this.bytes.subarray(at + HEADER, at + HEADER + length))) as {
      seq?: number;
    }[];
  }
}

function symbolOf({ symbol }: About): SymbolInfo {
  if (!symbol) throw new Error('a message about a symbol has come to where none is watched');
  return symbol;
}
